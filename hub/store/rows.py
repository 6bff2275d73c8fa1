"""Many rows in one statement: what a micro-batch needs, since a statement per record would cost more than the record.

PostgreSQL takes arrays (``unnest``), SQLite a prepared statement with many parameters. Values go through the column types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
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
from sqlalchemy.exc import DBAPIError

from hub.store.arrays import Array, array, fields
from hub.store.packed import packed
from hub.store.types import Json, Moment, read_json, told_json

Row = dict[str, Any]
Answer = Callable[[], list[Sequence[Any]]]

FEW = 16
"""So many records at most are few: more are worth a turn for each statement."""

_TOGETHER = "hub_together"
_COPIED = 64  # fewer rows than this are put by a statement that is prepared already


def insert(tx: Connection, table: Table, rows: Sequence[Row], *, known: str = "fail") -> int:
    """Insert rows; how many went in. ``known`` says what to do with a primary key that is there already: fail, keep it,
    or replace it.
    """
    if not rows:
        return 0
    columns = tuple(rows[0])
    return insert_columns(tx, table, columns, [[row[name] for row in rows] for name in columns], known=known)


def insert_columns(
    tx: Connection, table: Table, columns: tuple[str, ...], values: Sequence[Sequence[Any]], *, known: str = "fail"
) -> int:
    """The same, the values given column by column. Many rows that are all new are copied: half the work for PostgreSQL."""
    if not values or not values[0]:
        return 0
    made = _converted(tx, table, columns, values)
    if tx.dialect.name == "postgresql":
        kinds = _kinds(table, columns)
        if known == "fail" and len(values[0]) >= _COPIED and _TOGETHER not in tx.info:
            _copy(tx, table, columns, kinds, made)
            return len(values[0])
        return int(asked(tx, _insert(table, columns, known), tuple(map(array, kinds, made))).rowcount)
    else:
        marks = ", ".join("?" for _ in columns)
        names = ", ".join(map(_quoted, columns))
        ending = on_conflict(table, columns, known)
        sql = f"INSERT INTO {_quoted(table.name)} ({names}) VALUES ({marks}){ending}"  # noqa: S608 - our own names
        return tx.exec_driver_sql(sql, list(zip(*made, strict=True))).rowcount


def inserted(tx: Connection, table: Table, rows: Sequence[Row], *, known: str) -> Callable[[], int]:
    """`insert` of a few rows that waits for no answer: how many went in is told by what this returns, in a transaction that waits
    for nothing not before it ended.
    """
    if tx.dialect.name != "postgresql" or not rows:
        number = insert(tx, table, rows, known=known)
        return lambda: number
    columns = tuple(rows[0])
    cursor = asked(tx, _insert(table, columns, known), _arrays(tx, table, columns, rows))
    return lambda: int(cursor.rowcount)


def asked(tx: Connection, sql: str, values: Sequence[Any]) -> Any:
    """A cursor with what a statement of ours came to, straight from the driver: of a short statement, SQLAlchemy's own part costs
    more than the rest. Where anybody listens to SQLAlchemy's events, it goes the long way and is heard.
    """
    if _is_heard(tx) or tx.dialect.name != "postgresql":
        return tx.exec_driver_sql(sql, tuple(values))
    driver: Any = tx.connection.dbapi_connection
    try:
        return driver.execute(sql, values)
    except driver.Error as error:
        raise _wrapped(tx, sql, error) from error


def _is_heard(tx: Connection) -> bool:
    return bool(getattr(tx, "_has_events", True) or getattr(tx.engine, "_has_events", True))


@contextmanager
def together(tx: Connection, records: int) -> Iterator[None]:
    """What is done in here by this module's functions travels in one turn, where it is about a few records: then turns are what
    takes time. What is found must be read in here, too. Many rows are copied, which cannot share a turn.
    """
    if records > FEW or _TOGETHER in tx.info or not can_be_quick(tx):
        yield
        return
    with _pipeline(tx, "(several at a time)"):
        yield


@contextmanager
def in_few_turns(tx: Connection) -> Iterator[None]:
    """A whole transaction, with its beginning and its end, in which only answers are waited for; ``tx`` commits by itself."""
    if not can_be_quick(tx):
        raise ValueError("Only a connection to PostgreSQL that nobody listens to waits for nothing.")
    driver: Any = tx.connection.dbapi_connection
    with _pipeline(tx, "(the whole transaction)"):
        driver.execute("BEGIN", prepare=False)
        yield
        driver.execute("COMMIT", prepare=False)


def can_be_quick(tx: Connection) -> bool:
    """Whether :func:`in_few_turns` is possible here."""
    return tx.dialect.name == "postgresql" and not _is_heard(tx)


@contextmanager
def _pipeline(tx: Connection, what: str) -> Iterator[None]:
    driver: Any = tx.connection.dbapi_connection
    info = tx.info  # of a connection that was lost meanwhile nothing can be asked
    info[_TOGETHER] = True
    try:
        with driver.pipeline():
            yield
    except driver.Error as error:
        raise _wrapped(tx, what, error) from error
    finally:
        info.pop(_TOGETHER, None)


def _wrapped(tx: Connection, sql: str, error: Exception) -> Exception:
    """A driver's error as SQLAlchemy tells it."""
    dialect: Any = tx.dialect
    known, lost = dialect.dbapi.Error, bool(getattr(tx.connection.dbapi_connection, "closed", False))
    if lost:
        tx.invalidate(error)
    return DBAPIError.instance(sql, None, error, known, connection_invalidated=lost, dialect=tx.dialect, hide_parameters=True)


