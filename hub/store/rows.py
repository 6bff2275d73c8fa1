"""Many rows in one statement: what a micro-batch needs, since a statement per record would cost more than the record.

PostgreSQL takes arrays (``unnest``), SQLite a prepared statement with many parameters. Values go through the column types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Connection,
    Date,
    Integer,
    LargeBinary,
    Table,
    any_,
    bindparam,
    func,
    literal,
    select,
)
from sqlalchemy import Text as SqlText
from sqlalchemy.engine import Dialect

from hub.store.arrays import Array, array
from hub.store.types import Moment

Row = dict[str, Any]


def insert(tx: Connection, table: Table, rows: Sequence[Row], *, known: str = "fail") -> None:
    """Insert rows. ``known`` says what to do with a primary key that is there already: fail, keep it, or replace it."""
    if not rows:
        return
    columns = tuple(rows[0])
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(_insert(table, columns, known), _arrays(tx, table, columns, rows))
    else:
        marks = ", ".join("?" for _ in columns)
        names = ", ".join(map(_quoted, columns))
        ending = _on_conflict(table, columns, known)
        sql = f"INSERT INTO {_quoted(table.name)} ({names}) VALUES ({marks}){ending}"  # noqa: S608 - our own names
        tx.exec_driver_sql(sql, list(zip(*_columns(tx, table, columns, rows), strict=True)))


@lru_cache(maxsize=256)
def _insert(table: Table, columns: tuple[str, ...], known: str) -> str:
    names, ending = ", ".join(map(_quoted, columns)), _on_conflict(table, columns, known)
    return f"INSERT INTO {_quoted(table.name)} ({names}) SELECT * FROM unnest({_marks(table, columns)}){ending}"  # noqa: S608


def update(tx: Connection, table: Table, key: Sequence[str], rows: Sequence[Row]) -> None:
    """Update the rows that ``key`` names with the other columns given."""
    if not rows:
        return
    values = tuple(name for name in rows[0] if name not in key)
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(_update(table, tuple(key), values), _arrays(tx, table, (*values, *key), rows))
    else:
        sets = ", ".join(f"{_quoted(name)} = ?" for name in values)
        where = " AND ".join(f"{_quoted(name)} = ?" for name in key)
        sql = f"UPDATE {_quoted(table.name)} SET {sets} WHERE {where}"  # noqa: S608 - our own names
        tx.exec_driver_sql(sql, list(zip(*_columns(tx, table, (*values, *key), rows), strict=True)))


@lru_cache(maxsize=256)
def _update(table: Table, key: tuple[str, ...], values: tuple[str, ...]) -> str:
    sets = ", ".join(f"{_quoted(name)} = given.{_quoted(name)}" for name in values)
    return f"UPDATE {_quoted(table.name)} SET {sets} FROM {_given(table, (*values, *key))} WHERE {_equal(table, key)}"  # noqa: S608


def delete(tx: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Delete the rows that equal the given columns."""
    if not rows:
        return
    columns = tuple(rows[0])
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql(_delete(table, columns), _arrays(tx, table, columns, rows))
    else:
        where = " AND ".join(f"{_quoted(name)} = ?" for name in columns)
        sql = f"DELETE FROM {_quoted(table.name)} WHERE {where}"  # noqa: S608 - our own names
        tx.exec_driver_sql(sql, list(zip(*_columns(tx, table, columns, rows), strict=True)))


@lru_cache(maxsize=256)
def _delete(table: Table, columns: tuple[str, ...]) -> str:
    return f"DELETE FROM {_quoted(table.name)} USING {_given(table, columns)} WHERE {_equal(table, columns)}"  # noqa: S608


def among(tx: Connection, column: Column[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """``column IN values`` with one parameter, however many values there are."""
    given = list(values)
    if tx.dialect.name == "postgresql":
        kind = Array("bigint" if isinstance(column.type, (BigInteger, Integer)) else "text")
        return column == any_(bindparam(None, given, type_=kind))
    listed = func.json_each(literal(orjson.dumps(given).decode(), SqlText())).table_valued("value")
    return column.in_(select(listed.c.value))


def _columns(tx: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> list[list[Any]]:
    result = []
    for name in columns:
        values = [row[name] for row in rows]
        convert = _converter(table.c[name], tx.dialect)
        result.append([convert(value) for value in values] if convert else values)
    return result


def _arrays(tx: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> tuple[Any, ...]:
    """One array per column, as PostgreSQL writes arrays."""
    given = zip(columns, _columns(tx, table, columns, rows), strict=True)
    return tuple(array(_kind(table.c[name]), values) for name, values in given)


@lru_cache(maxsize=1024)
def _converter(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    if dialect.name == "postgresql" and isinstance(column.type, Moment):
        return None  # it knows offsets itself
    return column.type.dialect_impl(dialect).bind_processor(dialect)


def _on_conflict(table: Table, columns: Sequence[str], known: str) -> str:
    if known == "fail":
        return ""
    key = [column.name for column in table.primary_key.columns]
    named = ", ".join(map(_quoted, key))
    if known == "keep":
        return " ON CONFLICT DO NOTHING"
    sets = ", ".join(f"{_quoted(name)} = excluded.{_quoted(name)}" for name in columns if name not in key)
    return f" ON CONFLICT ({named}) DO UPDATE SET {sets}"


def _marks(table: Table, columns: Sequence[str]) -> str:
    return ", ".join(f"%s::{_kind(table.c[name])}[]" for name in columns)


def _given(table: Table, columns: Sequence[str]) -> str:
    return f"unnest({_marks(table, columns)}) AS given({', '.join(map(_quoted, columns))})"


def _equal(table: Table, columns: Sequence[str]) -> str:
    return " AND ".join(f"{_quoted(table.name)}.{_quoted(name)} = given.{_quoted(name)}" for name in columns)


@lru_cache(maxsize=1024)
def _kind(column: Column[Any]) -> str:
    for kind, name in (
        (BigInteger, "bigint"),
        (Integer, "integer"),
        (Boolean, "boolean"),
        (Date, "date"),
        (Moment, "timestamptz"),
        (LargeBinary, "bytea"),
        (LargeBinary, "bytea"),
    ):
        if isinstance(column.type, kind):
            return name
    return "text"


def _quoted(name: str) -> str:
    return f'"{name}"'
