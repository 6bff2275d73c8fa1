"""Whole tables at once: rows as lines of text in files, written by many processes and copied into the store by one.

A line has a field per column, parted by tabs; ``\\N`` is nothing. PostgreSQL's COPY reads it as it is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.engine import Dialect
from sqlalchemy.exc import DBAPIError

from hub.store import rows
from hub.store.arrays import fields
from hub.store.tables import records, xref

PLACED = ("system", "key", "node_id", "golden_id", "trusted")
"""Where a record stands, as a line."""

XREF = tuple(name for name in xref.c.keys() if name != "id")  # noqa: SIM118 - a collection of columns

NOTHING = "\x1e"
"""JSON has no such sign in it: it is written as an escape."""

_BLOCK = 1 << 20
_LINES = 5_000


def lines(dialect: Dialect, table: Table, columns: Sequence[str], values: Sequence[Sequence[Any]]) -> bytes:
    """Rows, given column by column, as lines for this database."""
    if not values or not values[0]:
        return b""
    told = [_fields(dialect, table, name, given) for name, given in zip(columns, values, strict=True)]
    return ("\n".join(map("\t".join, zip(*told, strict=True))) + "\n").encode()


def field(dialect: Dialect, table: Table, column: str, value: Any) -> str:
    """One value of a line."""
    return _fields(dialect, table, column, [value])[0]


def put_together(rows: Sequence[str]) -> bytes:
    """Lines whose fields hold JSON, or what `field` made of a value without a backslash; ``NOTHING`` stands for nothing."""
    if not rows:
        return b""
    return ("\n".join(rows).replace("\\", "\\\\").replace(NOTHING, "\\N") + "\n").encode()


def placing(dialect: Dialect, values: Sequence[Sequence[Any]]) -> bytes:
    """Lines of ``PLACED``."""
    return lines(dialect, records, PLACED, values)


def _fields(dialect: Dialect, table: Table, column: str, given: Sequence[Any]) -> list[str]:
    if len(given) > 1 and given[0] is given[-1] and len(set(map(id, given))) == 1:
        return _fields(dialect, table, column, given[:1]) * len(given)
    convert = rows.converter(table.c[column], dialect)
    values = list(map(convert, given)) if convert else given
    if dialect.name == "postgresql":
        return list(fields(rows.kind_of(table.c[column]), values))
    return list(fields("text", [None if value is None else str(value) for value in values]))


def copy(tx: Connection, table: Table, columns: Sequence[str], paths: Iterable[Path], *, known: str = "fail") -> int:
    """Copy the lines of these files into a table; how many there were. ``known``: what happens to a primary key that is there."""
    if tx.dialect.name == "sqlite":
        return sum(_insert(tx, table, columns, some, known) for some in _parted(paths))
    if known == "fail":
        return _copy(tx, table.name, columns, paths)
    aside = f"fresh_{table.name}"
    tx.exec_driver_sql(f'CREATE TEMP TABLE "{aside}" (LIKE "{table.name}" INCLUDING DEFAULTS) ON COMMIT DROP')
    number = _copy(tx, aside, columns, paths)
    names = ", ".join(f'"{name}"' for name in columns)
    ending = rows.on_conflict(table, columns, known)
    tx.exec_driver_sql(f'INSERT INTO "{table.name}" ({names}) SELECT {names} FROM "{aside}"{ending}')  # noqa: S608
    tx.exec_driver_sql(f'DROP TABLE "{aside}"')
    return number


def count_records(tx: Connection) -> None:
    """Before records are placed part by part: of those that have just come the database does not know yet how many they are, and
    would read all of them for every part."""
    if tx.dialect.name == "postgresql":
        tx.exec_driver_sql("ANALYZE records")


def place(tx: Connection, entity: str, paths: Iterable[Path]) -> None:
    """Say of records in which nodes and behind which golden records they stand: lines of ``PLACED``."""
    if tx.dialect.name == "sqlite":
        for some in _parted(paths):
            given = [
                {"entity": entity, "system": system, "key": key, "node_id": node, "golden_id": golden, "trusted": trusted == "1"}
                for system, key, node, golden, trusted in some
            ]
            rows.update(tx, records, ("entity", "system", "key"), given)
        return
    tx.exec_driver_sql(f"CREATE TEMP TABLE placed ON COMMIT DROP AS SELECT {', '.join(PLACED)} FROM records LIMIT 0")  # noqa: S608
    _copy(tx, "placed", PLACED, paths)
    tx.exec_driver_sql("ANALYZE placed")  # a part of them is looked up, all of them are joined
    tx.exec_driver_sql(
        "UPDATE records SET node_id = placed.node_id, golden_id = placed.golden_id, trusted = placed.trusted FROM placed "
        "WHERE records.entity = %s AND records.system = placed.system AND records.key = placed.key AND "
        "(records.node_id, records.golden_id, records.trusted) "
        "IS DISTINCT FROM (placed.node_id, placed.golden_id, placed.trusted)",
        (entity,),
    )
    tx.exec_driver_sql("DROP TABLE placed")


def _copy(tx: Connection, table: str, columns: Sequence[str], paths: Iterable[Path]) -> int:
    sql = f'COPY "{table}" ({", ".join(chr(34) + name + chr(34) for name in columns)}) FROM STDIN'
    driver: Any = tx.connection.dbapi_connection
    dialect: Any = tx.dialect
    try:
        with driver.cursor() as cursor:
            with cursor.copy(sql) as target:
                for path in paths:
                    with path.open("rb") as file:
                        while block := file.read(_BLOCK):
                            target.write(block)
            return int(cursor.rowcount)
    except dialect.dbapi.Error as error:
        known, lost = dialect.dbapi.Error, bool(driver.closed)
        raise DBAPIError.instance(sql, None, error, known, connection_invalidated=lost, dialect=tx.dialect) from error


def _parted(paths: Iterable[Path]) -> Iterator[list[list[str | None]]]:
    """Some lines at a time, as fields."""
    for path in paths:
        with path.open(encoding="utf-8", newline="\n") as file:
            while some := [list(map(_field, line[:-1].split("\t"))) for line in islice(file, _LINES)]:
                yield some


def _field(text: str) -> str | None:
    if "\\" not in text:
        return text
    if text == "\\N":
        return None
    parts = text.split("\\\\")
    return "\\".join(part.replace("\\t", "\t").replace("\\n", "\n").replace("\\r", "\r") for part in parts)


def _insert(tx: Connection, table: Table, columns: Sequence[str], some: list[list[str | None]], known: str) -> int:
    names, marks = ", ".join(f'"{name}"' for name in columns), ", ".join("?" for _ in columns)
    sql = f'INSERT INTO "{table.name}" ({names}) VALUES ({marks}){rows.on_conflict(table, columns, known)}'  # noqa: S608
    tx.exec_driver_sql(sql, [tuple(line) for line in some])
    return len(some)