def _copy(tx: Connection, table: Table, columns: Sequence[str], kinds: Sequence[str], values: Sequence[Sequence[Any]]) -> None:
    names, told = _packed(columns, values) if _are_numbers(table, columns, kinds) else _lines(columns, kinds, values)
    sql = f"COPY {_quoted(table.name)} {names}"
    driver: Any = tx.connection.dbapi_connection
    try:
        with driver.cursor() as cursor, cursor.copy(sql) as copy:
            copy.write(told)
    except driver.Error as error:
        raise _wrapped(tx, sql, error) from error


def _are_numbers(table: Table, columns: Sequence[str], kinds: Sequence[str]) -> bool:
    return all(kind == "bigint" for kind in kinds) and not any(table.c[name].nullable for name in columns)


def _packed(columns: Sequence[str], values: Sequence[Sequence[int]]) -> tuple[str, bytes]:
    return f"({', '.join(map(_quoted, columns))}) FROM STDIN (FORMAT binary)", packed(values)


def _lines(columns: Sequence[str], kinds: Sequence[str], values: Sequence[Sequence[Any]]) -> tuple[str, str]:
    """What is the same in every row is written once, at the end of each line."""
    same = [n > 0 and given.count(given[0]) == len(given) for n, given in enumerate(values)]
    order = [n for n, fixed in enumerate(same) if not fixed] + [n for n, fixed in enumerate(same) if fixed]
    told = [fields(kinds[n], values[n]) for n in order if not same[n]]
    end = "".join("\t" + fields(kinds[n], values[n][:1])[0] for n in order if same[n]) + "\n"
    names = ", ".join(_quoted(columns[n]) for n in order)
    return f"({names}) FROM STDIN", end.join(map("\t".join, zip(*told, strict=True))) + end


@lru_cache(maxsize=256)
def _insert(table: Table, columns: tuple[str, ...], known: str) -> str:
    names, ending = ", ".join(map(_quoted, columns)), on_conflict(table, columns, known)
    return f"INSERT INTO {_quoted(table.name)} ({names}) SELECT * FROM unnest({_marks(table, columns)}){ending}"  # noqa: S608


def update(tx: Connection, table: Table, key: Sequence[str], rows: Sequence[Row]) -> None:
    """Update the rows that ``key`` names with the other columns given."""
    if not rows:
        return
    values = tuple(name for name in rows[0] if name not in key)
    if tx.dialect.name == "postgresql":
        asked(tx, _update(table, tuple(key), values), _arrays(tx, table, (*values, *key), rows))
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
        asked(tx, _delete(table, columns), _arrays(tx, table, columns, rows))
    else:
        where = " AND ".join(f"{_quoted(name)} = ?" for name in columns)
        sql = f"DELETE FROM {_quoted(table.name)} WHERE {where}"  # noqa: S608 - our own names
        tx.exec_driver_sql(sql, list(zip(*_columns(tx, table, columns, rows), strict=True)))


