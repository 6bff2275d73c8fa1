"""What a replay would do: everything is translated, only what differs is resolved, and all of it is rolled back.

What is the same as before costs nothing but its translation. While the rest is tried out, workers wait as they do for each
other, so a rehearsal of much that changes is better held in a quiet hour.
"""

from __future__ import annotations

import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import IO, TYPE_CHECKING, Any, NoReturn

import orjson
from sqlalchemy import Connection

from hub.app.outcome import Tell, untold
from hub.app.replaying import Replayed, Wanted, again, former
from hub.attach import attach
from hub.ingest import Landed
from hub.records import Operation, SourceRecord, receipt_of, record_from_told, record_to_json
from hub.resolve import Resolver
from hub.sealing import NONCE_BYTES, new_key, open_body, seal_body
from hub.store import goldens
from hub.store.goldens import Announcement

if TYPE_CHECKING:
    from hub.app.hub import Hub

CUSTOMER = "customer"
_EXAMPLES = 10


@dataclass
class Rehearsal:
    """What a replay would do."""

    read: int = 0
    unreadable: int = 0
    pruned: int = 0
    unchanged: int = 0  # records that are translated to what they were translated to before
    changed: int = 0
    recovered: int = 0  # records that are accepted now and were not before
    taken_back: int = 0  # records that are not said any more
    filtered: int = 0
    rejected: Counter[str] = field(default_factory=Counter)  # by code
    announced: Counter[str] = field(default_factory=Counter)  # golden records, by kind of change
    tasks_opened: int = 0
    tasks_closed: int = 0
    examples: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        told = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return told | {"rejected": dict(sorted(self.rejected.items())), "announced": dict(sorted(self.announced.items()))}


class _Undone(Exception):
    pass


def rehearse(hub: Hub, wanted: Wanted, tell: Tell = untold) -> Rehearsal:
    """Say what a replay would change. Nothing is written."""
    found = Rehearsal()
    with tempfile.TemporaryFile() as file:
        spool = _Spool(file)
        done: Replayed = again(hub, wanted, partial(_compare, hub, found, spool), tell)
        found.read, found.unreadable, found.pruned = done.read, done.unreadable, done.pruned
        if spool.records:
            with suppress(_Undone), hub.store.begin() as tx:
                _try_out(tx, hub, spool, found, tell)
    return found


def _compare(hub: Hub, found: Rehearsal, spool: _Spool, feed: str, landed: Landed) -> None:
    """What one batch says today against what it said before; what differs is put by."""
    origins = {piece.id: piece.origin or "" for piece in landed.came}
    before = former(hub, feed, sorted(set(origins.values())))
    different = []
    for record in landed.records:
        said = before.get(origins[receipt_of(record.message_id)], ())
        same_place = [one for one in said if (one.entity, one.ref, one.order) == (record.entity, record.ref, record.order)]
        if any(_says_the_same(one, record) for one in same_place):
            found.unchanged += 1
            continue
        different.append(record)
        if record.operation in (Operation.OUT_OF_SCOPE, Operation.WITHDRAWN):
            found.taken_back += 1
        elif said:
            found.changed += 1
        else:
            found.recovered += 1
    found.filtered += sum(landed.filtered.values())
    found.rejected.update(one.code for one in landed.rejects)
    spool.put(different)


def _says_the_same(one: SourceRecord, other: SourceRecord) -> bool:
    times = (one.valid_from, one.valid_to) == (other.valid_from, other.valid_to)
    return times and one.content_hash == other.content_hash


def _try_out(tx: Connection, hub: Hub, spool: _Spool, found: Rehearsal, tell: Tell) -> NoReturn:
    resolver = Resolver(hub.rules, clock=hub.clock)
    last, done = goldens.newest(tx, CUSTOMER), 0
    for batch in spool:
        customers = [record for record in batch if record.entity == CUSTOMER]
        others = [record for record in batch if record.entity != CUSTOMER]
        if customers:
            outcome = resolver.resolve(tx, customers, hub.as_of)
            found.tasks_opened += outcome.tasks_opened
            found.tasks_closed += outcome.tasks_closed
        if others:
            attach(tx, others, hub.clock())
        done += len(batch)
        last = _look(tx, last, found)
        tell("trying out what changed", done, spool.records)
    while (outcome := resolver.redo(tx, hub.as_of)).taken:
        found.tasks_opened += outcome.tasks_opened
        found.tasks_closed += outcome.tasks_closed
        last = _look(tx, last, found)
    raise _Undone


def _look(tx: Connection, last: int, found: Rehearsal) -> int:
    """What was announced since: counted, and some of it shown."""
    while page := goldens.announced(tx, CUSTOMER, after=last):
        last = page[-1].id
        found.announced.update(one.kind for one in page)
        for one in page:
            if len(found.examples) < _EXAMPLES:
                found.examples.append(_example(tx, one))
    return last


def _example(tx: Connection, one: Announcement) -> dict[str, Any]:
    before = goldens.version(tx, one.golden_id, one.version - 1)
    old: dict[str, Any] = (before.data.get("golden") or {}) if before else {}
    new: dict[str, Any] = one.data.get("golden") or {}
    changed = {name: [old.get(name), new.get(name)] for name in sorted({*old, *new}) if old.get(name) != new.get(name)}
    members = [f"{ref['system']}:{ref['key']}" for ref in one.data.get("members", ())]
    return {"id": one.golden_id, "kind": one.kind, "members": members, "into": one.data.get("into"), "changed": changed}


class _Spool:
    """Records on disk, so that memory does not grow with what changes; sealed under a key that nobody ever sees."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file, self._key = file, new_key()
        self.records = self._batches = 0

    def put(self, records: Sequence[SourceRecord]) -> None:
        if not records:
            return
        told = orjson.dumps([record_to_json(record) for record in records])
        sealed = seal_body(self._key, str(self._batches), told, self._batches.to_bytes(NONCE_BYTES, "big"))
        self._file.write(len(sealed).to_bytes(8, "big") + sealed)
        self.records, self._batches = self.records + len(records), self._batches + 1

    def __iter__(self) -> Iterator[list[SourceRecord]]:
        self._file.seek(0)
        for number in range(self._batches):
            size = int.from_bytes(self._file.read(8), "big")
            told = open_body(self._key, str(number), self._file.read(size))
            yield [record_from_told(one) for one in orjson.loads(told or b"[]")]
