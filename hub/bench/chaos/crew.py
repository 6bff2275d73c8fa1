"""The hub's processes under the run: started again whenever they are gone, as a supervisor would."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hub.services.processes import Process, Program, start

_PAUSE = 0.2  # before a dead one is started again


@dataclass
class Member:
    """One process: a command of the hub."""

    name: str
    command: Sequence[str]
    log: Path
    process: Process | None = None
    rests_until: float = 0.0


@dataclass
class Crew:
    """Keeps every member running until ``stop``."""

    members: Mapping[str, Member]
    environment: Mapping[str, str]
    deaths: Counter[str] = field(default_factory=Counter)
    ended: Counter[str] = field(default_factory=Counter)
    """Who ended without having been killed: a process that cannot go on without its database may, one that crashes may not."""
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _stopping: threading.Event = field(default_factory=threading.Event)
    _keeper: threading.Thread | None = None

    def begin(self) -> None:
        self._keeper = threading.Thread(target=self._keep, daemon=True, name="crew")
        self._keeper.start()

    def kill(self, name: str, rests: float) -> bool:
        """SIGKILL; it comes back after ``rests`` seconds. False when it was not there to be killed."""
        with self._lock:
            member = self.members[name]
            if member.process is None or not member.process.runs():
                return False
            member.process.kill()
            member.process, member.rests_until = None, time.monotonic() + rests
            self.deaths[name] += 1
            return True

    def stop(self) -> dict[str, float]:
        """Ask everybody to end; how many seconds each took."""
        self._stopping.set()
        if self._keeper:
            self._keeper.join()
        took = {}
        for name, member in self.members.items():
            if member.process and member.process.runs():
                began = time.monotonic()
                member.process.stop(patience=60)
                took[name] = round(time.monotonic() - began, 2)
        return took

    def _keep(self) -> None:
        while not self._stopping.wait(0.05):
            with self._lock:
                for name, member in self.members.items():
                    self._look_after(name, member)

    def _look_after(self, name: str, member: Member) -> None:
        if member.process and not member.process.runs():
            self.ended[name] += 1
            member.process, member.rests_until = None, time.monotonic() + _PAUSE
        if member.process is None and time.monotonic() >= member.rests_until:
            member.process = start(Program(member.command, member.log, environment=self.environment))
