"""The resolver's part of a bulk run: what nodes are, which ids clusters keep, what golden records become, what people are asked.

The heavy part (joining keys, scoring, clustering) is done elsewhere over the whole population and handed in. What is written is
what the resolver would have written one by one; announcements tell the state as of now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection

from hub.arriving import arrive
from hub.following import follow_customers, follow_moves
from hub.matching.clustering import Clustering, Refusal
from hub.matching.decisions import SAME, in_force
from hub.matching.identity import Assignment, FormerIdentity, assign_ids
from hub.matching.rules import MatchingRules
from hub.records import Data, Decision, RecordRef, SourceRecord
from hub.resolve import Outcome, Resolver
from hub.resolve.announcing import Announcer, Moves
from hub.resolve.asking import Asked, Desk
from hub.resolve.gathering import Evidence, Names, Neighbourhood, followed, renamed
from hub.resolve.meeting import Weigher, is_trusted
from hub.resolve.rules import Rules
from hub.resolve.settling import Cause, pins_of
from hub.store import active, copying, goldens, nodes, redo, sources
from hub.store import decisions as decided
from hub.store.goldens import Golden
from hub.store.nodes import Edge, Node
from hub.store.population import Identity, asked_about, identities, merged_keys
from hub.store.sources import Placed, SourceKey
from hub.store.store import Store, critical
from hub.store.tables import goldens as golden_table
from hub.store.tables import outbox, xref
from hub.survivorship import Pin, survive
from hub.versions import ALIASES

LOADING = "loading"
"""In force while records are taken without being resolved: whoever resolves one by one stops until the bulk run is done."""

Cluster = tuple[RecordRef, ...]
GOLDENS = tuple(golden_table.c.keys())
OUTBOX = tuple(name for name in outbox.c.keys() if name != "id")  # noqa: SIM118 - a collection of columns


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


def fresh_ids(number: int, mint: Callable[[], str]) -> Ids:
    """For a store that holds no golden record."""
    return Ids([mint() for _ in range(number)])


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


# -- golden records, in worker processes --


class Surroundings(NamedTuple):
    """What a part of clusters must know of the rest."""

    held: frozenset[str] = frozenset()  # ids of this part that were there before
    elsewhere: Mapping[RecordRef, str] = {}  # where records of these ids went that are not in this part's clusters
    fresh: frozenset[str] = frozenset()  # of all those: minted or reinstated with this change
    reinstated: frozenset[str] = frozenset()
    absorbed: Mapping[str, list[str]] = {}


@dataclass(frozen=True)
class GoldenMaker:
    """Makes golden records in a worker process, as lines for the store."""

    rules: Rules
    at: datetime
    as_of: date
    cause: Cause
    names: Names
    pins: Mapping[RecordRef, list[Pin]]

    def __call__(self, store: Store) -> Callable[[list[Any], Surroundings], tuple[dict[str, bytes], dict[str, int]]]:
        return _Maker(self, store)


class _Maker:
    def __init__(self, known: GoldenMaker, store: Store) -> None:
        self.known, self.store = known, store

    def __call__(self, kept: list[Any], around: Surroundings) -> tuple[dict[str, bytes], dict[str, int]]:
        """``kept`` has, per cluster, its id, records, nodes and where these stood before."""
        known = self.known
        former = self._former(around.held)
        announcer = Announcer(None, known.rules.entity, known.at, known.as_of, self._moves(kept, around))  # type: ignore[arg-type]
        for one in kept:
            refs = [record.ref for record in one.records]
            pins = [pin for ref in refs for pin in known.pins.get(ref, ())] if known.pins else ()
            made = survive(one.records, known.rules.survivorship, known.as_of, pins)
            old = former.get(one.golden)
            announcer.keep(one.golden, old, tuple(refs), made, self._why(one, old))
        return self._lines(kept, announcer), announcer.kinds

    def _former(self, ids: Collection[str]) -> dict[str, Golden]:
        if not ids:
            return {}
        with self.store.read() as tx:
            return goldens.by_id(tx, ids)

    def _moves(self, kept: list[Any], around: Surroundings) -> Moves:
        if not around.held and not any(before is not None for one in kept for before in one.before):
            return Moves()
        stood = {record.ref: before for one in kept for record, before in zip(one.records, one.before, strict=True) if before}
        after = {record.ref: one.golden for one in kept for record in one.records}
        return Moves(
            before=stood,
            after={**around.elsewhere, **after},
            names=self.known.names,
            fresh=around.fresh,
            reinstated=around.reinstated,
            absorbed=dict(around.absorbed),
        )

    def _why(self, one: Any, old: Golden | None) -> Data:
        if one.bond is not None and (old is None or old.members != tuple(record.ref for record in one.records)):
            bits, left, right = one.bond
            return {"kind": "match", "bits": bits / 1000, "pair": [[left.system, left.key], [right.system, right.key]]}
        return {"kind": self.known.cause.kind, **self.known.cause.facts}

    def _lines(self, kept: list[Any], announcer: Announcer) -> dict[str, bytes]:
        dialect, entity, at = self.store.engine.dialect, announcer.entity, announcer.at
        placed: list[list[Any]] = [[], [], [], [], []]
        opened: list[list[Any]] = [[], [], [], []]
        for one in kept:
            for record, node, trusted, before in zip(one.records, one.nodes, one.trusted, one.before, strict=True):
                ref = record.ref
                for column, value in zip(placed, (ref.system, ref.key, node, one.golden, trusted), strict=True):
                    column.append(value)
                if before != one.golden:
                    for column, value in zip(opened, (*ref, one.golden), strict=True):
                        column.append(value)
        number = len(opened[0])
        references = [[entity] * number, *opened, [at] * number, [None] * number, ["active"] * number]
        told = sorted(announcer.told, key=lambda one: one.golden_id)
        return {
            "goldens": copying.lines(dialect, golden_table, GOLDENS, _columns(announcer.written, GOLDENS)),
            "outbox": copying.lines(dialect, outbox, OUTBOX, _columns(told, OUTBOX)),
            "xref": copying.lines(dialect, xref, copying.XREF, references),
            "placed": copying.placing(dialect, placed),
        }


def _columns(listed: Sequence[Any], names: Sequence[str]) -> list[list[Any]]:
    return [[getattr(one, name) for one in listed] for name in names]


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
