"""Where a run takes place: private servers on a small disk, behind proxies, and a clock that can be set."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from hub.bench.chaos.faults import BROKER, CLOCK, CUT, DATABASE, DISK, FREEZE, KILL, Fault
from hub.bench.chaos.member import jump
from hub.bench.chaos.proxy import Proxy
from hub.errors import Unavailable
from hub.services import folders
from hub.services.postgres import PostgresServer
from hub.services.processes import free_port
from hub.services.rabbitmq import RabbitServer
from hub.services.small_disk import drain, fill, small_disk

_DISK_MEGABYTES = 1024
_DATABASE = ("max_connections=200", "max_wal_size=128MB", "min_wal_size=32MB", "wal_recycle=off")
NAME = "hub"


@dataclass
class Ground:
    """Servers are started again when they are gone, by whoever killed them or because they could not go on."""

    database: PostgresServer
    broker: RabbitServer
    ways: dict[str, Proxy]
    disk: Path | None
    clock: Path  # what members read their time from
    done: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)  # servers that ended by themselves, for want of disk
    _busy: dict[str, threading.Lock] = field(default_factory=lambda: {DATABASE: threading.Lock(), BROKER: threading.Lock()})
    _over: threading.Event = field(default_factory=threading.Event)

    @property
    def possible(self) -> list[str]:
        """Kinds of faults that can be done on this machine."""
        return [CUT, FREEZE, CLOCK, *([DISK] if self.disk else [])]

    @property
    def database_url(self) -> str:
        """As the hub sees it: through the proxy."""
        return self.database.url(NAME).replace(f":{self.database.port}/", f":{self.ways[DATABASE].port}/")

    @property
    def broker_url(self) -> str:
        return self.broker.url().replace(f":{self.broker.port}/", f":{self.ways[BROKER].port}/")

    def strike(self, fault: Fault) -> None:
        """Do it. What takes a while goes on behind our back."""
        if fault.kind == CUT:
            self.done[f"{CUT} {fault.target}"] += 1
            self.ways[fault.target].cut()
        elif fault.kind == FREEZE:
            self.done[f"{FREEZE} {fault.target}"] += 1
            self.ways[fault.target].freeze(fault.seconds)
        elif fault.kind == CLOCK:
            self.done[CLOCK] += 1
            jump(self.clock, timedelta(seconds=fault.seconds))
        elif fault.kind == KILL:
            self._behind(fault.target, lambda: self._kill(fault))
        elif fault.kind == DISK:
            self._behind(DATABASE, lambda: self._fill(fault.seconds))

    def watch(self) -> None:
        """Start again what ended by itself."""
        threading.Thread(target=self._watch, daemon=True, name="servers").start()

    def heal(self) -> None:
        """Everything runs, nothing is full, and it is the time it is."""
        for target, lock in self._busy.items():
            with lock:
                self._running(target)
        jump(self.clock, timedelta())

    def close(self) -> None:
        self._over.set()
        for lock in self._busy.values():
            lock.acquire()  # never given back: nobody starts anything any more
        for way in self.ways.values():
            way.close()
        self.database.stop()
        self.broker.stop()

    def _behind(self, target: str, work: Callable[[], None]) -> None:
        self._busy[target].acquire()

        def act() -> None:
            try:
                work()
            finally:
                self._busy[target].release()

        threading.Thread(target=act, daemon=True).start()

    def _kill(self, fault: Fault) -> None:
        server = self.database if fault.target == DATABASE else self.broker
        server.kill()
        self.done[f"{KILL} {fault.target}"] += 1
        time.sleep(fault.seconds)
        self._running(fault.target)

    def _fill(self, seconds: float) -> None:
        if self.disk:
            fill(self.disk)
            self.done[DISK] += 1
            time.sleep(seconds)
            drain(self.disk)
            self._running(DATABASE)

    def _running(self, target: str) -> None:
        server = self.database if target == DATABASE else self.broker
        for _ in range(3):
            with suppress(Unavailable):
                if not server.process or not server.process.runs():
                    server.start()
                else:
                    server.probe()
                return
            server.kill()

    def _watch(self) -> None:
        while not self._over.wait(0.5):
            for target, lock in self._busy.items():
                if lock.acquire(blocking=False):
                    try:
                        server = self.database if target == DATABASE else self.broker
                        if server.process and not server.process.runs():
                            self.ended[target] += 1
                            self._running(target)
                    finally:
                        lock.release()


@contextmanager
def ground(folder: Path) -> Iterator[Ground]:
    """Servers of the run's own in this folder; nothing of them is left afterwards but their logs."""
    place = folders.data_folder(folder / "servers")
    with small_disk(place / "postgres", _DISK_MEGABYTES) as small:
        database = PostgresServer(place / "postgres", free_port(), options=_DATABASE)
        broker = RabbitServer(place / "rabbitmq", free_port())
        try:
            database.start()
            broker.start()
            database.database(NAME, NAME, "")
            ways = {DATABASE: Proxy(database.port), BROKER: Proxy(broker.port)}
            made = Ground(database, broker, ways, place / "postgres" if small else None, folder / "clock")
            made.heal()
            made.watch()
            yield made
            made.close()
        finally:
            database.kill()
            broker.kill()
    folders.remove(folder / "servers")
