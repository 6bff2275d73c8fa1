"""What a broker gave up on, as dead letters: record by record where it can be read, else as it came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, Protocol

from hub.bus import LANES, LIVE, STAGES
from hub.bus.consumer import Held
from hub.bus.envelopes import Envelope, read
from hub.bus.reading import letter, letters
from hub.bus.taking import Known
from hub.bus.topology import Names
from hub.errors import Rejected
from hub.records import DeadLetter

_REASONS = {
    "delivery_limit": "It was delivered too often without being settled.",
    "rejected": "A consumer rejected it.",
    "expired": "It waited longer than its queue allows.",
    "maxlen": "Its queue was full.",
}


class Place(Protocol):
    """Where a message was bound for, and what it brings."""

    @property
    def stage(self) -> str: ...
    @property
    def lane(self) -> str: ...
    @property
    def entity(self) -> str: ...
    @property
    def records(self) -> int: ...


UNROUTED = ("no_queue", "No queue is bound for it; see `goldenhub bus declare`.")


def dead_of(held: Held, names: Names, known: Known | None, at: datetime, limit: int) -> list[DeadLetter]:
    """The dead letters of one message from ``hub.dead`` or ``hub.unrouted``."""
    if held.queue == names.unrouted:
        queue, (code, why) = "", UNROUTED
    else:
        queue, code, why = _died_in(held.envelope.headers)
    stage, lane = _place(queue or held.exchange, names)
    if stage != "in":
        try:
            return letters(read(held.envelope, limit), lane, code, why, at, known.settled if known else ())
        except Rejected as wrong:
            code, why = wrong.code, f"{why} {wrong.message}"
    made = letter(held.envelope, stage, lane, code, why, at, limit)
    return [replace(made, entity=known.entity, records=known.records) if known else made]


def refused_of(envelope: Envelope, place: Place, code: str, why: str, at: datetime, limit: int) -> list[DeadLetter]:
    """The dead letters of a message of ours that the broker does not take."""
    try:
        return letters(read(envelope, limit), place.lane, code, why, at)
    except Rejected:
        made = letter(envelope, place.stage, place.lane, code, why, at, limit)
        return [replace(made, entity=place.entity, records=place.records)]


def _died_in(headers: Any) -> tuple[str, str, str]:
    deaths = headers.get("x-death") if isinstance(headers, Mapping) else None
    last = deaths[0] if isinstance(deaths, list) and deaths and isinstance(deaths[0], Mapping) else {}
    reason = str(last.get("reason") or "unknown")
    return str(last.get("queue") or ""), reason if reason in _REASONS else "dead", _REASONS.get(reason, "The broker gave it up.")


def _place(name: str, names: Names) -> tuple[str, str]:
    """(stage, lane) of a queue, or of the exchange that found no queue."""
    places = {names.work(stage, lane): (stage, lane) for stage in STAGES for lane in LANES}
    places |= {names.records(lane): ("unrouted", lane) for lane in LANES}
    return places.get(name) or (("in", LIVE) if name == names.coming else ("unrouted", LIVE))
