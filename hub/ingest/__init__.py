"""ingest: what a connector read becomes canonical records on the bus; what cannot go on is set aside with its reason.

    batch -> mapping -> canonical check -> quality -> land: published, counted, set aside -> cursor

A cursor moves only after everything before it has landed, so a crash at any moment means reading again, never skipping; what is
read twice is recognised by the resolver as unchanged. What came lands with what became of it, so that it can be translated again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from hub.contract import Batch, Checkpoint, Signal
from hub.errors import FeedHeld, Misconfigured, Retryable
from hub.ingest.pieces import Again, Came, Check, FeedPlan, Item, Land, Landed, Made, Origin, RunReport, Translator
from hub.ingest.translating import Translating, as_told
from hub.records import Operation, RawRecord, Reject, SourceRecord, receipt_of

__all__ = [
    "Again",
    "Came",
    "Check",
    "FeedPlan",
    "Item",
    "Land",
    "Landed",
    "Origin",
    "RunReport",
    "Translator",
    "as_told",
    "ingest",
]

_TICK = timedelta(microseconds=1)


def ingest(
    plan: FeedPlan,
    source: Iterable[Batch | Again | Checkpoint | Signal],
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
    translate = Translating(plan, run)
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
    batch: Batch | Again,
    translate: Translating,
    report: RunReport,
    now: datetime,
    land: Land,
) -> None:
    if isinstance(batch, Batch):
        batch = Batch(plan.echoes(batch.records))
    made: list[Made] = []
    left: list[SourceRecord] = []  # what a mapping's `when` leaves out, as what it would be if the hub held it
    came: list[Came] = []
    filtered: Counter[str] = Counter()
    for item, moment, origin in _moments(batch, now):
        before = len(made)
        translate.begin(origin, batch)
        for entity, outcome in translate(item, moment):
            if isinstance(outcome, SourceRecord) and outcome.operation is Operation.OUT_OF_SCOPE and not outcome.data:
                left.append(outcome)
            elif outcome is None:
                filtered[entity] += 1
            else:
                made.append(outcome)
        came.append(translate.came(item, moment, made[before:]))
    made += _taken_back(plan, batch, came, made, translate)
    made += _no_longer_covered(plan, left, filtered) if isinstance(batch, Batch) else _left_as_it_is(left, filtered)
    records = [one for one in made if isinstance(one, SourceRecord)]
    rejects = [one for one in made if isinstance(one, Reject)]
    arrived = Counter(record.entity for record in records) + Counter(reject.entity for reject in rejects) + filtered
    land(Landed(records, arrived, filtered, rejects, None, came))
    report.read += len(batch.records)
    report.arrived += arrived
    report.filtered += filtered
    report.published += len(records)
    report.echoes += sum(isinstance(item, RawRecord) and bool(item.echoes) for item in batch.records)
    report.rejected.update(reject.code for reject in rejects)


def _moments(batch: Batch | Again, now: datetime) -> Iterator[tuple[Item, datetime, Origin | None]]:
    """One batch is read in one moment, yet the later row is the younger one."""
    if isinstance(batch, Again):
        for item, origin in zip(batch.records, batch.origins, strict=True):
            yield item, origin.at, origin
    else:
        for item in batch.records:
            now += _TICK
            yield item, now, None


def _taken_back(
    plan: FeedPlan, batch: Batch | Again, came: list[Came], made: Sequence[Made], translate: Translating
) -> list[SourceRecord]:
    """What earlier translations said and today's do not: of another key, in another place, or not at all any more.

    What is rejected today takes nothing back: what was said stays until it can be said better.
    """
    if not isinstance(batch, Again):
        return []
    former = plan.former([origin.receipt for origin in batch.origins])
    said: dict[str, list[Made]] = {}
    for one in made:
        said.setdefault(receipt_of(one.message_id), []).append(one)
    back: list[SourceRecord] = []
    for place, piece in enumerate(came):
        now_said = said.get(piece.id, [])
        if any(isinstance(one, Reject) for one in now_said):
            continue
        records = [one for one in now_said if isinstance(one, SourceRecord)]
        keys = {(one.entity, one.ref) for one in records}
        places = {(one.entity, one.ref, one.order) for one in records}
        for old in former.get(piece.origin or "", ()):
            if (old.entity, old.ref, old.order) not in places:
                operation = Operation.WITHDRAWN if (old.entity, old.ref) in keys else Operation.OUT_OF_SCOPE
                piece = replace(piece, made=piece.made + 1)
                back.append(translate.back(old, operation, piece, batch.at))
        came[place] = piece
    return back


def _left_as_it_is(left: Sequence[SourceRecord], filtered: Counter[str]) -> list[SourceRecord]:
    """Of what is translated again, only what it said itself is taken back."""
    filtered.update(record.entity for record in left)
    return []


def _no_longer_covered(plan: FeedPlan, left: Sequence[SourceRecord], filtered: Counter[str]) -> Iterator[SourceRecord]:
    """A record that `when` leaves out is only counted; one that the hub holds from before is told to be out of scope."""
    keys = sorted({(record.entity, record.ref.key) for record in left})
    held = plan.held(keys) if keys else frozenset()
    for record in left:
        if (record.entity, record.ref.key) in held:
            yield record
        else:
            filtered[record.entity] += 1
