"""Rebuild: everything computed once more from record versions and decisions, in one piece and by a shorter road.

It takes nothing from the tables the resolver works with (heads, nodes, evidence, generic keys), so it proves them. Ids and the
date of each golden record are history, and inputs.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import combinations

from sqlalchemy import Connection

from hub.arriving import is_closed
from hub.matching.clustering import Clustering, Member, PairEvidence, cluster
from hub.matching.review import review_tasks
from hub.records import Data, Decision, RecordRef, ReviewTask, SourceRecord
from hub.resolve.asking import Question, question
from hub.resolve.gathering import Names, renamed
from hub.resolve.meeting import Weigher, is_trusted
from hub.resolve.rules import Rules
from hub.resolve.settling import Cluster, pins_of
from hub.store import decisions as decided
from hub.store import goldens, sources, tasks
from hub.store.nodes import Node
from hub.store.sources import Head, SourceKey
from hub.survivorship import Pin, survive
from hub.versions import ALIASES, fold

AsOf = Callable[[Cluster], date]


@dataclass(frozen=True, slots=True)
class Population:
    """All golden records that should be, without their ids."""

    live: Mapping[RecordRef, SourceRecord]
    aliases: Names
    values: Mapping[Cluster, Data]
    tasks: Mapping[Question, ReviewTask]


@dataclass(frozen=True, slots=True)
class Difference:
    """Something stored that is not what it should be."""

    what: str  # member | cluster | value | task
    which: str
    stored: str = ""
    computed: str = ""


@dataclass(slots=True)
class _World:
    weigher: Weigher
    members: list[Member] = field(default_factory=list)
    nodes: dict[int, Node] = field(default_factory=dict)
    known: dict[tuple[int, int], PairEvidence] = field(default_factory=dict)

    def evidence(self, left: int, right: int) -> PairEvidence:
        pair = (left, right) if left < right else (right, left)
        if pair not in self.known:
            self.known[pair] = PairEvidence(*self.weigher.weigh(*pair))
        return self.known[pair]


def compute(
    rules: Rules,
    histories: Mapping[SourceKey, Sequence[SourceRecord]],
    decisions: Sequence[Decision],
    pins: Mapping[RecordRef, Sequence[Pin]],
    as_of: AsOf,
) -> Population:
    """A pure function of record versions, decisions, pins, rules and dates."""
    heads = _heads(histories)
    names = {head.ref: _end(key, heads).ref for key, head in heads.items() if _is_alias(key, heads)}
    live = {head.ref: head.record for key, head in heads.items() if head.live}
    world = _world(rules, live)
    said = [d for d in (renamed(decision, names) for decision in decisions) if d.left and d.right]
    pairs = _pairs(world, rules.matching.block_limit)
    matches = [pair for pair in pairs if rules.clusters.is_match(world.evidence(*pair))]
    near = [pair for pair in pairs if _is_near(rules, world.evidence(*pair))]
    clustering = cluster(world.members, world.evidence, matches, said, rules.clusters)
    values = {
        members: survive(
            [live[ref] for ref in members],
            rules.survivorship,
            as_of(members),
            [pin for ref in members for pin in pins.get(ref, ())],
        ).data
        for members in clustering.clusters
    }
    return Population(live, names, values, _tasks(rules, world, clustering, near, said))


def _heads(histories: Mapping[SourceKey, Sequence[SourceRecord]]) -> dict[SourceKey, Head]:
    heads: dict[SourceKey, Head] = {}
    for key, versions in histories.items():
        held = fold(versions).held
        last = max(versions, key=lambda version: (version.version, version.message_id))
        heads[key] = Head(held.record, held.version, held.position) if held else Head(last, last.version, None, empty=True)
    for key, head in heads.items():
        gone = head.record.operation in ALIASES and (not head.record.data or is_closed(key, heads))
        head.live = not head.empty and not gone and (head.record.operation in ALIASES or not _gone(head))
    return heads


def _gone(head: Head) -> bool:
    held = fold([head.record]).held
    return held is not None and held.gone


def _is_alias(key: SourceKey, heads: Mapping[SourceKey, Head]) -> bool:
    head = heads[key]
    return not head.empty and not head.live and head.record.operation in ALIASES and is_closed(key, heads)


def _end(key: SourceKey, heads: Mapping[SourceKey, Head]) -> Head:
    seen: set[SourceKey] = set()
    while _is_alias(key, heads) and key not in seen:
        seen.add(key)
        target = heads[key].record.target
        if target is None or (key[0], target) not in heads:
            break
        key = (key[0], target)
    return heads[key]


def _world(rules: Rules, live: Mapping[RecordRef, SourceRecord]) -> _World:
    world = _World(Weigher(rules.entity, rules.matching))
    for ref, record in sorted(live.items()):
        node = world.weigher.node_of(record)
        world.nodes[node.id] = node
        world.members.append(Member(ref, node.id, is_trusted(node.features)))
    world.weigher.remember({node.id: node.features for node in world.nodes.values()})
    return world


def _pairs(world: _World, block_limit: int) -> list[tuple[int, int]]:
    """All pairs of nodes that share a key which is not generic, and whose evidence counts."""
    blocks: dict[int, list[int]] = defaultdict(list)
    for node in world.nodes.values():
        for key in node.blocking_keys:
            blocks[key].append(node.id)
    pairs = {pair for held in blocks.values() if len(held) <= block_limit for pair in combinations(sorted(held), 2)}
    return sorted(pair for pair in pairs if _counts(world, world.evidence(*pair)))


def _counts(world: _World, evidence: PairEvidence) -> bool:
    return evidence.bits >= world.weigher.rules.review_bits or evidence.match is not None


def _is_near(rules: Rules, evidence: PairEvidence) -> bool:
    return evidence.match is None and rules.clusters.review_bits <= evidence.bits < rules.clusters.match_bits


def _tasks(
    rules: Rules, world: _World, clustering: Clustering, near: Iterable[tuple[int, int]], said: Sequence[Decision]
) -> dict[Question, ReviewTask]:
    found = review_tasks(
        clustering, members=world.members, near=near, evidence=world.evidence, decisions=said, rules=rules.clusters
    )
    return {question(task): task for task in found}


def differences(tx: Connection, rules: Rules) -> list[Difference]:
    """Compute everything once more and compare it with what the store holds. Empty is what it should be."""
    entity = rules.entity
    histories = sources.history(tx, entity, sources.all_keys(tx, entity))
    stored = {golden.members: golden for golden in goldens.every(tx, entity)}
    refs = {version.ref for versions in histories.values() for version in versions}
    dates = {ref: golden.as_of for members, golden in stored.items() for ref in members}
    made = compute(
        rules,
        histories,
        decided.every(tx, entity),
        pins_of(tx, entity, refs),
        lambda members: stored[members].as_of if members in stored else max(dates.get(ref, date.min) for ref in members),
    )
    found = [Difference("cluster", _text(members), "", "there") for members in made.values.keys() - stored.keys()]
    found += [Difference("cluster", _text(members), "there", "") for members in stored.keys() - made.values.keys()]
    found += [
        Difference("value", _text(members), str(stored[members].data), str(data))
        for members, data in made.values.items()
        if members in stored and stored[members].data != data
    ]
    found += _task_differences(tx, entity, made)
    return sorted(found, key=lambda one: (one.what, one.which))


def _task_differences(tx: Connection, entity: str, made: Population) -> list[Difference]:
    listed = {question(one.task): one for one in tasks.every(tx, entity)}
    missing = made.tasks.keys() - listed.keys()
    over = {q for q, one in listed.items() if q not in made.tasks and one.started_by is None}
    found = [Difference("task", str(q), "", made.tasks[q].reason) for q in missing]
    found += [Difference("task", str(q), listed[q].task.reason, "") for q in over]
    found += [
        Difference("task", str(q), str(listed[q].task), str(task))
        for q, task in made.tasks.items()
        if q in listed and listed[q].task != task
    ]
    return found


def _text(members: Cluster) -> str:
    return ", ".join(map(str, members))
