"""From two records to bits: whole thousandths, the same from either side, on every road."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from hub.matching import comparisons as compare
from hub.matching import hard_rules
from hub.matching.features import Features
from hub.matching.guards import ceiling
from hub.matching.keys import check_blocking
from hub.matching.prepared import Prepared
from hub.matching.rarity import locality_bits
from hub.matching.rules import MatchingRules
from hub.matching.story import Part, Score, shown
from hub.matching.weighing import Evidence, Weigher, ordered

_READY = 8192


class Observation(NamedTuple):
    """One pair before weights. Rarity in thousandths of a bit, that of places apart, since they count at a share."""

    organizations: bool
    levels: tuple[tuple[str, str], ...]
    rarity: int
    place_rarity: int
    ceiling: int | None


class Scorer:
    """Scores pairs under one set of rules. Not shared between threads."""

    def __init__(self, rules: MatchingRules) -> None:
        check_blocking(rules)
        self.rules = rules
        self._weigh = Weigher(rules)
        self._ready: dict[int, tuple[Features, Prepared]] = {}
        self.place_ceiling = self._most_of_places()

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
        return bits, trusted, hard_rules.match(self.rules, left, right), hard_rules.veto(self.rules, left, right)

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
        parts = [Part(name, level, worth, shown(name, ours), shown(name, theirs)) for name, level, worth in evidence]
        if ceiling:
            parts.append(Part(*ceiling))
        return Score(bits, trusted, match, veto, tuple(parts))

    def observe(self, left: Prepared, right: Prepared) -> Observation:
        """What training counts: levels, what rarity adds to them, and the ceiling of the guards."""
        single = self._beside_places(left, right)
        places = self._weigh.places(left, right) if left.addresses and right.addresses else []
        met = ceiling(self.rules.guards, {name: level for name, level, _ in (*single, *places)}, left, right)
        return Observation(
            left.kind == right.kind == "o",
            tuple((name, level) for name, level, _ in (*single, *places)),
            sum([self._rarity(part) for part in single]),
            sum([self._rarity(part) for part in places]),
            met[0] if met else None,
        )

    def _rarity(self, part: Evidence) -> int:
        """What lies above or below the bits of the level itself."""
        name, level, bits = part
        return bits - self.rules.weights[name][level] if name in _BY_RARITY else 0

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
            if hard_rules.match(self.rules, left, right) is not None:
                return least
            bits += sum([part[2] for part in self._weigh.damped(self._weigh.identifiers(left, right), 0)])
        if left.kind and right.kind and left.kind != right.kind:
            bits += weights["kind"]["else"]
        if left.birth and right.birth:
            name, level = compare.date_level(*ordered(left.birth, right.birth))
            bits += weights[name][level]
        if left.gender and right.gender:
            bits += max(weights["gender"]["exact"], 0) if left.gender == right.gender else weights["gender"]["else"]
        if left.emails and right.emails:
            bits += self._weigh.value("email", compare.email_level, left.emails, right.emails)[2]
        if left.phones and right.phones:
            bits += self._weigh.value("phone", compare.phone_level, left.phones, right.phones)[2]
        if left.names and right.names:
            bits += max([self._name_bits(a, b) for a in left.names for b in right.names])
        organized = bool(left.organizations and right.organizations)
        if left.addresses and right.addresses:
            if not organized and bits + self.place_ceiling < least:
                return bits + self.place_ceiling
            bits += max([self._place_bits(a, b) for a in left.addresses for b in right.addresses])
        if organized:
            bits += sum([part[2] for part in self._weigh.organizations(left, right)])
        return bits

    def _name_bits(self, left: tuple[str, str, str], right: tuple[str, str, str]) -> int:
        """The sum of `_score_names`, or more."""
        bits = 0
        if left[0] and right[0]:
            given = self._weigh.given(left[0], right[0]) if left[0] <= right[0] else self._weigh.given(right[0], left[0])
            bits += given[2] if given else 0
        if left[1] and right[1]:
            family = self._weigh.family(left[1], right[1]) if left[1] <= right[1] else self._weigh.family(right[1], left[1])
            bits += family[2] if family else 0
        if left[0][:1] == right[1][:1] or left[1][:1] == right[0][:1]:
            swapped = self._weigh.swapped(*ordered(left, right))
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
                    found.append(self._weigh.worth(name, level, rarity))
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
        most = [
            max(self._weigh.worth("locality", level, rare) for level in self.rules.weights["locality"] for rare in _ends(known))
        ]
        most += [max(self.rules.weights[name].values()) for name in ("street", "postal_code", "region", "country")]
        most = sorted(max(bits, 0) for bits in most)
        share = self.rules.numbers["damping"]
        bits = sum(most) * share // 1000 if share > 1000 else most[-1] + sum(most[:-1]) * max(share, 0) // 1000
        return max(bits, self.rules.numbers["place_floor"])

    def _prior(self, left: Prepared, right: Prepared) -> int:
        """Organizations are fewer than people."""
        return self.rules.prior["organization" if left.kind == right.kind == "o" else "person"]

    def _evidence(self, left: Prepared, right: Prepared) -> list[Evidence]:
        found = self._beside_places(left, right)
        if left.addresses and right.addresses:
            found += self._weigh.damped(self._weigh.places(left, right), self.rules.numbers["place_floor"])
        return found

    def _beside_places(self, left: Prepared, right: Prepared) -> list[Evidence]:
        found: list[Evidence] = []
        if left.kind and right.kind and left.kind != right.kind:
            found.append(("kind", "else", self.rules.weights["kind"]["else"]))
        if left.names and right.names:
            found += self._weigh.names(left, right)
        if left.organizations and right.organizations:
            found += self._weigh.organizations(left, right)
        if left.birth and right.birth:
            name, level = compare.date_level(*ordered(left.birth, right.birth))
            found.append((name, level, self.rules.weights[name][level]))
        if left.gender and right.gender:
            level = "exact" if left.gender == right.gender else "else"
            told = level == "exact" and any(part[0] == "given" and part[1] in _SAME_GIVEN for part in found)
            found.append(("gender", level, 0 if told else self.rules.weights["gender"][level]))
        if left.emails and right.emails:
            found.append(self._weigh.value("email", compare.email_level, left.emails, right.emails))
        if left.phones and right.phones:
            found.append(self._weigh.value("phone", compare.phone_level, left.phones, right.phones))
        if left.identifiers and right.identifiers:
            found += self._weigh.damped(self._weigh.identifiers(left, right), 0)
        return found

    def _guarded(self, bits: int, evidence: Iterable[Evidence], left: Prepared, right: Prepared) -> Evidence | None:
        """A guard takes what lies above its ceiling."""
        guards = {name: most for name, most in self.rules.guards.items() if most < bits}
        if not guards:
            return None
        met = ceiling(guards, {name: level for name, level, _ in evidence}, left, right)
        return ("guard", met[1], met[0] - bits) if met else None


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

_BY_RARITY = frozenset(("given", "family", "swapped", "locality", "organization"))

_SAME_GIVEN = ("exact", "first", "nickname", "near")
"""Where the given names agree, an equal gender says nothing new."""
