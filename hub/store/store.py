"""One database, opened once: transactions that translate what a database says into the hub's errors."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, DisconnectionError, NoSuchModuleError, OperationalError

from hub.errors import BadSettings, Contended, Unavailable
from hub.store.rows import asked, can_be_quick, in_few_turns

_BUSY_SECONDS = 60
_CONTENDED_STATES = frozenset({"40001", "40P01", "55P03", "53200"})
_HELD_SINCE, _RESTS, _AFTER = "hub_held_since", "hub_rests", "hub_after"
_LONG_REST = 0.5  # seconds; to ask each time would cost every transaction one more turn
_NUMBER = "hashtextextended(current_schema() || ':goldenhub:' || %s::text, 0)"
_LOCK, _LOCK_SHARED, _TRY_LOCK = (
    f"SELECT {way}({_NUMBER})" for way in ("pg_advisory_xact_lock", "pg_advisory_xact_lock_shared", "pg_try_advisory_xact_lock")
)
_NO_ROOM_STATES = frozenset({"53100", "53000", "58030"})
_FORMS = "sqlite:///folder/hub.db or postgresql+psycopg://user:password@host/name"
_PREPARED = (  # statements are many and short: to compile one takes longer than to run it; what is long is packed the fast way
    "SELECT set_config('jit', 'off', false), (SELECT set_config('default_toast_compression', 'lz4', false) FROM pg_settings "
    "WHERE name = 'default_toast_compression' AND 'lz4' = ANY (enumvals))"
)
_SQLITE_TROUBLES = {
    "file is not a database": "is no SQLite database: correct HUB_DATABASE_URL, or move that file away for a new one",
    "disk image is malformed": "is a damaged SQLite database: put back a copy of it, or move it away and read everything again",
    "unable to open database file": "cannot be opened: is it a file, in a folder that the hub may write to?",
    "readonly database": "may not be written: give the hub the right to, or correct HUB_DATABASE_URL",
}


@dataclass(frozen=True)
class Store:
    """Where the hub keeps everything. A transaction is a plain connection; every function of this room takes it first."""

    engine: Engine

    @contextmanager
    def begin(self, *, patient: bool = False, quick: bool = False) -> Iterator[Connection]:
        """One writing transaction: committed when the block ends well, else rolled back.

        A patient one is let into the critical section only after all that are not. A quick one is about a few records, so that
        turns to the database are what takes time: it waits for answers alone, and what goes wrong with anything else is told at
        the latest when it ends.
        """
        with _translated(self.engine), self.engine.connect() as connection:
            begun = connection.execution_options(hub_patient=True) if patient else connection
            begun.info.pop(_HELD_SINCE, None)
            after: list[Callable[[], None]] = []
            begun.info[_AFTER] = after
            if quick and can_be_quick(begun):
                begun = begun.execution_options(isolation_level="AUTOCOMMIT")  # it says itself when it begins and ends
                with begun.begin(), in_few_turns(begun):
                    yield begun
            else:
                with begun.begin():
                    yield begun
        for do in after:
            do()

    @contextmanager
    def within(self, tx: Connection) -> Iterator[None]:
        """A part of a transaction that is undone alone when it fails."""
        after: list[Callable[[], None]] = tx.info.get(_AFTER, [])
        before, ended_well = len(after), False
        try:
            with _translated(self.engine), tx.begin_nested():
                yield
            ended_well = True
        finally:
            if not ended_well:
                del after[before:]

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One reading transaction, which blocks no writer and sees one moment, however many questions it asks."""
        with _translated(self.engine), self.engine.connect() as connection:
            level = {"isolation_level": "REPEATABLE READ"} if self.engine.dialect.name == "postgresql" else {}
            reading = connection.execution_options(hub_reading=True, **level)
            with reading.begin():
                yield reading

    def close(self) -> None:
        self.engine.dispose()


def open_store(url: str) -> Store:
    """Open the database behind a URL: SQLite to try out, PostgreSQL for real."""
    try:
        address = make_url(url)
    except (ArgumentError, ValueError) as error:
        raise _bad(f"HUB_DATABASE_URL is no database URL: write {_FORMS}.") from error
    if address.get_backend_name() == "sqlite":
        return Store(_sqlite(url, address.database))
    if address.get_backend_name() == "postgresql":
        return Store(_postgresql(url, address.drivername))
    raise _bad(f"The store runs on sqlite or postgresql, not {address.get_backend_name()}.")


def _bad(message: str) -> BadSettings:
    return BadSettings(message, name="HUB_DATABASE_URL")


def critical(tx: Connection, entity: str) -> None:
    """From candidates to commit only one worker at a time. SQLite holds its only write lock already (BEGIN IMMEDIATE).

    Whoever comes is let in, in turn; of the patient only one at a time stands in that line, the others before a gate.
    """
    if tx.dialect.name == "postgresql":
        if tx.get_execution_options().get("hub_patient"):
            asked(tx, _LOCK, [f"{entity}:patient"])
        asked(tx, _LOCK, [entity])
    tx.info[_HELD_SINCE] = time.monotonic()


