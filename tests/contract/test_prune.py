"""What is let go was not needed: golden records, open rejects and the accounting are the same without it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.app import Hub, raw
from hub.app.exchange import changes
from hub.app.pruning import Pruned, _versions, prune
from hub.app.replaying import Wanted, replay
from hub.errors import Rejected
from hub.records import Operation, RecordRef, SourceRecord
from hub.store import deliveries, goldens, keys, outbox, rejects, sources
from hub.store.raw import sizes
from hub.store.store import Store
from hub.versions import SUPERSEDED, UNCHANGED, fold, needless
from tests.contract.histories import Step, histories
from tests.contract.test_raw_log import PEOPLE, families, leakage, person
from tests.contract.test_resolver import answer, empty, one_by_one, redo_all, resolver, walk

START = datetime(2026, 1, 1, tzinfo=UTC)


def later(hub: Hub, days: int) -> None:
    hub.clock.now += timedelta(days=days)  # type: ignore[attr-defined]


def a_history(hub: Hub) -> None:
    records = [person("1", "Gil"), person("2", "Ruiz"), person("3", born="31/31/1980"), 7]
    hub.receive(PEOPLE, records, "shop", ["a", "b", "c", "d"])
    hub.receive(PEOPLE, [person("1", "Weber"), person("2", "Ruiz"), person("2", "Ruiz"), person("3", "Mora")])
    hub.work()


def test_old_raw_records_go_but_what_open_rejects_wait_for(opened: Callable[..., Hub]) -> None:
    hub = opened(keep_raw=timedelta(days=30), keep_inbox=timedelta(days=30))
    a_history(hub)
    before = families(hub)
    later(hub, 31)
    (young,) = hub.receive(PEOPLE, [person("4", "Nueva")])

    rehearsed = prune(hub, dry_run=True)
    assert (rehearsed.receipts, rehearsed.inbox) == (7, 4)
    done = prune(hub)

    assert done == rehearsed
    with hub.store.read() as tx:
        aside = [one.reject.receipt for one in rejects.listed(tx)]
        assert set(raw.read(tx, hub, [*aside, young.receipt])) == {*aside, young.receipt}
        assert len(keys.latest(tx, [("customer", "crm", key) for key in "1234"])) == 1
        assert sizes(tx)[PEOPLE][0] == 1 + len(aside)
    assert replay(hub, Wanted()).read == 1 + len(aside)
    hub.work()
    assert families(hub) == before | {"4": "Nueva"}
    assert leakage(hub) == 0
    assert [one.state for one in hub.receive(PEOPLE, [person("1", "Weber")], "shop", ["a"])] == ["accepted"]


def test_a_budget_takes_the_oldest_bodies_first_and_says_when_nothing_may_go(opened: Callable[..., Hub]) -> None:
    hub = opened()
    a_history(hub)
    with hub.store.read() as tx:
        (_, kept) = sizes(tx)[PEOPLE]

    some = prune(opened(raw_budget=kept - 1))
    assert (some.bodies, some.over_budget) == (1, 0)
    hub = opened(raw_budget=1)
    all_that_may = prune(hub)

    with hub.store.read() as tx:
        aside = [one.reject.receipt for one in rejects.listed(tx)]
        assert set(raw.read(tx, hub, aside)) == set(aside)
        (number, left) = sizes(tx)[PEOPLE]
    assert (number, all_that_may.over_budget) == (len(aside), left - 1)
    assert replay(hub, Wanted()).pruned == 8 - len(aside)


def test_closed_rejects_and_overtaken_versions_go_and_stay_counted(opened: Callable[..., Hub]) -> None:
    hub = opened(keep_rejects=timedelta(days=5), keep_history=timedelta(days=5))
    a_history(hub)
    before, balance = families(hub), hub.accounting()
    later(hub, 6)

    done = prune(hub)

    assert (done.rejects, done.versions) == (1, 2)  # the one that was mended; one overtaken, one said in between
    assert hub.accounting() == balance
    assert leakage(hub) == 0
    assert families(hub) == before
    assert hub.rebuild()[1] == []
    assert prune(hub).versions == 0


# -- which versions are needed --

EMPTY = (Operation.DELETED, Operation.ENDED)
WHOLE = (*[Operation.UPSERT] * 4, *EMPTY)


@st.composite
def versions(draw: st.DrawFn) -> list[SourceRecord]:
    """Versions of one key, whole records and deltas, some told again, in the order in which they arrived."""
    made = []
    for number in range(draw(st.integers(2, 9))):
        whole = draw(st.booleans())
        operation = draw(st.sampled_from(WHOLE)) if whole else Operation.PATCH
        data = {} if operation in EMPTY else {draw(st.sampled_from("ab")): draw(st.integers(0, 1))}
        ref = RecordRef("erp", "1", draw(st.sampled_from((0, 0, 0, 1))))
        at, updated = START + timedelta(days=number), START + timedelta(days=draw(st.integers(0, 9)))
        made.append(SourceRecord("customer", ref, operation, data, at, f"m{number}", updated_at=updated))
    again = [replace(one, message_id=f"r{n}", replayed_at=START + timedelta(days=90)) for n, one in enumerate(made)]
    return made + [one for one in again if draw(st.integers(0, 3)) == 0]


@given(versions(), st.data())
def test_without_what_is_needless_the_same_holds_whatever_whole_record_arrives_later(
    told: list[SourceRecord], data: st.DataObject
) -> None:
    cut = data.draw(st.integers(1, len(told)))
    leaning = (Operation.PATCH, Operation.ENDED)
    before, after = told[:cut], [one for one in told[cut:] if one.operation not in leaning]
    loose = needless(before)
    states = fold(before).states

    assert {states[one] for one in loose} <= {SUPERSEDED, UNCHANGED}
    left = [one for one in before if one.message_id not in loose]
    whole, pruned = fold([*before, *after]), fold([*left, *after])
    assert pruned.held == whole.held
    assert pruned.gap == whole.gap


def test_a_patch_keeps_the_whole_record_it_leans_on() -> None:
    base = SourceRecord("customer", RecordRef("erp", "1"), Operation.UPSERT, {"a": 1}, START, "m1")
    patch = replace(base, operation=Operation.PATCH, data={"b": 2}, extracted_at=START + timedelta(days=1), message_id="m2")
    older = replace(base, data={"a": 0}, extracted_at=START - timedelta(days=1), message_id="m0")

    assert needless([base, patch, older]) == {"m0"}


def leans(step: Step) -> bool:
    return isinstance(step, SourceRecord) and (step.operation not in (Operation.UPSERT, Operation.DELETED))


@settings(max_examples=25)
@given(data=st.data())
def test_golden_records_are_the_same_whatever_was_pruned_on_the_way(store: Store, data: st.DataObject) -> None:
    steps = data.draw(histories())
    cut = data.draw(st.integers(1, len(steps)))
    road = [steps[:cut], [step for step in steps[cut:] if not leans(step)]]
    answers = []
    for pruning in (False, True):
        empty(store)
        hub = resolver()
        walk(store, hub, one_by_one(road[0]))
        redo_all(store, hub)
        if pruning:
            with store.begin() as tx:
                far = START + timedelta(days=9999)
                listed = sources.keys_with_old(tx, "customer", far, None, 500)
                _versions(tx, Pruned(), "customer", listed, far)
        walk(store, hub, one_by_one(road[1]))
        redo_all(store, hub)
        answers.append(answer(store))
        with store.begin() as tx:
            assert hub.rebuild(tx) == []
    assert answers[0] == answers[1]


def test_the_feed_loses_its_beginning_but_nobody_what_a_golden_record_was_last(opened: Callable[..., Hub]) -> None:
    hub = opened(keep_changes=timedelta(days=30))
    a_history(hub)
    hub.receive(PEOPLE, [person("1", "Mora")])
    hub.work()
    with hub.store.read() as tx:
        before, place = {one.id: one for one in goldens.every(tx, "customer")}, outbox.last(tx, "customer")
    assert (prune(hub).changes, prune(hub).changes) == (0, 0)
    later(hub, 31)

    assert prune(hub, dry_run=True).changes == prune(hub).changes == place > len(before)

    with hub.store.read() as tx:
        assert (outbox.cut(tx, "customer"), outbox.last(tx, "customer")) == (place, place)
        for golden in before.values():
            (left,) = goldens.story(tx, golden.id)
            assert (left.version, left.data["golden"]) == (golden.version, golden.data)
        with pytest.raises(Rejected, match="snapshot"):
            changes(hub, tx, 0)
        assert changes(hub, tx, place).events == []
    assert prune(hub).changes == 0


def test_the_receipts_of_deliveries_go_with_the_feed(opened: Callable[..., Hub]) -> None:
    hub = opened(keep_changes=timedelta(days=30))
    old, young = hub.clock(), hub.clock() + timedelta(days=20)
    told = [deliveries.Receipt("erp.golden", "g", 1, "1", "written", ["name"], "", at) for at in (old, young)]
    with hub.store.begin() as tx:
        deliveries.add_receipts(tx, told)
    later(hub, 40)

    assert prune(hub).deliveries == 1

    with hub.store.read() as tx:
        assert [one.at for one in deliveries.receipts(tx, "g")] == [young]
