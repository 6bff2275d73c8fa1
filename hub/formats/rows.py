"""What every format yields: rows, and flaws where a row should have been."""

from __future__ import annotations

from dataclasses import dataclass

from hub.records import Data

MEBIBYTE = 1024 * 1024
LONGEST_RECORD = 4 * MEBIBYTE
"""A longer record is set aside. It bounds the memory of every reader, since one record must fit."""

EXCERPT = 80


@dataclass(frozen=True, slots=True)
class Row:
    """One record as its format gives it."""

    data: Data
    where: str  # file and line, or file and record number
    size: int = 0  # bytes it took at the source, roughly
    gone: bool = False  # the format itself marks it as deleted (dBASE)


@dataclass(frozen=True, slots=True)
class Flaw:
    """A piece that is no record. ``data`` is what could be read all the same, so that its key is not taken for deleted."""

    where: str
    code: str
    reason: str
    excerpt: str = ""
    data: Data | None = None


def too_long(what: str, limit: int, setting: str = "max_record") -> str:
    """Why a piece is set aside that is longer than a setting allows."""
    return f"{what} is longer than the limit of {limit:,} bytes (`{setting}`)."


def unknown_bytes(what: str, encoding: str) -> str:
    """Why a piece is set aside whose bytes are no text."""
    return f"{what} has bytes that {encoding} does not know: correct `encoding`, or mend the source."


def excerpt(text: str) -> str:
    """The beginning of a text, printable, for the person who looks at the reject."""
    short = text[:EXCERPT]
    return "".join(c if c.isprintable() else "?" for c in short) + ("..." if len(text) > EXCERPT else "")
