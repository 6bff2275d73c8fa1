"""Average linkage over whole numbers: how the groups of one component grow together.

A *group* is a cluster in the making and never changes; joining two makes a third. A *bond* is what is known between two
groups that share a match edge: the sum of their cross pairs' clipped bits, the strongest pair, and what forbids the union.
The pair of groups with the highest mean joins first; equal means go by the strongest pair, then by the smallest records.
Means are fractions, compared exactly: scaled by more than the square of any denominator, their whole parts order as they do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

from hub.matching.decisions import NO_TAGS, Tags, opposed


class PairEvidence(NamedTuple):
    """What the scorer says about two nodes; of a node with itself, about two of its records."""

    bits: int  # 1/1000 bit
    trusted_bits: int  # the same with low-trust values taken as missing
    match: str | None = None  # the hard rule that joins them
    veto: str | None = None  # the hard rule that forbids it


@dataclass(frozen=True, slots=True)
class ClusterRules:
    """All bits in 1/1000."""

    match_bits: int = 9_000
    review_bits: int = 4_000
    clip_low: int = -4_000
    clip_high: int = 10_000
    missing: int = -4_000  # what a pair counts that is no longer scored
    free_of_duplicates: frozenset[str] = frozenset()  # systems that contribute at most one record to a cluster
    size_limit: int = 500  # nodes in one cluster
    component_limit: int = 5_000  # records; the resolver puts larger components off
    score_missing_limit: int = 100_000  # pairs scored on demand in one component, beyond those a union rests on

    def is_match(self, evidence: PairEvidence) -> bool:
        return evidence.match is not None or evidence.bits >= self.match_bits

    def is_trusted(self, evidence: PairEvidence) -> bool:
        return evidence.match is not None or evidence.trusted_bits >= self.match_bits

    def clipped(self, evidence: PairEvidence) -> int:
        if evidence.match is not None:
            return self.clip_high
        return min(max(evidence.bits, self.clip_low), self.clip_high)


@dataclass(frozen=True, slots=True, eq=False)
class Group:
    """Records that are together. ``members`` are ranks: places of records in their component's order."""

    first: int
    members: tuple[int, ...]
    nodes: Mapping[int, int] = field(default_factory=dict)  # node -> how many of its records (a steward's do not count)
    weight: int = 0  # records that count
    sources: frozenset[str] = frozenset()  # of those that are free of duplicates
    tags: Tags = NO_TAGS
    trusted: bool = False
    debt: int = 0  # 0 or less: what identical but weak records, not yet joined, think of each other
    loose: bool = False  # such records: they come apart again when nothing draws them


class Strength(NamedTuple):
    """The strongest pair of a bond; of equal ones the first."""

    bits: int
    left: int  # minus the smaller node's place in order, so that the greatest is the first
    right: int


class Bond(NamedTuple):
    total: int  # sum of clipped bits over all cross pairs; 0 when the union is forbidden
    best: Strength
    trusted: bool  # an edge holds on trusted values alone
    forbidden: str | None  # for good: what is forbidden between parts stays forbidden between wholes
    open: int = 0  # pairs that were not scored and count as missing


NO_PAIR = Strength(-(10**15), 0, 0)


