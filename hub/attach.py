"""attach: orders, mails, invoices and the rest find the customers who took part in them.

A reference names a source key, or says what is known of the customer (an address, a number), which must have been his at the
time of the event. It is looked up and never founds a golden record. What finds nobody waits with its reason, and is looked at
again as soon as a customer turns up, changes or leaves under one of its lookups. Between the look-up and its commit no customer
changes, or it would be missed what became of him.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from hub.arriving import arrive, targets
from hub.contacts import moment, reference_words
from hub.matching.tokens import plain
from hub.records import SourceRecord
from hub.store import references, sources
from hub.store.references import ATTACHED, WAITING, ContactPoint, Participant
from hub.store.sources import Head, SourceKey
from hub.store.store import beside, critical

CUSTOMER = "customer"
ALONE = frozenset({"product", "campaign"})
"""Entities without customers: what we sell, and whom we write to."""

_EVENT_TIMES = ("occurred_at", "started_at", "booked_at", "ordered_at", "issued_at", "opened_at", "date", "at")


@dataclass(slots=True)
class Attached:
    """Records that found a customer, and records that wait for theirs."""

    attached: int = 0
    waiting: int = 0
    looked: int = 0  # records that were looked at again

    def add(self, other: Attached) -> None:
        self.attached += other.attached
        self.waiting += other.waiting
        self.looked += other.looked


def attach(tx: Connection, records: Sequence[SourceRecord], at: datetime) -> Attached:
    """Take records of any entity but the customer, and attach those whose customers are known."""
    done = Attached()
    by_entity: dict[str, list[SourceRecord]] = {}
    for record in records:
        by_entity.setdefault(record.entity, []).append(record)
    changed: dict[str, list[Head]] = {}
    for entity, listed in sorted(by_entity.items()):
        critical(tx, entity)
        arrival = arrive(tx, entity, listed, at)
        changed[entity] = [arrival.changed[key] for key in sorted(arrival.changed)]
        sources.put_heads(tx, [*changed[entity], *arrival.advanced])
    beside(tx, CUSTOMER)
    for entity, heads in changed.items():
        done.add(_attach(tx, entity, heads))
    return done


def _attach(tx: Connection, entity: str, heads: Sequence[Head]) -> Attached:
    live = [head for head in heads if head.live]
    made = [one for head in live for one in _participants(head)]
    found = _look_up(tx, made)
    words = {head.source_key: _words(head) for head in live}
    references.put(tx, entity, [head.source_key for head in heads], found, words)
    attached = {one.record for one in found if one.state == ATTACHED}
    return Attached(len(attached), len(live) - len(attached))


def reattach(tx: Connection, at: datetime, limit: int = 5000) -> Attached:
    """Look again at records whose customers changed. Positive: they found somebody; call again while any was looked at."""
    done = Attached()
    entities = references.to_reattach(tx)
    if not entities:
        return done
    for entity in entities:
        critical(tx, entity)
    beside(tx, CUSTOMER)
    for entity, keys in sorted(references.take_reattachments(tx, entities, limit).items()):
        before = references.of_records(tx, entity, keys)
        after = _look_up(tx, [replace(one, state=WAITING, why="", anchor=None) for one in before])
        changed = [new for old, new in zip(before, after, strict=True) if old != new]
        references.change(tx, changed)
        more = len(_attached(after)) - len(_attached(before))
        done.add(Attached(more, -more, len(keys)))
    return done


def _attached(listed: Iterable[Participant]) -> set[SourceKey]:
    return {one.record for one in listed if one.state == ATTACHED}


def _participants(head: Head) -> list[Participant]:
    record = head.record
    at = _event_time(record)
    if record.entity in ALONE:
        return [Participant(record.entity, head.source_key, 0, None, {}, at, ATTACHED, "stands on its own")]
    listed = [item for item in record.data.get("participants") or () if isinstance(item, Mapping)]
    if not listed:
        return [Participant(record.entity, head.source_key, 0, None, {}, at, WAITING, "names no customer")]
    return [
        Participant(record.entity, head.source_key, place, item.get("role"), dict(item.get("customer") or {}), at)
        for place, item in enumerate(listed)
    ]


def _event_time(record: SourceRecord) -> datetime:
    """When it happened: what the record says, else what its source says of its validity or change."""
    for name in _EVENT_TIMES:
        if (found := moment(record.data.get(name))) is not None:
            return found
    return record.valid_from or record.effective_at


def _words(head: Head) -> set[str]:
    return {word for one in _participants(head) for word in reference_words(one.reference, head.ref.system)}


def _look_up(tx: Connection, asked: Sequence[Participant]) -> list[Participant]:
    """Where each reference hangs, with few questions to the store for all of them."""
    open_ones = [one for one in asked if one.state == WAITING and one.reference]
    words = {word for one in open_ones for word in reference_words(one.reference, one.record[0])}
    reached = references.reached_by(tx, {word for word in words if not word.startswith("key:")})
    keys = {_named_key(one) for one in open_ones} | {point.record for points in reached.values() for point in points}
    heads = _followed(tx, {key for key in keys if key is not None})
    return [_find(one, reached, heads) if one.state == WAITING and one.reference else one for one in asked]


def _named_key(one: Participant) -> SourceKey | None:
    key = one.reference.get("key")
    return (str(one.reference.get("system") or one.record[0]), str(key)) if key else None


def _followed(tx: Connection, keys: Iterable[SourceKey]) -> dict[SourceKey, Head]:
    """Customers' heads under these keys, and under those they were merged into."""
    known = sources.heads(tx, CUSTOMER, keys)
    wanted = targets(head for head in known.values() if not head.live) - known.keys()
    while wanted:
        more = sources.heads(tx, CUSTOMER, wanted)
        known.update(more)
        wanted = targets(head for head in more.values() if not head.live) - known.keys()
    return known


