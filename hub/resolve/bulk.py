"""The resolver's part of a bulk run: what nodes are, which ids clusters keep, what golden records become, what people are asked.

The heavy part (joining keys, scoring, clustering) is done elsewhere over the whole population and handed in. What is written is
what the resolver would have written one by one; announcements tell the state as of now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import Connection

from hub.arriving import arrive
from hub.following import follow_customers, follow_moves
from hub.matching.clustering import Clustering, Refusal
from hub.matching.decisions import SAME, in_force
from hub.matching.identity import Assignment, FormerIdentity, assign_ids
from hub.matching.rules import MatchingRules
from hub.records import Decision, RecordRef, SourceRecord
from hub.resolve import Outcome, Resolver
from hub.resolve.announcing import Announcer, Moves
from hub.resolve.asking import Asked, Desk
from hub.resolve.gathering import Evidence, Names, Neighbourhood, followed, renamed
from hub.resolve.meeting import Weigher, is_trusted
from hub.resolve.rules import Rules
from hub.resolve.settling import Cause, pins_of
from hub.store import active, goldens, nodes, redo, sources
from hub.store import decisions as decided
from hub.store.nodes import Edge, Node
from hub.store.population import Identity, asked_about, identities, merged_keys
from hub.store.sources import Placed, SourceKey
from hub.store.store import critical
from hub.survivorship import Pin
from hub.versions import ALIASES

LOADING = "loading"
"""In force while records are taken without being resolved: whoever resolves one by one stops until the bulk run is done."""

Cluster = tuple[RecordRef, ...]


@dataclass(frozen=True)
class NodeMaker:
    """Makes nodes in a worker process."""

    entity: str
    rules: MatchingRules

    def __call__(self) -> Callable[[SourceRecord], tuple[Node, bool]]:
        weigher = Weigher(self.entity, self.rules)

        def make(record: SourceRecord) -> tuple[Node, bool]:
            node = weigher.node_of(record)
            return node, is_trusted(node.features)

        return make


@dataclass(slots=True)
class Standpoint:
    """What people said and what sources merged, before anything is clustered."""

    decisions: list[Decision]
    aliases: Names
    alias_goldens: dict[RecordRef, str | None]
    pins: dict[RecordRef, list[Pin]]

    @property
    def decided(self) -> list[RecordRef]:
        return sorted({ref for decision in self.decisions for ref in (*decision.left, *decision.right)})

    @property
    def confirmed(self) -> set[RecordRef]:
        standing = [d for d in in_force(self.decisions) if d.verdict == SAME] if self.decisions else []
        return {ref for decision in standing for ref in (*decision.left, *decision.right)}


def standpoint(tx: Connection, entity: str, refs: Iterable[RecordRef]) -> Standpoint:
    """``refs`` are asked for only where anybody pinned anything."""
    held = merged_keys(tx, entity)
    ends = followed(tx, entity, held, {})
    merged = {key: head for key, head in held.items() if not head.live and head.record.operation in ALIASES and not head.empty}
    names = {head.ref: ends[key].ref for key, head in merged.items()}
    said = [d for d in (renamed(decision, names) for decision in decided.every(tx, entity)) if d.left and d.right]
    pins = pins_of(tx, entity, refs) if active.standing(tx, entity).pins else {}
    return Standpoint(said, names, {head.ref: head.golden for head in merged.values()}, pins)


def land(tx: Connection, resolver: Resolver, records: Sequence[SourceRecord]) -> Outcome:
    """Take versions without resolving them: a bulk run must follow, and until then nobody else resolves."""
    entity = resolver.entity
    critical(tx, entity)
    at = resolver.clock()
    standing = active.standing(tx, entity)
    if standing.rules != LOADING:
        active.set_rules(tx, entity, LOADING, at)
    arrival = arrive(tx, entity, records, at)
    changed = [arrival.changed[key] for key in sorted(arrival.changed)]
    goldens.close_references(tx, entity, dict.fromkeys(arrival.left, "closed"), at)
    follow_customers(tx, changed, new=arrival.new, referred=standing.references)
    sources.put_heads(tx, [*changed, *arrival.advanced])
    return Outcome(arrival.taken, arrival.redelivered, dict(arrival.states), gaps=arrival.gaps)


def clear(tx: Connection, entity: str) -> None:
    """Nodes, keys, evidence and what was put off are made anew."""
    redo.forget(tx, entity)
    nodes.remove_all(tx, entity)


# -- ids --


@dataclass(slots=True)
class Ids:
    """The id of every cluster, in their order, and what becomes of the others."""

    of: list[str]
    held: set[int] = field(default_factory=set)  # places of clusters that have an id that was there before
    retired: dict[str, str | None] = field(default_factory=dict)
    reinstated: frozenset[str] = frozenset()
    minted: frozenset[str] = frozenset()
    absorbed: dict[str, list[str]] = field(default_factory=dict)
    changed: dict[str, frozenset[RecordRef]] = field(default_factory=dict)  # of ids that lost or won members: those they had


def kept_ids(tx: Connection, entity: str, clusters: Sequence[Cluster], said: Standpoint, mint: Callable[[], str]) -> Ids:
    """Ids stay where they can. A cluster with exactly the members of an id in use keeps it; the others are assigned together."""
    place = {refs[0]: number for number, refs in enumerate(clusters)}
    ids: dict[int, str] = {}
    former: list[FormerIdentity] = []
    for one in identities(tx, entity):
        number = _unchanged(one, place, clusters)
        if number is not None:
            ids[number] = one.id
        else:
            members = frozenset(said.aliases.get(ref, ref) for ref in one.members)
            former.append(FormerIdentity(one.id, members, one.live))
    rest = [number for number in range(len(clusters)) if number not in ids]
    assigned: Assignment = assign_ids([clusters[number] for number in rest], former, said.confirmed, mint)
    known = {identity.id: identity.members for identity in former}
    held = set(ids)
    for number in rest:
        ids[number] = assigned.ids[clusters[number]]
        if ids[number] in known:
            held.add(number)
    absorbed: dict[str, list[str]] = defaultdict(list)
    for old, heir in assigned.retired.items():
        if heir is not None:
            absorbed[heir].append(old)
    in_order = [ids[number] for number in range(len(clusters))]
    return Ids(in_order, held, assigned.retired, assigned.reinstated, assigned.minted, dict(absorbed), known)


def _unchanged(one: Identity, place: Mapping[RecordRef, int], clusters: Sequence[Cluster]) -> int | None:
    number = place.get(one.members[0]) if one.live and one.members else None
    return number if number is not None and clusters[number] == one.members else None


# -- what is left to do when all golden records are written --


@dataclass(slots=True)
class Ending:
    """Ids that nobody kept, merged keys, and the questions for people."""

    tx: Connection
    rules: Rules
    weigher: Weigher
    said: Standpoint
    ids: Ids
    at: datetime
    as_of: date
    cause: Cause

    def retire(self, before: Mapping[RecordRef, str], after: Mapping[RecordRef, str]) -> dict[str, int]:
        """Close the ids that no cluster kept, and the places that records left; how many were announced, by kind."""
        moves = Moves(dict(before), dict(after), self.said.aliases, self.ids.minted | self.ids.reinstated, self.ids.reinstated)
        announcer = Announcer(self.tx, self.rules.entity, self.at, self.as_of, moves)
        former = goldens.by_id(self.tx, {*self.ids.retired, *self.ids.reinstated})
        for old, heir in sorted(self.ids.retired.items()):
            facts = {"kind": self.cause.kind, **self.cause.facts}
            announcer.retire(former[old], heir, facts | ({"into": heir} if heir else {"nobody_left": True}))
        announcer.finish([former[one] for one in sorted(self.ids.reinstated)])
        moved = {ref: "moved" for ref, golden in before.items() if after.get(ref, golden) != golden}
        goldens.close_references(self.tx, self.rules.entity, moved, self.at)
        referred = active.standing(self.tx, self.rules.entity).references
        follow_moves(self.tx, moves.gone_over(), referred=referred)
        return announcer.kinds

    def lead_merged_keys(self, after: Mapping[RecordRef, str]) -> None:
        """Merged keys follow the record they went into."""
        placed: dict[SourceKey, str | None] = {}
        opened: dict[RecordRef, tuple[str, str]] = {}
        for alias, end in self.said.aliases.items():
            target = after.get(end)
            if target is not None and self.said.alias_goldens.get(alias) != target:
                placed[alias.system, alias.key] = target
                opened[alias] = (target, "alias")
        sources.place(self.tx, self.rules.entity, placed)
        goldens.close_references(self.tx, self.rules.entity, dict.fromkeys(opened, "moved"), self.at)
        goldens.open_references(self.tx, self.rules.entity, opened, self.at)

    def ask(
        self,
        clusters: Sequence[Cluster],
        placed: Sequence[Placed],
        edges: Mapping[tuple[int, int], Edge],
        refusals: Sequence[Refusal],
    ) -> Asked:
        """Bring the tasks up to date; ``clusters`` are all that any question may touch, with everybody in them."""
        found = Neighbourhood(
            placed={one.ref: one for one in placed},
            edges=dict(edges),
            decisions=self.said.decisions,
            aliases=self.said.aliases,
        )
        for one in placed:
            found.in_node[one.node].append(one.ref)
        evidence = Evidence(self.tx, self.weigher, edges, found.in_node)
        golden_of = {one.ref: one.golden for one in placed if one.golden is not None}
        before = asked_about(self.tx)
        clustering = Clustering(tuple(sorted(clusters)), tuple(sorted(refusals, key=lambda r: (r.left, r.right, r.kind))))
        return Desk(
            self.tx, self.rules, found, clustering, evidence, golden_of, before, self.cause, self.at
        ).bring_up_to_date()  # fmt: skip
