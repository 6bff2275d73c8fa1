"""Bells: whoever waits for what others commit hears of it at once, where the database can tell him.

PostgreSQL rings (NOTIFY) when the transaction commits that asked for it, and never when it is rolled back. Who rings holds a lock
of the whole server's until that commit is on disk, so it is done where commits follow one another anyhow. SQLite has no bells,
and a pooler of connections may swallow them: who waits looks now and then all the same; a bell only says when to look at once.
"""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from hub.store.rows import asked
from hub.store.store import Store

ANNOUNCED = "announced"
"""Something about golden records stands in the outbox that was not there before."""

_RING = "SELECT pg_notify(%s, current_schema())"  # hubs may share a database, each in a schema of its own
_SLICE = 0.2  # seconds until somebody who waits sees that he is to stop


def ring(tx: Connection, name: str) -> None:
    """When this transaction commits, everybody who waits for this wakes."""
    if tx.dialect.name == "postgresql":
        asked(tx, _RING, [_channel(name)])


@dataclass
class Bell:
    """One who waits. He hears everything that was rung since he waited first, also while he did something else."""

    store: Store
    name: str
    stop: threading.Event = field(default_factory=threading.Event)
    """Ends every wait."""
    works: bool = False
    """Whether it was heard so far: then looking now and then may be done seldom."""
    _line: Connection | None = field(default=None, repr=False)
    _schema: str = field(default="", repr=False)

    def wait(self, seconds: float) -> bool:
        """Whether it rang within so many seconds. It may have, too, when the line was down, so that nobody knows."""
        if self.store.engine.dialect.name != "postgresql":
            self.stop.wait(seconds)
            return False
        try:
            return self._rang(time.monotonic() + seconds)
        except (SQLAlchemyError, self.store.engine.dialect.loaded_dbapi.Error):  # the driver's own, while it only listens
            self.close()
            return True

    def close(self) -> None:
        """Wait no more; it begins anew with the next wait."""
        line, self._line = self._line, None
        if line is not None:
            with suppress(SQLAlchemyError):
                line.invalidate()  # a connection that listens is nobody else's
                line.close()

    def _rang(self, end: float) -> bool:
        if self._line is None:
            self._listen()
            return True  # what was rung before nobody heard
        driver: Any = self._line.connection.dbapi_connection
        while not self.stop.is_set():
            left = end - time.monotonic()
            heard = [one.payload for one in driver.notifies(timeout=max(0.0, min(left, _SLICE)), stop_after=1)]
            if self._schema in heard:
                self.works = True
                return True
            if left <= 0:
                break
        return False

    def _listen(self) -> None:
        line = self._line = self.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT")
        line.exec_driver_sql(f'LISTEN "{_channel(self.name)}"')
        self._schema = str(line.exec_driver_sql("SELECT current_schema()").scalar())


def _channel(name: str) -> str:
    return f"goldenhub:{name}"
