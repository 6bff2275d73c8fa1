"""Hard rules: what decides a pair whatever its bits are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hub.matching.prepared import Prepared
from hub.matching.rules import MatchingRules


def match(rules: MatchingRules, left: Prepared, right: Prepared) -> str | None:
    """An equal verified value of a scheme that names one customer."""
    for scheme, country, value, verified, *_ in left.identifiers:
        if verified and scheme in rules.equals:
            for other_scheme, other_country, other, also, *_ in right.identifiers:
                same_place = not (country and other_country) or country == other_country
                if also and scheme == other_scheme and value == other and same_place:
                    return "equal_verified"
    return None


def veto(rules: MatchingRules, left: Prepared, right: Prepared) -> str | None:
    """What no evidence outweighs: different kinds, or different verified values of one permanent scheme."""
    if left.kind and right.kind and left.kind != right.kind:
        return "different_kind"
    if left.identifiers and right.identifiers:
        for scheme in rules.vetoes:
            if _disjoint(scheme, left.identifiers, right.identifiers):
                return "different_verified"
    return None


def _disjoint(scheme: str, ours: Iterable[tuple[Any, ...]], theirs: Iterable[tuple[Any, ...]]) -> bool:
    """Both sides hold verified values of the scheme and a country, true at the same time, and none in common."""
    mine = [item for item in ours if item[0] == scheme and item[3]]
    yours = [item for item in theirs if item[0] == scheme and item[3]]
    conflict = False
    for a in mine:
        for b in yours:
            if a[1] != b[1]:
                continue
            if a[2] == b[2]:
                return False
            conflict = conflict or _overlapping(a, b)
    return conflict


def _overlapping(left: tuple[Any, ...], right: tuple[Any, ...]) -> bool:
    """Whether two values were valid at a common moment; an open end is for ever."""
    return not ((left[5] and right[4] and left[5] < right[4]) or (right[5] and left[4] and right[5] < left[4]))
