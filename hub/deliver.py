"""deliver: what changed in golden records is written to the systems that asked for it, each at its own pace.

    outbox -> due -> current golden record -> mapping -> look -> remember what stands there -> write -> receipts

A delivery has a place of its own in the outbox, so one failing system delays no other. What goes out is the golden record as
it is by then: a later version replaces an earlier one that still waits, and a parked one that is tried again says what is true
today. Before anything is written it is kept what is about to be written and what stands there, so that even after a crash the hub
knows its own words when it reads them (`tell_echoes`), and never takes them for the system's.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from sqlalchemy import Connection

from hub.contract import CONFLICT, REFUSED, RETRY, UNCHANGED, WRITTEN, WriteCommand, Writer, WriteResult, WriteTarget
from hub.errors import MappingFailed, Misconfigured, Retryable, Throttled
from hub.mapping.values import as_value
from hub.records import Damage, Data, RawRecord, RecordRef
from hub.store import deliveries, goldens, outbox, relays, sources, written
from hub.store.deliveries import DONE, PARKED, WAITING, Due, Receipt
from hub.store.goldens import Golden
from hub.store.written import Written

TOGETHER = 200  # golden records of one round
LEASE = timedelta(minutes=5)  # after which others take over what a dead deliverer had
LADDER = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 300, 3600))
MOST_ATTEMPTS = 12
_PATIENCE = timedelta(seconds=30)  # with a system that does not answer

Begin = Callable[[], AbstractContextManager[Connection]]


class Renders(Protocol):
    """An outbound mapping, as this stage needs it."""

    def render(self, golden: Data, key: str, own: Data | None = None) -> Data | None: ...


@dataclass(frozen=True)
class DeliveryPlan:
    """One delivery, ready to run."""

    name: str
    system: str
    entity: str
    mapping: Renders
    target: WriteTarget  # its columns are those the mapping makes, without those the system owns
    last_read: Callable[[Connection, Sequence[str]], Mapping[str, Data]] = lambda tx, keys: {}
    """The records of the target's stream as the hub read them last, by key, where they are still kept."""


@dataclass
class Delivered:
    """What one run of one delivery did."""

    delivery: str
    queued: int = 0  # golden records that changed since the last time
    results: Counter[str] = field(default_factory=Counter)  # by state: written, unchanged, conflict, retry, refused
    parked: int = 0
    state: str = "done"  # done | failed: later again | stopped: a person changes something
    message: str = ""

    def as_dict(self) -> Data:
        counted = {state: self.results[state] for state in (WRITTEN, UNCHANGED, CONFLICT, RETRY, REFUSED)}
        told = {"delivery": self.delivery, "state": self.state, "message": self.message, "queued": self.queued}
        return {**told, **counted, "parked": self.parked}


@dataclass
class _Wish:
    """One golden record on its way out."""

    due: Due
    version: int = 0
    commands: list[WriteCommand] = field(default_factory=list)
    results: list[WriteResult] = field(default_factory=list)
    answer: str = ""  # why it cannot be said in the system's words
    intents: dict[str, list[tuple[Written, Written | None]]] = field(default_factory=dict)  # by key, with what was known before

    def command(self, key: str) -> WriteCommand:
        return next(one for one in self.commands if one.key == key)


def deliver(plan: DeliveryPlan, writer: Writer, begin: Begin, clock: Callable[[], datetime]) -> Delivered:
    """Write what is due, until nothing is. A system that is not ready, or a setting that is wrong, ends the run and is told."""
    done = Delivered(plan.name)
    try:
        while queued := queue(plan, begin, clock()):
            done.queued += queued
        while _round(plan, writer, begin, clock, done):
            pass
    except Misconfigured as wrong:
        done.state, done.message = "stopped", wrong.message
    except Retryable as later:
        done.state, done.message = "failed", later.message
    return done


