"""From what came to what arrived: one outcome for each mapping and each part of a split, numbered within the run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import isfinite
from typing import Any

from hub.contract import Batch
from hub.errors import InvalidRecord, MappingFailed, Rejected
from hub.ingest.pieces import Again, Came, FeedPlan, Item, Made, Origin, Translator
from hub.records import EARLIEST, GONE, LATEST, Damage, Operation, RawRecord, RecordRef, Reject, SourceRecord, Translation, micros

_DEEPEST = 100  # levels of a payload that are kept with a reject
_LARGEST = 2**63  # whole numbers beyond are text in JSON that every reader understands


class Translating:
    """Translates the pieces of one run, one after the other."""

    def __init__(self, plan: FeedPlan, run: str) -> None:
        self._plan, self._run = plan, run
        self._number = self._made = 0
        self._receipt = run
        self._origin: str | None = None
        self._replayed_at: datetime | None = None
        self._edited = False
        self._entity = plan.translators[0].entity if plan.translators else ""

    def begin(self, origin: Origin | None, batch: Batch | Again) -> None:
        """The next piece: it gets a receipt."""
        self._number += 1
        self._made = 0
        self._receipt = f"{self._run}:{self._number}"
        if origin is not None and isinstance(batch, Again):
            self._origin, self._replayed_at, self._edited = origin.receipt, batch.at, batch.edited

    def came(self, item: Item, now: datetime, made: Sequence[Made]) -> Came:
        """The piece with what is known of it now: the key it is about is often the mapping's."""
        entity, key = self._entity, None
        for one in made:
            named = one.ref.key if isinstance(one, SourceRecord) else one.key
            if named is not None:
                entity, key = one.entity, named
                break
        else:
            key = item.key if isinstance(item, RawRecord) else None
        return Came(self._receipt, now, item, entity, key, self._made, self._origin, self._edited)

    def back(self, old: SourceRecord, operation: Operation, piece: Came, at: datetime) -> SourceRecord:
        """What takes back what an earlier translation of this piece said."""
        return replace(
            old, operation=operation, data={}, target=None, delta=False, message_id=_message_id(piece.id, piece.made),
            run=self._run, replayed_at=at, valid_from=None, valid_to=None,
            caused_by=piece.origin or "",
        )  # fmt: skip

    def __call__(self, item: Item, now: datetime) -> list[tuple[str, Made | None]]:
        """What each mapping makes of a piece, and of which entity."""
        if isinstance(item, Damage):
            return [self._damaged(item, now)]
        if item.updated_at is not None and not EARLIEST <= item.updated_at <= LATEST:
            wrong = Rejected("Its time lies before the year 1 or after 9999.", code="time_out_of_range")
            return [(self._entity, self._reject(wrong, item, self._entity, "", now))]
        raw = item.said
        made: list[tuple[str, Made | None]] = []
        for translator in self._plan.translators:
            outcomes = translator.apply(raw)
            if not outcomes:
                made.append((translator.entity, self._left_out(translator, raw, now)))
            made += [self._told(outcome, translator, raw, now) for outcome in outcomes]
        return made

    def _told(
        self, outcome: Translation | MappingFailed, translator: Translator, raw: RawRecord, now: datetime
    ) -> tuple[str, Made | None]:
        if isinstance(outcome, MappingFailed):
            key = self._only_key(translator, raw)
            return translator.entity, self._reject(outcome, raw, translator.entity, translator.name, now, key)
        return outcome.entity, self._checked(outcome, translator, raw, now)

    def _only_key(self, translator: Translator, raw: RawRecord) -> str | None:
        """Whose record could not be translated: where that can be told, it is mended and erased together with its fellows."""
        keys = translator.keys(raw)
        return min(keys) if len(keys) == 1 else None

    def _left_out(self, translator: Translator, raw: RawRecord, now: datetime) -> SourceRecord | None:
        if raw.key is None:
            return None
        nothing = Translation(translator.entity, raw.key, Operation.OUT_OF_SCOPE, {}, raw.updated_at, position=raw.position)
        return self._record(nothing, translator, raw, now)

    def _checked(self, made: Translation, translator: Translator, raw: RawRecord, now: datetime) -> Made:
        try:
            if made.operation not in GONE:
                if (own := self._plan.own(made)) is not made.data:
                    made = replace(made, data=own)
                if made.operation is not Operation.PATCH:
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
            message_id=self._next_id(),
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
            replayed_at=self._replayed_at,
            caused_by=self._origin or "",
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
        if knew := _known_of(raw):
            facts["connector"] = knew
        return Reject(
            self._next_id(), self._plan.name, code, error.message, now, self._run, raw.where, entity,
            key or raw.key, mapping, as_told(facts), as_told(raw.data), self._plan.system,
            self._kept_under(),
        )  # fmt: skip

    def _damaged(self, item: Damage, now: datetime) -> tuple[str, Made]:
        reject = Reject(
            self._next_id(), self._plan.name, item.code, item.reason, now, self._run, item.where, self._entity,
            payload=as_told(item.excerpt) if item.excerpt else None, system=self._plan.system,
            receipt=self._kept_under(),
        )  # fmt: skip
        return self._entity, reject

    def _kept_under(self) -> str:
        """Which receipt keeps what is translated."""
        return self._receipt if self._origin is None or self._edited else self._origin

    def _next_id(self) -> str:
        self._made += 1
        return _message_id(self._receipt, self._made)


def _message_id(receipt: str, number: int) -> str:
    return receipt if number == 1 else f"{receipt}.{number}"


def _known_of(raw: RawRecord) -> dict[str, Any]:
    """What the connector itself knew of a record: it orders its versions, so a replay needs it."""
    moment = raw.updated_at.isoformat() if raw.updated_at else None
    knew = {"operation": raw.operation, "position": raw.position, "updated_at": moment}
    return {name: value for name, value in knew.items() if value is not None}


def as_told(value: Any, depth: int = 0) -> Any:
    """Any value as JSON can keep it, for a reject's payload: what JSON has no word for becomes text, and nothing is refused."""
    if depth > _DEEPEST:
        return "..."
    if isinstance(value, Mapping):
        return {str(name): as_told(one, depth + 1) for name, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [as_told(one, depth + 1) for one in value]
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int) and abs(value) < _LARGEST:
        return int(value)
    if isinstance(value, float) and isfinite(value):
        return float(value)
    if isinstance(value, bytes | bytearray | memoryview):
        return bytes(value).decode("latin-1")
    return str(value).encode("utf-8", "replace").decode("utf-8").replace("\x00", "\N{SYMBOL FOR NULL}")
