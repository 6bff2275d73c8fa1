"""All services of one company's folder: servers first, then whatever programs the door hands in; status; and down again."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hub.errors import BadSettings, Unavailable
from hub.services import folders, postgres, rabbitmq
from hub.services.postgres import PostgresServer
from hub.services.processes import Program, listening, start, wait_until
from hub.services.rabbitmq import RabbitServer
from hub.services.running import Running, write_secret

POSTGRES, RABBITMQ = "postgres", "rabbitmq"
_NAME = "hub"  # of database, role, login and virtual host
_ENVIRONMENT = "env"

Tell = Callable[[str], None]
Limits = Callable[[str], Mapping[str, Any]]


@dataclass(frozen=True)
class Child:
    """A program of the hub's own that stays: workers, the interface, the demo's systems."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int | None = None


@dataclass(frozen=True)
class Health:
    """One service as it is found now."""

    name: str
    address: str
    state: str  # ok | failed | stopped
    about: str


@dataclass
class Together:
    """What runs, or ran, for one company's folder."""

    home: Path
    running: Running

    @property
    def folder(self) -> Path:
        return self.running.folder

    def servers(self, limits: Limits, tell: Tell) -> dict[str, str]:
        """PostgreSQL and RabbitMQ, started where they do not run; the variables that lead the hub to them.

        ``limits`` makes the policy of the broker's queues for a virtual host.
        """
        database = self._postgres(tell)
        broker = self._rabbitmq(limits, tell)
        return {"HUB_DATABASE_URL": database, "HUB_BUS_URL": broker.url()}

    def child(self, child: Child, environment: Mapping[str, str], tell: Tell) -> None:
        """Start it where it does not run. One with a port has to accept connections before this returns."""
        if self.running.runs(child.name):
            return
        tell(f"starting {child.name}")
        log = self.log(child.name)
        process = start(Program(child.command, log, environment={**environment, **child.environment}))
        self.running.processes[child.name] = process
        self.running.save()
        if child.port:
            port = child.port
            wait_until(lambda: listening(port), process, log, child.name)

    def port(self, name: str) -> int:
        """The port of a child: as it is while it runs, else one that is free."""
        return self.running.ports[name] if self.running.runs(name) else self.running.port(name)

    def log(self, name: str) -> Path:
        return self.folder / "logs" / f"{name}.log"

    def write_environment(self, environment: Mapping[str, str]) -> Path:
        """The variables as a file to be read by a shell: ``. .hub/services/env``."""
        path = self.folder / _ENVIRONMENT
        write_secret(path, "".join(f"export {name}={shlex.quote(value)}\n" for name, value in environment.items()))
        return path

    def status(self) -> list[Health]:
        """Every service that was ever started here, in the order in which it was."""
        return [self._health(name) for name in self.running.processes if not name.endswith(".names")]

    def down(self, tell: Tell) -> None:
        """Stop everything, the last first; the data stay."""
        for name in reversed(self.running.processes):
            if self.running.runs(name):
                tell(f"stopping {name}")
                self.running.processes[name].stop(patience=60)

    def _postgres(self, tell: Tell) -> str:
        password = self.running.password(POSTGRES)
        own = self.running.password("hub@postgres")
        if self.running.runs(POSTGRES):
            return PostgresServer(self.folder / POSTGRES, self.running.ports[POSTGRES], password).url(_NAME, _NAME, own)
        tell("starting PostgreSQL")
        server = PostgresServer(self.folder / POSTGRES, self.running.port(POSTGRES), password)
        self.running.save()  # the password, before anything is protected by it
        try:
            server.start()
        finally:
            self._keep(POSTGRES, server)
        return server.database(_NAME, _NAME, own)

    def _rabbitmq(self, limits: Limits, tell: Tell) -> RabbitServer:
        password = self.running.password(RABBITMQ)
        if self.running.runs(RABBITMQ):
            return RabbitServer(self.folder / RABBITMQ, self.running.ports[RABBITMQ], _NAME, password, _NAME)
        tell("starting RabbitMQ")
        server = RabbitServer(self.folder / RABBITMQ, self.running.port(RABBITMQ), _NAME, password, _NAME)
        self.running.save()
        try:
            server.start()
            server.limit(limits(_NAME))
        finally:
            if server.names:
                self.running.processes[f"{RABBITMQ}.names"] = server.names
            self._keep(RABBITMQ, server)
        return server

    def _keep(self, name: str, server: PostgresServer | RabbitServer) -> None:
        if server.process:
            self.running.processes[name] = server.process
            self.running.save()

    def _health(self, name: str) -> Health:
        port = self.running.ports.get(name)
        address = f"127.0.0.1:{port}" if port else ""
        if not self.running.runs(name):
            return Health(name, address, "stopped", "")
        try:
            return Health(name, address, "ok", self._asked(name, port))
        except Unavailable as error:
            return Health(name, address, "failed", f"{error} Its log: {self._log_of(name)}")

    def _asked(self, name: str, port: int | None) -> str:
        if name == POSTGRES and port:
            return postgres.probe(PostgresServer(self.folder, port, self.running.password(POSTGRES)).url())
        if name == RABBITMQ and port:
            return rabbitmq.probe(RabbitServer(self.folder, port, _NAME, self.running.password(RABBITMQ), _NAME).url())
        return listening(port) if port else f"process {self.running.processes[name].pid}"

    def _log_of(self, name: str) -> Path:
        return self.folder / name / "log" if name in (POSTGRES, RABBITMQ) else self.log(name)


@contextmanager
def together(home: Path) -> Iterator[Together]:
    """The services of a company's folder, for one command at a time."""
    if not home.is_dir():
        raise BadSettings(f"The folder {home} is not there; correct --home or HUB_HOME.", name="HUB_HOME")
    folder = folders.data_folder(_place(home))
    running = Running.read(folder)
    with running.alone():
        yield Together(home, running)


def wipe(home: Path) -> None:
    """Remove what servers kept and said. Stop them first."""
    folders.remove(_place(home))


def ever_started(home: Path) -> bool:
    return _place(home).is_dir()


def _place(home: Path) -> Path:
    return home.resolve() / ".hub" / "services"