def _find(one: Participant, reached: Mapping[str, list[ContactPoint]], heads: Mapping[SourceKey, Head]) -> Participant:
    named = _named_key(one)
    if named is not None:
        return _by_key(one, named, heads)
    for word in reference_words(one.reference, one.record[0]):
        points = [point for point in reached.get(word, ()) if point.held_at(one.at)]
        live = sorted({point.record for point in points if point.record in heads and heads[point.record].live})
        if live:
            return _choose(one, word, live, heads)
    return replace(one, why="nobody is known under what it says of its customer")


def _by_key(one: Participant, key: SourceKey, heads: Mapping[SourceKey, Head]) -> Participant:
    seen: set[SourceKey] = set()
    head = heads.get(key)
    while head is not None and not head.live and head.record.target and head.source_key not in seen:
        seen.add(head.source_key)
        head = heads.get((head.ref.system, head.record.target))
    if head is None or head.empty:
        return replace(one, why=f"customer {key[0]}:{key[1]} has not arrived yet")
    if not head.live:
        return replace(one, why=f"customer {key[0]}:{key[1]} was deleted by its system")
    return replace(one, state=ATTACHED, why="by its key", anchor=head.source_key)


def _choose(one: Participant, word: str, live: Sequence[SourceKey], heads: Mapping[SourceKey, Head]) -> Participant:
    """One golden record behind all who share this contact point, else the one whose name fits; else nobody."""
    kind = word.partition(":")[0]
    if len({heads[key].golden or key for key in live}) == 1:
        return replace(one, state=ATTACHED, why=f"by its {kind}", anchor=live[0])
    wanted = _name(one.reference)
    fitting = [key for key in live if wanted and wanted == _name(heads[key].record.data)]
    if fitting and len({heads[key].golden or key for key in fitting}) == 1:
        return replace(one, state=ATTACHED, why=f"by its {kind} and name", anchor=fitting[0])
    return replace(one, why=f"several customers share its {kind}")


def _name(data: Mapping[str, Any]) -> frozenset[str]:
    """The words of a name, in any order."""
    name = data.get("name") or {}
    whole = name.get("full") or " ".join(str(name.get(part) or "") for part in ("given", "middle", "family"))
    organization = (data.get("organization") or {}).get("legal_name")
    return frozenset(plain(str(organization or whole)).split())
