"""One time for all workers: what arrives later must not look earlier because another machine's clock is behind.

Versions of a record are ordered by time, and a source's own time counts only as far as it is not in the hub's future. A machine
whose clock goes wrong would hide changes, or let a deletion stand above what came after it. So the store's clock is asked now
and then, and at once when this machine's clock jumps; differences too small to matter are left alone.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from hub.errors import HubError

BEARABLE = timedelta(milliseconds=500)
_EVERY = 10.0  # seconds

Clock = Callable[[], datetime]


class AgreedClock:
    """This machine's clock, corrected by the store's where they differ by more than is bearable."""

    def __init__(self, own: Clock, ask: Callable[[], datetime | None]) -> None:
        self._own, self._ask = own, ask
        self._off = timedelta()
        self._at, self._ticks = own(), time.monotonic()
        self._asked = -_EVERY

    def __call__(self) -> datetime:
        at, ticks = self._own(), time.monotonic()
        jumped = at - self._at - timedelta(seconds=ticks - self._ticks)
        self._at, self._ticks = at, ticks
        if abs(jumped) > BEARABLE:
            self._off -= jumped  # time goes on as if nothing had happened, until the store says better
            self._asked = -_EVERY
        if ticks - self._asked >= _EVERY:
            self._asked = ticks
            with suppress(HubError):  # it is away: what was agreed still holds
                self._agree()
        return self._own() + self._off

    def _agree(self) -> None:
        began = time.monotonic()
        theirs = self._ask()
        if theirs is None or time.monotonic() - began > BEARABLE.total_seconds():
            return  # an answer that took its time says nothing about now
        off = theirs - self._own()
        self._off = off if abs(off) > BEARABLE else timedelta()
