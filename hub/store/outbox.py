"""The outbox as a feed: how far it goes, from where on it can still be read, and what is cut off its beginning.

Announcements of one entity are numbered in the order in which they were committed, since the resolver holds its critical section
until then. So a reader who has seen a place has seen everything before it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, func, select

from hub.store import relays
from hub.store.tables import outbox


def last(tx: Connection, entity: str) -> int:
    """The place of the latest announcement; 0 when there was none."""
    return max(tx.scalar(select(func.max(outbox.c.id)).where(outbox.c.entity == entity)) or 0, cut(tx, entity))


def cut(tx: Connection, entity: str) -> int:
    """The place up to which announcements may be missing; 0 when none ever was cut off."""
    return relays.reached(tx, _cut(entity))


def cut_off(tx: Connection, entity: str, until: datetime) -> int:
    """Remove announcements made before a moment, as far as every reader the hub keeps a place for has read them.

    The place is kept in the same transaction, so that whoever reads from before it is told, instead of being led past a hole.
    """
    end = tx.scalar(select(func.max(outbox.c.id)).where(outbox.c.entity == entity, outbox.c.at < until)) or 0
    end = min([end, *relays.places(tx, entity)])
    if end <= cut(tx, entity):
        return 0
    removed = tx.execute(delete(outbox).where(outbox.c.entity == entity, outbox.c.id <= end)).rowcount
    relays.reach(tx, _cut(entity), end)
    return removed


def _cut(entity: str) -> str:
    return f"cut/{entity}"
