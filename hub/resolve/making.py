"""Golden records of a bulk run, made in worker processes: whole parts of clusters become lines for the store."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter
from typing import Any, NamedTuple

import orjson
from sqlalchemy.engine import Dialect

from hub.records import Data, RecordRef, SourceRecord
from hub.resolve.announcing import Announcer, Moves
from hub.resolve.fresh import CREATED, Fresh, FreshLines
from hub.resolve.gathering import Names
from hub.resolve.rules import Rules
from hub.resolve.settling import Cause
from hub.store import copying, goldens
from hub.store.goldens import Announcement, Golden
from hub.store.store import Store
from hub.store.tables import goldens as golden_table
from hub.store.tables import outbox, xref
from hub.store.types import ToldJson, told_json
from hub.survivorship import Pin, Survived, survive

GOLDENS = tuple(golden_table.c.keys())
OUTBOX = tuple(name for name in outbox.c.keys() if name != "id")  # noqa: SIM118 - a collection of columns


class Surroundings(NamedTuple):
    """What a part of clusters must know of the rest."""

    held: frozenset[str] = frozenset()  # ids of this part that were there before
    elsewhere: Mapping[RecordRef, str] = {}  # where records of these ids went that are not in this part's clusters
    fresh: frozenset[str] = frozenset()  # of all those: minted or reinstated with this change
    reinstated: frozenset[str] = frozenset()
    absorbed: Mapping[str, list[str]] = {}


@dataclass(frozen=True)
class GoldenMaker:
    """Makes golden records in a worker process, as lines for the store."""

    rules: Rules
    at: datetime
    as_of: date
    cause: Cause
    names: Names
    pins: Mapping[RecordRef, list[Pin]]

    def __call__(self, store: Store) -> Callable[[list[Any], Surroundings], tuple[dict[str, bytes], dict[str, int]]]:
        return _Maker(self, store)


class _Maker:
    def __init__(self, known: GoldenMaker, store: Store) -> None:
        self.known, self.store = known, store
        self._fresh = FreshLines(store.engine.dialect, known.rules.entity, known.at, known.as_of)
        self._because = {"kind": known.cause.kind, **known.cause.facts}

    def __call__(self, kept: list[Any], around: Surroundings) -> tuple[dict[str, bytes], dict[str, int]]:
        """``kept`` has, per cluster, its id, records, nodes and where these stood before."""
        if around == Surroundings() and not any(before is not None for one in kept for before in one.before):
            return self._all_fresh(kept)
        known = self.known
        former = self._former(around.held)
        announcer = Announcer(None, known.rules.entity, known.at, known.as_of, self._moves(kept, around))  # type: ignore[arg-type]
        for one in kept:
            refs = [record.ref for record in one.records]
            old = former.get(one.golden)
            announcer.keep(one.golden, old, tuple(refs), self._survived(one.records, refs), self._why(one, old))
        return self._lines(kept, announcer), announcer.kinds

    def _survived(self, records: Sequence[SourceRecord], refs: Sequence[RecordRef]) -> Survived:
        known = self.known
        pins = [pin for ref in refs for pin in known.pins.get(ref, ())] if known.pins else ()
        return survive(records, known.rules.survivorship, known.as_of, pins)

    def _all_fresh(self, kept: list[Any]) -> tuple[dict[str, bytes], dict[str, int]]:
        """Where nothing was there before, there is nothing to compare with."""
        made = []
        for one in kept:
            refs = [record.ref for record in one.records]
            made.append(Fresh(one.golden, refs, self._survived(one.records, refs), self._why(one, None)))
        placed = [
            (ref.system, ref.key, node, fresh.golden, trusted)
            for fresh, one in zip(made, kept, strict=True)
            for ref, node, trusted in zip(fresh.refs, one.nodes, one.trusted, strict=True)
        ]
        lines = self._fresh(made)
        lines["placed"] = copying.placing(self.store.engine.dialect, _turned(placed, len(copying.PLACED)))
        return lines, {CREATED: len(made)} if made else {}

    def _former(self, ids: Collection[str]) -> dict[str, Golden]:
        if not ids:
            return {}
        with self.store.read() as tx:
            return goldens.by_id(tx, ids)

    def _moves(self, kept: list[Any], around: Surroundings) -> Moves:
        if not around.held and not any(before is not None for one in kept for before in one.before):
            return Moves()
        stood = {record.ref: before for one in kept for record, before in zip(one.records, one.before, strict=True) if before}
        after = {record.ref: one.golden for one in kept for record in one.records}
        return Moves(
            before=stood,
            after={**around.elsewhere, **after},
            names=self.known.names,
            fresh=around.fresh,
            reinstated=around.reinstated,
            absorbed=dict(around.absorbed),
        )

    def _why(self, one: Any, old: Golden | None) -> Data:
        if one.bond is not None and (old is None or old.members != tuple(record.ref for record in one.records)):
            bits, left, right = one.bond
            return {"kind": "match", "bits": bits / 1000, "pair": [[left.system, left.key], [right.system, right.key]]}
        return self._because

    def _lines(self, kept: list[Any], announcer: Announcer) -> dict[str, bytes]:
        dialect, entity, at = self.store.engine.dialect, announcer.entity, announcer.at
        placed: list[tuple[Any, ...]] = []
        opened: list[tuple[Any, ...]] = []
        for one in kept:
            golden = one.golden
            for record, node, trusted, before in zip(one.records, one.nodes, one.trusted, one.before, strict=True):
                system, key, generation = record.ref
                placed.append((system, key, node, golden, trusted))
                if before != golden:
                    opened.append((system, key, generation, golden))
        number = len(opened)
        references = [[entity] * number, *_turned(opened, 4), [at] * number, [None] * number, ["active"] * number]
        told = sorted(announcer.told, key=attrgetter("golden_id"))
        return {
            **_golden_lines(dialect, announcer.written, told),
            "xref": copying.lines(dialect, xref, copying.XREF, references),
            "placed": copying.placing(dialect, _turned(placed, len(copying.PLACED))),
        }


def _golden_lines(dialect: Dialect, written: Sequence[Golden], told: Sequence[Announcement]) -> dict[str, bytes]:
    """Golden records and their announcements; what stands in several places is made JSON once."""
    members = [ToldJson(orjson.dumps([ref[:] for ref in golden.members]).decode()) for golden in written]
    data = {golden.id: told_json(golden.data) for golden in written}
    columns = {name: [getattr(golden, name) for golden in written] for name in GOLDENS}
    columns["data"] = [ToldJson(text) for text in data.values()]
    columns["members"] = columns["last_members"] = members
    announced = {name: [getattr(one, name) for one in told] for name in OUTBOX}
    announced["data"] = [{**one.data, "golden": orjson.Fragment(str(data[one.golden_id]))} for one in told]
    return {
        "goldens": copying.lines(dialect, golden_table, GOLDENS, list(columns.values())),
        "outbox": copying.lines(dialect, outbox, OUTBOX, list(announced.values())),
    }


def _turned(rows: Sequence[tuple[Any, ...]], columns: int) -> list[Sequence[Any]]:
    return list(zip(*rows, strict=True)) if rows else [()] * columns
