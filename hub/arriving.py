"""Where resolving and attaching begin: which version of each record holds now, and which keys its source merged away."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from hub.records import RecordRef, SourceRecord
from hub.store import sources
from hub.store.sources import Head, Known, SourceKey
from hub.versions import ALIASES, CURRENT, DELETED, Fold, Held, fold


@dataclass(slots=True)
class Arrival:
    """What a batch did to the records held. Heads in ``changed`` are not yet written: they have no node yet."""

    changed: dict[SourceKey, Head] = field(default_factory=dict)
    advanced: list[Head] = field(default_factory=list)  # the same content, said again or not enough to hold
    left: dict[RecordRef, str] = field(default_factory=dict)  # no longer in its old place -> the golden record it was in
    new: Collection[SourceKey] = ()  # keys nothing was held of before
    was_live: set[RecordRef] = field(default_factory=set)
    taken: int = 0
    redelivered: int = 0
    states: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    gaps: list[SourceKey] = field(default_factory=list)  # keys that need a full record


def arrive(
    tx: Connection,
    entity: str,
    records: Sequence[SourceRecord],
    at: datetime,
    *,
    pointers: bool | None = None,
    known: Known | None = None,
) -> Arrival:
    """Put versions into the history and fold them onto what is held. ``pointers``: whether any held key was merged away, where
    that is known already; ``known``: what is known of these records, where that was asked already.
    """
    arrival = Arrival()
    messages, held = known or sources.ask_known(tx, entity, records)()
    fresh = _fresh(records, messages, arrival)
    if not fresh:
        return arrival
    by_key: dict[SourceKey, list[SourceRecord]] = defaultdict(list)
    for record in fresh:
        by_key[record.ref.system, record.ref.key].append(record)
    heads = {key: held[key] for key in by_key if key in held}
    arrival.new = by_key.keys() - heads.keys()
    arrival.was_live.update(head.ref for head in heads.values() if head.live)
    folds = _folds(tx, entity, by_key, heads)
    _write_states(tx, entity, fresh, folds, arrival, at)
    for key, folded in sorted(folds.items()):
        _compare(key, heads.get(key), folded, by_key[key], arrival)
    settle_aliases(tx, entity, arrival, pointers)
    for head in arrival.changed.values():
        _leave(head, arrival)
    return arrival


def _leave(head: Head, arrival: Arrival) -> None:
    """Who became a member or stopped being one, and what is no longer a merged key, leaves the place it had."""
    turned = head.live != (head.ref in arrival.was_live)
    if head.golden is not None and (turned or (not head.live and head.record.operation not in ALIASES)):
        arrival.left[head.ref] = head.golden
        head.golden = None


def _fresh(records: Sequence[SourceRecord], known: set[str], arrival: Arrival) -> list[SourceRecord]:
    """A message that was taken before is recognised by its id."""
    fresh = []
    for record in records:
        if record.message_id in known:
            arrival.redelivered += 1
        else:
            known.add(record.message_id)
            fresh.append(record)
    arrival.taken = len(fresh)
    return fresh


def _folds(
    tx: Connection, entity: str, by_key: dict[SourceKey, list[SourceRecord]], heads: dict[SourceKey, Head]
) -> dict[SourceKey, Fold]:
    """Younger versions go on from what is held; a late one, a replay, or a gap, makes us read the history of its key."""
    whole = [
        key for key, head in heads.items() if head.gap or any(r.replayed_at or r.version <= head.version for r in by_key[key])
    ]
    histories = sources.history(tx, entity, whole) if whole else {}
    folds = {}
    for key, fresh in by_key.items():
        head = heads.get(key)
        if key in histories:
            folds[key] = fold([*histories[key], *fresh])
        else:
            folds[key] = fold(fresh, Held(head.record, head.version, head.position) if head else None)
    return folds


def _write_states(
    tx: Connection,
    entity: str,
    fresh: Iterable[SourceRecord],
    folds: dict[SourceKey, Fold],
    arrival: Arrival,
    at: datetime,
) -> None:
    states = {message: state for folded in folds.values() for message, state in folded.states.items()}
    made = list(fresh)
    sources.add_versions(tx, made, states, at)
    new = {record.message_id for record in made}
    for message in new:
        arrival.states[states[message]] += 1
    # What was there before is written again whether it changed or not: to ask would cost as much.
    sources.change_states(tx, entity, {message: state for message, state in states.items() if message not in new})


def _compare(key: SourceKey, before: Head | None, folded: Fold, fresh: list[SourceRecord], arrival: Arrival) -> None:
    if folded.gap:
        arrival.gaps.append(key)
    head = _head(folded, fresh)
    if before is not None and head.ref == before.ref:
        head.live, head.node, head.golden, head.trusted = before.live, before.node, before.golden, before.trusted
    elif before is not None:
        head.node = before.node  # until the next step takes it out of there
        if before.golden is not None:
            arrival.left[before.ref] = before.golden
    if before is not None and _holds_the_same(before, head):
        arrival.advanced.append(head)
        return
    if head.record.operation not in ALIASES:
        head.live = not head.empty and not _held(head).gone
    arrival.changed[key] = head


def _head(folded: Fold, fresh: list[SourceRecord]) -> Head:
    if folded.held is None:  # all versions wait: the greatest stands for the key until one holds
        last = max(fresh, key=lambda version: (version.version, version.message_id))
        return Head(last, last.version, last.position, gap=True, empty=True)
    return Head(folded.held.record, folded.held.version, folded.held.position, gap=folded.gap)


def _held(head: Head) -> Held:
    return Held(head.record, head.version, head.position)


def _holds_the_same(before: Head, after: Head) -> bool:
    if before.empty or after.empty:
        return before.empty and after.empty and before.ref == after.ref
    one, other = before.record, after.record
    return (one.ref, one.operation, one.target, one.effective_at, one.data) == (
        other.ref,
        other.operation,
        other.target,
        other.effective_at,
        other.data,
    )


def settle_aliases(tx: Connection, entity: str, arrival: Arrival, pointers: bool | None = None) -> None:
    """A key that its source merged into another closes as soon as that other is known; until then its record stays.

    Keys that go in a circle contradict each other, and all stay.
    """
    pointing = any(head.record.operation in ALIASES for head in arrival.changed.values())
    if not pointing and not (sources.any_pointers(tx, entity) if pointers is None else pointers):
        return
    known = _neighbourhood(tx, entity, arrival)
    flips: dict[str, str] = {}
    for key, head in sorted(known.items()):
        if head.empty or head.record.operation not in ALIASES:
            continue
        live = bool(head.record.data) and not is_closed(key, known)
        flips[head.record.message_id] = CURRENT if live else DELETED
        if live != head.live or key in arrival.changed:
            arrival.was_live.update([head.ref] if head.live else [])
            head.live = live
            arrival.changed[key] = head
    arrival.advanced = [head for head in arrival.advanced if head.source_key not in arrival.changed]
    sources.change_states(tx, entity, flips)


def _neighbourhood(tx: Connection, entity: str, arrival: Arrival) -> dict[SourceKey, Head]:
    """Changed heads, all that lead to them, and all they lead to."""
    known = {head.source_key: head for head in arrival.advanced} | arrival.changed
    edge = list(arrival.changed)
    while edge:
        found = [head for head in sources.pointing_at(tx, entity, edge) if head.source_key not in known]
        known.update((head.source_key, head) for head in found)
        edge = [head.source_key for head in found]
    wanted = targets(known.values()) - known.keys()
    while wanted:
        heads = sources.heads(tx, entity, wanted)
        known.update(heads)
        wanted = targets(heads.values()) - known.keys()
    return known


def targets(heads: Iterable[Head]) -> set[SourceKey]:
    """Where these heads lead."""
    return {(h.ref.system, h.record.target) for h in heads if h.record.target and h.record.operation in ALIASES}


def is_closed(key: SourceKey, known: Mapping[SourceKey, Head]) -> bool:
    """Whether a merged key's target is known, and its way does not lead back to itself."""
    first = _target(known.get(key))
    if first is None or first not in known:
        return False
    seen: set[SourceKey] = {key}
    step: SourceKey | None = first
    while step is not None and step in known:
        if step == key:
            return False
        if step in seen:  # a circle further on, which is not ours
            return True
        seen.add(step)
        step = _target(known[step])
    return True


def _target(head: Head | None) -> SourceKey | None:
    if head is None or head.empty or head.record.operation not in ALIASES or head.record.target is None:
        return None
    return head.ref.system, head.record.target
