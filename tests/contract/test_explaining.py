"""Why: pairs, golden records and their values, on SQLite and PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest

from hub.app import Hub
from hub.app.correcting import correct, pin
from hub.app.explaining import built, pair, value
from hub.app.people import decide_between
from hub.app.rights import COMMAND_LINE, MERGE, Person
from hub.contract import Secret
from hub.errors import Rejected
from hub.records import Data, Operation, RecordRef, SourceRecord
from hub.settings import Settings
from hub.store import goldens
from hub.store.goldens import Golden

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
LANDSCAPE = """\
company: Why Ltd
systems:
  erp: {kind: file, path: drop, trust: 0.9}
  shop: {kind: file, path: drop, trust: 0.5}
  crm: {kind: file, path: drop, trust: 0.5}
feeds: {}
"""
MARIA = Person("maria", COMMAND_LINE, {MERGE})
ANA: Data = {
    "kind": "person",
    "name": {"given": "Ana", "family": "Quintanilla"},
    "birth_date": "1980-02-03",
    "emails": [{"address": "ana.q@x.example", "type": "main"}],
    "phones": [{"number": "+34911111111", "type": "main"}],
}
BY_MAIL = {name: ANA[name] for name in ("kind", "name", "emails")}
BY_PHONE = {"kind": "person", "name": {"given": "Ana", "family": "Quintanilla"}, "phones": ANA["phones"]}
LUIS: Data = {"kind": "person", "name": {"given": "Luis", "family": "Ruiz"}, "birth_date": "1991-07-08"}
A, B, C, D = RecordRef("erp", "a"), RecordRef("shop", "b"), RecordRef("crm", "c"), RecordRef("crm", "d")


class Asked:
    """A hub that can be asked why."""

    def __init__(self, url: str, home: Path) -> None:
        (home / "landscape.yaml").write_text(LANDSCAPE, "utf-8")
        self.ticks = count(1)
        self.hub = Hub(Settings(home=home, database_url=Secret(url)), lambda: START + timedelta(seconds=next(self.ticks)))
        self.hub.migrate()

    def say(self, ref: RecordRef, data: Data) -> None:
        at = self.hub.clock()
        record = SourceRecord("customer", ref, Operation.UPSERT, data, at, f"m{next(self.ticks)}", updated_at=at)
        with self.hub.store.begin() as tx:
            self.hub.resolver.resolve(tx, [record], self.hub.as_of)

    def golden(self, ref: RecordRef) -> Golden:
        with self.hub.store.read() as tx:
            found = goldens.behind_key(tx, "customer", ref[:2])
            assert found is not None
            return goldens.by_id(tx, [found])[found]

    def built(self, ref: RecordRef) -> Data:
        golden = self.golden(ref)
        with self.hub.store.read() as tx:
            return built(self.hub, tx, golden)

    def pair(self, left: list[RecordRef], right: list[RecordRef]) -> Data:
        with self.hub.store.read() as tx:
            return pair(self.hub, tx, left, right)

    def value(self, ref: RecordRef, path: str, view: str | None = None) -> Data:
        golden = self.golden(ref)
        with self.hub.store.read() as tx:
            return value(self.hub, tx, golden, path, view)


@pytest.fixture
def asked(store_url: str, tmp_path: Path) -> Iterator[Asked]:
    made = Asked(store_url, tmp_path)
    yield made
    made.hub.close()


def test_a_pair_is_told_part_by_part_with_both_values_and_the_parts_make_the_sum(asked: Asked) -> None:
    asked.say(A, ANA)
    asked.say(B, BY_MAIL)
    told = asked.pair([A], [B])

    assert told["together"]
    assert round(sum(part["bits"] for part in told["parts"]), 3) == told["bits"]
    email = next(part for part in told["parts"] if part["name"] == "email")
    assert (email["level"], email["left"], email["right"]) == ("exact", "ana.q@x.example", "ana.q@x.example")


def test_why_not_names_the_question_that_is_open_and_works_for_records_that_never_met(asked: Asked) -> None:
    asked.say(A, {"kind": "person", "name": {"given": "Ana", "family": "Gil"}, "birth_date": "1980-02-03"})
    asked.say(C, {"kind": "person", "name": {"given": "Anna", "family": "Gil"}, "birth_date": "1980-02-04"})
    asked.say(B, LUIS)

    assert [one["kind"] for one in asked.pair([A], [C])["tasks"]] == ["near_match"]
    never = asked.pair([A], [B])
    assert (never["shared_keys"], never["together"], never["tasks"]) == (0, False, [])
    with pytest.raises(Rejected, match="twice"):
        asked.pair([A], [A])


def test_of_two_golden_records_the_strongest_pair_is_told(asked: Asked) -> None:
    asked.say(A, ANA)
    asked.say(B, BY_MAIL)
    asked.say(C, LUIS)
    told = asked.pair([A, B], [C])
    assert told["pairs"] == 2
    assert told["bits"] == max(asked.pair([one], [C])["bits"] for one in (A, B))


def test_the_record_in_the_middle_is_what_it_falls_apart_without(asked: Asked) -> None:
    asked.say(A, ANA)
    asked.say(B, BY_MAIL)
    asked.say(C, BY_PHONE)
    told = asked.built(A)

    assert [one["kind"] for one in told["story"]] == ["created", "updated", "updated"]
    assert {(one["left"], one["right"]) for one in told["links"]} == {("erp:a", "shop:b"), ("crm:c", "erp:a")}
    assert told["weakest"]["bits"] == min(one["bits"] for one in told["links"])
    assert sorted(map(sorted, told["weakest"]["between"]), key=len)[0] in (["crm:c"], ["shop:b"])
    assert [(one["record"], one["into"]) for one in told["falls_apart_without"]] == [("erp:a", [["crm:c"], ["shop:b"]])]


def test_a_decision_that_alone_holds_is_named_and_taking_it_back_does_what_was_said(asked: Asked) -> None:
    asked.say(A, ANA)
    asked.say(B, BY_MAIL)
    asked.say(D, LUIS)
    decision, _ = decide_between(asked.hub, "same", [A], [D], MARIA, "")
    told = asked.built(A)

    assert [link["decision"] for link in told["links"]] == [decision.id, None]
    loss = next(one for one in told["falls_apart_without"] if one["decision"])
    assert (loss["decision"], loss["into"]) == (decision.id, [["crm:d"], ["erp:a", "shop:b"]])
    asked.hub.withdraw(decision.id, "maria")
    assert [list(map(str, asked.golden(ref).members)) for ref in (D, A)] == loss["into"]


def test_one_record_alone_and_many_alike_hold_together_by_nothing_that_could_go(asked: Asked) -> None:
    asked.say(A, ANA)
    assert (asked.built(A)["links"], asked.built(A)["weakest"]) == ([], None)
    asked.say(B, ANA)
    asked.say(C, ANA)
    told = asked.built(A)
    assert len(told["links"]) == 3
    assert told["falls_apart_without"] == []


def test_a_correction_is_no_link_and_its_decision_holds_nothing_together(asked: Asked) -> None:
    asked.say(A, ANA)
    asked.say(B, ANA)
    correct(asked.hub, A, "birth_date", "1980-02-04", MARIA)
    told = asked.built(A)
    assert [(one["left"], one["right"]) for one in told["links"]] == [("erp:a", "shop:b")]
    assert told["falls_apart_without"] == []


def test_a_value_names_its_record_its_rule_and_why_each_rival_lost(asked: Asked) -> None:
    asked.say(A, ANA | {"language": "es"})
    asked.say(B, ANA | {"language": "de", "name": {"given": "Ana", "family": "Quintana"}})
    told = asked.value(A, "name.family")

    assert (told["chosen_as"], told["value"]) == ("name", "Quintanilla")
    winner, loser = told["elections"][0]["rivals"]
    assert (winner["record"], winner["lost"], told["elections"][0]["rule"]) == ("erp:a", "won", "trust")
    assert (loser["record"], loser["lost"], loser["score"], loser["against"]) == ("shop:b", "trust", 0.5, 0.9)
    assert [one["lost"] for one in asked.value(A, "language")["elections"][0]["rivals"]] == ["won", "most_recent"]


def test_a_pin_is_told_with_what_would_be_there_without_it(asked: Asked) -> None:
    asked.say(A, ANA)
    pin(asked.hub, A, "name.family", "Quintana", (START + timedelta(days=9)).date(), MARIA)
    told = asked.value(A, "name.family")
    assert (told["value"], told["pinned"]["by"], told["pinned"]["until"]) == ("Quintana", "maria", "2026-06-10")
    assert told["elections"][0]["rivals"][0]["value"]["family"] == "Quintanilla"


def test_a_view_says_what_it_shows_and_a_field_nobody_has_is_refused(asked: Asked) -> None:
    asked.say(A, ANA)
    told = asked.value(A, "emails", "marketing")
    assert told["view"] == {"name": "marketing", "value": None, "shown": False}
    assert asked.value(A, "name.family", "marketing")["view"]["shown"]
    with pytest.raises(Rejected, match=r"no field 'name\.famly'"):
        asked.value(A, "name.famly")
