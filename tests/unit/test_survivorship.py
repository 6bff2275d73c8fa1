"""Which value lives on, where it came from, and when time alone may change it."""

from __future__ import annotations

import random
from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, ClassVar

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadModel
from hub.model import load_model, shipped_folder
from hub.records import Data, Operation, RecordRef, SourceRecord, at_path
from hub.survivorship import Pin, Survived, SurvivorshipRules, load_survivorship, survive, view
from hub.survivorship.items import item_id, item_key
from hub.survivorship.rules import FieldRule
from hub.survivorship.trust import ONE, Standing, halved

TODAY = date(2026, 6, 1)
START = datetime(2020, 1, 1, tzinfo=UTC)
MODEL = load_model()
SHIPPED = load_survivorship(yaml.safe_load((shipped_folder("canonical_model") / "customer" / "survivorship.yaml").read_text()))


def record(name: str, data: Data, at: str = "2026-01-01") -> SourceRecord:
    system, _, key = name.partition(":")
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    return SourceRecord("customer", RecordRef(system, key), Operation.UPSERT, data, moment, f"m-{name}")


def rules(fields: dict[str, Any] | None = None, **more: Any) -> SurvivorshipRules:
    trust = more.pop("trust", {"erp": 0.9, "shop": 0.5, "mail": 0.1})
    return load_survivorship({"default": {"rule": "trust"}, "trust": trust, "fields": fields or {}} | more)


def survived(*records: SourceRecord, fields: dict[str, Any] | None = None, as_of: date = TODAY, **more: Any) -> Survived:
    return survive(records, rules(fields, **more), as_of)


class TestOneValue:
    A = record("erp:1", {"language": "es"}, "2024-01-01")
    B = record("shop:1", {"language": "de"}, "2025-01-01")
    C = record("shop:2", {"language": "de"}, "2023-01-01")

    @pytest.mark.parametrize(
        ("rule", "winner"),
        [
            ("trust", "es"),
            ("most_recent", "de"),
            ("most_frequent", "de"),
            ({"rule": "source_order", "order": ["shop", "erp"]}, "de"),
            ({"rule": "source_order", "order": ["erp"]}, "es"),
            ({"rule": "first_valid", "order": ["erp", "shop"]}, "es"),
            ("earliest", "de"),
        ],
    )
    def test_each_rule_chooses_by_its_own_criterion(self, rule: Any, winner: str) -> None:
        assert survived(self.A, self.B, self.C, fields={"language": rule}).data == {"language": winner}

    def test_the_longest(self) -> None:
        found = survived(record("erp:1", {"status": "A"}), record("mail:1", {"status": "active"}), fields={"status": "longest"})
        assert found.data == {"status": "active"}

    def test_first_valid_passes_over_what_cleaning_was_not_sure_of(self) -> None:
        doubtful = record("erp:1", {"birth_date": "1980-01-02", "flags": [{"field": "birth_date", "code": "date_ambiguous"}]})
        found = survived(
            doubtful,
            record("mail:1", {"birth_date": "1980-02-01"}),
            fields={"birth_date": {"rule": "first_valid", "order": ["erp", "mail"]}},
        )
        assert found.data == {"birth_date": "1980-02-01"}

    def test_equal_ranks_go_on_to_the_next_criterion_and_then_by_key(self) -> None:
        chain = {"language": {"rule": "source_order", "order": ["erp"], "then": ["most_recent"]}}
        assert survived(self.B, self.C, fields=chain).provenance["language"]["source"] == "shop:1"
        twins = [record("shop:b", {"language": "b"}), record("shop:a", {"language": "a"}), record("shop:10", {"language": "c"})]
        assert survived(*twins).provenance["language"]["source"] == "shop:10"

    def test_provenance_names_the_record_the_rule_the_time_and_who_agrees(self) -> None:
        said = survived(self.A, self.B, self.C, fields={"language": "most_frequent"}).provenance["language"]
        assert said["source"] == "shop:1"
        assert said["rule"] == "most_frequent"
        assert said["at"] == "2025-01-01T00:00:00Z"
        assert said["supporters"] == ["shop:1", "shop:2"]
        assert 0 < said["confidence"] < 100

    def test_a_record_dated_in_the_far_future_is_no_more_recent_than_its_reading(self) -> None:
        late = SourceRecord(
            "customer", RecordRef("shop", "9"), Operation.UPSERT, {"language": "xx"},
            datetime(2022, 1, 1, tzinfo=UTC), "m", updated_at=datetime(9999, 1, 1, tzinfo=UTC),
        )  # fmt: skip
        assert survived(late, self.B, fields={"language": "most_recent"}).data == {"language": "de"}

    def test_fields_of_an_object_survive_one_by_one(self) -> None:
        found = survived(
            record("erp:1", {"name": {"given": "Ana"}}), record("shop:1", {"name": {"given": "A.", "family": "Gil"}})
        )
        assert found.data == {"name": {"given": "Ana", "family": "Gil"}}
        assert found.provenance["name.family"]["source"] == "shop:1"

    def test_what_a_record_says_about_itself_does_not_survive(self) -> None:
        data = {"source": {"system": "erp"}, "flags": [{"field": "x", "code": "y"}], "language": "es"}
        assert survived(record("erp:1", data)).data == {"language": "es"}

    def test_extensions_are_carried(self) -> None:
        found = survived(record("erp:1", {"ext": {"erp": {"rep": "7"}}}), record("shop:1", {"ext": {"shop": {"tags": ["a"]}}}))
        assert found.data == {"ext": {"erp": {"rep": "7"}, "shop": {"tags": ["a"]}}}


