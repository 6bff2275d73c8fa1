"""The bus over RabbitMQ.

What is published is a row of the store's first, in the transaction of whoever publishes; after its commit ``forward`` brings it
to the broker, and the row stays until the consumer's own transaction takes it away. The broker is how it travels, the store is
what is true: so nothing is lost with either, and what is on its way can be counted.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

from hub.bus import GOLDEN, LANES, LIVE, NO_WAIT, STAGES, Delivery, stage_of
from hub.bus.alive import myself
from hub.bus.consumer import Consumer, Held
from hub.bus.dead import dead_of
from hub.bus.declaring import counts, declare
from hub.bus.envelopes import Envelope, Pushed, event, pack
from hub.bus.failing import RUNGS, Bury, dead_letters
from hub.bus.forwarding import Forwarding
from hub.bus.frames import Outgoing
from hub.bus.line import parameters
from hub.bus.publisher import Publisher, Refused
from hub.bus.reading import APP, letter, outgoing
from hub.bus.room import Room
from hub.bus.taking import Flights as TakingFlights
from hub.bus.taking import Taking
from hub.bus.topology import Topology, topology
from hub.records import Data, SourceRecord
from hub.settings import Settings

PREFETCH = {LIVE: 200}
_PREFETCH = 4  # of lanes that bring batches
_PREFETCH_IN = 200
LOST_AFTER = timedelta(minutes=15)


class Flights(TakingFlights, Protocol):
    """The store's functions for messages on their way, handed in when the bus is built."""

    Flight: Any

    def put(self, tx: Any, flights: Sequence[Any], owner: str, at: datetime, then: Callable[[], None]) -> None: ...
    def unpublished(self, tx: Any, owners: Sequence[str], before: datetime, limit: int) -> Sequence[Any]: ...
    def owners(self, tx: Any) -> Sequence[str]: ...
    def published(self, tx: Any, ids: Sequence[str], at: datetime) -> None: ...
    def stale(self, tx: Any, before: datetime) -> Sequence[tuple[str, str]]: ...
    def recall(self, tx: Any, stage: str, lane: str, before: datetime, retries_before: datetime) -> int: ...
    def depth(self, tx: Any) -> Sequence[tuple[str, str, int]]: ...
    def count(self, tx: Any) -> int: ...


