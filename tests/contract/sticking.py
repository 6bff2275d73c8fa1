"""One hub, and all that may happen to it: for the cases of merging, splitting and sticking."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import count
from typing import Any

from sqlalchemy import Connection

from hub.app.bulk import adopt_in_bulk
from hub.app.stability import announcements
from hub.matching.stability import Stability, measure
from hub.records import Decision, Operation, RecordRef, ReviewTask, SourceRecord
from hub.relay import Replica, fold
from hub.resolve import Outcome, Resolver
from hub.store import goldens, sources, tasks
from hub.store.accounting import accounting
from hub.store.decisions import PinnedValue
from hub.store.goldens import Golden
from hub.store.store import Store
from hub.store.tables import metadata
from tests.contract.histories import AS_OF, START, small_rules

ANA = {
    "kind": "person",
    "name": {"given": "Ana", "family": "Gil"},
    "birth_date": "1980-02-03",
    "emails": [{"address": "ana.gil@x.example", "type": "main"}],
    "phones": [{"number": "+34911111111", "type": "main"}],
}
ANA_TOO = {**ANA, "phones": [{"number": "+34922222222", "type": "main"}]}
NEARLY_ANA = {"kind": "person", "name": {"given": "Anna", "family": "Gil"}, "birth_date": "1980-02-04"}
LUIS = {
    "kind": "person",
    "name": {"given": "Luis", "family": "Ruiz"},
    "birth_date": "1991-07-08",
    "emails": [{"address": "luis@y.example", "type": "main"}],
}
A, B, C = RecordRef("erp", "a"), RecordRef("shop", "b"), RecordRef("crm", "c")


@dataclass
class Hub:
    """One hub and its clock."""

    store: Store
    resolver: Resolver = field(init=False)
    ticks: Iterator[int] = field(default_factory=lambda: count(1))
    ids: Iterator[int] = field(default_factory=lambda: count(1))
    taken: list[SourceRecord] = field(default_factory=list)
    said: list[Callable[[Connection], Any]] = field(default_factory=list)  # what people said and time did, in order
    day: date = AS_OF
    started: bool = False

    def __post_init__(self) -> None:
        self.resolver = Resolver(
            small_rules(block_limit=50, component_limit=50),
            clock=lambda: START + timedelta(hours=next(self.ticks)),
            mint=lambda: f"g{next(self.ids):03}",
        )

    def say(self, ref: RecordRef, data: dict[str, Any] | None, operation: Operation = Operation.UPSERT, **more: Any) -> Outcome:
        number = next(self.ticks)
        operation = operation if data is not None or operation is not Operation.UPSERT else Operation.DELETED
        at = START + timedelta(hours=number)
        record = SourceRecord("customer", ref, operation, data or {}, at, f"m{number}", updated_at=at, **more)
        return self.take(record)

    def take(self, *records: SourceRecord, as_of: date = AS_OF) -> Outcome:
        with self.store.begin() as tx:
            done = self.resolver.resolve(tx, records, as_of)
        self.taken += records
        return done

    def _say(self, step: Callable[[Connection], Any]) -> Any:
        with self.store.begin() as tx:
            done = step(tx)
        self.said.append(step)
        return done

    def decide(self, verdict: str, left: RecordRef, right: RecordRef, hour: int = 0) -> str:
        number = next(self.ticks)
        at = START + timedelta(hours=hour or number)
        decision = Decision(f"d{number:03}", verdict, (left,), (right,), "maria@example", at, "I know them")
        self._say(lambda tx: self.resolver.decide(tx, decision, AS_OF))
        return decision.id

    def withdraw(self, decision_id: str) -> None:
        self._say(lambda tx: self.resolver.withdraw(tx, decision_id, "maria@example", AS_OF))

    def pin(self, pinned: PinnedValue) -> None:
        self._say(lambda tx: self.resolver.pin(tx, pinned, AS_OF))

    def wait_until(self, day: date) -> Outcome:
        """The daily job of that day."""
        self.day = day
        done: Outcome = self._say(lambda tx: self.resolver.due(tx, day))
        return done

    def id_of(self, ref: RecordRef) -> str | None:
        with self.store.read() as tx:
            return goldens.behind_key(tx, "customer", (ref.system, ref.key))

    def golden(self, golden_id: str | None) -> Golden:
        assert golden_id is not None
        with self.store.read() as tx:
            found = goldens.by_id(tx, [golden_id])
        return found[golden_id]

    def leads_to(self, golden_id: str) -> str | None:
        with self.store.read() as tx:
            found = goldens.current(tx, golden_id)
        return found.id if found else None

    def tasks(self) -> list[ReviewTask]:
        with self.store.read() as tx:
            return [one.task for one in tasks.every(tx, "customer")]

    def closed(self) -> list[tuple[str | None, str | None]]:
        with self.store.read() as tx:
            return [(one.closed_by, one.closed_why) for one in tasks.listed(tx, "customer", state="closed")]

    def story(self, golden_id: str) -> list[str]:
        with self.store.read() as tx:
            return [one.kind for one in goldens.story(tx, golden_id)]

    def last(self, golden_id: str) -> dict[str, Any]:
        with self.store.read() as tx:
            return goldens.story(tx, golden_id)[-1].data

    def check(self) -> None:
        """Whatever happened: nothing differs from a rebuild, nothing leaks, and a subscriber knows everything."""
        with self.store.read() as tx:
            assert self.resolver.rebuild(tx) == []
            assert accounting(tx, "customer")["leakage"] == 0
            told = goldens.announced(tx, "customer", limit=10_000)
            every = [g for state in ("active", "retired", "ended") for g in goldens.every(tx, "customer", state=state)]
        held = {g.id: Replica(g.version, g.state, g.members, g.data, g.into) for g in every}
        assert fold({}, [(one.golden_id, one.data) for one in told]) == held
        found = self.stability()
        assert (found.total("excess"), found.total("owed")) == (0, found.total("reinstated"))
        self.check_in_one_piece(held)
        self.check_in_bulk()
        self.check_in_one_batch()

    def stability(self) -> Stability:
        with self.store.read() as tx:
            return measure(announcements(tx), merged=sources.ever_merged(tx, "customer"))

    def check_in_one_piece(self, held: dict[str, Replica]) -> None:
        """Everything computed anew, ids kept: nothing is announced, since nothing changes."""
        with self.store.begin() as tx:
            assert self.resolver.adopt(tx, self.day).announced == {}
            assert {g.id: (g.members, g.data) for g in goldens.every(tx, "customer")} == {
                golden: (one.members, one.data) for golden, one in held.items() if one.state == "active"
            }

    def check_in_bulk(self) -> None:
        """The same by the bulk road: whoever has an id keeps it, nobody hears of anything."""
        with self.store.read() as tx:
            before = list(goldens.every(tx, "customer"))
        assert adopt_in_bulk(self.store, self.resolver, self.day, workers=1, memory="200MB").outcome.announced == {}
        with self.store.read() as tx:
            assert list(goldens.every(tx, "customer")) == before

    def check_in_one_batch(self) -> None:
        """All records at once, then what people said."""
        before = self.answer()
        with self.store.begin() as tx:
            for table in metadata.tables.values():
                tx.execute(table.delete())
        with self.store.begin() as tx:
            self.resolver.resolve(tx, self.taken, AS_OF)
        for step in self.said:
            with self.store.begin() as tx:
                step(tx)
        assert self.answer() == before

    def answer(self) -> tuple[Any, ...]:
        """What must not depend on the road; what a steward has started stays, which is history."""
        with self.store.read() as tx:
            values = {golden.members: golden.data for golden in goldens.every(tx, "customer")}
            asked = [one for one in tasks.every(tx, "customer") if one.started_by is None]
        return values, sorted((one.task for one in asked), key=str) if not self.started else None
