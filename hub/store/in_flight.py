"""What is on its way over a broker: one row for each message, until its work is committed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, func, or_, select, update

from hub.store import rows
from hub.store.store import after_commit, forgettable
from hub.store.tables import in_flight


class Flight(NamedTuple):
    """A message as it is brought to the broker."""

    id: str
    stage: str
    lane: str
    entity: str
    records: int
    attempts: int
    headers: dict[str, Any]
    body: bytes


class Standing(NamedTuple):
    """What is known of a message that a broker delivers again."""

    taken: int
    settled: Sequence[int]
    entity: str
    records: int  # that are still to be worked on


def put(tx: Connection, flights: Sequence[Flight], owner: str, at: datetime, then: Callable[[], None] = lambda: None) -> None:
    """Messages to be brought to the broker when the transaction commits; ``then`` is called as soon as it has. One that is on its
    way already is not put twice; then nothing is called.
    """
    more = {"owner": owner, "put_at": at, "published_at": None, "settled": None, "taken": 0}
    number = rows.inserted(tx, in_flight, [one._asdict() | more for one in flights], known="keep")
    after_commit(tx, lambda: then() if number() == len(flights) else None)


def unpublished(tx: Connection, owners: Sequence[str], before: datetime, limit: int) -> list[Flight]:
    """What these owners have not brought to the broker yet, and what anybody has not since a moment; the oldest first."""
    c = in_flight.c
    whose = or_(rows.among(tx, c.owner, owners), c.put_at < before)
    wanted = select(*(c[name] for name in Flight._fields)).where(c.published_at.is_(None), whose)
    return [Flight(*row) for row in tx.execute(wanted.order_by(c.put_at, c.id).limit(limit))]


def owners(tx: Connection) -> list[str]:
    """Who has something that is not published yet."""
    return list(tx.scalars(select(in_flight.c.owner).where(in_flight.c.published_at.is_(None)).distinct()))


def published(tx: Connection, ids: Sequence[str], at: datetime) -> None:
    """The broker confirmed these. Their bodies stay: what a broker loses can be brought once more.

    What is brought again because this was forgotten is known by its ids.
    """
    forgettable(tx)
    rows.update(tx, in_flight, ("id",), [{"id": one, "published_at": at} for one in ids])


def stale(tx: Connection, before: datetime) -> list[tuple[str, str]]:
    """(stage, lane) in which something was published before this moment and not worked on since."""
    c = in_flight.c
    return [(row[0], row[1]) for row in tx.execute(select(c.stage, c.lane).where(c.published_at < before).distinct())]


def recall(tx: Connection, stage: str, lane: str, before: datetime, retries_before: datetime) -> int:
    """What was published before this moment, and of what waited for a retry before the other, must be published once more."""
    c = in_flight.c
    old = or_(and_(c.attempts == 0, c.published_at < before), c.published_at < retries_before)
    lost = update(in_flight).where(c.stage == stage, c.lane == lane, old)
    return tx.execute(lost.values(published_at=None, put_at=before)).rowcount


def standing(tx: Connection, ids: Sequence[str]) -> dict[str, Standing]:
    """What is known of these messages. One that is missing was worked on."""
    c = in_flight.c
    found = tx.execute(select(c.id, c.taken, c.settled, c.entity, c.records).where(rows.among(tx, c.id, ids)))
    return {row[0]: Standing(row[1], row[2] or (), row[3], row[4]) for row in found}


def handed(tx: Connection, ids: Sequence[str], by: int) -> None:
    """Count how often these were given to a worker that was not heard of again, as far as the broker told."""
    tx.execute(update(in_flight).where(rows.among(tx, in_flight.c.id, ids)).values(taken=in_flight.c.taken + by))


def settle(tx: Connection, ids: Sequence[str]) -> None:
    """These were worked on, all of each."""
    rows.delete(tx, in_flight, [{"id": one} for one in ids])


def settle_places(tx: Connection, parts: Mapping[str, tuple[Sequence[int], int]]) -> None:
    """Of these messages some places were worked on: id -> (places, how many there are)."""
    c = in_flight.c
    locked = select(c.id, c.settled, c.taken).where(rows.among(tx, c.id, sorted(parts))).order_by(c.id).with_for_update()
    for id_, before, taken in tx.execute(locked).all():
        places, total = parts[id_]
        settled = sorted({*(before or ()), *places})
        if len(settled) >= total:
            settle(tx, [id_])
            continue
        left = {"settled": settled, "records": total - len(settled), "taken": max(0, taken - 1)}
        tx.execute(update(in_flight).where(c.id == id_).values(left))


def depth(tx: Connection) -> list[tuple[str, str, int]]:
    """(stage, lane, how many records are on their way)."""
    c = in_flight.c
    found = tx.execute(select(c.stage, c.lane, func.sum(c.records)).group_by(c.stage, c.lane))
    return [(row[0], row[1], int(row[2])) for row in found]


def count(tx: Connection) -> int:
    """How many records are on their way."""
    return int(tx.scalar(select(func.coalesce(func.sum(in_flight.c.records), 0))) or 0)


def waiting(tx: Connection, entity: str) -> int:
    """How many records of an entity are on their way."""
    return int(tx.scalar(select(func.coalesce(func.sum(in_flight.c.records), 0)).where(in_flight.c.entity == entity)) or 0)


def due(tx: Connection) -> bool:
    """Whether anything is on its way that can be worked on now: all but what failed and comes again later."""
    return tx.execute(select(in_flight.c.id).where(in_flight.c.attempts == 0).limit(1)).first() is not None
