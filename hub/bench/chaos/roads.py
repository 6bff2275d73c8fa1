"""The roads into the hub, each as an honest sender would use it: with an id of its own, again until it is accepted."""

from __future__ import annotations

from typing import Any, Protocol

import psycopg
from psycopg import sql

from hub.bench.chaos.ledger import DELETE, Sent

_COLUMNS = ("given", "family", "born", "mail", "phone", "city", "rev")
_TABLE = """\
CREATE TABLE IF NOT EXISTS people (
    id text PRIMARY KEY, given text, family text, born text, mail text, phone text, city text,
    rev integer NOT NULL, changed_at timestamptz NOT NULL)
"""


class NotAccepted(Exception):
    """Nobody said yes: it has to be sent again."""


class Road(Protocol):
    """``send`` returns when the other side has all of it for good, else raises ``NotAccepted``."""

    name: str

    def send(self, sent: list[Sent]) -> None: ...
    def close(self) -> None: ...


class SourceTable:
    """A system's own table, which a connector reads. Sending an operation twice leaves it as it is."""

    def __init__(self, name: str, url: str) -> None:
        self.name, self._url = name, url
        self._connection: psycopg.Connection[Any] | None = None

    def make(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(_TABLE)

    def send(self, sent: list[Sent]) -> None:
        try:
            connection = self._connected()
            with connection.transaction():
                for one in sent:
                    self._carry_out(connection, one)
        except psycopg.Error as error:
            self.close()
            raise NotAccepted(str(error)) from error

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is None or self._connection.closed:
            self._connection = psycopg.connect(self._url, autocommit=True, connect_timeout=3)
        return self._connection

    def _carry_out(self, connection: psycopg.Connection[Any], one: Sent) -> None:
        if one.what == DELETE:
            connection.execute("DELETE FROM people WHERE id = %s AND rev < %s", [one.key, one.rev])
            return
        columns = [sql.Identifier(name) for name in _COLUMNS]
        connection.execute(
            sql.SQL(
                "INSERT INTO people (id, changed_at, {columns}) VALUES (%s, clock_timestamp(), {values}) "
                "ON CONFLICT (id) DO UPDATE SET changed_at = clock_timestamp(), {sets} WHERE people.rev < excluded.rev"
            ).format(
                columns=sql.SQL(", ").join(columns),
                values=sql.SQL(", ").join(sql.Placeholder() for _ in columns),
                sets=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(column) for column in columns),
            ),
            [one.key, *(one.data[name] for name in _COLUMNS)],
        )
