"""The bus built into the store: a durable queue that needs no server, with the contract of the real one.

What is published is kept before `publish` returns. What is taken is leased: a worker that dies gives it back when the lease
ends, so that every message is worked on at least once; message ids let the resolver recognise what it had already.
"""

from __future__ import annotations

import os
import socket
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from hub.records import SourceRecord, canonical_json, record_from_json, record_to_json

RECORDS = "hub.records"
LEASE = timedelta(minutes=10)
MOST_ATTEMPTS = 5
_SHRINKS = 2  # bits by which parts shrink from attempt to attempt: 500, 125, 31, 7, 1


class Waiting(Protocol):
    """One message as the queue keeps it."""

    @property
    def id(self) -> int: ...
    @property
    def body(self) -> str: ...
    @property
    def attempts(self) -> int: ...


class Queue(Protocol):
    """The store's functions for messages, handed in when the bus is built."""

    def put(self, tx: Any, queue: str, given: Iterable[tuple[str, dict[str, Any], str]], at: datetime) -> None: ...
    def take(self, tx: Any, queue: str, limit: int, lease: str, at: datetime, lasts: timedelta) -> Sequence[Waiting]: ...
    def attempt(self, tx: Any, ids: Sequence[int], lease: str) -> None: ...
    def settle(self, tx: Any, ids: Sequence[int], lease: str) -> None: ...
    def put_back(self, tx: Any, ids: Sequence[int], lease: str, ready_at: datetime, why: str) -> None: ...
    def bury(self, tx: Any, ids: Sequence[int], lease: str, why: str) -> None: ...
    def depth(self, tx: Any, queue: str) -> dict[str, int]: ...
    def leases(self, tx: Any, queue: str) -> Sequence[str]: ...
    def free(self, tx: Any, queue: str, lease: str, at: datetime) -> None: ...


@dataclass(frozen=True)
class Delivery:
    """A batch that one worker holds. Settle it after its work is committed, or give it back."""

    records: tuple[SourceRecord, ...]
    ids: tuple[int, ...]
    lease: str
    attempts: tuple[int, ...]  # earlier ones of each message, which did not end well

    def parts(self) -> Iterator[Delivery]:
        """What is new as a whole; what failed before in ever smaller parts, until a poison message stands alone."""
        for attempts in sorted(set(self.attempts)):
            places = [place for place, number in enumerate(self.attempts) if number == attempts]
            size = max(1, len(self.ids) >> (_SHRINKS * attempts)) if attempts else len(places)
            for start in range(0, len(places), size):
                yield self.only(places[start : start + size])

    @property
    def tried(self) -> int:
        """How often the most unlucky of them was tried before."""
        return max(self.attempts)

    def only(self, places: Sequence[int]) -> Delivery:
        """The messages at these places, under the same lease."""
        return Delivery(
            tuple(self.records[place] for place in places),
            tuple(self.ids[place] for place in places),
            self.lease,
            tuple(self.attempts[place] for place in places),
        )


@dataclass(frozen=True)
class EmbeddedBus:
    """Publish, take, settle."""

    begin: Callable[[], AbstractContextManager[Any]]
    queue: Queue
    clock: Callable[[], datetime]
    lease: timedelta = LEASE

    def publish(self, records: Sequence[SourceRecord]) -> None:
        """Keep these records for the workers. When this returns, they survive any crash."""
        with self.begin() as tx:
            self.publish_in(tx, records)

    def publish_in(self, tx: Any, records: Sequence[SourceRecord]) -> None:
        """The same within a transaction of the store's: published when it commits, together with what else is in it."""
        given = [
            (record.message_id, {"entity": record.entity}, canonical_json(record_to_json(record)).decode()) for record in records
        ]
        self.queue.put(tx, RECORDS, given, self.clock())

    def take(self, limit: int) -> Delivery | None:
        """The oldest batch that is ready; None when nothing is."""
        lease = f"{socket.gethostname()}/{os.getpid()}/{uuid.uuid4()}"
        with self.begin() as tx:
            found = self.queue.take(tx, RECORDS, limit, lease, self.clock(), self.lease)
            if not found:
                self._free_the_dead(tx)
                found = self.queue.take(tx, RECORDS, limit, lease, self.clock(), self.lease)
        if not found:
            return None
        records = tuple(record_from_json(message.body) for message in found)
        return Delivery(records, tuple(one.id for one in found), lease, tuple(one.attempts for one in found))

    def _free_the_dead(self, tx: Any) -> None:
        """What a killed worker of this machine held need not wait for its lease to end."""
        for lease in self.queue.leases(tx, RECORDS):
            host, _, rest = lease.partition("/")
            if host == socket.gethostname() and not _is_alive(rest.partition("/")[0]):
                self.queue.free(tx, RECORDS, lease, self.clock())

    def attempt(self, delivery: Delivery) -> None:
        """Note that what failed before is tried once more. The first attempt needs no word."""
        if delivery.tried:
            with self.begin() as tx:
                self.queue.attempt(tx, delivery.ids, delivery.lease)

    def settle(self, delivery: Delivery) -> None:
        """The work is committed."""
        with self.begin() as tx:
            self.queue.settle(tx, delivery.ids, delivery.lease)

    def put_back(self, delivery: Delivery, wait: timedelta, why: str) -> None:
        """The world was not ready: try again after this time."""
        with self.begin() as tx:
            self.queue.put_back(tx, delivery.ids, delivery.lease, self.clock() + wait, why)

    def bury(self, delivery: Delivery, why: str) -> None:
        """This can never pass: dead letters."""
        with self.begin() as tx:
            self.queue.bury(tx, delivery.ids, delivery.lease, why)

    def depth(self) -> dict[str, int]:
        """How many messages wait, and how many are dead."""
        with self.begin() as tx:
            return self.queue.depth(tx, RECORDS)


def _is_alive(pid: str) -> bool:
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return False
    except (ValueError, PermissionError):
        return True  # nobody we know, or somebody else's: the lease decides
    return True
