"""Last step: the questions for people follow from clusters, evidence and decisions, like everything else.

Open tasks about what was touched are compared with those that should be open: a task keeps its place in the queue when its
question is still there, moves along when its golden records got other ids, and closes itself with the reason. What a steward
has started stays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from hub.matching.clustering import Clustering, Member
from hub.matching.review import review_tasks
from hub.records import RecordRef, ReviewTask
from hub.resolve.gathering import Evidence, Neighbourhood
from hub.resolve.rules import Rules
from hub.resolve.settling import Cause
from hub.store import sources, tasks
from hub.store.sources import Placed
from hub.store.tasks import StoredTask

Question = tuple[str, tuple[RecordRef, ...], tuple[RecordRef, ...]]

HUB = "goldenhub"


@dataclass(slots=True)
class Asked:
    """What happened to tasks."""

    opened: int = 0
    changed: int = 0
    closed: int = 0


@dataclass(slots=True)
class Desk:
    """Brings the tasks about one neighbourhood up to date."""

    tx: Connection
    rules: Rules
    found: Neighbourhood
    clustering: Clustering
    evidence: Evidence
    golden_of: dict[RecordRef, str]  # where everybody of the neighbourhood is now
    before: Collection[str]  # golden ids that were there before the change
    cause: Cause
    at: datetime
    minted: Collection[str] = ()  # ids nothing was ever asked about
    known: Collection[int] | None = None  # the tasks about what was there before, where these were asked for already
    asked: Asked = field(default_factory=Asked)

    def bring_up_to_date(self) -> Asked:
        existing = self._existing()
        wanted = self._wanted()
        if not wanted and not existing:
            return self.asked
        pairs = _match(wanted, existing, self._pair)
        kept = {one.id for one, _ in pairs}
        taken = {question(task) for _, task in pairs}
        changed = {one.id: (task, self._about(task)) for one, task in pairs if self._differs(one, task)}
        tasks.change(self.tx, changed, self.at)
        self._close([one for one in existing if one.id not in kept])
        fresh = [task for task in wanted if question(task) not in taken]
        tasks.open_(self.tx, self.rules.entity, [(task, self._about(task)) for task in fresh], self.at)
        self.asked = Asked(len(fresh), len(changed), self.asked.closed)
        return self.asked

    def _existing(self) -> list[StoredTask]:
        """The open tasks about what was there before, and about what is there now."""
        ids = {*self.before, *self.golden_of.values()}.difference(self.minted)
        if self.known is None:
            return tasks.open_about(self.tx, ids)
        return tasks.open_ones(self.tx, {*self.known, *tasks.ask_about(self.tx, ids.difference(self.before))()})

    # -- what should be asked --

    def _wanted(self) -> list[ReviewTask]:
        """The questions that touch this neighbourhood. Its neighbours' clusters are needed whole to ask about them."""
        near = self._near()
        if not near and not self.clustering.refusals and not self.found.decisions and not self._scattered():
            return []
        around = self._around(near)
        for placed in around:
            if placed.golden is not None:
                self.golden_of.setdefault(placed.ref, placed.golden)
        own = set(self.found.placed)
        whole = Clustering((*self.clustering.clusters, *_clusters(around)), self.clustering.refusals)
        members = [*self.found.members(), *(Member(p.ref, p.node, p.trusted) for p in around)]
        self.evidence.listed = {member.node for member in members}
        found = review_tasks(
            whole,
            members=members,
            near=near,
            evidence=self.evidence,
            decisions=self.found.decisions,
            rules=self.rules.clusters,
        )
        return [task for task in found if not own.isdisjoint((*task.left, *task.right))]

    def _near(self) -> list[tuple[int, int]]:
        rules = self.rules.clusters
        return [
            pair
            for pair, edge in self.found.edges.items()
            if edge.match is None and rules.review_bits <= edge.bits < rules.match_bits and self._inside(pair)
        ]

    def _inside(self, pair: tuple[int, int]) -> bool:
        return pair[0] in self.found.in_node or pair[1] in self.found.in_node

    def _scattered(self) -> bool:
        return any(len(refs) > 1 for refs in self.found.in_node.values())

    def _around(self, near: Iterable[tuple[int, int]]) -> list[Placed]:
        """Everybody in the nodes next door, and in their golden records, as far as those are settled."""
        next_door = {node for pair in near for node in pair} - self.found.in_node.keys()
        if not next_door:
            return []
        there = sources.in_nodes(self.tx, next_door)
        ids = {placed.golden for placed in there if placed.golden is not None}
        together = {placed.ref: placed for placed in (*there, *sources.behind_goldens(self.tx, ids))}
        return [placed for placed in together.values() if placed.golden is not None and placed.ref not in self.found.placed]

    # -- what is asked already --

    def _about(self, task: ReviewTask) -> list[str]:
        """The golden records of its left side, its right side, and all others it names."""
        ids = [self.golden_of[ref] for ref in (*task.left, *task.right)]
        return [ids[0], ids[len(task.left)], *sorted(set(ids))]

    def _differs(self, one: StoredTask, task: ReviewTask) -> bool:
        about = self._about(task)
        stands = one.task.bits == task.bits and one.task.reason == task.reason and one.task.detail == task.detail
        return not (stands and question(one.task) == question(task) and (one.left_golden, one.right_golden) == tuple(about[:2]))

    def _pair(self, task: ReviewTask) -> frozenset[str] | None:
        """The golden records a task is between, as they are now."""
        ids = {self.golden_of.get(ref) for ref in (task.left[0], task.right[0])}
        return None if None in ids else frozenset(one for one in ids if one is not None)

    def _close(self, over: Sequence[StoredTask]) -> None:
        self._find({ref for one in over for ref in (*one.task.left, *one.task.right)})
        closed = {one.id: self._reason(one.task) for one in over if one.started_by is None or self._answers(one.task)}
        tasks.close(self.tx, closed, self.at)
        self.asked.closed = len(closed)

    def _find(self, refs: set[RecordRef]) -> None:
        """Learn where records stand that lie outside of this neighbourhood."""
        missing = refs - self.golden_of.keys()
        for head in sources.heads(self.tx, self.rules.entity, {(ref.system, ref.key) for ref in missing}).values():
            if head.live and head.golden is not None:
                self.golden_of.setdefault(head.ref, head.golden)

    def _reason(self, task: ReviewTask) -> tuple[str, str]:
        refs = (*task.left, *task.right)
        if self._answers(task):
            return str(self.cause.facts.get("by", HUB)), f"Decided: {self.cause.facts.get('verdict', 'withdrawn')}."
        if any(ref not in self.golden_of for ref in refs):
            return HUB, "A record it asks about is gone, or has no golden record of its own yet."
        if len({self.golden_of[ref] for ref in refs}) == 1:
            return HUB, "They are one golden record now."
        return HUB, "The evidence no longer asks for it."

    def _answers(self, task: ReviewTask) -> bool:
        """Whether the decision that brought us here speaks about this task."""
        if self.cause.kind != "decision":
            return False
        named = {RecordRef(*ref) for ref in self.cause.facts.get("records", ())}
        return not named.isdisjoint(task.left) and not named.isdisjoint(task.right)


