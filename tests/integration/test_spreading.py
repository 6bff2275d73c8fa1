"""Processes that work on parts of a run end with it, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from hub.batch.spreading import spread
from tests.waiting import until


class Telling:
    """A worker that leaves word of its process."""

    def __init__(self, folder: str) -> None:
        self.folder = Path(folder)

    def __call__(self, part: int) -> int:
        (self.folder / str(os.getpid())).touch()
        return part


def starts(folder: str) -> None:
    """A run that is killed when both of its processes have worked."""

    def killed(done: int) -> None:
        if len(list(Path(folder).iterdir())) == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    spread(2, Telling, folder, count(), killed)


def is_at_work(process: int) -> bool:
    try:
        return (
            Path(f"/proc/{process}/cmdline").read_bytes() != b""
        )  # of one that ended and that nobody asked for, nothing is left
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_when_a_run_is_killed_its_processes_end_too(tmp_path: Path) -> None:
    script = f"from tests.integration.test_spreading import starts\nif __name__ == '__main__':\n    starts({str(tmp_path)!r})\n"
    (program := tmp_path.parent / "run.py").write_text(script)
    done = subprocess.run([sys.executable, str(program)], env={**os.environ, "PYTHONPATH": str(Path.cwd())}, timeout=240)

    assert done.returncode == -signal.SIGKILL
    workers = [int(one.name) for one in tmp_path.iterdir()]
    assert len(workers) == 2
    until(lambda: not any(is_at_work(one) for one in workers))
