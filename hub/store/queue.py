"""The durable queue behind the embedded bus: messages with a lease, so that what a dead worker held comes back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import Connection, delete, func, select, update

from hub.store import rows
from hub.store.tables import messages, record_versions

READY, DEAD = "ready", "dead"


class Message(NamedTuple):
    """One message as it waits: its number gives the order in which it was put."""

    id: int
    message_id: str
    headers: dict[str, Any]
    body: str
    attempts: int  # earlier ones that did not end well


def put(tx: Connection, queue: str, given: Iterable[tuple[str, dict[str, Any], str]], at: datetime) -> None:
    """Keep (message id, headers, body). A message id that waits already is not put twice."""
    made = [
        {
            "queue": queue, "message_id": message_id, "headers": headers, "body": body,
            "attempts": 0, "ready_at": at, "lease": None, "state": READY, "why": "",
        }
        for message_id, headers, body in given
    ]  # fmt: skip
    rows.insert(tx, messages, made, known="keep")


def take(tx: Connection, queue: str, limit: int, lease: str, at: datetime, lasts: timedelta) -> list[Message]:
    """The oldest messages that are ready, leased: nobody else gets them until the lease ends. A first attempt begins here."""
    c = messages.c
    wanted = select(c.id).where(c.queue == queue, c.state == READY, c.ready_at <= at).order_by(c.id).limit(limit)
    ids = list(tx.scalars(wanted.with_for_update(skip_locked=True)))
    taken = rows.among(tx, c.id, ids)
    found = tx.execute(select(c.id, c.message_id, c.headers, c.body, c.attempts).where(taken).order_by(c.id)).all()
    first = func.greatest(c.attempts, 1) if tx.dialect.name == "postgresql" else func.max(c.attempts, 1)
    tx.execute(update(messages).where(taken).values(lease=lease, ready_at=at + lasts, attempts=first))
    return [Message(*row) for row in found]


def attempt(tx: Connection, ids: Sequence[int], lease: str) -> None:
    """Note that these are tried once more, before they are: what kills its worker must be known afterwards."""
    mine = (rows.among(tx, messages.c.id, ids), messages.c.lease == lease)
    tx.execute(update(messages).where(*mine).values(attempts=messages.c.attempts + 1))


def settle(tx: Connection, ids: Sequence[int], lease: str) -> None:
    """Forget messages whose work is committed. A lease that ended meanwhile settles nothing: somebody else has them."""
    tx.execute(delete(messages).where(rows.among(tx, messages.c.id, ids), messages.c.lease == lease))


def put_back(tx: Connection, ids: Sequence[int], lease: str, ready_at: datetime, why: str) -> None:
    """Messages whose time has not come: they are ready again at that moment."""
    mine = (rows.among(tx, messages.c.id, ids), messages.c.lease == lease)
    tx.execute(update(messages).where(*mine).values(lease=None, ready_at=ready_at, why=why))


def bury(tx: Connection, ids: Sequence[int], lease: str, why: str) -> None:
    """Messages that can never pass: dead letters, kept with their reason."""
    mine = (rows.among(tx, messages.c.id, ids), messages.c.lease == lease)
    tx.execute(update(messages).where(*mine).values(lease=None, state=DEAD, why=why))


def leases(tx: Connection, queue: str) -> list[str]:
    """Who holds messages now."""
    held = select(messages.c.lease).where(messages.c.queue == queue, messages.c.state == READY, messages.c.lease.is_not(None))
    return list(tx.scalars(held.distinct()))


def free(tx: Connection, queue: str, lease: str, at: datetime) -> None:
    """Everything under this lease is ready again: who held it is dead."""
    tx.execute(update(messages).where(messages.c.queue == queue, messages.c.lease == lease).values(lease=None, ready_at=at))


def depth(tx: Connection, queue: str) -> dict[str, int]:
    """How many messages wait, and how many are dead."""
    wanted = select(messages.c.state, func.count()).where(messages.c.queue == queue).group_by(messages.c.state)
    return {READY: 0, DEAD: 0} | {row[0]: row[1] for row in tx.execute(wanted)}


def unheard(tx: Connection, entity: str) -> dict[str, int]:
    """How many messages about an entity wait, and how many are dead. One that was worked on and only not settled is neither."""
    c, history = messages.c, record_versions.c
    worked_on = select(history.message_id).where(history.entity == entity, history.message_id == c.message_id).exists()
    found = {READY: 0, DEAD: 0}
    for state, headers, number in tx.execute(
        select(c.state, c.headers, func.count()).where(~worked_on).group_by(c.state, c.headers)
    ):
        found[state] += number if headers.get("entity") == entity else 0
    return found
