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


def people(held: int, new: int) -> tuple[list[SourceRecord], list[SourceRecord]]:
    """Records to be held, and new ones of the same population: some are customers that are held, most are not."""
    told = [_record(row.system, row.key, canonical(row)) for row in rows(held + new)]
    chosen = set(Random(7).sample(range(len(told)), new))  # noqa: S311 - nothing secret is drawn here
    return [one for place, one in enumerate(told) if place not in chosen], [told[place] for place in sorted(chosen)]


def _record(system: str, key: str, data: dict[str, object]) -> SourceRecord:
    return SourceRecord(
        entity="customer", ref=RecordRef(system, key), operation=Operation.UPSERT, data=data, extracted_at=_READ,
        message_id=f"{system}:{key}", feed=f"{system}.people", run="bench", mapping=f"{system}/customer",
    )  # fmt: skip


def fill(hub: Hub, records: Sequence[SourceRecord]) -> None:
    """Have them held as if they had come one by one."""
    for start in range(0, len(records), _PAGE):
        with hub.store.begin() as tx:
            land(tx, hub.resolver, records[start : start + _PAGE])
    adopt_in_bulk(hub.store, hub.resolver, hub.as_of, Cause("load"))


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
