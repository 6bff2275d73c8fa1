"""How far each reader of the outbox has come."""

from __future__ import annotations

from sqlalchemy import Connection, select

from hub.store import rows
from hub.store.tables import relays


def reached(tx: Connection, name: str) -> int:
    return tx.scalar(select(relays.c.outbox_id).where(relays.c.name == name)) or 0


def reach(tx: Connection, name: str, outbox_id: int) -> None:
    rows.insert(tx, relays, [{"name": name, "outbox_id": outbox_id}], known="replace")