def question(task: ReviewTask) -> Question:
    return task.kind, task.left, task.right


def _clusters(around: Iterable[Placed]) -> list[tuple[RecordRef, ...]]:
    found: dict[str, list[RecordRef]] = {}
    for placed in around:
        if placed.golden is not None:
            found.setdefault(placed.golden, []).append(placed.ref)
    return [tuple(sorted(refs)) for refs in found.values()]


def _match(
    wanted: Sequence[ReviewTask], existing: Sequence[StoredTask], pair: Callable[[ReviewTask], frozenset[str] | None]
) -> list[tuple[StoredTask, ReviewTask]]:
    """Tasks that are there and questions that should be: equal ones first, then those between the same golden records."""
    open_now: dict[Question, StoredTask] = {}
    for one in existing:
        open_now.setdefault(question(one.task), one)
    pairs = [(open_now[question(task)], task) for task in wanted if question(task) in open_now]
    kept = {one.id for one, _ in pairs}
    taken = {question(task) for _, task in pairs}
    by_pair: dict[frozenset[str], list[StoredTask]] = {}
    for one in existing:
        between = pair(one.task)
        if one.id not in kept and between is not None:
            by_pair.setdefault(between, []).append(one)
    for task in wanted:
        listed = by_pair.get(pair(task) or frozenset(), [])
        if question(task) not in taken and listed:
            pairs.append((listed.pop(0), task))
    return pairs
