"""Why two models disagree about a pair: what moved it over the line, read off its two waterfalls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from hub.matching.rules import MatchingRules
from hub.matching.story import Part, Score

LINKAGE = "linkage"
"""No single pair crossed the line: the sum over all pairs of two groups did."""

_RARE = frozenset({"given", "family", "swapped", "locality", "organization"})
_FOLLOWS = frozenset({"guard", "place"})  # takes what others gave


class Shift(NamedTuple):
    """What one part of the sum changed, in thousandths of a bit."""

    cause: str  # prior | threshold | guard <name> | <comparison> <level> | rarity of <comparison>
    bits: int


def shifts(before: Score, after: Score, old: MatchingRules, new: MatchingRules) -> list[Shift]:
    """Everything that brings the pair nearer to a match (above 0) or farther from it, the most first."""
    found = [Shift("threshold", old.match_bits - new.match_bits)]
    was = {part.name: part for part in before.parts}
    now = {part.name: part for part in after.parts}
    for name in dict.fromkeys([*was, *now]):
        found += _shifts(was.get(name), now.get(name), old, new)
    return sorted((one for one in found if one.bits), key=lambda one: (-abs(one.bits), one.cause))


def decisive(found: Sequence[Shift], towards: int) -> str:
    """The greatest shift towards a match (1) or away from one (-1)."""
    fitting = [one for one in found if one.bits * towards > 0]
    strong = [one for one in fitting if one.cause not in _FOLLOWS]
    return next((one.cause for one in strong or fitting), LINKAGE)


def _shifts(was: Part | None, now: Part | None, old: MatchingRules, new: MatchingRules) -> list[Shift]:
    either = now or was
    if either is None:
        return []
    bits = (now.bits if now else 0) - (was.bits if was else 0)
    if either.name == "guard" and old.guards.get(either.level) != new.guards.get(either.level):
        return [Shift(f"guard {either.level}", bits)]
    if either.name == "prior" or either.name in _FOLLOWS:
        return [Shift(either.name, bits)]
    if was is None or now is None or was.level != now.level or either.name not in _RARE:
        return [Shift(f"{either.name} {either.level}", bits)]
    weight = new.weights[either.name].get(either.level, 0) - old.weights[either.name].get(either.level, 0)
    return [Shift(f"{either.name} {either.level}", weight), Shift(f"rarity of {either.name}", bits - weight)]
