"""Everything as it came, before anybody translated it: one row for each receipt, the body sealed.

A replay has a receipt of its own, and no body: it points at the receipt it began with, which keeps what came.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, false, func, or_, select, tuple_, update

from hub.store import rows
from hub.store.keys import Owner
from hub.store.tables import raw_messages, raw_sizes, rejects


@dataclass(frozen=True, slots=True)
class RawMessage:
    """One receipt: when, from where, under which release, and what is kept."""

    id: str
    feed: str
    system: str
    stream: str
    entity: str
    key: str | None
    where: str
    run: str
    at: datetime
    kept_at: datetime
    lane: str
    made: int
    release: str
    origin: str | None
    hash: str
    data_key: int
    size: int
    body: bytes | None = None
    pruned_at: datetime | None = None

    @property
    def owner(self) -> Owner:
        """Whose data key seals it."""
        return self.entity, self.system, self.id if self.key is None else self.key

    @property
    def message_ids(self) -> list[str]:
        """What became of it is told under these ids."""
        return [self.id if number == 1 else f"{self.id}.{number}" for number in range(1, self.made + 1)]


@dataclass(frozen=True, slots=True)
class Span:
    """Which receipts: all that are given must hold."""

    since: datetime | None = None
    until: datetime | None = None
    feed: str | None = None
    keys: Sequence[tuple[str, str]] | None = None  # (system, key)
    receipts: Sequence[str] | None = None


_c = raw_messages.c
_ALL = [_c[field.name] for field in fields(RawMessage)]
_WITHOUT_BODY = [column for column in _ALL if column.name != "body"]


def add(tx: Connection, kept: Mapping[str, Sequence[Any]]) -> None:
    """Keep what came: a value of every column for each, column by column."""
    rows.insert_columns(tx, raw_messages, tuple(kept), list(kept.values()))


def numbers_of(tx: Connection, run: str) -> list[int]:
    """The receipts of one run, in the order in which its records came."""
    wanted = select(_c.id).where(_c.id >= f"{run}:", _c.id < f"{run};")
    return sorted(int(receipt.rpartition(":")[2]) for receipt in tx.scalars(wanted))


def by_id(tx: Connection, receipts: Iterable[str], *, bodies: bool = False) -> dict[str, RawMessage]:
    wanted = select(*(_ALL if bodies else _WITHOUT_BODY)).where(rows.among(tx, _c.id, receipts))
    return {row["id"]: RawMessage(**row) for row in tx.execute(wanted).mappings()}


def replays(tx: Connection, receipts: Iterable[str]) -> list[RawMessage]:
    """What was translated again from these, the first replay first."""
    wanted = select(*_WITHOUT_BODY).where(rows.among(tx, _c.origin, receipts)).order_by(_c.kept_at, _c.id)
    return [RawMessage(**row) for row in tx.execute(wanted).mappings()]


def about(tx: Connection, entities: Iterable[str], system: str, key: str, limit: int) -> list[RawMessage]:
    """The latest receipts about a source record."""
    wanted = select(*_WITHOUT_BODY).where(rows.among(tx, _c.entity, entities), _c.system == system, _c.key == key)
    return [RawMessage(**row) for row in tx.execute(wanted.order_by(_c.kept_at.desc(), _c.id.desc()).limit(limit)).mappings()]


def latest(tx: Connection, entity: str, system: str, stream: str, keys: Iterable[str]) -> list[RawMessage]:
    """What came last about these records out of one stream, with its body: not corrected, and not translated again."""
    here = (_c.entity == entity, _c.system == system, _c.stream == stream, _c.origin.is_(None), rows.among(tx, _c.key, keys))
    last = select(_c.key, func.max(_c.kept_at).label("kept_at")).where(*here).group_by(_c.key).subquery()
    wanted = select(*_ALL).join(last, and_(_c.key == last.c.key, _c.kept_at == last.c.kept_at)).where(*here).order_by(_c.id)
    return [RawMessage(**row) for row in tx.execute(wanted).mappings()]


def to_replay(tx: Connection, span: Span, after: RawMessage | None = None, limit: int = 500) -> list[RawMessage]:
    """A page of what can be translated again, oldest first: what came, in its last edition where a person corrected it."""
    edition = raw_messages.alias()
    corrected = exists().where(edition.c.origin == _c.id, edition.c.body.is_not(None))
    wanted = select(*_ALL).where(_c.body.is_not(None), ~corrected, *_within(tx, span))
    if after is not None:
        wanted = wanted.where(tuple_(_c.kept_at, _c.id) > tuple_(after.kept_at, after.id))
    found = tx.execute(wanted.order_by(_c.kept_at, _c.id).limit(limit)).mappings()
    return [RawMessage(**row) for row in found]


def count_to_replay(tx: Connection, span: Span) -> tuple[int, int]:
    """How many can be translated again, and of how many the body is gone."""
    edition = raw_messages.alias()
    corrected = exists().where(edition.c.origin == _c.id, edition.c.body.is_not(None))
    first = _c.pruned_at.is_not(None)
    there = tx.scalar(select(func.count()).where(_c.body.is_not(None), ~corrected, *_within(tx, span))) or 0
    return there, tx.scalar(select(func.count()).where(first, *_within(tx, span))) or 0


def _within(tx: Connection, span: Span) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = []
    if span.since is not None:
        where.append(_c.kept_at >= span.since)
    if span.until is not None:
        where.append(_c.kept_at < span.until)
    if span.feed is not None:
        where.append(_c.feed == span.feed)
    if span.receipts is not None:
        where.append(rows.among(tx, _c.id, span.receipts))
    if span.keys is not None:
        by_system = _by_system(span.keys).items()
        where.append(or_(false(), *(and_(_c.system == system, rows.among(tx, _c.key, keys)) for system, keys in by_system)))
    return where


def _by_system(keys: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for system, key in keys:
        found.setdefault(system, []).append(key)
    return found


# -- how much is kept --


_SIZE = (
    "INSERT INTO raw_sizes (feed, bodies, bytes) VALUES (%s, %s, %s) ON CONFLICT (feed) DO UPDATE "
    "SET bodies = raw_sizes.bodies + excluded.bodies, bytes = raw_sizes.bytes + excluded.bytes"
)


def add_sizes(tx: Connection, feed: str, bodies: int, size: int) -> None:
    """Count up what is kept of a feed, or down what went."""
    sql = _SIZE if tx.dialect.name == "postgresql" else _SIZE.replace("%s", "?")
    rows.asked(tx, sql, (feed, bodies, size))


def sizes(tx: Connection) -> dict[str, tuple[int, int]]:
    """Feed -> how many bodies are kept, and their bytes."""
    return {row.feed: (row.bodies, row.bytes) for row in tx.execute(select(raw_sizes).order_by(raw_sizes.c.feed))}


# -- letting go --


def _asked_for() -> ColumnElement[bool]:
    """What an open reject still waits for."""
    return exists().where(rejects.c.receipt == _c.id, rejects.c.state == "open")


def old(tx: Connection, before: datetime, limit: int) -> list[RawMessage]:
    """A page of receipts that are older than this and that nobody needs, without bodies; rows that others hold are left alone."""
    wanted = select(*_WITHOUT_BODY).where(_c.kept_at < before, ~_asked_for()).order_by(_c.kept_at, _c.id).limit(limit)
    found = tx.execute(wanted.with_for_update(skip_locked=True)).mappings()
    return [RawMessage(**row) for row in found]


def oldest_bodies(tx: Connection, limit: int) -> list[RawMessage]:
    """A page of the oldest receipts that have a body nobody needs."""
    wanted = select(*_WITHOUT_BODY).where(_c.body.is_not(None), ~_asked_for()).order_by(_c.kept_at, _c.id).limit(limit)
    found = tx.execute(wanted.with_for_update(skip_locked=True)).mappings()
    return [RawMessage(**row) for row in found]


def delete(tx: Connection, receipts: Sequence[RawMessage]) -> None:
    """Receipts go, with what they kept."""
    tx.execute(raw_messages.delete().where(rows.among(tx, _c.id, [one.id for one in receipts])))
    _less(tx, [one for one in receipts if one.size and one.pruned_at is None])


def empty(tx: Connection, receipts: Sequence[RawMessage], at: datetime) -> None:
    """Bodies go, their receipts stay."""
    gone = rows.among(tx, _c.id, [one.id for one in receipts])
    tx.execute(update(raw_messages).where(gone).values(body=None, pruned_at=at))
    _less(tx, receipts)


def _less(tx: Connection, gone: Iterable[RawMessage]) -> None:
    less: dict[str, list[int]] = {}
    for one in gone:
        less.setdefault(one.feed, []).append(one.size)
    for feed, given in sorted(less.items()):
        add_sizes(tx, feed, -len(given), -sum(given))


def without_bodies(tx: Connection, owners: Iterable[Owner]) -> set[Owner]:
    """Of these, whose data keys seal nothing any more."""
    asked = set(owners)
    listed: dict[tuple[str, str], list[str]] = {}
    for entity, system, key in asked:
        listed.setdefault((entity, system), []).append(key)
    held: set[Owner] = set()
    for (entity, system), keys in sorted(listed.items()):
        here = and_(_c.entity == entity, _c.system == system, _c.body.is_not(None))
        for column in (_c.key, _c.id):  # of what has no key, its receipt stands for it
            told = tx.scalars(select(column).where(here, rows.among(tx, column, keys)).distinct())
            held |= {(entity, system, one) for one in told}
    return asked - held
