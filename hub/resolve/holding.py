"""What holds a golden record together: the links between its members, the weakest of them, and what it would fall apart without.

It is found out by trying: the component is clustered once more without one record, or without one decision, and one looks whether
those who are left are still together.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

from sqlalchemy import Connection

from hub.matching.clustering import ClusterRules, Member, PairEvidence, cluster
from hub.matching.components import DisjointSets
from hub.matching.decisions import SAME, in_force
from hub.matching.features import STEWARD
from hub.records import Decision, RecordRef
from hub.resolve.gathering import Evidence, Gathering, Neighbourhood
from hub.resolve.meeting import Weigher
from hub.resolve.rules import Rules
from hub.store import active
from hub.store.goldens import Golden

MOST_TRIED = 200
"""Members of a component beyond which nothing is tried out: each trial clusters all of it."""

Refs = tuple[RecordRef, ...]


@dataclass(frozen=True, slots=True)
class Link:
    """What two members have between them, in thousandths of a bit; of identical records with themselves."""

    left: RecordRef
    right: RecordRef
    bits: int
    match: str | None = None  # the hard rule that says so by itself
    decision: str | None = None  # the person's answer that joins them

    @property
    def strength(self) -> tuple[bool, bool, int]:
        return self.decision is not None, self.match is not None, self.bits


@dataclass(frozen=True, slots=True)
class Seam:
    """The weakest link, and what lies to either side of it."""

    link: Link
    left: Refs
    right: Refs
    mean: int  # thousandths of a bit: of all pairs across, each clipped; above 0 they stay together


@dataclass(frozen=True, slots=True)
class Loss:
    """What it would fall apart without, and into what."""

    record: RecordRef | None
    decision: str | None
    parts: tuple[Refs, ...]


@dataclass(frozen=True, slots=True)
class Holding:
    links: tuple[Link, ...]  # the strongest first
    seam: Seam | None = None
    losses: tuple[Loss, ...] = ()
    tried: bool = True  # whether losses were looked for


def holding(tx: Connection, rules: Rules, weigher: Weigher, golden: Golden) -> Holding:
    """What holds the members of a golden record together."""
    standing = active.standing(tx, rules.entity)
    found = Gathering(tx, weigher, standing, {}, limit=None).walk((), [golden.id], golden.members)
    members = [ref for ref in golden.members if ref in found.placed and ref.system != STEWARD]
    weigher.load(tx, found.in_node)
    evidence = Evidence(tx, weigher, found.edges, found.in_node)
    held = _Held(found, evidence, rules.clusters)
    links = held.links(members)
    if len(members) < 2:
        return Holding(tuple(links))
    tried = len(found.placed) <= MOST_TRIED
    losses = held.losses(members) if tried else ()
    return Holding(tuple(links), held.seam(members, links), tuple(losses), tried)


class _Held:
    def __init__(self, found: Neighbourhood, evidence: Evidence, rules: ClusterRules) -> None:
        self.found, self.evidence, self.rules = found, evidence, rules
        self.decisions = in_force(found.decisions)

    def links(self, members: Sequence[RecordRef]) -> list[Link]:
        """Between members: matches, and what people said."""
        listed = [link for one, other in combinations(members, 2) if self._holds(link := self._link(one, other))]
        return sorted(listed, key=lambda link: (tuple(-part for part in link.strength), link.left, link.right))

    def _holds(self, link: Link) -> bool:
        return link.decision is not None or link.match is not None or link.bits >= self.rules.match_bits

    def _link(self, one: RecordRef, other: RecordRef) -> Link:
        edge = self._between(one, other)
        said = next((d.id for d in self.decisions if d.verdict == SAME and _joins(d, one, other)), None)
        return Link(one, other, edge.bits, edge.match, said)

    def _between(self, one: RecordRef, other: RecordRef) -> PairEvidence:
        return self.evidence(self.found.placed[one].node, self.found.placed[other].node)

    def seam(self, members: Sequence[RecordRef], links: Sequence[Link]) -> Seam | None:
        """Joined from strong to weak, the last link that was needed is the weakest one that holds."""
        sets = DisjointSets[RecordRef](members)
        last: Link | None = None
        before: list[Refs] = []
        for link in links:
            if sets.root(link.left) != sets.root(link.right):
                last, before = link, [tuple(sorted(group)) for group in sets.groups()]
                sets.join(link.left, link.right)
        if last is None:
            return None
        left = next(group for group in before if last.left in group)
        right = tuple(ref for ref in sorted(members) if ref not in left)
        pairs = [self.rules.clipped(self._between(one, other)) for one, other in product(left, right)]
        return Seam(last, left, right, sum(pairs) // len(pairs))

    def losses(self, members: Sequence[RecordRef]) -> Iterable[Loss]:
        for ref in members:
            rest = [one for one in members if one != ref]
            if len(parts := self._parts(rest, without=ref)) > 1:
                yield Loss(ref, None, parts)
        wanted = set(members)
        for decision in self.decisions:
            touches = decision.verdict == SAME and not wanted.isdisjoint((*decision.left, *decision.right))
            if touches and len(parts := self._parts(members, taken_back=decision)) > 1:
                yield Loss(None, decision.id, parts)

    def _parts(
        self, members: Collection[RecordRef], *, without: RecordRef | None = None, taken_back: Decision | None = None
    ) -> tuple[Refs, ...]:
        """How these members lie when the whole component is clustered without something."""
        placed = [p for p in self.found.placed.values() if p.ref != without]
        there = {p.node for p in placed}
        said = [d for d in self.decisions if d is not taken_back]
        edges = [
            pair
            for pair, edge in self.found.edges.items()
            if pair[0] in there and pair[1] in there and (edge.bits >= self.rules.match_bits or edge.match is not None)
        ]
        made = cluster([Member(p.ref, p.node, p.trusted) for p in placed], self.evidence, edges, said, self.rules)
        wanted = set(members)
        parts = (tuple(ref for ref in refs if ref in wanted) for refs in made.clusters)
        return tuple(sorted(part for part in parts if part))


def _joins(decision: Decision, one: RecordRef, other: RecordRef) -> bool:
    return (one in decision.left and other in decision.right) or (other in decision.left and one in decision.right)