class TestGroups:
    FIELDS: ClassVar[dict[str, Any]] = {"name": {"group": True, "rule": "trust", "then": ["most_complete"]}}

    def test_a_group_is_never_mixed_from_two_sources(self) -> None:
        one, other = record("erp:1", {"name": {"given": "Ana"}}), record("shop:1", {"name": {"given": "A.", "family": "Gil"}})
        assert survived(one, other, fields=self.FIELDS).data == {"name": {"given": "Ana"}}

    def test_of_equally_trusted_groups_the_most_complete_lives_on(self) -> None:
        one, other = record("erp:1", {"name": {"given": "Ana"}}), record("erp:2", {"name": {"given": "A.", "family": "Gil"}})
        assert survived(one, other, fields=self.FIELDS).data == {"name": {"given": "A.", "family": "Gil"}}

    def test_a_part_with_a_rule_of_its_own_is_not_in_the_group(self) -> None:
        fields = {"organization": {"group": True, "rule": "trust"}, "organization.trade_names": {"rule": "union"}}
        one = record("erp:1", {"organization": {"legal_name": "Ruiz S.L.", "trade_names": ["Ruiz"]}})
        other = record("shop:1", {"organization": {"legal_name": "Bodegas", "trade_names": ["Bodegas Ruiz"]}})
        found = survived(one, other, fields=fields).data["organization"]
        assert found == {"legal_name": "Ruiz S.L.", "trade_names": ["Bodegas Ruiz", "Ruiz"]}


class TestKnownEmpty:
    ONE = record("erp:1", {"death_date": None, "emails": None}, "2026-02-01")
    OTHER = record("shop:1", {"death_date": "2020", "emails": [{"address": "a@x.example"}]}, "2026-01-01")

    def test_it_yields_to_any_value_unless_the_rule_lets_it_compete(self) -> None:
        assert survived(self.ONE, self.OTHER).data["death_date"] == "2020"
        found = survived(self.ONE, self.OTHER, fields={"death_date": {"rule": "trust", "known_empty": "competes"}})
        assert found.data["death_date"] is None
        assert found.provenance["death_date"]["source"] == "erp:1"

    def test_it_is_known_where_nobody_has_a_value(self) -> None:
        assert survived(self.ONE).data == {"death_date": None, "emails": None}

    def test_a_withdrawn_item_is_not_resurrected_from_an_older_source(self) -> None:
        fields = {"emails": {"rule": "union", "known_empty": "competes"}}
        assert survived(self.ONE, self.OTHER, fields=fields).data["emails"] is None
        newer = record("shop:1", self.OTHER.data, "2026-03-01")
        assert [e["address"] for e in survived(self.ONE, newer, fields=fields).data["emails"]] == ["a@x.example"]


