"""From two records to bits: whole thousandths, the same from either side, on every road."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache, partial
from typing import Any, NamedTuple

from hub.matching import comparisons as compare
from hub.matching.features import Features
from hub.matching.keys import check_blocking
from hub.matching.organizations import BRANCH_WORDS, NameOverlap, overlap
from hub.matching.prepared import Prepared
from hub.matching.rarity import family_bits, given_bits, locality_bits, word_bits
from hub.matching.rules import MatchingRules

_READY = 8192
_CACHED = 1 << 16

Evidence = tuple[str, str, int]
"""Comparison, level, bits."""


class Part(NamedTuple):
    """One bar of the waterfall."""

    name: str
    level: str
    bits: int
    left: str = ""
    right: str = ""


@dataclass(frozen=True, slots=True)
class Score:
    """The evidence about one pair, in thousandths of a bit."""

    bits: int
    trusted_bits: int
    match: str | None
    veto: str | None
    parts: tuple[Part, ...]


class Scorer:
    """Scores pairs under one set of rules. Not shared between threads."""

    def __init__(self, rules: MatchingRules) -> None:
        check_blocking(rules)
        self.rules = rules
        self._means = {name: rules.numbers[f"mean_{name}"] for name in ("given", "family", "swapped", "locality")}
        self._ready: dict[int, tuple[Features, Prepared]] = {}
        self._given_parts = lru_cache(_CACHED)(self._given)
        self._family_parts = lru_cache(_CACHED)(self._family)
        self._overlap = lru_cache(_CACHED)(self._score_organizations)
        self._word_bits = word_bits(rules)
        self._family_bits = lru_cache(_CACHED)(partial(family_bits, rules=rules))
        self._place_ceiling = self._most_of_places()

    def ready(self, found: Features) -> Prepared:
        """Features made ready once. The dict is kept with the answer, so that its identity stays its own."""
        known = self._ready.get(id(found))
        if known is not None:
            return known[1]
        if len(self._ready) >= _READY:
            self._ready.clear()
        prepared = Prepared(found)
        self._ready[id(found)] = (found, prepared)
        return prepared

    def quick(self, left: Features, right: Features) -> tuple[int, int, str | None, str | None]:
        """(bits, trusted bits, match rule, veto) without the story."""
        return self.compare(self.ready(left), self.ready(right))

    def compare(self, left: Prepared, right: Prepared) -> tuple[int, int, str | None, str | None]:
        """The same for two sides made ready."""
        if left.steward or right.steward:
            return 0, 0, None, None
        bits = self._bits(left, right)
        trusted = bits if left.trusted is left and right.trusted is right else self._bits(left.trusted, right.trusted)
        return bits, trusted, self._match(left, right), self._veto(left, right)

    def counted(self, left: Prepared, right: Prepared) -> tuple[int, int, str | None, str | None] | None:
        """The same as far as it counts: the bits reach review, or a hard rule matches. Most candidates do neither, and that
        can be seen before all of them is compared."""
        least = self.rules.review_bits
        if self._ceiling(left, right, least) < least:
            return None
        found = self.compare(left, right)
        return found if found[0] >= least or found[2] is not None else None

    def score(self, left: Features, right: Features) -> Score:
        """Everything about one pair, for people."""
        ours, theirs = self.ready(left), self.ready(right)
        bits, trusted, match, veto = self.compare(ours, theirs)
        if ours.steward or theirs.steward:
            return Score(0, 0, None, None, ())
        evidence = [("prior", "", self._prior(ours, theirs)), *self._evidence(ours, theirs)]
        ceiling = self._guarded(sum(part[2] for part in evidence), evidence, ours, theirs)
        parts = [Part(name, level, worth, _shown(name, ours), _shown(name, theirs)) for name, level, worth in evidence]
        if ceiling:
            parts.append(Part(*ceiling))
        return Score(bits, trusted, match, veto, tuple(parts))

    def waterfall(self, score: Score) -> list[str]:
        """One line per part, and the sum."""
        lines = [f"{part.bits / 1000:+8.2f}  {part.name} {part.level}".rstrip() for part in score.parts]
        lines.append(f"{score.bits / 1000:+8.2f}  in all")
        if score.trusted_bits != score.bits:
            lines.append(f"{score.trusted_bits / 1000:+8.2f}  without what is trusted little")
        lines += [f"          match: {score.match}"] if score.match else []
        lines += [f"          veto: {score.veto}"] if score.veto else []
        return lines

    # -- bits --

    def _bits(self, left: Prepared, right: Prepared) -> int:
        evidence = self._evidence(left, right)
        bits = self._prior(left, right) + sum([part[2] for part in evidence])
        ceiling = self._guarded(bits, evidence, left, right)
        return bits + ceiling[2] if ceiling else bits

    def _ceiling(self, left: Prepared, right: Prepared, least: int) -> int:
        """No less than the bits of this pair; it ends as soon as it lies below ``least``, the cheapest evidence first.

        Guards only take. Where a rule matches, bits do not matter.
        """
        weights = self.rules.weights
        if left.steward or right.steward:
            return least
        bits = self._prior(left, right)
        if left.identifiers and right.identifiers:
            if self._match(left, right) is not None:
                return least
            bits += sum([part[2] for part in self._best_identifiers(left, right)])
        if left.kind and right.kind and left.kind != right.kind:
            bits += weights["kind"]["else"]
        if left.birth and right.birth:
            name, level = compare.date_level(*_ordered(left.birth, right.birth))
            bits += weights[name][level]
        if left.gender and right.gender:
            bits += max(weights["gender"]["exact"], 0) if left.gender == right.gender else weights["gender"]["else"]
        if left.emails and right.emails:
            bits += self._best_value("email", compare.email_level, left.emails, right.emails)[2]
        if left.phones and right.phones:
            bits += self._best_value("phone", compare.phone_level, left.phones, right.phones)[2]
        if left.names and right.names:
            bits += max([self._name_bits(a, b) for a in left.names for b in right.names])
        organized = bool(left.organizations and right.organizations)
        if left.addresses and right.addresses:
            if not organized and bits + self._place_ceiling < least:
                return bits + self._place_ceiling
            bits += max([self._place_bits(a, b) for a in left.addresses for b in right.addresses])
        if organized:
            bits += self._best_organizations(left, right)[2]
        return bits

    def _name_bits(self, left: tuple[str, str, str], right: tuple[str, str, str]) -> int:
        """The sum of `_score_names`, or more."""
        bits = 0
        if left[0] and right[0]:
            given = self._given_parts(left[0], right[0]) if left[0] <= right[0] else self._given_parts(right[0], left[0])
            bits += given[2] if given else 0
        if left[1] and right[1]:
            family = self._family_parts(left[1], right[1]) if left[1] <= right[1] else self._family_parts(right[1], left[1])
            bits += family[2] if family else 0
        if left[0][:1] == right[1][:1] or left[1][:1] == right[0][:1]:
            swapped = self._swapped(*_ordered(left, right))
            bits = max(bits, swapped[2]) if swapped else bits
        if left[2] and right[2]:
            bits += self.rules.weights["suffix"]["exact" if left[2] == right[2] else "else"]
        return bits

    def _place_bits(self, left: tuple[str, ...], right: tuple[str, ...]) -> int:
        """The sum of `_score_places`."""
        weights = self.rules.weights
        found: list[int] = []
        for name, index, level_of in _PLACES:
            one, other = left[index], right[index]
            if one and other:
                level = "exact" if one == other else level_of(one, other) if one <= other else level_of(other, one)
                if index == _LOCALITY:
                    rarity = min(locality_bits(one, self.rules), locality_bits(other, self.rules))
                    found.append(self._worth(name, level, rarity))
                else:
                    found.append(weights[name][level])
        top, bottom = max(found, default=0), min(found, default=0)
        share, floor = self.rules.numbers["damping"], self.rules.numbers["place_floor"]
        total = 0
        for bits in found:
            if bits == top and top > 0:
                total, top = total + bits, 0
            elif bits == bottom and bottom < 0:
                total, bottom = total + bits, 0
            else:
                total += bits * share // 1000
        return max(total, floor) if floor else total

    def _most_of_places(self) -> int:
        """What all parts of an address can say together: the strongest in full, the rest at a share."""
        known = [*self.rules.rarity["locality"].values(), self.rules.numbers["rare_locality"]]
        most = [max(self._worth("locality", level, rare) for level in self.rules.weights["locality"] for rare in _ends(known))]
        most += [max(self.rules.weights[name].values()) for name in ("street", "postal_code", "region", "country")]
        most = sorted(max(bits, 0) for bits in most)
        share = self.rules.numbers["damping"]
        bits = sum(most) * share // 1000 if share > 1000 else most[-1] + sum(most[:-1]) * max(share, 0) // 1000
        return max(bits, self.rules.numbers["place_floor"])

    def _prior(self, left: Prepared, right: Prepared) -> int:
        """Organizations are fewer than people."""
        return self.rules.prior["organization" if left.kind == right.kind == "o" else "person"]

    def _evidence(self, left: Prepared, right: Prepared) -> list[Evidence]:
        found: list[Evidence] = []
        if left.kind and right.kind and left.kind != right.kind:
            found.append(("kind", "else", self.rules.weights["kind"]["else"]))
        if left.names and right.names:
            found += self._best_names(left, right)
        if left.organizations and right.organizations:
            found.append(self._best_organizations(left, right))
        if left.birth and right.birth:
            name, level = compare.date_level(*_ordered(left.birth, right.birth))
            found.append((name, level, self.rules.weights[name][level]))
        if left.gender and right.gender:
            level = "exact" if left.gender == right.gender else "else"
            told = level == "exact" and any(part[0] == "given" and part[1] in _SAME_GIVEN for part in found)
            found.append(("gender", level, 0 if told else self.rules.weights["gender"][level]))
        if left.emails and right.emails:
            found.append(self._best_value("email", compare.email_level, left.emails, right.emails))
        if left.phones and right.phones:
            found.append(self._best_value("phone", compare.phone_level, left.phones, right.phones))
        if left.identifiers and right.identifiers:
            found += self._best_identifiers(left, right)
        if left.addresses and right.addresses:
            found += self._best_places(left, right)
        return found

    def _best_value(self, name: str, level_of: Any, ours: tuple[str, ...], theirs: tuple[str, ...]) -> Evidence:
        weights = self.rules.weights[name]
        best: Evidence | None = None
        for a in ours:
            for b in theirs:
                level = level_of(a, b) if a <= b else level_of(b, a)
                if best is None or weights[level] > best[2]:
                    best = (name, level, weights[level])
        assert best is not None  # noqa: S101 - both lists hold something
        return best

    def _best_names(self, left: Prepared, right: Prepared) -> tuple[Evidence, ...]:
        if len(left.names) == 1 and len(right.names) == 1:
            return self._score_names(*_ordered(left.names[0], right.names[0]))
        found = (self._score_names(*_ordered(a, b)) for a in left.names for b in right.names)
        return max(found, key=lambda parts: (sum(part[2] for part in parts), parts))

    def _score_names(self, left: tuple[str, str, str], right: tuple[str, str, str]) -> tuple[Evidence, ...]:
        straight = [self._given_parts(*_ordered(left[0], right[0])), self._family_parts(*_ordered(left[1], right[1]))]
        swapped = self._swapped(left, right)
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
        return "given", level, self._worth("given", level, min(given_bits(left, self.rules), given_bits(right, self.rules)))

    def _family(self, left: str, right: str) -> Evidence | None:
        level = compare.family_level(left, right)
        if level is None:
            return None
        return "family", level, self._worth("family", level, min(self._family_bits(left), self._family_bits(right)))

    def _swapped(self, left: tuple[str, str, str], right: tuple[str, str, str]) -> Evidence | None:
        if not (left[0] and left[1] and right[0] and right[1]):
            return None
        if left[0][0] != right[1][0] and left[1][0] != right[0][0]:
            return None
        one, two = compare.family_level(*_ordered(left[0], right[1])), compare.family_level(*_ordered(left[1], right[0]))
        if one == two == "exact":
            level = "exact"
        elif {one, two} <= {"exact", "near"}:
            level = "near"
        else:
            return None
        rarity = min(self._family_bits(left[0]), self._family_bits(right[1]))
        rarity += min(self._family_bits(left[1]), self._family_bits(right[0]))
        return "swapped", level, self._worth("swapped", level, rarity)

    def _worth(self, name: str, level: str, rarity: int) -> int:
        """Level bits, and a share of how much rarer or commoner the value is than the mean of its comparison."""
        share = self.rules.alphas[name][level]
        bits = self.rules.weights[name][level]
        return bits + share * (rarity - self._means[name]) // 1000 if share else bits

    def _best_organizations(self, left: Prepared, right: Prepared) -> Evidence:
        found = (self._overlap(*_ordered(a, b)) for a in left.organizations for b in right.organizations)
        return max(found, key=lambda part: (part[2], part))

    def _score_organizations(self, left: str, right: str) -> Evidence:
        common: NameOverlap = overlap(left, right, self._word_bits)
        weight, share = self.rules.weights["organization"][common.level], self.rules.alphas["organization"][common.level]
        numbers = self.rules.numbers
        bits = weight + share * min(common.shared, numbers["organization_ceiling"]) // 1000
        bits -= numbers["unmatched_share"] * common.unmatched // 1000
        return "organization", common.level, max(bits, self.rules.weights["organization"]["else"])

    def _best_identifiers(self, left: Prepared, right: Prepared) -> list[Evidence]:
        """The best pair of values per scheme and country."""
        best: dict[str, Evidence] = {}
        for scheme, country, value, *_ in left.identifiers:
            for other_scheme, other_country, other, *_ in right.identifiers:
                if scheme != other_scheme or (country and other_country and country != other_country):
                    continue
                name = _IDENTIFIERS[self.rules.schemes.get(scheme, "renewable")]
                level = compare.identifier_level(*_ordered(value, other))
                part = (name, level, self.rules.weights[name][level])
                best[scheme] = max(best.get(scheme, part), part, key=lambda p: p[2])
        return self._damped(list(best.values()), 0)

    def _best_places(self, left: Prepared, right: Prepared) -> tuple[Evidence, ...]:
        if len(left.addresses) == 1 and len(right.addresses) == 1:
            return self._score_places(*_ordered(left.addresses[0], right.addresses[0]))
        found = (self._score_places(*_ordered(a, b)) for a in left.addresses for b in right.addresses)
        return max(found, key=lambda parts: (sum(part[2] for part in parts), parts))

    def _score_places(self, left: tuple[str, ...], right: tuple[str, ...]) -> tuple[Evidence, ...]:
        """Street, postal code, place and region say nearly the same: the strongest counts in full, the rest at a share."""
        parts: list[Evidence] = []
        self._place(parts, "street", compare.street_level(*_ordered(left[0], right[0])))
        self._place(parts, "postal_code", compare.postal_level(*_ordered(left[1], right[1])))
        level = compare.locality_level(*_ordered(left[2], right[2]))
        if level:
            rarity = min(locality_bits(left[2], self.rules), locality_bits(right[2], self.rules))
            parts.append(("locality", level, self._worth("locality", level, rarity)))
        for name, index in (("region", 3), ("country", 4)):
            if left[index] and right[index]:
                self._place(parts, name, "exact" if left[index] == right[index] else "else")
        return tuple(self._damped(parts, self.rules.numbers["place_floor"]))

    def _place(self, parts: list[Evidence], name: str, level: str | None) -> None:
        if level is not None:
            parts.append((name, level, self.rules.weights[name][level]))

    def _damped(self, parts: list[Evidence], floor: int) -> list[Evidence]:
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

    # -- guards and hard rules --

    def _guarded(self, bits: int, evidence: Iterable[Evidence], left: Prepared, right: Prepared) -> Evidence | None:
        """A guard takes what lies above its ceiling."""
        lowest: tuple[int, str] | None = None
        levels = {name: level for name, level, _ in evidence}
        for name, ceiling in self.rules.guards.items():
            if bits > ceiling and _GUARDS[name](levels, left, right) and (lowest is None or (ceiling, name) < lowest):
                lowest = (ceiling, name)
        return ("guard", lowest[1], lowest[0] - bits) if lowest else None

    def _match(self, left: Prepared, right: Prepared) -> str | None:
        for scheme, country, value, verified, *_ in left.identifiers:
            if verified and scheme in self.rules.equals:
                for other_scheme, other_country, other, also, *_ in right.identifiers:
                    same_place = not (country and other_country) or country == other_country
                    if also and scheme == other_scheme and value == other and same_place:
                        return "equal_verified"
        return None

    def _veto(self, left: Prepared, right: Prepared) -> str | None:
        if left.kind and right.kind and left.kind != right.kind:
            return "different_kind"
        if left.identifiers and right.identifiers:
            for scheme in self.rules.vetoes:
                if _disjoint(scheme, left.identifiers, right.identifiers):
                    return "different_verified"
        return None


def _ends(values: list[int]) -> tuple[int, int]:
    return min(values), max(values)


def _otherwise(left: str, right: str) -> str:
    return "else"


_LOCALITY = 2
_PLACES: tuple[tuple[str, int, Any], ...] = (
    ("street", 0, compare.street_level),
    ("postal_code", 1, compare.postal_level),
    ("locality", _LOCALITY, compare.locality_level),
    ("region", 3, _otherwise),
    ("country", 4, _otherwise),
)
"""Where the parts of an address stand, and what their levels are when they differ."""

_SAME_GIVEN = ("exact", "first", "nickname", "near")
"""Where the given names agree, an equal gender says nothing new."""

_IDENTIFIERS = {"permanent": "identifier", "renewable": "identifier_renewable", "shareable": "identifier_shareable"}


def _ordered(left: Any, right: Any) -> tuple[Any, Any]:
    return (left, right) if left <= right else (right, left)


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


def _identified(levels: dict[str, str]) -> bool:
    return levels.get("identifier") == "exact" or levels.get("identifier_renewable") == "exact"


def _household(levels: dict[str, str], left: Prepared, right: Prepared) -> bool:
    """Another given name (or none) and another birth date: two people of one house."""
    if left.kind == "o" or right.kind == "o" or _identified(levels) or levels.get("email") == "exact" or "swapped" in levels:
        return False
    other_given = levels.get("given", "else") in ("else", "weak") and bool(left.names and right.names)
    other_birth = levels.get("birth_date") in ("else", "close") or levels.get("birth_part") == "else"
    return other_given and other_birth


def _other_given(levels: dict[str, str], left: Prepared, right: Prepared) -> bool:
    """A plainly different given name: twins, couples and parents share everything else."""
    given = levels.get("given")
    other = given in ("else", "weak") or (given == "initial" and levels.get("gender") == "else")
    return other and not _identified(levels)


def _no_given(levels: dict[str, str], left: Prepared, right: Prepared) -> bool:
    """A family name at an address without a given name, or with an initial, is a household, not a person."""
    if (
        not (left.names and right.names)
        or levels.get("given", "initial") != "initial"
        or "swapped" in levels
        or "organization" in levels
    ):
        return False
    personal = levels.get("birth_date") in ("exact", "one_digit") or levels.get("email") in ("exact", "near")
    reached = "given" in levels and levels.get("phone") == "exact"  # by an initial at one number
    return not personal and not reached and not _identified(levels)


def _other_birth(levels: dict[str, str], left: Prepared, right: Prepared) -> bool:
    """A plainly different birth date under one name: a father and his son, or a person for a steward."""
    if levels.get("email") == "exact" and levels.get("street") not in ("exact", "near", "contained"):
        return False
    nearly = levels.get("identifier") == "one_digit"
    return levels.get("birth_date") in ("else", "close") and not nearly and not _identified(levels)


def _generation(levels: dict[str, str], left: Prepared, right: Prepared) -> bool:
    """Junior and senior, unless a number says that they are one."""
    return levels.get("suffix") == "else" and not _identified(levels)


def _branch(levels: dict[str, str], left: Prepared, right: Prepared) -> bool:
    """Another street and names that differ, or one side calls itself a branch: two sites."""
    if levels.get("organization", "exact") in ("exact", "near"):
        return False
    if levels.get("street") in _OTHER_STREET:
        return True
    return levels.get("street") not in ("exact", "near") and _is_branch(left) != _is_branch(right)


def _is_branch(side: Prepared) -> bool:
    return any(not BRANCH_WORDS.isdisjoint(name.split()) for name in side.organizations)


def _site(levels: dict[str, str], left: Prepared, right: Prepared) -> bool:
    """One name at another street with no contact in common: one company perhaps, and perhaps two sites of it."""
    common = levels.get("phone") == "exact" or levels.get("email") in ("exact", "near") or _identified(levels)
    return "organization" in levels and levels.get("street") in _OTHER_STREET and not common


_OTHER_STREET = ("else", "other_number")
_GUARDS = {
    "household": _household,
    "other_given": _other_given,
    "no_given": _no_given,
    "other_birth": _other_birth,
    "generation": _generation,
    "branch": _branch,
    "site": _site,
}


def _shown(name: str, side: Prepared) -> str:
    """The values behind a part."""
    if name in ("given", "family", "swapped", "suffix"):
        return " / ".join(" ".join(filter(None, names)) for names in side.names)
    if name in ("street", "postal_code", "locality", "region", "country", "place"):
        return " / ".join(", ".join(filter(None, address)) for address in side.addresses)
    values = {"organization": side.organizations, "email": side.emails, "phone": side.phones}.get(name)
    if values is not None:
        return " / ".join(values)
    if name.startswith("identifier"):
        return " / ".join(f"{item[0]} {item[2]}" for item in side.identifiers)
    return {"gender": side.gender, "kind": side.kind}.get(name, side.birth if name.startswith("birth") else "")
