"""relay: every announcement in the outbox goes out at least once, in the order of each golden record's versions.

The outbox is read from the place this relay has reached; the place moves only after the bus confirmed. A subscriber that folds
what it hears (`fold`) holds exactly what the store holds, and hearing a version twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection

from hub.records import Data, RecordRef
from hub.store import goldens, relays
from hub.store.goldens import Announcement
from hub.store.store import forgettable

MAJOR = 1

Publish = Callable[[Sequence[Data]], None]
"""Takes CloudEvents; returns when the bus has confirmed all of them."""


@dataclass(frozen=True, slots=True)
class Replica:
    """One golden record as a subscriber knows it."""

    version: int
    state: str
    members: tuple[RecordRef, ...]
    data: Data = field(default_factory=dict)
    into: str | None = None  # where a retired id leads


def relay(
    tx: Connection, entity: str, publish: Publish, *, source: str, name: str = "bus", limit: int = 500, as_told: bool = False
) -> int:
    """Publish the next announcements; how many there were. Call again while there are any. ``as_told``: the data of each is
    handed on as the JSON that is stored (an ``orjson.Fragment``), for a publisher that does not look into it.

    One at a time keeps the order: while another does it, there is nothing to do here.
    """
    reached = relays.take(tx, f"{name}/{entity}")
    if reached is None:
        return 0
    forgettable(tx)  # who hears the same once more knows it
    read = goldens.announced_as_told if as_told else goldens.announced
    found = read(tx, entity, after=reached, limit=limit)
    if found:
        publish([event(one, source) | {"sequence": place_of(one)} for one in found])
        relays.reach(tx, f"{name}/{entity}", found[-1].id)
    return len(found)


def is_due(tx: Connection, entity: str, name: str = "bus") -> bool:
    """Whether there is anything to publish: looking costs less than taking the place to find nothing."""
    return goldens.any_announced(tx, entity, relays.reached(tx, f"{name}/{entity}"))


def place_of(announcement: Announcement) -> str:
    """Where an announcement stands in the feed, as text that sorts: who heard it reads on from there."""
    return f"{announcement.id:020d}"


def event(announcement: Announcement, source: str) -> Data:
    """An announcement as CloudEvents 1.0. Its id holds the version, so that a repetition is recognised."""
    return {
        "specversion": "1.0",
        "id": f"{announcement.golden_id}:{announcement.version}",
        "source": source,
        "type": f"{announcement.entity}.{announcement.kind}.v{MAJOR}",
        "subject": announcement.golden_id,
        "time": announcement.at.isoformat().replace("+00:00", "Z"),
        "partitionkey": announcement.golden_id,
        "datacontenttype": "application/json",
        "data": announcement.data,
    }


def fold(replica: dict[str, Replica], told: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Replica]:
    """Lay announcements, (golden id, data), over what a subscriber knows. Old versions and repetitions change nothing."""
    for golden_id, data in told:
        known = replica.get(golden_id)
        if known is None or known.version < data["version"]:
            replica[golden_id] = _replica(data)
    return replica


def _replica(data: Mapping[str, Any]) -> Replica:
    members = tuple(RecordRef(m["system"], m["key"], m.get("generation", 0)) for m in data["members"])
    return Replica(data["version"], data["state"], members, data["golden"], data["into"])
