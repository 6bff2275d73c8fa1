"""Who asked for a merge, a split, a pin or a correction, and whether he was allowed to. Rows are only ever added."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy import Connection, select

from hub.store import rows
from hub.store.tables import audit


@dataclass(frozen=True, slots=True)
class Attempt:
    """One thing somebody wanted done. It names records and fields, never values."""

    at: datetime
    by: str
    door: str  # command line | http
    action: str  # same | not_same | withdraw | pin | unpin | correct | take_back
    about: tuple[str, ...]
    allowed: bool
    result: str | None = None  # the decision, pin or record that came of it
    why: str = ""


def add(tx: Connection, attempt: Attempt) -> None:
    row = {one.name: getattr(attempt, one.name) for one in fields(Attempt)}
    rows.insert(tx, audit, [row | {"about": list(attempt.about)}])


def listed(tx: Connection, *, refused: bool = False, limit: int = 100) -> Sequence[Attempt]:
    """The latest first; ``refused``: only what was not allowed."""
    wanted = select(audit).order_by(audit.c.id.desc()).limit(limit)
    if refused:
        wanted = wanted.where(audit.c.allowed.is_(False))
    return [
        Attempt(**{name: value for name, value in row.items() if name not in ("id", "about")}, about=tuple(row["about"]))
        for row in tx.execute(wanted).mappings()
    ]
