"""What changed in a table since the last read: rows by time, their parents where children changed, and a sweep for the rest.

The cursor holds, for each table with a time column, the inclusive lower bound of the next read (``low``); while a read is
unfinished also the bounds taken in its first snapshot (``high``), the phase and the row where it stands; the window of records
that is read again; and, where a sweep is asked for, what is known of every key.

A parent comes once a read, whatever number of its rows changed. A read that goes through all parents anyhow does not look at
child tables at all, unless it is one that was broken off: then only at what changed about and after its first snapshot. Any
other read remembers, in a temporary file, which parents it has yielded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, Table, func, or_, select
from sqlalchemy.sql import ColumnElement
from sqlalchemy.types import NullType

from hub.contract import Batch, Checkpoint, Cursor, StreamRequest
from hub.formats.rows import Flaw
from hub.formats.rows import Row as Record
from hub.reading.cursors import Window, clock_text, dump_value, earlier, in_zone, load_value, reaches, sweep_is_due
from hub.reading.joined import Joined, among
from hub.reading.keys import key_of
from hub.reading.keyset import pages
from hub.reading.known import DAMAGED, Known, fingerprint
from hub.reading.snapshots import Event, damage, departed, due
from hub.reading.tables import python_type, source_local_now, source_now
from hub.records import Damage, RawRecord


@dataclass
class Changes:
    """One read of one feed. It lives as long as its snapshot."""

    connection: Connection
    joined: Joined
    request: StreamRequest
    clock: str  # the zone of times without zone
    overlap: int
    extra: Cursor  # what else the cursor keeps
    window: Window
    known: Known
    low: dict[str, Any]
    high: dict[str, Any] = field(default_factory=dict)
    now: dict[str, Any] = field(default_factory=dict)  # the source's clock, as each table writes its times
    phase: int = 0
    mark: list[Any] | None = None
    swept: str | None = None
    since: int = 0
    resumed: bool = False
    began: datetime | None = None  # as the source has it: what is gone was gone by then, and may be there again by now
    yielded: Known = field(default_factory=Known)  # the parents that this very read has looked at

    def read(self) -> Iterator[Event]:
        """Everything new, then the checkpoint that covers it."""
        self.began = source_now(self.connection)
        timed = self._timed()
        for name, (table, time) in timed.items():
            self.now[name] = self._clock(table.c[time])
            self.high.setdefault(name, self._highest(table.c[time], self.now[name]))
        phases = [(name, beyond) for name in timed for beyond in (False, True)]
        if self._reads_all_parents and not self.resumed:
            phases = phases[:2]
        for number in range(self.phase, len(phases)):
            self.phase = number
            yield from self._phase(*phases[number])
            self.mark = None
        if sweep_is_due(self.request.cursor.sweep, self.swept):
            self.phase = len(phases)
            yield from self._sweep()
            self.swept = datetime.now(UTC).date().isoformat()
        yield Checkpoint(self._finished())

    def close(self) -> None:
        self.known.close()
        self.yielded.close()

    @property
    def _reads_all_parents(self) -> bool:
        return self.low.get(self.joined.table.name) is None

    def _timed(self) -> dict[str, tuple[Table, str]]:
        found = {self.joined.table.name: (self.joined.table, self.joined.time or "")}
        return found | {child.table.name: (child.table, child.time) for child in self.joined.children if child.time}

    def _clock(self, column: ColumnElement[Any]) -> Any:
        """The source's time as a value of this column; None for columns that hold no time."""
        kind = _python_type(column)
        if kind is None:  # SQLite: the values tell
            highest = self.connection.execute(select(func.max(column))).scalar()
            return clock_text(self._naive_now(), highest) if isinstance(highest, str) else None
        if not issubclass(kind, date):
            return None
        if not issubclass(kind, datetime):
            return self._naive_now().date()
        return source_now(self.connection) if getattr(column.type, "timezone", False) else self._naive_now()

    def _naive_now(self) -> datetime:
        """Without a declared zone the earlier of UTC and local time: reading a little twice is better than losing a row."""
        now = source_now(self.connection)
        if self.clock:
            return in_zone(now, self.clock)
        return min(now.astimezone(UTC).replace(tzinfo=None), source_local_now(self.connection))

    def _highest(self, column: ColumnElement[Any], now: Any) -> Any:
        query = select(func.max(column))
        return self.connection.execute(query if now is None else query.where(column <= now)).scalar()

    def _phase(self, name: str, beyond: bool) -> Iterator[Event]:
        """The rows of one table from its lower bound on; ``beyond``: those without a time, or with one in the future."""
        table, time = self._timed()[name]
        order = self._order(table, name)
        column, low, now = table.c[time], self._lowest(name), self.now[name]
        wanted: Select[Any] = select(*order, *self._link(name))
        if beyond:
            if now is None and low is not None:
                return
            future = column > now if now is not None else column.is_(None)
            wanted = wanted.where(or_(future, column.is_(None)) if low is None else future)
        else:
            order = [column, *(c for c in order if c.name != time)]
            wanted = wanted.add_columns(column) if time not in wanted.selected_columns else wanted
            wanted = wanted.where(column.is_not(None) if now is None else column <= now)
            wanted = wanted if low is None else wanted.where(column >= low)
        for page in pages(self.connection, wanted, order, self.request.batch_size, self.mark):
            yield from self._emit(self._parents(name, page))
            self.mark = [page[-1]._mapping[c.name] for c in order]
            yield from self._checkpoint()

    def _lowest(self, name: str) -> Any:
        broken_off = self._reads_all_parents and name != self.joined.table.name
        return self._next_low(name) if broken_off else self.low.get(name)

    def _order(self, table: Table, name: str) -> list[ColumnElement[Any]]:
        if name == self.joined.table.name:
            return [table.c[column] for column in self.joined.order]
        return [table.c[column] for child in self.joined.children if child.table.name == name for column in child.order]

    def _link(self, name: str) -> list[ColumnElement[Any]]:
        return [child.table.c[child.column].label("goldenhub_link") for child in self.joined.children if child.table.name == name]

    def _parents(self, name: str, page: list[Row[Any]]) -> list[Record | Flaw]:
        if name == self.joined.table.name:
            return self.joined.records(self.connection, self._not_yet(page))
        child = next(child for child in self.joined.children if child.table.name == name)
        links = {row._mapping["goldenhub_link"]: None for row in page}
        order = [self.joined.table.c[column] for column in self.joined.order]
        column = self.joined.table.c[child.parent_column]
        query = select(*order).where(among([column], [(value,) for value in links if value is not None]))
        return self.joined.records(self.connection, self._not_yet(list(self.connection.execute(query.order_by(*order)))))

    def _not_yet(self, page: list[Row[Any]]) -> list[Row[Any]]:
        """Those that this read has not looked at: in one snapshot a second look would show the same."""
        if len(self._timed()) == 1 or (self._reads_all_parents and not self.resumed):
            return page
        marks = {repr([row._mapping[name] for name in self.joined.order]): row for row in page}
        before = self.yielded.look(list(marks))
        self.yielded.see((mark, "") for mark in marks)
        return [row for mark, row in marks.items() if mark not in before]

    def _emit(self, records: Iterable[Record | Flaw], *, seen: bool = False) -> Iterator[Batch]:
        """What of these is new, remembered."""
        fresh: list[RawRecord | Damage] = []
        shapes: dict[str, str] = {}
        for record in records:
            key = key_of(record.data, self.joined.key) if record.data else None
            known_as = key or DAMAGED + fingerprint(record.where)
            print = fingerprint(record.data, record.code if isinstance(record, Flaw) else "")
            if self.window.is_new(known_as, print):
                fresh.append(self._record(record, key))
            if self._is_read_again(record):
                self.window.remember(known_as, print)
            if key is not None and record.data:
                shapes[key] = self.joined.shape(record.data)
        if self.request.cursor.sweep:
            (self.known.see if seen else self.known.note)(shapes.items())
        if fresh:
            self.since += len(fresh)
            yield Batch(fresh)

    def _record(self, record: Record | Flaw, key: str | None) -> RawRecord | Damage:
        if isinstance(record, Flaw):
            return damage(self.request.name, record)
        if key is None:
            return Damage(self.request.name, record.where, "key_missing", "The record has no usable value for its key.")
        return RawRecord(self.request.name, record.data, record.where, key)

    def _is_read_again(self, record: Record | Flaw) -> bool:
        data = record.data or {}
        times = [(self.joined.table.name, data.get(self.joined.time or ""))]
        times += [(c.table.name, row.get(c.time)) for c in self.joined.children if c.time for row in data.get(c.table.name, ())]
        return any(value is None or reaches(value, self._next_low(name)) for name, value in times)

    def _next_low(self, name: str) -> Any:
        """Never below the one before: what was in flight then had a time above it, and what came later has a later one."""
        bound, before = earlier(self.high.get(name), self.request.cursor.lag, self.overlap), self.low.get(name)
        return before if bound is None or (before is not None and not reaches(bound, before)) else bound

    def _sweep(self) -> Iterator[Event]:
        """Look at every key: what was deleted, what turned up without a new time, whose child rows went."""
        for page in self.joined.pages(self.connection, self.request.batch_size):
            looks = self.joined.records(self.connection, page, light=True)
            keys = [key_of(look.data or {}, self.joined.key) or "" for look in looks]
            held = self.known.look(keys)
            self.known.see((key, held[key].print) for key in keys if key in held)
            other = [
                row
                for row, look, key in zip(page, looks, keys, strict=True)
                if key and (key not in held or held[key].print != self.joined.shape(look.data or {}))
            ]
            yield from self._emit(self.joined.records(self.connection, other), seen=True)
            yield from self._checkpoint()
        for event in departed(self.known, self.request, self._finished, self.began):
            if isinstance(event, Batch):
                for record in event.records:
                    self.window.forget(getattr(record, "key", None) or "")
            yield event

    def _checkpoint(self) -> Iterator[Checkpoint]:
        if due(self.since, self.known, self.request) or (self.since and not self.request.cursor.sweep):
            self.since = 0
            yield Checkpoint(self._unfinished())

    def _unfinished(self) -> Cursor:
        place = {"phase": self.phase, "mark": None if self.mark is None else [dump_value(value) for value in self.mark]}
        high = {name: dump_value(value) for name, value in self.high.items()}
        low = {name: dump_value(value) for name, value in self.low.items()}
        return self._cursor(low) | {"seen": self.window.unfinished(), "high": high, **place}

    def _finished(self) -> Cursor:
        low = {name: dump_value(self._next_low(name)) for name in self.high}
        return self._cursor(low) | {"seen": self.window.finished()}

    def _cursor(self, low: Cursor) -> Cursor:
        return {"version": 1, "low": low, "known": self.known.state(), "swept": self.swept, **self.extra}


def _python_type(column: ColumnElement[Any]) -> type | None:
    """None when only the values can tell."""
    return None if isinstance(column.type, NullType) else python_type(column)


def begin(
    connection: Connection, joined: Joined, request: StreamRequest, cursor: Cursor, clock: str, overlap: int, extra: Cursor
) -> Changes:
    """A read that continues where the cursor stands."""
    mark = cursor.get("mark")
    return Changes(
        connection,
        joined,
        request,
        clock,
        overlap,
        extra,
        Window(cursor.get("seen"), resumed="high" in cursor),
        Known(cursor.get("known"), request.landed if request.cursor.sweep else ()),
        {name: load_value(value) for name, value in cursor.get("low", {}).items()},
        {name: load_value(value) for name, value in cursor.get("high", {}).items()},
        phase=int(cursor.get("phase", 0)),
        mark=None if mark is None else [load_value(value) for value in mark],
        swept=cursor.get("swept"),
        resumed="high" in cursor,
    )
