"""Replay: what is kept raw goes once more through today's mappings, as of the moment when it came."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hub.records import Operation, SourceRecord, receipt_of
from hub.store import feeds, raw, sources

if TYPE_CHECKING:
    from hub.app.hub import Hub


def former(hub: Hub, feed: str, receipts: Sequence[str]) -> Mapping[str, Sequence[SourceRecord]]:
    """What the latest translations of these receipts said, where that still stands."""
    with hub.store.read() as tx:
        roots = {one.id: one.id for one in raw.by_id(tx, receipts).values()}
        messages = {name for one in raw.by_id(tx, receipts).values() for name in one.message_ids}
        for again in raw.replays(tx, receipts):
            roots[again.id] = again.origin or again.id
            messages.update(again.message_ids)
        said = sources.by_message(tx, feeds.entities_of(tx, feed), messages)
    last: dict[str, dict[tuple[object, ...], SourceRecord]] = {}
    for record, _, _ in said:
        places = last.setdefault(roots[receipt_of(record.message_id)], {})
        place = (record.entity, record.ref, record.order)
        if place not in places or _told_at(places[place]) <= _told_at(record):
            places[place] = record
    return {root: [one for one in places.values() if not _taken_back(one)] for root, places in last.items()}


def _told_at(record: SourceRecord) -> float:
    return record.replayed_at.timestamp() if record.replayed_at is not None else 0.0


def _taken_back(record: SourceRecord) -> bool:
    gone = (Operation.WITHDRAWN, Operation.OUT_OF_SCOPE)
    return record.replayed_at is not None and record.operation in gone and not record.data
