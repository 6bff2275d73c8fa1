"""What strangers may write into the hub's queues: it is set aside with its reason, and the next record is worked on."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from pika import BasicProperties
from sqlalchemy import select

from hub.bus import LIVE
from hub.bus.declaring import blocking
from hub.bus.envelopes import BATCH, JSON, Pushed, pack, read_raw
from hub.bus.frames import Outgoing
from hub.bus.reading import outgoing
from hub.errors import Rejected
from hub.store.store import Store
from hub.store.tables import dead_letters
from tests.contract.buses import Rabbit, ids, record
from tests.waiting import PATIENCE, until


@pytest.fixture
def twin(rabbitmq_url: str, sqlite_store: Store) -> Iterator[Rabbit]:
    made = Rabbit.at(sqlite_store, rabbitmq_url, message_limit=50_000)
    yield made
    made.remove()


def letters(twin: Rabbit) -> list[Any]:
    with twin.store.read() as tx:
        return list(tx.execute(select(dead_letters).order_by(dead_letters.c.id)).all())


def send(twin: Rabbit, exchange: str, key: str, messages: list[tuple[BasicProperties, bytes]]) -> None:
    twin.rabbit._open()
    with blocking(twin.settings) as connection:
        channel = connection.channel()
        channel.confirm_delivery()
        for properties, body in messages:
            channel.basic_publish(exchange, key, body, properties)


HOSTILE: list[tuple[str, dict[str, Any], bytes]] = [
    ("type_unknown", {}, b""),
    ("type_unknown", {"content_type": "text/plain", "message_id": "m\x00m"}, b"hello"),
    ("malformed_message", {"content_type": JSON, "headers": {"cloudEvents_id": "x"}}, b"{}"),
    ("headers_invalid", {"content_type": JSON, "headers": {"cloudEvents_id": [1, {"a": Decimal("1.5")}]}}, b"{}"),
    ("headers_invalid", {"content_type": BATCH, "type": "customer.batch.v1", "headers": {"x-hub-attempt": "9"}}, b"[]"),
    ("version_unknown", {"content_type": BATCH, "type": "customer.batch.v3"}, b"[]"),
    ("not_json", {"content_type": BATCH, "type": "customer.batch.v1"}, b"\x00\x01\x02"),
    ("record_invalid", {"content_type": BATCH, "type": "customer.batch.v1"}, b'[{"entity": 5}]'),
    (
        "inflates_too_far",
        {"content_type": BATCH, "type": "customer.batch.v1", "content_encoding": "deflate"},
        zlib.compress(b" " * 10_000_000),
    ),
    ("message_too_large", {"content_type": BATCH, "type": "customer.batch.v1"}, b"[" + b" " * 60_000 + b"]"),
    ("type_unknown", {"headers": {"when": datetime(2026, 1, 1, tzinfo=UTC), "raw": b"\xff\x00", "deep": {"a": [None]}}}, b"x"),
]  # fmt: skip


def test_whatever_lies_in_a_work_queue_the_next_record_is_worked_on(twin: Rabbit) -> None:
    queue = twin.rabbit.topology.names.work("resolve", LIVE)
    send(twin, "", queue, [(BasicProperties(**told), body) for _, told, body in HOSTILE])
    twin.publish([record(1)])

    assert [one.message_id for one in twin.taken().records] == ["run:1"]
    found = letters(twin)
    assert [one.code for one in found] == [code for code, _, _ in HOSTILE]
    assert all(one.stage == "resolve" and one.reason.endswith(".") for one in found)
    assert {one.message_id for one in found if "mm" in one.message_id} == {"mm"}


@dataclass
class Undecodable:
    """Properties with one header field as bytes that pika itself would never write."""

    kind: bytes
    value: bytes

    def encode(self) -> list[bytes]:
        table = b"\x05field" + self.kind + self.value
        return [struct.pack(">HI", BasicProperties.FLAG_HEADERS, len(table)), table]


def test_headers_that_the_client_cannot_decode_break_no_connection(twin: Rabbit) -> None:
    queue = twin.rabbit.topology.names.work("resolve", LIVE)
    twin.rabbit._open()
    properties: Any = Undecodable(b"T", b"\xff" * 8)  # a time beyond all times
    twin.rabbit._publisher.publish([Outgoing("", queue, "1", properties, b"[]")])
    twin.publish([record(1)])

    assert [one.message_id for one in twin.taken().records] == ["run:1"]
    assert [one.code for one in letters(twin)] == ["headers_invalid"]
    assert twin.rabbit._consumer._subscriptions[queue].generation == 1


def test_a_stranger_who_uses_the_id_of_one_of_ours_takes_nothing_away(twin: Rabbit) -> None:
    twin.publish([record(1)])
    queue = twin.rabbit.topology.names.work("resolve", LIVE)
    send(twin, "", queue, [(BasicProperties(message_id="run:1", content_type="text/plain"), b"garbage")])
    held = twin.taken()

    until(lambda: twin.take() is not None or twin.dead())
    assert (twin.take(), twin.depth(), twin.dead()) == (None, 1, 1)
    twin.worker_dies()
    assert twin.drain() == [held.records[0].message_id]


def test_a_record_in_the_queue_of_another_stage_is_set_aside(twin: Rabbit) -> None:
    twin.rabbit._open()
    (envelope,) = pack([record(1, "order")])
    message = outgoing("", envelope, key=twin.rabbit.topology.names.work("resolve", LIVE))
    twin.rabbit._publisher.publish([message])
    twin.publish([record(2)])

    assert ids(twin.taken()) == ["run:2"]
    assert [one.code for one in letters(twin)] == ["malformed_message"]


def raw(twin: Rabbit, number: int) -> list[Pushed]:
    found: list[Pushed] = []
    while len(found) < number:
        found += twin.bus.take_raw(10, timedelta(seconds=PATIENCE))
    return found


def test_what_systems_push_is_taken_in_their_own_words_and_settled(twin: Rabbit) -> None:
    exchange = twin.rabbit.topology.names.coming
    good = BasicProperties(content_type=JSON, message_id="1", headers={"cloudEvents_source": "/shop"})
    send(twin, exchange, "shop.orders.upsert.v1", [(good, b'{"no": 7}'), (BasicProperties(content_type=JSON), b'{"no": 8}')])

    pushed = raw(twin, 2)
    found = read_raw(pushed[0].envelope)
    with pytest.raises(Rejected) as refused:
        read_raw(pushed[1].envelope)
    with twin.store.begin() as tx:
        twin.bus.bury_raw_in(tx, pushed[1], refused.value.code, refused.value.message)
    twin.bus.settle_raw(pushed)

    assert (found.feed, found.operation, found.source, found.data) == ("shop.orders", "upsert", "/shop", ({"no": 7},))
    assert [(one.stage, one.code) for one in letters(twin)] == [("in", "no_id")]
    twin.bus.close()
    assert twin.bus.take_raw(10, timedelta(seconds=0.3)) == []


def test_what_was_pushed_and_put_back_comes_again_alone(twin: Rabbit) -> None:
    told = [(BasicProperties(content_type=JSON, message_id=str(number)), b'{"no": 1}') for number in range(3)]
    send(twin, twin.rabbit.topology.names.coming, "shop.orders.upsert.v1", told)
    twin.bus.put_back_raw(raw(twin, 3))

    again = twin.bus.take_raw(10, timedelta(seconds=PATIENCE))
    assert [one.redelivered for one in again] == [True]
