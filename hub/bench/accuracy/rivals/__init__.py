"""Other tools on the same rows, each in a process of its own with an end to its time and its memory."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

RIVALS = ("splink", "goldenmatch", "recordlinkage")


@dataclass(frozen=True)
class Limits:
    seconds: int
    megabytes: int


@dataclass(frozen=True)
class Answer:
    """Clusters by record, for every setting that the rival tried; the first is the one that counts."""

    clusters: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    seconds: float = 0.0
    failed: str = ""


def ask(rival: str, table: Path, out: Path, limits: Limits) -> Answer:
    """What the rival makes of a table of roles. Whatever happens to it is told, and is no score."""
    command = [sys.executable, "-m", "hub.bench.accuracy.rivals.alone", rival, str(table), str(out), str(limits.megabytes)]
    with out.with_suffix(".log").open("w+", encoding="utf-8", errors="replace") as log:
        started = subprocess.Popen(command, stdout=log, stderr=log, cwd=out.parent, start_new_session=True)  # noqa: S603 - ourselves
        try:
            code = started.wait(limits.seconds)
        except subprocess.TimeoutExpired:
            return Answer(failed=f"took more than {limits.seconds} seconds")
        finally:
            _end(started)
        if code or not out.is_file():
            log.seek(0)
            return Answer(failed=_reason(code, log.read()))
    found = orjson.loads(out.read_bytes())
    return Answer(found["clusters"], found["seconds"])


def _end(started: subprocess.Popen[bytes]) -> None:
    """It and all it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(started.pid, signal.SIGKILL)
    started.wait()


def _reason(code: int, log: str) -> str:
    if code < 0:
        return f"ended by {signal.Signals(-code).name}"
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    return lines[-1][:160] if lines else f"ended with {code}"