class Ledger:
    """Evidence between the nodes of one component, scored on demand until the limit is reached."""

    def __init__(
        self,
        rules: ClusterRules,
        score: Callable[[int, int], PairEvidence],
        known: Mapping[int, Mapping[int, PairEvidence]],
        place: Mapping[int, int],
    ) -> None:
        self.rules, self.score, self.place = rules, score, place
        self.known: dict[int, dict[int, PairEvidence]] = {a: dict(b) for a, b in known.items()}
        self.left = rules.score_missing_limit

    def bond(self, one: Group, other: Group, forbidden: str | None, *, whole: bool = False) -> Bond:
        """All that lies between two groups. What is forbidden anyway is not scored further.

        ``whole``: score every pair. Asked for when a union rests on it, so that no veto is overlooked; as missing pairs count
        against a union, there are never many of them.
        """
        small, large = (one, other) if len(one.nodes) <= len(other.nodes) else (other, one)
        found = list(self._known_pairs(small, large))
        unknown = 0 if forbidden else len(small.nodes) * len(large.nodes) - len(found)
        if unknown and (whole or unknown <= self.left):
            self.left -= 0 if whole else unknown
            found, unknown = list(self._scored_pairs(small, large)), 0
        return self._sum(found, small, large, forbidden)._replace(open=unknown)

    def _sum(self, found: list[tuple[int, int, PairEvidence]], one: Group, other: Group, forbidden: str | None) -> Bond:
        rules, best, trusted, total, weight = self.rules, NO_PAIR, False, 0, 0
        for a, b, evidence in found:
            best = max(best, self._strength(a, b, evidence))
            trusted = trusted or rules.is_trusted(evidence)
            forbidden = forbidden or ("veto" if evidence.veto else None)
            times = one.nodes[a] * other.nodes[b]
            total, weight = total + times * rules.clipped(evidence), weight + times
        if forbidden is None:
            total += rules.missing * (one.weight * other.weight - weight)
        return Bond(0 if forbidden else total, best, trusted, forbidden)

    def _strength(self, a: int, b: int, evidence: PairEvidence) -> Strength:
        low, high = self.place[a], self.place[b]
        return Strength(evidence.bits, -low, -high) if low <= high else Strength(evidence.bits, -high, -low)

    def _known_pairs(self, one: Group, other: Group) -> Iterator[tuple[int, int, PairEvidence]]:
        for a in one.nodes:
            known = self.known.get(a, {})
            for b in other.nodes if len(other.nodes) <= len(known) else known:
                if b in known and b in other.nodes:
                    yield a, b, known[b]

    def _scored_pairs(self, one: Group, other: Group) -> Iterator[tuple[int, int, PairEvidence]]:
        for a in one.nodes:
            known = self.known.setdefault(a, {})
            for b in other.nodes:
                evidence = known.get(b)
                if evidence is None:
                    evidence = known[b] = self.score(a, b)
                    self.known.setdefault(b, {})[a] = evidence
                yield a, b, evidence


class Refused(NamedTuple):
    """Two groups with a match edge between them that stay apart, and why."""

    kind: str
    left: Group
    right: Group
    best: Strength


