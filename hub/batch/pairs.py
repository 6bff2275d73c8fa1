"""Step two of a bulk match, in worker processes: bits of all candidates, and clusters of what hangs together."""

from __future__ import annotations

import csv
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hub.batch.population import Population
from hub.matching.clustering import ClusterRules, Member, PairEvidence, cluster
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


class Range(NamedTuple):
    number: int
    low: int
    high: int


class Components(NamedTuple):
    """Some components of match edges: which nodes, and the edges among them."""

    number: int
    nodes: Sequence[Sequence[int]]
    edges: Sequence[Sequence[tuple[int, int]]]


class PairWorker:
    """One per process; it reads the population and writes part files."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.scorer = Scorer(task.rules)
        self._population: Population | None = None

    @property
    def population(self) -> Population:
        if self._population is None:
            self._population = Population(self.task.folder, self.task.memory, read_only=True)
        return self._population

    def close(self) -> None:
        """Let go of the file, so that another process may write."""
        if self._population is not None:
            self._population.close()
            self._population = None

    def score(self, part: Range) -> int:
        """Keep what a person or the clustering has to know: evidence from the review threshold on, and hard rules."""
        found = self.population.features_between(part.low, part.high)
        sides = {node: self.scorer.ready(each) for node, each in found.items()}
        counted = self.scorer.counted
        kept = 0
        with (self.task.folder / f"{part.number:06d}.scores").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            for a, b in self.population.candidates(part.low, part.high):
                if (score := counted(sides[a], sides[b])) is not None:
                    bits, trusted, match, veto = score
                    writer.writerow([a, b, bits, trusted, match or "", veto or ""])
                    kept += 1
        self.close()
        return kept

    def group(self, part: Components) -> int:
        """Clusters of these components, as (record, smallest record of its cluster)."""
        nodes = [node for component in part.nodes for node in component]
        found = self.population.features_of(nodes)
        members = defaultdict(list)
        for record, node, _ in self.population.members_of(nodes):
            members[node].append(record)
        refused = 0
        with (self.task.folder / f"{part.number:06d}.members").open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            for component, edges in zip(part.nodes, part.edges, strict=True):
                records = [Member(_ref(record), node) for node in component for record in members[node]]
                grouped = cluster(records, self._evidence(found), edges, (), self.task.clusters)
                refused += len(grouped.refusals)
                writer.writerows([int(ref.key), int(refs[0].key)] for refs in grouped.clusters for ref in refs)
        self.close()
        return refused

    def _evidence(self, found: dict[int, Features]) -> _Evidence:
        return _Evidence(self.scorer, found)


class _Evidence:
    """The scorer as clustering asks it, each pair once."""

    def __init__(self, scorer: Scorer, found: dict[int, Features]) -> None:
        self._scorer, self._found = scorer, found

    def __call__(self, a: int, b: int) -> PairEvidence:
        return PairEvidence(*self._scorer.quick(self._found[a], self._found[b]))


def _ref(record: int) -> RecordRef:
    """Records are numbered in the order of their keys; padded, the numbers order as the keys do."""
    return RecordRef("", f"{record:012d}")
