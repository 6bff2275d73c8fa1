"""One worker process of a stage: it takes a turn, rests when there was nothing to do, and says that it lives."""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from hub.app import receiving, stages
from hub.app.delivering import WriteTurns
from hub.app.forwarding import Forwarding
from hub.app.housekeeping import Housekeeping
from hub.app.outcome import Work
from hub.app.pacing import Now, Pace, Patience
from hub.app.working import Loop
from hub.bus import ATTACH, RESOLVE
from hub.bus import LANES as LANES
from hub.errors import HubError, Retryable
from hub.relay import is_due, relay
from hub.store import workers
from hub.store.bells import ANNOUNCED, Bell
from hub.store.workers import Worker

if TYPE_CHECKING:
    from hub.app.hub import Hub
    from hub.bus.envelopes import Pushed

INGEST, RELAY, DELIVER = "ingest", "relay", "deliver"
STAGES = (INGEST, RESOLVE, ATTACH, RELAY, DELIVER)

HURRY, LIVELY = timedelta(seconds=30), timedelta(seconds=5)
"""So long after a live record a load still makes way for the next one, and what has no bell is looked at often."""
SILENT = timedelta(seconds=30)
"""A worker that said nothing for so long is taken for dead."""

_BEAT = 1.0  # seconds between two beats
_TAKE = timedelta(milliseconds=300)  # how long one turn waits for work
_LONGEST_REST, _SHORT_REST = 0.2, 0.02  # seconds until what has no bell is looked at again: else, and while live records come
_TRUSTS = 1.0  # seconds until it is looked at although its bell did not ring
_ANNOUNCED = 500  # announcements at a time
_LATE = timedelta(minutes=15)  # so long what is kept is left to the stage `ingest`, which has time for it
_SEES_TO = 1.0  # seconds until what was put off, or could not be brought to the broker, is looked at again

Say = Callable[[str], None]
Turn = Callable[[], Work | None]
"""Does some of a stage's work; None when there was nothing to do."""


def worker_name(stage: str, pid: int) -> str:
    """How a worker of this machine is listed."""
    return f"{socket.gethostname()}/{pid}/{stage}"


@dataclass
class Runner:
    """A worker of one stage in this process. ``stop`` ends it after the transaction it is in."""

    hub: Hub
    stage: str
    lanes: Sequence[str] = LANES
    stop: threading.Event = field(default_factory=threading.Event)
    say: Say = lambda line: None
    _me: Worker = field(init=False, repr=False)
    _hurried: bool = field(default=False, repr=False)
    _lively: bool = field(default=False, repr=False)
    _beats: Now = field(default_factory=lambda: Now(_BEAT), repr=False)
    _sees_to: Now = field(default_factory=lambda: Now(_SEES_TO), repr=False)
    _keeps: Housekeeping = field(init=False, repr=False)
    _bell: Bell = field(init=False, repr=False)

    def __post_init__(self) -> None:
        self._bell = Bell(self.hub.store, ANNOUNCED, self.stop)
        self._keeps = Housekeeping(self.hub, timedelta() if self.stage == INGEST else _LATE)
        now, host, pid = self.hub.clock(), socket.gethostname(), os.getpid()
        self._me = Worker(worker_name(self.stage, pid), self.stage, host, pid, now, now, None, 0, "waiting")

    def run(self) -> None:
        """Turn after turn until it is told to stop, or a person must change something."""
        patience = Patience(stop=self.stop, tell=self._cannot)
        if patience.until_ready(self._agree) is None:
            return
        turn, rest = self._turn(patience), 0.0
        try:
            while not self.stop.is_set():
                did = patience.until_ready(turn)
                self._beat(did)
                self._keeps.turn(busy=bool(did))
                rest = 0.0 if did else min(rest * 2 + 0.005, self._longest_rest())
                if rest and self.stage == DELIVER:  # the others wait where their work comes from
                    self._bell.wait(rest)
        finally:
            self._bell.close()
            with suppress(HubError), self.hub.store.begin() as tx:
                workers.leave(tx, [self._me.name])

    def _agree(self) -> bool:
        self.hub.agree()
        return True

    def _turn(self, patience: Patience) -> Turn:
        if self.stage == RELAY:
            return Announcing(self.hub, self._bell, self._longest_rest).turn
        if self.stage == INGEST:
            return Entrance(self.hub).turn
        if self.stage == DELIVER:
            return WriteTurns(self.hub, self.say).turn
        loop = stages.loop(self.hub, self.stage, lanes=self.lanes, patience=patience, pace=Pace(lambda: self._hurried))
        loop.saw_live = self._saw_live
        return lambda: self._work(loop)

    def _work(self, loop: Loop) -> Work | None:
        """What waits on the bus; now and then, and when nothing does, what was put off or left behind."""
        done = loop.step(_TAKE)
        if self._sees_to.is_due():
            with suppress(Retryable):
                self.hub.bus.forward()
            more = stages.see_to_what_waits(self.hub, self.stage, gently=self._hurried)
            if more is not None:
                self._sees_to.at_once()  # there may be more
                done = more if done is None else _sum(done, more)
        return done

    def _longest_rest(self) -> float:
        return _SHORT_REST if self._lively and not self._bell.works else _LONGEST_REST

    def _saw_live(self) -> None:
        self._hurried = self._lively = True
        self._me = replace(self._me, live_at=self.hub.clock())
        self._beat(None, "working")  # a load that is cut for the sake of live records may take minutes

    def _cannot(self, error: Retryable) -> None:
        if self._me.state != error.message:
            self.say(error.message)
        self._me = replace(self._me, state=error.message)
        self._beat(None, error.message)

    def _beat(self, did: Work | None, state: str = "") -> None:
        """Say that it lives, and hear whether anybody has live records."""
        records = self._me.records + (did.records if did else 0)
        self._me = replace(self._me, records=records, state=state or ("working" if did else "waiting"))
        if not self._beats.is_due():
            return
        now = self.hub.clock()
        with suppress(HubError), self.hub.store.begin() as tx:
            workers.beat(tx, replace(self._me, beat_at=now))
            self._hurried = workers.live_since(tx, now, HURRY)
            self._lively = self._hurried and workers.live_since(tx, now, LIVELY)