class Linkage:
    """Grows the groups of one component until nothing more may join."""

    def __init__(self, rules: ClusterRules, ledger: Ledger, groups: Iterable[Group], records: int) -> None:
        self.rules, self.ledger = rules, ledger
        self.groups: dict[int, Group] = dict(enumerate(groups))
        self.bonds: dict[int, dict[int, Bond]] = {number: {} for number in self.groups}
        self.tied: dict[int, set[int]] = {}
        self._heap: list[tuple[int, int, int, int, int, int]] = []
        self._drawn: dict[int, dict[tuple[int, int], list[int]]] = {}  # group -> strength -> groups that draw it so
        self._scale = max(records, 2) ** 4
        self._next = len(self.groups)

    def connect(self, one: int, other: int) -> None:
        """A match edge lies between these two groups."""
        if one != other and other not in self.bonds[one]:
            left, right = self.groups[one], self.groups[other]
            self._tie(one, other, self.ledger.bond(left, right, self._forbidden(left, right)))

    def grow(self) -> None:
        while self._heap:
            mean, bits, _, _, one, other = heappop(self._heap)
            if one not in self.groups or other not in self.groups:
                continue
            if self.bonds[one][other].open:
                self._tie(one, other, self.ledger.bond(self.groups[one], self.groups[other], None, whole=True))
            elif self._torn(one, other, (mean, bits)) or self._torn(other, one, (mean, bits)):
                self.tied.setdefault(one, set()).add(other)
                self.tied.setdefault(other, set()).add(one)
            else:
                self._join(one, other)

    def refused(self) -> Iterator[Refused]:
        for one, bonds in self.bonds.items():
            for other, bond in bonds.items():
                if one < other:
                    yield Refused(self._reason(one, other, bond), self.groups[one], self.groups[other], bond.best)

    def _torn(self, one: int, other: int, strength: tuple[int, int]) -> bool:
        """Is ``one`` drawn just as strongly to a rival that can never be together with ``other``?"""
        chosen, middle = self.groups[other], self.groups[one]
        if not (chosen.tags or chosen.sources or (chosen.trusted and not middle.trusted)):
            return False
        return any(
            rival != other and rival in self.groups and self._exclude(chosen, other, self.groups[rival], rival)
            for rival in self._drawn[one][strength]
        )

    def _exclude(self, chosen: Group, number: int, rival: Group, rival_number: int) -> bool:
        if self._forbidden(chosen, rival) not in (None, "size"):
            return True
        if not (chosen.trusted and rival.trusted):
            return False
        bond = self.bonds[number].get(rival_number) or self.ledger.bond(chosen, rival, None)
        return not bond.trusted

    def _forbidden(self, one: Group, other: Group) -> str | None:
        if one.tags and other.tags and opposed(one.tags, other.tags):
            return "not_same"
        if one.sources and not one.sources.isdisjoint(other.sources):
            return "source_duplicate"
        most = self.rules.size_limit
        if len(one.nodes) + len(other.nodes) > most and len(one.nodes.keys() | other.nodes.keys()) > most:
            return "size"
        return None

    def _reason(self, one: int, other: int, bond: Bond) -> str:
        left, right = self.groups[one], self.groups[other]
        if bond.forbidden:
            return bond.forbidden
        if left.trusted and right.trusted and not bond.trusted:
            return "low_trust"
        if other in self.tied.get(one, ()):
            return "tie"
        return "weak" if left.loose or right.loose else "linkage"

    def _tie(self, one: int, other: int, bond: Bond) -> None:
        self.bonds[one][other] = self.bonds[other][one] = bond
        left, right = self.groups[one], self.groups[other]
        if bond.forbidden or (left.trusted and right.trusted and not bond.trusted):
            return
        if bond.total > 0 and bond.total + left.debt + right.debt > 0:
            self._offer(one, other, bond)

    def _offer(self, one: int, other: int, bond: Bond) -> None:
        left, right = self.groups[one], self.groups[other]
        mean = bond.total * self._scale // (left.weight * right.weight)
        if left.first > right.first:
            one, other, left, right = other, one, right, left
        heappush(self._heap, (-mean, -bond.best.bits, left.first, right.first, one, other))
        for mine, theirs in ((one, other), (other, one)):
            self._drawn.setdefault(mine, {}).setdefault((-mean, -bond.best.bits), []).append(theirs)

    def _join(self, one: int, other: int) -> None:
        left, right = self.groups.pop(one), self.groups.pop(other)
        whole, number = joined(left, right), self._next
        self._next += 1
        self.groups[number], self.bonds[number] = whole, {}
        mine, theirs = self.bonds.pop(one), self.bonds.pop(other)
        for third in sorted((mine.keys() | theirs.keys()) - {one, other}, key=lambda n: self.groups[n].first):
            for part in (one, other):
                self.bonds[third].pop(part, None)
            self._tie(number, third, self._bond_of_whole(left, right, whole, third, mine.get(third), theirs.get(third)))
            self._offer_again(third)
        for part in (one, other):
            self._drawn.pop(part, None)
            for third in self.tied.pop(part, ()):
                self.tied.get(third, set()).discard(part)

    def _offer_again(self, number: int) -> None:
        """Something near changed: what was tied may be free now."""
        for other in self.tied.pop(number, ()):
            self.tied.get(other, set()).discard(number)
            if other in self.groups:
                self._offer(number, other, self.bonds[number][other])

    def _bond_of_whole(self, left: Group, right: Group, whole: Group, third: int, mine: Bond | None, theirs: Bond | None) -> Bond:
        group = self.groups[third]
        forbidden = _gravest(mine and mine.forbidden, theirs and theirs.forbidden, self._forbidden(whole, group))
        mine = mine or self.ledger.bond(left, group, forbidden)
        theirs = theirs or self.ledger.bond(right, group, forbidden)
        forbidden = _gravest(forbidden, mine.forbidden, theirs.forbidden)
        total = 0 if forbidden else mine.total + theirs.total
        unscored = 0 if forbidden else mine.open + theirs.open
        return Bond(total, max(mine.best, theirs.best), mine.trusted or theirs.trusted, forbidden, unscored)


_GRAVITY = ("not_same", "veto", "source_duplicate", "size")


def _gravest(*reasons: str | None) -> str | None:
    return min((r for r in reasons if r), key=_GRAVITY.index, default=None)


def joined(left: Group, right: Group) -> Group:
    nodes = dict(left.nodes)
    for node, times in right.nodes.items():
        nodes[node] = nodes.get(node, 0) + times
    return Group(
        first=min(left.first, right.first),
        members=left.members + right.members,
        nodes=nodes,
        weight=left.weight + right.weight,
        sources=left.sources | right.sources,
        tags=left.tags | right.tags,
        trusted=left.trusted or right.trusted,
    )
