"""MariaDB for the tests, and fresh databases in it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from uuid import uuid4

import pymysql
from sqlalchemy.engine import make_url

from hub.services.folders import give
from hub.services.processes import Program, run, server_user, start
from tests.services.finding import NotAnswering, Recipe


def _connect(url: str) -> pymysql.Connection:
    parts = make_url(url)
    return pymysql.connect(
        host=parts.host or "127.0.0.1",
        port=parts.port or 3306,
        user=parts.username or "root",
        password=parts.password or "",
        connect_timeout=5,
        autocommit=True,
    )


def _probe(url: str) -> str:
    try:
        with closing(_connect(url)) as connection:
            return f"version {connection.get_server_info()}"
    except (pymysql.err.OperationalError, OSError) as error:
        raise NotAnswering(str(error)) from error


def _program(name: str) -> str | None:
    return shutil.which(name, path="/usr/sbin:/usr/bin:/usr/local/sbin:/usr/local/bin") or shutil.which(name)


def _start(folder: Path, port: int, stack: ExitStack) -> None:
    install, server = _program("mariadb-install-db"), _program("mariadbd")
    assert install and server
    user = server_user("mysql")
    place = folder / "mariadb"
    give(place, user)
    data = place / "data"
    run([install, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal", "--skip-test-db"], user)
    files = [f"--datadir={data}", f"--socket={place / 'socket'}", f"--pid-file={place / 'pid'}"]
    network = [f"--port={port}", "--bind-address=127.0.0.1"]
    command = [server, "--no-defaults", *files, *network, "--innodb-flush-log-at-trx-commit=0"]
    stack.callback(start(Program(command, place / "log", user)).stop)


MARIADB = Recipe(
    name="MariaDB",
    variable="HUB_TEST_MARIADB_URL",
    usual=("mysql+pymysql://root@127.0.0.1:3306",),
    url="mysql+pymysql://root@127.0.0.1:{port}",
    package="mariadb-server",
    image="docker.io/library/mariadb:10.11",
    image_port=3306,
    image_environment={"MARIADB_ALLOW_EMPTY_ROOT_PASSWORD": "1"},
    probe=_probe,
    installed=lambda: _program("mariadbd") is not None and _program("mariadb-install-db") is not None,
    start=_start,
)


@contextmanager
def fresh_database(server_url: str) -> Iterator[str]:
    """The URL (PyMySQL, utf8mb4) of an empty database that is dropped afterwards."""
    name = f"goldenhub_test_{uuid4().hex[:12]}"
    _execute(server_url, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
    try:
        url = make_url(server_url).set(drivername="mysql+pymysql", database=name).update_query_dict({"charset": "utf8mb4"})
        yield url.render_as_string(hide_password=False)
    finally:
        _execute(server_url, f"DROP DATABASE {name}")


def _execute(url: str, statement: str) -> None:
    with closing(_connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
