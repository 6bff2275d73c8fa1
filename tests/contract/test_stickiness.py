"""Cases for merging, splitting and sticking, on SQLite and PostgreSQL. Golden ids are what subscribers hold on to.

Each is walked one by one. At its end the same is brought in one batch, and computed anew in one piece: the answers must be equal.
Cases 13 to 16 need the doors of the hub: see ``test_views``, ``test_copies`` and ``test_correcting``.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest

from hub.errors import BadModel, Rejected
from hub.records import Operation, RecordRef, SourceRecord
from hub.relay import event, place_of, relay
from hub.resolve import Resolver
from hub.store import goldens, tasks
from hub.store.decisions import PinnedValue
from hub.store.migrating import migrate
from hub.store.store import open_store
from tests.contract.histories import AS_OF, START, small_rules
from tests.contract.sticking import ANA, ANA_TOO, LUIS, NEARLY_ANA, A, B, C, Hub


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
    hub.say(B, ANA)
    assert hub.id_of(A) != hub.id_of(B)
    hub.say(C, ANA_TOO)

    assert hub.id_of(C) in {hub.id_of(A), hub.id_of(B)} or hub.tasks()


def test_11_a_pinned_value_wins_stays_with_its_record_and_its_end_is_announced(hub: Hub) -> None:
    hub.say(A, ANA)
    hub.say(B, ANA_TOO)
    golden_id = hub.id_of(A) or ""
    pinned = PinnedValue("p1", "customer", B, "birth_date", "1980-02-04", "maria@example", START, until=AS_OF + timedelta(days=9))
    hub.pin(pinned)
    assert hub.golden(golden_id).data["birth_date"] == "1980-02-04"

    hub.decide("not_same", A, B)
    assert hub.golden(hub.id_of(B)).data["birth_date"] == "1980-02-04"
    assert hub.golden(hub.id_of(A)).data["birth_date"] == "1980-02-03"

    done = hub.wait_until(AS_OF + timedelta(days=9))
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


def refused(hub: Hub) -> list[tuple[str, Any]]:
    return [(task.kind, task.detail.get("why")) for task in hub.tasks()]


def number(value: str) -> dict[str, Any]:
    return {"identifiers": [{"scheme": "national_id", "country": "ES", "value": value, "verified": True}]}


def test_different_verified_numbers_keep_two_apart_and_a_task_asks_until_the_numbers_agree(hub: Hub) -> None:
    hub.say(A, ANA | number("X1"))
    hub.say(B, ANA | number("X2"))
    assert hub.id_of(A) != hub.id_of(B)
    assert refused(hub) == [("refused_union", "veto")]
    hub.say(B, ANA | number("X1"))

    assert hub.id_of(A) == hub.id_of(B)
    assert hub.tasks() == []


def test_a_source_free_of_duplicates_is_in_no_customer_twice_and_its_deletion_lets_the_other_in(hub: Hub) -> None:
    one, two = RecordRef("ledger", "1"), RecordRef("ledger", "2")
    hub.say(A, ANA)
    hub.say(one, ANA)
    hub.say(two, ANA_TOO)
    assert hub.id_of(one) != hub.id_of(two)
    assert ("refused_union", "source_duplicate") in refused(hub)
    hub.say(one, None)

    assert hub.id_of(two) == hub.id_of(A)
    assert hub.tasks() == []


def test_beyond_the_size_of_one_customer_nothing_joins_and_a_task_asks(hub: Hub) -> None:
    hub.resolver = Resolver(
        small_rules(block_limit=50, component_limit=50, size_limit=2), clock=hub.resolver.clock, mint=hub.resolver.mint
    )
    hub.say(A, ANA)
    hub.say(B, ANA_TOO)
    hub.say(C, {**ANA, "phones": [{"number": "+34933333333", "type": "main"}]})

    assert sorted(len(hub.golden(hub.id_of(ref)).members) for ref in (A, B, C)) == [1, 2, 2]
    assert [kind for kind, _ in refused(hub)] == ["oversized"]
    hub.decide("same", A, B)
    hub.decide("same", A, C)
    assert hub.id_of(A) == hub.id_of(B) == hub.id_of(C)  # a person knows better
    assert hub.tasks() == []


def test_a_changed_record_in_the_middle_takes_its_customer_apart_and_each_part_has_an_id(hub: Hub) -> None:
    by_mail = {"kind": "person", "name": {"given": "Ana", "family": "Quintanilla"}, "emails": ANA["emails"]}
    by_phone = {"kind": "person", "name": {"given": "Ana", "family": "Quintanilla"}, "phones": ANA["phones"]}
    hub.say(A, {**ANA, "name": {"given": "Ana", "family": "Quintanilla"}})
    hub.say(B, by_mail)
    hub.say(C, by_phone)
    first = hub.id_of(A)
    assert first == hub.id_of(B) == hub.id_of(C)
    hub.say(A, LUIS)

    assert len({hub.id_of(ref) for ref in (A, B, C)}) == 3
    assert first in {hub.id_of(ref) for ref in (A, B, C)}
    assert hub.story(first or "")[-1] == "split"


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
        hub.started = True
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
    assert event(told[0], "/goldenhub/test") | {"sequence": place_of(told[0])} == heard[0]
