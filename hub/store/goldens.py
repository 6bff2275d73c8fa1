"""Golden records, the ids they had, who stands behind them, and what was announced about them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from operator import attrgetter
from typing import Any, NamedTuple, cast

from orjson import Fragment
from sqlalchemy import Connection, Text, and_, func, or_, select, type_coerce

from hub.records import Data, RecordRef
from hub.store import rows
from hub.store.bells import ANNOUNCED, ring
from hub.store.sources import SourceKey
from hub.store.tables import former_members, goldens, outbox, xref

ACTIVE, RETIRED, ENDED = "active", "retired", "ended"

_NAMES = tuple(goldens.c.keys())
_VALUES = attrgetter(*_NAMES)

Members = tuple[RecordRef, ...]


@dataclass(frozen=True, slots=True)
class Golden:
    """A golden record as it is stored, and what is left of one that retired or ended."""

    id: str
    entity: str
    version: int
    state: str
    data: Data
    members: Members
    last_members: Members
    as_of: date
    created_at: datetime
    updated_at: datetime
    into: str | None = None
    next_due: date | None = None
    provenance: dict[str, Any] = field(default_factory=dict)
    quality: dict[str, Any] = field(default_factory=dict)

    @property
    def live(self) -> bool:
        return self.state == ACTIVE


class Announcement(NamedTuple):
    """One version of one golden record, as the world is told."""

    id: int
    entity: str
    golden_id: str
    version: int
    kind: str
    data: Data
    at: datetime


class CrossReference(NamedTuple):
    """A key stood behind a golden record for a while, or still does."""

    ref: RecordRef
    golden_id: str
    valid_from: datetime
    valid_to: datetime | None
    state: str


def by_id(tx: Connection, ids: Iterable[str]) -> dict[str, Golden]:
    return ask_by_id(tx, ids)()


def ask_by_id(tx: Connection, ids: Iterable[str]) -> Callable[[], dict[str, Golden]]:
    """The same in two steps."""
    found = rows.ask(tx, goldens, ("id",), [(one,) for one in ids], told=_NAMES)
    return lambda: {row[0]: _golden(dict(zip(_NAMES, row, strict=True))) for row in found()}


def current(tx: Connection, golden_id: str) -> Golden | None:
    """The golden record an id leads to, through all redirects."""
    seen: set[str] = set()
    found = by_id(tx, [golden_id]).get(golden_id)
    while found is not None and found.into is not None and found.into not in seen:
        seen.add(found.id)
        found = by_id(tx, [found.into]).get(found.into)
    return found


def behind_key(tx: Connection, entity: str, key: SourceKey) -> str | None:
    """The id a system's key stands behind now; a key that was merged away leads to where it went."""
    wanted = (
        select(xref.c.golden_id)
        .where(xref.c.entity == entity, xref.c.system == key[0], xref.c.key == key[1], xref.c.valid_to.is_(None))
        .order_by(xref.c.generation.desc())
    )
    return tx.scalar(wanted.limit(1))


def behind_key_on(tx: Connection, entity: str, key: SourceKey, at: datetime) -> str | None:
    """The id a system's key stood behind at a moment: the cross-reference is dated."""
    known = (xref.c.valid_from <= at, or_(xref.c.valid_to.is_(None), xref.c.valid_to > at))
    wanted = select(xref.c.golden_id).where(xref.c.entity == entity, xref.c.system == key[0], xref.c.key == key[1], *known)
    return tx.scalar(wanted.order_by(xref.c.generation.desc()).limit(1))


def known_on(tx: Connection, golden_id: str, at: datetime) -> Announcement | None:
    """The version of a golden record that was the last one announced at a moment."""
    wanted = select(outbox).where(outbox.c.golden_id == golden_id, outbox.c.at <= at).order_by(outbox.c.version.desc()).limit(1)
    row = tx.execute(wanted).mappings().first()
    return Announcement(**row) if row else None


def listed(tx: Connection, entity: str, *, after: str = "", limit: int = 1000, state: str = ACTIVE) -> list[Golden]:
    """A page of golden records by id."""
    wanted = select(goldens).where(goldens.c.entity == entity, goldens.c.state == state, goldens.c.id > after)
    return [_golden(row) for row in tx.execute(wanted.order_by(goldens.c.id).limit(limit)).mappings()]


