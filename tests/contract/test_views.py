"""What a reader may see: fields, contact points with consent, and nothing of systems that do not exist for it."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import yaml

from hub.app import Hub
from hub.app.exchange import changes, golden, snapshot, who_is
from hub.app.seeing import must_be_a_view
from hub.attach import attach
from hub.contract import Secret
from hub.errors import BadModel, Rejected
from hub.model import shipped_folder
from hub.records import Data, Decision, Operation, RecordRef, SourceRecord
from hub.settings import Settings

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
LANDSCAPE = """\
company: Views Ltd
systems:
  erp: {kind: file, path: drop, trust: 0.9}
  shop: {kind: file, path: drop, trust: 0.5}
feeds: {}
"""
VIEWS = {
    "marketing": {"fields": ["id", "name", "emails"], "consent": {"purpose": "marketing", "channel": "email"}},
    "partner": {"without": ["erp"]},
    "mistyped": {"without": ["epr"]},
}
ANA: Data = {
    "kind": "person",
    "name": {"given": "Ana", "family": "Gil"},
    "birth_date": "1980-02-03",
    "emails": [{"address": "ana.gil@x.example", "type": "main"}],
}
AT_ERP: Data = {**ANA, "name": {"given": "Ana Maria", "family": "Gil"}, "language": "es", "phones": [{"number": "+34911111111"}]}
LUIS: Data = {"kind": "person", "name": {"given": "Luis", "family": "Ruiz"}, "birth_date": "1991-07-08"}
A, B, C = RecordRef("erp", "a"), RecordRef("shop", "b"), RecordRef("erp", "c")


class Shown:
    """A hub with three views."""

    def __init__(self, url: str, home: Path) -> None:
        rules = yaml.safe_load((shipped_folder("canonical_model") / "customer" / "survivorship.yaml").read_text("utf-8"))
        own = home / "canonical_model" / "customer"
        own.mkdir(parents=True)
        (own / "survivorship.yaml").write_text(yaml.safe_dump(rules | {"views": VIEWS}), "utf-8")
        (home / "landscape.yaml").write_text(LANDSCAPE, "utf-8")
        self.ticks = count(1)
        self.hub = Hub(Settings(home=home, database_url=Secret(url)), lambda: START + timedelta(seconds=next(self.ticks)))
        self.hub.migrate()

    def say(self, ref: RecordRef, data: Data | None) -> None:
        at, operation = self.hub.clock(), Operation.UPSERT if data is not None else Operation.DELETED
        record = SourceRecord("customer", ref, operation, data or {}, at, f"m{next(self.ticks)}", updated_at=at)
        with self.hub.store.begin() as tx:
            self.hub.resolver.resolve(tx, [record], self.hub.as_of)

    def consent(self, key: str, status: str, customer: RecordRef, at: str = "2026-05-01") -> None:
        data = {
            "status": status, "purpose": "marketing", "channel": "email", "given_at": at,
            "participants": [{"role": "subject", "customer": {"system": customer.system, "key": customer.key}}],
        }  # fmt: skip
        record = SourceRecord("consent", RecordRef("shop", key), Operation.UPSERT, data, self.hub.clock(), f"c{next(self.ticks)}")
        with self.hub.store.begin() as tx:
            attach(tx, [record], self.hub.clock())

    def who(self, ref: RecordRef, view: str | None) -> Data:
        with self.hub.store.read() as tx:
            return who_is(self.hub, tx, ref.system, ref.key, view=view)

    def replica(self, view: str) -> dict[str, Any]:
        """What a reader of the feed ends with."""
        held: dict[str, Any] = {}
        with self.hub.store.read() as tx:
            for event in changes(self.hub, tx, view=view).events:
                told = event["data"]
                held[event["subject"]] = told["golden"]
                if told["state"] != "active":
                    del held[event["subject"]]
        return held

    def snapshot(self, view: str) -> dict[str, Any]:
        with self.hub.store.read() as tx:
            return {one["subject"]: one["data"]["golden"] for one in snapshot(self.hub, tx, view=view).events}


@pytest.fixture
def shown(store_url: str, tmp_path: Path) -> Iterator[Shown]:
    made = Shown(store_url, tmp_path)
    yield made
    made.hub.close()


def test_13_a_value_of_a_hidden_system_is_missing_from_the_view_and_so_is_what_only_came_from_it(shown: Shown) -> None:
    shown.say(A, AT_ERP)
    shown.say(B, ANA)

    whole, partner = shown.who(B, None), shown.who(B, "partner")
    assert whole["golden"]["name"]["given"] == "Ana Maria"
    assert {"language", "phones"} <= whole["golden"].keys()
    assert partner["golden"]["name"]["given"] == "Ana"
    assert not {"language", "phones"} & partner["golden"].keys()
    assert [one["system"] for one in partner["references"]] == ["shop"]
    assert partner["id"] == whole["id"]


def test_13_a_customer_whom_only_a_hidden_system_knows_is_nobody_to_the_reader(shown: Shown) -> None:
    shown.say(C, LUIS)
    shown.say(B, ANA)
    hidden = shown.who(C, None)["id"]

    for ask in (lambda: shown.who(C, "partner"), lambda: _golden(shown, hidden, "partner")):
        with pytest.raises(Rejected) as refused:
            ask()
        assert refused.value.code == "not_known"
        assert "Luis" not in str(refused.value)
    assert hidden not in shown.snapshot("partner")
    assert hidden in shown.snapshot("marketing")


def _golden(shown: Shown, golden_id: str, view: str) -> Data:
    with shown.hub.store.read() as tx:
        return golden(shown.hub, tx, golden_id, view=view)


def test_13_the_feed_of_a_view_holds_no_word_of_a_hidden_system_and_ends_with_what_a_snapshot_shows(shown: Shown) -> None:
    shown.say(A, AT_ERP)
    shown.say(B, ANA)
    shown.say(C, LUIS)
    with shown.hub.store.begin() as tx:
        apart = Decision("d1", "not_same", (A,), (B,), "maria", START)
        shown.hub.resolver.decide(tx, apart, shown.hub.as_of)
    shown.say(B, ANA | {"language": "ca"})

    with shown.hub.store.read() as tx:
        told = str(changes(shown.hub, tx, view="partner").events)
    assert "Maria" not in told and "Luis" not in told and "'erp'" not in told
    assert shown.replica("partner") == shown.snapshot("partner")
    assert [data["language"] for data in shown.snapshot("partner").values()] == ["ca"]


def test_contact_points_are_shown_with_consent_and_only_until_it_is_withdrawn(shown: Shown) -> None:
    shown.say(A, AT_ERP)
    shown.say(B, ANA)
    assert "emails" not in shown.who(A, "marketing")["golden"]
    shown.consent("1", "granted", B)

    assert [one["address"] for one in shown.who(A, "marketing")["golden"]["emails"]] == ["ana.gil@x.example"]
    assert "phones" not in shown.who(A, "marketing")["golden"]
    assert shown.snapshot("marketing") == shown.replica("marketing")
    assert "emails" in next(iter(shown.snapshot("marketing").values()))
    shown.consent("2", "withdrawn", A, "2026-05-20")
    assert "emails" not in shown.who(A, "marketing")["golden"]


def test_a_consent_follows_the_record_it_hangs_on(shown: Shown) -> None:
    shown.say(A, ANA)
    shown.say(B, ANA)
    shown.consent("1", "granted", B)
    with shown.hub.store.begin() as tx:
        shown.hub.resolver.decide(tx, Decision("d1", "not_same", (A,), (B,), "maria", START), shown.hub.as_of)

    assert "emails" not in shown.who(A, "marketing")["golden"]
    assert "emails" in shown.who(B, "marketing")["golden"]


def test_exports_show_what_the_view_shows(shown: Shown, tmp_path: Path) -> None:
    shown.say(A, AT_ERP)
    shown.say(B, ANA)
    shown.say(C, LUIS)
    out, xref = tmp_path / "golden.csv", tmp_path / "xref.csv"
    shown.hub.export(out, xref, "partner")

    (row,) = csv.DictReader(out.read_text("utf-8").splitlines())
    assert (row["name.given"], row["language"], row["members"]) == ("Ana", "", "shop:b")
    assert {one["system"] for one in csv.DictReader(xref.read_text("utf-8").splitlines())} == {"shop"}
    shown.consent("1", "granted", A)
    shown.hub.export(out, None, "marketing")
    assert any("ana.gil" in one["emails"] for one in csv.DictReader(out.read_text("utf-8").splitlines()))


def test_a_view_that_hides_a_system_nobody_has_is_refused_before_it_shows_too_much(shown: Shown) -> None:
    with pytest.raises(BadModel, match="epr"):
        must_be_a_view(shown.hub, "mistyped")
