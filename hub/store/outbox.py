"""The outbox as a feed: how far it goes, from where on it can still be read, and what is cut off its beginning.

Announcements of one entity are numbered in the order in which they were committed, since the resolver holds its critical section
until then. So a reader who has seen a place has seen everything before it.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, delete, exists, func, select

from hub.store import relays, rows
from hub.store.tables import outbox


def last(tx: Connection, entity: str) -> int:
    """The place of the latest announcement; 0 when there was none."""
    return max(tx.scalar(select(func.max(outbox.c.id)).where(outbox.c.entity == entity)) or 0, cut(tx, entity))


def cut(tx: Connection, entity: str) -> int:
    """The place up to which announcements may be missing; 0 when none ever was cut off."""
    return relays.reached(tx, _cut(entity))


def cut_off(tx: Connection, entity: str, until: datetime, limit: int = 500) -> int:
    """Take announcements made before a moment out of the feed, as far as every reader the hub keeps a place for has read them.

    The place is kept in the same transaction, so that whoever reads from before it is told, instead of being led past a hole.
    The last one of each golden record stays, since it says how the record was from then on. How many the feed lost.
    """
    start, c = cut(tx, entity), outbox.c
    young = tx.scalar(select(func.min(c.id)).where(c.entity == entity, c.id > start, c.at >= until))
    end = min([*relays.places(tx, entity), *([] if young is None else [young - 1]), last(tx, entity)])
    old = (c.entity == entity, c.id > start, c.id <= end)
    page = tx.execute(select(c.id, c.golden_id).where(*old).order_by(c.id).limit(limit)).all()
    if not page:
        return 0
    end, newer = page[-1].id, outbox.alias()
    follows = (newer.c.entity == entity, newer.c.golden_id == c.golden_id, newer.c.version > c.version, newer.c.id <= end)
    gone = (c.entity == entity, rows.among(tx, c.golden_id, {one.golden_id for one in page}), c.id <= end)
    tx.execute(delete(outbox).where(*gone, exists().where(*follows)))
    relays.reach(tx, _cut(entity), end)
    return len(page)


def _cut(entity: str) -> str:
    return f"cut/{entity}"
