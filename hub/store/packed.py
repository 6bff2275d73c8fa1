"""Rows of whole numbers as PostgreSQL's COPY takes them in its binary form: no number is written as text, and read again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import chain, repeat
from struct import Struct

_HEAD, _END = b"PGCOPY\n\xff\r\n\0" + bytes(8), b"\xff\xff"
_BYTES = 8
_ROWS = 256  # written at a time: what is written at once must be planned once


def packed(columns: Sequence[Sequence[int]]) -> bytes:
    """Rows, given column by column, of numbers that fit 64 bits; none is missing."""
    width, rows = len(columns), len(columns[0])
    parts: list[Iterable[int]] = [repeat(width, rows)]
    for column in columns:
        parts += [repeat(_BYTES, rows), column]
    flat = list(chain.from_iterable(zip(*parts, strict=True)))
    step, single = 1 + 2 * width, _rows(width, 1)
    many, size = _rows(width, _ROWS), _ROWS * (1 + 2 * width)
    whole = len(flat) - len(flat) % size
    told = [many.pack(*flat[start : start + size]) for start in range(0, whole, size)]
    told += [single.pack(*flat[start : start + step]) for start in range(whole, len(flat), step)]
    return b"".join((_HEAD, *told, _END))


@lru_cache(maxsize=16)
def _rows(width: int, number: int) -> Struct:
    """How so many rows of so many columns lie: of each its width, of each value its length before it."""
    return Struct(">" + ("h" + "iq" * width) * number)
