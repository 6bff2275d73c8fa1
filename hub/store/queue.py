"""The durable queue behind the embedded bus: messages with a lease, so that what a dead worker held comes back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from sqlalchemy import Connection, delete, func, select, update

from hub.store import rows
from hub.store.tables import messages


class Message(NamedTuple):
    """One message as it waits: its number gives the order in which it was put."""

    id: int
    message_id: str
    entity: str
    lane: str
    body: str
    attempts: int  # earlier ones that did not end well
    taken: int  # how often a worker took it and was not heard of again


def put(tx: Connection, stage: str, lane: str, given: Iterable[tuple[str, str, str]], at: datetime) -> None:
    """Keep (message id, entity, body). A message id that waits already is not put twice."""
    made = [
        {
            "stage": stage, "lane": lane, "message_id": message_id, "entity": entity, "body": body,
            "attempts": 0, "taken": 0, "ready_at": at, "lease": None, "why": "",
        }
        for message_id, entity, body in given
    ]  # fmt: skip
    rows.insert(tx, messages, made, known="keep")


def ready(tx: Connection, stage: str, lane: str, limit: int, at: datetime) -> list[Message]:
    """The oldest messages that nobody has and whose time has come. They are locked until the transaction ends."""
    c = messages.c
    wanted = select(c.id, c.message_id, c.entity, c.lane, c.body, c.attempts, c.taken)
    wanted = wanted.where(c.stage == stage, c.lane == lane, c.ready_at <= at).order_by(c.id).limit(limit)
    return [Message(*row) for row in tx.execute(wanted.with_for_update(skip_locked=True))]


def lend(tx: Connection, ids: Sequence[int], lease: str, until: datetime) -> None:
    """Nobody else gets these until the lease ends."""
    chosen = rows.among(tx, messages.c.id, ids)
    tx.execute(update(messages).where(chosen).values(lease=lease, ready_at=until, taken=messages.c.taken + 1))


def settle(tx: Connection, ids: Sequence[int], lease: str) -> None:
    """Forget messages. A lease that ended meanwhile settles nothing: somebody else has them."""
    tx.execute(delete(messages).where(rows.among(tx, messages.c.id, ids), messages.c.lease == lease))


def retry(tx: Connection, ids: Sequence[int], lease: str, waits: Sequence[timedelta], at: datetime, why: str) -> None:
    """One attempt more; each comes again after its own wait."""
    for wait in sorted(set(waits)):
        these = [one for one, its in zip(ids, waits, strict=True) if its == wait]
        mine = (rows.among(tx, messages.c.id, these), messages.c.lease == lease)
        again = {"lease": None, "ready_at": at + wait, "attempts": messages.c.attempts + 1, "taken": 0, "why": why}
        tx.execute(update(messages).where(*mine).values(again))


def put_back(tx: Connection, ids: Sequence[int], lease: str, at: datetime) -> None:
    """Nothing was done with these: they are ready again, as if nobody had taken them."""
    mine = (rows.among(tx, messages.c.id, ids), messages.c.lease == lease)
    tx.execute(update(messages).where(*mine).values(lease=None, ready_at=at, taken=messages.c.taken - 1))


def waits(tx: Connection, message_ids: Sequence[str]) -> dict[str, tuple[str, str, int, datetime]]:
    """Of these, those that wait: stage, lane, attempts, and from when on they are ready."""
    c = messages.c
    wanted = select(c.message_id, c.stage, c.lane, c.attempts, c.ready_at).where(rows.among(tx, c.message_id, message_ids))
    return {row.message_id: (row.stage, row.lane, row.attempts, row.ready_at) for row in tx.execute(wanted)}


def leases(tx: Connection, stage: str) -> list[str]:
    """Who holds messages now."""
    held = select(messages.c.lease).where(messages.c.stage == stage, messages.c.lease.is_not(None))
    return list(tx.scalars(held.distinct()))


def free(tx: Connection, stage: str, lease: str, at: datetime) -> None:
    """Everything under this lease is ready again: who held it is dead."""
    tx.execute(update(messages).where(messages.c.stage == stage, messages.c.lease == lease).values(lease=None, ready_at=at))


def depth(tx: Connection) -> list[tuple[str, str, int]]:
    """(stage, lane, how many messages wait)."""
    c = messages.c
    return [(row[0], row[1], row[2]) for row in tx.execute(select(c.stage, c.lane, func.count()).group_by(c.stage, c.lane))]


def due(tx: Connection, at: datetime) -> bool:
    """Whether anything waits that can be worked on now, or is being worked on."""
    c = messages.c
    return tx.execute(select(c.id).where((c.ready_at <= at) | c.lease.is_not(None)).limit(1)).first() is not None


def count(tx: Connection, most: int) -> int:
    """How many messages wait, counted no further than ``most``."""
    return int(tx.scalar(select(func.count()).select_from(select(messages.c.id).limit(most).subquery())) or 0)


def waiting(tx: Connection, entity: str) -> int:
    """How many messages about an entity wait: each leaves with the work of who took it."""
    return int(tx.scalar(select(func.count()).where(messages.c.entity == entity)) or 0)
