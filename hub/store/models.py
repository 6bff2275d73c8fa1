"""Models: every version of the weights that was ever proposed, and which one is in force (one per entity).

A version is the content hash of its document: who estimates the same from the same records has the same version.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select, update

from hub.store import rows
from hub.store.tables import models

PROPOSED, ACTIVE, RETIRED = "proposed", "active", "retired"
SHIPPED, TRAINED, LEARNED, FILE = "shipped", "trained", "learned", "file"

_LISTED = [column for column in models.c if column.name != "document"]


@dataclass(frozen=True, slots=True)
class StoredModel:
    """One version. ``report`` are the numbers it rests on, ``simulated`` what the last simulation of it found."""

    entity: str
    version: str
    origin: str
    state: str
    created_at: datetime
    by: str
    why: str = ""
    parent: str | None = None  # what was in force before it; before it ever was: what it was estimated under
    report: Mapping[str, Any] = field(default_factory=dict)
    simulated: Mapping[str, Any] | None = None
    applied_at: datetime | None = None
    document: Mapping[str, Any] = field(default_factory=dict, repr=False)  # empty in lists


def put(tx: Connection, model: StoredModel) -> bool:
    """Keep a version; False where it was known already, and stays as it was."""
    row = {column.name: getattr(model, column.name) for column in models.c}
    return rows.insert(tx, models, [row], known="keep") == 1


def active(tx: Connection, entity: str) -> StoredModel | None:
    """The model in force, with its document; None before any record was resolved."""
    return _one(tx, models.c.entity == entity, models.c.state == ACTIVE)


def by_version(tx: Connection, entity: str, version: str) -> StoredModel | None:
    return _one(tx, models.c.entity == entity, models.c.version == version)


def named(tx: Connection, entity: str, prefix: str) -> list[str]:
    """The versions that begin so."""
    wanted = select(models.c.version).where(models.c.entity == entity, models.c.version.startswith(prefix, autoescape=True))
    return list(tx.scalars(wanted.order_by(models.c.version)))


def listed(tx: Connection, entity: str) -> list[StoredModel]:
    """All of them without their documents, the oldest first."""
    wanted = select(*_LISTED).where(models.c.entity == entity).order_by(models.c.created_at, models.c.version)
    return [StoredModel(**row) for row in tx.execute(wanted).mappings()]


def activate(tx: Connection, entity: str, version: str, at: datetime, *, parent: str | None) -> None:
    """From now on this one is in force, and the one that was is retired."""
    mine = update(models).where(models.c.entity == entity)
    tx.execute(mine.where(models.c.state == ACTIVE).values(state=RETIRED))
    tx.execute(mine.where(models.c.version == version).values(state=ACTIVE, applied_at=at, parent=parent))


def note_simulation(tx: Connection, entity: str, version: str, found: Mapping[str, Any]) -> None:
    """Keep what a simulation found, in numbers."""
    tx.execute(update(models).where(models.c.entity == entity, models.c.version == version).values(simulated=dict(found)))


def _one(tx: Connection, *where: Any) -> StoredModel | None:
    row = tx.execute(select(models).where(*where)).mappings().first()
    return StoredModel(**row) if row else None
