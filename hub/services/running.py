"""What was started for a company's folder, kept in a file, so that a later command finds it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from hub.errors import Contended
from hub.services.processes import Process, free_port

_STATE, _LOCK = "state.json", "lock"


@dataclass
class Running:
    """Processes, ports and passwords by name. Ports stay the same from start to start where nobody else took them."""

    folder: Path
    processes: dict[str, Process] = field(default_factory=dict)
    ports: dict[str, int] = field(default_factory=dict)
    passwords: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, folder: Path) -> Running:
        try:
            told: dict[str, Any] = json.loads((folder / _STATE).read_text(encoding="utf-8"))
        except FileNotFoundError:
            return cls(folder)
        processes = {name: Process(**one) for name, one in told["processes"].items()}
        return cls(folder, processes, told["ports"], told["passwords"])

    def save(self) -> None:
        """Whole or not at all, and for nobody else's eyes."""
        told = {
            "processes": {name: asdict(one) for name, one in self.processes.items()},
            "ports": self.ports,
            "passwords": self.passwords,
        }
        write_secret(self.folder / _STATE, json.dumps(told, indent=1) + "\n")

    def runs(self, name: str) -> bool:
        return name in self.processes and self.processes[name].runs()

    def port(self, name: str) -> int:
        """The port of something that is about to start: the one it had, if it is still free."""
        self.ports[name] = free_port(self.ports.get(name, 0))
        return self.ports[name]

    def password(self, name: str) -> str:
        return self.passwords.setdefault(name, secrets.token_urlsafe(18))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Only one command at a time starts or stops things here."""
        with (self.folder / _LOCK).open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                said = f"Another command is starting or stopping the services in {self.folder}; wait for it, then try again."
                raise Contended(said, what=str(self.folder)) from error
            yield


def write_secret(path: Path, text: str) -> None:
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    fresh.replace(path)
