"""PostgreSQL for the tests, and fresh databases in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
from psycopg import sql
from sqlalchemy.engine import make_url

from tests.services.finding import NotAnswering, Recipe
from tests.services.processes import give, run, serve, server_user


def _plain(url: str) -> str:
    """The URL without SQLAlchemy's driver name, as libpq wants it."""
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _probe(url: str) -> str:
    try:
        with psycopg.connect(_plain(url), connect_timeout=5) as connection:
            return f"version {connection.info.parameter_status('server_version')}"
    except psycopg.OperationalError as error:
        raise NotAnswering(str(error).strip()) from error


def _program(name: str) -> Path | None:
    """The newest of Debian's versions, which are not on the path, else the one on the path."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: float(p.parts[4]))
    if versions:
        return versions[-1]
    found = shutil.which(name)
    return Path(found) if found else None


def _start(folder: Path, port: int, stack: ExitStack) -> None:
    initdb, postgres = _program("initdb"), _program("postgres")
    assert initdb and postgres
    user = server_user("postgres")
    give(folder, user)
    cluster = folder / "cluster"
    run([initdb, "-D", cluster, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], user)
    fast = ["fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200"]  # a crash may lose it all
    options = [part for option in fast for part in ("-c", option)]
    serve([postgres, "-D", cluster, "-h", "127.0.0.1", "-p", str(port), "-k", folder, *options], folder / "log", stack, user)


POSTGRES = Recipe(
    name="PostgreSQL",
    variable="HUB_TEST_POSTGRES_URL",
    usual=("postgresql+psycopg://postgres@127.0.0.1:5432/postgres",),
    url="postgresql+psycopg://postgres@127.0.0.1:{port}/postgres",
    package="postgresql",
    image="docker.io/library/postgres:15",
    image_port=5432,
    image_environment={"POSTGRES_HOST_AUTH_METHOD": "trust"},
    probe=_probe,
    installed=lambda: _program("initdb") is not None and _program("postgres") is not None,
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
