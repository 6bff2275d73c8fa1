"""Which version of a source record holds: a pure fold over all versions of one key.

Versions sort by (generation, log position or time, extraction, content), see ``SourceRecord.version``. The fold walks them in
that order, so the order in which they arrived can make no difference. What is translated again (a replay) stands in the place of
what it was translated to before, and of several translations the last counts. The fold can also go on from a held state when
everything new is younger than what is held; that is the fast way of the resolver, and a property test holds both ways equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from hub.records import GONE, Data, Operation, SourceRecord, micros

CURRENT = "current"
SUPERSEDED = "superseded"
UNCHANGED = "unchanged"
DELETED = "deleted"
WAITING = "waiting"

ALIASES = frozenset({Operation.MERGED_INTO, Operation.REKEYED})
_STILL_KNOWN = frozenset({Operation.ENDED, Operation.ARCHIVED}) | ALIASES


@dataclass(frozen=True, slots=True)
class Held:
    """What the hub holds of one key.

    ``record`` is the version that *brought* the content, with deltas folded in: repeating the same content later does not make
    a value younger. ``version`` and ``position`` are those of the greatest version, which a later repetition advances.
    """

    record: SourceRecord
    version: str
    position: int | None

    @property
    def gone(self) -> bool:
        return self.record.operation in GONE

    @property
    def message_id(self) -> str:
        """Of the version that stands as current (or as tombstone) in the history."""
        return self.record.message_id


@dataclass(frozen=True, slots=True)
class Fold:
    """The outcome for one key: what is held, the state of every version, and whether a full record must be asked for."""

    held: Held | None
    states: dict[str, str]  # message id -> state
    gap: bool = False


def fold(versions: Iterable[SourceRecord], start: Held | None = None) -> Fold:
    """Fold versions of one key. With ``start``, every version must be younger than it and nothing may be waiting."""
    ordered = list(versions)
    if len(ordered) > 1:  # a version costs a hash of its content
        ordered.sort(key=lambda version: (version.version, version.message_id))
    held = start
    states: dict[str, str] = {}
    if any(version.replayed_at for version in ordered):
        ordered = _last_told(ordered, states)
    waiting: list[SourceRecord] = []
    if start is not None:
        states[start.message_id] = _state(start)
    generation = start.record.ref.generation if start else None
    for version in ordered:
        if version.ref.generation != generation:
            _bury(held, waiting, states)
            held, waiting, generation = None, [], version.ref.generation
        following = None if waiting and _leans(version) else _follow(held, version)
        if following is None:
            waiting.append(version)
            states[version.message_id] = WAITING
        elif held is not None and _same(held.record, following):
            held = replace(held, version=version.version, position=version.position)
            states[version.message_id] = UNCHANGED
            waiting = _bury(None, waiting, states)
        else:
            _bury(held, waiting, states)
            waiting = []
            held = Held(following, version.version, version.position)
            states[version.message_id] = _state(held)
    return Fold(held, states, bool(waiting))


def _last_told(ordered: list[SourceRecord], states: dict[str, str]) -> list[SourceRecord]:
    """Of what came once and was translated several times only the last translation counts."""
    told: dict[tuple[int, int, datetime], datetime | None] = {}
    for version in ordered:  # later translations sort behind earlier ones
        told[_place(version)] = version.replayed_at
    counting = []
    for version in ordered:
        last = told[_place(version)]
        if version.replayed_at == last and version.operation is not Operation.WITHDRAWN:
            counting.append(version)
        else:
            states[version.message_id] = SUPERSEDED
    return counting


def needless(versions: Iterable[SourceRecord]) -> set[str]:
    """Of all versions of one key, the message ids of those that can go without anybody noticing, whatever arrives later.

    Needed is the run that holds: from the whole record it leans on, over what brought its content, to the last that says so.
    Before it only what was overtaken can go; within it only what says the same once more of the same moment.
    """
    told = list(versions)
    folded = fold(told)
    ordered = sorted(told, key=lambda version: (version.version, version.message_id))
    if folded.held is None or folded.gap:
        return set()
    places = {version.message_id: place for place, version in enumerate(ordered)}
    holds = places[folded.held.message_id]
    counting = {version.message_id for version in _last_told(ordered, {})}
    base = _base(ordered, holds, counting)
    gone = {version.message_id for version in ordered[:base] if folded.states[version.message_id] in (SUPERSEDED, UNCHANGED)}
    for place, version in enumerate(ordered[holds + 1 : -1], holds + 1):
        again = folded.states[version.message_id] == UNCHANGED and not _leans(version) and not version.replayed_at
        if again and _moment(version) == _moment(ordered[place + 1]) and not ordered[place + 1].replayed_at:
            gone.add(version.message_id)
    return gone


def _base(ordered: list[SourceRecord], holds: int, counting: set[str]) -> int:
    """Where what holds begins: its last whole record, or the first of the translations of that."""
    base = holds
    while base and (_leans(ordered[base]) or ordered[base].message_id not in counting):
        base -= 1
    while base and _place(ordered[base - 1]) == _place(ordered[base]):
        base -= 1
    return base


def _place(version: SourceRecord) -> tuple[int, int, datetime]:
    return version.ref.generation, version.order, version.extracted_at


def _moment(version: SourceRecord) -> tuple[object, ...]:
    position = None if version.position == micros(version.extracted_at) else version.position  # the order of reading
    return version.ref.generation, position, version.updated_at, version.operation


def held_on(versions: Iterable[tuple[SourceRecord, datetime]], true: datetime, known: datetime) -> Held | None:
    """Both times of a record: what was true at one moment, as far as the hub knew it at another.

    ``versions`` come with the time of their arrival. A version is true from its ``valid_from`` (else from when the source changed
    it) until its ``valid_to``; what arrived after ``known`` was not known yet.
    """
    told = [version for version, arrived in versions if arrived <= known and _began(version) <= true]
    held = fold(told).held
    ended = held.record.valid_to if held is not None else None
    return None if held is None or (ended is not None and ended <= true) else held


def _began(version: SourceRecord) -> datetime:
    return version.valid_from or version.effective_at


def _state(held: Held) -> str:
    return DELETED if held.gone else CURRENT


def _bury(held: Held | None, waiting: list[SourceRecord], states: dict[str, str]) -> list[SourceRecord]:
    """What was held or waited is overtaken."""
    for version in waiting:
        states[version.message_id] = SUPERSEDED
    if held is not None:
        states[held.message_id] = SUPERSEDED
    return []


def _leans(version: SourceRecord) -> bool:
    """Whether a version says only part of the record and needs the one before it."""
    if version.operation is Operation.PATCH:
        return True
    if version.operation in _STILL_KNOWN:
        return version.delta or not version.data
    return version.delta and version.operation is Operation.UPSERT


def _follow(held: Held | None, version: SourceRecord) -> SourceRecord | None:
    """The record after this version, or None when what it leans on is missing."""
    if not _leans(version):
        return version
    if held is None or held.record.operation in GONE - ALIASES:
        return version if _founds(version) else None
    if version.sequenced and not _next(held.position, version.position):
        return None
    operation = held.record.operation if version.operation is Operation.PATCH else version.operation
    target = version.target or (held.record.target if operation in ALIASES else None)
    return replace(version, operation=operation, data=patched(held.record.data, version.data), target=target, delta=False)


def _founds(version: SourceRecord) -> bool:
    """A delta feed says what is new with an upsert, and a source may merge away a key the hub never saw."""
    return version.operation is Operation.UPSERT or version.operation in ALIASES


def _next(before: int | None, after: int | None) -> bool:
    return before is None or after is None or after <= before + 1


def _same(held: SourceRecord, record: SourceRecord) -> bool:
    return (held.operation, held.target, held.data) == (record.operation, record.target, record.data)


def patched(data: Data, patch: Data) -> Data:
    """Data with a patch laid over it: nested fields one by one, lists as a whole, null as known empty."""
    result = dict(data)
    for name, value in patch.items():
        before = result.get(name)
        result[name] = patched(before, value) if isinstance(value, dict) and isinstance(before, dict) else value
    return result
