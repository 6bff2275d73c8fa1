"""PostgreSQL for the tests, and fresh databases in it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from hub.services.postgres import FAST, PACKAGE, PostgresServer, installed, probe
from hub.services.postgres import plain as _plain
from tests.services.finding import Recipe, answering


def _start(folder: Path, port: int, stack: ExitStack) -> None:
    server = PostgresServer(folder / "postgres", port, options=FAST)
    stack.callback(server.stop)
    server.start()


POSTGRES = Recipe(
    name="PostgreSQL",
    variable="HUB_TEST_POSTGRES_URL",
    usual=("postgresql+psycopg://postgres@127.0.0.1:5432/postgres",),
    url="postgresql+psycopg://postgres@127.0.0.1:{port}/postgres",
    package=PACKAGE,
    image="docker.io/library/postgres:15",
    image_port=5432,
    image_environment={"POSTGRES_HOST_AUTH_METHOD": "trust"},
    probe=answering(probe),
    installed=installed,
    start=_start,
)


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """The URL (psycopg 3) of an empty database that is dropped afterwards, whoever still holds a connection to it."""
    name = f"goldenhub_test_{uuid4().hex[:12]}"
    with psycopg.connect(_plain(server_url), autocommit=True) as admin:
        admin.execute(sql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(sql.Identifier(name)))
    try:
        yield make_url(server_url).set(drivername="postgresql+psycopg", database=name).render_as_string(hide_password=False)
    finally:
        with psycopg.connect(_plain(server_url), autocommit=True) as admin:
            admin.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))
