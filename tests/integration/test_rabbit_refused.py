"""Messages that break the line whenever they are published: they are found and set aside, and everything else goes through."""

from __future__ import annotations

import random
import struct
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pika import BasicProperties

from hub.bus import GOLDEN, LIVE, REPLAY, publisher
from hub.bus.declaring import blocking
from hub.bus.frames import Outgoing
from hub.bus.line import parameters
from hub.bus.publisher import Publisher
from hub.records import RecordRef, SourceRecord, record_from_json
from hub.store import accounting
from hub.store.store import Store
from tests.contract.buses import Rabbit, record
from tests.integration.test_rabbit_hostile import letters

PATIENCE = 20.0
LARGE = "x" * 200_000  # more than a frame takes


class Garbled:
    """Properties as bytes that pika itself would never write."""

    INDEX = BasicProperties.INDEX

    def __init__(self, pieces: bytes) -> None:
        self.pieces = pieces

    def encode(self) -> list[bytes]:
        return [self.pieces]


def bad(kind: str) -> tuple[Any, str]:
    """Properties and the routing key's end of a message of which the broker, or the client, wants nothing."""
    headers = struct.pack(">HI", BasicProperties.FLAG_HEADERS, 11) + b"\x05field?xxxx"
    return {
        "header too large": (BasicProperties(headers={"a": LARGE}), ""),
        "header of no type": (BasicProperties(headers={"a": {1, 2}}), ""),
        "number too large": (BasicProperties(headers={"a": [2**70]}), ""),
        "decimal too large": (BasicProperties(headers={"a": Decimal(2**40)}), ""),
        "name too long": (BasicProperties(message_id="ä" * 200), ""),
        "key too long": (BasicProperties(), "k" * 300),
        "half a character": (BasicProperties(type="\ud800"), ""),
        "somebody else's": (BasicProperties(user_id="nobody"), ""),
        "expires never": (BasicProperties(expiration="soon"), ""),
        "unknown field": (Garbled(headers), ""),
    }[kind]


QUICK = ["header too large", "header of no type", "number too large", "decimal too large", "name too long", "key too long"]
KINDS = [
    *QUICK,
    "half a character",
    "somebody else's",
    "expires never",
]  # "unknown field" takes seconds: it has a test of its own


@pytest.fixture
def twin(rabbitmq_url: str, sqlite_store: Store) -> Iterator[Rabbit]:
    made = Rabbit.at(sqlite_store, rabbitmq_url, patience=PATIENCE)
    made.rabbit._open()
    yield made
    made.remove()


def outgoing(queue: str, place: int, kind: str | None) -> Outgoing:
    properties, more = (BasicProperties(message_id=str(place)), "") if kind is None else bad(kind)
    return Outgoing("", queue + more, str(place), properties, b"%d" % place)


def came(twin: Rabbit, queue: str) -> list[str]:
    found = []
    with blocking(twin.settings) as connection:
        channel = connection.channel()
        while (got := channel.basic_get(queue, auto_ack=True))[2] is not None:
            found.append(got[2].decode())
    return found


@settings(max_examples=12)
@given(kinds=st.lists(st.none() | st.sampled_from(KINDS), min_size=1, max_size=30), window=st.sampled_from([1, 7, 50]))
def test_whatever_of_them_breaks_the_line_the_others_arrive_in_their_order(
    twin_for_all: Rabbit, kinds: list[str | None], window: int
) -> None:
    queue = twin_for_all.rabbit.topology.names.unrouted
    line = Publisher(parameters(twin_for_all.settings), window=window, patience=PATIENCE)
    try:
        refused = line.publish(outgoing(queue, place, kind) for place, kind in enumerate(kinds))
        assert line.publish([outgoing(queue, -1, None)]) == []  # and the line is as good as before
    finally:
        line.close()

    assert sorted(int(one.message.id) for one in refused) == [place for place, kind in enumerate(kinds) if kind]
    assert all(one.code in ("headers_too_large", "headers_invalid", "broker_refused") and one.why for one in refused)
    assert not any(LARGE[:100] in one.why for one in refused)
    whole = [str(place) for place, kind in enumerate(kinds) if kind is None]
    assert list(dict.fromkeys(came(twin_for_all, queue))) == [*whole, "-1"]


@pytest.fixture(scope="module")
def twin_for_all(rabbitmq_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rabbit]:
    from hub.store import migrating
    from hub.store.store import open_store

    store = open_store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'hub.db'}")
    migrating.migrate(store)
    made = Rabbit.at(store, rabbitmq_url)
    made.rabbit._open()
    yield made
    made.remove()
    store.close()


