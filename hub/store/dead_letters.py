"""What no worker could take: dead letters, kept with their reason until a person looks.

open -> replayed    its records are on the bus once more, under their own ids or, corrected, under new ones
open -> archived    a person says why nothing more will come of it; it can be opened again
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, func, select, update

from hub.records import DeadLetter
from hub.store import rows
from hub.store.tables import dead_letters

OPEN, REPLAYED, ARCHIVED = "open", "replayed", "archived"
_LETTER = tuple(field.name for field in fields(DeadLetter))


@dataclass(frozen=True, slots=True)
class StoredLetter:
    """A dead letter, and what became of it."""

    id: int
    letter: DeadLetter
    state: str = OPEN
    note: str | None = None
    replayed_as: str | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class LetterGroup:
    """Dead letters of one cause. Figures are those of the open ones."""

    fingerprint: str
    stage: str
    entity: str
    code: str
    reason: str  # of the latest, for instance
    first_at: datetime
    last_at: datetime
    letters: int
    records: int
    states: Mapping[str, int] = field(default_factory=dict)


# -- keeping --


def add(tx: Connection, letters: Sequence[DeadLetter]) -> None:
    """Keep dead letters. One that a broker brings twice is kept once; one that was replayed and dies again is another."""
    c = dead_letters.c
    wanted = (rows.among(tx, c.message_id, [one.message_id for one in letters]), c.state != REPLAYED)
    known = {(row[0], row[1]) for row in tx.execute(select(c.stage, c.message_id).where(*wanted))}
    new = {(one.stage, one.message_id): asdict(one) | {"state": OPEN} for one in letters}
    rows.insert(tx, dead_letters, [row for key, row in new.items() if key not in known])


def replayed(tx: Connection, closed: Sequence[tuple[int, str, str | None]], by: str, at: datetime) -> None:
    """The records of these (number, message id, note), which are locked and open, are on the bus once more."""
    same = {"state": REPLAYED, "closed_by": by, "closed_at": at}
    given = [{"id": number, "replayed_as": message_id, "note": note} | same for number, message_id, note in closed]
    rows.update(tx, dead_letters, ("id",), given)


def archive(tx: Connection, ids: Sequence[int], why: str, by: str, at: datetime) -> list[int]:
    """Nothing more will come of those of these that are open; which ones that were."""
    return _change(tx, ids, OPEN, {"state": ARCHIVED, "note": why, "closed_by": by, "closed_at": at})


def reopen(tx: Connection, ids: Sequence[int], by: str, at: datetime) -> list[int]:
    """Take up again what was archived; which ones that were. What was replayed lives on elsewhere."""
    found = [one for one in locked(tx, ids) if one.state == ARCHIVED]
    for one in found:
        note = f"opened again by {by} on {at:%Y-%m-%d %H:%M} UTC; it was archived by {one.closed_by}: {one.note}"
        _change(tx, [one.id], ARCHIVED, {"state": OPEN, "closed_by": None, "closed_at": None, "note": note})
    return [one.id for one in found]


def _change(tx: Connection, ids: Sequence[int], expected: str, values: dict[str, Any]) -> list[int]:
    mine = (rows.among(tx, dead_letters.c.id, ids), dead_letters.c.state == expected)
    return sorted(tx.scalars(update(dead_letters).where(*mine).values(**values).returning(dead_letters.c.id)))


def prune(tx: Connection, before: datetime, limit: int) -> tuple[int, dict[str, int]]:
    """Forget the oldest of those closed before this moment: how many, and entity -> records of those that were archived."""
    c = dead_letters.c
    page = select(c.id, c.entity, c.records, c.state).where(c.state != OPEN, c.closed_at < before).order_by(c.id).limit(limit)
    found = tx.execute(page.with_for_update(skip_locked=True)).all()
    tx.execute(dead_letters.delete().where(rows.among(tx, c.id, [row.id for row in found])))
    archived: dict[str, int] = {}
    for row in found:
        if row.state == ARCHIVED and row.entity:
            archived[row.entity] = archived.get(row.entity, 0) + row.records
    return len(found), archived


# -- looking --


def by_ids(tx: Connection, ids: Sequence[int]) -> list[StoredLetter]:
    """These, in their order."""
    return [_stored(row) for row in tx.execute(_these(tx, ids)).mappings()]


def locked(tx: Connection, ids: Sequence[int]) -> list[StoredLetter]:
    """The same, and until this transaction ends nobody else changes them."""
    return [_stored(row) for row in tx.execute(_these(tx, ids).with_for_update()).mappings()]


def _these(tx: Connection, ids: Sequence[int]) -> Select[Any]:
    return select(dead_letters).where(rows.among(tx, dead_letters.c.id, ids)).order_by(dead_letters.c.id)


def listed(
    tx: Connection,
    *,
    stage: str | None = None,
    fingerprint: str | None = None,
    state: str | None = OPEN,
    after: int = 0,
    limit: int = 100,
) -> list[StoredLetter]:
    """A page of dead letters; with ``state`` None whatever became of them."""
    c = dead_letters.c
    wanted = select(dead_letters).where(*_wanted(stage, fingerprint, state), c.id > after).order_by(c.id).limit(limit)
    return [_stored(row) for row in tx.execute(wanted).mappings()]


def of_messages(tx: Connection, message_ids: Sequence[str]) -> list[StoredLetter]:
    """The letters that these messages became."""
    c = dead_letters.c
    found = tx.execute(select(dead_letters).where(rows.among(tx, c.message_id, message_ids)).order_by(c.id)).mappings()
    return [_stored(row) for row in found]


def open_ids(tx: Connection, *, stage: str | None = None, fingerprint: str | None = None) -> list[int]:
    """What is open at this moment: whoever works through a group works through these, whatever comes meanwhile."""
    c = dead_letters.c
    return list(tx.scalars(select(c.id).where(*_wanted(stage, fingerprint, OPEN)).order_by(c.id)))


def died_again(tx: Connection, one: StoredLetter) -> list[StoredLetter]:
    """What became a dead letter again after this one was replayed under its own id."""
    c = dead_letters.c
    wanted = select(dead_letters).where(c.message_id == one.replayed_as, c.id > one.id).order_by(c.id)
    return [_stored(row) for row in tx.execute(wanted).mappings()]


def groups(tx: Connection, *, stage: str | None = None, fingerprint: str | None = None, every: bool = False) -> list[LetterGroup]:
    """Dead letters by cause, the largest first; with ``every`` also causes of which nothing is open any more."""
    c = dead_letters.c
    opened = c.state == OPEN
    wanted = select(
        c.fingerprint,
        func.min(c.at).label("first_at"),
        func.max(c.at).label("last_at"),
        func.coalesce(func.sum(c.records).filter(opened), 0).label("records"),
        func.coalesce(func.max(c.id).filter(opened), func.max(c.id)).label("latest"),
    ).where(*_wanted(stage, fingerprint, None))
    states = _states(tx, stage, fingerprint)
    found = [row for row in tx.execute(wanted.group_by(c.fingerprint)) if every or states[row.fingerprint].get(OPEN)]
    columns = select(c.id, c.stage, c.entity, c.code, c.reason).where(rows.among(tx, c.id, [row.latest for row in found]))
    latest = {row.id: row for row in tx.execute(columns)}
    made = [_group(row, latest[row.latest], states[row.fingerprint]) for row in found]
    return sorted(made, key=lambda one: (-one.records, one.fingerprint))


def _group(row: Any, example: Any, states: Mapping[str, int]) -> LetterGroup:
    return LetterGroup(
        row.fingerprint,
        example.stage,
        example.entity,
        example.code,
        example.reason,
        row.first_at,
        row.last_at,
        states.get(OPEN, 0),
        int(row.records),
        states,
    )


def _states(tx: Connection, stage: str | None, fingerprint: str | None) -> dict[str, dict[str, int]]:
    c = dead_letters.c
    wanted = select(c.fingerprint, c.state, func.count()).where(*_wanted(stage, fingerprint, None))
    found: dict[str, dict[str, int]] = {}
    for of, state, number in tx.execute(wanted.group_by(c.fingerprint, c.state).order_by(c.fingerprint, c.state)):
        found.setdefault(of, {})[state] = number
    return found


def _wanted(stage: str | None, fingerprint: str | None, state: str | None) -> list[ColumnElement[bool]]:
    given = ((dead_letters.c.stage, stage), (dead_letters.c.fingerprint, fingerprint), (dead_letters.c.state, state))
    return [column == value for column, value in given if value is not None]


def _stored(row: Mapping[Any, Any]) -> StoredLetter:
    letter = DeadLetter(**{name: row[name] for name in _LETTER})
    closing = {name: row[name] for name in ("note", "replayed_as", "closed_by", "closed_at")}
    return StoredLetter(row["id"], letter, row["state"], **closing)


def count(tx: Connection) -> int:
    """How many wait for a person."""
    return int(tx.scalar(select(func.count()).where(dead_letters.c.state == OPEN)) or 0)


def dead(tx: Connection, entity: str) -> int:
    """How many records of an entity ended here. What was replayed is on the bus again: it arrived once."""
    c = dead_letters.c
    wanted = select(func.coalesce(func.sum(c.records), 0)).where(c.entity == entity, c.state != REPLAYED)
    return int(tx.scalar(wanted) or 0)
