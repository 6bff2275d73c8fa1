"""Databases as sources: one snapshot per read, tables as the database describes them, errors in the hub's words."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import (
    JSON,
    Column,
    Connection,
    Engine,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    case,
    cast,
    create_engine,
    event,
    exc,
    func,
    inspect,
    literal,
    or_,
    select,
)
from sqlalchemy.engine import URL, make_url
from sqlalchemy.pool import NullPool
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import NullType

from hub.contract import Secret
from hub.errors import BadSettings, HubError, Unavailable, did_you_mean

_LOGIN_REFUSED = {"28000", "28P01", "3D000", "1044", "1045", "1049"}
_SHOWN = 12
_EXTRAS = {"postgresql": "postgres", "mysql": "mariadb", "mariadb": "mariadb"}


def parse_url(url: Secret) -> URL:
    """The address of a database; its password stays hidden."""
    try:
        return make_url(url.reveal())
    except (exc.ArgumentError, ValueError) as error:
        raise BadSettings("`url` is no database address: write dialect+driver://user:password@host/name.", name="url") from error


def engine_of(url: Secret) -> Engine:
    """An engine without a pool: a read opens one connection and closes it."""
    address = parse_url(url)
    if address.get_backend_name() == "sqlite" and address.database and address.database != ":memory:":
        _must_exist(Path(address.database))
    try:
        engine = create_engine(address, poolclass=NullPool, hide_parameters=True)
    except (exc.NoSuchModuleError, ImportError) as error:
        extra = _EXTRAS.get(address.get_backend_name())
        way = f"install goldenhub[{extra}]" if extra else "install the SQLAlchemy dialect and its driver"
        raise BadSettings(f"`url` needs a driver for {address.drivername}: {way}.", name="url") from error
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _keep_wrong_bytes)
    return engine


def _must_exist(path: Path) -> None:
    if not path.is_file():  # SQLite would create an empty database
        raise Unavailable(f"The database file {path.resolve()} is not there (yet): check `url`.", system=path.name)


def _keep_wrong_bytes(connection: Any, _record: Any) -> None:
    connection.text_factory = lambda raw: raw.decode("utf-8", "surrogateescape")


@contextmanager
def snapshot(url: Secret) -> Iterator[Connection]:
    """A connection that sees one state of the database until it is closed, and changes nothing."""
    shown = shown_name(url)
    with translated(shown):
        engine = engine_of(url)
        with engine.connect() as connection:
            yield _isolated(connection)
            connection.rollback()


def _isolated(connection: Connection) -> Connection:
    name = connection.dialect.name
    if name == "sqlite":
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql("BEGIN")
    elif name == "postgresql":
        connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    elif name == "mssql":
        connection.execution_options(isolation_level="SNAPSHOT")
    elif name == "oracle":
        connection.execution_options(isolation_level="SERIALIZABLE")
    else:
        connection.execution_options(isolation_level="REPEATABLE READ")
    return connection


def shown_name(url: Secret) -> str:
    """Where a database is, without who may enter."""
    address = parse_url(url)
    place = f"{address.host}/{address.database}" if address.host else Path(address.database or "memory").name
    return f"{address.get_backend_name()} {place}"


@contextmanager
def translated(system: str) -> Iterator[None]:
    """What drivers raise, in the hub's words; the original stays the cause."""
    try:
        yield
    except HubError:
        raise
    except exc.NoSuchTableError as error:
        raise BadSettings(f"{system} has no table {error}.", name="stream") from error
    except (exc.ProgrammingError, exc.CompileError) as error:
        raise BadSettings(f"{system} refuses the query; may this user read these tables? ({_code(error)})", name="url") from error
    except exc.DBAPIError as error:
        if _code(error) in _LOGIN_REFUSED or "authentication failed" in str(error.orig):
            raise BadSettings(f"{system} refuses the login or knows no such database: check `url`.", name="url") from error
        raise Unavailable(f"{system} does not answer ({type(error.orig).__name__}).", system=system) from error
    except exc.SQLAlchemyError as error:
        raise Unavailable(f"{system} cannot be read ({type(error).__name__}).", system=system) from error


def _code(error: Exception) -> str:
    orig = getattr(error, "orig", None)
    code = getattr(orig, "sqlstate", None) or (orig.args[0] if orig is not None and orig.args else "")
    return str(code) if isinstance(code, int) or len(str(code)) == 5 else type(orig or error).__name__


