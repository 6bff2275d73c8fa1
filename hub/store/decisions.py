"""What people said: decisions about records, and values pinned to them. Withdrawn, never deleted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection, and_, exists, select, update

from hub.records import Decision, RecordRef
from hub.store import rows
from hub.store.sources import SourceKey
from hub.store.tables import decision_members, decisions, pins

STEWARD = "steward"
"""The system whose records are people's corrections."""


@dataclass(frozen=True, slots=True)
class PinnedValue:
    """A value a person fixed. It hangs on a source record and goes where that goes."""

    id: str
    entity: str
    ref: RecordRef
    path: str
    value: Any
    by: str
    at: datetime
    until: date | None = None
    withdrawn_at: datetime | None = None


def add(tx: Connection, entity: str, decision: Decision) -> None:
    row = {
        "id": decision.id,
        "entity": entity,
        "verdict": decision.verdict,
        "left_members": decision.left,
        "right_members": decision.right,
        "by": decision.by,
        "at": decision.at,
        "why": decision.why,
        "withdrawn_at": decision.withdrawn_at,
        "withdrawn_by": None,
    }
    rows.insert(tx, decisions, [row])
    keys = sorted({(ref.system, ref.key) for ref in (*decision.left, *decision.right)})
    named = [{"entity": entity, "system": system, "key": key, "decision_id": decision.id} for system, key in keys]
    rows.insert(tx, decision_members, named)


def withdraw(tx: Connection, decision_id: str, by: str, at: datetime) -> Decision | None:
    """Take a decision back; the decision as it was, or None when there is none to take back."""
    found = [d for d in _read(tx, decisions.c.id == decision_id) if d.withdrawn_at is None]
    if not found:
        return None
    tx.execute(update(decisions).where(decisions.c.id == decision_id).values(withdrawn_at=at, withdrawn_by=by))
    return found[0]


def about(tx: Connection, entity: str, keys: Iterable[SourceKey]) -> list[Decision]:
    """Every decision in force that names one of these keys."""
    by_system: dict[str, list[str]] = defaultdict(list)
    for system, key in keys:
        by_system[system].append(key)
    c = decision_members.c
    ids: set[str] = set()
    for system, listed in by_system.items():
        where = and_(c.entity == entity, c.system == system, rows.among(tx, c.key, listed))
        ids.update(tx.scalars(select(c.decision_id).where(where)))
    if not ids:
        return []
    return [d for d in _read(tx, rows.among(tx, decisions.c.id, sorted(ids))) if d.withdrawn_at is None]


def every(tx: Connection, entity: str, *, withdrawn: bool = False) -> list[Decision]:
    return [d for d in _read(tx, decisions.c.entity == entity) if withdrawn or d.withdrawn_at is None]


def is_correction(tx: Connection, decision_id: str) -> bool:
    """Whether a decision holds a steward's record in its place."""
    c = decision_members.c
    return bool(tx.scalar(select(exists().where(c.decision_id == decision_id, c.system == STEWARD))))


def corrections(tx: Connection, entity: str) -> list[Decision]:
    """The decisions in force that hold a steward's record in its place."""
    c = decision_members.c
    named = select(c.decision_id).where(c.entity == entity, c.system == STEWARD)
    return [d for d in _read(tx, decisions.c.id.in_(named)) if d.withdrawn_at is None]


def pins_standing(tx: Connection, entity: str) -> list[PinnedValue]:
    """Every pin that nobody took back, ended ones too, oldest first."""
    wanted = select(pins).where(pins.c.entity == entity, pins.c.withdrawn_at.is_(None)).order_by(pins.c.at, pins.c.id)
    return [_pinned(row) for row in tx.execute(wanted).mappings()]


def pin(tx: Connection, pinned: PinnedValue) -> None:
    row = {
        "id": pinned.id,
        "entity": pinned.entity,
        "system": pinned.ref.system,
        "key": pinned.ref.key,
        "generation": pinned.ref.generation,
        "path": pinned.path,
        "value": pinned.value,
        "by": pinned.by,
        "at": pinned.at,
        "until": pinned.until,
        "withdrawn_at": pinned.withdrawn_at,
    }
    rows.insert(tx, pins, [row])


def unpin(tx: Connection, pin_id: str, at: datetime) -> PinnedValue | None:
    found = tx.execute(select(pins).where(pins.c.id == pin_id, pins.c.withdrawn_at.is_(None))).mappings().first()
    if found is None:
        return None
    tx.execute(update(pins).where(pins.c.id == pin_id).values(withdrawn_at=at))
    return _pinned(found)


def pins_on(tx: Connection, entity: str, refs: Iterable[RecordRef]) -> dict[RecordRef, list[PinnedValue]]:
    """The pins in force on these records, oldest first."""
    wanted = set(refs)
    by_system: dict[str, list[str]] = defaultdict(list)
    for ref in wanted:
        by_system[ref.system].append(ref.key)
    found: dict[RecordRef, list[PinnedValue]] = defaultdict(list)
    for system, keys in by_system.items():
        where = and_(
            pins.c.entity == entity, pins.c.system == system, rows.among(tx, pins.c.key, keys), pins.c.withdrawn_at.is_(None)
        )
        for row in tx.execute(select(pins).where(where).order_by(pins.c.at, pins.c.id)).mappings():
            pinned = _pinned(row)
            if pinned.ref in wanted:
                found[pinned.ref].append(pinned)
    return found


def _read(tx: Connection, where: Any) -> list[Decision]:
    found = tx.execute(select(decisions).where(where).order_by(decisions.c.at, decisions.c.id)).mappings()
    return [
        Decision(
            id=row["id"],
            verdict=row["verdict"],
            left=_refs(row["left_members"]),
            right=_refs(row["right_members"]),
            by=row["by"],
            at=row["at"],
            why=row["why"],
            withdrawn_at=row["withdrawn_at"],
        )
        for row in found
    ]


def _refs(told: Iterable[Any]) -> tuple[RecordRef, ...]:
    return tuple(RecordRef(*ref) for ref in told)


def _pinned(row: Mapping[Any, Any]) -> PinnedValue:
    values = dict(row)
    ref = RecordRef(values.pop("system"), values.pop("key"), values.pop("generation"))
    return PinnedValue(ref=ref, **values)
