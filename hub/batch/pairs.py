"""Step two of a bulk match, in worker processes: bits of all candidates, and clusters of what hangs together."""

from __future__ import annotations

import csv
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from hub.batch.components import read_components
from hub.batch.population import Population
from hub.batch.sieve import Drawn, Sieve, Sketches
from hub.matching.clustering import ClusterRules, Member, PairEvidence, Refusal, cluster
from hub.matching.features import Features
from hub.matching.rules import MatchingRules
from hub.matching.scoring import Scorer
from hub.records import RecordRef


@dataclass(frozen=True)
class Task:
    """What a worker needs to know once."""

    folder: Path
    memory: str
    rules: MatchingRules
    clusters: ClusterRules

    def reading(self) -> AbstractContextManager[Population]:
        """The population, only read: closed as soon as a worker has what it needs, so that another process may write."""
        return closing(Population(self.folder, self.memory, read_only=True))


class Range(NamedTuple):
    number: int
    low: int
    high: int


class Twins(NamedTuple):
    """Nodes of several records in a range."""

    number: int
    low: int
    high: int


class PairWorker:
    """One per process; it reads the population and leaves part files ``scores`` and ``selves``."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.scorer = Scorer(task.rules)
        self._words = _Words()
        self._sieve = Sieve(self.scorer, self._words)
        self._read: Sketches | None = None

    def __call__(self, part: Range | Twins) -> int:
        return self._twins(part) if isinstance(part, Twins) else self._pairs(part)

    def _sketches(self, population: Population) -> Sketches:
        if self._read is None:
            self._read = population.sketches()
        return self._read

    def _twins(self, part: Twins) -> int:
        """Nodes whose records are one customer by that alone, on trusted values: they equal each other in all they say."""
        with self.task.reading() as population:
            found = population.twins(part.low, part.high)
        rules = self.task.clusters
        kept = []
        for node, each in found:
            own = PairEvidence(*self.scorer.quick(each, each))
            if rules.is_match(own) and rules.is_trusted(own) and not own.veto:
                kept.append(f"{node}\n")
        (self.task.folder / f"{part.number:06d}.selves").write_text("".join(kept), encoding="utf-8")
        return len(kept)

    def _pairs(self, part: Range) -> int:
        """Keep what a person or the clustering has to know: evidence from the review threshold on, and hard rules."""
        with self.task.reading() as population:
            self._words.population = population
            drawn = Drawn(*population.drawn(part.low, part.high), self._sketches(population))
            places = self._sieve(drawn)
            one, other = drawn.a[places], drawn.b[places]
            del drawn
            sides = population.sides_of(sorted({*one.tolist(), *other.tolist()}))
        compare, least = self.scorer.compare, self.task.rules.review_bits
        kept = 0
        with (self.task.folder / f"{part.number:06d}.scores").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            for a, b in zip(one.tolist(), other.tolist(), strict=True):
                bits, trusted, match, veto = compare(sides[a], sides[b])
                if bits >= least or match is not None:
                    writer.writerow([a, b, bits, trusted, match or "", veto or ""])
                    kept += 1
        return kept


class _Words:
    """The values that sketches have numbers for, each field read once, of whatever population is open."""

    population: Population

    def __init__(self) -> None:
        self._read: dict[str, list[str]] = {}

    def __call__(self, field: str) -> list[str]:
        if field not in self._read:
            self._read[field] = self.population.words(field)
        return self._read[field]


class ComponentWorker:
    """One per process. Of a part of components it leaves the clusters, as (record, smallest record of its cluster)."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.scorer = Scorer(task.rules)

    def __call__(self, path: Path) -> int:
        """How many unions were refused."""
        part = read_components(path)
        evidence = NodeEvidence(self.scorer, part.features)
        refused: list[Any] = []
        with (self.task.folder / f"{part.number:06d}.members").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            for component in part.listed:
                records = [Member(_ref(record, system), node, trusted) for record, node, system, trusted in component.members]
                grouped = cluster(records, evidence, component.edges, (), self.task.clusters)
                refused += map(numbered, grouped.refusals)
                writer.writerows([int(ref.key), int(refs[0].key)] for refs in grouped.clusters for ref in refs)
        if refused:
            (self.task.folder / f"{part.number:06d}.refused").write_bytes(orjson.dumps(refused))
        return len(refused)


def numbered(refusal: Refusal) -> tuple[str, list[int], list[int], int, list[int], tuple[str, ...]]:
    """A refusal about records by number."""
    left, right, pair = ([int(ref.key) for ref in refs] for refs in (refusal.left, refusal.right, refusal.pair))
    return refusal.kind, left, right, refusal.bits, pair, refusal.decisions


class NodeEvidence:
    """The scorer as clustering asks it, each pair once."""

    def __init__(self, scorer: Scorer, found: dict[int, Features]) -> None:
        self._scorer, self._found = scorer, found

    def __call__(self, a: int, b: int) -> PairEvidence:
        return PairEvidence(*self._scorer.quick(self._found[a], self._found[b]))


def _ref(record: int, system: str) -> RecordRef:
    """Records are numbered in the order of their keys; padded, the numbers order as the keys do."""
    return RecordRef(system, f"{record:012d}")
