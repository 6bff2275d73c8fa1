"""The bus built into the store: a durable queue that needs no server, with the contract of the real one.

What is published is a row of the store's. What is taken is leased: a worker that dies gives it back when the lease ends, or at
once when it ran on this machine. What killed its worker is taken in ever smaller parts, until the message at fault stands alone.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Protocol

from hub.bus import LANES, LIVE, MOST_ATTEMPTS, NO_WAIT, QUEUE_LIMIT, STAGES, Delivery, stage_of
from hub.bus.alive import is_alive, myself
from hub.bus.envelopes import Pushed
from hub.bus.failing import KILLED, Bury, dead_letters, rung
from hub.bus.room import Room
from hub.records import Data, SourceRecord, record_from_json, record_text

LEASE = timedelta(minutes=10)
_SHRINKS = 2  # bits by which parts shrink each time a worker dies: 500, 125, 31, 7, 1
_LOOKS = timedelta(milliseconds=50)  # how often a worker that waits looks again


class Waiting(Protocol):
    """One message as the queue keeps it."""

    @property
    def id(self) -> int: ...
    @property
    def message_id(self) -> str: ...
    @property
    def entity(self) -> str: ...
    @property
    def lane(self) -> str: ...
    @property
    def body(self) -> str: ...
    @property
    def attempts(self) -> int: ...
    @property
    def taken(self) -> int: ...


class Queue(Protocol):
    """The store's functions for messages, handed in when the bus is built."""

    def put(self, tx: Any, stage: str, lane: str, given: Iterable[tuple[str, str, str]], at: datetime) -> None: ...
    def ready(self, tx: Any, stage: str, lane: str, limit: int, at: datetime) -> Sequence[Waiting]: ...
    def lend(self, tx: Any, ids: Sequence[int], lease: str, until: datetime) -> None: ...
    def settle(self, tx: Any, ids: Sequence[int], lease: str) -> None: ...
    def retry(self, tx: Any, ids: Sequence[int], lease: str, waits: Sequence[timedelta], at: datetime, why: str) -> None: ...
    def put_back(self, tx: Any, ids: Sequence[int], lease: str, at: datetime) -> None: ...
    def leases(self, tx: Any, stage: str) -> Sequence[str]: ...
    def free(self, tx: Any, stage: str, lease: str, at: datetime) -> None: ...
    def depth(self, tx: Any) -> Sequence[tuple[str, str, int]]: ...
    def count(self, tx: Any, most: int) -> int: ...


@dataclass
class EmbeddedBus:
    """Publish, take, settle: rows of one table."""

    begin: Callable[[], AbstractContextManager[Any]]
    queue: Queue
    bury: Bury
    clock: Callable[[], datetime]
    lease: timedelta = LEASE
    limit: int = QUEUE_LIMIT
    _room: Room = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._room = Room(self.limit)

    def publish_in(self, tx: Any, records: Sequence[SourceRecord], lane: str = LIVE) -> None:
        self._room.enter(len(records), lambda: self.queue.count(tx, self.limit))
        by_stage: dict[str, list[tuple[str, str, str]]] = defaultdict(list)
        for record in records:
            told = record_text(record).decode()
            by_stage[stage_of(record.entity)].append((record.message_id, record.entity, told))
        for stage, given in by_stage.items():
            self.queue.put(tx, stage, lane, given, self.clock())

    def forward(self) -> int:
        return 0

    def take(self, stage: str, limit: int, wait: timedelta = NO_WAIT, lanes: Sequence[str] = LANES) -> Delivery | None:
        end = time.monotonic() + wait.total_seconds()
        while True:
            with self.begin() as tx:
                found = self._taken(tx, stage, limit, lanes)
                if not found and self._freed(tx, stage):
                    found = self._taken(tx, stage, limit, lanes)
            left = end - time.monotonic()
            if found or left <= 0:
                return found
            time.sleep(min(left, _LOOKS.total_seconds()))

    def _taken(self, tx: Any, stage: str, limit: int, lanes: Sequence[str]) -> Delivery | None:
        for lane in lanes:
            while found := self.queue.ready(tx, stage, lane, limit, self.clock()):
                found = _alike(found, limit)
                lease = myself()
                self.queue.lend(tx, [one.id for one in found], lease, self.clock() + self.lease)
                delivery = _delivery(found, lease, lane)
                if found[0].taken < MOST_ATTEMPTS:
                    return delivery
                self.bury_in(tx, delivery, *KILLED)
                self.settle_in(tx, delivery)
        return None

    def _freed(self, tx: Any, stage: str) -> bool:
        """What a killed worker of this machine held need not wait for its lease to end."""
        dead = [lease for lease in self.queue.leases(tx, stage) if not is_alive(lease)]
        for lease in dead:
            self.queue.free(tx, stage, lease, self.clock())
        return bool(dead)

    def settle_in(self, tx: Any, delivery: Delivery) -> None:
        self.queue.settle(tx, delivery.tokens, delivery.lease)

    def settle(self, delivery: Delivery) -> None:
        """Nothing is left to do: the rows went with the work."""

    def retry_in(self, tx: Any, delivery: Delivery, why: str) -> None:
        waits = [rung(attempts) for attempts in delivery.attempts]
        self.queue.retry(tx, delivery.tokens, delivery.lease, waits, self.clock(), why)

    def bury_in(self, tx: Any, delivery: Delivery, code: str, why: str) -> None:
        self.bury(tx, dead_letters(delivery, code, why, self.clock()))

    def put_back(self, delivery: Delivery) -> None:
        with self.begin() as tx:
            self.queue.put_back(tx, delivery.tokens, delivery.lease, self.clock())

    def announce(self, events: Sequence[Data], tx: Any = None) -> None:
        """Nobody listens here: who wants to hear reads the change feed, which the store keeps."""

    def take_raw(self, limit: int, wait: timedelta = NO_WAIT) -> list[Pushed]:
        """Nobody can push here: without a broker, systems push to the API. Who waits for it all the same waits in vain."""
        time.sleep(wait.total_seconds())
        return []

    def settle_raw(self, pushed: Sequence[Pushed]) -> None:
        """There are none."""

    def put_back_raw(self, pushed: Sequence[Pushed]) -> None:
        """There are none."""

    def bury_raw_in(self, tx: Any, pushed: Pushed, code: str, why: str) -> None:
        """There are none."""

    def collect_dead(self, limit: int = 100) -> int:
        return 0

    def recall(self) -> int:
        return 0

    def depth(self) -> dict[str, dict[str, int]]:
        found = {stage: dict.fromkeys(LANES, 0) for stage in STAGES}
        with self.begin() as tx:
            for stage, lane, number in self.queue.depth(tx):
                found[stage][lane] = number
        return found

    def close(self) -> None:
        """No connection is held."""


def _alike(found: Sequence[Waiting], limit: int) -> Sequence[Waiting]:
    """A retry comes alone; what killed its worker in smaller parts; what is new as a whole."""
    first = found[0]
    if first.attempts or first.taken >= MOST_ATTEMPTS - 1:
        size = 1
    else:
        size = max(1, limit >> (_SHRINKS * first.taken))
    return [one for one in found if (one.attempts, one.taken) == (first.attempts, first.taken)][:size]


def _delivery(found: Sequence[Waiting], lease: str, lane: str) -> Delivery:
    return Delivery(
        tuple(record_from_json(one.body) for one in found),
        tuple(one.id for one in found),
        lease,
        tuple(one.attempts for one in found),
        lane,
        redelivered=found[0].taken > 0,
    )
