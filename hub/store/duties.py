"""What the hub does now and then, whoever of its workers: who is at it now, and when it was last done to its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from hub.store import rows
from hub.store.tables import duties


@dataclass(frozen=True, slots=True)
class Duty:
    """One of them. ``told`` is what came of it when it was last done."""

    name: str
    holder: str | None
    until: datetime | None
    began_at: datetime | None
    ended_at: datetime | None
    told: dict[str, Any]


def known(tx: Connection, name: str, *, alone: bool = False) -> Duty | None:
    """How it stands; None when nobody ever did it. ``alone``: nobody else takes it until this transaction ends."""
    wanted = select(duties).where(duties.c.name == name)
    row = tx.execute(wanted.with_for_update() if alone else wanted).mappings().first()
    return None if row is None else Duty(**row)


def begin(tx: Connection, name: str) -> Duty:
    """How it stands, for somebody who may take it: alone until this transaction ends."""
    empty: rows.Row = {"holder": None, "until": None, "began_at": None, "ended_at": None, "told": {}}
    rows.insert(tx, duties, [{"name": name} | empty], known="keep")
    found = known(tx, name, alone=True)
    assert found is not None  # noqa: S101 - it was put there just now
    return found


def take(tx: Connection, name: str, holder: str, at: datetime, until: datetime) -> None:
    """It is this one's until then. Whoever asks for ``begin`` first sees that nobody else has it."""
    tx.execute(update(duties).where(duties.c.name == name).values(holder=holder, until=until, began_at=at))


def hold(tx: Connection, name: str, holder: str, until: datetime) -> bool:
    """Go on holding it; False when somebody else has it by now."""
    mine = (duties.c.name == name, duties.c.holder == holder)
    return tx.execute(update(duties).where(*mine).values(until=until)).rowcount > 0


def done(tx: Connection, name: str, at: datetime, told: dict[str, Any]) -> None:
    """It was done to its end."""
    begin(tx, name)
    tx.execute(update(duties).where(duties.c.name == name).values(holder=None, until=None, ended_at=at, told=told))
