"""`goldenhub work`: one process for each worker, and one that looks after them.

The parent starts the workers as copies of itself, so that all run the code it began with, whatever is installed meanwhile. It
starts again what dies (with growing waits, so that what cannot live makes no storm), leaves empty the place of who cannot work
before a person changes something, hands on the signal to end, and says what happens. Workers hold nothing that is not also in
the store or at the broker: whatever is killed, others go on with it. A worker whose parent is gone ends by itself.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from multiprocessing.context import ForkProcess
from types import FrameType
from typing import Any

from hub.app.hub import Hub
from hub.app.running import STAGES, Runner, worker_name
from hub.errors import BadSettings, HubError, did_you_mean
from hub.store import workers

_ENDS = (signal.SIGTERM, signal.SIGINT)
_MISCONFIGURED = 3
GRACE = 20.0  # seconds that a worker may take to end
_FIRST_WAIT, _LONGEST_WAIT, _LIVED = 0.5, 60.0, 60.0  # seconds: before the next start, at most, and after which it lives well
_LOOKS = 0.1

Tell = Callable[[Mapping[str, Any]], None]
"""What happened to a worker: name, stage, pid, event (started, ended, died, cannot, stopping), and what else there is to say."""


# -- one worker --


def run_worker(hub: Hub, name: str, stage: str, lanes: Sequence[str]) -> None:
    """Be a worker of one stage until a signal, or the end of the parent, says to stop. This process is a fresh copy of it."""
    stop, parent = threading.Event(), os.getppid()
    for number in _ENDS:
        signal.signal(number, lambda _number, _frame: stop.set())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)
    hub.store.engine.dispose(close=False)  # connections are the parent's
    hub.__dict__.pop("bus", None)

    def watch() -> None:
        while not stop.wait(1):
            if os.getppid() != parent:
                stop.set()

    def say(line: str) -> None:
        print(f"{name}: {line}", file=sys.stderr, flush=True)

    threading.Thread(target=watch, daemon=True, name="parent").start()
    try:
        Runner(hub, stage, lanes, stop, say).run()
    except HubError as error:
        say(error.message)
        sys.exit(_MISCONFIGURED)
    finally:
        hub.close()


# -- those who look after them --


@dataclass
class Post:
    """A worker's place, whoever fills it now."""

    name: str
    stage: str
    work: Callable[[], None]
    process: ForkProcess | None = None
    started: float = 0.0
    again: float = 0.0  # when to fill it next
    wait: float = _FIRST_WAIT
    closed: bool = False  # whoever filled it said that a person must change something first


@dataclass
class Crew:
    """Keeps every post filled until told to stop."""

    posts: Sequence[Post]
    tell: Tell
    gone: Callable[[str, int], None]  # stage, process: it ended in whatever way
    idle: Callable[[], bool] | None = None  # asked now and then: whether all is done and everybody may go
    _stopping: bool = field(default=False, repr=False)
    _kill: bool = field(default=False, repr=False)

    def run(self) -> int:
        """The exit code: 0 when all ended as they were told, 3 when a person must change something."""
        before = {number: signal.signal(number, self._signalled) for number in _ENDS}
        try:
            return self._run()
        finally:
            for post in self.posts:
                if post.process is not None and post.process.is_alive():
                    post.process.kill()
                    post.process.join()
            for number, handler in before.items():
                signal.signal(number, handler)

    def _run(self) -> int:
        asked = time.monotonic()
        while not self._stopping:
            for post in self.posts:
                if not post.closed:
                    self._look_after(post)
            if self.posts and all(post.closed for post in self.posts):
                break
            if self.idle is not None and time.monotonic() - asked > 0.5:
                with suppress(HubError):
                    self._stopping = self.idle()
                asked = time.monotonic()
            time.sleep(_LOOKS)
        return self._end()

    def _signalled(self, _number: int, _frame: FrameType | None) -> None:
        self._kill = self._stopping  # a second time: at once
        self._stopping = True

    def _look_after(self, post: Post) -> None:
        now = time.monotonic()
        if post.process is None:
            if now >= post.again:
                post.process, post.started = _forked(post), now
                self._told(post, "started")
            return
        code = post.process.exitcode
        if code is None:
            return
        if now - post.started > _LIVED:
            post.wait = _FIRST_WAIT
        post.closed = code == _MISCONFIGURED
        self._told(post, "cannot" if post.closed else "died", code=code, again=None if post.closed else round(post.wait, 1))
        self.gone(post.stage, post.process.pid or 0)
        post.process, post.again = None, now + post.wait
        post.wait = min(post.wait * 2, _LONGEST_WAIT)

    def _end(self) -> int:
        """Everybody ends what he has in hand; who does not is killed, and loses nothing by it."""
        there = [(post, post.process) for post in self.posts if post.process is not None]
        for post, process in there:
            self._told(post, "stopping")
            process.terminate()
        until = time.monotonic() + GRACE
        while there:
            for post, process in list(there):
                if process.is_alive() and (self._kill or time.monotonic() > until):
                    process.kill()
                    process.join()
                if not process.is_alive():
                    there.remove((post, process))
                    self._told(post, "ended", code=process.exitcode)
                    self.gone(post.stage, process.pid or 0)
            time.sleep(_LOOKS / 2 if there else 0)
        return _MISCONFIGURED if any(post.closed for post in self.posts) else 0

    def _told(self, post: Post, event: str, **facts: Any) -> None:
        pid = post.process.pid if post.process is not None else None
        self.tell({"worker": post.name, "stage": post.stage, "pid": pid, "event": event} | facts)


def _forked(post: Post) -> ForkProcess:
    """A copy of this process that works. It hears of signals only when it can deal with them."""
    process = get_context("fork").Process(target=post.work, name=post.name)
    signal.pthread_sigmask(signal.SIG_BLOCK, _ENDS)
    try:
        process.start()
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _ENDS)
    return process


def crew(hub: Hub, stages: Sequence[str], numbers: Mapping[str, int], lanes: Sequence[str], tell: Tell) -> Crew:
    """A post for each worker of each stage."""
    posts = []
    for stage in stages:
        for number in range(1, numbers.get(stage, 1) + 1):
            name = f"{stage}-{number}"
            posts.append(Post(name, stage, partial(run_worker, hub, name, stage, lanes)))
    return Crew(posts, tell, partial(forget, hub))


def forget(hub: Hub, stage: str, pid: int) -> None:
    """Who ended without a word is no longer listed among those who work."""
    with suppress(HubError), hub.store.begin() as tx:
        workers.leave(tx, [worker_name(stage, pid)])


def read_stages(text: str) -> list[str]:
    """Stages by their names, in the order of the way of a record."""
    named = [name.strip() for name in text.split(",") if name.strip()]
    for name in named:
        if name not in STAGES:
            said = f"There is no stage {name!r}{did_you_mean(name, STAGES)}. Known: {', '.join(STAGES)}."
            raise BadSettings(said, name="--stages")
    return [stage for stage in STAGES if stage in named]


def read_workers(text: str) -> dict[str, int]:
    """``resolve=2,attach=1``; one number alone is for resolving."""
    found: dict[str, int] = {}
    for piece in filter(None, (piece.strip() for piece in text.split(","))):
        stage, _, number = piece.rpartition("=")
        if not number.isdigit() or not 1 <= int(number) <= 64:
            raise BadSettings(f"--workers: write stage=number, such as resolve=2, not {piece!r}.", name="--workers")
        found[read_stages(stage or "resolve")[0]] = int(number)
    return found
