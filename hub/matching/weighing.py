"""What two values say about one customer: levels and bits, comparison by comparison, the best pair of two lists."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import Any

from hub.matching import comparisons as compare
from hub.matching.organizations import NameOverlap, overlap
from hub.matching.prepared import Prepared
from hub.matching.rarity import family_bits, given_bits, locality_bits, word_bits
from hub.matching.rules import MatchingRules

_CACHED = 1 << 14

Evidence = tuple[str, str, int]
"""Comparison, level, bits."""


class Weigher:
    """Weighs two values, or two lists of them. Not shared between threads."""

    def __init__(self, rules: MatchingRules) -> None:
        self.rules = rules
        self.given = lru_cache(_CACHED)(self._given)
        self.family = lru_cache(_CACHED)(self._family)
        self._overlap = lru_cache(_CACHED >> 2)(self._score_organizations)
        self._means = {name: rules.numbers[f"mean_{name}"] for name in ("given", "family", "swapped", "locality")}
        self._word_bits = word_bits(rules)
        self._given_bits = lru_cache(_CACHED)(partial(given_bits, rules=rules))
        self._family_bits = lru_cache(_CACHED)(partial(family_bits, rules=rules))

    def value(self, name: str, level_of: Any, ours: tuple[str, ...], theirs: tuple[str, ...]) -> Evidence:
        weights = self.rules.weights[name]
        best: Evidence | None = None
        for a in ours:
            for b in theirs:
                level = level_of(a, b) if a <= b else level_of(b, a)
                if best is None or weights[level] > best[2]:
                    best = (name, level, weights[level])
        assert best is not None  # noqa: S101 - both lists hold something
        return best

    def names(self, left: Prepared, right: Prepared) -> tuple[Evidence, ...]:
        if len(left.names) == 1 and len(right.names) == 1:
            return self.one_name(*ordered(left.names[0], right.names[0]))
        found = (self.one_name(*ordered(a, b)) for a in left.names for b in right.names)
        return max(found, key=lambda parts: (sum(part[2] for part in parts), parts))

    def one_name(self, left: tuple[str, str, str], right: tuple[str, str, str]) -> tuple[Evidence, ...]:
        straight = [self.given(*ordered(left[0], right[0])), self.family(*ordered(left[1], right[1]))]
        swapped = self.swapped(left, right)
        parts = [part for part in straight if part]
        if swapped and swapped[2] > sum(part[2] for part in parts):
            parts = [swapped]
        if left[2] and right[2]:
            level = "exact" if left[2] == right[2] else "else"
            parts.append(("suffix", level, self.rules.weights["suffix"][level]))
        return tuple(parts)

    def _given(self, left: str, right: str) -> Evidence | None:
        level = compare.given_level(left, right)
        if level is None:
            return None
        return "given", level, self.worth("given", level, min(self._given_bits(left), self._given_bits(right)))

    def _family(self, left: str, right: str) -> Evidence | None:
        level = compare.family_level(left, right)
        if level is None:
            return None
        return "family", level, self.worth("family", level, min(self._family_bits(left), self._family_bits(right)))

    def swapped(self, left: tuple[str, str, str], right: tuple[str, str, str]) -> Evidence | None:
        if not (left[0] and left[1] and right[0] and right[1]):
            return None
        if left[0][0] != right[1][0] and left[1][0] != right[0][0]:
            return None
        one = compare.family_level(*ordered(left[0], right[1]))
        if one not in _SWAPPED or (two := compare.family_level(*ordered(left[1], right[0]))) not in _SWAPPED:
            return None
        level = "exact" if one == two == "exact" else "near"
        rarity = min(self._family_bits(left[0]), self._family_bits(right[1]))
        rarity += min(self._family_bits(left[1]), self._family_bits(right[0]))
        return "swapped", level, self.worth("swapped", level, rarity)

    def worth(self, name: str, level: str, rarity: int) -> int:
        """Level bits, and a share of how much rarer or commoner the value is than the mean of its comparison."""
        share = self.rules.alphas[name][level]
        bits = self.rules.weights[name][level]
        return bits + share * (rarity - self._means[name]) // 1000 if share else bits

    def organizations(self, left: Prepared, right: Prepared) -> tuple[Evidence, ...]:
        """Of the best two names, what they say, and their legal forms where both tell one."""
        if len(left.organizations) == 1 and len(right.organizations) == 1:
            return self._one_organization(left.organizations[0], right.organizations[0])
        found = (self._one_organization(a, b) for a in left.organizations for b in right.organizations)
        return max(found, key=lambda parts: (sum(part[2] for part in parts), parts))

    def _one_organization(self, left: tuple[str, str], right: tuple[str, str]) -> tuple[Evidence, ...]:
        name = self._overlap(*ordered(left[0], right[0]))
        level = compare.legal_form_level(*ordered(left[1], right[1]))
        return (name, ("legal_form", level, self.rules.weights["legal_form"][level])) if level else (name,)

    def _score_organizations(self, left: str, right: str) -> Evidence:
        common: NameOverlap = overlap(left, right, self._word_bits)
        weight, share = self.rules.weights["organization"][common.level], self.rules.alphas["organization"][common.level]
        numbers = self.rules.numbers
        shared = min(common.shared, numbers["organization_ceiling"]) - numbers["mean_organization"]
        bits = weight + share * shared // 1000 - numbers["unmatched_share"] * common.unmatched // 1000
        return "organization", common.level, max(bits, numbers["organization_floor"])

    def identifiers(self, left: Prepared, right: Prepared) -> list[Evidence]:
        """The best pair of values per scheme and country."""
        best: dict[str, Evidence] = {}
        for scheme, country, value, *_ in left.identifiers:
            for other_scheme, other_country, other, *_ in right.identifiers:
                if scheme != other_scheme or (country and other_country and country != other_country):
                    continue
                name = _IDENTIFIERS[self.rules.schemes.get(scheme, "renewable")]
                level = compare.identifier_level(*ordered(value, other))
                part = (name, level, self.rules.weights[name][level])
                best[scheme] = max(best.get(scheme, part), part, key=lambda p: p[2])
        return list(best.values())

    def places(self, left: Prepared, right: Prepared) -> list[Evidence]:
        """Of the best two addresses, what each part of them says by itself."""
        if len(left.addresses) == 1 and len(right.addresses) == 1:
            return self._score_places(*ordered(left.addresses[0], right.addresses[0]))
        found = [self._score_places(*ordered(a, b)) for a in left.addresses for b in right.addresses]
        return max(found, key=self._rank_of_places)

    def _rank_of_places(self, parts: list[Evidence]) -> tuple[int, list[Evidence]]:
        damped = self.damped(parts, self.rules.numbers["place_floor"])
        return sum(part[2] for part in damped), damped

    def _score_places(self, left: tuple[str, ...], right: tuple[str, ...]) -> list[Evidence]:
        parts: list[Evidence] = []
        self._place(parts, "street", compare.street_level(*ordered(left[0], right[0])))
        self._place(parts, "postal_code", compare.postal_level(*ordered(left[1], right[1])))
        level = compare.locality_level(*ordered(left[2], right[2]))
        if level:
            rarity = min(locality_bits(left[2], self.rules), locality_bits(right[2], self.rules))
            parts.append(("locality", level, self.worth("locality", level, rarity)))
        for name, index in (("region", 3), ("country", 4)):
            if left[index] and right[index]:
                self._place(parts, name, "exact" if left[index] == right[index] else "else")
        return parts

    def _place(self, parts: list[Evidence], name: str, level: str | None) -> None:
        if level is not None:
            parts.append((name, level, self.rules.weights[name][level]))

    def damped(self, parts: list[Evidence], floor: int) -> list[Evidence]:
        """Street, postal code, place and region say nearly the same, and so do two numbers of one card: the strongest counts in
        full, the rest at a share."""
        share = self.rules.numbers["damping"]
        top = max((part[2] for part in parts), default=0)
        bottom = min((part[2] for part in parts), default=0)
        damped: list[Evidence] = []
        for name, level, bits in parts:
            if bits == top and top > 0:
                top = 0
            elif bits == bottom and bottom < 0:
                bottom = 0
            else:
                bits = bits * share // 1000
            damped.append((name, level, bits))
        total = sum(part[2] for part in damped)
        if floor and total < floor:
            damped.append(("place", "floor", floor - total))
        return damped


_SWAPPED = ("exact", "near")
_IDENTIFIERS = {"permanent": "identifier", "renewable": "identifier_renewable", "shareable": "identifier_shareable"}


def ordered(left: Any, right: Any) -> tuple[Any, Any]:
    """A pair is the same from either side."""
    return (left, right) if left <= right else (right, left)
