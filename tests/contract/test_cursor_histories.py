"""No history of late commits, changes, deletions, dead readers and repeated reads makes a database feed lose anything."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Engine, Integer, MetaData, String, Table, create_engine, delete, insert, select

from connectors import build
from hub.contract import Batch, Checkpoint, Cursor, CursorRule, StreamRequest
from hub.records import RawRecord

META = MetaData()
CUSTOMERS = Table("customers", META, Column("id", Integer, primary_key=True), Column("name", String), Column("at", String))
PHONES = Table(
    "phones",
    META,
    Column("id", Integer, primary_key=True),
    Column("customer", Integer),
    Column("number", String),
    Column("at", String),
)
LAG = timedelta(seconds=10)
START = datetime(2026, 3, 1, 10)  # noqa: DTZ001 - as the database has it

IDS = st.integers(1, 4)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("write"), IDS, st.integers(0, 10)),  # written so many seconds before it can be seen
        st.tuples(st.just("phone"), IDS, st.integers(0, 10)),
        st.tuples(st.just("delete"), IDS),
        st.tuples(st.just("hang_up"), IDS),
        st.tuples(st.just("read")),
        st.tuples(st.just("die"), st.integers(1, 4)),  # a reader that dies behind its n-th event
        st.tuples(st.just("wait"), st.integers(1, 30)),
    ),
    max_size=25,
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    engine = create_engine(f"sqlite:///{tmp_path_factory.mktemp('db') / 'erp.db'}")
    META.create_all(engine)
    yield engine
    engine.dispose()


class World:
    """The database, its clock, and what the hub holds of it."""

    def __init__(self, engine: Engine, sweep: str | None) -> None:
        self.engine = engine
        self.clock = START
        self.cursor: Cursor | None = None
        self.held: dict[str, Any] = {}
        self.sweep = sweep
        self.serial = 0
        with engine.begin() as connection:
            connection.execute(delete(CUSTOMERS))
            connection.execute(delete(PHONES))

    def put(self, table: Table, key: int, delay: int, **values: Any) -> None:
        """Written now, seen after the delay: nobody reads in between, so it is written later with its old time."""
        self.serial += 1
        written = self.clock.isoformat(" ")
        self.clock += timedelta(seconds=delay)
        with self.engine.begin() as connection:
            connection.execute(delete(table).where(table.c.id == key))
            connection.execute(insert(table).values(id=key, at=written, **values))
        self.clock += timedelta(seconds=1)

    def write(self, key: int, delay: int) -> None:
        self.put(CUSTOMERS, key, delay, name=f"name {self.serial}")

    def phone(self, key: int, delay: int) -> None:
        self.put(PHONES, key, delay, customer=key, number=f"number {self.serial}")

    def delete(self, key: int) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(CUSTOMERS).where(CUSTOMERS.c.id == key))

    def hang_up(self, key: int) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(PHONES).where(PHONES.c.id == key))

    def wait(self, seconds: int) -> None:
        self.clock += timedelta(seconds=seconds)

    def read(self, stop: int | None = None) -> None:
        connector = build("sql", {"url": "env:URL"}, lambda _: str(self.engine.url))
        rule = CursorRule("at", LAG, self.sweep)
        request = StreamRequest("customers", {"phones": ("customer", "id")}, rule, batch_size=2, accept=True)
        events = connector.read(request, self.cursor)
        waiting: list[RawRecord] = []
        for number, event in enumerate(events, start=1):
            if isinstance(event, Batch):
                waiting += [record for record in event.records if isinstance(record, RawRecord)]
            elif isinstance(event, Checkpoint):
                self._keep(waiting)
                self.cursor = json.loads(json.dumps(event.cursor))
            if number == stop:
                break
        events.close()  # type: ignore[attr-defined]

    def die(self, stop: int) -> None:
        self.read(stop)

    def _keep(self, waiting: list[RawRecord]) -> None:
        for record in waiting:
            if record.operation == "deleted":
                self.held.pop(str(record.key), None)
            else:
                self.held[str(record.key)] = (record.data["name"], [phone["number"] for phone in record.data["phones"]])
        waiting.clear()

    def truth(self) -> dict[str, Any]:
        with self.engine.connect() as connection:
            phones = connection.execute(select(PHONES).order_by(PHONES.c.id)).all()
            return {
                str(row.id): (row.name, [phone.number for phone in phones if phone.customer == row.id])
                for row in connection.execute(select(CUSTOMERS))
            }

    def run(self, steps: list[tuple[Any, ...]]) -> None:
        for name, *values in steps:
            getattr(self, name)(*values)
        self.read()


@given(STEPS)
@settings(max_examples=40)
def test_with_a_sweep_the_hub_holds_what_is_there(engine: Engine, steps: list[tuple[Any, ...]]) -> None:
    world = World(engine, "every_run")
    world.run(steps)
    assert world.held == world.truth()


@given(STEPS.map(lambda steps: [step for step in steps if step[0] not in {"delete", "hang_up"}]))
@settings(max_examples=40)
def test_without_deletions_the_lag_window_alone_is_enough(engine: Engine, steps: list[tuple[Any, ...]]) -> None:
    world = World(engine, None)
    world.run(steps)
    assert world.held == world.truth()


def test_a_path_with_the_url_of_the_database_is_not_touched_by_a_read(tmp_path: Path) -> None:
    connector = build("sql", {"url": "env:URL"}, lambda _: f"sqlite:///{tmp_path / 'none.db'}")
    assert connector.check()[1].state == "failed"
    assert not (tmp_path / "none.db").exists()
