"""What every bus promises: the one built into each store, and the one over a broker."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import timedelta

import pytest

from hub.bus import BULK, LIVE, MOST_ATTEMPTS, REPLAY
from hub.errors import Throttled
from hub.store.store import Store
from tests.contract.buses import Embedded, Twin, ids, record
from tests.waiting import PATIENCE

SOON = timedelta(seconds=PATIENCE)  # it returns when something is there


@pytest.fixture
def store(fresh_store: Store) -> Store:
    return fresh_store


def test_what_is_published_is_taken_as_it_was_and_in_order(twin: Twin) -> None:
    told = [record(number) for number in range(7)]
    twin.publish(told[:4])
    twin.publish(told[4:])

    first, second = twin.taken(4), twin.taken(5)

    assert [*first.records, *second.records] == told
    assert twin.take() is None


def test_every_stage_takes_its_own_records(twin: Twin) -> None:
    twin.publish([record(1), record(2, "order"), record(3)])

    assert ids(twin.taken(stage="attach")) == ["run:2"]
    assert ids(twin.taken(stage="resolve")) == ["run:1", "run:3"]


def test_live_comes_before_bulk_and_bulk_before_replay_and_never_mixed(twin: Twin) -> None:
    twin.publish([record(1)], REPLAY)
    twin.publish([record(2)], BULK)
    twin.publish([record(3)], LIVE)

    taken = [twin.taken() for _ in range(3)]

    assert [(one.lane, ids(one)) for one in taken] == [(LIVE, ["run:3"]), (BULK, ["run:2"]), (REPLAY, ["run:1"])]


def test_a_worker_may_look_at_some_lanes_only(twin: Twin) -> None:
    twin.publish([record(1)], BULK)

    assert twin.bus.take("resolve", 10, lanes=[LIVE, REPLAY]) is None
    assert twin.bus.take("resolve", 10, SOON, lanes=[BULK]) is not None


def test_what_was_settled_never_comes_again(twin: Twin) -> None:
    twin.publish([record(1), record(2)])
    twin.work(twin.taken())
    twin.worker_dies()

    assert twin.take() is None
    assert twin.depth() == 0


def test_what_waits_is_counted_by_stage_and_lane_until_its_work_is_committed(twin: Twin) -> None:
    twin.publish([record(1), record(2), record(3, "order")])
    twin.publish([record(4)], BULK)
    held = twin.taken()

    assert twin.bus.depth() == {"resolve": {LIVE: 2, BULK: 1, REPLAY: 0}, "attach": {LIVE: 1, BULK: 0, REPLAY: 0}}
    twin.work(held)
    assert twin.depth() == 2


def test_a_batch_can_be_settled_part_by_part(twin: Twin) -> None:
    twin.publish([record(number) for number in range(6)])
    held = twin.taken()

    twin.work(held.only([0, 1]))
    twin.work(held.only([4]))
    assert twin.depth() == 3
    twin.worker_dies()

    assert sorted(twin.drain()) == ["run:2", "run:3", "run:5"]
    assert (twin.depth(), twin.take()) == (0, None)


def test_work_that_was_rolled_back_is_still_on_its_way(twin: Twin) -> None:
    twin.publish([record(1)])
    held = twin.taken()
    with pytest.raises(ZeroDivisionError), twin.store.begin() as tx:
        twin.bus.settle_in(tx, held)
        _ = 1 / 0

    assert twin.depth() == 1
    twin.worker_dies()
    assert twin.drain() == ["run:1"]


def test_what_a_dead_worker_held_comes_back_marked(twin: Twin) -> None:
    twin.publish([record(1)])
    held = twin.taken()
    assert twin.take() is None

    twin.worker_dies()
    again = twin.taken()

    assert again.records == held.records
    assert (held.redelivered, again.redelivered) == (False, True)


def test_a_worker_that_was_too_slow_settles_nothing_of_the_one_that_took_over(store: Store) -> None:
    twin = Embedded.at(store)
    twin.publish([record(1)])
    slow = twin.taken()
    twin.worker_dies()
    quick = twin.taken()

    twin.work(slow)
    assert twin.depth() == 1
    twin.work(quick)
    assert twin.depth() == 0


def test_publishing_a_batch_twice_keeps_it_once(twin: Twin) -> None:
    twin.publish([record(1), record(2)])
    twin.publish([record(1), record(2)])

    assert twin.drain() == ["run:1", "run:2"]


def test_what_is_put_back_is_there_at_once_and_no_attempt_is_counted(twin: Twin) -> None:
    twin.publish([record(1), record(2)])
    for _ in range(3 * MOST_ATTEMPTS):
        twin.bus.put_back(twin.taken())

    held = twin.bus.take("resolve", 10, SOON)

    assert held is not None
    assert (ids(held), held.attempts) == (["run:1", "run:2"], (0, 0))


def test_what_failed_comes_again_alone_rung_by_rung(twin: Twin) -> None:
    twin.publish([record(1), record(2), record(3)])
    held, retried = twin.taken(), time.monotonic()
    twin.retry(held.only([0, 2]))
    twin.work(held.only([1]))

    for attempts in range(1, MOST_ATTEMPTS):
        least = twin.rung_passes(attempts)
        again = [twin.bus.take("resolve", 10, SOON) for _ in range(2)]
        assert time.monotonic() - retried > least - 0.05  # the broker's clock is another
        assert sorted((one.records[0].message_id, one.attempts) for one in again if one) == [
            ("run:1", (attempts,)),
            ("run:3", (attempts,)),
        ]
        retried = time.monotonic()
        for one in again:
            assert one
            twin.retry(one) if attempts < MOST_ATTEMPTS - 1 else twin.bury(one)

    assert (twin.depth(), twin.dead()) == (0, 2)


def test_what_is_buried_is_a_dead_letter_and_the_others_go_on(twin: Twin) -> None:
    twin.publish([record(1), record(2)])
    held = twin.taken()
    twin.bury(held.only([1]))
    twin.work(held.only([0]))

    assert (twin.depth(), twin.dead(), twin.take()) == (0, 1, None)


def test_a_poison_message_ends_alone_and_its_neighbours_are_worked_on(twin: Twin) -> None:
    twin.publish([record(number) for number in range(100)])
    worked_on: list[str] = []
    for _ in range(400):
        delivery = twin.take()
        if delivery is None:
            if not twin.depth():
                break
        elif "run:42" in ids(delivery):
            twin.worker_dies()
        else:
            twin.work(delivery)
            worked_on += ids(delivery)

    assert (len(worked_on), len(set(worked_on))) == (99, 99)
    assert (twin.depth(), twin.dead()) == (0, 1)


def test_a_transaction_that_fails_publishes_nothing(twin: Twin) -> None:
    with pytest.raises(ZeroDivisionError), twin.store.begin() as tx:
        twin.bus.publish_in(tx, [record(1)])
        _ = 1 / 0
    twin.bus.forward()

    assert (twin.depth(), twin.take()) == (0, None)


def test_a_part_of_a_transaction_that_fails_publishes_nothing_and_the_rest_is_brought(twin: Twin) -> None:
    with twin.store.begin() as tx:
        twin.bus.publish_in(tx, [record(1)])
        with pytest.raises(ZeroDivisionError), twin.store.within(tx):
            twin.bus.publish_in(tx, [record(2)])
            _ = 1 / 0
        with twin.store.within(tx):
            twin.bus.publish_in(tx, [record(3)])
    twin.bus.forward()

    assert twin.drain() == ["run:1", "run:3"]


def test_whoever_forwards_brings_only_what_is_committed_and_the_rest_comes_after_its_commit(twin: Twin, store: Store) -> None:
    if store.engine.dialect.name == "sqlite":
        return  # one writer at a time: nobody forwards meanwhile
    with store.begin() as tx:
        twin.bus.publish_in(tx, [record(1)])
        twin.publish([record(2)])
        assert ids(twin.taken()) == ["run:2"]
        twin.bus.forward()
        assert twin.take() is None
    twin.bus.forward()

    assert ids(twin.taken()) == ["run:1"]


def test_a_publisher_waits_when_too_much_waits(store: Store) -> None:
    twin = Embedded.at(store, limit=10)
    twin.publish([record(number) for number in range(8)])

    with pytest.raises(Throttled) as slowed:
        twin.publish([record(number) for number in range(8, 12)])
    assert slowed.value.wait > 0
    twin.work(twin.taken())
    twin.publish([record(number) for number in range(8, 12)])

    assert twin.depth() == 4


def test_a_batch_larger_than_the_limit_passes_when_nothing_waits(store: Store) -> None:
    twin = Embedded.at(store, limit=10)

    twin.publish([record(number) for number in range(25)])

    assert twin.depth() == 25


def test_a_worker_that_waits_gets_what_comes_meanwhile(twin: Twin) -> None:
    began = time.monotonic()
    assert twin.bus.take("resolve", 10, timedelta(milliseconds=60)) is None
    assert time.monotonic() - began > 0.05

    twin.publish([record(1)])
    found = twin.bus.take("resolve", 10, SOON)

    assert found is not None


def test_what_a_killed_worker_of_this_machine_held_is_there_at_once(store: Store, store_url: str) -> None:
    twin = Embedded.at(store)
    twin.publish([record(1)])
    code = (
        "import os, sys\n"
        "from tests.contract.buses import Embedded\n"
        "from hub.store.store import open_store\n"
        "assert Embedded.at(open_store(sys.argv[1])).taken().records\n"
        "os.kill(os.getpid(), 9)\n"
    )
    died = subprocess.run([sys.executable, "-c", code, store_url], check=False, capture_output=True, text=True)
    assert died.returncode == -9, died.stderr

    assert twin.drain() == ["run:1"]
