"""Files that only grow: every line is a message, read once, in order, from the byte where the last read stopped."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from hub.contract import Batch, Checkpoint, Cursor, Signal, StreamRequest
from hub.formats import jsonl
from hub.formats.lines import Line
from hub.formats.rows import Flaw, Row
from hub.reading import folders
from hub.reading.keys import key_of
from hub.reading.known import fingerprint
from hub.reading.snapshots import Event, chunks, damage
from hub.records import Damage, RawRecord

_HEAD = 512


@dataclass
class _Place:
    """Where the read of one file stands. The head tells a file that was replaced from one that grew."""

    offset: int = 0
    line: int = 0
    head: str = ""
    head_size: int = 0

    def state(self) -> dict[str, int | str]:
        return {"offset": self.offset, "line": self.line, "head": self.head, "head_size": self.head_size}


def read(
    files: Sequence[Path], request: StreamRequest, cursor: Cursor | None, key: Sequence[str], encoding: str, longest: int
) -> Iterator[Event]:
    """The lines added since the cursor. A file that was replaced is read from its start."""
    places = {name: _Place(**place) for name, place in (cursor or {}).get("files", {}).items()}
    places = {path.name: places.get(path.name, _Place()) for path in files}
    for path in files:
        with folders.opened(path) as stream:
            yield from _resume(stream, path.name, places[path.name])
            lines = _lines(stream, path.name, places[path.name], encoding, longest)
            for chunk in chunks(lines, request.batch_size):
                yield Batch([_record(piece, request.name, key) for piece in chunk])
                _mark_head(stream, places[path.name])
                yield Checkpoint({"version": 1, "files": {name: place.state() for name, place in places.items()}})
    yield Checkpoint({"version": 1, "files": {name: place.state() for name, place in places.items()}})


def _resume(stream: BinaryIO, name: str, place: _Place) -> Iterator[Signal]:
    size = stream.seek(0, os.SEEK_END)
    if size < place.offset or _head(stream, place.head_size) != (place.head or _head(stream, 0)):
        place.offset = place.line = place.head_size = 0
        yield Signal("resync", f"{name} was replaced by another file; it is read from its start.", {"file": name})
    stream.seek(place.offset)


def _head(stream: BinaryIO, size: int) -> str:
    stream.seek(0)
    return fingerprint(stream.read(size))


def _mark_head(stream: BinaryIO, place: _Place) -> None:
    place.head_size = min(_HEAD, place.offset)
    place.head = _head(stream, place.head_size)
    stream.seek(place.offset)


def _lines(stream: BinaryIO, name: str, place: _Place, encoding: str, longest: int) -> Iterator[Row | Flaw]:
    while raw := stream.readline(longest):
        size, too_long = len(raw), len(raw) >= longest and not raw.endswith(b"\n")
        while not raw.endswith(b"\n") and (more := stream.readline(longest)):
            raw, size = more, size + len(more)
        ended = raw.endswith(b"\n")
        text = "" if too_long else raw.decode(encoding, "surrogateescape")
        piece = jsonl.parse(Line(place.line + 1, text, ended, too_long), name, encoding, longest)
        if not ended and isinstance(piece, Flaw):
            return  # still being written: the next read will see all of it
        place.offset += size
        place.line += 1
        if text.strip() or too_long:
            yield piece


def _record(piece: Row | Flaw, stream: str, key: Sequence[str]) -> RawRecord | Damage:
    if isinstance(piece, Flaw):
        return damage(stream, piece)
    return RawRecord(stream, piece.data, piece.where, key_of(piece.data, key))