@dataclass
class RabbitBus:
    """Publish, forward, take, settle."""

    settings: Settings
    begin: Callable[[], AbstractContextManager[Any]]
    flights: Any  # a Flights: a module of the store's
    bury: Bury
    clock: Callable[[], datetime]
    entities: Sequence[str]
    rungs: Sequence[timedelta] = RUNGS
    patience: float = 30.0
    trace: Callable[[], str] = str
    """The traceparent of what is going on."""
    owner: str = field(default_factory=myself)
    _room: Room = field(init=False, repr=False)
    _opening: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _taking_lock: threading.RLock = field(default_factory=threading.RLock, repr=False)

    def __post_init__(self) -> None:
        self._room = Room(self.settings.queue_limit)

    # --- what is opened when it is first needed

    @cached_property
    def topology(self) -> Topology:
        return topology(self.entities, self.settings.bus_prefix, self.rungs)

    @cached_property
    def _declared(self) -> bool:
        declare(self.settings, self.topology)
        return True

    @cached_property
    def _publisher(self) -> Publisher:
        return Publisher(parameters(self.settings), patience=self.patience)

    @cached_property
    def _consumer(self) -> Consumer:
        return Consumer(parameters(self.settings), self.patience)

    @cached_property
    def _taking(self) -> Taking:
        limit = self.settings.message_limit
        return Taking(self.begin, self.flights, self.bury, self.clock, self._consumer, limit)

    @cached_property
    def _forwarding(self) -> Forwarding:
        return Forwarding(
            self.begin, self.flights, self._publish, lambda: self.topology.names, self.bury, self.clock, self.owner, self.rungs,
            self.settings.message_limit,
        )  # fmt: skip

    def _publish(self, messages: Iterable[Outgoing]) -> list[Refused]:
        self._open()
        return self._publisher.publish(messages)

    def _open(self) -> None:
        with self._opening:
            _ = self._declared

    # --- the way in

    def publish_in(self, tx: Any, records: Sequence[SourceRecord], lane: str = LIVE) -> None:
        self._room.enter(len(records), lambda: self.flights.count(tx))
        self._forwarding.put(tx, [self._flight(one, lane) for one in pack(records, self.trace())])

    def _flight(self, envelope: Envelope, lane: str, attempts: int = 0) -> Any:
        return self.flights.Flight(
            envelope.id + (f"~{attempts}" if attempts else ""), stage_of(envelope.entity), lane, envelope.entity,
            envelope.records, attempts, envelope.told(), envelope.body,
        )  # fmt: skip

    def forward(self) -> int:
        return self._forwarding.forward()

    def recall(self, older: timedelta = LOST_AFTER) -> int:
        """Publish again what the broker lost: published long ago, never worked on, and its queue is empty.

        What waits on a rung of the ladder is given the longest rung's time more. A message that was not lost after all is
        known by its ids. How many messages were brought once more.
        """
        self._forwarding.note()
        before = self.clock() - older
        with self.begin() as tx:
            stale = self.flights.stale(tx, before)
        if not stale:
            return 0
        self._open()
        ready = counts(self.settings, self.topology)
        names, number = self.topology.names, 0
        for stage, lane in stale:
            if not ready.get(names.work(stage, lane)):
                with self.begin() as tx:
                    number += self.flights.recall(tx, stage, lane, before, before - max(self.rungs))
        self._forwarding.ask()
        self.forward()
        return number

    # --- the way out

    def take(self, stage: str, limit: int, wait: timedelta = NO_WAIT, lanes: Sequence[str] = LANES) -> Delivery | None:
        queues = {self.topology.names.work(stage, lane): lane for lane in lanes}
        self._subscribe([(queue, PREFETCH.get(lane, _PREFETCH)) for queue, lane in queues.items()])
        end = time.monotonic() + wait.total_seconds()
        while True:
            with self._taking_lock:
                for queue, lane in queues.items():
                    if found := self._taking.delivery(queue, stage, lane, limit):
                        return found
            if not self._consumer.wait(list(queues), end - time.monotonic()):
                return None

    def _subscribe(self, queues: Sequence[tuple[str, int]]) -> None:
        self._open()
        with self._opening:
            self._consumer.subscribe(queues)

    def settle_in(self, tx: Any, delivery: Delivery) -> None:
        self._taking.settle_in(tx, delivery)

    def settle(self, delivery: Delivery) -> None:
        with self._taking_lock:
            self._taking.settle(delivery)

    def put_back(self, delivery: Delivery) -> None:
        with self._taking_lock:
            self._taking.put_back(delivery)

    def retry_in(self, tx: Any, delivery: Delivery, why: str) -> None:
        self._forwarding.put(tx, list(self._again(delivery, why)))

    def _again(self, delivery: Delivery, why: str) -> Iterator[Any]:
        for record, attempts in zip(delivery.records, delivery.attempts, strict=True):
            envelope = next(pack([record], self.trace()))
            flight = self._flight(envelope, delivery.lane, attempts + 1)
            yield flight._replace(headers=flight.headers | {"why": why})

    def bury_in(self, tx: Any, delivery: Delivery, code: str, why: str) -> None:
        self.bury(tx, dead_letters(delivery, code, why, self.clock()))

    def announce(self, events: Sequence[Data], tx: Any = None) -> None:
        envelopes = {one.id: one for one in map(event, events)}
        refused = self._publish([outgoing(self.topology.names.golden, one) for one in envelopes.values()])
        if not refused:
            return
        with nullcontext(tx) if tx is not None else self.begin() as own:
            for one in refused:
                envelope, limit = envelopes[one.message.id], self.settings.message_limit
                self.bury(own, [letter(envelope, GOLDEN, LIVE, one.code, one.why, self.clock(), limit)])

    # --- what systems push

    def take_raw(self, limit: int, wait: timedelta = NO_WAIT) -> list[Pushed]:
        """Messages that systems pushed to the exchange ``hub.in``; one alone when it was with a worker before."""
        queue = self.topology.names.coming
        self._subscribe([(queue, _PREFETCH_IN)])
        self._consumer.wait([queue], wait.total_seconds())
        found: list[Pushed] = []
        while len(found) < limit and (held := self._consumer.pop(queue)):
            found.append(Pushed(held.envelope, held, held.redelivered))
            if held.redelivered:
                break
        return found

    def settle_raw(self, pushed: Sequence[Pushed]) -> None:
        """They are landed, or buried, and that is committed."""
        self._consumer.done([one.token for one in pushed])

    def put_back_raw(self, pushed: Sequence[Pushed]) -> None:
        """Nothing was done with them."""
        self._consumer.again([one.token for one in pushed])

    def bury_raw_in(self, tx: Any, pushed: Pushed, code: str, why: str) -> None:
        """Within a transaction: this can never be landed."""
        self.bury(tx, [letter(pushed.envelope, "in", LIVE, code, why, self.clock(), self.settings.message_limit)])

    # --- what died on the way

    def collect_dead(self, limit: int = 100) -> int:
        """Keep as dead letters what ended in ``hub.dead`` and ``hub.unrouted``; how many messages."""
        names = self.topology.names
        queues = (names.dead, names.unrouted)
        self._subscribe([(queue, limit) for queue in queues])
        found: list[Held] = []
        for queue in queues:
            while len(found) < limit and (held := self._consumer.pop(queue)):
                found.append(held)
        if not found:
            return 0
        ids = [one.envelope.id for one in found if one.app == APP]  # a stranger's id may be that of one of ours
        with self.begin() as tx:
            standing = self.flights.standing(tx, ids)
            for held in found:
                known = standing.get(held.envelope.id) if held.app == APP else None
                self.bury(tx, dead_of(held, names, known, self.clock(), self.settings.message_limit))
            self.flights.settle(tx, ids)
        self._consumer.done(found)
        return len(found)

    def depth(self) -> dict[str, dict[str, int]]:
        found = {stage: dict.fromkeys(LANES, 0) for stage in STAGES}
        with self.begin() as tx:
            for stage, lane, number in self.flights.depth(tx):
                found.setdefault(stage, dict.fromkeys(LANES, 0))[lane] = number
        return found

    def close(self) -> None:
        self._forwarding.close()
        for line in ("_consumer", "_publisher"):
            if line in self.__dict__:
                self.__dict__.pop(line).close()
        self.__dict__.pop("_taking", None)
