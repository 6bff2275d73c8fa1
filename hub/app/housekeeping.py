"""Keeping what the settings promise while the hub runs: one worker at a time lets go of what is kept long enough.

Any worker may find that it is due: every ``HUB_PRUNE_EVERY``, and at once when raw bodies are over their budget. Who finds it
first holds the duty for some minutes at a time, in the store, so that many workers do it once, and another goes on when that one
dies. It goes in steps of one small transaction, between the worker's own turns and for a part of the time only.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from hub.app.pacing import Now
from hub.app.pruning import BUDGET, RETENTION, Pruned, Steps, budget_steps, finished, over_budget, steps
from hub.bus.alive import is_alive, myself
from hub.errors import Misconfigured, Retryable
from hub.store import duties, keys

if TYPE_CHECKING:
    from hub.app.hub import Hub

LEASE = timedelta(minutes=5)
_LOOKS = 10.0  # seconds between two looks whether something is due
_IDLE, _BUSY = (0.2, 1.0), (0.05, 4.0)  # seconds at a time, and so many times as long a rest: who is busy gives a fifth
_PAGE = 100  # keys whose versions are looked at within one critical section
_KEEPS = ("keep_raw", "raw_budget", "keep_inbox", "keep_rejects", "keep_history", "keep_changes")
_log = logging.getLogger("goldenhub")


def is_asked_for(hub: Hub) -> bool:
    """Whether anything is ever let go of."""
    return any(getattr(hub.settings, name) is not None for name in _KEEPS)


def due(tx: Connection, hub: Hub) -> str | None:
    """The duty that is due now; None when there is none."""
    full = over_budget(hub, tx)
    if full is not None:
        last = duties.known(tx, BUDGET)
        if last is None or full[0] > last.told.get("left", 0):  # what is left may all be waited for by open rejects
            return BUDGET
    if not is_asked_for(hub):
        return None
    last = duties.known(tx, RETENTION)
    over = last is None or last.ended_at is None or hub.clock() - last.ended_at >= hub.settings.prune_every
    return RETENTION if over else None


@dataclass(frozen=True, slots=True)
class Told:
    """How it stands, for those who look after the hub."""

    overdue: bool
    said: str


def told(tx: Connection, hub: Hub) -> Told | None:
    """Whether anybody lets go of what the settings say; None where nothing is to go, or nothing has come yet."""
    begun = [one.since for one in keys.masters(tx)]
    if not is_asked_for(hub) or not begun:
        return None
    last, every = duties.known(tx, RETENTION), hub.settings.prune_every
    ended = last.ended_at if last is not None else None
    if hub.clock() - (ended or min(begun)) > 2 * every + LEASE:
        since = f"since {ended:%Y-%m-%d %H:%M} UTC" if ended else "yet"
        return Told(True, f"nobody has let go of anything {since}: run `goldenhub work`, or `goldenhub prune` from a scheduler")
    return Told(False, f"kept, the last time at {ended:%Y-%m-%d %H:%M} UTC" if ended else "begins with `goldenhub work`")


@dataclass
class _Run:
    """One duty that this worker holds."""

    duty: str
    done: Pruned
    steps: Steps
    place: int = 0


@dataclass
class Housekeeping:
    """One worker's part in it. ``late``: so long others are left to do it first."""

    hub: Hub
    late: timedelta = timedelta()
    me: str = field(default_factory=myself)
    looks: Now = field(default_factory=lambda: Now(_LOOKS), repr=False)
    _holds: Now = field(default_factory=lambda: Now(LEASE.total_seconds() / 3), repr=False)
    _rests_until: float = 0.0
    _seen: datetime | None = None  # since when it is due and nobody does it
    _run: _Run | None = None

    def turn(self, *, busy: bool = False) -> bool:
        """Some steps, if there are any to do now; whether there were. What fails is tried again some other time, and said."""
        if time.monotonic() < self._rests_until:
            return False
        try:
            if self._run is None and not (self.looks.is_due() and self._taken()):
                return False
            self._some(*(_BUSY if busy else _IDLE))
        except Retryable:
            self._rests_until = time.monotonic() + _LOOKS
        except Misconfigured:
            raise
        except Exception:  # noqa: BLE001 - a loop: the worker's own work goes on
            _log.exception("letting go of what is kept long enough failed; it is tried again when it is due")
            self._run, self._rests_until = None, time.monotonic() + LEASE.total_seconds()
        return True

    def _some(self, seconds: float, rest: float) -> None:
        began = time.monotonic()
        while self._run is not None and time.monotonic() - began < seconds:
            self._step(self._run)
        self._rests_until = time.monotonic() + (time.monotonic() - began) * rest

    def _step(self, run: _Run) -> None:
        with self.hub.store.begin(patient=True) as tx:
            if self._holds.is_due() and not duties.hold(tx, run.duty, self.me, self.hub.clock() + LEASE):
                self._run = None  # it took so long that somebody else has it
                return
            more = run.place < len(run.steps) and run.steps[run.place][2](tx)
            if not more and run.place + 1 >= len(run.steps):
                finished(tx, self.hub, run.duty, run.done)
        if not more:
            run.place += 1
        if run.place >= len(run.steps) and not more:
            self._run = None
            self.looks.at_once()

    def _taken(self) -> bool:
        """Whether something is due, and this worker's to do from now on."""
        with self.hub.store.read() as tx:
            duty, at = due(tx, self.hub), self.hub.clock()
        self._seen = None if duty is None else self._seen or at
        if duty is None or self._seen is None or at - self._seen < self.late:
            return False
        with self.hub.store.begin() as tx:
            stands = duties.begin(tx, duty)
            free = stands.holder is None or stands.until is None or stands.until <= at or not is_alive(stands.holder)
            if not free or due(tx, self.hub) != duty:
                return False
            duties.take(tx, duty, self.me, at, at + LEASE)
        self._seen, self._holds, done = None, Now(LEASE.total_seconds() / 3), Pruned()
        self._holds.is_due()
        self._run = _Run(duty, done, budget_steps(self.hub, done) if duty == BUDGET else steps(self.hub, done, _PAGE))
        return True
