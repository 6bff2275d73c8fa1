"""Prepared features as bytes: a worker reads some millions of them, and to prepare each anew would cost more than to score it."""

from __future__ import annotations

import marshal

from hub.matching.prepared import Prepared

_PARTS = tuple(name for name in Prepared.__slots__ if name != "trusted")


def packed(side: Prepared) -> bytes:
    """For this run and this Python only."""
    low = None if side.trusted is side else tuple(getattr(side.trusted, name) for name in _PARTS)
    return marshal.dumps((tuple(getattr(side, name) for name in _PARTS), low))


def unpacked(told: bytes) -> Prepared:
    parts, low = marshal.loads(told)  # noqa: S302 - written by our own worker, in this run
    side = _made(parts)
    if low is not None:
        side.trusted = _made(low)
    return side


def _made(parts: tuple[object, ...]) -> Prepared:
    side = Prepared.__new__(Prepared)
    for name, value in zip(_PARTS, parts, strict=True):
        setattr(side, name, value)
    side.trusted = side
    return side
