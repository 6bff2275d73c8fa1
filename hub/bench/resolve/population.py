"""A database of its own, filled in bulk with made-up customers, and some who are not held yet."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from random import Random
from uuid import uuid4

import psycopg
from sqlalchemy import text

from hub.app import Hub
from hub.app.bulk import adopt_in_bulk
from hub.bench.bulk.people import canonical, rows
from hub.records import Operation, RecordRef, SourceRecord
from hub.resolve.bulk import land
from hub.resolve.settling import Cause
from hub.services.postgres import plain
from hub.store.store import Store

_PAGE = 5_000
_READ = datetime(2026, 6, 1, 12, tzinfo=UTC)


def people(held: int, new: int) -> Iterator[tuple[SourceRecord, bool]]:
    """Records one after the other, each with whether it is one of so many ``new`` ones: some of these are customers that are held
    already, most are not. All of them at once would not fit into memory.
    """
    chosen = set(Random(7).sample(range(held + new), new))  # noqa: S311 - nothing secret is drawn here
    for place, row in enumerate(rows(held + new)):
        yield _record(row.system, row.key, canonical(row)), place in chosen


def known_people(held: int, new: int) -> list[SourceRecord]:
    """Those of `people` who are held, all at once."""
    return [record for record, is_new in people(held, new) if not is_new]


def _record(system: str, key: str, data: dict[str, object]) -> SourceRecord:
    return SourceRecord(
        entity="customer", ref=RecordRef(system, key), operation=Operation.UPSERT, data=data, extracted_at=_READ,
        message_id=f"{system}:{key}", feed=f"{system}.people", run="bench", mapping=f"{system}/customer",
    )  # fmt: skip


def fill(hub: Hub, held: int, new: int) -> list[SourceRecord]:
    """Have so many records held as if they had come one by one; the new ones, which are not."""
    left: list[SourceRecord] = []
    page: list[SourceRecord] = []
    for record, is_new in people(held, new):
        (left if is_new else page).append(record)
        if len(page) == _PAGE:
            _land(hub, page)
            page = []
    _land(hub, page)
    adopt_in_bulk(hub.store, hub.resolver, hub.as_of, Cause("load"))
    return left


def _land(hub: Hub, page: Sequence[SourceRecord]) -> None:
    if page:
        with hub.store.begin() as tx:
            land(tx, hub.resolver, page)


def analyze(store: Store) -> None:
    """What autovacuum does soon after a load: without it the first queries are planned blindly."""
    with store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))


@contextmanager
def database(server: str) -> Iterator[str]:
    """The URL of a new database on this server, which is taken away in the end."""
    name = f"goldenhub_bench_{uuid4().hex[:8]}"
    with psycopg.connect(plain(server), autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}")
    try:
        yield server.rpartition("/")[0] + f"/{name}"
    finally:
        with psycopg.connect(plain(server), autocommit=True) as admin:
            admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
