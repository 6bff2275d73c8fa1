"""Work put off: components too large for one batch, and keys that became generic or stopped being so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select

from hub.store import rows
from hub.store.tables import redo

KEY, COMPONENT = "key", "component"


class RedoItem(NamedTuple):
    id: int
    kind: str
    item: int


def put(tx: Connection, entity: str, kind: str, items: Iterable[int], at: datetime) -> None:
    """Queue items; one that waits already is not queued twice."""
    rows.insert(
        tx, redo, [{"entity": entity, "kind": kind, "item": item, "queued_at": at} for item in sorted(set(items))], known="keep"
    )


def take(tx: Connection, entity: str) -> RedoItem | None:
    """The oldest item, which leaves the queue with this transaction."""
    wanted = select(redo.c.id, redo.c.kind, redo.c.item).where(redo.c.entity == entity).order_by(redo.c.id).limit(1)
    row = tx.execute(wanted).first()
    if row is None:
        return None
    rows.delete(tx, redo, [{"id": row.id}])
    return RedoItem(*row)


def done(tx: Connection, entity: str, kind: str, items: Iterable[int]) -> None:
    """Items that were seen to along with another one."""
    rows.delete(tx, redo, [{"entity": entity, "kind": kind, "item": item} for item in sorted(items)])


def forget(tx: Connection, entity: str) -> None:
    """Everything of an entity is done anew: nothing needs to be done again."""
    tx.execute(delete(redo).where(redo.c.entity == entity))


def any_left(tx: Connection, entity: str) -> bool:
    """Whether anything waits."""
    return tx.execute(select(redo.c.id).where(redo.c.entity == entity).limit(1)).first() is not None


def lag(tx: Connection, entity: str) -> tuple[int, datetime | None]:
    """How many items wait, and since when the oldest does."""
    row = tx.execute(select(func.count(), func.min(redo.c.queued_at)).where(redo.c.entity == entity)).one()
    return int(row[0]), row[1]
