"""The roads into the hub, each as an honest sender would use it: with an id of its own, again until it is accepted."""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import replace
from typing import Any, Protocol

import pika
import pika.exceptions
import psycopg
import requests
from psycopg import sql

from hub.bench.chaos.company import APP, CRM, WEB, feed
from hub.bench.chaos.ledger import DELETE, Sent

_COLUMNS = ("given", "family", "born", "mail", "phone", "city", "rev")
_TABLE = """\
CREATE TABLE IF NOT EXISTS people (
    id text PRIMARY KEY, given text, family text, born text, mail text, phone text, city text,
    rev integer NOT NULL, gone boolean NOT NULL DEFAULT false, changed_at timestamptz NOT NULL)
"""


class NotAccepted(Exception):
    """Nobody said yes: it has to be sent again."""


class Road(Protocol):
    """``send`` returns when the other side has all of it for good, else raises ``NotAccepted``."""

    name: str

    def named(self, batch: list[Sent]) -> list[Sent]:
        """The same under the ids by which the other side will know them."""
        ...

    def send(self, sent: list[Sent]) -> None: ...
    def close(self) -> None: ...


class SourceTable:
    """A system's own table, which a connector reads. Sending an operation twice leaves it as it is."""

    name = CRM

    def __init__(self, url: str, removes: bool) -> None:
        self._url, self._removes = url, removes
        self._connection: psycopg.Connection[Any] | None = None

    def make(self) -> None:
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(_TABLE)

    def named(self, batch: list[Sent]) -> list[Sent]:
        return batch

    def send(self, sent: list[Sent]) -> None:
        try:
            connection = self._connected()
            for one in sent:  # each on its own, as most programs do
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
            marked = (
                "UPDATE people SET gone = true, rev = %(rev)s, changed_at = clock_timestamp() WHERE id = %(id)s AND rev < %(rev)s"
            )
            removed = "DELETE FROM people WHERE id = %(id)s AND rev < %(rev)s"
            connection.execute(removed if self._removes else marked, {"id": one.key, "rev": one.rev})
            return
        columns = [sql.Identifier(name) for name in _COLUMNS]
        connection.execute(
            sql.SQL(
                "INSERT INTO people (id, changed_at, {columns}) VALUES (%s, clock_timestamp(), {values}) "
                "ON CONFLICT (id) DO UPDATE SET changed_at = clock_timestamp(), gone = false, {sets} "
                "WHERE people.rev < excluded.rev"
            ).format(
                columns=sql.SQL(", ").join(columns),
                values=sql.SQL(", ").join(sql.Placeholder() for _ in columns),
                sets=sql.SQL(", ").join(sql.SQL("{0} = excluded.{0}").format(column) for column in columns),
            ),
            [one.key, *(one.data[name] for name in _COLUMNS)],
        )


class Messages:
    """A system that sends a message for each change, and waits for the broker's word that it has it."""

    name = APP

    def __init__(self, url: str) -> None:
        self._url = url
        self._connection: Any = None
        self._channel: Any = None

    def named(self, batch: list[Sent]) -> list[Sent]:
        return batch

    def send(self, sent: list[Sent]) -> None:
        try:
            channel = self._opened()
            for one in sent:
                operation = "deleted" if one.what == DELETE else "upsert"
                headers = {"cloudEvents_specversion": "1.0", "cloudEvents_id": one.id, "cloudEvents_source": "/chaos/app"}
                properties = pika.BasicProperties("application/json", headers=headers, delivery_mode=2, message_id=one.id)
                channel.basic_publish("hub.in", f"{feed(APP)}.{operation}.v1", _body(one), properties, mandatory=True)
        except (pika.exceptions.AMQPError, OSError) as error:
            self.close()
            raise NotAccepted(repr(error)) from error

    def close(self) -> None:
        with suppress(pika.exceptions.AMQPError, OSError):
            if self._connection is not None and self._connection.is_open:
                self._connection.close()
        self._connection = None

    def _opened(self) -> Any:
        if self._connection is None:
            parameters = pika.URLParameters(self._url)
            parameters.socket_timeout = parameters.stack_timeout = parameters.blocked_connection_timeout = 10
            self._connection = pika.BlockingConnection(parameters)
            self._channel = self._connection.channel()
            self._channel.confirm_delivery()
        return self._channel


class Posts:
    """A system that posts its changes, and waits for the receipts."""

    name = WEB

    def __init__(self, url: str, token: str) -> None:
        self._url, self._session = f"{url}/api/in/{feed(WEB)}", requests.Session()
        self._session.headers["Authorization"] = f"Bearer {token}"

    def named(self, batch: list[Sent]) -> list[Sent]:
        """One key for a request: the records behind the first are known by their places."""
        return [one if place == 0 else replace(one, id=f"{batch[0].id}#{place + 1}") for place, one in enumerate(batch)]

    def send(self, sent: list[Sent]) -> None:
        body = b"[" + b",".join(map(_body, sent)) + b"]"
        headers = {"Idempotency-Key": sent[0].id, "Content-Type": "application/json"}
        try:
            answer = self._session.post(self._url, body, headers=headers, timeout=20)
            if answer.status_code != 202:
                raise requests.HTTPError(f"{answer.status_code}: {answer.text[:200]}")
            receipts = answer.json()["receipts"]
            if len(receipts) != len(sent):
                raise requests.HTTPError(f"{len(sent)} records, {len(receipts)} receipts")
        except (requests.RequestException, ValueError) as error:
            raise NotAccepted(str(error)) from error

    def close(self) -> None:
        self._session.close()


def _body(one: Sent) -> bytes:
    gone = {"gone": True, "changed_at": one.data["changed_at"], "rev": one.rev} if one.what == DELETE else one.data
    return json.dumps({"id": one.key, **gone}, ensure_ascii=False).encode()
