"""What systems push to the broker lands like anything else, once; what never can is set aside with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import orjson
import pytest
from pika import BasicProperties
from sqlalchemy import select

from hub.app import Hub, dead, open_hub
from hub.app.receiving import take_in
from hub.bus import GOLDEN, LIVE
from hub.bus.declaring import blocking
from hub.errors import Rejected
from hub.records import DeadLetter
from hub.relay import relay
from hub.settings import Settings
from hub.store import dead_letters as letters
from hub.store import rejects
from hub.store.store import Store
from hub.store.tables import dead_letters, messages, raw_messages
from tests.contract.buses import Rabbit
from tests.contract.test_raw_log import Clock, found, person
from tests.integration.test_rabbit_hostile import send
from tests.waiting import PATIENCE

JSON = "application/json"


@pytest.fixture
def twin(rabbitmq_url: str, sqlite_store: Store) -> Iterator[Rabbit]:
    made = Rabbit.at(sqlite_store, rabbitmq_url)
    yield made
    made.remove()


@pytest.fixture
def hub(twin: Rabbit, sqlite_store: Store, tmp_path: Path) -> Iterator[Hub]:
    found(tmp_path)
    with open_hub(Settings(home=tmp_path), Clock()) as opened:
        opened.__dict__["store"], opened.__dict__["bus"] = sqlite_store, twin.rabbit
        yield opened
        del opened.__dict__["store"]


def told(identity: str | None, *people: dict[str, object], feed: str = "crm.people", way: str = "upsert.v1") -> tuple[str, Any]:
    headers = {"cloudEvents_specversion": "1.0", "cloudEvents_source": "shop"} | (
        {"cloudEvents_id": identity} if identity else {}
    )
    body = orjson.dumps(people[0] if len(people) == 1 else list(people))
    return f"{feed}.{way}", (BasicProperties(content_type=JSON, headers=headers), body)


def test_what_is_pushed_lands_once_and_what_never_can_is_a_dead_letter(twin: Rabbit, hub: Hub) -> None:
    pushed = [
        told("a", person("1")),
        told("b", person("2"), person("3", born="31/31/1980")),
        told("a", person("1")),
        told("c", person("4"), feed="crm.nobody"),
        told("d", person("4"), way="upsert.v7"),
        told("e", person("4"), way="explode.v1"),
        told(None, person("4")),
    ]
    for key, message in pushed:
        send(twin, twin.rabbit.topology.names.coming, key, [message])

    taken = 0
    while taken < len(pushed):
        taken += take_in(hub, 100, timedelta(seconds=PATIENCE))

    assert (taken, take_in(hub, 100, timedelta(seconds=0.3))) == (len(pushed), 0)
    with hub.store.read() as tx:
        assert sorted(tx.scalars(select(raw_messages.c.key))) == ["1", "2", "3"]
        assert [one.reject.key for one in rejects.listed(tx)] == ["3"]
        codes = sorted(tx.scalars(select(dead_letters.c.code)))
        assert tx.execute(select(messages)).first() is None
    assert codes == ["feed_unknown", "no_id", "operation_unknown", "version_unknown"]


def test_an_announcement_that_no_broker_took_is_made_once_more(twin: Rabbit, hub: Hub) -> None:
    hub.receive("crm.people", [person("1"), person("2", "Salas Prieto")])
    for delivery in iter(twin.taken, None):
        with hub.store.begin() as tx:
            hub.resolver.resolve(tx, delivery.records, hub.as_of)
            twin.bus.settle_in(tx, delivery)
        twin.bus.settle(delivery)
        if not twin.depth():
            break
    with hub.store.begin() as tx:
        assert relay(tx, "customer", partial(twin.bus.announce, tx=tx), source="x" * 200_000, as_told=True) == 2
        refused = list(tx.scalars(select(dead_letters.c.id).where(dead_letters.c.code == "headers_too_large")))
    with pytest.raises(Rejected, match="cannot be corrected"):
        dead.edit(hub, refused[0], 1, lambda data: data, "ana")

    with blocking(twin.settings) as connection:
        channel = connection.channel()
        queue = channel.queue_declare("", exclusive=True).method.queue
        channel.queue_bind(queue, twin.rabbit.topology.names.golden, "#")
        assert [one.outcome for one in dead.replay(hub, refused, "ana", dry_run=True)] == [dead.BACK] * 2
        assert channel.basic_get(queue, auto_ack=True)[2] is None
        assert [one.outcome for one in dead.replay(hub, refused, "ana")] == [dead.BACK] * 2
        heard = [orjson.loads(channel.basic_get(queue, auto_ack=True)[2]) for _ in refused]

    assert sorted(one["golden"]["name"]["family"] for one in heard) == ["Gil Romero", "Salas Prieto"]
    assert [one.outcome for one in dead.replay(hub, refused, "ana")] == [dead.PASSED] * 2
    assert sum(balance["leakage"] for balance in hub.accounting().values()) == 0


def test_an_announcement_that_the_outbox_no_longer_has_is_passed_over(twin: Rabbit, hub: Hub) -> None:
    for place in ("g1:7", "g1:x"):
        refused = DeadLetter(
            place,
            GOLDEN,
            LIVE,
            "",
            1,
            "headers_too_large",
            "",
            1,
            hub.clock(),
            {"key": "customer.created.v1"},
            JSON,
            b"{}",
            place,
        )
        with hub.store.begin() as tx:
            letters.add(tx, [refused])

    done = dead.replay(hub, [1, 2], "ana")

    assert [(one.outcome, "no longer has" in one.reason) for one in done] == [(dead.PASSED, True)] * 2
