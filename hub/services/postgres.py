"""A private PostgreSQL in a folder of its own, from Debian's package."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from hub.errors import BadSettings, Unavailable
from hub.services import debian
from hub.services.folders import give
from hub.services.processes import Process, Program, run, server_user, start, wait_until

PACKAGE = "postgresql"
FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "max_connections=200")
"""For tests: a crash may lose it all."""


@dataclass
class PostgresServer:
    """``start`` makes the cluster where there is none. Without a password everybody on this machine may enter as anybody."""

    folder: Path
    port: int
    password: str = ""
    options: Sequence[str] = ()
    process: Process | None = None

    name = "PostgreSQL"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def url(self, database: str = "postgres", user: str = "postgres", password: str | None = None) -> str:
        """As the hub takes it."""
        return self._address("postgresql+psycopg", database, user, self.password if password is None else password)

    def start(self) -> str:
        """Returns when it answers, with a few words about it."""
        debian.need(PACKAGE, installed)
        user = server_user("postgres")
        give(self.folder, user)
        if not (self.folder / "cluster" / "PG_VERSION").exists():
            self._make(user)
        network = [f"port={self.port}", "listen_addresses=127.0.0.1", "unix_socket_directories="]
        options: list[str] = [part for option in (*network, *self.options) for part in ("-c", option)]
        command = [str(_program("postgres")), "-D", str(self.folder / "cluster"), *options]
        self.process = start(Program(command, self.log, user, ends_on=signal.SIGINT))  # fast: it waits for no client
        return wait_until(self.probe, self.process, self.log, self.name)

    def stop(self) -> None:
        if self.process:
            self.process.stop()

    def kill(self) -> None:
        if self.process:
            self.process.kill()

    def probe(self) -> str:
        return probe(self.url())

    def database(self, name: str, role: str, password: str) -> str:
        """A database with a role that owns it, made where there is none; its URL."""
        psycopg = _driver()
        with psycopg.connect(plain(self.url()), autocommit=True) as admin:
            sql, word = psycopg.sql.SQL, psycopg.sql.Identifier
            known = admin.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role]).fetchone()
            verb = sql("ALTER") if known else sql("CREATE")
            admin.execute(sql("{} ROLE {} LOGIN PASSWORD {}").format(verb, word(role), psycopg.sql.Literal(password)))
            if not admin.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone():
                admin.execute(sql("CREATE DATABASE {} OWNER {}").format(word(name), word(role)))
        return self.url(name, role, password)

    def _make(self, user: str | None) -> None:
        shutil.rmtree(self.folder / "cluster", ignore_errors=True)  # a making that was interrupted
        secret = self.folder / "password"
        login = ["-A", "trust"]
        if self.password:
            secret.touch(mode=0o600)
            secret.write_text(self.password, encoding="utf-8")
            if user:
                shutil.chown(secret, user)
            login = ["-A", "scram-sha-256", "--pwfile", str(secret)]
        try:
            place = ["-D", str(self.folder / "cluster"), "-U", "postgres", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
            run([_program("initdb"), *place, *login], user)
        finally:
            with suppress(FileNotFoundError):
                secret.unlink()

    def _address(self, scheme: str, database: str, user: str, password: str) -> str:
        login = f"{user}:{quote(password, safe='')}" if password else user
        return f"{scheme}://{login}@127.0.0.1:{self.port}/{database}"


def installed() -> bool:
    return _found("initdb") is not None and _found("postgres") is not None


def probe(url: str) -> str:
    """A few words about the server there; ``Unavailable`` when nobody is, or nobody who takes this login."""
    psycopg = _driver()
    try:
        with psycopg.connect(plain(url), connect_timeout=5) as connection:
            return f"version {connection.info.parameter_status('server_version')}"
    except psycopg.OperationalError as error:
        raise Unavailable(str(error).strip(), system="postgres") from error


def plain(url: str) -> str:
    """The URL without SQLAlchemy's driver name, as libpq wants it."""
    return url.replace("postgresql+psycopg://", "postgresql://", 1)


def _driver() -> Any:  # a module of an extra
    try:
        import psycopg
        import psycopg.sql
    except ImportError as error:
        raise BadSettings("PostgreSQL needs an extra: pip install 'goldenhub[postgres]'.", name="HUB_DATABASE_URL") from error
    return psycopg


def _program(name: str) -> Path:
    found = _found(name)
    if found is None:
        raise Unavailable(f"There is no {name}: apt-get install {PACKAGE}.", system="postgres")
    return found


def _found(name: str) -> Path | None:
    """The newest of Debian's versions, which are not on the path, else the one on the path."""
    versions = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"), key=lambda p: float(p.parts[4]))
    if versions:
        return versions[-1]
    found = shutil.which(name)
    return Path(found) if found else None
