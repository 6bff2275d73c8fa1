"""Pacing: how long to wait before the same is tried again, and how much of a load is worked on at once while others wait."""

from __future__ import annotations

import math
import random
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from hub.bus import LIVE, Bus, Delivery
from hub.errors import Retryable, Throttled

Given = TypeVar("Given")

_FIRST_WAIT, _LONGEST_WAIT = 0.05, 30.0  # seconds
_LONGEST_LOOK = 1.0  # seconds until somebody who waits for room looks again
NOBODY_TAKES = 30.0  # seconds after which nobody seems to work
_HELD, _HELD_AT_EASE = 0.030, 0.2
"""Seconds that one transaction of a load may keep live records out of the critical section: while they come, and else."""
_FEWEST = 8
_EACH = 0.001  # seconds a record takes, until it is known
_GROWS = 2  # how much larger than the last ones a part may be
_LATELY = 16  # transactions, the quickest of which took no less than any
_REMEMBERS = 0.9  # how much the last transaction but one counts beside the last
_SPREAD, _LEAST = 0.02, 0.02


@dataclass
class Patience:
    """Tries again and again what the world is not ready for, with growing waits of which no two workers have the same."""

    most: timedelta | None = None  # None: as long as it takes
    stop: threading.Event = field(default_factory=threading.Event)
    tell: Callable[[Retryable], None] = lambda error: None

    def until_ready(self, attempt: Callable[[], Given]) -> Given | None:
        """What it comes to; None when it is told to stop meanwhile. Past its patience the error is raised."""
        wait, began = _FIRST_WAIT, time.monotonic()
        while True:
            try:
                return attempt()
            except Retryable as error:
                if self.most is not None and time.monotonic() - began > self.most.total_seconds():
                    raise
                self.tell(error)
            if self.stop.wait(wait * random.uniform(0.5, 1.0)):  # noqa: S311  # not a secret: workers shall not march in step
                return None
            wait = min(wait * 2, _LONGEST_WAIT)


def when_there_is_room(bus: Bus, attempt: Callable[[], Given], patience: float) -> Given:
    """What it comes to, as soon as the bus has room for it: whoever reads waits as long as workers take something.

    Raises ``Throttled`` when nobody took anything for as long as patience lasts.
    """
    fewest, wait, end = math.inf, _FIRST_WAIT, time.monotonic() + patience
    while True:
        try:
            return attempt()
        except Throttled:
            left = sum(sum(lanes.values()) for lanes in bus.depth().values())
            if left < fewest:
                fewest, wait, end = left, _FIRST_WAIT, time.monotonic() + patience
            elif time.monotonic() > end:
                raise
        time.sleep(wait)
        wait = min(wait * 2, _LONGEST_LOOK)


@dataclass
class Now:
    """Whether it is time again for what is done every so many seconds; the first time at once."""

    seconds: float
    _next: float = 0.0

    def is_due(self) -> bool:
        if time.monotonic() < self._next:
            return False
        self._next = time.monotonic() + self.seconds
        return True

    def at_once(self) -> None:
        self._next = 0.0


@dataclass
class Pace:
    """How many records of a delivery go into one transaction.

    Live ones all at once. A load is cut so that its records hold the critical section for some hundredths of a second only while
    live records come, here or at another worker, and for some tenths else, since the first one that comes waits, too; or, where a
    transaction takes longer than that whatever is in it (a slow disk), for as long as that: smaller parts would only wait. What a
    record costs is told from what has been measured, and a busy machine measures badly: so a part is never much larger than the
    last ones.
    """

    hurried: Callable[[], bool] = lambda: False
    _weight: float = 0.0  # of what follows: sums over the last transactions, the older the less
    _n: float = 0.0
    _t: float = 0.0
    _nn: float = 0.0
    _nt: float = 0.0
    _lately: deque[float] = field(default_factory=lambda: deque(maxlen=_LATELY))  # seconds that the last transactions took
    _more: bool = False

    def size(self, delivery: Delivery) -> int:
        whole = len(delivery.records)
        if delivery.lane == LIVE:
            return whole
        held = _HELD if self.hurried() else _HELD_AT_EASE
        fixed, each = self._costs()
        self._more = not self._more  # sizes differ, so that what each record costs can be told from what costs anyway
        wanted = max(_FEWEST, int(max(held, fixed) / each * (1.25 if self._more else 0.75)))
        return min(whole, wanted, self._most(held) if self._weight else wanted)

    def _most(self, held: float) -> int:
        """Twice what the last ones had; not more than that when the last one took longer than it should have."""
        mean, slow = self._n / self._weight, self._lately[-1] > _GROWS * max(held, min(self._lately))
        return max(_FEWEST, int(mean if slow else _GROWS * mean))

    def took(self, part: Delivery, seconds: float) -> None:
        """What the last transaction of a load took, without the time it waited for others."""
        if part.lane == LIVE:
            return
        n = len(part.records)
        self._lately.append(seconds)
        self._weight = self._weight * _REMEMBERS + 1
        self._n, self._t = self._n * _REMEMBERS + n, self._t * _REMEMBERS + seconds
        self._nn, self._nt = self._nn * _REMEMBERS + n * n, self._nt * _REMEMBERS + n * seconds

    def _costs(self) -> tuple[float, float]:
        """Seconds that a transaction takes by itself, and for each of its records: the line of least squares."""
        if not self._weight:
            return 0.0, _EACH
        n, t = self._n / self._weight, self._t / self._weight
        spread = self._nn / self._weight - n * n
        each = (self._nt / self._weight - n * t) / spread if spread > _SPREAD * n * n else t / n
        each = min(max(each, t / n * _LEAST), t / n)  # by chance it may look as if more took less time
        fixed = min(t - each * n, *self._lately)  # and none of them took less than that
        return fixed, (t - fixed) / n
