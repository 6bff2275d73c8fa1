"""Finding what changed in a source that keeps no log: from a lower bound upwards, with a window that is always read again.

A row carries the time at which it was written, but it becomes visible only when its transaction commits. Whoever continues
behind the highest time seen loses what was committed late. So the next lower bound is the highest time *of this very snapshot*
(never later than the source's own clock: one row dated 9999 must not hide all others), less a lag, and it is inclusive. Rows in
that window are read again each time; those already yielded are known by key and content, and dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

_MOST_SEEN = 10_000
"""Keys remembered in the window. Above that some rows are yielded twice, which the hub takes for unchanged."""


class Window:
    """The records of the window that is read again: which were yielded before, which this read yields."""

    def __init__(self, seen: Mapping[str, str] | None = None, *, resumed: bool = False) -> None:
        """``resumed``: what was seen belongs to this very read, which was broken off and does not come to it again."""
        self._before = dict(seen or {})
        self._now: dict[str, tuple[str, Any]] = {key: (print, None) for key, print in self._before.items()} if resumed else {}

    def is_new(self, key: str, print: str) -> bool:
        held = self._now[key][0] if key in self._now else self._before.get(key)
        return held != print

    def remember(self, key: str, print: str, place: Any = None) -> None:
        """``place``: where it lies in the order of the source, when only the end of the read tells what is read again."""
        self._now.pop(key, None)
        self._now[key] = (print, place)
        if len(self._now) > _MOST_SEEN:
            self._now.pop(next(iter(self._now)))

    def forget(self, key: str) -> None:
        """It was deleted: should it come back as it was, that is news."""
        self._before.pop(key, None)
        self._now.pop(key, None)

    def unfinished(self) -> dict[str, str]:
        """For a checkpoint in the middle of a read."""
        return {**self._before, **self.finished()}

    def finished(self, bound: Any = None) -> dict[str, str]:
        """For the last checkpoint: rows below the new lower bound are not read again."""
        return {key: print for key, (print, place) in self._now.items() if place is None or reaches(place, bound)}


def earlier(value: Any, lag: timedelta, overlap: int) -> Any:
    """A time less the lag, a number less the overlap; text keeps the way in which it is written."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, (int, float, Decimal)):
        return value - overlap
    try:
        if isinstance(value, str):
            return earlier_text(value, lag)
        if isinstance(value, (datetime, date)):
            return value - lag
    except OverflowError:
        pass
    return None  # no arithmetic with it: everything is read again


def earlier_text(text: str, lag: timedelta) -> str | None:
    """An ISO time as text, less the lag, written the same way, so that it sorts among its like."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    if len(text) == len("2026-03-01"):
        return (moment - lag).date().isoformat()
    separator = text[10]
    fraction = "microseconds" if "." in text else "seconds"
    written = (moment - lag).isoformat(separator, fraction)
    return written.replace("+00:00", "Z") if text.endswith("Z") else written


def reaches(value: Any, bound: Any) -> bool:
    """True when a value is at or above a bound; in doubt, true."""
    if bound is None:
        return True
    try:
        return bool(value >= bound)
    except TypeError:
        return True


def clock_text(now: datetime, like: str) -> str:
    """A time, written as this column writes its times."""
    separator = "T" if "T" in like[10:11] else " "
    return now.strftime(f"%Y-%m-%d{separator}%H:%M:%S.999999")


def in_zone(now: datetime, zone: str) -> datetime:
    """An aware time as naive local time of a zone."""
    return now.astimezone(ZoneInfo(zone)).replace(tzinfo=None)


def sweep_is_due(rule: str | None, last: str | None, today: Callable[[], date] = lambda: datetime.now(UTC).date()) -> bool:
    """``every_run``, or ``daily``: the first read of each day (UTC). The very first read always sweeps, if any shall."""
    if rule is None:
        return False
    return rule == "every_run" or last is None or last != today().isoformat()


_DUMPERS: list[tuple[type, str, Callable[[Any], Any]]] = [
    (bool, "plain", lambda v: v),
    (datetime, "datetime", datetime.isoformat),
    (date, "date", date.isoformat),
    (Decimal, "decimal", str),
    (UUID, "uuid", str),
    (bytes, "bytes", bytes.hex),
]
_LOADERS: dict[str, Callable[[Any], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "decimal": Decimal,
    "uuid": UUID,
    "bytes": bytes.fromhex,
    "plain": lambda v: v,
}


def dump_value(value: Any) -> Any:
    """A value of a database as JSON that gives the same value back."""
    for kind, word, dump in _DUMPERS:
        if isinstance(value, kind):
            return [word, dump(value)]
    return ["plain", value]


def load_value(value: Any) -> Any:
    return _LOADERS[value[0]](value[1]) if value is not None else None
