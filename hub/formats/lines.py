"""Physical lines of a byte stream, decoded, each no longer than a limit, whatever the file holds.

A line that cannot be decoded keeps its wrong bytes as lone surrogates, so that the caller can tell it and go on.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

_CHUNK = 64 * 1024
_BEGINNING = 1000
"""Characters of a line above the limit that are kept as they are: its key may be among them."""
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


@dataclass(frozen=True, slots=True)
class Line:
    """One physical line with its end. ``text`` of a line above the limit is its beginning and the marks that follow."""

    number: int
    text: str
    ended: bool  # a line end stood there; the last line of a file that is still being written has none
    too_long: bool = False


def read_lines(stream: BinaryIO, encoding: str, limit: int, keep: str = "") -> Iterator[Line]:
    """The lines of a stream. Of what lies above ``limit`` only the characters of ``keep`` survive, in their order."""
    text = io.TextIOWrapper(stream, encoding=encoding, errors="surrogateescape", newline="")
    shape = re.compile(f"[^{re.escape(keep)}\r\n]+") if keep else re.compile("[^\r\n]+")
    try:
        number = 0
        while piece := text.readline(limit):
            number += 1
            yield _whole(text, number, piece, limit, shape)
    finally:
        if not stream.closed:  # an error elsewhere may have closed it before this generator ends
            text.detach()


def _whole(text: io.TextIOWrapper, number: int, piece: str, limit: int, shape: re.Pattern[str]) -> Line:
    if piece.endswith(("\n", "\r")):
        return Line(number, piece, ended=True)
    if len(piece) < limit:
        return Line(number, piece, ended=False)
    kept = [piece[:_BEGINNING], shape.sub("x", piece[_BEGINNING:])]
    while more := text.readline(_CHUNK):
        kept.append(shape.sub("x", more))
        if more.endswith(("\n", "\r")):
            return Line(number, "".join(kept), ended=True, too_long=True)
    return Line(number, "".join(kept), ended=False, too_long=True)


def is_damaged(text: str) -> bool:
    """True when bytes of this text did not fit the encoding."""
    return not text.isascii() and _LONE_SURROGATE.search(text) is not None