def is_due(tx: Connection, plan: DeliveryPlan, now: datetime) -> bool:
    """Whether there is anything to do now."""
    reached = relays.reached(tx, f"{plan.name}/{plan.entity}")
    return reached < outbox.last(tx, plan.entity) or deliveries.any_due(tx, plan.name, now)


def queue(plan: DeliveryPlan, begin: Begin, now: datetime) -> int:
    """Go on in the outbox: what changed is due. How many announcements there were."""
    place = f"{plan.name}/{plan.entity}"
    with begin() as tx:
        reached = relays.reached(tx, place, alone=True)
        if reached < outbox.cut(tx, plan.entity):
            return _queue_all(tx, plan, place, now)
        found = goldens.announced(tx, plan.entity, after=reached, limit=1000)
        if not found:
            return 0
        latest = {one.golden_id: one for one in found}
        known = deliveries.by_golden(tx, plan.name, latest, alone=True)
        changed = []
        for one in latest.values():
            before = known.get(one.golden_id)
            is_there = any(member["system"] == plan.system for member in one.data["members"])
            if is_there or before is not None:
                changed.append(_due(plan, one.golden_id, one.version, one.id, before, now, WAITING if is_there else DONE))
        deliveries.put(tx, changed)
        relays.reach(tx, place, found[-1].id)
        return len(found)


def _queue_all(tx: Connection, plan: DeliveryPlan, place: str, now: datetime) -> int:
    """A delivery younger than the outbox begins with all golden records as they are."""
    end, total = outbox.last(tx, plan.entity), 0
    for golden in goldens.every(tx, plan.entity):
        if any(ref.system == plan.system for ref in golden.members):
            deliveries.put(tx, [_due(plan, golden.id, golden.version, end, None, now, WAITING)])
            total += 1
    relays.reach(tx, place, end)
    return total


def _due(plan: DeliveryPlan, golden_id: str, version: int, place: int, before: Due | None, now: datetime, state: str) -> Due:
    delivered = before.delivered if before else 0
    held = before is not None and before.state == WAITING and before.next_at > now and not before.attempts
    return Due(plan.name, golden_id, version, place, state, delivered, 0, before.next_at if before and held else now, "", now)


def _round(plan: DeliveryPlan, writer: Writer, begin: Begin, clock: Callable[[], datetime], done: Delivered) -> bool:
    """Some golden records: what they should be, what stands there, what became of it. Whether there were any."""
    now = clock()
    with begin() as tx:
        claimed = deliveries.claim(tx, plan.name, now, now + LEASE, TOGETHER)
        wishes = _rendered(tx, plan, claimed)
    if not claimed:
        return False
    try:
        _write(plan, writer, begin, clock, wishes)
    except Retryable as later:
        wait = timedelta(seconds=later.facts.get("wait", 0)) if isinstance(later, Throttled) else _PATIENCE
        _settle(plan, begin, clock(), wishes, done)
        with begin() as tx:
            left = [wish.due.golden_id for wish in wishes if len(wish.results) < len(wish.commands)]
            deliveries.put_off(tx, plan.name, left, clock() + max(wait, _PATIENCE), later.message)
        raise
    except Misconfigured:
        with begin() as tx:
            deliveries.put_off(tx, plan.name, [one.golden_id for one in claimed], now, "")
        raise
    _settle(plan, begin, clock(), wishes, done)
    return True


def _rendered(tx: Connection, plan: DeliveryPlan, claimed: Sequence[Due]) -> list[_Wish]:
    """The golden records as they are now, in the system's words: one command for each record it has of them."""
    held = goldens.by_id(tx, [due.golden_id for due in claimed])
    refs = {ref: golden for golden in held.values() for ref in golden.members if ref.system == plan.system}
    own = sources.contents(tx, plan.entity, list(refs))
    wishes = [_Wish(due, held[due.golden_id].version if due.golden_id in held else due.version) for due in claimed]
    for wish in wishes:
        golden = held.get(wish.due.golden_id)
        for ref in golden.members if golden is not None and golden.live else ():
            if golden is not None and ref.system == plan.system:
                _render(plan, golden, ref, own[ref].data if ref in own else {}, wish)
    return wishes


