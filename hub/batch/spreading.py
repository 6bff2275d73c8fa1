"""Parts of work, spread over processes of this machine that stay for all steps of a run."""

from __future__ import annotations

import gc
import os
import pickle
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from itertools import chain, count, islice
from multiprocessing import get_context, parent_process
from threading import Thread
from typing import Any

_MADE = 2_000_000


def spread(workers: int, kind: Any, known: Any, parts: Iterator[Any], tell: Callable[[int], None]) -> list[Any]:
    """Do all parts by ``kind(known)``, called with each, in their order: here when they are few or there is one worker, else
    in processes, a few parts ahead."""
    done: list[Any] = []
    for result in spread_out(workers, kind, known, parts):
        done.append(result)
        tell(len(done))
    return done


def spread_out(workers: int, kind: Any, known: Any, parts: Iterator[Any]) -> Iterator[Any]:
    """The same, each result as soon as it and all before it are there."""
    first = list(islice(parts, 2))
    if workers < 2 or len(first) < 2:
        return _here(kind, known, chain(first, parts))
    return _there(workers, kind, known, chain(first, parts))


@contextmanager
def processes(workers: int) -> Iterator[None]:
    """What is spread over so many workers within uses the same processes: to start one costs a second or so each time."""
    global _kept
    if _kept is not None:
        yield
        return
    _kept = kept = _Kept(workers)
    try:
        yield
    finally:
        _kept = None
        kept.close()


class _Kept:
    """Processes that are started when there is work for them."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self._pool: ProcessPoolExecutor | None = None

    @property
    def pool(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = _started(self.workers)
        return self._pool

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)


_kept: _Kept | None = None
_steps = count(1)


def _started(workers: int) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(workers, get_context("spawn"), _begin_apart)


def _here(kind: Any, known: Any, parts: Iterator[Any]) -> Iterator[Any]:
    worker, before = kind(known), gc.get_threshold()
    _begin()
    try:
        for part in parts:
            yield worker(part)
    finally:
        gc.set_threshold(*before)
        _end(worker)


def _there(workers: int, kind: Any, known: Any, parts: Iterator[Any]) -> Iterator[Any]:
    kept = _kept if _kept is not None and _kept.workers == workers else None
    pool = kept.pool if kept else _started(workers)
    step, told = next(_steps), pickle.dumps((kind, known))
    waiting: list[Future[Any]] = []
    try:
        for part in parts:
            waiting.append(pool.submit(_work, step, told, part))
            if len(waiting) > 2 * workers:
                yield waiting.pop(0).result()
        while waiting:
            yield waiting.pop(0).result()
    finally:
        for future in waiting:
            future.cancel()
        if kept is None:
            pool.shutdown()


_at_work: tuple[int, Any] = (0, None)


def _begin() -> None:
    """Batches of many small objects live and die together: to search them for circles again and again finds nothing."""
    gc.set_threshold(_MADE, 20, 100)


def _begin_apart() -> None:
    """In a worker process: it ends with the one that started it. A pool whose owner was killed waits for parts for ever."""
    _begin()
    Thread(target=_end_with, args=(parent_process(),), daemon=True).start()


def _end_with(owner: Any) -> None:
    owner.join()
    os._exit(1)


def _work(step: int, told: bytes, part: Any) -> Any:
    """In a worker process: who does this step's parts is made with the first of them."""
    global _at_work
    if _at_work[0] != step:
        before, _at_work = _at_work[1], (0, None)
        _end(before)
        kind, known = pickle.loads(told)  # noqa: S301 - from the process that started this one
        _at_work = step, kind(known)
    return _at_work[1](part)


def _end(worker: Any) -> None:
    if hasattr(worker, "close"):
        worker.close()
