"""Replay: what is kept raw goes once more through today's mappings, as of the moment when it came.

A replay arrives like anything else: on the lane `replay`, with receipts of its own that lead back to the first, in one
transaction a batch with its counts. It stands in the place of the earlier translation, so that nothing younger is overtaken,
and it takes back what was said then and is not said any more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from hub.app.landing import land_in
from hub.app.outcome import Tell, untold
from hub.app.raw import opened_bodies
from hub.bus import REPLAY
from hub.errors import Rejected
from hub.ingest import Again, Landed, Origin, RunReport, ingest
from hub.records import Operation, SourceRecord, receipt_of
from hub.resolve.minting import uuid7_mint
from hub.store import feeds, goldens, raw, rejects, sources
from hub.store.raw import RawMessage, Span

if TYPE_CHECKING:
    from hub.app.hub import Hub

CUSTOMER = "customer"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to replay: all that is given must hold."""

    since: datetime | None = None
    until: datetime | None = None
    feed: str | None = None
    customer: str | None = None  # a golden id, or system:key
    reject_group: str | None = None  # the fingerprint of a cause
    receipts: Sequence[str] | None = None


@dataclass
class Replayed:
    """What a replay did."""

    reports: list[RunReport] = field(default_factory=list)
    read: int = 0
    unreadable: int = 0  # kept, but its data key was destroyed
    pruned: int = 0  # no longer kept

    def as_dict(self) -> dict[str, Any]:
        return {
            "read": self.read,
            "published": sum(report.published for report in self.reports),
            "filtered": sum(report.filtered.total() for report in self.reports),
            "rejected": sum(report.rejected.total() for report in self.reports),
            "unreadable": self.unreadable,
            "pruned": self.pruned,
            "feeds": [report.as_dict() for report in self.reports],
        }


Land = Callable[[str, Landed], None]
"""(feed, what one batch came to)"""


def replay(hub: Hub, wanted: Wanted, tell: Tell = untold) -> Replayed:
    """Translate again what is kept, and publish it. Working on it is the workers' matter, as with anything that arrives."""
    hub.agree()
    done = again(hub, wanted, partial(_land, hub), tell)
    hub.bus.forward()
    return done


def _land(hub: Hub, feed: str, landed: Landed) -> None:
    """One transaction: what is published, counted and set aside, and the rejects that it settles."""
    with hub.store.begin() as tx:
        replayed = {piece.origin: piece.id for piece in landed.came if piece.origin is not None}
        rejects.settle_replayed(tx, replayed, hub.clock())
        land_in(tx, hub, feed, landed, REPLAY)
    hub.bus.forward()


def again(hub: Hub, wanted: Wanted, land: Land, tell: Tell) -> Replayed:
    """Read what is wanted from the raw log, oldest first, and translate it: one run for each feed, bounded memory."""
    done = Replayed()
    with hub.store.read() as tx:
        span = _span(tx, hub, wanted)
        total, done.pruned = raw.count_to_replay(tx, span)
    for name in [wanted.feed] if wanted.feed else list(hub.landscape.feeds):
        plan = hub.plan(hub.landscape.feed(name))
        report = ingest(
            plan,
            _batches(hub, replace(span, feed=name), done, tell, total),
            run=uuid7_mint(hub.clock)(),
            clock=hub.clock,
            land=partial(land, name),
        )
        if report.read:
            done.reports.append(report)
        if report.state != "done":
            raise Rejected(f"The replay of {name} stopped: {report.message} Nothing before was in vain; run it again.")
    return done


def _batches(hub: Hub, span: Span, done: Replayed, tell: Tell, total: int) -> Iterator[Again]:
    at, after = hub.clock(), None
    while True:
        with hub.store.read() as tx:
            page = raw.to_replay(tx, span, after, hub.settings.batch_size)
            bodies = opened_bodies(tx, hub, page)
        if not page:
            return
        after = page[-1]
        yield from _by_edition(page, bodies, at)
        done.read += len(bodies)
        done.unreadable += len(page) - len(bodies)
        tell("replay", done.read + done.unreadable, total)


def _by_edition(page: Sequence[RawMessage], bodies: Mapping[str, Any], at: datetime) -> Iterator[Again]:
    readable = [one for one in page if one.id in bodies]
    if readable:
        yield Again([bodies[one.id] for one in readable], [Origin(one.id, one.at) for one in readable], at)


def _span(tx: Connection, hub: Hub, wanted: Wanted) -> Span:
    """The receipts that are meant."""
    if wanted.feed is not None:
        hub.landscape.feed(wanted.feed)
    keys = None if wanted.customer is None else _keys_of(tx, wanted.customer)
    receipts = wanted.receipts
    if wanted.reject_group is not None:
        prefix = wanted.reject_group.lower().removeprefix("g")
        if not prefix or not rejects.named(tx, prefix):
            raise Rejected(f"There is no group {wanted.reject_group!r}; see `goldenhub rejects --every`.", code="group_unknown")
        receipts = rejects.receipts_of(tx, prefix)
    return Span(wanted.since, wanted.until, wanted.feed, keys, receipts)


def _keys_of(tx: Connection, customer: str) -> list[tuple[str, str]]:
    """The keys of everybody behind a golden record, or of whoever stands beside this key."""
    golden_id: str | None = customer
    if ":" in customer:
        system, _, key = customer.partition(":")
        golden_id = goldens.behind_key(tx, CUSTOMER, (system, key))
        if golden_id is None:
            return [(system, key)]  # nobody yet: what came of it may have been set aside
    golden = goldens.current(tx, golden_id or "")
    if golden is None:
        raise Rejected(f"Nobody is known as {customer!r}; see `goldenhub golden list`.", code="golden_unknown")
    return [(ref.system, ref.key) for ref in golden.members]


def former(hub: Hub, feed: str, receipts: Sequence[str]) -> Mapping[str, Sequence[SourceRecord]]:
    """What the latest translations of these receipts said, where that still stands."""
    with hub.store.read() as tx:
        asked = raw.by_id(tx, receipts)
        said = translations(tx, feed, list(asked.values()))
    last: dict[str, dict[tuple[object, ...], SourceRecord]] = {}
    for root, record in said:
        places = last.setdefault(root, {})
        place = (record.entity, record.ref, record.order)
        if place not in places or _told_at(places[place]) <= _told_at(record):
            places[place] = record
    return {root: [one for one in places.values() if not _taken_back(one)] for root, places in last.items()}


def translations(tx: Connection, feed: str, messages: Sequence[RawMessage]) -> list[tuple[str, SourceRecord]]:
    """(receipt it began with, record) of everything these were ever translated to, and what their origins were before."""
    roots: dict[str, str] = {}
    names: set[str] = set()
    family = {one.origin: one.id for one in messages if one.origin is not None}  # an edition stands for what it corrects
    for one in [*messages, *raw.by_id(tx, family).values(), *raw.replays(tx, [*(one.id for one in messages), *family])]:
        roots[one.id] = family.get(one.id) or (family.get(one.origin, one.origin) if one.origin else None) or one.id
        names.update(one.message_ids)
    for one in messages:
        roots[one.id] = one.id
    said = sources.by_message(tx, feeds.entities_of(tx, feed), names)
    return [(roots[receipt_of(record.message_id)], record) for record, _, _ in said]


def _told_at(record: SourceRecord) -> float:
    return record.replayed_at.timestamp() if record.replayed_at is not None else 0.0


def _taken_back(record: SourceRecord) -> bool:
    gone = (Operation.WITHDRAWN, Operation.OUT_OF_SCOPE)
    return record.replayed_at is not None and record.operation in gone and not record.data
