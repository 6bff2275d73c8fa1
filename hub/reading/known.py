"""What a feed has already yielded: key -> fingerprint, for sources that do not tell what they deleted.

The state travels in the cursor: JSON lines of [key, fingerprint], of which the last about a key counts, compressed, in base 64;
about 12 bytes a key when keys are numbers, so a million keys are some 12 MB. While a read runs, it lies in a temporary SQLite
database that spills to disk, so memory stays bounded. Changes since the last full look wait in a small plain overlay, so that a
read of three changed rows does not unpack a million keys.
"""

from __future__ import annotations

import base64
import hashlib
import sqlite3
import zlib
from binascii import b2a_base64
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import orjson

_OVERLAY = 20_000
_DECODE = 64 * 1024
_LOOKUP = 500
_LINES = 500

_FOR_ADDRESSES = bytes.maketrans(b"+/", b"-_")

KEYLESS = "\x01"
"""First character of the entry of a record without a key: it is known by its content, and nobody can delete it."""
DAMAGED = "\x02"
"""First character of the entry of a damaged piece: it is reported once."""
LANDED = "?"
"""Fingerprint of a key that the hub holds and this cursor does not know: whatever it looks like now, it is yielded again."""
GONE = "-"
"""Fingerprint of a key whose deletion was yielded while the source still shows it, marked as deleted."""


class Held(NamedTuple):
    print: str
    now: bool  # seen in this read already


def fingerprint(*parts: Any) -> str:
    """48 bits of the content, in 8 characters: enough to tell a record from its former self."""
    shown = b2a_base64(hashlib.blake2b(_bytes(parts), digest_size=6).digest(), newline=False)
    return shown.translate(_FOR_ADDRESSES).decode()


def _bytes(parts: tuple[Any, ...]) -> bytes:
    try:
        return orjson.dumps(parts, default=_as_text, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS)
    except TypeError:  # wrong bytes kept as lone surrogates, numbers above 64 bits
        return repr(parts).encode("utf-8", "surrogatepass")


def _as_text(value: Any) -> str:
    return value.hex() if isinstance(value, (bytes, bytearray, memoryview)) else str(value)


