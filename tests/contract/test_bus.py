"""What every bus promises, on every store the embedded one can live in."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest

from hub.bus.embedded import MOST_ATTEMPTS, EmbeddedBus
from hub.records import Operation, RecordRef, SourceRecord
from hub.store import migrating, queue
from hub.store.store import Store, open_store

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.now = NOON

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(store_url: str) -> Iterator[Store]:
    opened = open_store(store_url)
    migrating.migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def bus(store: Store, clock: Clock) -> EmbeddedBus:
    return EmbeddedBus(store.begin, queue, clock, lease=timedelta(minutes=1))


def record(number: int) -> SourceRecord:
    return SourceRecord(
        entity="customer",
        ref=RecordRef("crm", str(number), 0),
        operation=Operation.UPSERT,
        data={"name": {"family": "Łukaszewicz"}, "emails": None, "value": {"score": "1.50"}},
        extracted_at=NOON + timedelta(microseconds=number),
        message_id=f"run:{number}",
        feed="crm.customers",
        updated_at=NOON - timedelta(days=number),
        position=number or None,
        delta=bool(number % 2),
    )


def test_what_is_published_is_taken_as_it_was_and_in_order(bus: EmbeddedBus) -> None:
    told = [record(number) for number in range(7)]
    bus.publish(told[:4])
    bus.publish(told[4:])

    first, second = bus.take(5), bus.take(5)

    assert [*first.records, *second.records] == told
    assert bus.take(5) is None


def test_what_was_settled_never_comes_again(bus: EmbeddedBus, clock: Clock) -> None:
    bus.publish([record(1), record(2)])
    bus.settle(bus.take(10))
    clock.now += timedelta(hours=1)

    assert bus.take(10) is None
    assert bus.depth() == {"ready": 0, "dead": 0}


def test_what_a_dead_worker_held_comes_back_when_its_lease_ends(bus: EmbeddedBus, clock: Clock) -> None:
    bus.publish([record(1)])
    held = bus.take(10)
    assert bus.take(10) is None

    clock.now += timedelta(minutes=2)
    again = bus.take(10)

    assert again.records == held.records
    assert (held.attempts, again.attempts) == ((0,), (1,))


def test_a_worker_that_was_too_slow_settles_nothing_of_the_one_that_took_over(bus: EmbeddedBus, clock: Clock) -> None:
    bus.publish([record(1)])
    slow = bus.take(10)
    clock.now += timedelta(minutes=2)
    quick = bus.take(10)

    bus.settle(slow)

    assert bus.depth()["ready"] == 1
    bus.settle(quick)
    assert bus.depth()["ready"] == 0


def test_publishing_a_message_twice_keeps_it_once(bus: EmbeddedBus) -> None:
    bus.publish([record(1)])
    bus.publish([record(1), record(2)])

    assert [one.message_id for one in bus.take(10).records] == ["run:1", "run:2"]


def test_what_is_put_back_waits_and_what_is_buried_stays(bus: EmbeddedBus, clock: Clock) -> None:
    bus.publish([record(1), record(2)])
    held = bus.take(10)
    one, other = held.only([0]), held.only([1])
    bus.put_back(one, timedelta(seconds=30), "the world is not ready")
    bus.bury(other, "can never pass")

    assert bus.take(10) is None
    clock.now += timedelta(seconds=31)
    assert bus.take(10).records == one.records
    assert bus.depth() == {"ready": 1, "dead": 1}


def test_a_poison_message_ends_alone_and_its_neighbours_are_worked_on(bus: EmbeddedBus, clock: Clock) -> None:
    bus.publish([record(number) for number in range(100)])
    settled: set[str] = set()
    for _ in range(20):
        clock.now += timedelta(minutes=2)
        delivery = bus.take(100)
        if delivery is None:
            break
        for part in delivery.parts():
            if part.tried >= MOST_ATTEMPTS:
                bus.bury(part, "kills its worker")
                continue
            bus.attempt(part)
            if "run:42" in {one.message_id for one in part.records}:
                break  # the worker dies: the rest of what it held was never tried
            bus.settle(part)
            settled |= {one.message_id for one in part.records}

    assert len(settled) == 99
    assert bus.depth() == {"ready": 0, "dead": 1}


def test_what_a_dying_worker_held_but_never_tried_is_not_held_against_it(bus: EmbeddedBus, clock: Clock) -> None:
    bus.publish([record(1), record(2)])
    for _ in range(10):
        bus.take(10)
        clock.now += timedelta(minutes=2)

    assert bus.take(10).attempts == (1, 1)


def test_a_transaction_that_fails_publishes_nothing(store: Store, bus: EmbeddedBus) -> None:
    class Broken(Exception):
        pass

    with pytest.raises(Broken), store.begin() as tx:
        queue.put(tx, "hub.records", [("m", {}, "{}")], NOON)
        raise Broken

    assert bus.depth()["ready"] == 0


def test_what_a_killed_worker_of_this_machine_held_is_there_at_once(store: Store, bus: EmbeddedBus, store_url: str) -> None:
    bus.publish([record(1)])
    code = (
        "import os, sys\n"
        "from datetime import UTC, datetime\n"
        "from hub.bus.embedded import MOST_ATTEMPTS, EmbeddedBus\n"
        "from hub.store import queue\n"
        "from hub.store.store import open_store\n"
        "store = open_store(sys.argv[1])\n"
        "assert EmbeddedBus(store.begin, queue, lambda: datetime(2026, 3, 1, 12, tzinfo=UTC)).take(10).records\n"
        "os.kill(os.getpid(), 9)\n"
    )
    died = subprocess.run([sys.executable, "-c", code, store_url], check=False, capture_output=True, text=True)
    assert died.returncode == -9, died.stderr

    assert [one.message_id for one in bus.take(10).records] == ["run:1"]
