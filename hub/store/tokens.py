"""Who may ask the hub over HTTP: tokens of systems, of which only a hash is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select, update

from hub.store import rows
from hub.store.tables import tokens


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token."""

    id: str
    name: str
    hash: str
    scopes: tuple[str, ...]
    created_at: datetime
    expires_at: datetime
    revoked_at: datetime | None = None


def add(tx: Connection, token: Token) -> None:
    row = {name: getattr(token, name) for name in Token.__slots__}
    rows.insert(tx, tokens, [row | {"scopes": list(token.scopes)}])


def by_id(tx: Connection, token_id: str) -> Token | None:
    return _one(tx, tokens.c.id == token_id)


def by_name(tx: Connection, name: str) -> Token | None:
    return _one(tx, tokens.c.name == name)


def listed(tx: Connection) -> Sequence[Token]:
    found = tx.execute(select(tokens).order_by(tokens.c.name)).mappings()
    return [Token(**{**row, "scopes": tuple(row["scopes"])}) for row in found]


def revoke(tx: Connection, name: str, at: datetime) -> bool:
    """Whether there was one that could still be used."""
    gone = update(tokens).where(tokens.c.name == name, tokens.c.revoked_at.is_(None)).values(revoked_at=at)
    return tx.execute(gone).rowcount > 0


def _one(tx: Connection, where: object) -> Token | None:
    row = tx.execute(select(tokens).where(where)).mappings().first()  # type: ignore[arg-type]
    return None if row is None else Token(**{**row, "scopes": tuple(row["scopes"])})
