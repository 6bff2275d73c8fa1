"""Which rules are in force: one row per entity, so that all workers use the same."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection, select

from hub.store import rows
from hub.store.tables import active_rules


def rules_version(tx: Connection, entity: str) -> str | None:
    return tx.scalar(select(active_rules.c.version).where(active_rules.c.entity == entity))


def set_rules(tx: Connection, entity: str, version: str, at: datetime) -> None:
    rows.insert(tx, active_rules, [{"entity": entity, "version": version, "since": at}], known="replace")
