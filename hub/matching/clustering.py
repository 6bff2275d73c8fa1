"""From evidence to clusters: which records are one customer.

``cluster`` is a pure function of the records, the evidence, the decisions and the rules; the order of any of them does not
matter. It falls apart into components (records connected by match edges or by a person's ``same``), and in each:

1. people's ``same`` joins first and beats vetoes, sources free of duplicates and the size guard, never a ``not_same``;
2. records with identical features (one *node*) join when that evidence alone suffices; identical but weak records stay loose;
3. groups grow by average linkage (``linkage.py``), and a union that would break a rule is refused and reported.

A record drawn equally to two groups that exclude each other joins neither: that is a question for a person.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import combinations, product
from typing import Any, NamedTuple

from hub.errors import BadModel
from hub.matching.components import DisjointSets
from hub.matching.decisions import NO_TAGS, Constraints, constraints, opposed
from hub.matching.linkage import ClusterRules, Group, Ledger, Linkage, PairEvidence, Refused
from hub.records import Decision, RecordRef

__all__ = [
    "ClusterRules",
    "Clustering",
    "Evidence",
    "Member",
    "PairEvidence",
    "Refusal",
    "cluster",
    "load_cluster_rules",
]

STEWARD = "steward"
CROWD = 10_000  # pairs of groups between two nodes beyond which they are one question and not ten thousand unions

Evidence = Callable[[int, int], PairEvidence]


class Member(NamedTuple):
    """A record to be clustered."""

    ref: RecordRef
    node: int  # records with identical features share one
    trusted: bool = True  # said by a trusted source


class Refusal(NamedTuple):
    """Two clusters with match evidence between them that stay apart, and why."""

    kind: str  # not_same | veto | source_duplicate | size | low_trust | linkage | tie | weak | contradiction
    left: tuple[RecordRef, ...]
    right: tuple[RecordRef, ...]
    bits: int  # of the strongest pair
    pair: tuple[RecordRef, RecordRef]
    decisions: tuple[str, ...] = ()


class Clustering(NamedTuple):
    clusters: tuple[tuple[RecordRef, ...], ...]  # every member once, all in order
    refusals: tuple[Refusal, ...]


def load_cluster_rules(raw: dict[str, Any], free_of_duplicates: Iterable[str] = ()) -> ClusterRules:
    """The clustering part of ``matching.yaml``; which systems are free of duplicates stands in the landscape."""
    linkage = raw.get("linkage") or {}
    if linkage.get("kind", "average") != "average":
        raise BadModel(f"linkage.kind is {linkage['kind']!r}; only 'average' is known.", hint="average")
    low, high = linkage.get("clip", [-4, 10])
    rules = ClusterRules(
        match_bits=_milli(raw.get("match_bits", 9)),
        review_bits=_milli(raw.get("review_bits", 4)),
        clip_low=_milli(low),
        clip_high=_milli(high),
        missing=_milli(linkage.get("missing", low)),
        free_of_duplicates=frozenset(free_of_duplicates),
        **{name: int(raw[name]) for name in ("size_limit", "component_limit", "score_missing_limit") if name in raw},
    )
    if not (rules.clip_low <= 0 < rules.clip_high and rules.review_bits <= rules.match_bits):
        raise BadModel("linkage.clip must reach from below 0 to above it, and review_bits must not be above match_bits.")
    return rules


def _milli(bits: Any) -> int:
    return int((Decimal(str(bits)) * 1000).to_integral_value())


def cluster(
    members: Iterable[Member],
    evidence: Evidence,
    edges: Iterable[tuple[int, int]],
    decisions: Sequence[Decision] = (),
    rules: ClusterRules | None = None,
) -> Clustering:
    """Partition the members.

    ``edges`` are the pairs of nodes whose evidence is a match (at or above ``match_bits``, or by a hard rule), refused ones
    included. ``evidence(a, b)`` must answer for any two nodes, and for a node with itself.
    """
    rules = rules or ClusterRules()
    ordered = sorted(members)
    wishes = constraints(decisions, {m.ref for m in ordered})
    population = _Population(ordered, wishes, evidence, rules)
    clusters: list[tuple[RecordRef, ...]] = []
    refusals: list[Refusal] = []
    for ranks, inner in population.components(edges):
        if len(ranks) == 1:
            clusters.append((ordered[ranks[0]].ref,))
            continue
        found = _Component(population, ranks, inner)
        clusters.extend(found.clusters())
        refusals.extend(found.refusals())
    place = {ref: c for c in clusters for ref in c} if wishes.contradictions else {}
    for c in wishes.contradictions:
        one, other = sorted((c.left, c.right), key=lambda ref: place[ref])
        refusals.append(Refusal("contradiction", place[one], place[other], 0, (one, other), c.decisions))
    return Clustering(tuple(sorted(clusters)), tuple(sorted(refusals, key=lambda r: (r.left, r.right, r.kind))))


class _Population:
    """All members in order, by rank, with what the decisions say."""

    def __init__(self, ordered: Sequence[Member], wishes: Constraints, evidence: Evidence, rules: ClusterRules) -> None:
        self.members, self.wishes, self.evidence, self.rules = ordered, wishes, evidence, rules
        self.rank = {m.ref: rank for rank, m in enumerate(ordered)}
        self.of_node: dict[int, list[int]] = {}
        for rank, member in enumerate(ordered):
            if member.ref.system != STEWARD:
                self.of_node.setdefault(member.node, []).append(rank)
        self.groups = [[self.rank[ref] for ref in group] for group in wishes.groups]

    def components(self, edges: Iterable[tuple[int, int]]) -> Iterator[tuple[list[int], list[tuple[int, int]]]]:
        """Ranks that hang together, with the edges among them."""
        sets = DisjointSets[int](range(len(self.members)))
        for ranks in (*self.of_node.values(), *self.groups):
            for rank in ranks[1:]:
                sets.join(ranks[0], rank)
        kept = sorted({(min(a, b), max(a, b)) for a, b in edges if a != b and a in self.of_node and b in self.of_node})
        for a, b in kept:
            sets.join(self.of_node[a][0], self.of_node[b][0])
        inner: dict[int, list[tuple[int, int]]] = {}
        for a, b in kept:
            inner.setdefault(sets.root(self.of_node[a][0]), []).append((a, b))
        for ranks in sets.groups():
            yield ranks, inner.get(sets.root(ranks[0]), [])

    def group(self, ranks: Sequence[int], *, debt: int = 0, loose: bool = False) -> Group:
        members = [self.members[rank] for rank in ranks]
        nodes: dict[int, int] = {}
        for member in members:
            if member.ref.system != STEWARD:
                nodes[member.node] = nodes.get(member.node, 0) + 1
        return Group(
            first=min(ranks),
            members=tuple(ranks),
            nodes=nodes,
            weight=sum(nodes.values()),
            sources=frozenset(m.ref.system for m in members) & self.rules.free_of_duplicates,
            tags=NO_TAGS.union(*(self.wishes.tags.get(m.ref, NO_TAGS) for m in members)),
            trusted=any(m.trusted for m in members if m.ref.system != STEWARD),
            debt=debt,
            loose=loose,
        )


class _Component:
    """One component: its first groups, what connects them, and what becomes of them."""

    def __init__(self, population: _Population, ranks: list[int], edges: list[tuple[int, int]]) -> None:
        self.population, self.rules = population, population.rules
        self.groups: list[Group] = []
        self.of_node: dict[int, list[int]] = {}
        self.crowded: set[int] = set()  # groups of a node that exclude their like
        self.apart: list[tuple[str, int, int, int]] = []  # kind, rank, rank, bits: known before anything grows
        self.own: dict[int, PairEvidence] = {}  # of nodes with several records
        self._first_groups(ranks)
        self.linkage = self._linkage(ranks, edges)
        self.linkage.grow()

    def clusters(self) -> Iterator[tuple[RecordRef, ...]]:
        for group in self.linkage.groups.values():
            if group.loose:
                yield from ((self._ref(rank),) for rank in group.members)
            else:
                yield self._refs(group)

    def refusals(self) -> Iterator[Refusal]:
        seen: set[tuple[int, int]] = set()
        for refused in self.linkage.refused():
            seen.add((min(refused.left.first, refused.right.first), max(refused.left.first, refused.right.first)))
            yield self._refusal(refused)
        home = {rank: group for group in self.linkage.groups.values() for rank in group.members} if self.apart else {}
        for kind, one, other, bits in self.apart:
            left, right = sorted((home[one], home[other]), key=lambda g: g.first)
            if left is not right and (left.first, right.first) not in seen:
                seen.add((left.first, right.first))
                pair = (one, other) if home[one] is left else (other, one)
                yield Refusal(kind, self._refs(left), self._refs(right), bits, (self._ref(pair[0]), self._ref(pair[1])))

    def _refusal(self, refused: Refused) -> Refusal:
        left, right = sorted((refused.left, refused.right), key=lambda g: g.first)
        low, high = self.by_place[-refused.best.left], self.by_place[-refused.best.right]
        if low not in left.nodes or high not in right.nodes:
            low, high = high, low
        pair = self._spokesman(left, low), self._spokesman(right, high)
        return Refusal(refused.kind, self._refs(left), self._refs(right), refused.best.bits, pair)

    def _spokesman(self, group: Group, node: int) -> RecordRef:
        return self._ref(min(r for r in group.members if self.population.members[r].node == node))

    def _ref(self, rank: int) -> RecordRef:
        return self.population.members[rank].ref

    def _refs(self, group: Group) -> tuple[RecordRef, ...]:
        return tuple(self._ref(rank) for rank in sorted(group.members))

    def _first_groups(self, ranks: list[int]) -> None:
        inside, taken = set(ranks), set[int]()
        for group in self.population.groups:
            if group[0] in inside:
                taken.update(group)
                self._add(self.population.group(group))
        rest: dict[int, list[int]] = {}
        for rank in sorted(inside - taken):
            member = self.population.members[rank]
            if member.ref.system == STEWARD:
                self._add(self.population.group([rank]))
            else:
                rest.setdefault(member.node, []).append(rank)
        for node, left in rest.items():
            self._gather(node, left)

    def _add(self, group: Group) -> int:
        number = len(self.groups)
        self.groups.append(group)
        for node in group.nodes:
            self.of_node.setdefault(node, []).append(number)
        return number

    def _gather(self, node: int, ranks: list[int]) -> None:
        """The first groups of one node's records, which nobody joined by decision."""
        if len(ranks) == 1:
            self._add(self.population.group(ranks))
            return
        own = self._own(node)
        if not self._is_strong(own):
            self._gather_weak(own, ranks)
        elif self._at_peace(ranks, own):
            self._add(self.population.group(ranks))
        else:
            self._gather_divided(ranks, own)

    def _own(self, node: int) -> PairEvidence:
        if node not in self.own:
            self.own[node] = self.population.evidence(node, node)
        return self.own[node]

    def _is_strong(self, own: PairEvidence) -> bool:
        return self.rules.is_match(own) and not own.veto

    def _gather_weak(self, own: PairEvidence, ranks: list[int]) -> None:
        """Identical, but that proves nothing: loose together, so that another node draws all of them or none."""
        loose: dict[bool, list[int]] = {}
        for rank in ranks:
            member = self.population.members[rank]
            if member.ref in self.population.wishes.tags or member.ref.system in self.rules.free_of_duplicates:
                self._add(self.population.group([rank]))
            else:
                loose.setdefault(member.trusted, []).append(rank)
        for held in loose.values():
            pairs = len(held) * (len(held) - 1) // 2
            self._add(self.population.group(held, debt=min(0, self.rules.clipped(own)) * pairs, loose=len(held) > 1))

    def _at_peace(self, ranks: list[int], own: PairEvidence) -> bool:
        """May all these identical records be together?"""
        members = [self.population.members[rank] for rank in ranks]
        pure = [m.ref.system for m in members if m.ref.system in self.rules.free_of_duplicates]
        if len(pure) != len(set(pure)):
            return False
        if not self.rules.is_trusted(own) and sum(m.trusted for m in members) > 1:
            return False
        tags = Counter(self.population.wishes.tags.get(m.ref, NO_TAGS) for m in members)
        return not any(opposed(one, other) and (one != other or tags[one] > 1) for one in tags for other in tags)

    def _gather_divided(self, ranks: list[int], own: PairEvidence) -> None:
        """Alone: who excludes his like. Together: who has the same say about everybody else."""
        alike: dict[tuple[Any, ...], list[int]] = {}
        distrust = not self.rules.is_trusted(own)
        for rank in ranks:
            member = self.population.members[rank]
            tags = self.population.wishes.tags.get(member.ref, NO_TAGS)
            if member.ref.system in self.rules.free_of_duplicates:
                reason: tuple[str, str] | None = ("source_duplicate", member.ref.system)
            elif opposed(tags, tags):
                reason = ("not_same", "")
            else:
                reason = ("low_trust", "") if distrust and member.trusted else None
            alike.setdefault((reason, () if tags else None, tuple(sorted(tags))), []).append(rank)
        plain: list[tuple[int, bool]] = []  # of those that no decision names: the first, and whether they exclude their like
        for (reason, tagged, _), held in alike.items():
            crowd = reason is not None and len(held) > 1
            numbers = [self._add(self.population.group([rank])) for rank in held] if crowd else []
            if not crowd:
                self._add(self.population.group(held))
            elif reason is not None:
                self.apart.append((reason[0], held[0], held[1], own.bits))
            if tagged is None:
                plain.append((held[0], crowd))
                self.crowded.update(numbers)
        crowds = [first for first, crowd in plain if crowd]
        for first, _ in plain:
            if rivals := [rival for rival in crowds if rival != first]:
                self.apart.append(("tie", first, rivals[0], own.bits))

    def _linkage(self, ranks: list[int], edges: list[tuple[int, int]]) -> Linkage:
        nodes = sorted({self.population.members[r].node for r in ranks}, key=lambda n: self.population.of_node.get(n, [-1])[0])
        self.by_place = dict(enumerate(nodes, start=1))
        place = {node: number for number, node in self.by_place.items()}
        evidence, known = self.population.evidence, dict[int, dict[int, PairEvidence]]()
        own = [(node, node) for node, held in self.of_node.items() if len(held) > 1 and self._is_strong(self._own(node))]
        pairs = sorted((*own, *edges), key=lambda pair: sorted((place[pair[0]], place[pair[1]])))
        for a, b in pairs:
            known.setdefault(a, {})[b] = known.setdefault(b, {})[a] = self._own(a) if a == b else evidence(a, b)
        linkage = Linkage(self.rules, Ledger(self.rules, evidence, known, place), self.groups, len(ranks))
        for a, b in pairs:
            self._connect(linkage, a, b, known[a][b].bits)
        return linkage

    def _connect(self, linkage: Linkage, a: int, b: int, bits: int) -> None:
        left, right = self.of_node[a], self.of_node[b]
        if a == b:
            pairs = self._within(left)
        elif len(left) * len(right) > CROWD:
            self.apart.append(("size", self.groups[left[0]].first, self.groups[right[0]].first, bits))
            return
        else:
            pairs = product(left, right)
        for one, other in pairs:
            linkage.connect(one, other)

    def _within(self, numbers: list[int]) -> Iterator[tuple[int, int]]:
        """Pairs of groups of one node. Where a group excludes its like, nobody could tell which of them to join."""
        free = [number for number in numbers if number not in self.crowded]
        yield from combinations(free, 2)
        if len(free) < len(numbers):
            yield from product([n for n in free if self.groups[n].tags], [n for n in numbers if n in self.crowded])
