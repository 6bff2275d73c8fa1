"""The engine of one machine: parts are done in worker processes, joins by DuckDB in a file that spills to disk."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from itertools import islice
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Protocol

from hub.batch.features import Chunk, Counts, FeatureWorker, Recipe
from hub.batch.pairs import ComponentWorker, PairWorker, Range, Task, Twins
from hub.batch.population import Population

PAIRS = 1_000_000
TWINS = 50_000
_MADE = 200_000

Progress = Callable[[str, int, int], None]
"""Called with the step, how much is done and of how much (0: not known)."""


class Engine(Protocol):
    """Who does the heavy part of a bulk match. Every engine leaves the same tables in the population.

    Workers and the process that drives them share the run's folder; parts are files in it.
    """

    def features(self, recipe: Recipe, chunks: Iterator[Chunk], progress: Progress) -> list[Counts]:
        """Rows become part files: records, nodes, keys, rejects."""
        ...

    def pair(self, population: Population, block_limit: int) -> int:
        """How many pairs of nodes share a key that is not generic; what `score` scores."""
        ...

    def score(self, population: Population, task: Task, progress: Progress) -> Population:
        """The evidence that counts, as the table ``raw_scores``; the population as it is open from here on."""
        ...

    def group(self, parts: Sequence[Path], task: Task, progress: Progress) -> int:
        """Clusters of components as part files ``members``; how many unions were refused."""
        ...

    def close(self) -> None: ...


class LocalEngine:
    """So many processes on this machine."""

    def __init__(self, workers: int) -> None:
        self.workers = workers

    def features(self, recipe: Recipe, chunks: Iterator[Chunk], progress: Progress) -> list[Counts]:
        return spread(self.workers, FeatureWorker, recipe, chunks, told("reading", 0, progress))

    def pair(self, population: Population, block_limit: int) -> int:
        return population.pair(block_limit)

    def score(self, population: Population, task: Task, progress: Progress) -> Population:
        """Workers cannot read the tables while this process has them open for writing."""
        population.sketch()
        size = max(1, min(PAIRS, population.count("candidate") // (2 * self.workers) + 1))
        parts: list[Range | Twins] = [Range(number, *each) for number, each in enumerate(population.ranges(size))]
        parts += [Twins(number, *each) for number, each in enumerate(population.twin_ranges(TWINS))]
        population.close()
        spread(self.workers, PairWorker, task, iter(parts), told("scoring", len(parts), progress))
        opened = Population(task.folder, task.memory)
        opened.load("scores")
        opened.load("selves")
        return opened

    def group(self, parts: Sequence[Path], task: Task, progress: Progress) -> int:
        return sum(spread(self.workers, ComponentWorker, task, iter(parts), told("clustering", len(parts), progress)))

    def close(self) -> None:
        """Its processes end with each step."""


def told(step: str, of: int, progress: Progress) -> Callable[[int], None]:
    return lambda done: progress(step, done, of)


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
        return _here(kind, known, first, parts)
    return _there(workers, kind, known, first, parts)


def _here(kind: Any, known: Any, first: list[Any], rest: Iterator[Any]) -> Iterator[Any]:
    worker = kind(known)
    try:
        for part in _chained(first, rest):
            yield worker(part)
    finally:
        if hasattr(worker, "close"):
            worker.close()


def _there(workers: int, kind: Any, known: Any, first: list[Any], rest: Iterator[Any]) -> Iterator[Any]:
    waiting: list[Future[Any]] = []
    with ProcessPoolExecutor(workers, get_context("spawn"), _begin, (kind, known)) as pool:
        for part in _chained(first, rest):
            waiting.append(pool.submit(_work, part))
            if len(waiting) > 2 * workers:
                yield waiting.pop(0).result()
        for future in waiting:
            yield future.result()


_worker: Any = None


def _begin(kind: Any, known: Any) -> None:
    """Batches of many small objects live and die together: to search them for circles again and again finds nothing."""
    global _worker
    _worker = kind(known)
    gc.set_threshold(_MADE, 20, 100)


def _work(part: Any) -> Any:
    return _worker(part)


def _chained(first: list[Any], rest: Iterator[Any]) -> Iterator[Any]:
    yield from first
    yield from rest
