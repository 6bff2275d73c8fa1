"""Cases for merging, splitting and sticking, on SQLite and PostgreSQL. Golden ids are what subscribers hold on to."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count, permutations
from typing import Any

import pytest

from hub.errors import BadModel, Rejected
from hub.records import Decision, Operation, RecordRef, ReviewTask, SourceRecord
from hub.relay import Replica, event, fold, relay
from hub.resolve import Outcome, Resolver
from hub.store import goldens, tasks
from hub.store.accounting import accounting
from hub.store.decisions import PinnedValue
from hub.store.goldens import Golden
from hub.store.migrating import migrate
from hub.store.store import Store, open_store
from tests.contract.histories import AS_OF, START, small_rules

ANA = {
    "kind": "person",
    "name": {"given": "Ana", "family": "Gil"},
    "birth_date": "1980-02-03",
    "emails": [{"address": "ana.gil@x.example", "type": "main"}],
    "phones": [{"number": "+34911111111", "type": "main"}],
}
ANA_TOO = {**ANA, "phones": [{"number": "+34922222222", "type": "main"}]}
NEARLY_ANA = {"kind": "person", "name": {"given": "Anna", "family": "Gil"}, "birth_date": "1980-02-04"}
LUIS = {
    "kind": "person",
    "name": {"given": "Luis", "family": "Ruiz"},
    "birth_date": "1991-07-08",
    "emails": [{"address": "luis@y.example", "type": "main"}],
}
A, B, C = RecordRef("erp", "a"), RecordRef("shop", "b"), RecordRef("crm", "c")


@dataclass
class Hub:
    """One hub and its clock."""

    store: Store
    resolver: Resolver = field(init=False)
    ticks: Iterator[int] = field(default_factory=lambda: count(1))
    ids: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        self.resolver = Resolver(
            small_rules(block_limit=50, component_limit=50),
            clock=lambda: START + timedelta(hours=next(self.ticks)),
            mint=lambda: f"g{next(self.ids):03}",
        )

    def say(self, ref: RecordRef, data: dict[str, Any] | None, operation: Operation = Operation.UPSERT, **more: Any) -> Outcome:
        number = next(self.ticks)
        operation = operation if data is not None or operation is not Operation.UPSERT else Operation.DELETED
        at = START + timedelta(hours=number)
        record = SourceRecord("customer", ref, operation, data or {}, at, f"m{number}", updated_at=at, **more)
        return self.take(record)

    def take(self, *records: SourceRecord, as_of: date = AS_OF) -> Outcome:
        with self.store.begin() as tx:
            return self.resolver.resolve(tx, records, as_of)

    def decide(self, verdict: str, left: RecordRef, right: RecordRef, hour: int = 0) -> str:
        number = next(self.ticks)
        at = START + timedelta(hours=hour or number)
        decision = Decision(f"d{number:03}", verdict, (left,), (right,), "maria@example", at, "I know them")
        with self.store.begin() as tx:
            self.resolver.decide(tx, decision, AS_OF)
        return decision.id

    def withdraw(self, decision_id: str) -> None:
        with self.store.begin() as tx:
            self.resolver.withdraw(tx, decision_id, "maria@example", AS_OF)

    def id_of(self, ref: RecordRef) -> str | None:
        with self.store.read() as tx:
            return goldens.behind_key(tx, "customer", (ref.system, ref.key))

    def golden(self, golden_id: str | None) -> Golden:
        assert golden_id is not None
        with self.store.read() as tx:
            found = goldens.by_id(tx, [golden_id])
        return found[golden_id]

    def leads_to(self, golden_id: str) -> str | None:
        with self.store.read() as tx:
            found = goldens.current(tx, golden_id)
        return found.id if found else None

    def tasks(self) -> list[ReviewTask]:
        with self.store.read() as tx:
            return [one.task for one in tasks.every(tx, "customer")]

    def closed(self) -> list[tuple[str | None, str | None]]:
        with self.store.read() as tx:
            return [(one.closed_by, one.closed_why) for one in tasks.listed(tx, "customer", state="closed")]

    def story(self, golden_id: str) -> list[str]:
        with self.store.read() as tx:
            return [one.kind for one in goldens.story(tx, golden_id)]

    def last(self, golden_id: str) -> dict[str, Any]:
        with self.store.read() as tx:
            return goldens.story(tx, golden_id)[-1].data

    def check(self) -> None:
        """Whatever happened: nothing differs from a rebuild, nothing leaks, and a subscriber knows everything."""
        with self.store.read() as tx:
            assert self.resolver.rebuild(tx) == []
            assert accounting(tx, "customer")["leakage"] == 0
            told = goldens.announced(tx, "customer", limit=10_000)
            every = [g for state in ("active", "retired", "ended") for g in goldens.every(tx, "customer", state=state)]
        held = {g.id: Replica(g.version, g.state, g.members, g.data, g.into) for g in every}
        assert fold({}, [(one.golden_id, one.data) for one in told]) == held


@pytest.fixture
def hub(store_url: str) -> Iterator[Hub]:
    store = open_store(store_url)
    migrate(store)
    made = Hub(store)
    yield made
    made.check()
    store.close()


def test_01_a_record_that_matches_nothing_gets_a_golden_record_of_its_own(hub: Hub) -> None:
    hub.say(A, ANA)

    golden = hub.golden(hub.id_of(A))
    assert golden.members == (A,)
    assert golden.data["name"] == ANA["name"]
    assert hub.story(golden.id) == ["created"]


def test_02_a_record_that_matches_joins_and_equal_values_appear_once(hub: Hub) -> None:
    hub.say(A, ANA)
    hub.say(B, ANA)

    golden = hub.golden(hub.id_of(A))
    assert hub.id_of(B) == golden.id
    assert golden.members == (A, B)
    assert len(golden.data["emails"]) == 1
    with hub.store.read() as tx:
        assert [(r.ref, r.state) for r in goldens.references(tx, golden.id)] == [(A, "active"), (B, "active")]


def test_03_a_record_in_the_review_band_stays_apart_and_one_task_asks(hub: Hub) -> None:
    hub.say(A, ANA)
    hub.say(B, NEARLY_ANA)

    assert hub.id_of(A) != hub.id_of(B)
    assert [(task.kind, {*task.left, *task.right}) for task in hub.tasks()] == [("near_match", {A, B})]


def test_05_the_task_closes_itself_when_they_join_and_says_why(hub: Hub) -> None:
    hub.say(A, ANA)
    hub.say(B, NEARLY_ANA)
    hub.say(B, ANA)

    assert hub.tasks() == []
    assert hub.closed() == [("goldenhub", "They are one golden record now.")]


def test_a_task_moves_along_when_its_golden_record_grows(hub: Hub) -> None:
    hub.say(A, ANA)
    hub.say(B, NEARLY_ANA)
    hub.say(C, ANA_TOO)

    assert [{*task.left, *task.right} for task in hub.tasks()] == [{A, B, C}]
    assert hub.closed() == []


def test_04_a_golden_record_keeps_its_id_although_every_value_of_its_source_changes(hub: Hub) -> None:
    hub.say(A, ANA)
    before = hub.id_of(A)
    hub.say(A, LUIS)

    assert hub.id_of(A) == before
    assert hub.golden(before).data["name"] == LUIS["name"]
    assert hub.story(before or "") == ["created", "updated"]


def test_05_a_record_that_now_matches_joins_and_its_id_redirects(hub: Hub) -> None:
    hub.say(A, ANA)
    hub.say(B, LUIS)
    first, second = hub.id_of(A), hub.id_of(B)
    assert first != second
    hub.say(B, ANA)

    assert hub.id_of(B) == first
    assert hub.leads_to(second or "") == first
    assert hub.story(first or "") == ["created", "merged"]
    assert hub.story(second or "") == ["created", "ended"]
    told = hub.last(first or "")
    assert told["retired"] == [second]
    assert told["moved"] == [{"system": "shop", "key": "b", "from": second, "to": first}]
    assert told["why"]["kind"] == "match"


def test_06_a_member_that_no_longer_matches_leaves_and_gets_its_former_id_back(hub: Hub) -> None:
    hub.say(A, ANA)
    hub.say(B, LUIS)
    first, second = hub.id_of(A), hub.id_of(B)
    hub.say(B, ANA)
    hub.say(B, LUIS)

    assert (hub.id_of(A), hub.id_of(B)) == (first, second)
    assert hub.golden(second).members == (B,)
    assert hub.story(second or "") == ["created", "ended", "reinstated"]
    assert hub.story(first or "")[-1] == "split"
    assert hub.last(first or "")["moved"] == [{"system": "shop", "key": "b", "from": first, "to": second}]


def test_07_a_steward_says_same_and_the_task_is_closed_by_that_person(hub: Hub) -> None:
    hub.say(A, ANA)
    hub.say(B, NEARLY_ANA)
    first, second = hub.id_of(A), hub.id_of(B)
    hub.decide("same", A, B)

    assert hub.id_of(A) == hub.id_of(B) == first
    assert hub.leads_to(second or "") == first
    assert hub.closed() == [("maria@example", "Decided: same.")]
    assert hub.last(first or "")["why"]["by"] == "maria@example"


def test_08_after_same_they_stay_together_however_they_drift_and_a_task_tells(hub: Hub) -> None:
    hub.say(A, ANA)
    hub.say(B, ANA_TOO)
    hub.decide("same", A, B)
    hub.say(B, LUIS)

    assert hub.id_of(A) == hub.id_of(B)
    assert [task.kind for task in hub.tasks()] == ["evidence_gone"]


def test_09_after_not_the_same_nothing_draws_them_together_and_nobody_is_asked_again(hub: Hub) -> None:
    hub.say(A, ANA)
    hub.say(B, NEARLY_ANA)
    hub.decide("not_same", A, B)
    assert hub.closed() == [("maria@example", "Decided: not_same.")]
    hub.say(B, ANA)

    assert hub.id_of(A) != hub.id_of(B)
    assert hub.tasks() == []


def test_10_a_record_that_was_split_off_may_still_join_others(hub: Hub) -> None:
    hub.say(A, ANA)
    hub.say(B, ANA_TOO)
    assert hub.id_of(A) == hub.id_of(B)
    hub.decide("not_same", A, B)
    assert hub.id_of(A) != hub.id_of(B)
    hub.say(C, ANA_TOO)

    assert hub.id_of(C) in {hub.id_of(A), hub.id_of(B)} or hub.tasks()


def test_11_a_pinned_value_wins_stays_with_its_record_and_its_end_is_announced(hub: Hub) -> None:
    hub.say(A, ANA)
    hub.say(B, ANA_TOO)
    golden_id = hub.id_of(A) or ""
    pinned = PinnedValue("p1", "customer", B, "birth_date", "1980-02-04", "maria@example", START, until=AS_OF + timedelta(days=9))
    with hub.store.begin() as tx:
        hub.resolver.pin(tx, pinned, AS_OF)
    assert hub.golden(golden_id).data["birth_date"] == "1980-02-04"

    hub.decide("not_same", A, B)
    assert hub.golden(hub.id_of(B)).data["birth_date"] == "1980-02-04"
    assert hub.golden(hub.id_of(A)).data["birth_date"] == "1980-02-03"

    with hub.store.begin() as tx:
        done = hub.resolver.due(tx, AS_OF + timedelta(days=9))
    assert done.announced == {"updated": 1}
    assert hub.golden(hub.id_of(B)).data["birth_date"] == "1980-02-03"


def test_12_a_correction_changes_the_golden_value_at_once_and_moves_nothing(hub: Hub) -> None:
    hub.say(A, ANA)
    corrected = RecordRef("steward", "1")
    hub.say(corrected, {"name": {"given": "Ana", "family": "Gil Soler"}})
    hub.decide("same", A, corrected)
    golden_id = hub.id_of(A) or ""
    assert hub.golden(golden_id).data["name"]["family"] == "Gil Soler"
    hub.say(corrected, {"name": {"given": "Ana", "family": "Soler"}})

    assert hub.golden(golden_id).data["name"]["family"] == "Soler"
    assert hub.golden(golden_id).members == (A, corrected)
    assert hub.story(golden_id)[-1] == "updated"


def test_17_a_source_that_merges_two_of_its_records_leaves_one_that_carries_both_keys(hub: Hub) -> None:
    other = RecordRef("erp", "z")
    hub.say(A, ANA)
    hub.say(other, LUIS)
    first, second = hub.id_of(A), hub.id_of(other)
    hub.say(other, None, Operation.MERGED_INTO, target="a")

    assert hub.id_of(other) == hub.id_of(A) == first
    assert hub.leads_to(second or "") == first
    assert hub.golden(first).members == (A,)
    hub.say(other, LUIS)
    assert hub.id_of(other) == second


def test_17_a_renamed_record_keeps_its_golden_record_even_before_its_new_name_arrives(hub: Hub) -> None:
    renamed = RecordRef("erp", "new")
    hub.say(A, ANA)
    first = hub.id_of(A)
    hub.say(A, None, Operation.REKEYED, target="new")
    assert hub.golden(first).members == (A,)
    hub.say(renamed, ANA)

    assert hub.id_of(A) == hub.id_of(renamed) == first
    assert hub.golden(first).members == (renamed,)


def test_17_decisions_about_a_merged_key_speak_about_what_it_went_into(hub: Hub) -> None:
    other = RecordRef("erp", "z")
    hub.say(other, LUIS)
    hub.say(B, ANA_TOO)
    hub.decide("not_same", other, B)
    hub.say(A, ANA)
    assert hub.id_of(A) == hub.id_of(B)
    hub.say(other, None, Operation.MERGED_INTO, target="a")

    assert hub.id_of(A) != hub.id_of(B)


def test_18_a_source_cannot_merge_records_that_another_source_owns(hub: Hub) -> None:
    foreign = RecordRef("shop", "a")
    hub.say(foreign, LUIS)
    hub.say(RecordRef("erp", "x"), ANA)
    hub.say(RecordRef("erp", "x"), None, Operation.MERGED_INTO, target="a")

    assert hub.golden(hub.id_of(foreign)).members == (foreign,)
    assert hub.golden(hub.id_of(RecordRef("erp", "x"))).members == (RecordRef("erp", "x"),)


def test_19_a_merge_that_is_undone_gives_back_both_ids_members_and_values(hub: Hub) -> None:
    hub.say(A, ANA)
    hub.say(B, LUIS)
    before = {ref: (hub.id_of(ref), hub.golden(hub.id_of(ref)).data) for ref in (A, B)}
    decision = hub.decide("same", A, B)
    assert hub.id_of(A) == hub.id_of(B)
    hub.withdraw(decision)

    assert {ref: (hub.id_of(ref), hub.golden(hub.id_of(ref)).data) for ref in (A, B)} == before


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_20_a_contradiction_opens_a_task_whatever_the_order_of_decisions(hub: Hub, order: tuple[int, ...]) -> None:
    for ref, data in ((A, ANA), (B, LUIS), (C, NEARLY_ANA)):
        hub.say(ref, data)
    said = [("same", A, B, 1), ("same", B, C, 2), ("not_same", A, C, 3)]
    for number in order:
        hub.decide(*said[number])

    assert hub.id_of(B) == hub.id_of(C) != hub.id_of(A)  # links are followed in the order of records, never of dates
    assert "contradiction" in {task.kind for task in hub.tasks()}


def test_a_deleted_customer_ends_and_comes_back_under_the_same_id(hub: Hub) -> None:
    hub.say(A, ANA)
    first = hub.id_of(A) or ""
    hub.say(A, None)
    assert hub.id_of(A) is None
    assert hub.golden(first).state == "ended"
    hub.say(A, ANA)

    assert hub.id_of(A) == first
    assert hub.story(first) == ["created", "ended", "reinstated"]


def test_a_key_used_again_inherits_nothing(hub: Hub) -> None:
    hub.say(A, ANA)
    first = hub.id_of(A)
    hub.say(RecordRef("erp", "a", 1), ANA)

    assert hub.id_of(A) != first
    assert hub.golden(first).state == "ended"


def test_taking_a_batch_again_changes_nothing(hub: Hub) -> None:
    record = SourceRecord("customer", A, Operation.UPSERT, ANA, START, "m1")
    assert hub.take(record).announced == {"created": 1}
    again = hub.take(record)

    assert (again.taken, again.redelivered, again.announced) == (0, 1, {})


def test_a_worker_with_other_rules_stops_before_data_moves(hub: Hub) -> None:
    hub.say(A, ANA)
    stranger = Resolver(small_rules(match_bits=7.0))

    with pytest.raises(BadModel, match="rules"), hub.store.begin() as tx:
        stranger.resolve(tx, [SourceRecord("customer", B, Operation.UPSERT, ANA, START, "m2")], AS_OF)
    assert hub.id_of(B) is None


def test_a_decision_about_one_record_and_itself_is_refused(hub: Hub) -> None:
    with pytest.raises(Rejected, match="two sets"):
        hub.decide("same", A, A)


def test_what_a_steward_has_started_stays(hub: Hub) -> None:
    hub.say(A, ANA)
    hub.say(B, ANA_TOO)
    hub.decide("same", A, B)
    hub.say(B, LUIS)
    with hub.store.begin() as tx:
        (task,) = tasks.every(tx, "customer")
        assert tasks.start(tx, task.id, "maria@example")
        assert not tasks.start(tx, task.id, "jose@example")
    hub.say(B, ANA_TOO)

    assert [task.kind for task in hub.tasks()] == ["evidence_gone"]


def test_explain_tells_why_two_records_are_together_or_not(hub: Hub) -> None:
    hub.say(A, ANA)
    hub.say(B, ANA_TOO)
    with hub.store.read() as tx:
        story = hub.resolver.explain(tx, ("erp", "a"), ("shop", "b"))
        with pytest.raises(Rejected, match="No record"):
            hub.resolver.explain(tx, ("erp", "a"), ("shop", "nobody"))

    assert story["together"]
    assert story["bits"] >= story["match_bits"]
    assert any("email" in line for line in story["waterfall"])


def test_every_announcement_goes_out_in_order_and_only_once_confirmed(hub: Hub) -> None:
    hub.say(A, ANA)
    hub.say(A, LUIS)
    heard: list[dict[str, Any]] = []

    def broken(events: Any) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError), hub.store.begin() as tx:
        relay(tx, "customer", broken, source="/goldenhub/test")
    with hub.store.begin() as tx:
        assert relay(tx, "customer", heard.extend, source="/goldenhub/test") == 2
    with hub.store.begin() as tx:
        assert relay(tx, "customer", heard.extend, source="/goldenhub/test") == 0
        told = goldens.announced(tx, "customer")

    assert [one["type"] for one in heard] == ["customer.created.v1", "customer.updated.v1"]
    assert [one["id"] for one in heard] == ["g001:1", "g001:2"]
    assert event(told[0], "/goldenhub/test") == heard[0]
