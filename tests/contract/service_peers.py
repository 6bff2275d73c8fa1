"""Peers that are services: databases, and an API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, DateTime, Engine, MetaData, String, Table, Text, create_engine, delete, insert, update
from sqlalchemy.dialects.mysql import LONGTEXT

from hub.contract import CursorRule, StreamRequest
from tests.contract.api_peer import Api
from tests.contract.peers import SECRET, Peer


class SqlPeer(Peer):
    """A table of customers with a table of phones below it, on any database."""

    kind = "sql"

    def __init__(self, url: str, *, sweep: str | None = "every_run", column: str | None = "changed_at") -> None:
        super().__init__()
        self.url = url
        self.good_url = url
        self._rule = CursorRule(column, lag=timedelta(minutes=5), sweep=sweep)
        self.engine: Engine = create_engine(url)
        long_text = Text().with_variant(LONGTEXT(), "mysql", "mariadb")
        when = DateTime().with_variant(String(40), "sqlite")
        self.meta = MetaData()
        self.customers = Table(
            "customers",
            self.meta,
            Column("id", BigInteger, primary_key=True, autoincrement=False),
            Column("name", long_text),
            Column("changed_at", when),
        )
        self.phones = Table(
            "phones",
            self.meta,
            Column("id", BigInteger, primary_key=True, autoincrement=False),
            Column("customer_id", BigInteger),
            Column("number", String(40)),
            Column("changed_at", when),
        )
        self.meta.drop_all(self.engine)
        self.meta.create_all(self.engine)

    def close(self) -> None:
        self.meta.drop_all(self.engine)
        self.engine.dispose()

    def settings(self) -> dict[str, Any]:
        return {"url": "env:URL"}

    def resolve(self, reference: str) -> str:
        return {"env:URL": self.url}[reference]

    def options(self) -> dict[str, Any]:
        return {}

    def rule(self) -> CursorRule:
        return self._rule

    def request(self, **changes: Any) -> StreamRequest:
        return super().request(**{"children": {"phones": ["customer_id", "id"]}, **changes})

    def now(self) -> Any:
        naive = self.clock.replace(tzinfo=None)
        return naive.isoformat(" ") if self.engine.dialect.name == "sqlite" else naive

    def put(self, key: int, name: str, **more: Any) -> None:
        self.clock += timedelta(seconds=1)
        if more and more.keys() - {column.name for column in self.customers.columns}:
            self._widen(next(iter(more)))
        with self.engine.begin() as connection:
            values = {"name": name, "changed_at": self.now(), **more}
            if key in self.held:
                connection.execute(update(self.customers).where(self.customers.c.id == key).values(**values))
            else:
                connection.execute(insert(self.customers).values(id=key, **values))
        self.held[key] = {"id": key, "name": name}

    def _widen(self, name: str) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql(f"ALTER TABLE customers ADD COLUMN {name} VARCHAR(20)")
        self.customers.append_column(Column(name, String(20)))

    def put_phone(self, key: int, customer: int, number: str) -> None:
        self.clock += timedelta(seconds=1)
        with self.engine.begin() as connection:
            connection.execute(delete(self.phones).where(self.phones.c.id == key))
            connection.execute(insert(self.phones).values(id=key, customer_id=customer, number=number, changed_at=self.now()))

    def remove_phone(self, key: int) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(self.phones).where(self.phones.c.id == key))

    def remove(self, key: int) -> None:
        with self.engine.begin() as connection:
            connection.execute(delete(self.customers).where(self.customers.c.id == key))
        del self.held[key]

    @contextmanager
    def late(self, key: int, name: str) -> Iterator[None]:
        """Writes a record now and commits it when the block ends. SQLite knows one writer: there it is written at the end."""
        self.clock += timedelta(seconds=1)
        row = insert(self.customers).values(id=key, name=name, changed_at=self.now())
        if self.engine.dialect.name == "sqlite":
            yield
            with self.engine.begin() as connection:
                connection.execute(row)
        else:
            with self.engine.begin() as connection:
                connection.execute(row)
                yield
        self.held[key] = {"id": key, "name": name}

    def break_(self) -> None:
        if self.engine.dialect.name == "sqlite":
            self.url = self.good_url + ".away"
        else:
            self.url = create_engine(self.good_url).url.set(port=9).render_as_string(hide_password=False)

    def mend(self) -> None:
        self.url = self.good_url


class RestPeer(Peer):
    kind = "rest"

    def __init__(self, api: Api, *, sweep: str | None = "every_run") -> None:
        super().__init__()
        self.api = api
        self.api.token = SECRET
        self.sweep = sweep

    def settings(self) -> dict[str, Any]:
        return {
            "base_url": self.api.url,
            "auth": {"bearer": "env:TOKEN"},
            "attempts": 2,
            "pause": "1ms",
            "streams": {"customers": self._stream()},
        }

    def _stream(self) -> dict[str, Any]:
        return {"key": "id", "record_path": "data.items", "pagination": {"style": "page"}, "updated_param": "updated_since"}

    def options(self) -> dict[str, Any]:
        return {}

    def rule(self) -> CursorRule:
        return CursorRule("updated_at", lag=timedelta(minutes=5), sweep=self.sweep)

    def write(self) -> None:
        """The record changed last has the newest time; the others keep theirs."""
        for key in list(self.api.records):
            if int(key) not in self.held:
                del self.api.records[key]
        for key, row in self.held.items():
            held = self.api.records.get(str(key), {})
            if {name: held.get(name) for name in row} != row:
                self.api.records[str(key)] = {**row, "updated_at": self.clock.isoformat()}

    @contextmanager
    def late(self, key: int, name: str) -> Iterator[None]:
        self.clock += timedelta(seconds=1)
        written = self.clock.isoformat()
        yield
        self.held[key] = {"id": key, "name": name}
        self.api.records[str(key)] = {"id": key, "name": name, "updated_at": written}

    def break_(self) -> None:
        self.api.troubles = [(503, {}, b"")] * 100

    def mend(self) -> None:
        self.api.troubles.clear()
