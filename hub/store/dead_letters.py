"""What no worker could take: dead letters, kept with their reason until a person looks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, func, select

from hub.records import DeadLetter
from hub.store import rows
from hub.store.tables import dead_letters

OPEN, REPLAYED, ARCHIVED = "open", "replayed", "archived"


def add(tx: Connection, letters: Sequence[DeadLetter]) -> None:
    """Keep dead letters. One that a broker brings twice is kept once."""
    c = dead_letters.c
    ids = [one.message_id for one in letters]
    known = {(row[0], row[1]) for row in tx.execute(select(c.stage, c.message_id).where(rows.among(tx, c.message_id, ids)))}
    new = {(one.stage, one.message_id): asdict(one) | {"state": OPEN} for one in letters}
    rows.insert(tx, dead_letters, [row for key, row in new.items() if key not in known])


def count(tx: Connection) -> int:
    """How many wait for a person."""
    return int(tx.scalar(select(func.count()).where(dead_letters.c.state == OPEN)) or 0)


def dead(tx: Connection, entity: str) -> int:
    """How many records of an entity ended here. What was replayed has arrived anew."""
    c = dead_letters.c
    wanted = select(func.coalesce(func.sum(c.records), 0)).where(c.entity == entity, c.state != REPLAYED)
    return int(tx.scalar(wanted) or 0)
