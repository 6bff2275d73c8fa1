"""Rows of one table written by their key: only given columns, only bound values, and what stands there afterwards read back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlalchemy import Column, Connection, Table, event, exc, select, update
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import JSON, NullType

from hub.contract import CONFLICT, REFUSED, RETRY, UNCHANGED, WRITTEN, Secret, WriteCommand, WriteResult, WriteTarget
from hub.errors import BadSettings, Unavailable, did_you_mean
from hub.reading.joined import among
from hub.reading.keys import key_of
from hub.reading.tables import engine_of, plain, primary_key, python_type, reflect, shown_name, translated
from hub.records import Data

_TOGETHER = 50  # commands of one transaction: enough to be quick, few enough to hold no lock for long
_LATER = {"40001", "40P01", "55P03", "57014", "1205", "1213"}  # busy: deadlock, lock or statement timeout
_NOT_ALLOWED = {"42501", "42P01", "42703", "1142", "1143", "1146", "1054", "25006", "1290"}


class _Busy(Exception):
    """The database wants this transaction to be tried again."""


@dataclass(frozen=True)
class Rows:
    """A table that may be written, as far as one delivery may."""

    table: Table
    key: tuple[str, ...]
    allowed: frozenset[str]

    def look(self, connection: Connection, keys: Sequence[str]) -> dict[str, Data]:
        """The rows with these keys as they are now."""
        wanted = [values for key in keys if (values := self._values(key)) is not None]
        if not wanted:
            return {}
        rows = connection.execute(select(*self.table.c).where(among(self._columns, wanted)))
        found = [{name: plain(value) for name, value in row._mapping.items()} for row in rows]
        return {key: row for row in found if (key := key_of(row, self.key)) is not None and key in keys}

    def write(self, connection: Connection, command: WriteCommand) -> WriteResult:
        """One command within a savepoint. What the database refuses is its answer; what it cannot do now is :class:`_Busy`."""
        if strange := set(command.values) - self.allowed:
            raise BadSettings(f"The delivery may not set {', '.join(sorted(strange))}.", name=min(strange))
        if (where := self._where(command.key)) is None:
            return _refused(command, f"{command.key!r} is no key of {self.table.name}.")
        try:
            with connection.begin_nested():
                return self._written(connection, command, where)
        except exc.DBAPIError as error:
            return _refused(command, _answer(error))
        except (exc.StatementError, ValueError, TypeError, OverflowError) as error:
            return _refused(command, f"A value does not fit its column ({type(error).__name__}).")

    def _written(self, connection: Connection, command: WriteCommand, where: ColumnElement[bool]) -> WriteResult:
        before = self._one(connection, where)
        if isinstance(before, str):
            return _refused(command, before)
        if all(_same(before[name], value) for name, value in command.values.items()):
            return WriteResult(command.id, command.key, UNCHANGED, before=before, held=before)
        other = [name for name, value in command.expected.items() if not _same(before.get(name), value)]
        if other:
            return WriteResult(command.id, command.key, CONFLICT, f"changed meanwhile: {', '.join(other)}", None, before, before)
        if unfit := [name for name, value in command.values.items() if not self._fits(name, value)]:
            return _refused(command, f"{', '.join(unfit)}: a column holds one value, not a list or an object.")
        connection.execute(update(self.table).where(where).values(dict(command.values)))
        held = self._one(connection, where)
        if isinstance(held, str):
            return _refused(command, held)
        return WriteResult(command.id, command.key, WRITTEN, before=before, held=held)

    def _one(self, connection: Connection, where: ColumnElement[bool]) -> Data | str:
        """The row, or why there is not exactly one."""
        rows = connection.execute(select(*self.table.c).where(where).with_for_update().limit(2)).all()
        if len(rows) != 1:
            return "There is no such record (any more)." if not rows else "Several records have this key."
        return {name: plain(value) for name, value in rows[0]._mapping.items()}

    def _fits(self, name: str, value: Any) -> bool:
        return not isinstance(value, (dict, list)) or isinstance(self.table.c[name].type, JSON)

    @property
    def _columns(self) -> list[Column[Any]]:
        return [self.table.c[name] for name in self.key]

    def _where(self, key: str) -> ColumnElement[bool] | None:
        values = self._values(key)
        return None if values is None else among(self._columns, [values])

    def _values(self, key: str) -> tuple[Any, ...] | None:
        """The key's parts as its columns hold them; None when it cannot be one."""
        parts = key.split("-", len(self.key) - 1) if len(self.key) > 1 else [key]
        if len(parts) != len(self.key):
            return None
        try:
            return tuple(_typed(column, part) for column, part in zip(self._columns, parts, strict=True))
        except (ValueError, InvalidOperation):
            return None


