"""Which messages systems pushed before: (source, id) leads to the receipt of the first time, so that nothing arrives twice."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from sqlalchemy import Connection, select

from hub.store import rows
from hub.store.tables import inbox


def known(tx: Connection, source: str, ids: Iterable[str]) -> dict[str, str]:
    """Of these ids, those that came before, with their receipts."""
    asked = [(one,) for one in ids]
    return dict(rows.find(tx, inbox, ("id",), asked, told=("id", "receipt"), fixed={"source": source}))  # type: ignore[arg-type]


def hashes(tx: Connection, source: str, ids: Iterable[str]) -> set[str]:
    """Of these ids, by what the requests are known in which they came; of some nobody kept it."""
    c = inbox.c
    wanted = select(c.hash).where(c.source == source, rows.among(tx, c.id, ids), c.hash.is_not(None)).distinct()
    return set(tx.scalars(wanted))


def add(tx: Connection, source: str, receipts: Mapping[str, str], at: datetime, hash: str | None = None) -> bool:
    """Remember these; False when somebody else took one of them at the same moment: roll back and look again."""
    same = {"source": source, "at": at, "hash": hash}
    made = [{"id": one, "receipt": receipt} | same for one, receipt in sorted(receipts.items())]
    return rows.insert(tx, inbox, made, known="keep") == len(made) or known(tx, source, receipts) == dict(receipts)


def prune(tx: Connection, before: datetime, limit: int) -> int:
    """Forget the oldest of what is older than this; how many."""
    page = select(inbox.c.source, inbox.c.id).where(inbox.c.at < before).order_by(inbox.c.at).limit(limit)
    found = tx.execute(page.with_for_update(skip_locked=True)).all()
    rows.delete(tx, inbox, [{"source": row.source, "id": row.id} for row in found])
    return len(found)
