"""Starting, waiting for and stopping the processes of a private server."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

PATIENCE = 90  # seconds; a cold broker on a busy machine needs half of it


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def server_user(name: str) -> str | None:
    """The user as whom a server runs when root starts it: most refuse to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name).pw_name
    except KeyError:
        return None


def give(folder: Path, user: str | None) -> None:
    folder.chmod(0o755)
    if user:
        shutil.chown(folder, user)


def run(command: Sequence[str | Path], user: str | None = None, environment: Mapping[str, str] | None = None) -> None:
    """A step that ends by itself; its output is shown when it fails."""
    done = subprocess.run(
        list(map(str, command)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        user=user,
        env={**os.environ, **(environment or {})},
        cwd="/",
        timeout=10 * PATIENCE,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed with {done.returncode}:\n{done.stdout[-3000:]}")


def serve(
    command: Sequence[str | Path],
    log: Path,
    stack: ExitStack,
    user: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> None:
    """A server in the foreground of its own process group, stopped when the stack closes."""
    output = stack.enter_context(log.open("wb"))
    process = subprocess.Popen(
        list(map(str, command)),
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        user=user,
        env={**os.environ, **(environment or {})},
        cwd="/",
        start_new_session=True,
    )
    stack.callback(_stop, process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(20)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, 9)
        process.wait()


def wait_for(probe: Callable[[], str], failure: type[Exception]) -> str:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return probe()
        except failure:
            if time.monotonic() > end:
                raise
        time.sleep(0.1)


def remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
