"""What is on its way over a broker: one row for each message, until its work is committed."""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from hub.store.tables import in_flight


def waiting(tx: Connection, entity: str) -> int:
    """How many records of an entity are on their way."""
    return int(tx.scalar(select(func.coalesce(func.sum(in_flight.c.records), 0)).where(in_flight.c.entity == entity)) or 0)