def beside(tx: Connection, entity: str) -> None:
    """Until commit nobody enters the critical section of an entity: what is looked up there stays true."""
    if tx.dialect.name == "postgresql":
        asked(tx, _LOCK_SHARED, [entity])


def forgettable(tx: Connection) -> None:
    """Nobody waits until the disk has this transaction: should the database's machine fail at this moment, it may not have been,
    and what it says is found out again. Order is kept: what others commit after it is never there without it.
    """
    if tx.dialect.name == "postgresql":
        asked(tx, "SET LOCAL synchronous_commit TO off", [])


def after_commit(tx: Connection, do: Callable[[], None]) -> None:
    """Have this done as soon as the transaction is committed; never, when it or the part of it we are in is rolled back."""
    after: list[Callable[[], None]] = tx.info.get(_AFTER, [])
    after.append(do)


def alone(tx: Connection, name: str) -> bool:
    """Whether nobody else does this now; if so, nobody else will until commit."""
    return tx.dialect.name != "postgresql" or bool(asked(tx, _TRY_LOCK, [name]).fetchone()[0])


def held_since(tx: Connection, otherwise: float) -> float:
    """The moment (monotonic seconds) at which this transaction entered the critical section."""
    return float(tx.info.get(_HELD_SINCE, otherwise))


def _postgresql(url: str, driver: str) -> Engine:
    try:
        engine = create_engine(url, hide_parameters=True)  # errors are logged, and say nobody's name
    except (NoSuchModuleError, ImportError) as error:
        raise _bad(f"There is no driver for {driver}: write {_FORMS}, and install goldenhub[postgres].") from error

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.execute(_PREPARED)
        connection.commit()

    @event.listens_for(engine, "do_execute")
    def wait(cursor: Any, statement: str, values: Any, _context: Any) -> bool:
        """SQLAlchemy looks at an answer at once; in a transaction that waits for nothing, it is waited for here."""
        return _waited(cursor, cursor.execute, statement, values)

    @event.listens_for(engine, "do_executemany")
    def wait_for_all(cursor: Any, statement: str, values: Any, _context: Any) -> bool:
        return _waited(cursor, cursor.executemany, statement, values)

    @event.listens_for(engine, "checkin")
    def rest(_connection: Any, record: Any) -> None:
        record.info[_RESTS] = time.monotonic()

    @event.listens_for(engine, "checkout")
    def wake(connection: Any, record: Any, _proxy: Any) -> None:
        """A connection that rested for long may be dead: it is asked, and a new one is made in its place."""
        if time.monotonic() - record.info.pop(_RESTS, time.monotonic()) > _LONG_REST:
            try:
                engine.dialect.do_ping(connection)
            except connection.Error as error:
                raise DisconnectionError from error

    return engine


def _waited(cursor: Any, execute: Callable[[str, Any], Any], statement: str, values: Any) -> bool:
    """Whether it was executed, and waited for, within a pipeline."""
    if not cursor.connection.pgconn.pipeline_status:
        return False
    with cursor.connection.pipeline():  # whose end waits, within another
        execute(statement, values)
    return True


def _sqlite(url: str, database: str | None) -> Engine:
    if database and database != ":memory:":
        _make_folder(Path(database).parent)
    engine = create_engine(url, hide_parameters=True, connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False})

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # the hub says itself when a transaction begins
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", "temp_store=MEMORY", "cache_size=-65536", "mmap_size=268435456"):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        reading = connection.get_execution_options().get("hub_reading")
        connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")

    return engine


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        said = f"The store's folder {folder} cannot be made ({error.strerror}): correct HUB_DATABASE_URL or HUB_HOME."
        raise _bad(said) from error


@contextmanager
def _translated(engine: Engine) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        raise _translate(error, engine) from error


def _translate(error: DBAPIError, engine: Engine) -> Exception:
    state = getattr(error.orig, "sqlstate", None)
    for trouble, said in _SQLITE_TROUBLES.items() if engine.dialect.name == "sqlite" else ():
        if trouble in str(error.orig):
            return _bad(f"The store {engine.url.database} {said}.")
    if state in _CONTENDED_STATES or "locked" in str(error.orig):
        return Contended("The store is busy; the hub tries again.", what="store")
    if state in _NO_ROOM_STATES or "database or disk is full" in str(error.orig):
        return Unavailable("The store's disk is full; make room, and the hub goes on by itself.", system="store")
    if error.connection_invalidated or (
        isinstance(error, OperationalError) and (state is None or state.startswith(("08", "57P", "533")))
    ):
        return Unavailable("The store does not answer; is the database up, and HUB_DATABASE_URL right?", system="store")
    return error
