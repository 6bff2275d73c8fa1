"""The store's own time of day."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import func, select

from hub.store.store import Store


def store_time(store: Store) -> datetime | None:
    """What the database's clock says; None where it is this machine's own (SQLite)."""
    if store.engine.dialect.name != "postgresql":
        return None
    with store.read() as tx:
        found: datetime = tx.execute(select(func.clock_timestamp())).scalar_one()
    return found.astimezone(UTC)
