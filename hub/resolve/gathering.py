"""Third step: everything that hangs together with what changed, before or after the change.

A component is all records connected by match edges (refused ones included), by people's ``same``, and by the golden records
they were in. Clustering only what was touched would make the road matter.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import Connection

from hub.arriving import targets
from hub.matching.clustering import Member, PairEvidence
from hub.matching.components import DisjointSets
from hub.matching.decisions import SAME
from hub.records import Decision, RecordRef
from hub.resolve.meeting import Meeting, Weigher
from hub.store import decisions as decided
from hub.store import nodes, rows, sources
from hub.store.active import Standing
from hub.store.nodes import Edge, Pair
from hub.store.sources import Head, Placed, SourceKey, Unwritten
from hub.versions import ALIASES

Names = dict[RecordRef, RecordRef]
"""Refs whose source merged them away -> the ref they went into."""


@dataclass(slots=True)
class Neighbourhood:
    """Whole components, ready to be clustered."""

    placed: dict[RecordRef, Placed] = field(default_factory=dict)
    in_node: dict[int, list[RecordRef]] = field(default_factory=lambda: defaultdict(list))
    edges: dict[Pair, Edge] = field(default_factory=dict)  # all evidence that touches these nodes
    goldens: set[str] = field(default_factory=set)  # golden records any of them was in
    decisions: list[Decision] = field(default_factory=list)
    aliases: Names = field(default_factory=dict)
    alias_goldens: dict[RecordRef, str | None] = field(default_factory=dict)
    walked: set[int] = field(default_factory=set)  # every node of every component seen to its ends
    put_off: set[int] = field(default_factory=set)  # nodes where a component beyond the limit was touched

    def without(self, gone: Collection[int], dropped: Iterable[Pair]) -> None:
        """Evidence that held before the change has led the way; from here on it is no more."""
        away = set(dropped)
        left = set(gone)
        self.edges = {
            pair: edge for pair, edge in self.edges.items() if pair not in away and pair[0] not in left and pair[1] not in left
        }

    def members(self) -> list[Member]:
        return [Member(p.ref, p.node, p.trusted) for p in self.placed.values()]


class Gathering:
    """Walks from seeds to the ends of their components, one round of queries per step away from the seeds."""

    def __init__(
        self,
        tx: Connection,
        weigher: Weigher,
        standing: Standing,
        over: Unwritten,
        meeting: Meeting | None = None,
        *,
        limit: int | None = None,
    ) -> None:
        self.fresh = meeting.fresh if meeting else set()  # of these the store knows nothing that the meeting does not
        self.met: dict[int, list[Pair]] = defaultdict(list)
        self.meeting = meeting
        for pair in meeting.edges if meeting else ():
            for node in self.fresh.intersection(pair):
                self.met[node].append(pair)
        self.tx, self.weigher, self.over, self.limit = tx, weigher, over, limit
        self.entity, self.match_bits = weigher.entity, weigher.rules.match_bits
        self.found = Neighbourhood()
        self.sets = DisjointSets[int]()
        self.sizes: dict[int, int] = {}
        self.closed: set[int] = set()  # roots of components beyond the limit
        self.known_decisions: dict[str, Decision] = {}
        self.beside: dict[str, list[Placed]] = defaultdict(list)
        self.has_decisions = standing.decisions
        self.has_aliases = standing.pointers or any(head.record.target for head in over.values())
        self.of_golden: dict[str, int] = {}
        self.of_decision: dict[str, int] = {}

    def walk(self, seeds: Iterable[int], goldens: Collection[str] = (), refs: Collection[RecordRef] = ()) -> Neighbourhood:
        """Gather around nodes, around golden records, and around records that may no longer be there."""
        self.found.goldens.update(goldens)
        frontier = set(seeds)
        for node in frontier:
            self._see(node)
        frontier |= self._behind(goldens) | self._through_decisions(refs) | self._ends_of(refs)
        touched = set(frontier)
        while frontier:
            frontier = self._step(frontier)
        self._put_off(touched)
        self._name_aliases()
        self.found.decisions = self._renamed_decisions()
        return self.found

    def _step(self, frontier: set[int]) -> set[int]:
        """One step further: over evidence, to the records there, over their golden records and decisions."""
        with rows.together(self.tx, len(frontier)):
            edges = nodes.ask_edges_at(self.tx, frontier - self.fresh)
            there = sources.ask_in_nodes(self.tx, frontier, self.over, self.fresh)
            beside = sources.ask_beside(self.tx, frontier - self.fresh, self.over) if len(frontier) <= rows.FEW else None
            found, here = edges(), there()
            self._remember(beside() if beside else ())
        if self.meeting:
            found.update((pair, self.meeting.edges[pair]) for node in frontier & self.fresh for pair in self.met[node])
        reached = self._over_edges(found)
        for placed in here:
            self.found.placed[placed.ref] = placed
            self.found.in_node[placed.node].append(placed.ref)
        reached |= self._over_goldens(here)
        reached |= self._through_decisions([p.ref for p in here])
        return {node for node in reached if self.sets.root(node) not in self.closed}

    def _over_edges(self, found: Mapping[Pair, Edge]) -> set[int]:
        fresh = set()
        for (left, right), edge in found.items():
            self.found.edges[left, right] = edge
            if edge.bits >= self.match_bits or edge.match is not None:
                fresh |= self._tie(left, right)
        return fresh

    def _over_goldens(self, here: Sequence[Placed]) -> set[int]:
        """Whoever was together is looked at together."""
        ids = {p.golden for p in here if p.golden is not None}
        unseen = ids - self.found.goldens
        self.found.goldens |= unseen
        fresh = self._behind(unseen)
        for placed in here:
            if placed.golden is not None:
                first = self.of_golden.setdefault(placed.golden, placed.node)
                fresh |= self._tie(first, placed.node)
        return fresh

    def _remember(self, beside: Iterable[Placed]) -> None:
        """Who stands behind golden records, all of whom were asked for."""
        for placed in beside:
            if placed.golden is not None:
                self.beside[placed.golden].append(placed)

    def _behind(self, goldens: Collection[str]) -> set[int]:
        fresh: set[int] = set()
        known = self.beside.keys() & goldens
        there = [placed for golden in known for placed in self.beside[golden]] if known else []
        there += sources.unwritten_behind(known, self.over) if known else ()
        there += sources.behind_goldens(self.tx, set(goldens) - known, self.over) if len(known) < len(goldens) else ()
        for placed in there:
            if placed.golden is not None:
                fresh |= self._tie(self.of_golden.setdefault(placed.golden, placed.node), placed.node)
        return fresh

    def _through_decisions(self, refs: Collection[RecordRef]) -> set[int]:
        """What people said is one customer belongs to the component, wherever it stands."""
        if not self.has_decisions or not refs:
            return set()
        keys = {(ref.system, ref.key) for ref in refs} | {(a.system, a.key) for a in self._lead_to(refs)}
        about = [d for d in decided.about(self.tx, self.entity, keys) if d.id not in self.known_decisions]
        self.known_decisions.update((d.id, d) for d in about)
        named = {(ref.system, ref.key) for d in about if d.verdict == SAME for ref in (*d.left, *d.right)}
        where = self._nodes_of(named)
        fresh: set[int] = set()
        for decision in about:
            if decision.verdict == SAME:
                for ref in (*decision.left, *decision.right):
                    node = where.get((ref.system, ref.key))
                    if node is not None:
                        fresh |= self._tie(self.of_decision.setdefault(decision.id, node), node)
        return fresh

    def _nodes_of(self, keys: Collection[SourceKey]) -> dict[SourceKey, int]:
        """The nodes of these keys, or of what they were merged into."""
        heads = followed(self.tx, self.entity, keys, self.over)
        return {key: head.node for key, head in heads.items() if head.live and head.node is not None}

    def _ends_of(self, refs: Collection[RecordRef]) -> set[int]:
        """Where merged keys among these lead."""
        if not self.has_aliases:
            return set()
        ends = set(self._nodes_of({(ref.system, ref.key) for ref in refs}).values())
        for node in ends:
            self._see(node)
        return ends

    def _lead_to(self, refs: Iterable[RecordRef]) -> list[RecordRef]:
        """Refs that were merged into these, directly or over others."""
        if not self.has_aliases:
            return []
        found: dict[SourceKey, RecordRef] = {}
        edge: list[SourceKey] = [(ref.system, ref.key) for ref in refs]
        while edge:
            leading = sources.pointing_at(self.tx, self.entity, edge, self.over)
            heads = [h for h in leading if h.source_key not in found and not h.live]
            found.update((head.source_key, head.ref) for head in heads)
            edge = [head.source_key for head in heads]
        return list(found.values())

    # -- sizes --

    def _see(self, node: int) -> bool:
        if node in self.sizes:
            return False
        self.sizes[node] = 1
        self.sets.root(node)
        return True

    def _tie(self, left: int, right: int) -> set[int]:
        """Two nodes belong together; those of them seen for the first time."""
        fresh = {node for node in (left, right) if self._see(node)}
        one, other = self.sets.root(left), self.sets.root(right)
        if one != other:
            root = self.sets.join(one, other)
            self.sizes[root] = self.sizes[one] + self.sizes[other]
            if self.closed & {one, other} or (self.limit is not None and self.sizes[root] > self.limit):
                self.closed.add(root)
        return fresh

    def _put_off(self, touched: Collection[int]) -> None:
        """Components beyond the limit wait in the redo queue and keep what they had.

        Every node where such a component was touched is queued, with its neighbours: by the time it is done, the component may
        have come apart, and each part must be seen.
        """
        found = self.found
        found.walked = {node for node in self.sizes if self.sets.root(node) not in self.closed}
        away = self.sizes.keys() - found.walked
        if not away:
            return
        seeds = away & set(touched)
        found.put_off = seeds | {node for pair in found.edges if not seeds.isdisjoint(pair) for node in pair} & away
        found.goldens -= {golden for golden, node in self.of_golden.items() if node in away}
        found.goldens -= {p.golden for p in found.placed.values() if p.node in away and p.golden is not None}
        found.placed = {ref: p for ref, p in found.placed.items() if p.node not in away}
        found.in_node = defaultdict(list, {node: refs for node, refs in found.in_node.items() if node not in away})

    # -- names --

    def _name_aliases(self) -> None:
        if not self.has_aliases:
            return
        merged = self._lead_to(self.found.placed)
        named = {(ref.system, ref.key) for d in self.known_decisions.values() for ref in (*d.left, *d.right)}
        heads = sources.heads(self.tx, self.entity, {(r.system, r.key) for r in merged} | named, self.over)
        ends = followed(self.tx, self.entity, heads, self.over)
        for key, head in heads.items():
            if not head.live and head.record.operation in ALIASES and not head.empty:
                self.found.aliases[head.ref] = ends[key].ref
                self.found.alias_goldens[head.ref] = head.golden

    def _renamed_decisions(self) -> list[Decision]:
        """Decisions about merged keys speak about what they were merged into."""
        names = self.found.aliases
        if not names:
            return list(self.known_decisions.values())
        return [d for d in (renamed(decision, names) for decision in self.known_decisions.values()) if d.left and d.right]


def renamed(decision: Decision, names: Names) -> Decision:
    left = {names.get(ref, ref) for ref in decision.left}
    right = {names.get(ref, ref) for ref in decision.right}
    return replace(decision, left=tuple(sorted(left - right)), right=tuple(sorted(right - left)))


def followed(tx: Connection, entity: str, keys: Iterable[SourceKey], over: Unwritten) -> dict[SourceKey, Head]:
    """For each key the head at the end of its merges."""
    known = sources.heads(tx, entity, keys, over)
    start = list(known)
    wanted = targets(head for head in known.values() if not head.live) - known.keys()
    while wanted:
        heads = sources.heads(tx, entity, wanted, over)
        known.update(heads)
        wanted = targets(head for head in heads.values() if not head.live) - known.keys()
    return {key: _end(key, known) for key in start}


def _end(key: SourceKey, known: Mapping[SourceKey, Head]) -> Head:
    seen = {key}
    head = known[key]
    while not head.live and head.record.operation in ALIASES and head.record.target is not None:
        step = (head.ref.system, head.record.target)
        if step in seen or step not in known:
            break
        seen.add(step)
        head = known[step]
    return head


class Evidence:
    """What lies between two nodes: what is stored, and what has to be weighed on demand."""

    def __init__(self, tx: Connection, weigher: Weigher, edges: Mapping[Pair, Edge], listed: Collection[int]) -> None:
        self.tx, self.weigher = tx, weigher
        self.edges, self.listed = dict(edges), listed
        self._loaded = False

    def __call__(self, left: int, right: int) -> PairEvidence:
        pair = (left, right) if left < right else (right, left)
        edge = self.edges.get(pair)
        if edge is None:
            if not self._loaded:
                self._loaded = True
                self.weigher.load(self.tx, self.listed)
            edge = self.edges[pair] = self.weigher.weigh(*pair)
        return PairEvidence(*edge)