def _render(plan: DeliveryPlan, golden: Golden, ref: RecordRef, own: Data, wish: _Wish) -> None:
    members = [{"system": one.system, "key": one.key} for one in golden.members]
    whole = {**golden.data, "id": golden.id, "version": golden.version, "state": golden.state, "members": members}
    try:
        made = plan.mapping.render(whole, ref.key, own)
    except MappingFailed as failed:
        wish.answer = failed.message
        return
    values = {name: value for name, value in (made or {}).items() if name in plan.target.columns}
    if values:
        wish.commands.append(WriteCommand(f"{golden.id}:{golden.version}", ref.key, values))


def _write(plan: DeliveryPlan, writer: Writer, begin: Begin, clock: Callable[[], datetime], wishes: list[_Wish]) -> None:
    """Look, keep what stands there, write. Results come to their wishes as they are given."""
    wish_of = {command.key: wish for wish in wishes for command in wish.commands}
    if not wish_of:
        return
    there = writer.look(plan.target, list(wish_of))
    with begin() as tx:
        notes = written.of(tx, plan.system, plan.target.name, there)
        read = plan.last_read(tx, list(there))
        meant: list[WriteCommand] = []
        for command in [command for wish in wishes for command in wish.commands]:
            now = {name: as_value(value) for name, value in there.get(command.key, {}).items()}
            known = notes.get(command.key, {})
            if other := _unread(command, now, known, read.get(command.key, {})):
                said = f"changed there, and not read yet: {', '.join(other)}"
                wish_of[command.key].results.append(WriteResult(command.id, command.key, CONFLICT, said))
                continue
            intents = [
                _noted(plan, command, name, known.get(name), now[name], value, clock())
                for name, value in command.values.items()
                if name in now and now[name] != value
            ]
            written.keep(tx, intents)
            wish_of[command.key].intents[command.key] = [(note, known.get(note.column)) for note in intents]
            expected = {name: value for name, value in there.get(command.key, {}).items() if name in command.values}
            meant.append(replace(command, expected=expected))
    for result in writer.write(plan.target, meant):
        wish_of[result.key].results.append(result)


def _unread(command: WriteCommand, now: Data, notes: Mapping[str, Written], read: Data) -> list[str]:
    """Columns that hold what the hub neither wrote nor read: somebody has changed them, and shall be heard first."""
    other = []
    for name, wanted in command.values.items():
        if name not in now or now[name] == wanted:
            continue
        if name in notes:
            if notes[name].is_edit(now[name]):
                other.append(name)
        elif name in read and as_value(read[name]) != now[name]:
            other.append(name)
    return other


def _noted(
    plan: DeliveryPlan, command: WriteCommand, name: str, known: Written | None, before: Any, value: Any, at: datetime
) -> Written:
    """A column the hub has words in. What stood there is the system's own, unless it was the hub's already."""
    golden_id, _, version = command.id.rpartition(":")
    ours = known is not None and known.is_echo(before)
    former = known.former if known is not None and ours else before
    earlier = [one for one in (known.written if known is not None and not known.is_edit(before) else ()) if one != value]
    return Written(
        plan.system, plan.target.name, command.key, name, (*earlier, value), former, plan.name, golden_id, int(version), at
    )  # fmt: skip


def _settle(plan: DeliveryPlan, begin: Begin, now: datetime, wishes: Sequence[_Wish], done: Delivered) -> None:
    """Keep what became of it: what was written, receipts, and where each golden record stands."""
    results = [(wish, result) for wish in wishes for result in wish.results]
    with begin() as tx:
        notes = written.of(tx, plan.system, plan.target.name, [result.key for _, result in results])
        for wish, result in results:
            _keep_words(tx, plan, wish, result, notes.get(result.key, {}), now)
            done.results[result.state] += 1
        receipts = [_receipt(plan, wish, result, now) for wish, result in results]
        deliveries.add_receipts(tx, receipts)
        latest = deliveries.by_golden(tx, plan.name, [wish.due.golden_id for wish in wishes], alone=True)
        settled = [_outcome(latest[wish.due.golden_id], wish, now) for wish in wishes if len(wish.results) == len(wish.commands)]
        deliveries.put(tx, settled)
        done.parked += sum(one.state == PARKED for one in settled)