def every(tx: Connection, entity: str, *, state: str = ACTIVE, page: int = 1000) -> Iterator[Golden]:
    """All of them, page by page."""
    found = listed(tx, entity, limit=page, state=state)
    while found:
        yield from found
        found = listed(tx, entity, after=found[-1].id, limit=page, state=state)


def due(tx: Connection, entity: str, as_of: date, limit: int) -> list[Golden]:
    """Golden records that time alone may have changed."""
    wanted = select(goldens).where(goldens.c.entity == entity, goldens.c.state == ACTIVE, goldens.c.next_due <= as_of)
    return [_golden(row) for row in tx.execute(wanted.order_by(goldens.c.next_due, goldens.c.id).limit(limit)).mappings()]


def count(tx: Connection, entity: str) -> dict[str, int]:
    wanted = select(goldens.c.state, func.count()).where(goldens.c.entity == entity).group_by(goldens.c.state)
    return {row[0]: row[1] for row in tx.execute(wanted)}


def put(tx: Connection, changed: Iterable[Golden], new: Collection[str] = ()) -> None:
    """``new``: ids nobody had before, so that nobody need look for them."""
    fresh: list[tuple[Any, ...]] = []
    others: list[tuple[Any, ...]] = []
    for golden in changed:
        (fresh if golden.id in new else others).append(_VALUES(golden))
    rows.insert_columns(tx, goldens, _NAMES, list(zip(*fresh, strict=True)))
    rows.insert_columns(tx, goldens, _NAMES, list(zip(*others, strict=True)), known="replace")


def ask_former(tx: Connection, entity: str, refs: Iterable[RecordRef]) -> Callable[[], set[str]]:
    """In two steps: ids no longer in use whose last members were among these."""
    found = rows.ask(tx, former_members, RecordRef._fields, list(set(refs)), told=("golden_id",), fixed={"entity": entity})
    return lambda: {row[0] for row in found()}


def remember_members(tx: Connection, gone: Iterable[Golden]) -> None:
    """Keep the last members of ids that retire or end, so that a split can bring them back."""
    rows.insert(tx, former_members, [row for golden in gone for row in _member_rows(golden)], known="keep")


def forget_members(tx: Connection, back: Iterable[Golden]) -> None:
    """The other way round, for ids in use again."""
    rows.delete(tx, former_members, [row for golden in back for row in _member_rows(golden)])


def close_references(tx: Connection, entity: str, refs: Mapping[RecordRef, str], at: datetime) -> None:
    """End the cross-reference of these refs; the value says whether it moved or closed."""
    told, holds = ("id", *RecordRef._fields), "xref.valid_to IS NULL"
    found = rows.find(tx, xref, RecordRef._fields, list(refs), told=told, fixed={"entity": entity}, where=holds)
    ended = [{"id": row[0], "valid_to": at, "state": refs[RecordRef(*row[1:])]} for row in found]
    rows.update(tx, xref, ("id",), ended)


def open_references(tx: Connection, entity: str, refs: Mapping[RecordRef, tuple[str, str]], at: datetime) -> None:
    """Start cross-references: ref -> (golden id, active or alias)."""
    made = [
        {
            "entity": entity,
            "system": ref.system,
            "key": ref.key,
            "generation": ref.generation,
            "golden_id": golden,
            "valid_from": at,
            "valid_to": None,
            "state": state,
        }
        for ref, (golden, state) in sorted(refs.items())
    ]
    rows.insert(tx, xref, made)


def references(tx: Connection, golden_id: str) -> list[CrossReference]:
    """Every key that stands or stood behind a golden record, by time."""
    wanted = select(xref).where(xref.c.golden_id == golden_id).order_by(xref.c.valid_from, xref.c.id)
    return [_reference(row) for row in tx.execute(wanted).mappings()]


def every_reference(tx: Connection, entity: str, page: int = 1000) -> Iterator[CrossReference]:
    """The whole cross-reference, past and present, in the order in which it was written."""
    after = 0
    while found := tx.execute(
        select(xref).where(xref.c.entity == entity, xref.c.id > after).order_by(xref.c.id).limit(page)
    ).mappings().all():  # fmt: skip
        yield from map(_reference, found)
        after = found[-1]["id"]


