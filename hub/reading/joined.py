"""A table with the tables below it: one record is a row and, under each child's name, the list of its child rows."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, and_, exc, or_, select
from sqlalchemy.sql import ColumnElement

from hub.contract import StreamRequest
from hub.errors import BadSettings, did_you_mean
from hub.formats import rows
from hub.formats.lines import is_damaged
from hub.reading.keys import key_of
from hub.reading.keyset import pages
from hub.reading.known import fingerprint
from hub.reading.tables import columns, plain, primary_key, reflect
from hub.records import Data

_TOO_LONG = "goldenhub_too_long"
_KEYS_AT_ONCE = 500


@dataclass(frozen=True)
class Child:
    """A table whose rows belong to rows of the parent."""

    table: Table
    column: str  # in the child, points to ...
    parent_column: str  # ... this column of the parent
    order: tuple[str, ...]
    time: str | None  # when a child row changed; without it only a sweep sees changes


@dataclass(frozen=True)
class Joined:
    """What one feed reads of a database."""

    table: Table
    key: tuple[str, ...]
    order: tuple[str, ...]  # unique together
    time: str | None
    children: tuple[Child, ...]
    longest: int

    def pages(self, connection: Connection, size: int) -> Iterator[list[Row[Any]]]:
        """The order columns of all rows, page by page."""
        order = [self.table.c[name] for name in self.order]
        return pages(connection, select(*order), order, size)

    def records(self, connection: Connection, keys: Sequence[Row[Any]], *, light: bool = False) -> list[rows.Row | rows.Flaw]:
        """The records of these rows of order columns, in the order given. ``light``: only what :meth:`shape` looks at."""
        order = [self.table.c[name] for name in self.order]
        wanted = [*self.key, *self.order, self.time, *(c.parent_column for c in self.children)] if light else None
        marks = {tuple(row._mapping[c.name] for c in order): None for row in keys}
        found = {
            tuple(row._mapping[c.name] for c in order): row
            for some in _some(list(marks))
            for row in _fetch(connection, self, self.table, wanted, order, some)
        }
        parents = [found[mark] for mark in marks if mark in found]
        below = {child.table.name: self._below(connection, child, parents, light) for child in self.children}
        return [self._record(parent, below) for parent in parents]

    def _below(self, connection: Connection, child: Child, parents: list[Row[Any]], light: bool) -> dict[Any, list[Row[Any]]]:
        wanted = [child.column, *child.order, child.time] if light and child.time else None
        order = [child.table.c[name] for name in child.order]
        values = list({parent._mapping[child.parent_column]: None for parent in parents})
        grouped: dict[Any, list[Row[Any]]] = defaultdict(list)
        for some in _some([(value,) for value in values if value is not None]):
            for row in _fetch(connection, self, child.table, wanted, [child.table.c[child.column]], some, order):
                grouped[row._mapping[child.column]].append(row)
        return grouped

    def _record(self, parent: Row[Any], below: dict[str, dict[Any, list[Row[Any]]]]) -> rows.Row | rows.Flaw:
        data = _data(parent)
        members = [parent]
        for child in self.children:
            mine = below[child.table.name].get(parent._mapping[child.parent_column], [])
            data[child.table.name] = [_data(row) for row in mine]
            members += mine
        where = f"{self.table.name} {key_of(data, self.key) or '(no key)'}"
        if any(row._mapping[_TOO_LONG] for row in members):
            return rows.Flaw(where, "field_too_long", rows.too_long("A field", self.longest, "max_field"), "", data)
        if any(isinstance(value, str) and is_damaged(value) for row in members for value in row):
            return rows.Flaw(where, "encoding_invalid", "A text has bytes that are no UTF-8.", "", data)
        return rows.Row(data, where, _size(data))

    def shape(self, data: Data) -> str:
        """Fingerprint of what a sweep looks at: the time of the record, keys and times of its children."""
        below = [
            [[row[name] for name in (*child.order, child.time)] if child.time else row for row in data[child.table.name]]
            for child in self.children
        ]
        return fingerprint(data[self.time] if self.time else data, below)


def plan(connection: Connection, request: StreamRequest, schema: str | None, key: Sequence[str], longest: int) -> Joined:
    """Which tables and columns a feed reads, checked against the database."""
    table = reflect(connection, request.name, schema)
    primary = tuple(primary_key(table))
    chosen = tuple(key) or primary
    if not chosen:
        raise BadSettings(f"The table {table.name!r} has no primary key: name its `key` under `stream:`.", name="key")
    _check(table, [*chosen, *([request.cursor.column] if request.cursor.column else [])])
    children = tuple(_child(connection, request, table, name, schema) for name in request.children)
    return Joined(table, chosen, primary or chosen, request.cursor.column, children, longest)


def _child(connection: Connection, request: StreamRequest, parent: Table, name: str, schema: str | None) -> Child:
    table = reflect(connection, name, schema)
    column, parent_column = request.children[name]
    default = request.cursor.column if request.cursor.column and request.cursor.column in table.c else None
    time = request.cursor.children.get(name, default)
    _check(table, [column, *([time] if time else [])])
    _check(parent, [parent_column])
    order = tuple(primary_key(table)) or tuple(table.c.keys())
    return Child(table, column, parent_column, order, time)


def _check(table: Table, names: Iterable[str]) -> None:
    for name in names:
        if name not in table.c:
            raise BadSettings(f"The table {table.name!r} has no column {name!r}{did_you_mean(name, table.c.keys())}.", name=name)


def _some(values: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    for start in range(0, len(values), _KEYS_AT_ONCE):
        yield values[start : start + _KEYS_AT_ONCE]


def _fetch(
    connection: Connection,
    joined: Joined,
    table: Table,
    wanted: Sequence[str | None] | None,
    on: Sequence[ColumnElement[Any]],
    values: Sequence[tuple[Any, ...]],
    order: Sequence[ColumnElement[Any]] = (),
) -> list[Row[Any]]:
    """Rows with these values. Where a time has no Python value (the year 20000, infinity), times come as text instead."""

    def query(as_text: bool) -> Select[Any]:
        listed = columns(table, joined.longest, connection.dialect.name, wanted, as_text=as_text)
        return select(*listed).where(among(on, values)).order_by(*order)

    try:
        return list(connection.execute(query(as_text=False)))
    except (exc.DataError, ValueError, OverflowError):
        return list(connection.execute(query(as_text=True)))


def among(on: Sequence[ColumnElement[Any]], values: Sequence[tuple[Any, ...]]) -> ColumnElement[bool]:
    """These columns have one of these values."""
    if len(on) == 1:
        return on[0].in_([value[0] for value in values])
    return or_(*(and_(*(column == part for column, part in zip(on, value, strict=True))) for value in values))


def _data(row: Row[Any]) -> Data:
    return {name: plain(value) for name, value in row._mapping.items() if name != _TOO_LONG}


def _size(data: Data) -> int:
    return sum(len(value) for value in data.values() if isinstance(value, str))
