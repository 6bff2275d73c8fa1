"""Organizations known by their names alone: how many there are, from rounds of belief about who is whom.

EM has nothing to hold on to where there is one comparison. What is left is counting: a record whose name is met often by
likely matches stands for a part of an organization only, and the fewer organizations there are, the likelier a match.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from math import log2
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from hub.batch.pairs import Range, Task
from hub.batch.patterns import COMPARISONS, PLACE, pattern
from hub.batch.spreading import spread
from hub.matching.features import Features
from hub.matching.rules import LEVELS, half_bits
from hub.matching.scoring import Scorer

Floats = npt.NDArray[np.float64]

ROUNDS = 4
_PARTS = 1000  # shares are counted in thousandths


class Believed(NamedTuple):
    """What rounds of belief come to."""

    shares: list[float]  # by node, which part of an organization it stands for
    levels: dict[str, Floats]  # by comparison, how often its levels occur among expected matches


class NameWorker:
    """One per process: of each candidate in a part of them (a, b, bits), and the levels of its comparisons."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.scorer = Scorer(task.rules)

    def __call__(self, part: Range) -> tuple[bytes, bytes]:
        with self.task.reading() as population:
            pairs = population.candidates(part.low, part.high)
            sides = population.sides_of_pairs(pairs)
        scored = [(a, b, self.scorer.compare(sides[a], sides[b])[0]) for a, b in pairs]
        levels = [pattern(self.scorer.observe(sides[a], sides[b])).levels for a, b in pairs]
        return np.array(scored, dtype=np.int32).reshape(-1, 3).tobytes(), b"".join(levels)


def believe_names(task: Task, nodes: int, ranges: list[tuple[int, int]], workers: int) -> Believed:
    """A node stands for one in 1 + its expected matches of an organization; these shares add up to the number of organizations.
    The task's rules have no prior for organizations."""
    parts = [Range(number, low, high) for number, (low, high) in enumerate(ranges)]
    found = spread(workers, NameWorker, task, iter(parts), lambda done: None)
    scored = np.frombuffer(b"".join(told for told, _ in found), dtype=np.int32).reshape(-1, 3)
    levels = np.frombuffer(b"".join(told for _, told in found), dtype=np.int8).reshape(-1, len(COMPARISONS))
    left, right, bits = scored[:, 0], scored[:, 1], scored[:, 2] / 1000
    shares, believed = np.ones(nodes), np.zeros(len(bits))
    for _ in range(ROUNDS):
        believed = 1 / (1 + np.exp2(-np.clip(bits - log2(max(float(shares.sum()), 2)), -60, 60)))
        shares = 1 / (1 + np.bincount(left, believed, nodes) + np.bincount(right, believed, nodes))
    told = {name: _counts(levels[:, PLACE[name]], name, believed) for name in COMPARISONS}
    return Believed([float(share) for share in shares], told)


def _counts(column: npt.NDArray[np.int8], name: str, weight: Floats) -> Floats:
    told = column >= 0
    return np.asarray(np.bincount(column[told], weight[told], len(LEVELS[name])), dtype=np.float64)


def word_bits_of(found: Iterable[Features], shares: Sequence[float]) -> tuple[dict[str, int], int]:
    """How rare words are among organizations instead of records, and how rare one is that a single organization has: a company
    that is there a hundred times does not make its name common."""
    told: dict[str, float] = defaultdict(float)
    total = 0.0
    for each, share in zip(found, shares, strict=True):
        words = {word for organization in each.get("o", ()) for word in organization[0].split()}
        total += share if words else 0.0
        for word in words:
            told[word] += share
    whole = max(round(total * _PARTS), _PARTS)
    bits = {word: half_bits(whole, max(round(part * _PARTS), _PARTS)) for word, part in told.items()}
    rare = half_bits(whole, _PARTS)
    return {word: worth for word, worth in bits.items() if worth < rare}, rare
