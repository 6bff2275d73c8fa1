"""Many rows in one statement: what a micro-batch needs, since a statement per record would cost more than the record.

PostgreSQL takes arrays (``unnest``), SQLite a prepared statement with many parameters. Values go through the column types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import Any

import orjson
from sqlalchemy import BigInteger, Boolean, Column, ColumnElement, Connection, Date, Integer, Table, any_, bindparam, func, select
from sqlalchemy import Text as SqlText
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Dialect

from hub.store.types import Moment

Row = dict[str, Any]


def insert(tx: Connection, table: Table, rows: Sequence[Row], *, known: str = "fail") -> None:
    """Insert rows. ``known`` says what to do with a primary key that is there already: fail, keep it, or replace it."""
    if not rows:
        return
    columns = tuple(rows[0])
    ending = _on_conflict(table, columns, known)
    names = ", ".join(map(_quoted, columns))
    if tx.dialect.name == "postgresql":
        arrays = ", ".join(f"%s::{_array_type(table.c[name])}[]" for name in columns)
        sql = f"INSERT INTO {_quoted(table.name)} ({names}) SELECT * FROM unnest({arrays}){ending}"  # noqa: S608 - our own names
        tx.exec_driver_sql(sql, tuple(_columns(tx, table, columns, rows)))
    else:
        marks = ", ".join("?" for _ in columns)
        sql = f"INSERT INTO {_quoted(table.name)} ({names}) VALUES ({marks}){ending}"  # noqa: S608 - our own names
        tx.exec_driver_sql(sql, list(zip(*_columns(tx, table, columns, rows), strict=True)))


def update(tx: Connection, table: Table, key: Sequence[str], rows: Sequence[Row]) -> None:
    """Update the rows that ``key`` names with the other columns given."""
    if not rows:
        return
    values = tuple(name for name in rows[0] if name not in key)
    if tx.dialect.name == "postgresql":
        columns = (*values, *key)
        arrays = ", ".join(f"%s::{_array_type(table.c[name])}[]" for name in columns)
        names = ", ".join(map(_quoted, columns))
        sets = ", ".join(f"{_quoted(name)} = given.{_quoted(name)}" for name in values)
        where = " AND ".join(f"{_quoted(table.name)}.{_quoted(name)} = given.{_quoted(name)}" for name in key)
        sql = f"UPDATE {_quoted(table.name)} SET {sets} FROM unnest({arrays}) AS given({names}) WHERE {where}"  # noqa: S608
        tx.exec_driver_sql(sql, tuple(_columns(tx, table, columns, rows)))
    else:
        sets = ", ".join(f"{_quoted(name)} = ?" for name in values)
        where = " AND ".join(f"{_quoted(name)} = ?" for name in key)
        sql = f"UPDATE {_quoted(table.name)} SET {sets} WHERE {where}"  # noqa: S608 - our own names
        tx.exec_driver_sql(sql, list(zip(*_columns(tx, table, (*values, *key), rows), strict=True)))


def delete(tx: Connection, table: Table, rows: Sequence[Row]) -> None:
    """Delete the rows that equal the given columns."""
    if not rows:
        return
    columns = tuple(rows[0])
    if tx.dialect.name == "postgresql":
        arrays = ", ".join(f"%s::{_array_type(table.c[name])}[]" for name in columns)
        names = ", ".join(map(_quoted, columns))
        where = " AND ".join(f"{_quoted(table.name)}.{_quoted(name)} = given.{_quoted(name)}" for name in columns)
        sql = f"DELETE FROM {_quoted(table.name)} USING unnest({arrays}) AS given({names}) WHERE {where}"  # noqa: S608
        tx.exec_driver_sql(sql, tuple(_columns(tx, table, columns, rows)))
    else:
        where = " AND ".join(f"{_quoted(name)} = ?" for name in columns)
        sql = f"DELETE FROM {_quoted(table.name)} WHERE {where}"  # noqa: S608 - our own names
        tx.exec_driver_sql(sql, list(zip(*_columns(tx, table, columns, rows), strict=True)))


def among(tx: Connection, column: Column[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """``column IN values`` with one parameter, however many values there are."""
    given = list(values)
    if tx.dialect.name == "postgresql":
        element = BigInteger() if isinstance(column.type, (BigInteger, Integer)) else SqlText()
        return column == any_(bindparam(None, given, type_=ARRAY(element)))
    listed = func.json_each(bindparam(None, orjson.dumps(given).decode(), type_=SqlText())).table_valued("value")
    return column.in_(select(listed.c.value))


def _columns(tx: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> list[list[Any]]:
    result = []
    for name in columns:
        values = [row[name] for row in rows]
        convert = _converter(table.c[name], tx.dialect)
        result.append([convert(value) for value in values] if convert else values)
    return result


@lru_cache(maxsize=1024)
def _converter(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
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


def _array_type(column: Column[Any]) -> str:
    for kind, name in (
        (BigInteger, "bigint"),
        (Integer, "integer"),
        (Boolean, "boolean"),
        (Date, "date"),
        (Moment, "timestamptz"),
    ):
        if isinstance(column.type, kind):
            return name
    return "text"


def _quoted(name: str) -> str:
    return f'"{name}"'
