"""Work put off: components too large for one batch, and keys that became generic or stopped being so."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, func, select

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


def take(tx: Connection, entity: str, limit: int) -> list[RedoItem]:
    """The oldest items, which leave the queue with this transaction."""
    wanted = select(redo.c.id, redo.c.kind, redo.c.item).where(redo.c.entity == entity).order_by(redo.c.id).limit(limit)
    taken = [RedoItem(*row) for row in tx.execute(wanted)]
    rows.delete(tx, redo, [{"id": item.id} for item in taken])
    return taken


def lag(tx: Connection, entity: str) -> tuple[int, datetime | None]:
    """How many items wait, and since when the oldest does."""
    row = tx.execute(select(func.count(), func.min(redo.c.queued_at)).where(redo.c.entity == entity)).one()
    return int(row[0]), row[1]
