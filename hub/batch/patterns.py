"""Agreement patterns: how often pairs agree in the same way, counted by workers, so that training costs what patterns cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.batch.pairs import Task
from hub.batch.population import Population
from hub.batch.sieve import Sketches
from hub.batch.sketching import Nodes
from hub.batch.spreading import spread
from hub.matching.rules import LEVELS
from hub.matching.scoring import Observation, Scorer

COMPARISONS = tuple(LEVELS)
PLACE = {name: place for place, name in enumerate(COMPARISONS)}
"""Where a comparison stands in a pattern."""

NOT_TOLD = -1
SEED = 20240229
RANDOM_PAIRS = 100_000
"""At most so many random pairs tell chance agreement among those that blocking does not bring together: what happens to one pair
of a thousand is told to a seventh of a bit. What is rarer is mostly a key, and its pairs are candidates, all counted."""
PAIRS_A_NODE, FEWEST_PAIRS = 20, 20_000
"""Of few nodes so many pairs each, but no fewer than these in all: pairing them more often tells nothing new of them."""
ALIKE, OTHERS = 100_000, 50_000
"""Of very many candidates about so many are counted, each as often as it stands for: of those that have ``ENOUGH`` of ``TELLING``
in common, among which are nearly all matches, and of the others, of which there are ever more the more records there are."""
TELLING, ENOUGH = ("given", "family", "birth", "email", "phone", "street", "postal_code"), 2
FEW = 2 * (ALIKE + OTHERS)
"""Of no more candidates than these all are counted."""
PART, ALONE = 25_000, 50_000
"""Pairs in one part of the work; and up to how many to start processes takes longer than to count them."""

_LEVEL = {name: {level: number for number, level in enumerate(levels)} for name, levels in LEVELS.items()}
_STEP = 500  # rarity is counted in half bits


class Pattern(NamedTuple):
    """What pairs have in common that training cannot tell apart. Rarity in half bits, the ceiling in thousandths of a bit."""

    organizations: bool
    levels: bytes  # one signed byte for each of COMPARISONS
    rarity: int
    place_rarity: int
    ceiling: int | None


Patterns = Counter[Pattern]


class Sampled(NamedTuple):
    """The candidates whose smaller node lies in a range: all, or about so many of those that are alike and of the others."""

    low: int
    high: int
    most: tuple[int, int] | None = None


class Drawn(NamedTuple):
    """Some random pairs of nodes, the smaller first."""

    pairs: Sequence[tuple[int, int]]


class Counted(NamedTuple):
    """The patterns of all candidates, and those of random pairs that are none."""

    seen: Patterns
    rest: Patterns


def pattern(seen: Observation) -> Pattern:
    """The best level of every comparison; what was not told on both sides is `NOT_TOLD`."""
    levels = [NOT_TOLD] * len(COMPARISONS)
    for name, level in seen.levels:
        place = PLACE.get(name)
        if place is not None:
            number = _LEVEL[name][level]
            levels[place] = number if levels[place] == NOT_TOLD else min(levels[place], number)
    packed = bytes(level & 0xFF for level in levels)
    return Pattern(seen.organizations, packed, _steps(seen.rarity), _steps(seen.place_rarity), seen.ceiling)


def _steps(bits: int) -> int:
    return (bits + _STEP // 2) // _STEP


Stratum = tuple[list[tuple[int, int]], int]
"""Pairs, and how many each of them stands for."""


class PatternWorker:
    """One per process: counts the patterns of a part of the candidates, or of pairs drawn at random."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.scorer = Scorer(task.rules)
        self._read: Sketches | None = None

    def __call__(self, part: Sampled | Drawn) -> Patterns:
        with self.task.reading() as population:
            strata = list(self._strata(population, part))
            sides = population.sides_of_pairs([pair for pairs, _ in strata for pair in pairs])
        observe = self.scorer.observe
        found: Patterns = Counter()
        for pairs, step in strata:
            seen = Counter(pattern(observe(sides[a], sides[b])) for a, b in pairs)
            found.update({one: times * step for one, times in seen.items()})
        return found

    def _strata(self, population: Population, part: Sampled | Drawn) -> Iterator[Stratum]:
        if isinstance(part, Drawn):
            yield population.no_candidates(part.pairs), 1
        elif part.most is None:
            yield population.candidates(part.low, part.high), 1
        else:
            a, b = population.drawn(part.low, part.high)
            if self._read is None:
                self._read = population.sketches()
            alike = _alike(self._read, a, b)
            for chosen, most in zip((alike, ~alike), part.most, strict=True):
                places = np.flatnonzero(chosen)
                step = max(round(len(places) / most), 1)
                yield list(zip(a[places[::step]].tolist(), b[places[::step]].tolist(), strict=True)), step


def _alike(sketches: Sketches, a: Nodes, b: Nodes) -> NDArray[np.bool_]:
    """Which pairs have enough in common: this hardly ever misses a match, and asks for no comparison."""
    common = np.zeros(len(a), np.int8)
    for name in TELLING:
        ours = sketches[name][a]
        common += (ours >= 0) & (ours == sketches[name][b])
    alike: NDArray[np.bool_] = common >= ENOUGH
    return alike


def count_patterns(nodes: int, ranges: Iterable[tuple[int, int]], candidates: int, task: Task, workers: int) -> Counted:
    """The patterns of all candidates (of very many a sample, counted as often as it stands for) and of random pairs, always the
    same for the same population. ``ranges`` hold ``PART`` candidates each; where few of them are counted, a part of the work is
    several ranges. Of more than ``FEW`` candidates sketches must be there."""
    listed = list(ranges)
    if candidates > FEW:
        wide = list(_joined(listed, candidates // (ALIKE + OTHERS)))
        sampled = [Sampled(low, high, (ALIKE // len(wide), OTHERS // len(wide))) for low, high in wide]
    else:
        sampled = [Sampled(low, high) for low, high in listed]
    drawn = list(_drawn(nodes))
    parts = [*sampled, *(Drawn(drawn[start : start + PART]) for start in range(0, len(drawn), PART))]
    workers = workers if min(candidates, ALIKE + OTHERS) + len(drawn) > ALONE else 1
    found = spread(workers, PatternWorker, task, iter(parts), lambda done: None)
    return Counted(_summed(found[: len(sampled)]), _summed(found[len(sampled) :]))


def _joined(ranges: Sequence[tuple[int, int]], together: int) -> Iterator[tuple[int, int]]:
    for start in range(0, len(ranges), together):
        some = ranges[start : start + together]
        yield some[0][0], some[-1][1]


def _drawn(nodes: int) -> Iterator[tuple[int, int]]:
    """Random pairs of nodes; all there are, where those are no more."""
    wanted = min(max(PAIRS_A_NODE * nodes, FEWEST_PAIRS), RANDOM_PAIRS)
    if nodes * (nodes - 1) // 2 <= wanted:
        yield from ((a, b) for a in range(nodes) for b in range(a + 1, nodes))
        return
    random = Random(SEED)  # noqa: S311 - a sample, no secret
    for _ in range(wanted):
        a, b = random.randrange(nodes), random.randrange(nodes - 1)
        yield (a, b + 1) if b >= a else (b, a)


def _summed(parts: Iterable[Patterns]) -> Patterns:
    found: Patterns = Counter()
    for part in parts:
        found.update(part)
    return found