def references_of(tx: Connection, entity: str, key: SourceKey) -> list[CrossReference]:
    """Where a system's key stood over time."""
    where = and_(xref.c.entity == entity, xref.c.system == key[0], xref.c.key == key[1])
    return [_reference(row) for row in tx.execute(select(xref).where(where).order_by(xref.c.valid_from, xref.c.id)).mappings()]


def count_members(tx: Connection, entity: str) -> int:
    """How many records stand behind a golden record, by the cross-reference alone."""
    where = and_(xref.c.entity == entity, xref.c.valid_to.is_(None), xref.c.state == "active")
    return tx.scalar(select(func.count()).select_from(xref).where(where)) or 0


def announce(tx: Connection, told: Sequence[Announcement]) -> None:
    """Put announcements into the outbox; the database numbers them. Whoever brings them on hears of it."""
    if told:
        ring(tx, ANNOUNCED)
    rows.insert_columns(tx, outbox, Announcement._fields[1:], list(zip(*told, strict=True))[1:])


def announced(tx: Connection, entity: str, *, after: int = 0, limit: int = 1000) -> list[Announcement]:
    """What was announced after a place in the outbox, in order."""
    wanted = select(outbox).where(outbox.c.entity == entity, outbox.c.id > after).order_by(outbox.c.id).limit(limit)
    return [Announcement(**row) for row in tx.execute(wanted).mappings()]


def announced_as_told(tx: Connection, entity: str, *, after: int = 0, limit: int = 1000) -> list[Announcement]:
    """The same for who only passes it on: ``data`` is the JSON that is stored, and nobody reads it."""
    c = outbox.c
    told = [type_coerce(c.data, Text) if name == "data" else c[name] for name in Announcement._fields]
    found = tx.execute(select(*told).where(c.entity == entity, c.id > after).order_by(c.id).limit(limit))
    return [Announcement(*row)._replace(data=cast(Any, Fragment(row.data))) for row in found]


def any_announced(tx: Connection, entity: str, after: int) -> bool:
    """Whether anything was announced after a place in the outbox."""
    return tx.execute(select(outbox.c.id).where(outbox.c.entity == entity, outbox.c.id > after).limit(1)).first() is not None


def newest(tx: Connection, entity: str) -> int:
    """The place of the latest announcement in the outbox."""
    return tx.scalar(select(func.max(outbox.c.id)).where(outbox.c.entity == entity)) or 0


def version(tx: Connection, golden_id: str, number: int) -> Announcement | None:
    """One version of a golden record as it was announced, as long as the outbox keeps it."""
    row = tx.execute(select(outbox).where(outbox.c.golden_id == golden_id, outbox.c.version == number)).mappings().first()
    return Announcement(**row) if row else None


def told_at(tx: Connection, golden_ids: Iterable[str], at: datetime) -> list[Announcement]:
    """What was announced of these golden records in the transaction of this moment."""
    wanted = select(outbox).where(rows.among(tx, outbox.c.golden_id, golden_ids), outbox.c.at == at).order_by(outbox.c.id)
    return [Announcement(**row) for row in tx.execute(wanted).mappings()]


def story(tx: Connection, golden_id: str) -> list[Announcement]:
    """Every version of one golden record, the first one first."""
    wanted = select(outbox).where(outbox.c.golden_id == golden_id).order_by(outbox.c.version)
    return [Announcement(**row) for row in tx.execute(wanted).mappings()]


def renamed(golden: Golden, refs: Mapping[RecordRef, RecordRef]) -> Golden:
    """The same with last members under the refs their source gave them since."""
    return replace(golden, last_members=tuple(sorted({refs.get(ref, ref) for ref in golden.last_members})))


def _member_rows(golden: Golden) -> Iterator[rows.Row]:
    for ref in golden.last_members:
        yield {
            "entity": golden.entity,
            "system": ref.system,
            "key": ref.key,
            "generation": ref.generation,
            "golden_id": golden.id,
        }


def _golden(row: Mapping[Any, Any]) -> Golden:
    values = dict(row)
    for name in ("members", "last_members"):
        values[name] = tuple(RecordRef(*ref) for ref in values[name])
    return Golden(**values)


def _reference(row: Mapping[Any, Any]) -> CrossReference:
    ref = RecordRef(row["system"], row["key"], row["generation"])
    return CrossReference(ref, row["golden_id"], row["valid_from"], row["valid_to"], row["state"])
