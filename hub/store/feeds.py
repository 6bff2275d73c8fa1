"""What feeds did: how far they read, their runs, and what arrived."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, select, update

from hub.contract import Cursor
from hub.store import rows
from hub.store.rows import asked
from hub.store.tables import counts, feeds, record_versions, runs


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one feed."""

    id: str
    feed: str
    started_at: datetime
    ended_at: datetime | None
    state: str  # running | done | failed | held
    counts: dict[str, Any]
    message: str


# -- cursors --


def cursor(tx: Connection, feed: str) -> Cursor | None:
    """Where a feed stopped; None when it reads everything next time."""
    found: Cursor | None = tx.scalar(select(feeds.c.cursor).where(feeds.c.feed == feed))
    return found


def move_cursor(tx: Connection, feed: str, to: Cursor | None, at: datetime) -> None:
    """Keep how far a feed is. None makes it read everything again."""
    _known(tx, feed)
    tx.execute(update(feeds).where(feeds.c.feed == feed).values(cursor=to, cursor_at=at, uncovered=None))


def uncovered(tx: Connection, feed: str) -> list[tuple[str, int]]:
    """What landed and the cursor does not cover: each such run, and the number of its first such receipt."""
    found = tx.scalar(select(feeds.c.uncovered).where(feeds.c.feed == feed))
    return [(run, number) for run, number in found or ()]


def leave_uncovered(tx: Connection, feed: str, run: str, number: int) -> None:
    """From this receipt on the run lands what no checkpoint covers yet."""
    _known(tx, feed)
    told = [*uncovered(tx, feed), (run, number)]
    tx.execute(update(feeds).where(feeds.c.feed == feed).values(uncovered=told))


def hold(tx: Connection, feed: str, why: str | None) -> None:
    """Keep why a feed waits for a person; None when it does not."""
    _known(tx, feed)
    tx.execute(update(feeds).where(feeds.c.feed == feed).values(held=why))


def states(tx: Connection) -> dict[str, dict[str, Any]]:
    """Every feed that ever ran: its cursor, when it moved, and why it is held."""
    return {row["feed"]: dict(row) for row in tx.execute(select(feeds).order_by(feeds.c.feed)).mappings()}


def _known(tx: Connection, feed: str) -> None:
    rows.insert(tx, feeds, [{"feed": feed, "cursor": None, "cursor_at": None, "held": None, "uncovered": None}], known="keep")


# -- runs --


def start_run(tx: Connection, run: str, feed: str, at: datetime) -> None:
    row = {"id": run, "feed": feed, "started_at": at, "ended_at": None, "state": "running", "counts": {}, "message": ""}
    rows.insert(tx, runs, [row])


def end_run(tx: Connection, run: str, state: str, told: Mapping[str, Any], at: datetime, message: str = "") -> None:
    tx.execute(update(runs).where(runs.c.id == run).values(state=state, counts=dict(told), ended_at=at, message=message))


def last_runs(tx: Connection, feed: str | None = None, limit: int = 20) -> list[Run]:
    wanted = select(runs).order_by(runs.c.started_at.desc(), runs.c.id.desc()).limit(limit)
    if feed is not None:
        wanted = wanted.where(runs.c.feed == feed)
    return [Run(**row) for row in tx.execute(wanted).mappings()]


# -- counts --


_COUNT = (
    "INSERT INTO counts (entity, feed, name, value) VALUES (%s, %s, %s, %s) "
    "ON CONFLICT (entity, feed, name) DO UPDATE SET value = counts.value + excluded.value"
)


def add_counts(tx: Connection, feed: str, name: str, by_entity: Mapping[str, int]) -> None:
    """Count up: `arrived` and `filtered`, by entity."""
    sql = _COUNT if tx.dialect.name == "postgresql" else _COUNT.replace("%s", "?")
    for entity, number in sorted(by_entity.items()):
        if number:
            asked(tx, sql, (entity, feed, name, number))


def counted(tx: Connection, entity: str) -> dict[str, int]:
    """All counters of an entity, over all feeds."""
    wanted = select(counts.c.name, func.sum(counts.c.value)).where(counts.c.entity == entity).group_by(counts.c.name)
    return {row[0]: int(row[1]) for row in tx.execute(wanted)}


def entities_of(tx: Connection, feed: str | None = None) -> list[str]:
    """Every entity that arrived over a feed, or over any."""
    wanted = select(counts.c.entity).distinct()
    return sorted(tx.scalars(wanted if feed is None else wanted.where(counts.c.feed == feed)))


def entities(tx: Connection) -> list[str]:
    """Every entity anything is known of."""
    return sorted({*tx.scalars(select(counts.c.entity).distinct()), *tx.scalars(select(record_versions.c.entity).distinct())})
