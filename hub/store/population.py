"""Everything of one entity at a time, as bulk work reads it: live records page by page, identities, merged keys."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, Text, func, or_, select, true, tuple_, type_coerce

from hub.records import RecordRef
from hub.store import sources
from hub.store.sources import Head, SourceKey
from hub.store.tables import former_members, goldens, records, task_goldens

Page = tuple[SourceKey | None, SourceKey | None]
"""Live records behind the first key, up to the second; None: from the beginning, to the end."""


class LiveRecord(NamedTuple):
    """A live record as it is stored, its values as JSON."""

    ref: RecordRef
    data: str
    at: datetime  # when it became true for the hub
    golden: str | None


class Identity(NamedTuple):
    """An id, in use or not, with the members it has or had last."""

    id: str
    members: tuple[RecordRef, ...]
    live: bool


def pages(tx: Connection, entity: str, size: int) -> list[Page]:
    """Live records in the order of keys, ``size`` of them a page."""
    c = records.c
    turn = func.row_number().over(order_by=(c.system, c.key)).label("turn")
    numbered = select(c.system, c.key, turn).where(c.entity == entity, c.live).subquery()
    last = select(numbered.c.system, numbered.c.key).where(numbered.c.turn % size == 0).order_by(numbered.c.turn)
    ends: list[SourceKey | None] = [(row.system, row.key) for row in tx.execute(last)]
    return list(zip([None, *ends], [*ends, None], strict=True))


def page(tx: Connection, entity: str, wanted: Page) -> Iterator[LiveRecord]:
    """The live records of a page, in the order of keys."""
    c, (after, upto) = records.c, wanted
    behind = true() if after is None else tuple_(c.system, c.key) > tuple_(*after)
    before = true() if upto is None else tuple_(c.system, c.key) <= tuple_(*upto)
    told = (c.system, c.key, c.generation, type_coerce(c.data, Text), c.updated_at, c.extracted_at, c.golden_id)
    found = tx.execute(select(*told).where(c.entity == entity, c.live, behind, before).order_by(c.system, c.key))
    for system, key, generation, data, updated_at, extracted_at, golden in found:
        at = min(updated_at, extracted_at) if updated_at else extracted_at
        yield LiveRecord(RecordRef(system, key, generation), data, at, golden)


def merged_keys(tx: Connection, entity: str) -> dict[SourceKey, Head]:
    """Everything its source once said to be another record."""
    wanted = select(records.c.system, records.c.key).where(records.c.entity == entity, records.c.target.is_not(None))
    return sources.heads(tx, entity, [(row.system, row.key) for row in tx.execute(wanted)])


def identities(tx: Connection, entity: str) -> Iterator[Identity]:
    """Every id in use, and those no longer in use whose last members are remembered."""
    kept = select(former_members.c.golden_id).where(former_members.c.entity == entity)
    wanted = select(goldens.c.id, goldens.c.last_members, goldens.c.state).where(goldens.c.entity == entity)
    found = wanted.where(or_(goldens.c.state == "active", goldens.c.id.in_(kept))).execution_options(yield_per=5_000)
    for row in tx.execute(found):
        yield Identity(row.id, tuple(RecordRef(*ref) for ref in row.last_members), row.state == "active")


def any_goldens(tx: Connection, entity: str) -> bool:
    return tx.execute(select(goldens.c.id).where(goldens.c.entity == entity).limit(1)).first() is not None


def asked_about(tx: Connection) -> set[str]:
    """Golden records that open tasks ask about."""
    found: Any = tx.scalars(select(task_goldens.c.golden_id).distinct())
    return set(found)
