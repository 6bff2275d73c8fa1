"""Where a run takes place: servers, a hub of its own on them, its workers, and the memory of every process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg

from hub.app import Hub
from hub.contract import Secret
from hub.errors import Unavailable
from hub.services.folders import servers_folder
from hub.services.postgres import PostgresServer, plain
from hub.services.processes import free_port
from hub.services.rabbitmq import RabbitServer
from hub.settings import Settings
from hub.store import workers

_START = 240.0
_LOOKS = 0.5


@dataclass
class Ground:
    """The hub of this run, and what its processes are told."""

    settings: Settings
    places: dict[str, int] = field(default_factory=dict)  # process -> pid, of what is watched
    memory: dict[str, list[tuple[float, float]]] = field(default_factory=lambda: defaultdict(list))  # process -> (second, MB)
    marks: dict[str, dict[int, float]] = field(default_factory=dict)  # process -> hundredths of the stream -> MB
    used: dict[str, float] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def environment(self) -> dict[str, str]:
        own = {
            "HUB_HOME": str(self.settings.home),
            "HUB_DATABASE_URL": self.settings.store_url,
            "HUB_BUS_URL": self.settings.bus_url.reveal(),
            "HUB_BUS_PREFIX": self.settings.bus_prefix,
            "HUB_AS_OF": self.settings.as_of,
            "PYTHONPYCACHEPREFIX": str(self.settings.home / "compiled"),
            "PYTHONDONTWRITEBYTECODE": "",  # what is installed is compiled once, and not by every process that begins
        }
        return os.environ | own

    def start(self, name: str, *words: str) -> subprocess.Popen[bytes]:
        """A command of the hub's in a process of its own."""
        log = (self.settings.home / f"{name}.log").open("ab")
        command = [sys.executable, "-m", "hub", *words]
        process = subprocess.Popen(command, env=self.environment, stdout=log, stderr=log)  # noqa: S603  # ourselves
        log.close()
        self.places[name] = process.pid
        return process

    def said(self, name: str) -> list[Mapping[str, Any]]:
        """The JSON lines a process wrote."""
        lines = (self.settings.home / f"{name}.log").read_text(encoding="utf-8", errors="replace").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{") and line.endswith("}")]

    def spent(self) -> dict[str, float]:
        """Seconds of a processor that each process has used so far; of one that has ended, what was seen last."""
        for name, pid in self.places.items():
            if (seconds := _used(pid)) is not None:
                self.used[name] = seconds
        return dict(self.used)

    def last_words(self, name: str) -> str:
        """How a process ended."""
        return (self.settings.home / f"{name}.log").read_text(encoding="utf-8", errors="replace")[-2000:]

    @contextmanager
    def crew(self, hub: Hub, stages: str, numbers: str) -> Iterator[None]:
        """Workers of these stages; they are there when this begins."""
        parent = self.start("work", "work", "--stages", stages, "--workers", numbers, "--json")
        try:
            wanted = (
                sum(int(piece.rpartition("=")[2]) for piece in numbers.split(","))
                + len(stages.split(","))
                - len(numbers.split(","))
            )
            until = time.monotonic() + _START
            while len(there := _listed(hub)) < wanted:
                if time.monotonic() > until or parent.poll() is not None:
                    raise Unavailable(f"The workers do not start: {self.last_words('work')}", system="workers")
                time.sleep(0.1)
            counted: dict[str, int] = defaultdict(int)
            for one in there:
                counted[one.stage] += 1
                self.places[f"{one.stage}-{counted[one.stage]}"] = one.pid
            yield
        finally:
            parent.terminate()
            parent.wait(30)

    def watch(self) -> None:
        """Note the memory of every process now and then."""
        threading.Thread(target=self._watch, daemon=True, name="memory").start()

    def _watch(self) -> None:
        while not self._over.wait(_LOOKS):
            self._look()

    def _look(self) -> None:
        self.spent()
        for name, pid in list(self.places.items()):
            if (size := _resident(pid)) is not None:
                self.memory[name].append((round(time.monotonic() - self.began, 1), size))

    def close(self) -> None:
        self._over.set()

    def mark(self, share: int) -> None:
        """So many hundredths of the stream are through: note what each process has in memory, or had when it ended."""
        self._look()
        for name, seen in self.memory.items():
            if name != "work":  # the one that looks after the others
                self.marks.setdefault(name, {})[share] = seen[-1][1]

    def told_memory(self) -> dict[str, dict[str, float]]:
        """Of each process: megabytes when a tenth, half and all of the stream were through, and the most there ever were."""
        most = {name: max(size for _, size in seen) for name, seen in self.memory.items() if name != "work"}
        return {
            name: {f"at_{share}": size for share, size in self.marks.get(name, {}).items()} | {"most": size}
            for name, size in most.items()
        }


def _listed(hub: Hub) -> list[workers.Worker]:
    with hub.store.read() as tx:
        return workers.listed(tx)


def _used(pid: int) -> float | None:
    try:
        words = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    except OSError:
        return None
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> float | None:
    """Megabytes of a process that are in memory and its own; None of one that has ended, or has not begun: it has none yet."""
    try:
        pages = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except (OSError, IndexError):
        return None
    return round((int(pages[1]) - int(pages[2])) * os.sysconf("SC_PAGE_SIZE") / 2**20, 1) or None


@contextmanager
def ground(home: Path, database: str, bus: str, batch: int) -> Iterator[Ground]:
    """A hub of its own: on the servers that are named, in a database and under a prefix of its own; or on private ones."""
    with ExitStack() as stack:
        if not (database and bus):
            database, bus = _private(stack)
        name = f"goldenhub_bench_{uuid4().hex[:8]}"
        with psycopg.connect(plain(database), autocommit=True) as admin:
            admin.execute(f"CREATE DATABASE {name}")
        stack.callback(_drop, database, name)
        prefix = f"bench{uuid4().hex[:6]}"
        url = database.rpartition("/")[0] + f"/{name}"
        made = Ground(
            Settings(
                home=home, database_url=Secret(url), bus_url=Secret(bus), bus_prefix=prefix, as_of="2026-06-01", batch_size=batch
            )
        )
        stack.callback(made.close)
        made.watch()
        yield made


def _private(stack: ExitStack) -> tuple[str, str]:
    """Their data lie apart from the home, which is for nobody else to enter."""
    folder = stack.enter_context(servers_folder())
    postgres = PostgresServer(folder / "postgres", free_port())
    stack.callback(postgres.kill)
    postgres.start()
    rabbit = RabbitServer(folder / "rabbitmq", free_port())
    stack.callback(rabbit.kill)
    rabbit.start()
    return postgres.url(), rabbit.url()


def _drop(database: str, name: str) -> None:
    with psycopg.connect(plain(database), autocommit=True) as admin:
        admin.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