def rows(connection: Connection, target: WriteTarget, schema: str | None, key: Sequence[str]) -> Rows:
    """What a delivery may write, checked against the database."""
    table = reflect(connection, target.name, schema)
    chosen = tuple(key) or tuple(primary_key(table))
    if not chosen:
        raise BadSettings(f"The table {table.name!r} has no primary key: name its `key` under `stream:`.", name="key")
    for name in (*chosen, *target.columns):
        if name not in table.c:
            raise BadSettings(f"The table {table.name!r} has no column {name!r}{did_you_mean(name, table.c.keys())}.", name=name)
    if both := [name for name in target.columns if name in chosen]:
        raise BadSettings(f"{both[0]!r} is the key of {table.name!r}: a delivery cannot set it.", name=both[0])
    return Rows(table, chosen, frozenset(target.columns))


@contextmanager
def writing(url: Secret) -> Iterator[Connection]:
    """A connection whose transactions write. What drivers raise comes in the hub's words."""
    with translated(shown_name(url)):
        engine = engine_of(url)
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _leave_transactions_to_us)
            event.listen(engine, "begin", _begin_to_write)
        with engine.connect() as connection:
            yield connection


def _leave_transactions_to_us(connection: Any, _record: Any) -> None:
    connection.isolation_level = None


def _begin_to_write(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def write_all(connection: Connection, target: Rows, commands: Sequence[WriteCommand]) -> Iterator[WriteResult]:
    """The results, some commands to a transaction. Where the database is too busy, all of these are told to come again."""
    for start in range(0, len(commands), _TOGETHER):
        some = commands[start : start + _TOGETHER]
        try:
            with connection.begin():
                done = [target.write(connection, command) for command in some]
        except _Busy as busy:
            with suppress(exc.SQLAlchemyError):
                connection.rollback()
            done = [WriteResult(command.id, command.key, RETRY, str(busy)) for command in some]
        yield from done


def _answer(error: exc.DBAPIError) -> str:
    """What the database said about one record. What is about the database, and not about the record, is raised."""
    orig = error.orig
    code = str(getattr(orig, "sqlstate", None) or (orig.args[0] if orig is not None and orig.args else ""))
    if code in _LATER:
        raise _Busy(f"The database is busy ({code}).") from error
    if error.connection_invalidated or (isinstance(error, exc.OperationalError) and code.startswith(("08", "57P", "20"))):
        raise Unavailable(f"The database went away ({type(orig).__name__}).", system="database") from error
    if code in _NOT_ALLOWED or isinstance(error, exc.ProgrammingError):
        raise BadSettings(
            f"The database does not let this user write here ({code or type(orig).__name__}).", name="url"
        ) from error
    if isinstance(error, exc.OperationalError) and "locked" in str(orig):
        raise _Busy("The database is locked.") from error
    if isinstance(error, exc.OperationalError) and "readonly" in str(orig):
        raise BadSettings("The database may not be written by this user.", name="url") from error
    primary = getattr(getattr(orig, "diag", None), "message_primary", None)  # PostgreSQL: without the values
    return str(primary or (orig.args[-1] if orig is not None and orig.args else type(orig).__name__))


def _refused(command: WriteCommand, answer: str) -> WriteResult:
    return WriteResult(command.id, command.key, REFUSED, answer)


def _typed(column: Column[Any], part: str) -> Any:
    """A part of a key as the column holds it. SQLite compares by the column's own kind."""
    if isinstance(column.type, NullType):
        return part
    kind = python_type(column)
    if kind is int:
        return int(part)
    if kind in (Decimal, float):
        return Decimal(part)
    if kind in (datetime, date):
        return kind.fromisoformat(part)
    return part


def _same(held: Any, wanted: Any) -> bool:
    """Whether a value that stands there is the one that is wanted, though a column may hold it as another type."""
    if held is None or wanted is None:
        return held is wanted
    if held == wanted:
        return True
    one, other = _comparable(held, wanted), _comparable(wanted, held)
    return one is not None and one == other


def _comparable(value: Any, like: Any) -> Any:
    if isinstance(value, bool):
        return Decimal(int(value))
    if isinstance(value, (int, float, Decimal)) or isinstance(like, (int, float, Decimal)):
        try:
            return Decimal(str(value))
        except InvalidOperation:
            return None
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, str) and isinstance(like, datetime):
        return value.replace(" ", "T").removesuffix("Z")
    return value
