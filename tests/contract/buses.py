"""Every bus, ready for the suite of their contract: what a worker's death and the passing of time mean to each of them."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from hub.bus import LIVE, Bus, Delivery
from hub.bus.declaring import blocking
from hub.bus.embedded import EmbeddedBus
from hub.bus.failing import RUNGS
from hub.bus.line import Line
from hub.bus.rabbit import RabbitBus
from hub.contract import Secret
from hub.records import Operation, RecordRef, SourceRecord
from hub.settings import Settings
from hub.store import dead_letters, in_flight, queue
from hub.store.store import Store
from tests.waiting import PATIENCE, until

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Twin:
    """One bus and what the suite does with it."""

    store: Store
    bus: Bus
    clock: Clock = field(default_factory=Clock)

    def publish(self, records: Sequence[SourceRecord], lane: str = LIVE) -> None:
        with self.store.begin() as tx:
            self.bus.publish_in(tx, records, lane)
        self.bus.forward()

    def take(self, limit: int = 100, stage: str = "resolve") -> Delivery | None:
        return self.bus.take(stage, limit)

    def taken(self, limit: int = 100, stage: str = "resolve") -> Delivery:
        found = self.take(limit, stage)
        assert found is not None
        return found

    def work(self, delivery: Delivery) -> None:
        with self.store.begin() as tx:
            self.bus.settle_in(tx, delivery)
        self.bus.settle(delivery)

    def retry(self, delivery: Delivery, why: str = "not now") -> None:
        with self.store.begin() as tx:
            self.bus.retry_in(tx, delivery, why)
            self.bus.settle_in(tx, delivery)
        self.bus.forward()
        self.bus.settle(delivery)

    def bury(self, delivery: Delivery, code: str = "poison", why: str = "can never pass") -> None:
        with self.store.begin() as tx:
            self.bus.bury_in(tx, delivery, code, why)
            self.bus.settle_in(tx, delivery)
        self.bus.settle(delivery)

    def drain(self, stage: str = "resolve") -> list[str]:
        """All that is on its way to a stage, worked on; and what comes although nothing should."""
        found: list[str] = []
        ends = time.monotonic() + PATIENCE
        while (delivery := self.take(stage=stage)) or (self._waits(stage) and time.monotonic() < ends):
            if delivery:
                found += ids(delivery)
                self.work(delivery)
        return found

    def _waits(self, stage: str) -> bool:
        return any(self.bus.depth()[stage].values())

    def depth(self) -> int:
        return sum(sum(lanes.values()) for lanes in self.bus.depth().values())

    def dead(self) -> int:
        with self.store.read() as tx:
            return dead_letters.count(tx)

    def worker_dies(self) -> None:
        """Whoever holds something is gone, and the bus has noticed."""

    def rung_passes(self, attempts: int) -> float:
        """So much time that what had so many attempts comes again; the seconds by the clock before which it must not."""
        raise NotImplementedError


@dataclass
class Embedded(Twin):
    """Time is the clock's, and a dead worker's lease ends."""

    def worker_dies(self) -> None:
        self.clock.now += timedelta(minutes=2)

    def rung_passes(self, attempts: int) -> float:
        assert self.take() is None
        self.clock.now += RUNGS[attempts - 1]
        return 0

    @classmethod
    def at(cls, store: Store, limit: int = 1000) -> Embedded:
        clock = Clock()
        bus = EmbeddedBus(store.begin, queue, dead_letters.add, clock, lease=timedelta(minutes=1), limit=limit)
        return cls(store, bus, clock)


RABBIT_RUNGS = tuple(timedelta(milliseconds=number) for number in (300, 350, 400, 450))


@dataclass
class Rabbit(Twin):
    """Time is the broker's, and a dead worker's connection breaks."""

    settings: Settings = field(default_factory=Settings)

    def take(self, limit: int = 100, stage: str = "resolve") -> Delivery | None:
        return self.bus.take(stage, limit, timedelta(seconds=0.2))

    def taken(self, limit: int = 100, stage: str = "resolve") -> Delivery:
        found = self.bus.take(stage, limit, timedelta(seconds=PATIENCE))
        assert found is not None
        return found

    def worker_dies(self) -> None:
        """The bus goes on, as another worker would: on another connection, and what was held comes again."""
        consumer = self.rabbit._consumer
        held = sum(len(one.outstanding) for one in consumer._subscriptions.values())
        before = {queue: one.generation for queue, one in consumer._subscriptions.items()}
        cut(consumer.line)

        def mended() -> bool:
            subscriptions = consumer._subscriptions.items()
            again = sum(len(one.outstanding) for _, one in subscriptions)
            return all(one.subscribed and one.generation > before[queue] for queue, one in subscriptions) and again >= held

        until(mended)

    def rung_passes(self, attempts: int) -> float:
        return RABBIT_RUNGS[attempts - 1].total_seconds()

    @property
    def rabbit(self) -> RabbitBus:
        assert isinstance(self.bus, RabbitBus)
        return self.bus

    @classmethod
    def at(cls, store: Store, url: str, limit: int = 1000, **more: Any) -> Rabbit:
        prefix = more.pop("prefix", f"t{uuid.uuid4().hex[:10]}")
        patience = more.pop("patience", PATIENCE)
        rungs = more.pop("rungs", RABBIT_RUNGS)
        settings = Settings(bus_url=Secret(url), bus_prefix=prefix, queue_limit=limit, **more)
        bus = RabbitBus(
            settings, store.begin, in_flight, dead_letters.add, _now, ["customer", "order"], rungs, patience
        )  # fmt: skip
        return cls(store, bus, settings=settings)

    def remove(self) -> None:
        """Leave nothing at the broker."""
        self.bus.close()
        remove(self.rabbit)


def _now() -> datetime:
    return datetime.now(UTC)


def cut(line: Line) -> None:
    """Break a connection as a dead network does."""

    def broken() -> None:
        with suppress(AttributeError, OSError):
            line.connection._transport._sock.shutdown(socket.SHUT_RDWR)

    line.call(broken)


def remove(bus: RabbitBus) -> None:
    with blocking(bus.settings) as connection:
        channel = connection.channel()
        for queue in bus.topology.queues:
            channel.queue_delete(queue.name)
        for exchange in bus.topology.exchanges:
            channel.exchange_delete(exchange.name)


def record(number: int, entity: str = "customer") -> SourceRecord:
    return SourceRecord(
        entity=entity,
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


def ids(delivery: Delivery) -> list[str]:
    return [one.message_id for one in delivery.records]
