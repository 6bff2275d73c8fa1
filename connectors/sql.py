"""Any database that SQLAlchemy speaks to: a table with its child tables, by time or as a snapshot."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlalchemy import Connection, Table, inspect, select

from hub.contract import (
    Cursor,
    Probe,
    Secret,
    Signal,
    Stream,
    StreamRequest,
    WriteCommand,
    WriteResult,
    WriteTarget,
    setting,
)
from hub.errors import BadSettings
from hub.formats.rows import MEBIBYTE, Flaw, Row
from hub.reading import changes, joined, probes, snapshots, tables, updates
from hub.reading.declared import fill
from hub.reading.known import Known
from hub.reading.names import changed
from hub.records import Data

_TYPES = {"int": "integer", "bool": "boolean", "float": "number", "Decimal": "number", "dict": "object", "list": "array"}


@dataclass(frozen=True)
class Options:
    """What `stream:` may say about a table, besides `parent` and `children`."""

    key: tuple[str, ...] = setting("Column or columns of the key. Default: the primary key.", default=())
    overlap: int = setting("When the cursor column holds numbers: how many are read again each time.", default=1000)


@dataclass(frozen=True)
class Connector:
    """A database."""

    options: ClassVar[type] = Options

    url: Secret = setting(
        "Where it is: dialect+driver://user:password@host/name, or sqlite:///file below HUB_HOME.", secret=True, database=True
    )
    schema: str = setting("The schema of its tables. Default: the user's own.", default="")
    clock: str = setting(
        "The zone of its times without zone, for instance Europe/Madrid or UTC. Default: unknown, so more is read twice.",
        default="",
    )
    max_field: int = setting("Bytes of the longest field; a longer one sets its record aside.", default=MEBIBYTE)

    def check(self) -> list[Probe]:
        return probes.run([("address", self._address), ("login", self._login), ("list", self._list), ("sample", self._sample)])

    def _address(self) -> str:
        self._clock()
        return tables.shown_name(self.url)

    def _login(self) -> str:
        with tables.snapshot(self.url) as connection:
            connection.execute(select(1))
        return ""

    def _list(self) -> str:
        with tables.snapshot(self.url) as connection:
            return f"{len(self._names(connection))} tables"

    def _sample(self) -> str:
        with tables.snapshot(self.url) as connection:
            for name in self._names(connection)[:1]:
                connection.execute(select(tables.reflect(connection, name, self.schema or None)).limit(1)).first()
        return ""

    def _names(self, connection: Connection) -> list[str]:
        inspector = inspect(connection)
        schema = self.schema or None
        return sorted({*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)})

    def discover(self) -> list[Stream]:
        with tables.snapshot(self.url) as connection:
            schema = self.schema or None
            return [_stream(tables.reflect(connection, name, schema, declared=True)) for name in self._names(connection)]

    def read(self, request: StreamRequest, cursor: Cursor | None) -> Iterator[snapshots.Event]:
        options = fill(Options, request.options, f"Stream {request.name}", str)
        with tables.snapshot(self.url) as connection:
            plan = joined.plan(connection, request, self.schema or None, options.key, self.max_field)
            before = cursor or {}
            fields = _fields(plan)
            yield from _drift(before.get("fields"), fields)
            if plan.time is None:
                yield from snapshots.changes(_all(plan, connection, request), _snapshot(plan, request, before, fields))
                return
            read = changes.begin(connection, plan, request, before, self._clock(), options.overlap, {"fields": fields})
            try:
                yield from read.read()
            finally:
                read.close()

    def look(self, target: WriteTarget, keys: Sequence[str]) -> Mapping[str, Data]:
        options = fill(Options, target.options, f"Stream {target.name}", str)
        with tables.snapshot(self.url) as connection:
            return updates.rows(connection, target, self.schema or None, options.key).look(connection, keys)

    def write(self, target: WriteTarget, commands: Sequence[WriteCommand]) -> Iterator[WriteResult]:
        options = fill(Options, target.options, f"Stream {target.name}", str)
        with updates.writing(self.url) as connection:
            with connection.begin():
                rows = updates.rows(connection, target, self.schema or None, options.key)
            yield from updates.write_all(connection, rows, commands)

    def _clock(self) -> str:
        try:
            return ZoneInfo(self.clock).key if self.clock else ""
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise BadSettings(f"`clock` must be a zone such as Europe/Madrid, not {self.clock!r}.", name="clock") from error

    def close(self) -> None:
        """Nothing stays open between reads."""


def _snapshot(plan: joined.Joined, request: StreamRequest, before: Cursor, fields: dict[str, list[str]]) -> snapshots.Snapshot:
    return snapshots.Snapshot(request, plan.key, Known(before.get("known"), request.landed), extra=lambda: {"fields": fields})


def _all(plan: joined.Joined, connection: Connection, request: StreamRequest) -> Iterator[Row | Flaw]:
    for page in plan.pages(connection, request.batch_size):
        yield from plan.records(connection, page)


def _fields(plan: joined.Joined) -> dict[str, list[str]]:
    return {table.name: sorted(table.c.keys()) for table in (plan.table, *(child.table for child in plan.children))}


def _drift(before: dict[str, list[str]] | None, now: dict[str, list[str]]) -> Iterator[Signal]:
    """A word about tables whose columns are others than at the last read."""
    for name, columns in now.items():
        former = (before or {}).get(name, columns)
        if former != columns:
            yield changed(sorted(set(columns) - set(former)), sorted(set(former) - set(columns)))


def _stream(table: Table) -> Stream:
    kinds = {column.name: tables.python_type(column).__name__ for column in table.columns}
    times = [name for name, kind in kinds.items() if kind in {"datetime", "date"}]
    words = {name: _TYPES.get(kind, "string") for name, kind in kinds.items()}
    return Stream(table.name, words, key=tables.primary_key(table), cursor_candidates=times, writable=bool(table.primary_key))