@lru_cache(maxsize=256)
def _delete(table: Table, columns: tuple[str, ...]) -> str:
    return f"DELETE FROM {_quoted(table.name)} USING {_given(table, columns)} WHERE {_equal(table, columns)}"  # noqa: S608


def find(
    tx: Connection,
    table: Table,
    key: Sequence[str],
    given: Sequence[tuple[Any, ...]],
    *,
    told: Sequence[str] = (),
    fixed: Mapping[str, Any] | None = None,
    where: str = "",
) -> list[Sequence[Any]]:
    """The rows whose ``key`` is one of those given, in one statement however many these are; ``told`` names what to read.

    ``fixed`` holds for all of them; ``where`` is a further condition on the table, ours and never anybody else's text.
    """
    return ask(tx, table, key, given, told=told, fixed=fixed, where=where)()


def ask(
    tx: Connection,
    table: Table,
    key: Sequence[str],
    given: Sequence[tuple[Any, ...]],
    *,
    told: Sequence[str] = (),
    fixed: Mapping[str, Any] | None = None,
    where: str = "",
) -> Answer:
    """`find` in two steps: what it returns reads the rows, so that other things can be asked ``together`` with it."""
    if not given:
        return list
    wanted, same = tuple(told) or tuple(table.c.keys()), fixed or {}
    sql = _find(table, tuple(key), wanted, tuple(same), where, tx.dialect.name)
    cursor = asked(tx, sql, (*_parts(tx, table, key, given), *same.values()))
    return lambda: _told(tx, table, wanted, cursor.fetchall())


def ask_from(tx: Connection, table: Table, told: Sequence[str], where_from: str, values: Sequence[Any]) -> Answer:
    """Columns of a table out of a ``FROM`` of our own, in which it bears its name, with these values in it."""
    names = ", ".join(f"{_quoted(table.name)}.{_quoted(column)}" for column in told)
    cursor = asked(tx, f"SELECT {names} FROM {where_from}", values)  # noqa: S608 - our own names
    return lambda: _told(tx, table, told, cursor.fetchall())


def ask_either(
    tx: Connection, table: Table, keys: Sequence[str], given: Sequence[Any], *, told: Sequence[str] = (), where: str = ""
) -> Answer:
    """The rows in which one of several columns is one of those given; a row comes once for each such column."""
    if not given:
        return list
    wanted, each = tuple(told) or tuple(table.c.keys()), [(one,) for one in given]
    sql = " UNION ALL ".join(_find(table, (key,), wanted, (), where, tx.dialect.name) for key in keys)
    values = [part for key in keys for part in _parts(tx, table, (key,), each)]
    cursor = asked(tx, sql, values)
    return lambda: _told(tx, table, wanted, cursor.fetchall())


def _parts(tx: Connection, table: Table, key: Sequence[str], given: Sequence[tuple[Any, ...]]) -> list[Any]:
    if tx.dialect.name == "postgresql":
        columns = zip(*given, strict=True)
        return list(map(array, _kinds(table, tuple(key)), columns))
    return [orjson.dumps([tuple(one) for one in given] if len(key) > 1 else [one for (one,) in given]).decode()]


