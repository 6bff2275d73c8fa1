"""Which rules are in force (one row per entity, so that all workers use the same), and what there is to look for at all."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, exists, select

from hub.store import rows
from hub.store.tables import active_rules, decisions, former_members, lookups, pins, records


class Standing(NamedTuple):
    """What a batch needs not ask for when there is none of it."""

    rules: str | None
    decisions: bool
    pins: bool
    pointers: bool
    former: bool
    references: bool


def standing(tx: Connection, entity: str) -> Standing:
    """One question instead of one for each."""
    c = records.c
    wanted = select(
        select(active_rules.c.version).where(active_rules.c.entity == entity).scalar_subquery(),
        exists().where(decisions.c.entity == entity),
        exists().where(pins.c.entity == entity),
        exists().where(c.entity == entity, c.target.is_not(None)),
        exists().where(former_members.c.entity == entity),
        exists(select(lookups.c.lookup)),
    )
    return Standing(*tx.execute(wanted).one())


def rules_version(tx: Connection, entity: str) -> str | None:
    return tx.scalar(select(active_rules.c.version).where(active_rules.c.entity == entity))


def set_rules(tx: Connection, entity: str, version: str, at: datetime) -> None:
    rows.insert(tx, active_rules, [{"entity": entity, "version": version, "since": at}], known="replace")
