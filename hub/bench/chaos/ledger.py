"""The sender's own ledger, outside the hub: what was meant to be sent, and what was accepted. Appended, synced, never changed."""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

UPSERT, DELETE = "upsert", "delete"


@dataclass(frozen=True)
class Sent:
    """One operation on one record of one system. ``rev`` counts the operations on that record, and stands in its data."""

    id: str
    road: str
    key: str
    what: str  # UPSERT | DELETE
    rev: int
    data: dict[str, Any]


class Ledger:
    """``meant`` before anything leaves the sender, ``accepted`` when the other side has said so."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._lock = threading.Lock()
        self.number = 0
        self.open: dict[str, Sent] = {}
        """What is meant and not yet accepted: it is sent again, with the same id, until it is."""

    def meant(self, sent: list[Sent]) -> None:
        with self._lock:
            self.open |= {one.id: one for one in sent}
            self.number += len(sent)
        self._append([{"meant": asdict(one)} for one in sent])

    def accepted(self, ids: list[str]) -> None:
        self._append([{"accepted": one} for one in ids])
        with self._lock:
            for one in ids:
                self.open.pop(one, None)

    def close(self) -> None:
        os.close(self._file)

    def _append(self, lines: list[dict[str, Any]]) -> None:
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        os.write(self._file, text.encode())
        os.fsync(self._file)


def read(path: Path) -> Iterator[tuple[Sent, bool]]:
    """Everything that was meant, in order, and whether it was accepted."""
    meant: dict[str, Sent] = {}
    accepted = set()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            told = json.loads(line)
            if "meant" in told:
                one = Sent(**told["meant"])
                meant[one.id] = one
            else:
                accepted.add(told["accepted"])
    return ((one, one.id in accepted) for one in meant.values())
