"""ingest: what a connector read becomes canonical records on the bus; what cannot go on is set aside with its reason.

    batch -> mapping -> canonical check -> quality -> land: published, counted, set aside -> cursor

A cursor moves only after everything before it has landed, so a crash at any moment means reading again, never skipping; what is
read twice is recognised by the resolver as unchanged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import isfinite
from typing import Any, Protocol

from hub.contract import Batch, Checkpoint, Cursor, Signal
from hub.errors import FeedHeld, InvalidRecord, MappingFailed, Misconfigured, Rejected, Retryable
from hub.records import GONE, Damage, Operation, RawRecord, RecordRef, Reject, SourceRecord, Translation, micros

_TICK = timedelta(microseconds=1)
_LARGEST = 2**63  # whole numbers beyond are text in JSON that every reader understands

Item = RawRecord | Damage
Made = SourceRecord | Reject


class Translator(Protocol):
    """A compiled mapping, as this stage needs it."""

    @property
    def name(self) -> str: ...
    @property
    def entity(self) -> str: ...
    def apply(self, raw: RawRecord) -> Sequence[Translation | MappingFailed]: ...


Check = Callable[[str, dict[str, Any]], None]
"""(entity, data): raises a ``Rejected`` when the record breaks the canonical schema or a quality rule; may add flags to data."""


@dataclass(frozen=True)
class FeedPlan:
    """One feed, ready to run: who says it, and what makes canonical records of it."""

    name: str
    system: str
    translators: Sequence[Translator]
    check: Check
    held: Callable[[Sequence[tuple[str, str]]], Collection[tuple[str, str]]] = lambda keys: ()
    """Which of these (entity, key) of this system the hub holds as current."""
    delta: bool = False
    order_by: str = "updated_at"  # log_position | sequence | updated_at | read_position


@dataclass
class RunReport:
    """What one run of one feed did, in numbers that add up: arrived = published + rejected + filtered."""

    feed: str
    run: str
    read: int = 0
    arrived: Counter[str] = field(default_factory=Counter)  # by entity
    filtered: Counter[str] = field(default_factory=Counter)
    published: int = 0
    rejected: Counter[str] = field(default_factory=Counter)  # by code
    signals: list[Signal] = field(default_factory=list)
    state: str = "done"  # done | failed: later again | held: a person looks | stopped: a person changes something
    message: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "feed": self.feed,
            "run": self.run,
            "state": self.state,
            "message": self.message,
            "read": self.read,
            "arrived": self.arrived.total(),
            "published": self.published,
            "filtered": self.filtered.total(),
            "rejected": dict(sorted(self.rejected.items())),
            "signals": [{"kind": signal.kind, "message": signal.message} for signal in self.signals],
        }


@dataclass(frozen=True)
class Landed:
    """What one batch came to: records for the bus, counts by entity, rejects; or how far the feed is."""

    records: Sequence[SourceRecord]
    arrived: Mapping[str, int]
    filtered: Mapping[str, int]
    rejects: Sequence[Reject]
    cursor: Cursor | None


Land = Callable[[Landed], None]
"""Returns when the bus has confirmed the records and counts, rejects and cursor are kept; raises otherwise."""


def ingest(
    plan: FeedPlan,
    source: Iterable[Batch | Checkpoint | Signal],
    *,
    run: str,
    clock: Callable[[], datetime],
    land: Land,
    tell: Callable[[RunReport], None] = lambda report: None,
) -> RunReport:
    """Run one feed to the end of what is there now.

    A system that is not ready, a feed that must wait for a person, or a setting that cannot be used ends the run and is told
    in the report: what was read before stays, and other feeds are not delayed.
    """
    report = RunReport(plan.name, run)
    translate = _Translation(plan, run)
    try:
        for piece in source:
            if isinstance(piece, Signal):
                report.signals.append(piece)
            elif isinstance(piece, Checkpoint):
                land(Landed((), {}, {}, (), piece.cursor))
            else:
                _take(plan, piece, translate, report, clock(), land)
                tell(report)
    except FeedHeld as held:
        report.state, report.message = "held", held.message
    except Misconfigured as wrong:
        report.state, report.message = "stopped", wrong.message
    except Retryable as later:
        report.state, report.message = "failed", later.message
    return report


def _take(
    plan: FeedPlan,
    batch: Batch,
    translate: _Translation,
    report: RunReport,
    now: datetime,
    land: Land,
) -> None:
    made: list[Made] = []
    left: list[SourceRecord] = []  # what a mapping's `when` leaves out, as what it would be if the hub held it
    filtered: Counter[str] = Counter()
    for item in batch.records:
        now += _TICK  # one batch is read in one moment, yet the later row is the younger one
        for entity, outcome in translate(item, now):
            if isinstance(outcome, SourceRecord) and outcome.operation is Operation.OUT_OF_SCOPE and not outcome.data:
                left.append(outcome)
            elif outcome is None:
                filtered[entity] += 1
            else:
                made.append(outcome)
    for record in _no_longer_covered(plan, left, filtered):
        made.append(record)
    records = [one for one in made if isinstance(one, SourceRecord)]
    rejects = [one for one in made if isinstance(one, Reject)]
    arrived = Counter(record.entity for record in records) + Counter(reject.entity for reject in rejects) + filtered
    land(Landed(records, arrived, filtered, rejects, None))
    report.read += len(batch.records)
    report.arrived += arrived
    report.filtered += filtered
    report.published += len(records)
    report.rejected.update(reject.code for reject in rejects)


def _no_longer_covered(plan: FeedPlan, left: Sequence[SourceRecord], filtered: Counter[str]) -> Iterator[SourceRecord]:
    """A record that `when` leaves out is only counted; one that the hub holds from before is told to be out of scope."""
    keys = sorted({(record.entity, record.ref.key) for record in left})
    held = plan.held(keys) if keys else frozenset()
    for record in left:
        if (record.entity, record.ref.key) in held:
            yield record
        else:
            filtered[record.entity] += 1


class _Translation:
    """Raw items to what arrived: one outcome for each mapping and each part of a split, numbered within the run."""

    def __init__(self, plan: FeedPlan, run: str) -> None:
        self._plan, self._run = plan, run
        self._number = 0

    def __call__(self, item: Item, now: datetime) -> Iterator[tuple[str, Made | None]]:
        if isinstance(item, Damage):
            yield self._damaged(item, now)
            return
        for translator in self._plan.translators:
            yield from self._translated(translator, item, now)

    def _translated(self, translator: Translator, raw: RawRecord, now: datetime) -> Iterator[tuple[str, Made | None]]:
        outcomes = translator.apply(raw)
        if not outcomes:
            yield translator.entity, self._left_out(translator, raw, now)
        for outcome in outcomes:
            if isinstance(outcome, MappingFailed):
                yield translator.entity, self._reject(outcome, raw, translator.entity, translator.name, now)
            else:
                yield outcome.entity, self._checked(outcome, translator, raw, now)

    def _left_out(self, translator: Translator, raw: RawRecord, now: datetime) -> SourceRecord | None:
        if raw.key is None:
            return None
        nothing = Translation(translator.entity, raw.key, Operation.OUT_OF_SCOPE, {}, raw.updated_at, position=raw.position)
        return self._record(nothing, translator, raw, now)

    def _checked(self, made: Translation, translator: Translator, raw: RawRecord, now: datetime) -> Made:
        try:
            if made.operation not in GONE and made.operation is not Operation.PATCH:
                self._plan.check(made.entity, made.data)
        except Rejected as wrong:
            return self._reject(wrong, raw, made.entity, translator.name, now, made.key)
        return self._record(made, translator, raw, now)

    def _record(self, made: Translation, translator: Translator, raw: RawRecord, now: datetime) -> SourceRecord:
        return SourceRecord(
            entity=made.entity,
            ref=RecordRef(self._plan.system, made.key, made.generation),
            operation=made.operation,
            data=made.data,
            extracted_at=now,
            message_id=self._message_id(),
            feed=self._plan.name,
            run=self._run,
            mapping=translator.name,
            updated_at=made.updated_at or raw.updated_at,
            position=self._position(made, raw, now),
            delta=self._plan.delta,
            sequenced=self._plan.order_by == "sequence",
            target=made.target,
            valid_from=made.valid_from,
            valid_to=made.valid_to,
        )

    def _position(self, made: Translation, raw: RawRecord, now: datetime) -> int | None:
        """What versions are ordered by, where that is not the time: the source's own count, or the order of reading."""
        if self._plan.order_by == "updated_at":
            return None
        if self._plan.order_by == "read_position":
            return micros(now)
        return made.position if made.position is not None else raw.position

    def _reject(
        self, error: Rejected, raw: RawRecord, entity: str, mapping: str, now: datetime, key: str | None = None
    ) -> Reject:
        code = str(error.facts.get("code") or error.code)
        facts = {name: value for name, value in error.facts.items() if name != "code"}
        if isinstance(error, InvalidRecord):
            facts["violations"] = error.facts.get("violations", [])
        return Reject(
            self._message_id(), self._plan.name, code, error.message, now, self._run, raw.where, entity,
            key or raw.key, mapping, as_told(facts), as_told(raw.data),
        )  # fmt: skip

    def _damaged(self, item: Damage, now: datetime) -> tuple[str, Made]:
        entity = self._plan.translators[0].entity if self._plan.translators else ""
        reject = Reject(
            self._message_id(), self._plan.name, item.code, item.reason, now, self._run, item.where, entity,
            payload=as_told(item.excerpt) if item.excerpt else None,
        )  # fmt: skip
        return entity, reject

    def _message_id(self) -> str:
        self._number += 1
        return f"{self._run}:{self._number}"


def as_told(value: Any) -> Any:
    """Any value as JSON can keep it, for a reject's payload: what JSON has no word for becomes text, and nothing is refused."""
    if isinstance(value, Mapping):
        return {str(name): as_told(one) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_told(one) for one in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int) and abs(value) < _LARGEST:
        return int(value)
    if isinstance(value, float) and isfinite(value):
        return float(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("latin-1")
    return str(value).encode("utf-8", "replace").decode("utf-8").replace("\x00", "\N{SYMBOL FOR NULL}")