@pytest.mark.parametrize("join", [True, False], ids=["joined frames", "pika's own way"])
@pytest.mark.parametrize("place", [0, 500, 999])
def test_what_the_broker_itself_breaks_off_for_is_found_among_a_thousand(twin: Rabbit, place: int, join: bool) -> None:
    queue = twin.rabbit.topology.names.unrouted
    line = Publisher(parameters(twin.settings), window=400, patience=PATIENCE, join=join)
    try:
        refused = line.publish(outgoing(queue, one, "unknown field" if one == place else None) for one in range(1000))
    finally:
        line.close()

    assert [(one.message.id, one.code) for one in refused] == [(str(place), "broker_refused")]
    assert "541" in refused[0].why
    assert set(came(twin, queue)) == {str(one) for one in range(1000) if one != place}


def test_a_frame_that_is_too_large_for_the_broker_is_a_frame_error_and_is_found(
    twin: Rabbit, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "_USUAL_FRAME", 2**30)  # else it is refused before it goes out
    queue = twin.rabbit.topology.names.unrouted
    line = Publisher(parameters(twin.settings), patience=PATIENCE, join=False)
    try:
        kinds = {3: "header too large", 4: "header too large", 17: "header too large"}
        refused = line.publish(outgoing(queue, one, kinds.get(one)) for one in range(20))
    finally:
        line.close()

    assert [one.message.id for one in refused] == ["3", "4", "17"]
    assert all("501" in one.why and LARGE[:50] not in one.why for one in refused)
    assert set(came(twin, queue)) == {str(one) for one in range(20) if one not in kinds}


def test_a_record_whose_message_no_broker_takes_is_a_dead_letter_and_counts_as_one(twin: Rabbit) -> None:
    long = replace(record(5), ref=RecordRef("erp", LARGE))
    for one in [record(1), long, record(2)]:
        with twin.store.begin() as tx:
            twin.bus.publish_in(tx, [one])
    twin.bus.forward()

    assert sorted(twin.drain()) == ["run:1", "run:2"]
    (letter,) = letters(twin)
    assert (letter.stage, letter.lane, letter.entity, letter.code) == ("resolve", LIVE, "customer", "headers_too_large")
    assert (letter.message_id, letter.records) == ("run:5", 1)
    assert twin.depth() == 0
    with twin.store.read() as tx:
        balance = accounting.accounting(tx, "customer")
    assert (balance["dead"], balance["queued"]) == (1, 0)
    assert twin.bus.forward() == 0


def noise(one: SourceRecord) -> str:
    """What no compression makes smaller."""
    return random.Random(one.message_id).randbytes(350).hex()


def test_a_batch_that_is_too_large_for_the_broker_comes_record_by_record_when_it_is_replayed(
    own_broker: Any, sqlite_store: Store
) -> None:
    twin = Rabbit.at(sqlite_store, own_broker.url(), patience=PATIENCE)
    own_broker.control("eval", "application:set_env(rabbit, max_message_size, 3000).")
    try:
        records = [replace(one, data=one.data | {"note": noise(one)}) for one in map(record, range(9))]
        twin.publish([*records, record(20, "order")])
        assert twin.take() is None
        twin.work(twin.taken(stage="attach"))
        found = letters(twin)
        assert [one.code for one in found] == ["broker_refused"] * 9
        with twin.store.begin() as tx:
            for one in found:
                twin.bus.publish_in(tx, [record_from_json(one.body)], REPLAY)
        twin.bus.forward()
        assert sorted(twin.drain()) == sorted(one.message_id for one in records)
        assert len(letters(twin)) == 9
    finally:
        own_broker.control("eval", "application:set_env(rabbit, max_message_size, 134217728).")
        twin.remove()


def test_an_event_that_cannot_be_announced_stops_no_other(twin: Rabbit) -> None:
    told = [
        {
            "specversion": "1.0", "id": f"g{number}:1", "source": "/goldenhub/x", "type": "customer.created.v1",
            "subject": LARGE if number == 1 else "g", "time": "2026-03-01T12:00:00Z", "partitionkey": "g",
            "datacontenttype": "application/json", "data": {"version": number},
        }
        for number in range(3)
    ]  # fmt: skip
    with blocking(twin.settings) as connection:
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, twin.rabbit.topology.names.golden, "#")
        with twin.store.begin() as tx:
            twin.bus.announce(told, tx)
        heard = [channel.basic_get(queue, auto_ack=True)[2] for _ in range(3)]

    assert heard == [b'{"version":0}', b'{"version":2}', None]
    (letter,) = letters(twin)
    assert (letter.stage, letter.message_id, letter.code) == (GOLDEN, "g1:1", "headers_too_large")
    with twin.store.read() as tx:
        assert accounting.accounting(tx, "customer")["leakage"] == 0
