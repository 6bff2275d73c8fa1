"""People's words about values, and the right to say them, on SQLite and PostgreSQL: each is kept, wins, and can be taken back."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from hub.app import Hub
from hub.app.correcting import as_value, correct, pin, take_back, unpin
from hub.app.people import decide_between, withdraw
from hub.app.rights import COMMAND_LINE, HTTP, MERGE, Person, somebody
from hub.contract import Secret
from hub.errors import InvalidRecord, Rejected
from hub.records import Data, Operation, RecordRef, SourceRecord
from hub.settings import Settings
from hub.store import audit, feeds, goldens
from hub.store.goldens import Golden

START = datetime(2026, 6, 1, 12, tzinfo=UTC)
ANA: Data = {
    "kind": "person",
    "name": {"given": "Ana", "family": "Gil"},
    "birth_date": "1980-02-03",
    "emails": [{"address": "ana.gil@x.example", "type": "main"}],
}
LUIS: Data = {"kind": "person", "name": {"given": "Luis", "family": "Ruiz"}, "birth_date": "1991-07-08"}
A, B, C = RecordRef("erp", "a"), RecordRef("shop", "b"), RecordRef("crm", "c")
MARIA = Person("maria", COMMAND_LINE, {MERGE})


class Desk:
    """A hub with records in it, and its clock."""

    def __init__(self, url: str, home: Path) -> None:
        self.ticks = count(1)
        self.days = 0
        settings = Settings(home=home, database_url=Secret(url), stewards="maria, jose")
        self.hub = Hub(settings, lambda: START + timedelta(days=self.days, seconds=next(self.ticks)))
        self.hub.migrate()

    def say(self, ref: RecordRef, data: Data) -> None:
        at = self.hub.clock()
        with self.hub.store.begin() as tx:
            record = SourceRecord("customer", ref, Operation.UPSERT, data, at, f"m{next(self.ticks)}", updated_at=at)
            feeds.add_counts(tx, "a feed", "arrived", {"customer": 1})
            self.hub.resolver.resolve(tx, [record], self.hub.as_of)

    def golden(self, ref: RecordRef) -> Golden:
        with self.hub.store.read() as tx:
            found = goldens.behind_key(tx, "customer", ref[:2])
            assert found is not None
            return goldens.by_id(tx, [found])[found]

    def value(self, ref: RecordRef, *path: str) -> Any:
        value: Any = self.golden(ref).data
        for name in path:
            value = value[name]
        return value

    def due(self) -> int:
        with self.hub.store.begin() as tx:
            return self.hub.resolver.due(tx, self.hub.as_of).announced.get("updated", 0)

    def check(self) -> None:
        assert self.hub.rebuild()[1] == []
        assert all(balance["leakage"] == 0 for balance in self.hub.accounting().values())


@pytest.fixture
def desk(store_url: str, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(store_url, tmp_path)
    made.say(A, ANA)
    made.say(B, ANA)
    yield made
    made.check()
    made.hub.close()


def test_a_correction_wins_at_once_and_falls_with_its_taking_back(desk: Desk) -> None:
    before = desk.golden(A)
    ref, outcome = correct(desk.hub, A, "birth_date", "1980-02-04", MARIA, "passport seen")

    assert outcome.announced == {"updated": 1}
    assert desk.value(A, "birth_date") == "1980-02-04"
    assert desk.golden(A).members == (A, B, ref)
    assert desk.golden(A).id == before.id
    take_back(desk.hub, str(ref), MARIA)

    after = desk.golden(A)
    assert (after.id, after.members, after.data) == (before.id, before.members, before.data)
    with pytest.raises(Rejected, match="no correction"):
        take_back(desk.hub, str(ref), MARIA)


def test_a_correction_of_one_name_keeps_the_others_of_its_group(desk: Desk) -> None:
    correct(desk.hub, A, "name.family", "Gil Soler", MARIA)

    assert desk.value(A, "name") == {"given": "Ana", "family": "Gil Soler"}


def test_a_correction_stays_with_its_record_and_holds_no_others_together(desk: Desk) -> None:
    correct(desk.hub, B, "birth_date", "1980-02-04", MARIA)
    decide_between(desk.hub, "not_same", [A], [B], MARIA, "")

    assert desk.value(A, "birth_date") == "1980-02-03"
    assert desk.value(B, "birth_date") == "1980-02-04"


def test_of_two_corrections_the_later_counts_and_its_end_brings_the_earlier_back(desk: Desk) -> None:
    correct(desk.hub, A, "birth_date", "1980-02-04", MARIA)
    later, _ = correct(desk.hub, A, "birth_date", "1980-02-05", MARIA)
    assert desk.value(A, "birth_date") == "1980-02-05"
    take_back(desk.hub, later.key, MARIA)

    assert desk.value(A, "birth_date") == "1980-02-04"


def test_a_pin_holds_until_its_day_and_its_end_is_announced(desk: Desk) -> None:
    kept, _ = pin(desk.hub, desk.golden(A).id, "name.family", "Gil Soler", date(2026, 6, 10), MARIA)
    assert kept.ref in (A, B)
    assert desk.value(A, "name", "family") == "Gil Soler"
    desk.days = 8
    assert desk.due() == 0
    desk.days = 9
    assert desk.due() == 1
    assert desk.value(A, "name", "family") == "Gil"


def test_a_pin_can_be_taken_back_before_its_day_and_says_known_empty(desk: Desk) -> None:
    kept, _ = pin(desk.hub, A, "birth_date", None, None, MARIA)
    assert desk.value(A, "birth_date") is None
    unpin(desk.hub, kept.id, MARIA)

    assert desk.value(A, "birth_date") == "1980-02-03"
    with pytest.raises(Rejected, match="no pin"):
        unpin(desk.hub, kept.id, MARIA)


def test_what_the_model_does_not_know_is_refused_and_leaves_nothing(desk: Desk) -> None:
    before = desk.golden(A)
    for path, value in (("name.famly", "X"), ("birth_date", {"day": 3})):
        with pytest.raises(InvalidRecord):
            correct(desk.hub, A, path, value, MARIA)
        with pytest.raises(InvalidRecord):
            pin(desk.hub, A, path, value, None, MARIA)
    with pytest.raises(Rejected, match="ended already"):
        pin(desk.hub, A, "language", "es", date(2026, 6, 1), MARIA)
    with pytest.raises(Rejected, match="Nobody is known"):
        correct(desk.hub, RecordRef("erp", "nobody"), "language", "es", MARIA)

    assert desk.golden(A) == before
    with desk.hub.store.read() as tx:
        assert audit.listed(tx) == []


def test_text_stays_text_and_lists_are_read_as_json(desk: Desk) -> None:
    assert as_value(desk.hub, "name.family", "12") == "12"
    assert as_value(desk.hub, "roles", '["partner"]') == ["partner"]
    with pytest.raises(InvalidRecord):
        as_value(desk.hub, "roles", "partner")


def test_16_merging_needs_the_right_and_without_it_nothing_changes_and_the_attempt_is_kept(desk: Desk) -> None:
    desk.say(C, LUIS)
    before = desk.golden(A), desk.golden(C)
    strangers = (somebody(desk.hub, "eve"), Person("token/shop", HTTP, ("changes", "feed:shop.accounts")))
    for eve in strangers:
        with pytest.raises(Rejected, match="may not decide") as refused:
            decide_between(desk.hub, "same", [A], [C], eve, "let me")
        assert refused.value.code == "not_allowed"
        with pytest.raises(Rejected, match="may not decide"):
            pin(desk.hub, A, "birth_date", "1980-02-04", None, eve)
        with pytest.raises(Rejected, match="may not decide"):
            correct(desk.hub, A, "birth_date", "1980-02-04", eve)

    assert (desk.golden(A), desk.golden(C)) == before
    with desk.hub.store.read() as tx:
        tried = audit.listed(tx)
        assert tried == audit.listed(tx, refused=True)
    assert [(one.by, one.door, one.action, one.allowed) for one in reversed(tried)] == [
        (eve.name, eve.door, action, False) for eve in strangers for action in ("same", "pin", "correct")
    ]
    assert "1980" not in str(tried)


def test_16_who_has_the_right_merges_and_takes_it_back_and_both_are_kept(desk: Desk) -> None:
    desk.say(C, LUIS)
    decision, _ = decide_between(desk.hub, "same", [A, B], [C], somebody(desk.hub, "jose"), "I know them")
    assert desk.golden(A).id == desk.golden(C).id
    withdraw(desk.hub, decision.id, Person("token/desk", HTTP, (MERGE,)))
    assert desk.golden(A).id != desk.golden(C).id

    with desk.hub.store.read() as tx:
        kept = audit.listed(tx)
    assert [(one.by, one.action, one.allowed, one.result) for one in kept] == [
        ("token/desk", "withdraw", True, decision.id),
        ("jose", "same", True, decision.id),
    ]
    assert kept[1].about == ("erp:a", "shop:b", "crm:c")


def test_a_record_nobody_holds_cannot_be_decided_about(desk: Desk) -> None:
    with pytest.raises(Rejected, match="No record crm:nobody"):
        decide_between(desk.hub, "same", [A], [RecordRef("crm", "nobody")], MARIA, "")


def test_the_decision_behind_a_correction_is_not_withdrawn_alone(desk: Desk) -> None:
    ref, _ = correct(desk.hub, A, "birth_date", "1980-02-04", MARIA)
    with pytest.raises(Rejected, match="take-back"):
        withdraw(desk.hub, f"correction-{ref.key}", MARIA)
