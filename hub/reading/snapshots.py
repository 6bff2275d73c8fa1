"""Sources that only show how things are now: hash every row, compare with the last look, yield what differs.

A key that is no longer there was deleted; a snapshot that would delete more than its share stops and asks a person. While a
row is damaged and its key cannot be read, nothing is taken for deleted: it might be that row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from hub.contract import Batch, Checkpoint, Cursor, Signal, StreamRequest
from hub.errors import FeedHeld
from hub.formats.rows import MEBIBYTE, Flaw, Row
from hub.reading.keys import key_of
from hub.reading.known import DAMAGED, KEYLESS, Known, fingerprint
from hub.records import Damage, RawRecord

BATCH_BYTES = 16 * MEBIBYTE
SMALL = 10
"""Fewer deletions than this are never held back for their share, unless nothing would be left."""

Event = Batch | Checkpoint | Signal


@dataclass(frozen=True)
class Snapshot:
    """One look at a source."""

    request: StreamRequest
    key: Sequence[str]  # columns; none: records are known by their content, and nothing is ever deleted
    known: Known
    signals: Callable[[], Iterable[Signal]] = tuple  # what else the hub should know, asked before the last checkpoint
    extra: Callable[[], Cursor] = dict  # what else the cursor keeps
    again: Callable[[], Iterable[Row | Flaw]] | None = None  # a source that moves while it is read is read twice before deleting
    whole: Callable[[], bool] = lambda: True  # after reading: did the source stand still meanwhile?

    second: bool = False  # this is the second look

    def cursor(self) -> Cursor:
        """The cursor as it would be kept now."""
        return {"version": 1, "known": self.known.state(), **self.extra()}


@dataclass
class _Tally:
    unkeyed: int = 0  # damaged pieces whose key could not be read
    since: int = 0  # records since the last checkpoint


class _Piece(NamedTuple):
    entry: str  # what the record is known by
    key: str | None
    piece: Row | Flaw
    print: str


def changes(pieces: Iterable[Row | Flaw], snapshot: Snapshot) -> Iterator[Event]:
    """New and changed rows in the order of the source, then deletions, then the checkpoint that covers all."""
    try:
        yield from _differences(pieces, snapshot)
    finally:
        snapshot.known.close()


def _differences(pieces: Iterable[Row | Flaw], snapshot: Snapshot) -> Iterator[Event]:
    tally = _Tally()
    yield from _look(pieces, snapshot, tally)
    if snapshot.again and snapshot.known.count_missing():
        yield from _look(snapshot.again(), replace(snapshot, second=True), tally)
    yield from _finish(snapshot, tally)


def _look(pieces: Iterable[Row | Flaw], snapshot: Snapshot, tally: _Tally) -> Iterator[Event]:
    for chunk in chunks(pieces, snapshot.request.batch_size):
        records = _differing([_identify(piece, snapshot, tally) for piece in chunk], snapshot)
        tally.since += len(records)
        if records:
            yield Batch(records)
        if due(tally.since, snapshot.known, snapshot.request):
            tally.since = 0
            yield Checkpoint(snapshot.cursor())


def chunks(pieces: Iterable[Row | Flaw], size: int) -> Iterator[list[Row | Flaw]]:
    """Lists of at most ``size`` pieces, and of not much more than ``BATCH_BYTES``."""
    chunk: list[Row | Flaw] = []
    weight = 0
    for piece in pieces:
        chunk.append(piece)
        weight += piece.size if isinstance(piece, Row) else 0
        if len(chunk) >= size or weight >= BATCH_BYTES:
            yield chunk
            chunk, weight = [], 0
    if chunk:
        yield chunk


def due(since: int, known: Known, request: StreamRequest) -> bool:
    """A checkpoint carries all that is known, so its size decides how often there is one: the total stays linear.

    A crash costs reading the last tenth once more.
    """
    return since > 0 and since >= max(request.batch_size, known.at_most // 10)


def damage(stream: str, flaw: Flaw) -> Damage:
    return Damage(stream, flaw.where, flaw.code, flaw.reason, flaw.excerpt)


def _identify(piece: Row | Flaw, snapshot: Snapshot, tally: _Tally) -> _Piece:
    if isinstance(piece, Row) and snapshot.key:
        key = key_of(piece.data, snapshot.key)
        if key is not None:
            return _Piece(key, key, piece, fingerprint(piece.data))
        reason = f"The record has no usable value for its key {', '.join(snapshot.key)}."
        piece = Flaw(piece.where, "key_missing", reason)
        return _Piece(_damaged(piece), None, piece, "")
    if isinstance(piece, Row):
        return _Piece(KEYLESS + fingerprint(piece.data) + fingerprint("2", piece.data), None, piece, "")
    key = key_of(piece.data, snapshot.key) if piece.data else None
    tally.unkeyed += key is None
    return _Piece(_damaged(piece), key, piece, "")


def _damaged(flaw: Flaw) -> str:
    """Known by what is wrong and by what could be read, so that a damaged row that moves down a line is not reported again."""
    return DAMAGED + fingerprint(flaw.code, flaw.excerpt, flaw.data or ("" if flaw.excerpt else flaw.where))


def _differing(pieces: list[_Piece], snapshot: Snapshot) -> list[RawRecord | Damage]:
    known, stream = snapshot.known, snapshot.request.name
    held = known.look([name for p in pieces for name in (p.entry, p.key) if name is not None])
    fresh: dict[str, str] = {}
    records: list[RawRecord | Damage] = []
    for p in pieces:
        before = held.get(p.entry)
        if isinstance(p.piece, Flaw):
            if p.key is not None and p.key in held:
                fresh.setdefault(p.key, held[p.key].print)  # damaged is not deleted
            if before is None and p.entry not in fresh:
                records.append(damage(stream, p.piece))
        elif p.piece.gone:
            known.flag([p.entry])
            continue
        elif p.entry in fresh or (before and before.now and not snapshot.second):
            if p.print != (fresh.get(p.entry) or (before.print if before else "")):
                records.extend(_twice(p, stream, known))
            continue
        elif before is None or before.print != p.print:
            records.append(RawRecord(stream, p.piece.data, p.piece.where, p.key))
        fresh[p.entry] = p.print
    known.see(fresh.items())
    return records


def _twice(p: _Piece, stream: str, known: Known) -> list[Damage]:
    """A second row with a key of this very snapshot and other content: nobody can say which is right, so the first stays."""
    flaw = Flaw(p.piece.where, "duplicate_key", "Another record of this snapshot has the same key and other content.")
    entry = DAMAGED + fingerprint("duplicate_key", p.entry, p.print)
    new = not known.look([entry])
    known.see([(entry, "")])
    return [damage(stream, flaw)] if new else []


def _finish(snapshot: Snapshot, tally: _Tally) -> Iterator[Event]:
    yield from snapshot.signals()
    if not snapshot.whole():
        yield Signal("waiting", "The source changed while it was read; deletions wait for the next look.")
    else:
        yield from _flagged(snapshot)
        if tally.unkeyed and snapshot.known.count_missing():
            yield Signal("waiting", _WAITING, {"damaged": tally.unkeyed})
        else:
            yield from departed(snapshot.known, snapshot.request, snapshot.cursor)
    yield Checkpoint(snapshot.cursor())


_WAITING = "Deletions wait: there are damaged rows whose key cannot be read, and a missing record may be one of them."


def _flagged(snapshot: Snapshot) -> Iterator[Event]:
    yield from _deletions(snapshot.known.flagged(), snapshot.request, "marked as deleted")
    snapshot.known.settle_flags()


def departed(known: Known, request: StreamRequest, cursor: Callable[[], Cursor], at: datetime | None = None) -> Iterator[Event]:
    """Deletions of all known keys that this look did not see, unless there are suspiciously many."""
    known.forget_remains()
    missing = known.count_missing()
    if not missing:
        return
    left = known.count_seen()
    share = missing / (missing + left)
    if share > request.max_deleted_share and (missing >= SMALL or left == 0) and not request.accept:
        yield Checkpoint(cursor())
        raise FeedHeld(
            f"{request.name}: {missing} of {missing + left} records are gone, more than the allowed share of "
            f"{request.max_deleted_share:.0%}. Nothing was deleted. If it is right, run the feed once with --accept.",
            feed=request.name,
            why="deleted_share",
            missing=missing,
            left=left,
        )
    yield from _deletions(known.missing(), request, "no longer there", at)
    known.forget(list(known.missing()))


def _deletions(keys: Iterator[str], request: StreamRequest, why: str, at: datetime | None = None) -> Iterator[Batch]:
    while some := list(islice(keys, request.batch_size)):
        gone = [RawRecord(request.name, {}, f"{request.name} {key}: {why}", key, "deleted", updated_at=at) for key in some]
        yield Batch(gone)
