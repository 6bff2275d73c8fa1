"""The engine of one machine: parts are done in worker processes, joins by DuckDB in a file that spills to disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Protocol

from hub.batch.features import Chunk, Counts, FeatureWorker, Recipe
from hub.batch.pairs import ComponentWorker, PairWorker, Range, Task, Twins
from hub.batch.population import Population
from hub.batch.spreading import spread

PAIRS = 1_000_000
TWINS = 50_000

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
