"""From the store to the broker: what was committed is published and confirmed.

What this process commits is brought out of its memory. The store is what is true: it is asked when anything may be there that
memory does not know (another transaction's end was not heard of, a publisher failed, somebody died), and now and then. That the
broker confirmed is noted later and many at a time, since what is brought again because nobody noted it is known by its ids; most
of what is live is worked on before that, and nothing of it is left to be noted.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from hub.bus.alive import is_alive
from hub.bus.dead import refused_of
from hub.bus.envelopes import Envelope
from hub.bus.failing import Bury
from hub.bus.frames import Outgoing
from hub.bus.publisher import Refused
from hub.bus.reading import outgoing
from hub.bus.topology import Names
from hub.errors import HubError

AT_ONCE = 200  # messages read from the store, brought, or noted at a time
_REMEMBERED = 8 * 2**20  # bytes of messages that this process keeps in mind
_TAKE_OVER = timedelta(minutes=10)
_LOOKS = 5.0  # seconds between looks for what others left, or nobody remembers
_CLOSING = 1.0  # seconds
_NOTES = 0.5  # seconds until it is noted what the broker confirmed


@dataclass
class Forwarding:
    """One for each process. Many threads may put and forward."""

    begin: Callable[[], AbstractContextManager[Any]]
    flights: Any  # a module of the store's
    publish: Callable[[Iterable[Outgoing]], list[Refused]]
    """Opens what it needs, and returns when the broker confirmed, but for what it can never take."""
    names: Callable[[], Names]
    bury: Bury
    clock: Callable[[], datetime]
    owner: str
    rungs: Sequence[timedelta]
    message_limit: int
    _fresh: deque[Any] = field(default_factory=deque, repr=False)  # committed, by this process
    _size: int = field(default=0, repr=False)
    _unheard: int = field(default=0, repr=False)  # were put, and whether they were committed is not known
    _confirmed: dict[str, None] = field(default_factory=dict, repr=False)  # and not noted
    _since: float = field(default=0.0, repr=False)  # when the first of these was
    _asks: float = field(default=0.0, repr=False)  # when to ask the store again
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)  # of what is remembered
    _forwarding: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def put(self, tx: Any, flights: Sequence[Any]) -> None:
        """Within a transaction: they are to be brought when it commits."""
        with self._lock:
            self._unheard += 1
        self.flights.put(tx, flights, self.owner, self.clock(), partial(self._remember, flights))

    def _remember(self, flights: Sequence[Any]) -> None:
        with self._lock:
            size = sum(len(one.body) for one in flights)
            if self._size + size > _REMEMBERED:
                return  # it stays unheard of, and the store is asked
            self._unheard -= self._unheard > 0
            self._size += size
            self._fresh.extend(flights)

    def forward(self) -> int:
        """Bring what waits; how many messages."""
        with self._forwarding:
            number = 0
            while flights := self._remembered():
                number += self._bring(flights)
            more = self._unheard > 0 or time.monotonic() >= self._asks
            while more:
                flights = self._stored()
                number += self._bring(flights)
                more = len(flights) == AT_ONCE
            if self._confirmed and (len(self._confirmed) >= AT_ONCE or time.monotonic() > self._since + _NOTES):
                self._note()
            return number

    def note(self) -> None:
        """See to it that the store knows of all that the broker confirmed."""
        with self._forwarding:
            self._note()

    def ask(self) -> None:
        """There may be something in the store that nobody remembers: `forward` looks there next time."""
        self._asks = 0.0

    def close(self) -> None:
        """Whoever waits for a broker that does not confirm is not waited for."""
        if self._forwarding.acquire(timeout=_CLOSING):
            try:
                with suppress(HubError):
                    self._note()
            finally:
                self._forwarding.release()

    def _remembered(self) -> list[Any]:
        with self._lock:
            found = [self._fresh.popleft() for _ in range(min(len(self._fresh), AT_ONCE))]
            self._size -= sum(len(one.body) for one in found)
            return found

    def _stored(self) -> list[Any]:
        """Some of what waits in the store."""
        self._note()
        with self._lock:
            self._unheard = 0  # what is committed from here on is heard of, or was found here
        owners = [self.owner, *self._dead_owners()]
        with self.begin() as tx:
            found: list[Any] = self.flights.unpublished(tx, owners, self.clock() - _TAKE_OVER, AT_ONCE)
        self._asks = time.monotonic() + _LOOKS
        return found

    def _dead_owners(self) -> list[str]:
        """Whoever was killed on this machine before it could forward; of other machines' time tells."""
        with self.begin() as tx:
            owners = self.flights.owners(tx)
        return [one for one in owners if one != self.owner and not is_alive(one)]

    def _bring(self, flights: Sequence[Any]) -> int:
        if not flights:
            return 0
        before, self._asks = self._asks, 0.0  # should this fail, nobody remembers them
        refused = self.publish(self._outgoing(one) for one in flights)
        if refused:
            self._bury_refused({one.id: one for one in flights}, refused)
        self._asks = before
        never = {one.message.id for one in refused}
        self._since = self._since if self._confirmed else time.monotonic()
        self._confirmed |= {one.id: None for one in flights if one.id not in never}
        return len(flights) - len(refused)

    def _bury_refused(self, flights: Mapping[str, Any], refused: Sequence[Refused]) -> None:
        """What the broker can never take is no longer on its way. It may have been delivered all the same: then it is known."""
        with self.begin() as tx:
            for one in refused:
                flight, limit = flights[one.message.id], self.message_limit
                self.bury(tx, refused_of(_envelope(flight), flight, one.code, one.why, self.clock(), limit))
            self.flights.settle(tx, [one.message.id for one in refused])

    def _note(self) -> None:
        """Nobody has to bring these again."""
        if self._confirmed:
            with self.begin() as tx:
                self.flights.published(tx, list(self._confirmed), self.clock())
            self._confirmed = {}

    def _outgoing(self, flight: Any) -> Outgoing:
        names, envelope = self.names(), _envelope(flight)
        if not flight.attempts:
            return outgoing(names.records(flight.lane), envelope)
        wait = self.rungs[min(flight.attempts, len(self.rungs)) - 1]
        return outgoing(names.retry(wait), envelope, flight.attempts, key=names.work(flight.stage, flight.lane))


def _envelope(flight: Any) -> Envelope:
    told = flight.headers
    return Envelope(flight.id, told["key"], told["type"], told["content_type"], flight.body, told["encoding"], told["headers"])