class TestLists:
    FIELDS: ClassVar[dict[str, Any]] = {
        "addresses": {"rule": "union", "best": {"billing": ["erp", "shop"], "delivery": ["shop", "erp"]}}
    }

    def test_one_address_in_many_spellings_is_one_item(self) -> None:
        spellings = [
            {"lines": ["Calle Mayor, 5"], "postal_code": "28001", "locality": "Madrid"},
            {"lines": ["C/ Mayor 5"], "postal_code": "28001", "locality": "MADRID", "country": "ES"},
            {"lines": ["c. mayor nº 5"], "postal_code": "28 001"},
            {"lines": ["5, CALLE MAYOR"], "postal_code": "28001", "region": "Madrid"},
        ]
        found = survived(*(record(f"erp:{n}", {"addresses": [a]}) for n, a in enumerate(spellings)), fields=self.FIELDS)
        (item,) = found.data["addresses"]
        assert found.provenance[f"addresses[{item['id']}]"]["supporters"] == ["erp:0", "erp:1", "erp:2", "erp:3"]

    @pytest.mark.parametrize(
        ("one", "other"),
        [
            ("Hauptstraße 7", "Haupt-Str. 07"), ("Hauptstr. 7", "HAUPT STRASSE 7"), ("12 Main Street", "12 Main St."),
            ("Øster Voldgade 3", "Oster Voldgade 3"), ("ul. Długa 4", "Ulica Dluga 4"),
        ],
    )  # fmt: skip
    def test_streets_are_compared_without_their_spelling(self, one: str, other: str) -> None:
        keys = {item_key("addresses", {"lines": [line], "postal_code": "1"}) for line in (one, other)}
        assert len(keys) == 1

    def test_different_houses_are_different_items(self) -> None:
        keys = {item_key("addresses", {"lines": [line], "postal_code": "1"}) for line in ("Main St 1", "Main St 11", "Main Rd 1")}
        assert len(keys) == 3

    def test_items_are_known_by_their_normal_form(self) -> None:
        assert item_key("emails", {"address": "Ana@X.example"}) == item_key(
            "emails", {"address": "ana@x.example", "type": "main"}
        )
        assert item_key("phones", {"number": "+34 600 111"}) == item_key("phones", {"number": "0034600111"})
        one, other = ({"scheme": "vat", "value": v, "country": "ES"} for v in ("ESB-1234", "esb1234"))
        assert item_key("identifiers", one) == item_key("identifiers", other)
        assert item_key("identifiers", one) != item_key("identifiers", {**one, "country": "PT"})

    def test_an_item_keeps_its_id_whoever_says_it(self) -> None:
        one = survived(record("erp:1", {"emails": [{"address": "A@x.example"}]})).data["emails"][0]["id"]
        other = survived(record("shop:9", {"emails": [{"address": "a@x.example", "type": "home", "id": "own"}]})).data["emails"][
            0
        ]
        assert one == other["id"] == item_id("emails", "a@x.example")

    def test_an_item_goes_when_its_last_supporter_withdraws_it(self) -> None:
        assert "emails" not in survived(record("erp:1", {"emails": []}), record("shop:1", {"language": "es"})).data

    def test_preferred_is_per_usage_and_in_the_order_of_the_rule(self) -> None:
        erp = record("erp:1", {"addresses": [{"lines": ["A 1"], "type": "billing"}, {"lines": ["B 2"], "type": "delivery"}]})
        shop = record("shop:1", {"addresses": [{"lines": ["C 3"], "type": "billing"}, {"lines": ["D 4"], "type": "delivery"}]})
        found = survived(erp, shop, fields=self.FIELDS)
        preferred = {
            a["lines"][0]: found.provenance[f"addresses[{a['id']}]"]["preferred_for"]
            for a in found.data["addresses"]
            if a.get("preferred")
        }
        assert preferred == {"A 1": ["billing"], "D 4": ["delivery"]}

    def test_of_one_source_its_own_preference_counts(self) -> None:
        emails = [{"address": "a@x.example", "type": "main"}, {"address": "b@x.example", "type": "main", "preferred": True}]
        found = survived(record("erp:1", {"emails": emails}), fields={"emails": {"rule": "union", "best": "trust"}})
        assert [e["address"] for e in found.data["emails"] if e.get("preferred")] == ["b@x.example"]

    def test_an_item_is_there_from_its_first_valid_day_to_its_last(self) -> None:
        said = record(
            "erp:1", {"emails": [{"address": "a@x.example", "valid_from": "2026-07", "valid_to": "2026-08-15T10:00:00Z"}]}
        )
        seen = {
            day: survived(said, as_of=date.fromisoformat(day)) for day in ("2026-06-30", "2026-07-01", "2026-08-15", "2026-08-16")
        }
        assert ["emails" in s.data for s in seen.values()] == [False, True, True, False]
        assert [str(s.next_due) for s in seen.values()] == ["2026-07-01", "2026-08-16", "2026-08-16", "None"]


