"""Working: what waits on the bus is resolved or attached, one transaction per batch, on every bus alike.

    take -> one transaction: work, settle_in -> commit -> settle

A batch that fails is searched for the records that make it fail; these come again later or are buried, and all others are
committed. When the world is not ready (the store away, contended), the same batch is tried again and no attempt is counted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection

from hub.app.outcome import Work
from hub.app.pacing import Pace, Patience
from hub.bus import LANES, LIVE, MOST_ATTEMPTS, NO_WAIT, Bus, Delivery
from hub.errors import HubError, Misconfigured, Rejected, Retryable
from hub.records import SourceRecord
from hub.store.rows import FEW
from hub.store.store import Store, held_since

_LONGEST_REASON = 500

Do = Callable[[Connection, Sequence[SourceRecord]], Work]
"""A stage's work on some records within a transaction."""


@dataclass
class Loop:
    """Takes batches of one stage and works on them. One per thread; as many processes as you like."""

    bus: Bus
    store: Store
    stage: str
    do: Do
    limit: int
    lanes: Sequence[str] = LANES
    patience: Patience = field(default_factory=Patience)
    pace: Pace = field(default_factory=Pace)
    saw_live: Callable[[], None] = lambda: None

    def step(self, wait: timedelta = NO_WAIT) -> Work | None:
        """One delivery, if one comes in time: taken, worked on, settled. None when there was nothing to do."""
        return self._step(self.lanes, wait)

    def _step(self, lanes: Sequence[str], wait: timedelta) -> Work | None:
        delivery = self.patience.until_ready(lambda: self.bus.take(self.stage, self.limit, wait, lanes))
        if delivery is None:
            return None
        if delivery.lane == LIVE:
            self.saw_live()
        return self._through(delivery)

    def _through(self, delivery: Delivery) -> Work:
        """All parts of a delivery, in order. What is left when work ends badly, or is told to end, is there again at once."""
        done, place, end = Work(), 0, len(delivery.records)
        try:
            while place < end and not self.patience.stop.is_set():
                part = delivery.only(range(place, min(place + self.pace.size(delivery), end)))
                made = self.patience.until_ready(lambda part=part: self._commit(part))  # type: ignore[misc]
                if made is None:
                    break
                place += len(part.records)
                done.add(made)
                with suppress(Retryable):  # what the bus delivers again although it is committed is known by its ids
                    self.bus.settle(part)
                if place < end:
                    self._let_live_pass(done)
        finally:
            if place < end:
                with suppress(HubError):
                    self.bus.put_back(delivery.only(range(place, end)))
        return done

    def _let_live_pass(self, done: Work) -> None:
        """Between the parts of a load: live records that came meanwhile."""
        while LIVE in self.lanes and (made := self._step((LIVE,), NO_WAIT)) is not None:
            done.add(made)

    def _commit(self, part: Delivery) -> Work:
        """The work on a part and its settlement, in one transaction."""
        try:
            with self.store.begin(patient=part.lane != LIVE, quick=len(part.records) <= FEW) as tx:
                began = time.monotonic()
                done = self.do(tx, part.records)
                self.bus.settle_in(tx, part)
                began = held_since(tx, began)
        except (Retryable, Misconfigured):
            raise
        except Exception:  # noqa: BLE001  # whatever it is: one record must not stop the others
            return self._without_poison(part)
        self.pace.took(part, time.monotonic() - began)
        done.records = len(part.records)
        return done

    def _without_poison(self, part: Delivery) -> Work:
        """The same once more, without the records that cannot be worked on."""
        with self.store.begin(patient=part.lane != LIVE) as tx:
            done, failed = self._searched(tx, part)
            for one, error in failed:
                self._set_aside(tx, one, error, done)
            self.bus.settle_in(tx, part)
        with suppress(Retryable):  # what must come again is kept, and whoever forwards next brings it
            self.bus.forward()
        done.records = len(part.records) - len(failed)
        return done

    def _searched(self, tx: Connection, part: Delivery) -> tuple[Work, list[tuple[Delivery, Exception]]]:
        """What could be done, and the single records that could not: by halves, each undone when it fails."""
        try:
            with self.store.within(tx):
                return self.do(tx, part.records), []
        except (Retryable, Misconfigured):
            raise
        except Exception as error:  # noqa: BLE001
            if len(part.records) == 1:
                return Work(), [(part, error)]
        done = Work()
        failed: list[tuple[Delivery, Exception]] = []
        for half in part.halves():
            made, others = self._searched(tx, half)
            done.add(made)
            failed += others
        return done, failed

    def _set_aside(self, tx: Connection, one: Delivery, error: Exception, done: Work) -> None:
        """Later again; but what can never pass, or failed for the last time, is buried."""
        why = f"{type(error).__name__}: {error}".partition("\n")[0][:_LONGEST_REASON]
        if isinstance(error, Rejected) or one.attempts[0] >= MOST_ATTEMPTS - 1:
            self.bus.bury_in(tx, one, error.code if isinstance(error, HubError) else type(error).__name__, why)
            done.buried += 1
        else:
            self.bus.retry_in(tx, one, why)
            done.later += 1
