"""Expectation maximisation over agreement patterns: how often levels occur among records of one customer, without labels.

Fellegi and Sunter (1969) give the model, Winkler (1988) its estimation by EM. Candidates are weighed by what is believed of them
so far; every pair that is no candidate counts as no match. What agrees by chance (u) comes from random pairs with the expected
matches taken out, since in data rich in duplicates random pairs hold some.

Floating point is at home here and nowhere else: a model leaves as whole numbers and is frozen.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import copy
from dataclasses import dataclass
from math import log2, sqrt
from typing import Any

import numpy as np
import numpy.typing as npt

from hub.batch.patterns import COMPARISONS, PLACE, Patterns
from hub.matching.rules import LEVELS

Floats = npt.NDArray[np.float64]
Chosen = npt.NDArray[np.bool_]
Levels = tuple[int, ...]
Weights = Mapping[str, Sequence[float]]
"""Bits by comparison, in the order of its levels."""

ROUNDS, STILL = 60, 1e-3
"""At most so many rounds; the end is when the prior moves by less, in bits."""
KNOWN = 10.0
"""The weights that training starts with count as much as so many matches."""
FEWEST = 5.0
"""Expected matches that tell a comparison on both sides, before its weights move."""
CLEAN = 0.1
"""At least this share of chance agreement stays when expected matches are taken out."""
FLOORS: Mapping[str, float] = {
    "given": -6, "family": -6, "birth_date": -8, "birth_part": -6, "gender": -3, "email": -4, "phone": -4, "identifier": -8,
    "identifier_renewable": -3, "identifier_shareable": -1, "street": -4, "postal_code": -3, "locality": -2, "region": -2,
    "country": -2, "organization": -8, "legal_form": -4,
}  # fmt: skip
"""How much a difference may say at most, by the role of what differs: people move, and typists slip."""
FIXED = frozenset({"kind", "suffix"})
PLACES = ("street", "postal_code", "locality", "region", "country")
ERRORS = 1.64
"""Standard errors by which a share must exceed, or fall below, what is asked: one-sided, at 95 percent."""
FAR_LESS = 0.5
"""Another given name is another person when one birth date is less than half as frequent as among equal given names; and another
birth date, when one given name is less than half as frequent as among equal birth dates."""
_GIVEN, _BIRTH = frozenset({"given", "swapped", "gender"}), frozenset({"birth_date", "birth_part"})
_ONE_GIVEN, _OTHER_GIVEN = (0, 1, 2, 3), (7, 8)  # exact to near; weak and else
_ONE_NAME, _ONE_STREET, _OTHER_STREET = (0, 1), (0, 1, 2, 3), (5, 6)  # exact, near; exact to half; other number and else
_ONE_BIRTH, _OTHER_BIRTH = (0, 1, 2), (4, 5)  # exact, one digit, two parts; close and else
SWAPPED = (0.005, 0.0003)
"""Shares of all matches whose given and family name changed places, exactly and nearly, before any was seen."""


@dataclass(frozen=True)
class Table:
    """Patterns as columns."""

    levels: npt.NDArray[np.int8]  # [pattern, comparison]; -1 not told
    rarity: Floats  # bits
    place_rarity: Floats
    ceiling: Floats  # infinite without a guard
    organizations: npt.NDArray[np.bool_]
    count: Floats

    @classmethod
    def of(cls, patterns: Patterns) -> Table:
        listed = sorted(patterns.items(), key=lambda item: (item[0].levels, item[0].organizations, repr(item[0])))
        levels = np.frombuffer(b"".join(one.levels for one, _ in listed), dtype=np.int8)
        return cls(
            levels.reshape(len(listed), len(COMPARISONS)),
            np.array([one.rarity / 2 for one, _ in listed], dtype=np.float64),
            np.array([one.place_rarity / 2 for one, _ in listed], dtype=np.float64),
            np.array([np.inf if one.ceiling is None else one.ceiling / 1000 for one, _ in listed], dtype=np.float64),
            np.array([one.organizations for one, _ in listed], dtype=np.bool_),
            np.array([times for _, times in listed], dtype=np.float64),
        )

    def column(self, name: str) -> npt.NDArray[np.int8]:
        column: npt.NDArray[np.int8] = self.levels[:, PLACE[name]]
        return column


@dataclass(frozen=True)
class Estimated:
    """Weights and priors in bits, and what is believed of the candidates."""

    weights: dict[str, list[float]]
    person: float
    organization: float
    rounds: int
    matches: float
    bits: Floats
    believed: Floats


class Estimation:
    """One run over the patterns of candidates, and of random pairs that are none."""

    def __init__(
        self,
        candidates: Table,
        rest: Table,
        *,
        people: int,
        organizations: int,
        start: Weights,
        numbers: Mapping[str, int],
        one_date: int | None = None,
    ) -> None:
        self.candidates, self.start, self.numbers = candidates, start, numbers
        self.ceiling = candidates.ceiling
        self.pairs = {
            False: max(_pairs(people + organizations) - _pairs(organizations), 1.0),
            True: max(_pairs(organizations), 1.0),
        }
        self.prior = {False: -log2(max(people, 4)), True: -log2(max(organizations, 4))}
        unmet = max(sum(self.pairs.values()) - float(candidates.count.sum()), 0.0)
        share = unmet / max(float(rest.count.sum()), 1.0)
        self.chance = {
            name: _counts(candidates, name, candidates.count) + _counts(rest, name, rest.count) * share for name in COMPARISONS
        }
        """How often a level occurs among all pairs: candidates are all counted, the rest is told by a sample."""
        if one_date is not None:  # too rare for a sample, and easily counted
            self.chance["birth_date"][0] = max(one_date, _counts(candidates, "birth_date", candidates.count)[0])
        self.unseen = share / 20

    def run(self) -> Estimated:
        weights = {name: np.array(self.start[name], dtype=np.float64) for name in COMPARISONS}
        rounds = 0
        for rounds in range(1, ROUNDS + 1):
            believed = self._believed(self.bits(weights))
            before, self.prior = self.prior, self._priors(believed)
            weights = {name: self._weights(name, weights[name], believed) for name in COMPARISONS}
            if max(abs(self.prior[kind] - before[kind]) for kind in before) < STILL and rounds > 5:
                break
        bits = self.bits(weights)
        believed = self._believed(bits)
        listed = {name: [float(bit) for bit in found] for name, found in weights.items()}
        matches = float((believed * self.candidates.count).sum())
        return Estimated(listed, self.prior[False], self.prior[True], rounds, matches, bits, believed)

    def bits(self, weights: Mapping[str, Floats]) -> Floats:
        """The scorer's sum, pattern by pattern."""
        bounded: Floats = np.minimum(self._sum(weights), self.ceiling)
        return bounded

    def _believed(self, bits: Floats) -> Floats:
        """Whom a guard takes for other people is no match at all, however few bits its ceiling leaves: there are so many pairs in
        households that a small share of each would be most of what is learned of a difference."""
        believed: Floats = np.where(np.isinf(self.ceiling), _believed(bits), 0.0)
        return believed

    def without(self, *ceilings: float) -> Estimation:
        """The same with the guards of these ceilings lifted."""
        lifted = copy(self)
        lifted.ceiling = np.where(np.isin(self.candidates.ceiling, ceilings), np.inf, self.candidates.ceiling)
        return lifted

    def other_people(self, estimated: Estimated) -> bool:
        """Whether another given name means another person here, as in households, or only that names are told in many ways.

        Of candidates that match but for their birth dates, those of one given name have one birth date at some rate. Where those
        of another given name have one far less often, they are other people. Too few to tell are other people, too.
        """
        given, birth = self.candidates.column("given"), self.candidates.column("birth_date")
        told = (self._but_for(estimated, _BIRTH) >= 0) & (birth >= 0)
        return self._apart(told, given, _ONE_GIVEN, _OTHER_GIVEN, np.isin(birth, _ONE_BIRTH))

    def other_births(self, estimated: Estimated) -> bool:
        """Whether another birth date means another person here, as of fathers and sons, or only that dates are told wrongly: the
        same question, asked of candidates that match but for their given names."""
        given, birth = self.candidates.column("given"), self.candidates.column("birth_date")
        told = (self._but_for(estimated, _GIVEN) >= 0) & (given >= 0)
        return self._apart(told, birth, _ONE_BIRTH, _OTHER_BIRTH, np.isin(given, _ONE_GIVEN))

    def other_sites(self, estimated: Estimated) -> bool:
        """Whether another street is another customer here, as of schools and shops, or only written in another way: organizations
        of one name have one telephone far less often at two streets than at one. Too few to tell are one customer: this is asked
        of those only that share a telephone."""
        table = self.candidates
        named = table.organizations & np.isin(table.column("organization"), _ONE_NAME) & (table.column("phone") >= 0)
        street, one = table.column("street"), table.column("phone") == 0
        elsewhere, here = named & np.isin(street, _OTHER_STREET), named & np.isin(street, _ONE_STREET)
        found = float(table.count[elsewhere].sum())
        if found < FEWEST:
            return False
        share, usual = (self._share(chosen, one) for chosen in (elsewhere, here))
        return share + ERRORS * sqrt(share * (1 - share) / found) < usual * FAR_LESS

    def _share(self, chosen: Chosen, agree: Chosen) -> float:
        count = self.candidates.count
        return float(count[chosen & agree].sum() / max(float(count[chosen].sum()), 1.0))

    def _but_for(self, estimated: Estimated, without: frozenset[str]) -> Floats:
        return self._sum({name: np.array(bits) for name, bits in estimated.weights.items()}, without)

    def _apart(self, told: Chosen, column: npt.NDArray[np.int8], one: Levels, other: Levels, agree: Chosen) -> bool:
        """Whether those of other levels agree far less often than those of one."""
        differing, equal = (told & np.isin(column, levels) for levels in (other, one))
        count = self.candidates.count
        found = float(count[differing].sum())
        if found < FEWEST:
            return True
        return self._share(differing, agree) < self._share(equal, agree) * FAR_LESS

    def _sum(self, weights: Mapping[str, Floats], without: frozenset[str] = frozenset()) -> Floats:
        table = self.candidates
        total = np.where(table.organizations, self.prior[True], self.prior[False]) + table.rarity
        for name in COMPARISONS:
            if name not in PLACES and name not in without:
                total = total + self._part(name, weights[name])
        return total + self._places(weights)

    def _part(self, name: str, weights: Floats) -> Floats:
        column = self.candidates.column(name)
        part: Floats = np.append(weights, 0.0)[column]
        if name == "gender":  # an equal gender says nothing new where given names agree
            given = self.candidates.column("given")
            part = np.where((column == 0) & (given >= 0) & (given < 4), 0.0, part)
        return part

    def _places(self, weights: Mapping[str, Floats]) -> Floats:
        """The strongest in full, the rest at a share."""
        parts = np.stack([self._part(name, weights[name]) for name in PLACES])
        parts[PLACES.index("locality")] += self.candidates.place_rarity
        share = self.numbers["damping"] / 1000
        strongest, weakest = np.maximum(parts.max(axis=0), 0.0), np.minimum(parts.min(axis=0), 0.0)
        total = share * parts.sum(axis=0) + (1 - share) * (strongest + weakest)
        bounded: Floats = np.maximum(total, self.numbers["place_floor"] / 1000)
        return bounded

    def _priors(self, believed: Floats) -> dict[bool, float]:
        """The share of matches among all pairs, of people and of organizations; where hardly any is expected it stays."""
        found = {}
        for kind, pairs in self.pairs.items():
            matches = float((believed * self.candidates.count)[self.candidates.organizations == kind].sum())
            found[kind] = log2(min(matches / pairs, 0.5)) if matches >= FEWEST else self.prior[kind]
        return found

    def _weights(self, name: str, held: Floats, believed: Floats) -> Floats:
        matches = _counts(self.candidates, name, believed * self.candidates.count)
        if name == "swapped" and matches.sum() >= FEWEST:
            return self._swapped(matches, believed)
        rarity = self._mean_rarity(believed) if name == "organization" else np.zeros(len(matches))
        return self.learned(name, held, matches, rarity)

    def learned(self, name: str, held: Floats, matches: Floats, rarity: Floats | float = 0.0) -> Floats:
        """log2(m / u) from expected matches by level, less what rarity adds; the stronger level at least as strong as the
        weaker. With too few matches what was held stays."""
        if name in FIXED or matches.sum() < FEWEST:
            return held
        start = np.array(self.start[name], dtype=np.float64)
        chance = np.maximum(self.chance[name] - matches, CLEAN * self.chance[name]) + self.unseen / len(start)
        u = chance / chance.sum()
        shape = u * np.exp2(start)
        m = (matches + KNOWN * shape / shape.sum()) / (matches.sum() + KNOWN)
        bits = np.log2(np.maximum(m, 1e-9) / u) - rarity
        return falling(np.maximum(bits, FLOORS[name]), matches + 1e-3)

    def _swapped(self, matches: Floats, believed: Floats) -> Floats:
        """No level says that names did not change places, so the share is of all matches that tell names."""
        names = float(_counts(self.candidates, "given", believed * self.candidates.count).sum() + matches.sum())
        share = (matches + np.array(SWAPPED) * 2 * KNOWN) / (names + 2 * KNOWN)
        return falling(self.numbers["mean_swapped"] / 1000 + np.log2(share), np.ones(2))

    def _mean_rarity(self, believed: Floats) -> Floats:
        """By level, what rarity adds to a match on average: rarity then tells the rare from the common, and nothing else."""
        table, column = self.candidates, self.candidates.column("organization")
        mean = np.zeros(len(LEVELS["organization"]))
        weight = believed * table.count
        for level in range(len(mean)):
            here = (column == level) & (table.column("family") < 0)
            mean[level] = (weight * table.rarity)[here].sum() / max(float(weight[here].sum()), FEWEST)
        return mean


def falling(bits: Floats, weight: Floats) -> Floats:
    """The nearest sequence that never rises, by weighted pools of neighbours (pool adjacent violators)."""
    pools: list[tuple[float, float, int]] = []
    for value, heavy in zip(bits.tolist(), weight.tolist(), strict=True):
        pools.append((value, heavy, 1))
        while len(pools) > 1 and pools[-2][0] < pools[-1][0]:
            (low, less, some), (high, more, others) = pools[-2:]
            pools[-2:] = [((low * less + high * more) / (less + more), less + more, some + others)]
    return np.array([value for value, _, times in pools for _ in range(times)])


def _believed(bits: Floats) -> Floats:
    believed: Floats = 1 / (1 + np.exp2(-np.clip(bits, -60, 60)))
    return believed


def _counts(table: Table, name: str, weight: Floats) -> Floats:
    column = table.column(name)
    told = column >= 0
    found: Any = np.bincount(column[told], weights=weight[told], minlength=len(LEVELS[name]))
    return np.asarray(found, dtype=np.float64)


def _pairs(nodes: int) -> float:
    return nodes * (nodes - 1) / 2
