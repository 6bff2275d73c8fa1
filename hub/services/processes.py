"""Programs that outlive the command which started them: each in a session of its own, known by its id and its moment of birth."""

from __future__ import annotations

import os
import pwd
import random
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hub.errors import Unavailable

PATIENCE = 90  # seconds; a cold broker on a busy machine needs half of it
_LAST_WORDS = 3000
_PORTS = (15_000, 32_000)


@dataclass(frozen=True)
class Program:
    """What is to run, as whom, and how it is asked to end."""

    command: Sequence[str | Path]
    log: Path
    user: str | None = None  # only root can start something as somebody else
    environment: Mapping[str, str] = field(default_factory=dict)
    ends_on: int = signal.SIGTERM


@dataclass(frozen=True)
class Process:
    """A program that was started. The moment of birth tells it from a stranger who got the same id later."""

    pid: int
    born: int  # in ticks since the machine started
    ends_on: int = signal.SIGTERM

    def runs(self) -> bool:
        return self.born == _born(self.pid)

    def stop(self, patience: float = 20) -> None:
        """Ask it to end; who does not is killed, with everything it started."""
        if not self.runs():
            return
        family = _family(self)
        with suppress(ProcessLookupError):
            os.kill(self.pid, self.ends_on)
        if not _gone(family, patience):
            _kill(family)

    def kill(self) -> None:
        """SIGKILL, to it and to everything it started: as a power cut would end it."""
        if self.runs():
            _kill(_family(self))


def start(program: Program) -> Process:
    """Start it in the background, deaf to the terminal; what it says is added to its log."""
    program.log.parent.mkdir(parents=True, exist_ok=True)
    with program.log.open("ab") as output:
        started = subprocess.Popen(  # noqa: S603 - our own command lines, no shell
            list(map(str, program.command)),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            user=program.user,
            env={**os.environ, **program.environment},
            cwd="/",
            start_new_session=True,
        )
    started.returncode = 0  # it may well outlive us: Python shall neither wait for it nor complain about it
    return Process(started.pid, _born(started.pid) or 0, program.ends_on)


def run(command: Sequence[str | Path], user: str | None = None, environment: Mapping[str, str] | None = None) -> str:
    """A step that ends by itself; what it said, which is shown when it fails."""
    done = subprocess.run(  # noqa: S603
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
    if done.returncode != 0:
        raise Unavailable(f"{command[0]} failed with {done.returncode}:\n{done.stdout[-_LAST_WORDS:]}", system=str(command[0]))
    return done.stdout


def wait_until(probe: Callable[[], str], process: Process, log: Path, what: str, patience: float = PATIENCE) -> str:
    """Ask until it answers; the probe raises ``Unavailable`` until then. A program that has ended will not: its log says why."""
    end = time.monotonic() + patience
    while True:
        try:
            return probe()
        except Unavailable as error:
            _reap(process.pid)
            if not process.runs():
                raise Unavailable(f"{what} ended at once. Its log {log} ends:\n{last_words(log)}", system=what) from error
            if time.monotonic() > end:
                said = f"{what} was started but does not answer within {patience:g} s: {error}. Its log is {log}."
                raise Unavailable(said, system=what) from error
        time.sleep(0.1)


def last_words(log: Path) -> str:
    try:
        return log.read_text(encoding="utf-8", errors="replace")[-_LAST_WORDS:].strip()
    except OSError:
        return ""


def free_port(wanted: int = 0) -> int:
    """A port nobody listens at on this machine: the wanted one if it can be had.

    Others lie below those that systems hand to outgoing connections: one of these could take it before its server does.
    """
    chance = random.SystemRandom()
    for port in ([wanted] if wanted else []) + [chance.randrange(*_PORTS) for _ in range(100)]:
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return int(probe.getsockname()[1])
    raise Unavailable("This machine has no free port at 127.0.0.1.", system="network")


def listening(port: int) -> str:
    """A probe: somebody accepts connections there."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=2).close()
    except OSError as error:
        raise Unavailable(f"nobody listens at port {port}: {error}", system=str(port)) from error
    return f"listens at port {port}"


def server_user(name: str) -> str | None:
    """The user as whom a server runs when root starts it: most refuse to run as root."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(name).pw_name
    except KeyError:
        return None


def _kill(family: Sequence[Process]) -> None:
    for one in family:
        if one.runs():
            with suppress(ProcessLookupError):
                os.kill(one.pid, signal.SIGKILL)
    _gone(family, PATIENCE)


def _gone(family: Sequence[Process], patience: float) -> bool:
    end = time.monotonic() + patience
    while any(one.runs() for one in family):
        if time.monotonic() > end:
            return False
        time.sleep(0.02)
    _reap(family[0].pid, 0)  # dead it is; its threads may take a moment longer
    return True


def _family(first: Process) -> list[Process]:
    """It, then all that descend from it and all in its session: servers give their children sessions of their own."""
    facts = {pid: found for path in Path("/proc").glob("[0-9]*") if (found := _facts(pid := int(path.name)))}
    family = {first.pid}
    while True:
        more = {pid for pid, one in facts.items() if one.parent in family or one.session == first.pid} - family
        if not more:
            break
        family |= more
    return [first, *(Process(pid, facts[pid].born) for pid in sorted(family - {first.pid}))]


def _reap(pid: int, how: int = os.WNOHANG) -> None:
    """What was started by this very process stays a zombie until somebody asks for its end."""
    with suppress(ChildProcessError):
        os.waitpid(pid, how)


@dataclass(frozen=True)
class _Facts:
    parent: int
    session: int
    born: int


def _facts(pid: int) -> _Facts | None:
    """What the kernel says of a process; None when it is gone, or dead and only not buried."""
    try:
        said = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace")
    except OSError:
        return None
    state, parent, _, session, *rest = said.rpartition(")")[2].split()
    return None if state in "ZX" else _Facts(int(parent), int(session), int(rest[15]))


def _born(pid: int) -> int | None:
    found = _facts(pid)
    return found.born if found else None
