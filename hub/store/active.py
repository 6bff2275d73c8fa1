"""Which rules are in force (one row per entity, so that all workers use the same), and what there is to look for at all."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import Connection, select

from hub.store import rows
from hub.store.tables import active_rules


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
    return ask_standing(tx, entity)()


def ask_standing(tx: Connection, entity: str) -> Callable[[], Standing]:
    """The same in two steps, so that other things can be asked together with it."""
    asked = rows.asked(tx, _ON_POSTGRESQL if tx.dialect.name == "postgresql" else _STANDING, [entity] * 5)

    def read() -> Standing:
        rules, *there = asked.fetchone()
        return Standing(rules, *map(bool, there))

    return read


_STANDING = """
SELECT (SELECT version FROM active_rules WHERE entity = ?),
EXISTS (SELECT 1 FROM decisions WHERE entity = ?),
EXISTS (SELECT 1 FROM pins WHERE entity = ?),
EXISTS (SELECT 1 FROM records WHERE entity = ? AND target IS NOT NULL),
EXISTS (SELECT 1 FROM former_members WHERE entity = ?),
EXISTS (SELECT 1 FROM lookups)"""
_ON_POSTGRESQL = _STANDING.replace("?", "%s")


def rules_version(tx: Connection, entity: str) -> str | None:
    return tx.scalar(select(active_rules.c.version).where(active_rules.c.entity == entity))


def set_rules(tx: Connection, entity: str, version: str, at: datetime) -> None:
    rows.insert(tx, active_rules, [{"entity": entity, "version": version, "since": at}], known="replace")
