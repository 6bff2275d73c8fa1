"""Source records: every version that ever arrived, and for each key what holds now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any, NamedTuple, cast

import orjson
from sqlalchemy import Connection, and_, exists, func, or_, select, tuple_

from hub.records import Operation, RecordRef, SourceRecord
from hub.store import rows
from hub.store.arrays import array
from hub.store.tables import record_versions, records
from hub.store.types import ToldJson

SourceKey = tuple[str, str]
"""(system, key): what the systems call their record; the generation is part of what is held under it."""

_TOLD = (
    "generation",
    "version",
    "message_id",
    "operation",
    "data",
    "updated_at",
    "extracted_at",
    "feed",
    "run",
    "mapping",
    "position",
    "delta",
    "sequenced",
    "target",
    "valid_from",
    "valid_to",
    "replayed_at",
)


_APART = frozenset({"data", "generation", "operation"})
_PLAIN = tuple(name for name in _TOLD if name not in ("generation", "version", "operation"))
_KEY = ("system", "key")
_STORED = ("data", "entity", "system", "key", "generation", "operation", *(name for name in _TOLD if name not in _APART))
_PARTS = attrgetter("entity", "ref.system", "ref.key", "ref.generation", "operation", *_STORED[6:])
_HELD = ("held_version", "held_position", "gap", "empty", "live", "trusted", "node_id", "golden_id")
_STANDS = attrgetter("version", "position", "gap", "empty", "live", "trusted", "node", "golden")
_RECORD = ("entity", "system", "key", "generation", "operation", *_PLAIN)
_HEAD = (*_RECORD, *_HELD)
_PLAIN_BEGINS, _RECORD_ENDS = 5, len(_RECORD)


@dataclass(slots=True)
class Head:
    """What holds of one key. Changed by the resolver while it works, then put back."""

    record: SourceRecord
    version: str  # the greatest one seen, which a repetition of the same content advances
    position: int | None
    gap: bool = False
    empty: bool = False  # nothing holds yet: every version waits
    live: bool = False
    trusted: bool = True
    node: int | None = None
    golden: str | None = None

    @property
    def ref(self) -> RecordRef:
        return self.record.ref

    @property
    def source_key(self) -> SourceKey:
        return self.record.ref.system, self.record.ref.key


Unwritten = Mapping[SourceKey, Head]
"""Heads that hold already and are written at the end, once: what reads the store is told of them."""

_NOTHING: Unwritten = {}


class Placed(NamedTuple):
    """Where a live record stands, without its values."""

    ref: RecordRef
    node: int
    golden: str | None
    trusted: bool


class Known(NamedTuple):
    """Of records that arrived: which message ids were taken before, and what holds of their keys."""

    messages: set[str]
    heads: dict[SourceKey, Head]


def _ask_messages(tx: Connection, entity: str, ids: Iterable[str]) -> rows.Answer:
    given = [(one,) for one in ids]
    return rows.ask(tx, record_versions, ("message_id",), given, told=("message_id",), fixed={"entity": entity})


def ask_known(tx: Connection, entity: str, arrived: Collection[SourceRecord]) -> Callable[[], Known]:
    """In two steps, so that other things can be asked together with it: what is known of records that arrived."""
    messages = _ask_messages(tx, entity, {record.message_id for record in arrived})
    keys = {(record.ref.system, record.ref.key) for record in arrived}
    held = rows.ask(tx, records, _KEY, list(keys), told=_HEAD, fixed={"entity": entity})

    def read() -> Known:
        taken = {row[0] for row in messages()}
        return Known(taken, {(row[1], row[2]): Head(_made(row), *row[_RECORD_ENDS:]) for row in held()})

    return read


def add_versions(tx: Connection, versions: Iterable[SourceRecord], states: Mapping[str, str], at: datetime) -> None:
    made = [(*_told(version), states[version.message_id], at) for version in versions]
    rows.insert_columns(tx, record_versions, (*_STORED, "state", "arrived_at"), list(zip(*made, strict=True)))


def keys_with_old(tx: Connection, entity: str, before: datetime, after: SourceKey | None, limit: int) -> list[SourceKey]:
    """A page of the keys that have versions which arrived before this moment and hold nothing."""
    c = record_versions.c
    wanted = select(c.system, c.key).where(c.entity == entity, c.state.in_(("superseded", "unchanged")), c.arrived_at < before)
    if after is not None:
        wanted = wanted.where(tuple_(c.system, c.key) > tuple_(*after))
    return [(row.system, row.key) for row in tx.execute(wanted.distinct().order_by(c.system, c.key).limit(limit))]


def states_of(
    tx: Connection, entity: str, keys: Iterable[SourceKey]
) -> dict[SourceKey, list[tuple[SourceRecord, str, datetime]]]:
    """All versions of these keys, each with its state and when it arrived."""
    found: dict[SourceKey, list[tuple[SourceRecord, str, datetime]]] = defaultdict(list)
    told = (*_RECORD, "state", "arrived_at")
    for row in rows.find(tx, record_versions, _KEY, list(keys), told=told, fixed={"entity": entity}):
        found[row[1], row[2]].append((_made(row[:-2]), row[-2], row[-1]))
    return found


def forget_versions(tx: Connection, entity: str, messages: Sequence[str]) -> None:
    rows.delete(tx, record_versions, [{"entity": entity, "message_id": one} for one in messages])


def change_states(tx: Connection, entity: str, states: Mapping[str, str]) -> None:
    given = [{"entity": entity, "message_id": message, "state": state} for message, state in sorted(states.items())]
    rows.update(tx, record_versions, ("entity", "message_id"), given)


def history(tx: Connection, entity: str, keys: Iterable[SourceKey]) -> dict[SourceKey, list[SourceRecord]]:
    """All versions of these keys, in the order of versions."""
    found: dict[SourceKey, list[SourceRecord]] = defaultdict(list)
    for row in rows.find(tx, record_versions, _KEY, list(keys), told=_RECORD, fixed={"entity": entity}):
        found[row[1], row[2]].append(_made(row))
    for versions in found.values():
        versions.sort(key=lambda version: (version.version, version.message_id))
    return found


def states(tx: Connection, entity: str, key: SourceKey) -> list[tuple[SourceRecord, str, datetime]]:
    """The story of one key: each version, what became of it, and when it arrived."""
    wanted = select(record_versions).where(
        record_versions.c.entity == entity, record_versions.c.system == key[0], record_versions.c.key == key[1]
    )
    told = [(_record(row), str(row["state"]), row["arrived_at"]) for row in tx.execute(wanted).mappings()]
    return sorted(told, key=lambda one: (one[0].version, one[0].message_id))


def by_message(tx: Connection, entities: Iterable[str], messages: Collection[str]) -> list[tuple[SourceRecord, str, datetime]]:
    """The versions that these messages brought, with what became of each, and when it arrived."""
    told, given = (*_RECORD, "state", "arrived_at"), [(message,) for message in messages]
    found = [
        row
        for entity in entities
        for row in rows.find(tx, record_versions, ("message_id",), given, told=told, fixed={"entity": entity})
    ]
    return [(_made(row[:_RECORD_ENDS]), row[-2], row[-1]) for row in found]


def heads(tx: Connection, entity: str, keys: Iterable[SourceKey], over: Unwritten = _NOTHING) -> dict[SourceKey, Head]:
    return _ask_heads(tx, entity, set(keys), over)()


def _ask_heads(tx: Connection, entity: str, wanted: set[SourceKey], over: Unwritten) -> Callable[[], dict[SourceKey, Head]]:
    known = {key: over[key] for key in wanted if key in over} if over else {}
    stored = rows.ask(tx, records, _KEY, list(wanted - known.keys()), told=_HEAD, fixed={"entity": entity})
    return lambda: known | {(row[1], row[2]): Head(_made(row), *row[_RECORD_ENDS:]) for row in stored()}


def live_heads(tx: Connection, entity: str, page: int = 500) -> Iterator[list[Head]]:
    """Every live record, page by page in the order of keys. Heads may be put back between two pages."""
    last = ("", "")
    while True:
        behind = or_(records.c.system > last[0], and_(records.c.system == last[0], records.c.key > last[1]))
        wanted = select(records).where(records.c.entity == entity, records.c.live, behind)
        found = [_head(row) for row in tx.execute(wanted.order_by(records.c.system, records.c.key).limit(page)).mappings()]
        if not found:
            return
        yield found
        last = found[-1].source_key


def pointing_at(tx: Connection, entity: str, keys: Iterable[SourceKey], over: Unwritten = _NOTHING) -> list[Head]:
    """Heads whose source merged or renamed them into one of these keys."""
    wanted = set(keys)
    given, same = list(wanted), {"entity": entity}
    stored = rows.find(tx, records, ("system", "target"), given, told=_HEAD, fixed=same, where="records.target IS NOT NULL")
    found = [Head(_made(row), *row[_RECORD_ENDS:]) for row in stored if (row[1], row[2]) not in over]
    return found + [head for head in over.values() if head.record.target and (head.ref.system, head.record.target) in wanted]


def any_pointers(tx: Connection, entity: str) -> bool:
    return bool(tx.scalar(select(exists().where(records.c.entity == entity, records.c.target.is_not(None)))))


def ever_merged(tx: Connection, entity: str) -> dict[SourceKey, set[str]]:
    """The keys that records were merged into by their own system, or got instead of their own, as far as history is kept."""
    c, found = record_versions.c, dict[SourceKey, set[str]]()
    wanted = select(c.system, c.key, c.target).where(c.entity == entity, c.target.is_not(None)).distinct()
    for system, key, target in tx.execute(wanted):
        found.setdefault((system, key), set()).add(target)
    return found


def put_heads(tx: Connection, heads: Iterable[Head], new: Collection[SourceKey] = ()) -> None:
    """Write heads, new ones and changed ones. ``new``: keys of which nothing is held, so that nobody need look for it."""
    fresh: list[tuple[Any, ...]] = []
    changed: list[tuple[Any, ...]] = []
    for head in heads:
        (fresh if head.source_key in new else changed).append((*_told(head.record), *_STANDS(head)))
    rows.insert_columns(tx, records, (*_STORED, *_HELD), list(zip(*fresh, strict=True)))
    rows.insert_columns(tx, records, (*_STORED, *_HELD), list(zip(*changed, strict=True)), known="replace")


def place(tx: Connection, entity: str, placed: Mapping[SourceKey, str | None]) -> None:
    """Say behind which golden records keys stand."""
    given = [
        {"entity": entity, "system": system, "key": key, "golden_id": golden} for (system, key), golden in sorted(placed.items())
    ]
    rows.update(tx, records, ("entity", "system", "key"), given)


def in_nodes(tx: Connection, nodes: Iterable[int], over: Unwritten = _NOTHING) -> list[Placed]:
    """The live records of these nodes."""
    return ask_in_nodes(tx, nodes, over)()


def ask_in_nodes(
    tx: Connection, nodes: Iterable[int], over: Unwritten = _NOTHING, fresh: Collection[int] = frozenset()
) -> Callable[[], list[Placed]]:
    """The same in two steps; the records of ``fresh`` nodes are not written yet."""
    wanted = set(nodes)
    stored = _ask_placed(tx, "node_id", wanted.difference(fresh), over)
    return lambda: stored() + [_place_of(h) for h in over.values() if h.live and h.node in wanted]


def ask_beside(tx: Connection, nodes: Iterable[int], over: Unwritten = _NOTHING) -> Callable[[], list[Placed]]:
    """In two steps: the live records that stand behind a golden record together with any stored in these nodes."""
    given = list(nodes)
    if not given:
        return list
    values = [array("bigint", given)] if tx.dialect.name == "postgresql" else [orjson.dumps(given).decode()]
    found = rows.ask_from(tx, records, _PLACED, _BESIDE if tx.dialect.name == "postgresql" else _BESIDE_SQLITE, values)
    return lambda: _not_over(found(), over)


_BESIDE = """(SELECT DISTINCT golden_id FROM records WHERE node_id = ANY (%s::bigint[]) AND live) AS here,
LATERAL (SELECT * FROM records WHERE records.golden_id = here.golden_id AND records.live OFFSET 0) AS records"""
"""Golden record by golden record through the index, whatever PostgreSQL knows of the table."""
_BESIDE_SQLITE = """records WHERE records.live AND records.golden_id IN
(SELECT here.golden_id FROM json_each(?) AS given CROSS JOIN records AS here WHERE here.node_id = given.value AND here.live)"""


def behind_goldens(tx: Connection, goldens: Iterable[str], over: Unwritten = _NOTHING) -> list[Placed]:
    """The live records behind these golden records."""
    wanted = set(goldens)
    return _ask_placed(tx, "golden_id", wanted, over)() + unwritten_behind(wanted, over)


def unwritten_behind(goldens: Collection[str], over: Unwritten) -> list[Placed]:
    """The same of heads that are not written yet."""
    return [_place_of(h) for h in over.values() if h.live and h.golden in goldens]


def of_golden(tx: Connection, golden: str) -> list[SourceRecord]:
    """The records behind one golden record, in order, with their values."""
    wanted = select(records).where(records.c.golden_id == golden, records.c.live)
    return sorted((_record(row) for row in tx.execute(wanted).mappings()), key=lambda record: record.ref)


def contents(tx: Connection, entity: str, refs: Iterable[RecordRef], over: Unwritten = _NOTHING) -> dict[RecordRef, SourceRecord]:
    """The held records under these refs."""
    return ask_contents(tx, entity, refs, over)()


def ask_contents(
    tx: Connection, entity: str, refs: Iterable[RecordRef], over: Unwritten = _NOTHING
) -> Callable[[], dict[RecordRef, SourceRecord]]:
    """The same in two steps."""
    found = _ask_heads(tx, entity, {(ref.system, ref.key) for ref in refs}, over)
    return lambda: {head.ref: head.record for head in found().values()}


def all_keys(tx: Connection, entity: str) -> list[SourceKey]:
    wanted = select(record_versions.c.system, record_versions.c.key).where(record_versions.c.entity == entity).distinct()
    return sorted((row.system, row.key) for row in tx.execute(wanted))


def count_states(tx: Connection, entity: str) -> dict[str, int]:
    wanted = (
        select(record_versions.c.state, func.count()).where(record_versions.c.entity == entity).group_by(record_versions.c.state)
    )
    return {row[0]: row[1] for row in tx.execute(wanted)}


def count_unplaced(tx: Connection, entity: str) -> int:
    """Live records whose golden record waits for the redo queue."""
    where = and_(records.c.entity == entity, records.c.live, records.c.node_id.is_not(None), records.c.golden_id.is_(None))
    return tx.scalar(select(func.count()).select_from(records).where(where)) or 0


def _ask_placed(tx: Connection, column: str, wanted: Iterable[Any], over: Unwritten) -> Callable[[], list[Placed]]:
    found = rows.ask(tx, records, (column,), [(one,) for one in wanted], told=_PLACED, where="records.live")
    return lambda: _not_over(found(), over)


_PLACED = ("system", "key", "generation", "node_id", "golden_id", "trusted")


def _not_over(found: Iterable[Sequence[Any]], over: Unwritten) -> list[Placed]:
    return [Placed(RecordRef(*row[:3]), row[3], row[4], row[5]) for row in found if (row[0], row[1]) not in over]


def _place_of(head: Head) -> Placed:
    return Placed(head.ref, cast(int, head.node), head.golden, head.trusted)


def _made(row: Sequence[Any]) -> SourceRecord:
    """A source record of the columns ``_RECORD``."""
    values = dict(zip(_PLAIN, row[_PLAIN_BEGINS:], strict=False))
    ref = RecordRef(row[1], row[2], row[3])
    return SourceRecord(entity=row[0], ref=ref, operation=Operation(row[4]), **values)


def _told(record: SourceRecord) -> tuple[Any, ...]:
    """The columns ``_STORED`` of a record."""
    return (ToldJson(record.data_json.decode()), *_PARTS(record))


def _record(row: Mapping[Any, Any]) -> SourceRecord:
    values = {name: row[name] for name in _TOLD if name not in ("generation", "version", "operation")}
    return SourceRecord(
        entity=row["entity"],
        ref=RecordRef(row["system"], row["key"], row["generation"]),
        operation=Operation(row["operation"]),
        **values,
    )


def _head(row: Mapping[Any, Any]) -> Head:
    return Head(
        record=_record(row),
        version=row["held_version"],
        position=row["held_position"],
        gap=row["gap"],
        empty=row["empty"],
        live=row["live"],
        trusted=row["trusted"],
        node=row["node_id"],
        golden=row["golden_id"],
    )