class Known:
    """The keys and fingerprints of one feed. One object serves one read; :meth:`close` frees its temporary file."""

    def __init__(self, state: Mapping[str, Any] | None = None, landed: Iterable[str] = ()) -> None:
        self._state: Mapping[str, Any] = state or {}
        self._added: dict[str, str] = dict(self._state.get("added", {})) | dict.fromkeys(landed, LANDED)
        self._file: sqlite3.Connection | None = None
        self._packer: Any = None  # of what the last state held and what was noted since; None: pack all of it anew
        self._opened_with = self._written = 0  # keys in the file when it was opened, and entries since

    def __len__(self) -> int:
        """Keys known, roughly: an overlay may say a key twice."""
        if self._file is None:
            return int(self._state.get("count", 0)) + len(self._added)
        return int(self._file.execute("SELECT count(*) FROM known").fetchone()[0])

    @property
    def at_most(self) -> int:
        """So many keys are known, or fewer: what can be said without counting them."""
        return len(self) if self._file is None else self._opened_with + self._written

    def note(self, entries: Iterable[tuple[str, str]]) -> None:
        """Remember what was yielded, without unpacking what is known."""
        if self._file is None:
            self._added.update(entries)
        else:
            self._write(self._file, list(entries), now=0)

    def see(self, entries: Iterable[tuple[str, str]]) -> None:
        """Remember these as seen in this read."""
        self._write(self._open(), list(entries), now=1)

    def _write(self, file: sqlite3.Connection, entries: list[tuple[str, str]], now: int) -> None:
        file.executemany(f"INSERT OR REPLACE INTO known VALUES (?, ?, {now})", entries)  # noqa: S608 - a number
        self._written += len(entries)
        if self._packer is not None:
            self._pack("".join([orjson.dumps(entry).decode() + "\n" for entry in entries]))

    def look(self, keys: Sequence[str]) -> dict[str, Held]:
        """What is known about these keys."""
        file = self._open()
        found: dict[str, Held] = {}
        for start in range(0, len(keys), _LOOKUP):
            wanted = keys[start : start + _LOOKUP]
            marks = ",".join("?" * len(wanted))
            rows = file.execute(f"SELECT key, print, now FROM known WHERE key IN ({marks})", wanted)  # noqa: S608 - only marks
            found.update({key: Held(mark, bool(now)) for key, mark, now in rows})
        return found

    def flag(self, keys: Iterable[str]) -> None:
        """The source itself shows these as deleted."""
        self._open().executemany("INSERT OR IGNORE INTO flagged VALUES (?)", ((key,) for key in keys))

    def flagged(self) -> Iterator[str]:
        """Flagged keys that live nowhere in this read and whose deletion was not yielded before."""
        sql = (
            "SELECT f.key FROM flagged f LEFT JOIN known k ON k.key = f.key "
            "WHERE coalesce(k.now, 0) = 0 AND coalesce(k.print, '') != ? ORDER BY f.key"
        )
        return _keys(self._open(), sql, (GONE,))

    def settle_flags(self) -> None:
        self._packer = None
        self._open().execute(
            "INSERT OR REPLACE INTO known SELECT f.key, ?, 1 FROM flagged f LEFT JOIN known k ON k.key = f.key "
            "WHERE coalesce(k.now, 0) = 0",
            (GONE,),
        )

    def count_missing(self) -> int:
        return int(self._open().execute(f"SELECT count(*) FROM known WHERE {_MISSING}").fetchone()[0])  # noqa: S608 - a constant

    def count_seen(self) -> int:
        return int(self._open().execute("SELECT count(*) FROM known WHERE now = 1 AND key >= '\x03'").fetchone()[0])

    def missing(self) -> Iterator[str]:
        """Keys that were known and did not turn up in this read."""
        return _keys(self._open(), f"SELECT key FROM known WHERE {_MISSING} ORDER BY key", ())  # noqa: S608 - a constant

    def forget(self, keys: Iterable[str]) -> None:
        self._packer = None
        self._open().executemany("DELETE FROM known WHERE key = ?", ((key,) for key in keys))

    def forget_remains(self) -> None:
        """Damaged pieces, keyless records and shown deletions that are no longer there need no word."""
        self._packer = None
        self._open().execute("DELETE FROM known WHERE now = 0 AND (key < '\x03' OR print = ?)", (GONE,))

    def state(self) -> dict[str, Any]:
        """What the cursor keeps."""
        if self._file is None and len(self._added) <= max(_OVERLAY, int(self._state.get("count", 0)) // 4):
            kept = {name: self._state[name] for name in ("count", "keys") if name in self._state}
            return kept | ({"added": dict(self._added)} if self._added else {})
        return {"count": len(self), "keys": self._packed()}

    def _packed(self) -> str:
        """All lines. What a former state of this read held is packed already, and what came since stands behind it: the last word
        about a key counts. So all the states of a read together cost no more than twice the last one.
        """
        file = self._open()
        if self._packer is None:
            self._packer = zlib.compressobj(_LEVEL)
            file.execute("DELETE FROM packed")
            lines = file.execute("SELECT json_array(key, print) FROM known ORDER BY key")
            while some := lines.fetchmany(_LINES):
                self._pack("".join([f"{line}\n" for (line,) in some]))
        parts = [part for (part,) in file.execute("SELECT part FROM packed ORDER BY place")]
        return _MARK + base64.b64encode(b"".join([*parts, self._packer.copy().flush()])).decode()

    def _pack(self, lines: str) -> None:
        if part := self._packer.compress(lines.encode()):
            self._open().execute("INSERT INTO packed (part) VALUES (?)", (part,))

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> sqlite3.Connection:
        if self._file is None:
            file = sqlite3.connect("", isolation_level=None)  # no name: temporary, on disk when large, gone when closed
            file.execute("CREATE TABLE known (key TEXT PRIMARY KEY, print TEXT, now INTEGER) WITHOUT ROWID")
            file.execute("CREATE TABLE flagged (key TEXT PRIMARY KEY) WITHOUT ROWID")
            file.execute("CREATE TABLE packed (place INTEGER PRIMARY KEY, part BLOB)")
            file.executemany("INSERT OR REPLACE INTO known VALUES (?, ?, 0)", _unpack(self._state.get("keys", "")))
            file.executemany("INSERT OR REPLACE INTO known VALUES (?, ?, 0)", self._added.items())
            self._file, self._added, self._state = file, {}, {}
            self._opened_with, self._written = len(self), 0
        return self._file


_MARK = "64:"
"""Before what is packed. Cursors of earlier releases have none: they are in base 85, which costs Python ten times as much."""

_LEVEL = 3
_MISSING = f"now = 0 AND key >= '\x03' AND print != '{GONE}'"


def _keys(file: sqlite3.Connection, sql: str, values: tuple[str, ...]) -> Iterator[str]:
    return (row[0] for row in file.execute(sql, values))


def _unpack(text: str) -> Iterator[list[str]]:
    packed = base64.b64decode(text[len(_MARK) :]) if text.startswith(_MARK) else base64.b85decode(text)
    unpacker = zlib.decompressobj()
    rest = b""
    for start in range(0, len(packed), _DECODE):
        *lines, rest = (rest + unpacker.decompress(packed[start : start + _DECODE])).split(b"\n")
        yield from map(orjson.loads, lines)