def _told(tx: Connection, table: Table, wanted: Sequence[str], found: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    readers = _readers(table, tuple(wanted), tx.dialect)
    return [_read(row, readers) for row in found] if readers else list(found)


def _read(row: Sequence[Any], readers: Sequence[tuple[int, Callable[[Any], Any]]]) -> list[Any]:
    values = list(row)
    for n, read in readers:
        values[n] = read(values[n])
    return values


@lru_cache(maxsize=256)
def _find(table: Table, key: tuple[str, ...], told: tuple[str, ...], fixed: tuple[str, ...], where: str, dialect: str) -> str:
    name, names = _quoted(table.name), ", ".join(f"{_quoted(table.name)}.{_quoted(column)}" for column in told)
    mark = "%s" if dialect == "postgresql" else "?"
    also = [f"{name}.{_quoted(column)} = {mark}" for column in fixed] + ([where] if where else [])
    if dialect == "postgresql" and len(key) == 1:
        conditions = [f"{name}.{_quoted(key[0])} = ANY (%s::{kind_of(table.c[key[0]])}[])", *also]
        return f"SELECT {names} FROM {name} WHERE {' AND '.join(conditions)}"  # noqa: S608 - our own names
    if dialect == "postgresql":
        conditions = [_equal(table, key), *also]
        return f"SELECT {names} FROM {_given(table, key)}, {name} WHERE {' AND '.join(conditions)}"  # noqa: S608
    values = [f"json_extract(given.value, '$[{n}]')" for n in range(len(key))] if len(key) > 1 else ["given.value"]
    parts = [f"{name}.{_quoted(column)} = {value}" for column, value in zip(key, values, strict=True)]
    conditions = [*parts, *also]
    return f"SELECT {names} FROM json_each(?) AS given CROSS JOIN {name} WHERE {' AND '.join(conditions)}"  # noqa: S608


@lru_cache(maxsize=1024)
def _readers(table: Table, columns: tuple[str, ...], dialect: Dialect) -> tuple[tuple[int, Callable[[Any], Any]], ...]:
    """Places of columns whose values are read in some way, and in which."""
    found = ((n, _reader(table.c[name], dialect)) for n, name in enumerate(columns))
    return tuple((n, read) for n, read in found if read is not None)


def _reader(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    if isinstance(column.type, Json):
        return read_json
    return column.type.dialect_impl(dialect).result_processor(dialect, None)


def among(tx: Connection, column: Column[Any], values: Iterable[Any]) -> ColumnElement[bool]:
    """``column IN values`` with one parameter, however many values there are."""
    given = list(values)
    if tx.dialect.name == "postgresql":
        kind = Array("bigint" if isinstance(column.type, (BigInteger, Integer)) else "text")
        return column == any_(bindparam(None, given, type_=kind))
    listed = func.json_each(literal(orjson.dumps(given).decode(), SqlText())).table_valued("value")
    return column.in_(select(listed.c.value))


def _columns(tx: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> list[Sequence[Any]]:
    return _converted(tx, table, columns, [[row[name] for row in rows] for name in columns])


def _converted(tx: Connection, table: Table, columns: Sequence[str], given: Sequence[Sequence[Any]]) -> list[Sequence[Any]]:
    made = _converters(table, tuple(columns), tx.dialect)
    return [list(map(convert, values)) if convert else values for convert, values in zip(made, given, strict=True)]


@lru_cache(maxsize=1024)
def _converters(table: Table, columns: tuple[str, ...], dialect: Dialect) -> tuple[Callable[[Any], Any] | None, ...]:
    return tuple(converter(table.c[name], dialect) for name in columns)


@lru_cache(maxsize=1024)
def _kinds(table: Table, columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(kind_of(table.c[name]) for name in columns)


def _arrays(tx: Connection, table: Table, columns: Sequence[str], rows: Sequence[Row]) -> tuple[Any, ...]:
    """One array per column, as PostgreSQL writes arrays."""
    return tuple(map(array, _kinds(table, tuple(columns)), _columns(tx, table, columns, rows)))


@lru_cache(maxsize=1024)
def converter(column: Column[Any], dialect: Dialect) -> Callable[[Any], Any] | None:
    if dialect.name == "postgresql" and isinstance(column.type, (Moment, LargeBinary)):
        return None  # offsets it knows itself, and bytes are written in our own way
    if isinstance(column.type, Json):
        return told_json
    return column.type.dialect_impl(dialect).bind_processor(dialect)


def on_conflict(table: Table, columns: Sequence[str], known: str) -> str:
    if known == "fail":
        return ""
    key = [column.name for column in table.primary_key.columns]
    named = ", ".join(map(_quoted, key))
    if known == "keep":
        return " ON CONFLICT DO NOTHING"
    sets = ", ".join(f"{_quoted(name)} = excluded.{_quoted(name)}" for name in columns if name not in key)
    return f" ON CONFLICT ({named}) DO UPDATE SET {sets}"


def _marks(table: Table, columns: Sequence[str]) -> str:
    return ", ".join(f"%s::{kind_of(table.c[name])}[]" for name in columns)


def _given(table: Table, columns: Sequence[str]) -> str:
    return f"unnest({_marks(table, columns)}) AS given({', '.join(map(_quoted, columns))})"


def _equal(table: Table, columns: Sequence[str]) -> str:
    return " AND ".join(f"{_quoted(table.name)}.{_quoted(name)} = given.{_quoted(name)}" for name in columns)


@lru_cache(maxsize=1024)
def kind_of(column: Column[Any]) -> str:
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