def _sum(one: Work, other: Work) -> Work:
    one.add(other)
    return one


@dataclass
class Announcing:
    """What a worker of the stage `relay` does: announcements of golden records are brought to the broker, in their order.

    Where the database rings when there are any, it waits for that, and looks without being called only to be sure.
    """

    hub: Hub
    bell: Bell
    looks: Callable[[], float] = lambda: _LONGEST_REST
    """Seconds after which it looks, as long as no bell was heard."""
    _more: bool = field(default=True, repr=False)
    _looked: float = field(default=0.0, repr=False)

    def turn(self) -> Work | None:
        if not self._more and not self.bell.wait(self._rest()) and not self._is_due():
            return None
        self._more = True  # should this fail
        with self.hub.store.begin(quick=True) as tx:
            publish = partial(self.hub.bus.announce, tx=tx)
            number = relay(tx, stages.ENTITY, publish, source=self.hub.landscape.source, limit=_ANNOUNCED, as_told=True)
        self._more = number == _ANNOUNCED
        return Work(records=number) if number else None

    def _rest(self) -> float:
        return _TAKE.total_seconds() if self.bell.works else self.looks()

    def _is_due(self) -> bool:
        """Looking costs less than taking the place to find nothing; but it costs, and who hears the bell looks seldom."""
        if self.bell.works and time.monotonic() < self._looked + _TRUSTS:
            return False
        self._looked = time.monotonic()
        with self.hub.store.read() as tx:
            return is_due(tx, stages.ENTITY)


@dataclass
class Entrance:
    """What a worker of the first stage does: what systems push is landed, and what is on its way arrives.

    That is: what was kept and could not be brought to the broker yet, by whoever; what the broker gave up, which becomes dead
    letters; and what it lost, which is brought once more.
    """

    hub: Hub
    _held: list[Pushed] = field(default_factory=list, repr=False)
    _forwarding: Forwarding | None = field(default=None, repr=False)
    _brings: Now = field(default_factory=lambda: Now(_SEES_TO), repr=False)
    _collects: Now = field(default_factory=lambda: Now(10), repr=False)
    _recalls: Now = field(default_factory=lambda: Now(300), repr=False)

    def turn(self) -> Work | None:
        bus = self.hub.bus
        number = receiving.take_in(self.hub, self.hub.settings.batch_size, _TAKE, self._held, self._forward)
        if self._brings.is_due():
            number += bus.forward()
        if self._collects.is_due():
            number += bus.collect_dead()
        if self._recalls.is_due():
            number += bus.recall()
        return Work(records=number) if number else None

    def _forward(self) -> None:
        """What comes next lands while the broker confirms what landed before."""
        self._forwarding = self._forwarding or Forwarding(self.hub)
        self._forwarding.wake()