def reflect(connection: Connection, name: str, schema: str | None, *, declared: bool = False) -> Table:
    """A table or view as the database describes it.

    SQLite holds its columns to no type, so their values are taken as they are stored, unless ``declared`` types are asked for.
    """
    inspector = inspect(connection)
    known = [*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)]
    if name not in known:
        raise BadSettings(f"There is no table {name!r}{did_you_mean(name, known) or _listed(known)}.", name=name)
    listeners = [("column_reflect", _untyped)] if connection.dialect.name == "sqlite" and not declared else []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", exc.SAWarning)  # types that SQLAlchemy does not know arrive as their driver gives them
        return Table(name, MetaData(), schema=schema, autoload_with=connection, listeners=listeners, resolve_fks=False)


def _listed(known: Sequence[str]) -> str:
    """The tables that are there: not all, where there are many."""
    shown = ", ".join(sorted(known)[:_SHOWN]) + (", ..." if len(known) > _SHOWN else "")
    return f"; there are {shown}" if known else "; there is none that this user may see"


def _untyped(_inspector: Any, _table: Any, column: Any) -> None:
    column["type"] = NullType()


def columns(
    table: Table, longest: int, dialect: str, wanted: Sequence[str | None] | None = None, *, as_text: bool = False
) -> list[ColumnElement[Any]]:
    """The wanted columns or all, with NULL instead of a value above the limit, and last whether there was such a value.

    ``as_text`` asks for times as text: some databases hold times that Python has no value for.
    """
    listed = [c for c in table.columns if wanted is None or c.name in wanted]
    sized = [c for c in listed if _may_be_long(c, longest)]
    over = [_bytes(c, dialect) > longest for c in sized]
    too_long = case((or_(*over), 1), else_=0) if over else literal(0)
    chosen = [
        case((_bytes(c, dialect) <= longest, c), else_=None).label(c.name) if c in sized else _timely(c, as_text) for c in listed
    ]
    return [*chosen, too_long.label("goldenhub_too_long")]


def _may_be_long(column: Column[Any], longest: int) -> bool:
    if isinstance(column.type, (NullType, LargeBinary, JSON)):
        return True
    return isinstance(column.type, String) and (column.type.length is None or column.type.length > longest)


def _bytes(column: Column[Any], dialect: str) -> ColumnElement[int]:
    if dialect == "sqlite":
        return func.length(cast(column, LargeBinary))  # length() of text would stop at a NUL
    if isinstance(column.type, (NullType, JSON)) and dialect == "postgresql":
        return func.octet_length(cast(column, Text))
    return func.octet_length(column) if dialect in {"postgresql", "mysql", "mariadb"} else func.length(column)


def _timely(column: Column[Any], as_text: bool) -> ColumnElement[Any]:
    return cast(column, Text).label(column.name) if as_text and _is_time(column) else column


def _is_time(column: Column[Any]) -> bool:
    return issubclass(python_type(column), (date, time, timedelta))


def python_type(column: ColumnElement[Any]) -> type:
    """What the values of a column are in Python; ``object`` when the type does not say."""
    try:
        return column.type.python_type
    except NotImplementedError:
        return object


def plain(value: Any) -> Any:
    """A value as raw data: text, numbers, dates and times stay; what JSON and mappings have no word for becomes text."""
    if value is None or isinstance(value, (str, int, float, Decimal, datetime)):
        return value
    if isinstance(value, (bytes, bytearray, memoryview)):
        return bytes(value).hex()
    if isinstance(value, dict):
        return {str(name): plain(part) for name, part in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(part) for part in value]
    if isinstance(value, (UUID, timedelta, time)):
        return str(value)
    return value if hasattr(value, "isoformat") else str(value)


def source_now(connection: Connection) -> datetime:
    """The source's own clock, as aware UTC; where it has none that is known, the hub's."""
    name = connection.dialect.name
    if name == "postgresql":
        found = connection.execute(select(func.now())).scalar_one()
    elif name in {"mysql", "mariadb"}:
        found = connection.execute(select(func.utc_timestamp())).scalar_one().replace(tzinfo=UTC)
    else:
        found = datetime.now(UTC)
    return found if isinstance(found, datetime) else datetime.now(UTC)


def source_local_now(connection: Connection) -> datetime:
    """The source's clock as its session writes local times."""
    name = connection.dialect.name
    if name in {"postgresql", "mysql", "mariadb"}:
        found = connection.execute(select(func.localtimestamp())).scalar_one()
        if isinstance(found, datetime):
            return found.replace(tzinfo=None)
    return datetime.now(UTC).astimezone().replace(tzinfo=None)


def primary_key(table: Table) -> Sequence[str]:
    return [column.name for column in table.primary_key.columns]