def _receipt(plan: DeliveryPlan, wish: _Wish, result: WriteResult, at: datetime) -> Receipt:
    columns = sorted(wish.command(result.key).values)
    return Receipt(plan.name, wish.due.golden_id, wish.version, result.key, result.state, columns, result.answer, at)


def _keep_words(
    tx: Connection, plan: DeliveryPlan, wish: _Wish, result: WriteResult, notes: Mapping[str, Written], at: datetime
) -> None:
    """After a write: every column that holds something else because of it, also those that the system itself set in answer.

    Where nothing was written, what was about to be is forgotten.
    """
    command = wish.command(result.key)
    if result.state != WRITTEN:
        if result.state != UNCHANGED:  # else an attempt before this one, whose end nobody saw, may have written it
            intents = wish.intents.get(result.key, ())
            written.keep(tx, [before for _, before in intents if before is not None])
            written.forget(tx, [note for note, before in intents if before is None])
        return
    before = {name: as_value(value) for name, value in result.before.items()}
    held = {name: as_value(value) for name, value in result.held.items()}
    kept = [
        _noted(plan, command, name, notes.get(name), before.get(name), value, at)
        for name, value in held.items()
        if value != before.get(name)
    ]
    own = [note for note in kept if note.former == note.written[-1]]
    written.keep(tx, [note for note in kept if note not in own])
    written.forget(tx, own)  # what stands there now is the system's own word again


def _outcome(due: Due, wish: _Wish, now: datetime) -> Due:
    """Where a golden record stands after an attempt. One that changed again meanwhile waits again at once."""
    states = {result.state for result in wish.results}
    answers = "; ".join(f"{one.key}: {one.answer}" for one in wish.results if one.state not in (WRITTEN, UNCHANGED))
    if due.version > wish.version:
        return replace(due, state=WAITING, attempts=0, next_at=now, changed_at=now)
    if wish.answer or REFUSED in states:
        return replace(due, state=PARKED, answer=wish.answer or answers, next_at=now, changed_at=now)
    if states & {CONFLICT, RETRY}:
        attempts = due.attempts + 1
        state = PARKED if attempts >= MOST_ATTEMPTS else WAITING
        wait = LADDER[min(attempts, len(LADDER)) - 1]
        return replace(due, state=state, attempts=attempts, next_at=now + wait, answer=answers, changed_at=now)
    return replace(due, state=DONE, delivered=wish.version, attempts=0, next_at=now, answer="", changed_at=now)


def tell_echoes(
    items: Sequence[RawRecord | Damage], keys: Sequence[str | None], notes: Mapping[str, Mapping[str, Written]]
) -> tuple[list[RawRecord | Damage], list[Written]]:
    """Raw records with what the system said before the hub wrote, where they hold the hub's own words; and what counts no more.

    A value that is neither the hub's nor the one from before is an edit: it is the system's own word again.
    """
    told: list[RawRecord | Damage] = []
    edited: list[Written] = []
    for item, key in zip(items, keys, strict=True):
        known = notes.get(key or "", {})
        echoes: Data = {}
        for name, note in known.items():
            if isinstance(item, RawRecord) and name in item.data:
                value = as_value(item.data[name])
                if note.is_echo(value):
                    echoes[name] = note.former
                elif note.is_edit(value):
                    edited.append(note)
        told.append(replace(item, echoes=echoes) if echoes and isinstance(item, RawRecord) else item)
    return told, edited
