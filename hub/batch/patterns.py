"""Agreement patterns: how often pairs agree in the same way, counted by workers, so that training costs what patterns cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from random import Random
from typing import NamedTuple

from hub.batch.pairs import Task
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
SAMPLE = 250_000
"""Of more candidates than twice this about so many are counted: those of every n-th node, which are as good as all."""
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
    """The candidates of every ``step``-th node in a range."""

    low: int
    high: int
    step: int


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


class PatternWorker:
    """One per process: counts the patterns of a part of the candidates, or of pairs drawn at random."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.scorer = Scorer(task.rules)

    def __call__(self, part: Sampled | Drawn) -> Patterns:
        with self.task.reading() as population:
            if isinstance(part, Sampled):
                pairs = population.candidates(part.low, part.high, part.step)
            else:
                pairs = population.no_candidates(part.pairs)
            sides = population.sides_of_pairs(pairs)
        observe = self.scorer.observe
        return Counter(pattern(observe(sides[a], sides[b])) for a, b in pairs)


def count_patterns(nodes: int, ranges: Iterable[tuple[int, int]], candidates: int, task: Task, workers: int) -> Counted:
    """The patterns of all candidates (of very many a sample, counted as often as it stands for) and of random pairs, always the
    same for the same population. ``ranges`` hold ``PART`` candidates each; where few of them are counted, a part of the work is
    several ranges."""
    step = max(candidates // SAMPLE, 1)
    sampled = [Sampled(low, high, step) for low, high in _joined(list(ranges), step)]
    drawn = list(_drawn(nodes))
    parts = [*sampled, *(Drawn(drawn[start : start + PART]) for start in range(0, len(drawn), PART))]
    workers = workers if candidates // step + len(drawn) > ALONE else 1
    found = spread(workers, PatternWorker, task, iter(parts), lambda done: None)
    seen = _summed(found[: len(sampled)])
    return Counted(Counter({one: times * step for one, times in seen.items()}), _summed(found[len(sampled) :]))


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
