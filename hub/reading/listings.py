"""Lists that can be asked for what changed since: APIs.

An API gives no snapshot: records change while its pages are read. So the upper bound of a read is the system's own clock at the
first answer; the next read begins at the highest time at or below it, less the lag. Pages shift while records come and go, so
what a long read missed is left to the sweep, which reads the whole list, and twice before it takes a record for deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from hub.contract import Batch, Checkpoint, Cursor, StreamRequest
from hub.formats.rows import Flaw, Row
from hub.reading.cursors import Window, earlier_text, sweep_is_due
from hub.reading.keys import key_of
from hub.reading.known import DAMAGED, KEYLESS, Known, fingerprint
from hub.reading.names import NameWatch
from hub.reading.pagination import Page
from hub.reading.snapshots import Event, Snapshot, changes, damage, due
from hub.records import Damage, RawRecord, at_path


@dataclass(frozen=True)
class Times:
    """How a list writes the times by which it is asked."""

    form: str = "iso"  # iso | epoch | epoch_ms | number
    overlap: int = 1000

    def order(self, value: Any) -> Decimal | None:
        """The time as a number that can be compared; None when it is none."""
        try:
            if self.form != "iso":
                return None if value is None or isinstance(value, bool) else Decimal(str(value))
            moment = datetime.fromisoformat(value)
            aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
            return Decimal(str(aware.timestamp()))
        except (ValueError, TypeError, ArithmeticError):
            return None

    def clock(self, now: datetime) -> Decimal | None:
        """The system's clock as such a number."""
        seconds = Decimal(str(now.timestamp()))
        return {"iso": seconds, "epoch": seconds, "epoch_ms": seconds * 1000}.get(self.form)

    def back(self, value: Any, lag: timedelta) -> Any:
        """The bound for the next question, written as the list writes its times."""
        if self.form == "iso":
            return earlier_text(str(value), lag)
        if self.form == "number":
            return int(Decimal(str(value))) - self.overlap
        seconds = lag.total_seconds() * (1000 if self.form == "epoch_ms" else 1)
        return max(0, int(float(value) - seconds))


@dataclass(frozen=True)
class Listing:
    """One list and how it is asked."""

    request: StreamRequest
    key: Sequence[str]
    pages: Callable[[Any], Iterator[Page]]  # since -> pages
    rows: Callable[[Page], Iterator[Row | Flaw]]
    times: Times
    incremental: bool


def read(listing: Listing, cursor: Cursor) -> Iterator[Event]:
    """What changed, or all where the list cannot be asked for it; then the sweep, where it is due."""
    if not listing.incremental:
        yield from _whole(listing, cursor, dict)
        return
    known = Known(cursor.get("known"), listing.request.landed if listing.request.cursor.sweep else ())
    changed = _Changed(listing, cursor, Window(cursor.get("seen")), known, NameWatch(cursor.get("fields")))
    try:
        yield from changed.read()
    finally:
        changed.known.close()
    rule, swept = listing.request.cursor.sweep, cursor.get("swept")
    if sweep_is_due(rule, swept):
        for event in _whole(listing, changed.finished(), changed.swept):
            changed.forget(event)
            yield event
    else:
        yield Checkpoint(changed.finished())


def _whole(listing: Listing, cursor: Cursor, extra: Callable[[], Cursor]) -> Iterator[Event]:
    names = NameWatch(cursor.get("fields"))

    def rows() -> Iterator[Row | Flaw]:
        return names.watch(row for page in listing.pages(None) for row in listing.rows(page))

    look = Snapshot(
        listing.request,
        listing.key,
        Known(cursor.get("known"), () if listing.incremental else listing.request.landed),
        signals=names.signals,
        extra=lambda: {**extra(), **names.state()},
        again=rows,
    )
    yield from changes(rows(), look)


@dataclass
class _Changed:
    """The records since the cursor."""

    listing: Listing
    cursor: Cursor
    window: Window
    known: Known
    names: NameWatch
    now: Decimal | None = None
    highest: tuple[Decimal, Any] | None = None
    since: int = 0

    def read(self) -> Iterator[Event]:
        for page in self.listing.pages(self.cursor.get("low")):
            if self.now is None:
                self.now = self.listing.times.clock(page.answer.date)
            yield from self._page(self.names.watch(self.listing.rows(page)))
            if due(self.since, self.known, self.listing.request):
                self.since = 0
                yield Checkpoint({**self.cursor, "seen": self.window.unfinished(), "known": self.known.state()})
        yield from self.names.signals()

    def _page(self, rows: Iterable[Row | Flaw]) -> Iterator[Batch]:
        fresh: list[RawRecord | Damage] = []
        shapes: dict[str, str] = {}
        for row in rows:
            key = key_of(row.data, self.listing.key) if row.data else None
            print = fingerprint(row.data, row.code if isinstance(row, Flaw) else "")
            known_as = key or (KEYLESS if isinstance(row, Row) else DAMAGED) + print
            if self.window.is_new(known_as, print):
                fresh.append(self._record(row, key))
            self._remember(row, known_as, print)
            if key and isinstance(row, Row):
                shapes[key] = fingerprint(row.data)
        if self.listing.request.cursor.sweep:
            self.known.note(shapes.items())
        if fresh:
            self.since += len(fresh)
            yield Batch(fresh)

    def _record(self, row: Row | Flaw, key: str | None) -> RawRecord | Damage:
        stream = self.listing.request.name
        if isinstance(row, Flaw):
            return damage(stream, row)
        if key is None and self.listing.key:
            return Damage(
                stream, row.where, "key_missing", f"The record has no usable value for its key {', '.join(self.listing.key)}."
            )
        return RawRecord(stream, row.data, row.where, key)

    def _remember(self, row: Row | Flaw, known_as: str, print: str) -> None:
        value = at_path(row.data or {}, self.listing.request.cursor.column or "")
        order = self.listing.times.order(value)
        self.window.remember(known_as, print, order)
        if order is not None and (self.now is None or order <= self.now) and (self.highest is None or order > self.highest[0]):
            self.highest = (order, value)

    def next_low(self) -> Any:
        """Never below the one before."""
        before, times = self.cursor.get("low"), self.listing.times
        if self.highest is None:
            return before
        bound = times.back(self.highest[1], self.listing.request.cursor.lag)
        former, new = times.order(before), times.order(bound)
        return before if bound is None or (former is not None and new is not None and new < former) else bound

    def forget(self, event: Event) -> None:
        """What the sweep found deleted would be news if it came back as it was."""
        for record in event.records if isinstance(event, Batch) else ():
            if isinstance(record, RawRecord) and record.operation == "deleted":
                self.window.forget(record.key or "")

    def swept(self) -> Cursor:
        return {**self._place(), "swept": datetime.now(UTC).date().isoformat()}

    def _place(self) -> Cursor:
        low = self.next_low()
        return {"low": low, "seen": self.window.finished(self.listing.times.order(low))}

    def finished(self) -> Cursor:
        return {
            "version": 1,
            **self._place(),
            "swept": self.cursor.get("swept"),
            "known": self.known.state(),
            **self.names.state(),
        }
