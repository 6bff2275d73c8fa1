"""The bus while its broker misbehaves: what was published arrives, what was settled never comes again, and callers are told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta

import pytest
from pika import BasicProperties

from hub.bus import BULK, LIVE, forwarding
from hub.bus.declaring import blocking, declare
from hub.bus.envelopes import event
from hub.bus.frames import Outgoing
from hub.bus.line import parameters
from hub.bus.publisher import Publisher
from hub.bus.reading import outgoing
from hub.errors import Retryable, Throttled, Unavailable
from hub.store.store import Store
from tests.contract.buses import Rabbit, cut, ids, record
from tests.services.brokers import OwnBroker
from tests.waiting import PATIENCE, until

SECONDS = timedelta(seconds=PATIENCE)


@pytest.fixture
def twin(own_broker: OwnBroker, sqlite_store: Store) -> Iterator[Rabbit]:
    made = Rabbit.at(sqlite_store, own_broker.url(), limit=10**6)
    yield made
    made.remove()


def drained(twin: Rabbit, enough: int, seconds: float = PATIENCE) -> list[str]:
    """Everything, worked on; until there is nothing left on its way."""
    found: list[str] = []
    ends = time.monotonic() + seconds
    while (twin.depth() or len(set(found)) < enough) and time.monotonic() < ends:
        try:
            if delivery := twin.bus.take("resolve", 100, timedelta(seconds=0.3)):
                found += ids(delivery)
                twin.work(delivery)
        except Retryable:
            time.sleep(0.1)
    return found


def in_background(what: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=what)
    thread.start()
    return thread


@pytest.mark.slow
def test_nothing_is_lost_when_the_broker_closes_every_connection_again_and_again(twin: Rabbit, own_broker: OwnBroker) -> None:
    twin.publish([record(0)])
    told = 40 * 25

    def publish() -> None:
        for batch in range(25):
            twin.publish([record(1 + batch * 40 + number) for number in range(40)])
            time.sleep(0.05)

    publishing = in_background(publish)
    found: list[str] = []
    consuming = in_background(lambda: found.extend(drained(twin, told + 1)))
    for _ in range(2):
        own_broker.close_connections()
    publishing.join(PATIENCE)
    consuming.join(PATIENCE)

    assert {f"run:{number}" for number in range(told + 1)} == set(found)
    assert twin.depth() == 0


@pytest.mark.slow
def test_a_broker_that_is_killed_and_comes_back_has_lost_nothing(twin: Rabbit, own_broker: OwnBroker) -> None:
    twin.publish([record(number) for number in range(50)], BULK)
    held = twin.bus.take("resolve", 100, SECONDS)
    assert held
    own_broker.kill()
    with twin.store.begin() as tx:
        twin.bus.publish_in(tx, [record(number) for number in range(50, 60)])
        twin.bus.settle_in(tx, held)
    forwarding = in_background(lambda: _until_forwarded(twin))
    own_broker.start()
    twin.bus.settle(held)  # of a connection that is gone: says nothing on the new one
    forwarding.join(PATIENCE)

    assert set(drained(twin, 10)) == {f"run:{number}" for number in range(50, 60)}


def _until_forwarded(twin: Rabbit) -> None:
    while True:
        try:
            twin.bus.forward()
        except Retryable:
            time.sleep(0.2)
        else:
            return


@pytest.mark.slow
def test_a_broker_without_memory_makes_publishers_wait_and_then_says_so(twin: Rabbit, own_broker: OwnBroker) -> None:
    twin.publish([record(1)])
    own_broker.control("set_vm_memory_high_watermark", "0.000001")
    try:
        twin.rabbit._publisher.patience = 4.0
        with pytest.raises(Throttled, match="memory and disk"):
            twin.publish([record(2)])
        twin.rabbit._publisher.patience = PATIENCE
        waiting = in_background(lambda: twin.publish([record(3)]))
        time.sleep(0.3)
        assert waiting.is_alive()
    finally:
        own_broker.control("set_vm_memory_high_watermark", "0.6")
    waiting.join(PATIENCE)

    assert set(drained(twin, 3)) == {"run:1", "run:2", "run:3"}


@pytest.mark.slow
def test_a_full_queue_refuses_and_its_publisher_waits_until_there_is_room(twin: Rabbit, own_broker: OwnBroker) -> None:
    policy = twin.rabbit.topology.limits() | {"definition": {"max-length": 5}}
    twin.rabbit._open()
    own_broker.control(
        "set_policy", policy["name"], policy["pattern"], json.dumps(policy["definition"]), "--apply-to", policy["apply-to"]
    )  # fmt: skip
    twin.rabbit._publisher.patience = 5.0
    with pytest.raises(Throttled, match="queues are full"):
        for number in range(1, 5000):
            twin.publish([record(number)])
    put = twin.depth()
    twin.rabbit._publisher.patience = PATIENCE

    forwarding = in_background(lambda: _until_forwarded(twin))
    found = drained(twin, put)
    forwarding.join(PATIENCE)
    own_broker.control("clear_policy", policy["name"])

    assert set(found) == {f"run:{number}" for number in range(1, put + 1)}


@dataclass
class Watched(Publisher):
    """Its line breaks midway."""

    most: int = 0  # that were on their way at once
    sent: int = 0

    def _next(self) -> list[Outgoing]:
        ready = super()._next()
        self.most = max(self.most, len(self._unconfirmed))
        if self.sent < 1500 <= self.sent + len(ready):
            cut(self.line)
        self.sent += len(ready)
        return ready


def test_confirms_are_awaited_in_a_window_and_survive_broken_lines(twin: Rabbit) -> None:
    twin.bus.forward()
    twin.publish([record(0)])
    queue = twin.rabbit.topology.names.unrouted
    publisher = Watched(parameters(twin.settings), window=50, patience=PATIENCE)
    messages = [Outgoing("", queue, str(number), BasicProperties(message_id=str(number)), b"x" * 300) for number in range(3000)]

    publisher.publish(messages)
    publisher.close()

    assert 0 < publisher.most <= 50
    assert publisher.sent > 3000, "what was not confirmed when the line broke is sent again"
    assert {str(number) for number in range(3000)} <= _message_ids(twin, queue)


def _message_ids(twin: Rabbit, queue: str) -> set[str]:
    found = set()
    with blocking(twin.settings) as connection:
        channel = connection.channel()
        while (got := channel.basic_get(queue, auto_ack=True))[0]:
            found.add(got[1].message_id)
    return found


@pytest.mark.parametrize("join", [True, False], ids=["joined frames", "pika's own way"])
def test_messages_of_every_size_arrive_as_they_were(twin: Rabbit, join: bool) -> None:
    twin.publish([record(0)])
    queue = twin.rabbit.topology.names.unrouted
    publisher = Publisher(parameters(twin.settings), join=join)
    sizes = [0, 1, 131_063, 131_064, 131_065, 400_000]
    bodies = {str(size): os.urandom(size) for size in sizes}
    properties = {"content_type": "application/json", "headers": {"text": "ł", "number": 3, "list": [1, "a"]}}
    publisher.publish(
        Outgoing("", queue, name, BasicProperties(message_id=name, **properties), body) for name, body in bodies.items()
    )
    publisher.close()

    with blocking(twin.settings) as connection:
        channel = connection.channel()
        for name, body in bodies.items():
            _, told, got = channel.basic_get(queue, auto_ack=True)
            assert (told.message_id, got) == (name, body)
            assert {**told.headers, **properties["headers"]} == told.headers


def test_a_worker_that_closes_gives_everything_back_and_is_gone_at_once(twin: Rabbit) -> None:
    twin.publish([record(number) for number in range(200)], BULK)
    twin.publish([record(number) for number in range(200, 210)], LIVE)
    held = twin.bus.take("resolve", 5, SECONDS)
    assert held
    twin.work(held.only([0]))
    lines = [twin.rabbit._consumer.line, twin.rabbit._publisher.line]
    twin.bus.close()
    assert all(one.ended for one in lines)

    found = drained(twin, 209)
    assert len(found) == len(set(found)) == 209
    assert held.records[0].message_id not in found


def test_a_closed_bus_under_load_loses_nothing(twin: Rabbit) -> None:
    for batch in range(20):
        twin.publish([record(batch * 10 + number) for number in range(10)])
    found: list[str] = []
    while len(found) < 200:
        delivery = twin.bus.take("resolve", 7, SECONDS)
        assert delivery
        found += ids(delivery)
        twin.work(delivery)
        twin.bus.close() if len(found) % 3 == 0 else None

    assert (len(set(found)), twin.depth()) == (200, 0)


def test_what_a_killed_publisher_had_not_forwarded_is_brought_by_another(twin: Rabbit, own_broker: OwnBroker) -> None:
    code = (
        "import os, sys\n"
        "from tests.contract.buses import Rabbit, record\n"
        "from hub.store.store import open_store\n"
        "twin = Rabbit.at(open_store(sys.argv[1]), sys.argv[2], prefix=sys.argv[3])\n"
        "with twin.store.begin() as tx:\n"
        "    twin.bus.publish_in(tx, [record(1), record(2)])\n"
        "os.kill(os.getpid(), 9)\n"
    )
    words = [str(twin.store.engine.url), own_broker.url(), twin.settings.bus_prefix]
    died = subprocess.run([sys.executable, "-c", code, *words], check=False, capture_output=True, text=True)
    assert died.returncode == -signal.SIGKILL, died.stderr

    assert twin.bus.forward() == 1
    assert drained(twin, 2) == ["run:1", "run:2"]


def test_what_is_too_much_to_be_remembered_is_brought_out_of_the_store(twin: Rabbit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forwarding, "_REMEMBERED", 1000)
    with twin.store.begin() as tx:
        for number in range(forwarding.AT_ONCE + 50):
            twin.bus.publish_in(tx, [record(number)])

    assert twin.bus.forward() == forwarding.AT_ONCE + 50
    assert twin.bus.forward() == 0
    assert len(drained(twin, forwarding.AT_ONCE + 50)) == forwarding.AT_ONCE + 50


def test_what_a_publisher_committed_before_it_closed_needs_nobody_else(twin: Rabbit) -> None:
    twin.publish([record(1)])
    twin.bus.close()
    other = Rabbit.at(twin.store, twin.settings.bus_url.reveal(), prefix=twin.settings.bus_prefix)

    assert other.bus.forward() == 0  # it is known that the broker has it
    assert drained(other, 1) == ["run:1"]
    other.bus.close()


def test_what_the_broker_lost_is_published_again(twin: Rabbit) -> None:
    twin.publish([record(1), record(2)])
    twin.publish([record(3)])
    with blocking(twin.settings) as connection:
        connection.channel().queue_purge(twin.rabbit.topology.names.work("resolve", LIVE))
    assert (twin.take(), twin.depth()) == (None, 3)

    assert twin.rabbit.recall(older=timedelta(minutes=1)) == 0
    assert twin.rabbit.recall(older=timedelta(0)) == 2
    assert set(drained(twin, 3)) == {"run:1", "run:2", "run:3"}


def test_golden_events_are_heard_by_those_who_listen_and_stop_nobody_else(twin: Rabbit) -> None:
    told = [
        {
            "specversion": "1.0", "id": f"g:{number}", "source": "/goldenhub/x", "type": "customer.created.v1",
            "subject": "g", "time": "2026-03-01T12:00:00Z", "partitionkey": "g", "datacontenttype": "application/json",
            "data": {"version": number}, "traceparent": "00-" + "a" * 32 + "-" + "b" * 16 + "-01",
        }
        for number in range(3)
    ]  # fmt: skip
    twin.bus.announce(told[:1])
    with blocking(twin.settings) as connection:
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, twin.rabbit.topology.names.golden, "customer.#")
        twin.bus.announce(told[1:])
        got = [channel.basic_get(queue, auto_ack=True) for _ in range(3)]

    assert [json.loads(body) for _, _, body in got if body] == [{"version": 1}, {"version": 2}]
    assert got[0][1].headers["cloudEvents_id"] == "g:1"
    assert got[0][1].headers["traceparent"] == told[0]["traceparent"]
    assert twin.bus.collect_dead() == 0


def _delete(twin: Rabbit, queue: str) -> None:
    with blocking(twin.settings) as connection:
        connection.channel().queue_delete(queue)


def _declare(twin: Rabbit) -> None:
    declare(twin.settings, twin.rabbit.topology)


def test_a_queue_that_is_deleted_while_it_is_consumed_is_consumed_again_when_it_is_back(twin: Rabbit) -> None:
    twin.publish([record(1)])
    twin.work(twin.taken())
    subscription = twin.rabbit._consumer._subscriptions[name := twin.rabbit.topology.names.work("resolve", LIVE)]
    _delete(twin, name)
    until(lambda: not subscription.subscribed)  # what is declared before the consumer is told is the next test's matter
    _declare(twin)
    twin.publish([record(2)])

    assert drained(twin, 1) == ["run:2"]


def test_a_queue_that_is_deleted_and_declared_in_one_go_is_consumed_again(twin: Rabbit) -> None:
    """RabbitMQ then tells the consumer nothing, and drops what the new queue delivers."""
    twin.rabbit._consumer.silence = 0.5
    twin.publish([record(1)])
    twin.work(twin.taken())
    name = twin.rabbit.topology.names.work("resolve", LIVE)
    queue = next(one for one in twin.rabbit.topology.queues if one.name == name)
    with blocking(twin.settings) as connection:
        channel = connection.channel()
        channel.queue_delete(name)
        channel.queue_declare(name, durable=True, arguments=queue.arguments)
    _declare(twin)
    twin.publish([record(2)])

    assert drained(twin, 1) == ["run:2"]


def test_a_subscription_that_is_silent_is_made_anew_and_one_that_is_worked_on_is_left_alone(twin: Rabbit) -> None:
    twin.rabbit._consumer.silence = 0.2
    twin.publish([record(1)])
    held = twin.taken()
    names = twin.rabbit.topology.names
    busy, silent = (twin.rabbit._consumer._subscriptions[names.work("resolve", lane)] for lane in (LIVE, BULK))
    before, at_first = busy.generation, silent.generation
    until(lambda: silent.subscribed and silent.generation >= at_first + 4)

    assert busy.generation == before
    twin.work(held)
    until(lambda: busy.subscribed and busy.generation > before)
    twin.publish([record(2)])
    assert drained(twin, 1) == ["run:2"]


def test_a_broker_that_is_not_there_is_told_in_time(sqlite_store: Store) -> None:
    twin = Rabbit.at(sqlite_store, "amqp://guest:guest@127.0.0.1:9/%2F", patience=0.5)

    with sqlite_store.begin() as tx:
        twin.bus.publish_in(tx, [record(1)])
    with pytest.raises(Unavailable, match="does not answer"):
        twin.bus.forward()
    with pytest.raises(Unavailable):
        twin.bus.take("resolve", 1)
    assert twin.depth() == 1
    twin.bus.close()


def test_events_of_other_kinds_keep_their_content_type() -> None:
    told = {
        "id": "1",
        "type": "a.b.v1",
        "source": "/x",
        "specversion": "1.0",
        "datacontenttype": "application/xml",
        "data": "<a/>",
    }

    assert outgoing("x", event(told)).properties.content_type == "application/xml"
