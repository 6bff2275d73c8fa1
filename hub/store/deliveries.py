"""Which golden records wait to be written to which system, and what became of each attempt."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, delete, exists, func, select, update

from hub.store import rows
from hub.store.tables import deliveries, delivery_receipts

WAITING, DONE, PARKED = "waiting", "done", "parked"


@dataclass(frozen=True, slots=True)
class Due:
    """One golden record of one delivery. What goes out is the record as it is by then, never an older version."""

    delivery: str
    golden_id: str
    version: int  # the latest one announced
    outbox_id: int
    state: str
    delivered: int  # the latest version that the system has
    attempts: int
    next_at: datetime
    answer: str
    changed_at: datetime


class Receipt(NamedTuple):
    """What one attempt to write one record of the system came to."""

    delivery: str
    golden_id: str
    version: int
    key: str | None
    state: str
    columns: Sequence[str]
    answer: str
    at: datetime


def put(tx: Connection, changed: Sequence[Due]) -> None:
    rows.insert(tx, deliveries, [{name: getattr(one, name) for name in Due.__slots__} for one in changed], known="replace")


def by_golden(tx: Connection, delivery: str, ids: Iterable[str], *, alone: bool = False) -> dict[str, Due]:
    """Where these stand. ``alone``: nobody else changes them until this transaction ends."""
    where = (deliveries.c.delivery == delivery, rows.among(tx, deliveries.c.golden_id, ids))
    wanted = select(deliveries).where(*where).order_by(deliveries.c.golden_id)
    found = tx.execute(wanted.with_for_update() if alone else wanted).mappings()
    return {row["golden_id"]: Due(**row) for row in found}


def claim(tx: Connection, delivery: str, now: datetime, until: datetime, limit: int) -> list[Due]:
    """The next ones that are due, in the order of their announcements; until a moment they are nobody else's."""
    c = deliveries.c
    due = (c.delivery == delivery, c.state == WAITING, c.next_at <= now)
    wanted: Select[Any] = select(deliveries).where(*due).order_by(c.outbox_id, c.golden_id).limit(limit)
    found = [Due(**row) for row in tx.execute(wanted.with_for_update(skip_locked=True)).mappings()]
    rows.update(
        tx,
        deliveries,
        ("delivery", "golden_id"),
        [{"delivery": delivery, "golden_id": one.golden_id, "next_at": until} for one in found],
    )
    return found


def any_due(tx: Connection, delivery: str, now: datetime) -> bool:
    c = deliveries.c
    return bool(tx.scalar(select(exists().where(c.delivery == delivery, c.state == WAITING, c.next_at <= now))))


def put_off(tx: Connection, delivery: str, ids: Iterable[str], until: datetime, answer: str) -> None:
    """Nothing is wrong with these: their system does not answer."""
    where = (deliveries.c.delivery == delivery, deliveries.c.state == WAITING, rows.among(tx, deliveries.c.golden_id, ids))
    tx.execute(update(deliveries).where(*where).values(next_at=until, answer=answer))


def retry(tx: Connection, delivery: str | None, now: datetime) -> int:
    """Parked ones wait again; how many."""
    parked = deliveries.c.state == PARKED
    where = parked if delivery is None else parked & (deliveries.c.delivery == delivery)
    again = update(deliveries).where(where).values(state=WAITING, attempts=0, next_at=now, changed_at=now)
    return tx.execute(again).rowcount


def hurry(tx: Connection, delivery: str, now: datetime) -> None:
    """What waits for a later moment is due now: a person asks."""
    where = (deliveries.c.delivery == delivery, deliveries.c.state == WAITING, deliveries.c.attempts > 0)
    tx.execute(update(deliveries).where(*where).values(next_at=now))


def count(tx: Connection) -> dict[str, dict[str, int]]:
    """By delivery: how many are done, wait and are parked."""
    c = deliveries.c
    found: dict[str, dict[str, int]] = {}
    for row in tx.execute(select(c.delivery, c.state, func.count()).group_by(c.delivery, c.state)):
        found.setdefault(row[0], {})[row[1]] = row[2]
    return found


def listed(tx: Connection, state: str, delivery: str | None = None, limit: int = 20) -> list[Due]:
    """Those in a state, the latest changed first."""
    wanted = select(deliveries).where(deliveries.c.state == state)
    if delivery is not None:
        wanted = wanted.where(deliveries.c.delivery == delivery)
    ordered = wanted.order_by(deliveries.c.changed_at.desc(), deliveries.c.golden_id).limit(limit)
    return [Due(**row) for row in tx.execute(ordered).mappings()]


def add_receipts(tx: Connection, receipts: Sequence[Receipt]) -> None:
    rows.insert(tx, delivery_receipts, [{**one._asdict(), "columns": list(one.columns)} for one in receipts])


def forget_receipts(tx: Connection, before: datetime, limit: int) -> int:
    """Let go of the oldest ones; how many."""
    c = delivery_receipts.c
    old = list(tx.scalars(select(c.id).where(c.at < before).order_by(c.at, c.id).limit(limit)))
    return tx.execute(delete(delivery_receipts).where(rows.among(tx, c.id, old))).rowcount if old else 0


def receipts(tx: Connection, golden_id: str) -> list[Receipt]:
    """What was attempted for a golden record, the first one first."""
    c = delivery_receipts.c
    found = tx.execute(select(delivery_receipts).where(c.golden_id == golden_id).order_by(c.id)).mappings()
    return [_receipt(row) for row in found]


def _receipt(row: Mapping[Any, Any]) -> Receipt:
    return Receipt(*(row[name] for name in Receipt._fields))
