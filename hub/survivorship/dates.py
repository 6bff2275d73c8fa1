"""Days out of dates as sources write them: a year, a month, a day or a moment."""

from __future__ import annotations

from calendar import monthrange
from datetime import date
from typing import Any


def first_day(text: Any) -> int | None:
    """The first day of the year, month or day named, as a day number."""
    parts = _parts(text)
    if parts is None:
        return None
    year, month, day = parts
    return _ordinal(year, month or 1, day or 1)


def last_day(text: Any) -> int | None:
    """The last day of the year, month or day named, as a day number."""
    parts = _parts(text)
    if parts is None:
        return None
    year, month, day = parts
    month = month or 12
    if not 1 <= month <= 12 or not 1 <= year <= 9999:
        return None
    return _ordinal(year, month, day or monthrange(year, month)[1])


def _parts(text: Any) -> tuple[int, int, int] | None:
    if not isinstance(text, str):
        return None
    pieces = text.partition("T")[0].split("-")
    if not 1 <= len(pieces) <= 3 or not all(p.isascii() and p.isdigit() for p in pieces):
        return None
    year, month, day = (*map(int, pieces), 0, 0)[:3]
    return year, month, day


def _ordinal(year: int, month: int, day: int) -> int | None:
    try:
        return date(year, month, day).toordinal()
    except ValueError:
        return None
