"""What stewards' answers teach: how often levels occur among records that are one customer, and where the thresholds belong.

Weights are ``log2(m / u)``. An answer "same" says something about m, so a level's weight moves by ``log2(m after / m before)``,
and u cancels out. What is known of m before any answer counts like `KNOWN` answers more (a Dirichlet prior), since people are
asked about the doubtful pairs, which are no fair sample of all. Only training takes logarithms; what it leaves are whole numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log2
from typing import Any, NamedTuple

from hub.matching.rules import LEVELS

KNOWN = 100
"""What was known before weighs as much as so many answers."""
FEWEST = 20
"""Answers "same" in which both sides told a value, before its comparison moves."""
FEWEST_FOR_THRESHOLDS, FEWEST_OF_EACH = 50, 10
"""Answers, and how many of them must be "same" and "not the same", before thresholds move."""
SURE, WORTH_ASKING = 0.95, 0.05
"""From which share of "same" on a pair is joined without a question, and from which one it is worth asking."""
_FARTHEST = 2000  # thousandths of a bit by which a level may move at once
_STEP = 100


class Answer(NamedTuple):
    """One answer of a steward: what the evidence was, and whether the two are one customer."""

    levels: tuple[tuple[str, str], ...]  # (comparison, level)
    bits: int
    same: bool


class Moved(NamedTuple):
    """What answers did to one comparison: thousandths of a bit by level."""

    answers: int
    by_level: Mapping[str, int]


def relearn(answers: Sequence[Answer], matched: Iterable[Sequence[tuple[str, str]]]) -> dict[str, Moved]:
    """By comparison, how far its levels move. ``matched`` are the levels of pairs that the model of today joins."""
    before = _count(matched)
    said = _count(answer.levels for answer in answers if answer.same)
    return {
        name: Moved(said[name].total(), _moves(name, before[name], said[name])) for name in LEVELS if said[name].total() >= FEWEST
    }


def _count(pairs: Iterable[Sequence[tuple[str, str]]]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = {name: Counter() for name in LEVELS}
    for levels in pairs:
        for name, level in levels:
            if name in found and level in LEVELS[name]:
                found[name][level] += 1
    return found


def _moves(name: str, before: Counter[str], said: Counter[str]) -> dict[str, int]:
    levels = LEVELS[name]
    known = before.total() + len(levels)
    moves = {}
    for level in levels:
        m = (before[level] + 1) / known
        after = (KNOWN * m + said[level]) / (KNOWN + said.total())
        bits = round(log2(after / m) * 1000 / _STEP) * _STEP
        moves[level] = max(-_FARTHEST, min(_FARTHEST, bits))
    return moves


def moved(comparisons: Mapping[str, Any], moves: Mapping[str, Moved]) -> dict[str, Any]:
    """The comparisons of a document with their levels moved, the stronger still at least as strong as the weaker."""
    made = dict(comparisons)
    for name, found in moves.items():
        given = comparisons.get(name, {})
        levels = [level for level in LEVELS[name] if level in given]
        bits = [_bits(given[level]) + found.by_level[level] for level in levels]
        ordered = falling(bits, [1 + abs(found.by_level[level]) for level in levels])
        made[name] = {
            level: [worth, given[level][1]] if isinstance(given[level], list) else worth
            for level, worth in zip(levels, (round(one / _STEP) * _STEP for one in ordered), strict=True)
        }
    return made


def _bits(value: Any) -> int:
    return int(value[0]) if isinstance(value, list) else int(value)


def falling(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The nearest values that never rise (isotonic regression; pool adjacent violators)."""
    return [-one for one in rising([-one for one in values], weights)]


def rising(values: Sequence[float], weights: Sequence[float]) -> list[float]:
    """The nearest values that never fall."""
    pools: list[list[float]] = []  # [mean, weight, how many]
    for value, weight in zip(values, weights, strict=True):
        pools.append([value, weight, 1])
        while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
            mean, heavy, number = pools.pop()
            last = pools[-1]
            last[0] = (last[0] * last[1] + mean * heavy) / (last[1] + heavy)
            last[1] += heavy
            last[2] += number
    return [mean for mean, _, number in pools for _ in range(int(number))]


@dataclass(frozen=True)
class Thresholds:
    """Where answers put them, in thousandths of a bit, and why they stay where they do."""

    review_bits: int
    match_bits: int
    why: str


def thresholds(answers: Sequence[Answer], review_bits: int, match_bits: int, ceilings: Iterable[int] = ()) -> Thresholds:
    """Where the share of "same", which never falls with the bits, crosses what is worth asking and what is sure.

    A guard's ceiling says that a person looks, so the threshold of a match stays above each, and that of a review at or below.
    """
    same = sum(answer.same for answer in answers)
    if len(answers) < FEWEST_FOR_THRESHOLDS or min(same, len(answers) - same) < FEWEST_OF_EACH:
        said = f"{same} same and {len(answers) - same} not: thresholds need {FEWEST_FOR_THRESHOLDS}, {FEWEST_OF_EACH} of each."
        return Thresholds(review_bits, match_bits, said)
    shares = shares_by_bits(answers)
    guarded = [one for one in ceilings if review_bits <= one < match_bits]
    match = _match(answers, shares, match_bits, max(guarded, default=review_bits - 1) + 100)
    review = _review(shares, review_bits, min([*guarded, match]))
    return Thresholds(review, match, f"{len(answers)} answers, {same} of them same.")


def shares_by_bits(answers: Sequence[Answer]) -> list[tuple[int, float]]:
    """(bits, share of "same"), rising with the bits."""
    told, same = Counter(answer.bits for answer in answers), Counter(answer.bits for answer in answers if answer.same)
    bits = sorted(told)
    fitted = rising([same[one] / told[one] for one in bits], [told[one] for one in bits])
    return list(zip(bits, fitted, strict=True))


def _match(answers: Sequence[Answer], shares: Sequence[tuple[int, float]], stands: int, lowest: int) -> int:
    sure = [bits for bits, share in shares if share >= SURE]
    if not sure or sum(answer.bits >= sure[0] for answer in answers) < FEWEST_OF_EACH:
        return stands
    return max(lowest, -(-sure[0] // _STEP) * _STEP)


def _review(shares: Sequence[tuple[int, float]], stands: int, highest: int) -> int:
    """Nobody was asked below the threshold of today, so answers can only raise it."""
    worth = [bits for bits, share in shares if share >= WORTH_ASKING]
    return min(max(stands, worth[0] // _STEP * _STEP), highest) if worth else stands
