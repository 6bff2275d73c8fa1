"""Fourth step: components fall into clusters, clusters keep or get ids, and golden records follow."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import Connection

from hub.matching.clustering import Clustering, cluster
from hub.matching.decisions import SAME, in_force
from hub.matching.identity import Assignment, FormerIdentity, assign_ids
from hub.records import Data, RecordRef, SourceRecord
from hub.resolve.announcing import Announcer, Moves, named
from hub.resolve.gathering import Evidence, Neighbourhood
from hub.resolve.rules import Rules
from hub.store import decisions as decided
from hub.store import goldens, rows, sources, tasks
from hub.store.active import Standing
from hub.store.goldens import Golden
from hub.store.sources import SourceKey, Unwritten
from hub.survivorship import Pin, survive

Cluster = tuple[RecordRef, ...]

_TOLD = 20  # of many causes the first so many are named


@dataclass(frozen=True, slots=True)
class Cause:
    """Why anything changes at all."""

    kind: str  # source | decision | pin | redo | rules
    facts: Data = field(default_factory=dict)


class Stand(NamedTuple):
    """What is held of a neighbourhood before anything about it is written."""

    goldens: dict[str, Golden]  # those its records were in, and those they were in once
    tasks: set[int]  # that ask about the former
    contents: dict[RecordRef, SourceRecord]  # of few records that all must be read of


def stand(
    tx: Connection, entity: str, found: Neighbourhood, standing: Standing, known: Collection[RecordRef], over: Unwritten
) -> Stand:
    """Asked at once: turns to the database are what takes time where there are few records. ``known``: whose values are."""
    refs = [ref for ref in found.placed if ref not in known]
    few = len(refs) <= rows.FEW
    with rows.together(tx, len(found.placed)):
        once = goldens.ask_former(tx, entity, [*found.placed, *found.aliases] if standing.former else ())
        now = goldens.ask_by_id(tx, found.goldens)
        about = tasks.ask_about(tx, found.goldens)
        contents = sources.ask_contents(tx, entity, refs if few else (), over)
        ids, held, asked, read = once(), now(), about(), contents()
    return Stand(held | goldens.by_id(tx, ids - found.goldens), asked, read)


@dataclass(slots=True)
class Settled:
    """What became of the components."""

    clustering: Clustering
    evidence: Evidence
    moves: Moves
    announcer: Announcer


@dataclass(slots=True)
class Settlement:
    """Clusters one neighbourhood and writes what follows."""

    tx: Connection
    rules: Rules
    found: Neighbourhood
    evidence: Evidence
    at: datetime
    as_of: date
    cause: Cause
    mint: Callable[[], str]
    contents: Mapping[RecordRef, SourceRecord]  # values known already; others are read
    left: Mapping[RecordRef, str]  # who is no longer in his old place -> the golden record it was
    fresh: Collection[RecordRef]  # whose values changed
    standing: Standing
    over: Unwritten  # heads that are written when it is known where they stand
    new: Collection[SourceKey]  # those of them nothing was held of before
    stand: Stand

    def settle(self) -> Settled:
        clustering = self._cluster()
        former = self.stand.goldens
        assignment = assign_ids(clustering.clusters, self._identities(former), self._confirmed(), self.mint)
        moves = self._moves(assignment)
        announcer = Announcer(self.tx, self.rules.entity, self.at, self.as_of, moves)
        self._keep(assignment, former, announcer)
        for old_id, heir in sorted(assignment.retired.items()):
            announcer.retire(former[old_id], heir, self._why_retired(heir))
        with rows.together(self.tx, len(self.found.placed)):
            announcer.finish([former[one] for one in sorted(assignment.reinstated)])
            self._place(moves)
        return Settled(clustering, self.evidence, moves, announcer)

    # -- clusters and ids --

    def _cluster(self) -> Clustering:
        rules, here = self.rules.clusters, self.found.in_node
        matches = [
            (left, right)
            for (left, right), edge in self.found.edges.items()
            if left in here and right in here and (edge.bits >= rules.match_bits or edge.match is not None)
        ]
        return cluster(self.found.members(), self.evidence, matches, self.found.decisions, rules)

    def _identities(self, former: Mapping[str, Golden]) -> list[FormerIdentity]:
        names = self.found.aliases
        return [
            FormerIdentity(golden.id, frozenset(names.get(ref, ref) for ref in golden.last_members), golden.live)
            for golden in former.values()
        ]

    def _confirmed(self) -> set[RecordRef]:
        standing = [d for d in in_force(self.found.decisions) if d.verdict == SAME] if self.found.decisions else []
        return {ref for decision in standing for ref in (*decision.left, *decision.right)}

    def _moves(self, assignment: Assignment) -> Moves:
        absorbed: dict[str, list[str]] = defaultdict(list)
        for old_id, heir in assignment.retired.items():
            if heir is not None:
                absorbed[heir].append(old_id)
        before = {ref: placed.golden for ref, placed in self.found.placed.items() if placed.golden is not None}
        return Moves(
            before=before | dict(self.left),
            after={ref: golden for members, golden in assignment.ids.items() for ref in members},
            names=self.found.aliases,
            fresh=assignment.minted | assignment.reinstated,
            reinstated=assignment.reinstated,
            absorbed=dict(absorbed),
        )

    # -- values --

    def _keep(self, assignment: Assignment, former: Mapping[str, Golden], announcer: Announcer) -> None:
        """Values are computed for clusters whose members or members' values changed, and for no other."""
        fresh = set(self.fresh)
        changed = [
            (members, golden_id)
            for members, golden_id in sorted(assignment.ids.items())
            if (old := former.get(golden_id)) is None or old.members != members or not fresh.isdisjoint(members)
        ]
        refs = [ref for members, _ in changed for ref in members]
        contents = self._contents(refs)
        pins = pins_of(self.tx, self.rules.entity, refs) if self.standing.pins else {}
        links = self._links()
        for members, golden_id in changed:
            made = survive(
                [contents[ref] for ref in members],
                self.rules.survivorship,
                self.as_of,
                [pin for ref in members for pin in pins.get(ref, ())],
            )
            old = former.get(golden_id)
            announcer.keep(golden_id, old, members, made, self._why(members, old, links))

    def _contents(self, refs: Iterable[RecordRef]) -> Mapping[RecordRef, SourceRecord]:
        known = {**self.stand.contents, **self.contents} if self.stand.contents else self.contents
        missing = [ref for ref in refs if ref not in known]
        return {**known, **sources.contents(self.tx, self.rules.entity, missing, self.over)} if missing else known

    def _links(self) -> dict[int, list[tuple[int, int]]]:
        """Node -> (bits, other node) over evidence, for the story."""
        links: dict[int, list[tuple[int, int]]] = defaultdict(list)
        for (left, right), edge in self.found.edges.items():
            links[left].append((edge.bits, right))
            links[right].append((edge.bits, left))
        return links

    def _why(self, members: Cluster, old: Golden | None, links: Mapping[int, list[tuple[int, int]]]) -> Data:
        """The cause; where members joined, with the strongest pair that drew them."""
        had = set(old.members) if old else set()
        came = [ref for ref in members if ref not in had]
        if self.cause.kind == "decision":
            return {"kind": "decision", **self.cause.facts}
        if came and len(members) > 1 and (pair := self._strongest(members, came, links)):
            bits, one, other = pair
            return {"kind": "match", "bits": bits / 1000, "pair": [[one.system, one.key], [other.system, other.key]]}
        touched = [named(ref) for ref in members if ref in self.fresh][:_TOLD]
        return {"kind": self.cause.kind, **self.cause.facts} | ({"records": touched} if touched else {})

    def _strongest(
        self, members: Cluster, came: list[RecordRef], links: Mapping[int, list[tuple[int, int]]]
    ) -> tuple[int, RecordRef, RecordRef] | None:
        node_of = {ref: self.found.placed[ref].node for ref in members}
        first = {node: ref for ref, node in reversed(node_of.items())}
        best: tuple[int, RecordRef, RecordRef] | None = None
        for ref in came:
            node = node_of[ref]
            pairs = [(bits, first[other]) for bits, other in links.get(node, ()) if other in first]
            if first[node] != ref:
                pairs.append((self.evidence(node, node).bits, first[node]))
            for bits, other in pairs:
                one, two = sorted((ref, other))
                if best is None or (-bits, one, two) < (-best[0], best[1], best[2]):
                    best = (bits, one, two)
        return best

    def _why_retired(self, heir: str | None) -> Data:
        facts = {"kind": self.cause.kind, **self.cause.facts}
        return facts | ({"into": heir} if heir else {"nobody_left": True})

    # -- places --

    def _place(self, moves: Moves) -> None:
        """Records and cross-references follow their golden records; merged keys follow the record they went into."""
        placed: dict[SourceKey, str | None] = {}
        closed: dict[RecordRef, str] = {}
        opened: dict[RecordRef, tuple[str, str]] = {}
        for ref, golden in moves.after.items():
            before = self.found.placed[ref].golden
            if before != golden:
                placed[ref.system, ref.key] = golden
                if before is not None:
                    closed[ref] = "moved"
                opened[ref] = (golden, "active")
        for alias, end in self.found.aliases.items():
            target = moves.after.get(end)
            if target is not None and self.found.alias_goldens.get(alias) != target:
                placed[alias.system, alias.key] = target
                closed[alias] = "moved"
                opened[alias] = (target, "alias")
        for key in placed.keys() & self.over.keys():
            self.over[key].golden = placed.pop(key)
        sources.place(self.tx, self.rules.entity, placed)
        sources.put_heads(self.tx, self.over.values(), self.new)
        goldens.close_references(self.tx, self.rules.entity, closed, self.at)
        goldens.open_references(self.tx, self.rules.entity, opened, self.at)


def pins_of(tx: Connection, entity: str, refs: Iterable[RecordRef]) -> dict[RecordRef, list[Pin]]:
    """The values people pinned to these records."""
    return {
        ref: [Pin(p.id, p.ref, p.path, p.value, p.by, p.at, p.until) for p in listed]
        for ref, listed in decided.pins_on(tx, entity, refs).items()
    }
