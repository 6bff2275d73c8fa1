"""resolve: source records become golden records, one transaction per micro-batch.

    versions -> nodes and evidence -> whole components -> clusters -> ids -> values -> outbox -> tasks

``arriving``, ``meeting``, ``gathering``, ``settling``, ``announcing`` and ``asking`` are these steps in order. Everything from
candidates to commit happens in one critical section per entity. The answer is a function of record versions, decisions, rules
and date, whatever the order of arrival, as soon as the redo queue is empty.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection

from hub.arriving import Arrival, arrive
from hub.errors import Rejected
from hub.following import follow_customers, follow_moves
from hub.records import Decision, RecordRef, SourceRecord
from hub.resolve.announcing import Announcer
from hub.resolve.asking import Desk
from hub.resolve.gathering import Evidence, Gathering
from hub.resolve.meeting import Meeting, Ready, Weigher, explain, meet, remeet
from hub.resolve.minting import uuid7_mint
from hub.resolve.rebuilding import Difference, differences
from hub.resolve.rules import Rules, hold_to, put_in_force, read_rules
from hub.resolve.settling import Cause, Settlement, pins_of, stand
from hub.store import active, goldens, nodes, redo, rows, sources
from hub.store import decisions as decided
from hub.store.active import Standing
from hub.store.decisions import PinnedValue
from hub.store.nodes import Ahead
from hub.store.sources import Head, Known, SourceKey
from hub.store.store import critical
from hub.survivorship import survive

__all__ = ["Difference", "Outcome", "Resolver", "Rules", "read_rules"]

_NOTHING: Mapping[RecordRef, SourceRecord] = {}
_FEW = 4  # records whose nodes are made sooner than it is asked whether they are needed


@dataclass(slots=True)
class Outcome:
    """What one transaction did, in numbers."""

    taken: int = 0
    redelivered: int = 0
    states: dict[str, int] = field(default_factory=dict)  # of the versions taken: current, superseded, unchanged, ...
    announced: dict[str, int] = field(default_factory=dict)  # by kind
    compared: int = 0
    tasks_opened: int = 0
    tasks_closed: int = 0
    put_off: int = 0
    gaps: list[SourceKey] = field(default_factory=list)  # keys whose source must be asked for a full record

    def add(self, other: Outcome) -> None:
        """Count another transaction in."""
        for name in ("taken", "redelivered", "compared", "tasks_opened", "tasks_closed", "put_off"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        for name in ("states", "announced"):
            mine = getattr(self, name)
            for kind, number in getattr(other, name).items():
                mine[kind] = mine.get(kind, 0) + number
        self.gaps += other.gaps


@dataclass(slots=True)
class _Change:
    """What set a settlement going."""

    cause: Cause
    meeting: Meeting
    contents: Mapping[RecordRef, SourceRecord] = field(default_factory=dict)
    fresh: Collection[RecordRef] = ()
    left: Mapping[RecordRef, str] = field(default_factory=dict)
    refs: Collection[RecordRef] = ()  # whose decisions lead further
    goldens: Collection[str] = ()  # golden records that were touched
    over: Mapping[SourceKey, Head] = field(default_factory=dict)  # heads that are not written yet
    new: Collection[SourceKey] = ()  # those of them nothing was held of before
    standing: Standing | None = None


class Resolver:
    """Resolves the records of one entity under one set of rules. Not shared between threads."""

    def __init__(
        self,
        rules: Rules,
        *,
        clock: Callable[[], datetime] | None = None,
        mint: Callable[[], str] | None = None,
        renew: Callable[[Connection], Rules | None] = lambda tx: None,
    ) -> None:
        """``renew`` is asked for the rules in force when they are not these any more; None: there are no others to hold."""
        self.rules, self.renew = rules, renew
        self.clock = clock or (lambda: datetime.now(UTC))
        self.mint = mint or uuid7_mint(self.clock)
        self.weigher = Weigher(rules.entity, rules.matching)

    @property
    def entity(self) -> str:
        return self.rules.entity

    # -- records --

    def resolve(self, tx: Connection, records: Sequence[SourceRecord], as_of: date) -> Outcome:
        """Take a micro-batch. Taking it again changes nothing."""
        ready = self._think_ahead(tx, records)
        standing, known, ahead = self._begin(tx, records, ready)
        at = self.clock()
        if self._take_up(tx, standing.rules, at):
            ready, ahead = self._think_ahead(tx, records), None
        arrival = arrive(tx, self.entity, records, at, pointers=standing.pointers, known=known)
        outcome = Outcome(arrival.taken, arrival.redelivered, dict(arrival.states), gaps=arrival.gaps)
        if not arrival.changed:
            sources.put_heads(tx, arrival.advanced)
        else:
            meeting = self._meet(tx, arrival, at, standing, ready, ahead)
            outcome.compared = meeting.compared
            live = {head.ref: head.record for head in arrival.changed.values() if head.live}
            refs = {*(head.ref for head in arrival.changed.values()), *arrival.left}
            around = {head.golden for head in arrival.changed.values() if head.golden is not None} | {*arrival.left.values()}
            over = {head.source_key: head for head in (*arrival.changed.values(), *arrival.advanced)}
            change = _Change(Cause("source"), meeting, live, live.keys(), arrival.left, refs, around, over, arrival.new, standing)
            self._settle(tx, change, at, as_of, outcome)
        return outcome

    def _begin(self, tx: Connection, records: Sequence[SourceRecord], ready: Ready) -> tuple[Standing, Known, Ahead | None]:
        """Enter the critical section and ask what can be asked at once; of a few records all that they need if they are new."""
        with rows.together(tx, len(records)):
            critical(tx, self.entity)
            standing = active.ask_standing(tx, self.entity)
            known = sources.ask_known(tx, self.entity, records)
            few = ready and len(records) <= _FEW and tx.dialect.name == "postgresql"
            ahead = nodes.ask_ahead(tx, list(ready.values())) if few else None
            return standing(), known(), ahead() if ahead else None

    def _enter(self, tx: Connection) -> datetime:
        critical(tx, self.entity)
        at = self.clock()
        self._take_up(tx, active.rules_version(tx, self.entity), at)
        return at

    def _take_up(self, tx: Connection, held: str | None, at: datetime) -> bool:
        """Work under the rules in force from here on, or not at all; whether they are others than before."""
        if held in (None, self.rules.version):
            hold_to(tx, self.rules, at, held)
            return False
        fresh = self.renew(tx)
        hold_to(tx, fresh or self.rules, at, held)
        if fresh is not None:
            self.rules, self.weigher = fresh, Weigher(fresh.entity, fresh.matching)
        return True

    def _think_ahead(self, tx: Connection, records: Sequence[SourceRecord]) -> Ready:
        """What needs nobody else is done before others must wait: the nodes of records that say something new.

        What is read here may be out of date in the critical section: it only says what is worth the while.
        """
        few = len(records) <= _FEW
        held = {} if few else sources.heads(tx, self.entity, {(record.ref.system, record.ref.key) for record in records})
        return {
            id(record): self.weigher.node_of(record)
            for record in records
            if record.data and not record.delta and not _told_before(record, held)
        }

    def _meet(
        self, tx: Connection, arrival: Arrival, at: datetime, standing: Standing, ready: Ready, ahead: Ahead | None
    ) -> Meeting:
        changed: list[Head] = [arrival.changed[key] for key in sorted(arrival.changed)]
        meeting = meet(tx, self.weigher, changed, at, ready, ahead)
        goldens.close_references(tx, self.entity, dict.fromkeys(arrival.left, "closed"), at)
        follow_customers(tx, changed, new=arrival.new, referred=standing.references)
        return meeting

    def _settle(
        self, tx: Connection, change: _Change, at: datetime, as_of: date, outcome: Outcome, limit: int | None = -1
    ) -> None:
        """From what changed to golden records and tasks."""
        meeting = change.meeting
        bound = self.rules.matching.component_limit if limit == -1 else limit
        standing = change.standing or active.standing(tx, self.entity)
        gathering = Gathering(tx, self.weigher, standing, change.over, meeting, limit=bound)
        found = gathering.walk(meeting.touched, change.goldens, change.refs)
        found.without({node.id for node in meeting.gone}, meeting.dropped)
        nodes.remove(tx, meeting.gone)
        nodes.drop_edges(tx, meeting.dropped)
        waiting = found.put_off - {node.id for node in meeting.gone}
        redo.put(tx, self.entity, redo.COMPONENT, waiting, at)
        outcome.put_off += len(waiting)
        if limit is None:
            redo.done(tx, self.entity, redo.COMPONENT, found.walked)
        fresh = found.placed.keys() if limit is None else change.fresh
        evidence = Evidence(tx, self.weigher, found.edges, found.in_node)
        held = stand(tx, self.entity, found, standing, change.contents.keys(), change.over)
        settlement = Settlement(
            tx, self.rules, found, evidence, at, as_of, change.cause, self.mint,
            change.contents, change.left, fresh, standing, change.over, change.new, held,
        )  # fmt: skip
        settled = settlement.settle()
        _count(outcome, settled.announcer)
        follow_moves(tx, settled.moves.gone_over(), referred=standing.references)
        desk = Desk(
            tx, self.rules, found, settled.clustering, evidence, dict(settled.moves.after), found.goldens, change.cause, at,
            settled.moves.fresh - settled.moves.reinstated, held.tasks,
        )  # fmt: skip
        asked = desk.bring_up_to_date()
        outcome.tasks_opened += asked.opened
        outcome.tasks_closed += asked.closed

    # -- people --

    def decide(self, tx: Connection, decision: Decision, as_of: date) -> Outcome:
        """Take a steward's decision about two sets of records. The latest per pair of sets wins."""
        at = self._enter(tx)
        if not decision.left or not decision.right or set(decision.left) & set(decision.right):
            raise Rejected("A decision names two sets of records that have nothing in common.", code="decision_invalid")
        decided.add(tx, self.entity, decision)
        return self._after(tx, decision, decision.by, decision.verdict, at, as_of)

    def withdraw(self, tx: Connection, decision_id: str, by: str, as_of: date) -> Outcome:
        """Take a decision back; everything that rested on it is looked at again."""
        at = self._enter(tx)
        decision = decided.withdraw(tx, decision_id, by, at)
        if decision is None:
            raise Rejected(f"There is no decision {decision_id} to withdraw.", code="decision_unknown")
        return self._after(tx, decision, by, "withdrawn", at, as_of)

    def _after(self, tx: Connection, decision: Decision, by: str, verdict: str, at: datetime, as_of: date) -> Outcome:
        outcome = Outcome()
        refs = {*decision.left, *decision.right}
        heads = sources.heads(tx, self.entity, {(ref.system, ref.key) for ref in refs})
        meeting = Meeting(touched={head.node for head in heads.values() if head.node is not None})
        facts = {"id": decision.id, "by": by, "verdict": verdict, "records": sorted(refs)}
        outcome_refs = {*refs, *(head.ref for head in heads.values())}
        self._settle(tx, _Change(Cause("decision", facts), meeting, refs=outcome_refs), at, as_of, outcome)
        return outcome

    def pin(self, tx: Connection, pinned: PinnedValue, as_of: date) -> Outcome:
        """Fix a value of a record; it wins until it expires or is withdrawn."""
        at = self._enter(tx)
        decided.pin(tx, pinned)
        return self._after_pin(tx, pinned, pinned.by, at, as_of)

    def unpin(self, tx: Connection, pin_id: str, by: str, as_of: date) -> Outcome:
        at = self._enter(tx)
        pinned = decided.unpin(tx, pin_id, at)
        if pinned is None:
            raise Rejected(f"There is no pin {pin_id} to withdraw.", code="pin_unknown")
        return self._after_pin(tx, pinned, by, at, as_of)

    def _after_pin(self, tx: Connection, pinned: PinnedValue, by: str, at: datetime, as_of: date) -> Outcome:
        head = sources.heads(tx, self.entity, [(pinned.ref.system, pinned.ref.key)]).get((pinned.ref.system, pinned.ref.key))
        outcome = Outcome()
        if head is not None and head.golden is not None and head.live:
            self._survive_again(tx, [head.golden], {"kind": "pin", "id": pinned.id, "by": by}, at, as_of, outcome)
        return outcome

    # -- time --

    def due(self, tx: Connection, as_of: date, limit: int = 500) -> Outcome:
        """Recompute golden records that time alone may have changed; call again while it announces anything."""
        at = self._enter(tx)
        outcome = Outcome()
        ids = [golden.id for golden in goldens.due(tx, self.entity, as_of, limit)]
        self._survive_again(tx, ids, {"kind": "time", "as_of": as_of.isoformat()}, at, as_of, outcome)
        outcome.taken = len(ids)
        return outcome

    def _survive_again(
        self, tx: Connection, ids: Iterable[str], why: dict[str, Any], at: datetime, as_of: date, outcome: Outcome
    ) -> None:
        """New values for golden records whose members stay."""
        announcer = Announcer(tx, self.entity, at, as_of)
        listed = goldens.by_id(tx, ids)
        refs = [ref for golden in listed.values() for ref in golden.members]
        contents = sources.contents(tx, self.entity, refs)
        pins = pins_of(tx, self.entity, refs)
        for golden in sorted(listed.values(), key=lambda one: one.id):
            made = survive(
                [contents[ref] for ref in golden.members],
                self.rules.survivorship,
                as_of,
                [pin for ref in golden.members for pin in pins.get(ref, ())],
            )
            announcer.keep(golden.id, golden, golden.members, made, why)
        announcer.finish([])
        _count(outcome, announcer)

    # -- what was put off --

    def redo(self, tx: Connection, as_of: date, limit: int = 20) -> Outcome:
        """Do some of what was put off. The queue is empty when `taken` is 0."""
        at = self._enter(tx)
        outcome = Outcome()
        while outcome.taken < limit and (item := redo.take(tx, self.entity)) is not None:
            outcome.taken += 1
            whole = item.kind == redo.COMPONENT
            meeting = Meeting(touched={item.item}) if whole else remeet(tx, self.weigher, item.item)
            outcome.compared += meeting.compared
            self._settle(tx, _Change(Cause("redo"), meeting), at, as_of, outcome, limit=None if whole else -1)
        return outcome

    def adopt(self, tx: Connection, as_of: date, tell: Callable[[int], None] = lambda done: None) -> Outcome:
        """Bring everything under the rules this resolver holds: all evidence, clusters, values and tasks anew, ids kept.

        In one transaction, so that nobody sees half of it. ``tell`` hears how many records have met the others.
        """
        critical(tx, self.entity)
        at = self.clock()
        put_in_force(tx, self.rules, at)
        redo.forget(tx, self.entity)
        nodes.remove_all(tx, self.entity)
        outcome, touched = Outcome(), set[int]()
        for page in sources.live_heads(tx, self.entity):
            for head in page:
                head.node = None
            meeting = meet(tx, self.weigher, page, at)
            sources.put_heads(tx, page)
            touched |= meeting.touched
            outcome.taken += len(page)
            outcome.compared += meeting.compared
            tell(outcome.taken)
        while (item := redo.take(tx, self.entity)) is not None:  # keys that became generic on the way
            nodes.drop_edges(tx, remeet(tx, self.weigher, item.item).dropped)
        change = _Change(Cause("rules", {"version": self.rules.version, "model": self.rules.model}), Meeting(touched))
        self._settle(tx, change, at, as_of, outcome, limit=None)
        return outcome

    def rebuild(self, tx: Connection) -> list[Difference]:
        """Compute all golden records and tasks once more and say what differs: nothing, when the redo queue is empty."""
        return differences(tx, self.rules)

    # -- explain --

    def explain(self, tx: Connection, left: SourceKey, right: SourceKey) -> dict[str, Any]:
        """Why two records are, or are not, one customer."""
        heads = sources.heads(tx, self.entity, [left, right])
        for key in (left, right):
            if key not in heads or heads[key].empty:
                raise Rejected(f"No record {key[0]}:{key[1]} is held.", code="record_unknown")
        story = explain(self.weigher, heads[left].record, heads[right].record)
        story["together"] = heads[left].golden is not None and heads[left].golden == heads[right].golden
        about = decided.about(tx, self.entity, [left, right])
        refs = {heads[left].ref, heads[right].ref}
        story["decisions"] = [
            {"id": d.id, "verdict": d.verdict, "by": d.by, "why": d.why} for d in about if refs <= {*d.left, *d.right}
        ]
        return story


def _told_before(record: SourceRecord, held: Mapping[SourceKey, Head]) -> bool:
    head = held.get((record.ref.system, record.ref.key))
    return head is not None and head.ref == record.ref and head.record.data == record.data


def _count(outcome: Outcome, announcer: Announcer) -> None:
    for kind, number in announcer.kinds.items():
        outcome.announced[kind] = outcome.announced.get(kind, 0) + number