class TestTrust:
    AGEING: ClassVar[dict[str, Any]] = {"erp": {"default": 0.9, "decay": {"half_life": "100d", "floor": 0.2}}, "shop": 0.5}

    def test_it_halves_with_every_half_life_down_to_the_floor(self) -> None:
        standing = Standing(800_000, 100, 150_000, 100, since=0)
        assert [standing.on(day) for day in (-5, 0, 100, 200, 300, 9_999)] == [
            800_000,
            800_000,
            400_000,
            200_000,
            150_000,
            150_000,
        ]
        assert all(standing.on(day) >= standing.on(day + 1) for day in range(400))

    def test_it_needs_no_floating_point(self) -> None:
        assert halved(ONE, 50, 100) == 707_106
        assert [halved(ONE, 730 * n, 730) for n in range(4)] == [ONE, ONE // 2, ONE // 4, ONE // 8]

    def test_an_old_value_of_a_good_source_yields_to_a_steady_one_on_the_day_it_is_due(self) -> None:
        records = (record("erp:1", {"language": "es"}, "2026-01-01"), record("shop:1", {"language": "de"}, "2026-01-01"))
        found = survived(*records, trust=self.AGEING, as_of=date(2026, 2, 1))
        assert found.data == {"language": "es"}
        assert found.next_due is not None
        eve = found.next_due - timedelta(days=1)
        assert survived(*records, trust=self.AGEING, as_of=eve).data == {"language": "es"}
        assert survived(*records, trust=self.AGEING, as_of=found.next_due).data == {"language": "de"}
        assert survived(*records, trust=self.AGEING, as_of=found.next_due).next_due is None

    def test_a_value_that_failed_validation_counts_less(self) -> None:
        flagged = record("erp:1", {"language": "es", "flags": [{"field": "language", "code": "x"}]})
        trust = {"erp": {"default": 0.9, "invalid": "-50%"}, "shop": 0.5}
        assert survived(flagged, record("shop:1", {"language": "de"}), trust=trust).data == {"language": "de"}

    def test_it_may_differ_by_field_and_by_kind_of_value(self) -> None:
        trust = {"erp": {"default": 0.9, "language": 0.1}, "shop": 0.5, "mail": 0.8, "mail.sender": 0.1}
        records = (record("erp:1", {"language": "es", "status": "a"}), record("shop:1", {"language": "de", "status": "b"}))
        assert survived(*records, trust=trust).data == {"language": "de", "status": "a"}
        low = record("mail:1", {"emails": [{"address": "m@x.example", "type": "sender"}]})
        high = record("shop:1", {"emails": [{"address": "s@x.example", "type": "sender"}]})
        found = survived(low, high, trust=trust, fields={"emails": {"rule": "union", "best": "trust"}})
        assert [e["address"] for e in found.data["emails"] if e.get("preferred")] == ["s@x.example"]

    def test_the_landscape_gives_a_system_its_default(self) -> None:
        given_rules = load_survivorship({}, {"crm": 0.9, "web": 0.1})
        records = (record("crm:1", {"language": "es"}), record("web:1", {"language": "de"}))
        assert survive(records, given_rules, TODAY).data == {"language": "es"}


class TestStewards:
    ERP = record("erp:1", {"name": {"given": "Ana", "family": "Gil"}, "emails": [{"address": "a@x.example"}]}, "2026-05-01")

    def pin(self, path: str, value: Any, number: int = 1, expires: date | None = None, name: str = "erp:1") -> Pin:
        system, _, key = name.partition(":")
        return Pin(f"p{number}", RecordRef(system, key), path, value, "maria", START + timedelta(days=number), expires)

    def pinned(self, *pins: Pin, as_of: date = TODAY) -> Survived:
        return survive([self.ERP], rules(), as_of, pins)

    def test_a_correction_wins_over_every_source(self) -> None:
        correction = record("steward:1", {"name": {"family": "Gil Ruiz"}}, "2021-01-01")
        found = survived(self.ERP, correction, fields={"name.family": "most_recent"})
        assert found.data["name"] == {"given": "Ana", "family": "Gil Ruiz"}
        assert found.provenance["name.family"]["rule"] == "steward"

    def test_a_correction_may_say_that_there_is_none(self) -> None:
        found = survived(self.ERP, record("steward:1", {"emails": None, "name": None}, "2021-01-01"))
        assert found.data["emails"] is None
        assert found.data["name"] == {"given": None, "family": None}

    def test_a_pin_wins_until_it_expires(self) -> None:
        pin = self.pin("name.given", "Anna", expires=date(2026, 6, 10))
        found = self.pinned(pin)
        assert found.data["name"] == {"given": "Anna", "family": "Gil"}
        assert found.provenance["name.given"] | {"at": ""} == {
            "source": "erp:1", "rule": "pin", "at": "", "supporters": ["erp:1"], "confidence": 100, "by": "maria",
        }  # fmt: skip
        assert found.next_due == date(2026, 6, 10)
        after = self.pinned(pin, as_of=date(2026, 6, 10))
        assert (after.data["name"]["given"], after.next_due) == ("Ana", None)

    def test_the_latest_pin_of_a_path_counts_and_inner_ones_stand_in_outer_ones(self) -> None:
        found = self.pinned(self.pin("name", {"given": "X"}, 3), self.pin("name.family", "F", 1), self.pin("name.family", "G", 2))
        assert found.data["name"] == {"given": "X", "family": "G"}

    def test_a_pin_goes_where_its_record_goes(self) -> None:
        assert self.pinned(self.pin("language", "es", name="erp:2")).data == self.pinned().data

    def test_a_pin_makes_the_place_it_needs(self) -> None:
        assert self.pinned(self.pin("organization.legal_name", "Ruiz S.L.")).data["organization"] == {"legal_name": "Ruiz S.L."}

    def test_what_was_pinned_is_not_changed_in_the_records(self) -> None:
        before = repr(self.ERP.data)
        self.pinned(self.pin("name.given", "X"), self.pin("emails", None))
        assert repr(self.ERP.data) == before


class TestEchoes:
    def test_what_the_hub_wrote_into_a_system_is_not_its_evidence(self) -> None:
        erp, shop = record("erp:1", {"language": "es", "status": "a"}, "2026-05-01"), record("shop:1", {"language": "de"})
        found = survive([erp, shop], rules(), TODAY, echoes={(erp.ref, "language")})
        assert found.data == {"language": "de", "status": "a"}
        assert found.provenance["language"]["supporters"] == ["shop:1"]

    def test_a_part_and_an_item_can_be_echoes(self) -> None:
        erp = record(
            "erp:1",
            {"name": {"given": "Ana", "family": "Gil"}, "emails": [{"address": "a@x.example"}, {"address": "b@x.example"}]},
        )
        item = item_id("emails", "a@x.example")
        found = survive([erp], rules(), TODAY, echoes={(erp.ref, "name.given"), (erp.ref, f"emails[{item}]")})
        assert found.data["name"] == {"family": "Gil"}
        assert [e["address"] for e in found.data["emails"]] == ["b@x.example"]


def test_what_a_reader_may_not_see_is_missing_with_all_that_came_only_from_it() -> None:
    records = [record("erp:1", {"language": "es", "status": "a"}), record("shop:1", {"language": "de"})]
    assert survive(records, rules(), TODAY, hidden={"erp"}).data == {"language": "de"}


class TestViews:
    DATA: ClassVar[Data] = {
        "name": {"given": "Ana", "family": "Gil"},
        "birth_date": "1980",
        "emails": [{"address": "a@x.example"}, {"address": "b@x.example"}],
        "phones": [{"number": "+34600"}],
    }
    RULES = rules(
        views={
            "marketing": {"fields": ["name.family", "emails"], "consent": {"purpose": "marketing", "channel": "email"}},
            "all": {},
        }
    )

    def emails(self, *consents: Data, as_of: date = TODAY) -> str:
        shown = view(self.DATA, self.RULES, "marketing", consents, as_of)
        return " ".join(e["address"][0] for e in shown.get("emails", []))

    def consent(self, status: str, at: str, point: str = "", channel: str = "email", **more: Any) -> Data:
        when = {"given_at": at} if status == "granted" else {"withdrawn_at": at}
        where = {"contact_point": {"email": point}} if point else {}
        return {"status": status, "purpose": "marketing", "channel": channel, **when, **where, **more}

    def test_it_shows_only_its_fields(self) -> None:
        assert view(self.DATA, self.RULES, "marketing") == {"name": {"family": "Gil"}}
        assert view(self.DATA, self.RULES, "all") == self.DATA

    def test_a_contact_point_is_shown_only_with_consent(self) -> None:
        assert self.emails() == ""
        assert self.emails(self.consent("granted", "2026-01-01", "A@x.example")) == "a"
        assert self.emails(self.consent("granted", "2026-01-01")) == "a b"
        assert self.emails(self.consent("granted", "2026-01-01", purpose="research")) == ""
        assert self.emails(self.consent("granted", "2026-01-01", channel="phone")) == ""

    def test_the_latest_word_counts_and_of_two_at_once_the_refusal(self) -> None:
        yes, no = self.consent("granted", "2026-01-01"), self.consent("withdrawn", "2026-02-01", "a@x.example")
        assert self.emails(yes, no) == "b"
        assert self.emails(yes, self.consent("withdrawn", "2026-02-01", channel="any")) == ""
        assert self.emails(no, self.consent("granted", "2026-03-01")) == "a b"
        assert self.emails(yes, self.consent("withdrawn", "2026-01-01T00:00:00Z")) == ""
        assert self.emails(yes, self.consent("denied", "")) == "a b"

    def test_a_consent_begins_and_ends(self) -> None:
        asked = self.consent("granted", "2026-01-01", expires_at="2026-05-01")
        assert self.emails(asked) == ""
        assert self.emails(asked, as_of=date(2026, 4, 30)) == "a b"
        assert self.emails(asked, as_of=date(2025, 12, 31)) == ""

    def test_an_unknown_view_is_refused(self) -> None:
        with pytest.raises(BadModel, match="marketing"):
            view(self.DATA, self.RULES, "markting")


def test_completeness_is_the_share_of_wanted_fields_in_percent() -> None:
    found = survived(record("erp:1", {"phones": [{"number": "+34600"}]}), completeness=["emails|phones", "language", "status"])
    assert found.completeness == 33


@pytest.mark.parametrize(
    ("raw", "word"),
    [
        ({"fields": {"name": {"rule": "most_recnt"}}}, "most_recent"),
        ({"fields": {"name": {"rul": "trust"}}}, "rule"),
        ({"fields": {"name": {"rule": "source_order"}}}, "order"),
        ({"fields": {"name": {"rule": "trust", "known_empty": "wins"}}}, "competes"),
        ({"trust": {"erp": {"default": 9}}}, "0 to 1"),
        ({"trust": {"erp": {"decay": {"half_life": "soon"}}}}, "730d"),
        ({"trust": {"erp": {"invalid": "half"}}}, "-50%"),
        ({"trust": {"erp": {"decay": {"half_live": "3d"}}}}, "half_life"),
        ({"views": {"marketing": {"field": []}}}, "fields"),
        ({"deflaut": {}}, "default"),
    ],
)
def test_rules_that_cannot_be_used_name_the_way_out(raw: dict[str, Any], word: str) -> None:
    with pytest.raises(BadModel, match=word):
        load_survivorship(raw)


# -- whatever the records --

VALUES = st.sampled_from(["a", "A", "b", "long value", None])
ITEM = st.fixed_dictionaries(
    {"address": st.sampled_from(["a@x.example", "A@x.example", "b@x.example"])},
    optional={
        "type": st.sampled_from(["main", "home"]),
        "preferred": st.booleans(),
        "valid_to": st.sampled_from(["2026", "2026-06-20", "2020-01-01"]),
        "valid_from": st.sampled_from(["2026-06-10", "2019"]),
    },
)
DATA = st.fixed_dictionaries(
    {},
    optional={
        "language": st.sampled_from(["es", "de", "en", None]),
        "status": VALUES,
        "since": st.sampled_from(["2020", "2019-05", "2021-01-01"]),
        "death_date": st.sampled_from(["2020", None]),
        "name": st.one_of(
            st.none(), st.dictionaries(st.sampled_from(["given", "family", "middle"]), VALUES, min_size=1, max_size=3)
        ),
        "organization": st.fixed_dictionaries(
            {}, optional={"legal_name": VALUES, "trade_names": st.lists(st.sampled_from(["x", "X", "y"]), max_size=2)}
        ),
        "emails": st.one_of(st.none(), st.lists(ITEM, max_size=3)),
        "addresses": st.lists(
            st.fixed_dictionaries(
                {"lines": st.sampled_from([["Main St 1"], ["main street 1"], ["Side Rd 2"]])},
                optional={"type": st.sampled_from(["billing", "delivery", "main"]), "postal_code": st.sampled_from(["1", "2"])},
            ),
            max_size=3,
        ),
        "roles": st.lists(st.sampled_from(["customer", "supplier"]), max_size=2),
        "flags": st.lists(
            st.fixed_dictionaries({"field": st.sampled_from(["status", "name.given"]), "code": st.just("x")}), max_size=1
        ),
    },
)


@st.composite
def members(draw: st.DrawFn) -> list[SourceRecord]:
    found = []
    for number in range(draw(st.integers(1, 5))):
        system = draw(st.sampled_from(["erp", "shop", "mail", "legacy", "steward"]))
        at = datetime(2026, 6, 1, tzinfo=UTC) - timedelta(days=draw(st.integers(0, 1500)))
        found.append(SourceRecord("customer", RecordRef(system, str(number)), Operation.UPSERT, draw(DATA), at, f"m{number}"))
    return found


def test_the_shipped_rules_speak_about_fields_that_exist() -> None:
    wanted = [*SHIPPED.fields, *(path for ways in SHIPPED.completeness for path in ways)]
    wanted += [path for shown in SHIPPED.views.values() for path in shown["fields"] if path != "id"]
    assert [path for path in wanted if MODEL.property_at("customer", path) is None] == []


@given(members(), st.randoms(use_true_random=False))
def test_no_order_of_records_changes_anything(records: list[SourceRecord], chance: random.Random) -> None:
    first = survive(records, SHIPPED, TODAY)
    shuffled = list(records)
    chance.shuffle(shuffled)
    assert survive(shuffled, SHIPPED, TODAY) == first


class Longhand(SurvivorshipRules):
    """The same rules, read by somebody who takes no short way."""

    def at(self, path: str) -> FieldRule | None:
        rule = super().at(path)
        return rule and replace(rule, blind=False)


@given(members())
def test_the_short_way_where_all_agree_is_the_long_way(records: list[SourceRecord]) -> None:
    told = [replace(records[0], ref=RecordRef(r.ref.system, r.ref.key), extracted_at=r.extracted_at) for r in records]
    told_rules = {one.name: getattr(SHIPPED, one.name) for one in fields(SHIPPED)}
    longhand = Longhand(**told_rules | {"default": replace(SHIPPED.default, blind=False)})
    for members_ in (records, told, [records[0]]):
        assert survive(members_, SHIPPED, TODAY) == survive(members_, longhand, TODAY)


@given(members())
def test_what_one_record_says_is_what_it_says_twice(records: list[SourceRecord]) -> None:
    only = records[0]
    alone, twice = survive([only], SHIPPED, TODAY), survive([only, only], SHIPPED, TODAY)
    assert (alone.data, alone.next_due, alone.completeness) == (twice.data, twice.next_due, twice.completeness)
    one, other = ({path: told | {"rule": ""} for path, told in found.provenance.items()} for found in (alone, twice))
    assert one == other


@given(members())
def test_the_golden_record_has_the_canonical_shape(records: list[SourceRecord]) -> None:
    MODEL.check("customer", survive(records, SHIPPED, TODAY).data)


@given(members())
def test_every_value_names_a_member_that_really_says_it(records: list[SourceRecord]) -> None:
    found = survive(records, SHIPPED, TODAY)
    by_name = {str(r.ref): r for r in records}
    for path, value in _leaves("", found.data):
        entry = _covering(path, found.provenance)
        assert value in [_plain(v) for v in _said(by_name[entry["source"]].data, path)], (path, value, entry)
        assert entry["source"] in entry["supporters"]
        assert 0 <= entry["confidence"] <= 100


@given(members(), st.integers(0, 900))
def test_nothing_changes_before_the_day_that_is_due(records: list[SourceRecord], ahead: int) -> None:
    found = survive(records, SHIPPED, TODAY)
    day = TODAY + timedelta(days=ahead)
    if found.next_due is None or day < found.next_due:
        assert survive(records, SHIPPED, day).data == found.data
    else:
        assert found.next_due > TODAY
        eve = found.next_due - timedelta(days=1)
        assert survive(records, SHIPPED, eve).data == found.data


@given(
    st.integers(1, ONE),
    st.integers(1, 5000),
    st.integers(0, ONE),
    st.integers(1, 100),
    st.integers(0, 9_000),
    st.integers(0, ONE),
)
def test_a_fall_is_found_on_its_very_day(base: int, half_life: int, floor: int, share: int, after: int, score: int) -> None:
    standing = Standing(base, half_life, floor, share, since=100)
    day = standing.first_day_at_most(score, after)
    if day is None:
        assert all(standing.on(after + n) > score for n in (1, 10, 1_000, 100_000))
    else:
        assert day > after
        assert standing.on(day) <= score
        assert day == after + 1 or standing.on(day - 1) > score


def _leaves(path: str, value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [leaf for k, v in value.items() for leaf in _leaves(f"{path}.{k}" if path else k, v)]
    if isinstance(value, list):
        named = [(i["id"] if isinstance(i, dict) else i, i) for i in value]
        return [(f"{path}[{name}]", _plain(item)) for name, item in named]
    return [(path, value)]


def _plain(item: Any) -> Any:
    return {k: v for k, v in item.items() if k not in ("id", "preferred")} if isinstance(item, dict) else item


def _covering(path: str, provenance: dict[str, Any]) -> Any:
    while path not in provenance:
        path = path.rpartition(".")[0]
    return provenance[path]


def _said(data: Data, path: str) -> list[Any]:
    outer = path.partition("[")[0]
    value = at_path(data, outer)
    if "[" in path:
        return value if isinstance(value, list) else []
    return [value]
