"""From the members of one cluster to the values of its golden record."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any, NamedTuple

from hub.records import Data, RecordRef, SourceRecord
from hub.survivorship.choosing import STEWARD, Candidate, choose, confidence, filled, next_change, unanimity
from hub.survivorship.items import item_id, item_key, normal
from hub.survivorship.lists import only_usages, shown, unite, validity
from hub.survivorship.rules import FieldRule, SurvivorshipRules
from hub.survivorship.trust import LAST_DAY, ONE
from hub.survivorship.voices import Said, Voice, unanimous

Echo = tuple[RecordRef, str]
"""A value that the hub itself wrote into a system: (the record, the path of the field or ``emails[<item id>]``)."""

_OWN = frozenset({"source", "flags"})  # what a record says about itself, not about the customer


class Pin(NamedTuple):
    """A steward's value for a field. It hangs on a source record and goes where that goes."""

    id: str
    ref: RecordRef
    path: str
    value: Any  # None: known empty
    by: str
    at: datetime
    expires: date | None = None  # the first day on which it no longer holds


@dataclass(frozen=True, slots=True)
class Survived:
    """The values of one golden record on one day, and where each came from."""

    data: Data
    provenance: dict[str, Any]  # path -> {source, rule, at, supporters, confidence, ...}
    next_due: date | None = None
    completeness: int = 0  # percent of the fields that should be known

    @property
    def confidence(self) -> dict[str, int]:
        return {path: entry["confidence"] for path, entry in self.provenance.items()}


def survive(
    records: Iterable[SourceRecord],
    rules: SurvivorshipRules,
    as_of: date,
    pins: Iterable[Pin] = (),
    *,
    echoes: Collection[Echo] = frozenset(),
    hidden: Collection[str] = frozenset(),
) -> Survived:
    """Pure, and blind to the order of its inputs.

    ``echoes`` do not count as evidence; records of ``hidden`` systems do not exist for the reader this is made for.
    """
    shown = _in_order([r for r in records if r.ref.system not in hidden] if hidden else list(records))
    making = _Making(rules, as_of.toordinal())
    said = [(Voice(r, rules), _without_echoes(r, echoes) if echoes else r.data) for r in shown]
    data = making.alone("", *said[0]) if len(said) == 1 else making.object("", said)
    for pin in _standing(pins, {r.ref for r in shown}, as_of, making.days):
        making.pin(data, pin)
    days = [d for d in making.days if d > making.day]
    due = min(days, default=LAST_DAY + 1)
    return Survived(
        data=data,
        provenance=dict(sorted(making.provenance.items())),
        next_due=date.fromordinal(due) if due <= LAST_DAY else None,
        completeness=_completeness(data, rules),
    )


def _in_order(records: list[SourceRecord]) -> list[SourceRecord]:
    """By ref; only where one ref is there more than once its version is asked for, which costs a hash of all its content."""
    if len(records) < 2:
        return records
    if len({r.ref for r in records}) == len(records):
        return sorted(records, key=lambda r: r.ref)
    return sorted(records, key=lambda r: (r.ref, r.version))


@dataclass(slots=True)
class _Making:
    rules: SurvivorshipRules
    day: int
    provenance: dict[str, Any] = field(default_factory=dict)
    days: list[int] = field(default_factory=list)

    def object(self, path: str, said: Said) -> Data:
        """Every field of an object on its own."""
        by_name: dict[str, list[tuple[Voice, Any]]] = {}
        nothing = []
        for voice, value in said:
            if isinstance(value, dict):
                for name, inner in value.items():
                    by_name.setdefault(name, []).append((voice, inner))
            elif value is None:
                nothing.append((voice, None))  # none of it: none of its parts
        result: Data = {}
        for name in sorted(by_name):
            if not path and name in _OWN:
                continue
            found, carried = self.field(f"{path}.{name}" if path else name, by_name[name] + nothing)
            if carried:
                result[name] = found
        return result

    def alone(self, path: str, voice: Voice, told: Mapping[str, Any]) -> Data:
        """`object` of what a single record says, as most do: nobody disagrees, so nothing is collected and chosen."""
        result: Data = {}
        for name in sorted(told):
            if not path and name in _OWN:
                continue
            found, carried = self._field_alone(f"{path}.{name}" if path else name, voice, told[name])
            if carried:
                result[name] = found
        return result

    def _field_alone(self, path: str, voice: Voice, value: Any) -> tuple[Any, bool]:
        rule = self.rules.fields.get(path)
        if value is None or isinstance(value, list) or (rule is not None and rule.group):
            return self.field(path, [(voice, value)])
        if isinstance(value, dict):
            found = self.alone(path, voice, value)
            return found, bool(found)
        self._record_alone(path, voice, value)
        return value, True

    def field(self, path: str, said: Said) -> tuple[Any, bool]:
        """The value of a field, and whether there is one (None is: known empty)."""
        rule = self.rules.at(path)
        if rule and rule.group:
            return self._group(path, said, rule)
        listed = False
        for _, value in said:
            if isinstance(value, dict):
                return self._parts(path, said)
            listed = listed or isinstance(value, list)
        if listed and (rule.union if rule else self.rules.default.union or not path.startswith("ext.")):
            return self._union(path, said, rule or self.rules.default)
        return self._one(path, said, rule or self.rules.default)

    def _parts(self, path: str, said: Said) -> tuple[Any, bool]:
        found = self.object(path, said)
        return found, bool(found)

    def _group(self, path: str, said: Said, rule: FieldRule) -> tuple[Any, bool]:
        """An object that lives or dies as a whole, but for the parts that have a rule of their own."""
        own = self.rules.inside(path)
        whole = [(voice, _without(value, own)) for voice, value in said] if own else said
        found, carried = self._one(path, [(v, x) for v, x in whole if x is None or filled(x)], rule)
        result = dict(found) if isinstance(found, dict) else {}
        for name in own:
            inner = [(voice, value[name]) for voice, value in said if isinstance(value, dict) and name in value]
            part, there = self.field(f"{path}.{name}", inner) if inner else (None, False)
            if there:
                result[name] = part
        return (result, True) if result else (None, carried)

    def _one(self, path: str, said: Said, rule: FieldRule) -> tuple[Any, bool]:
        """One value of all."""
        if len(said) == 1 and _carries(said[0][1]):
            voice, value = said[0]
            self._record_alone(path, voice, value)
            return value, True
        if len(said) > 1 and rule.blind and unanimous(said):
            return self._agreed(path, said, rule), True
        stand = [self._candidate(path, voice, value, normal(value)) for voice, value in said if _carries(value)]
        empty = [self._candidate(path, voice, None, "null") for voice, value in said if value is None]
        if not stand or rule.known_empty_competes or any(c.ref.system == STEWARD for c in empty):
            stand += empty
        if not stand:
            return None, False
        choice = choose(stand, rule.chain, self.day)
        due = next_change(stand, rule.chain, self.day)
        if due is not None:
            self.days.append(due)
        self._record(path, choice.winner, choice.rule, [c for c in stand if c.normal == choice.winner.normal], stand)
        return choice.winner.value, True

    def _agreed(self, path: str, said: Said, rule: FieldRule) -> Any:
        """`_one` where all say the very same: only trust and age tell them apart, and time changes nothing."""
        value = said[0][1]
        self._record_agreed(path, said, rule, value.get("type") if isinstance(value, dict) else None, path)
        return value

    def _record_agreed(self, path: str, said: Said, rule: FieldRule, kind: str | None, field: str) -> dict[str, Any]:
        left, in_favour = [], dict[str, int]()
        for voice, _ in said:
            flagged = voice.flags is not None and voice.flagged(field)
            score = voice.standing(self.rules, kind, field, flagged).on(self.day)
            left.append((score, voice))
            if score >= in_favour.get(voice.system, 0):
                in_favour[voice.system] = score
        for step in rule.chain:
            if len(left) > 1 and step.name == "trust":
                best = max([score for score, _ in left])
                left = [one for one in left if one[0] == best]
            elif len(left) > 1 and step.name == "most_recent":
                last = max([voice.at for _, voice in left])
                left = [one for one in left if one[1].at == last]
        winner = left[0][1]  # records stand in order
        entry = self.provenance[path] = {
            "source": winner.name,
            "rule": "agreed",
            "at": winner.since,
            "supporters": list(dict.fromkeys([voice.name for voice, _ in said])),
            "confidence": unanimity(in_favour.values()),
        }
        return entry

    def _union(self, path: str, said: Said, rule: FieldRule) -> tuple[Any, bool]:
        first = said[0][1]
        if type(first) is list and len(first) == 1 and isinstance(first[0], dict):
            items = [(voice, value[0] if _is_one(value) else None) for voice, value in said]
            if len(said) == 1 or (rule.blind and unanimous(items)):
                return self._only_item(path, said, first[0], rule)
        empty = [self._candidate(path, voice, None, "null") for voice, value in said if value is None]
        stand = list(self._items(path, said, rule))
        union = unite(path, stand, empty, rule, self.day)
        if union.due is not None:
            self.days.append(union.due)
        for item in union.items:
            entry = self._record(f"{path}[{item.name}]", item.choice.winner, item.choice.rule, item.supporters, item.supporters)
            if item.usages:
                entry["preferred_for"] = list(item.usages)
        if union.items:
            return [item.value for item in union.items], True
        if not empty:
            return None, False
        last = max(empty, key=lambda c: (c.ref.system == STEWARD, c.at, c.ref))
        self._record(path, last, "known_empty", empty, empty)
        return None, True

    def _only_item(self, path: str, said: Said, item: Any, rule: FieldRule) -> tuple[Any, bool]:
        """What `unite` makes of one thing that one record says, or all in the same words."""
        key = item_key(path, item, rule.items)
        valid, turn = validity(item, self.day)
        if turn is not None and key:
            self.days.append(turn)
        if not valid or not key:
            return None, False
        name = item_id(path, key)
        usages = only_usages(item, rule)
        if len(said) == 1:
            entry = self._record_alone(f"{path}[{name}]", said[0][0], item, path)
        else:
            entry = self._record_agreed(f"{path}[{name}]", said, rule, item.get("type"), path)
        if usages:
            entry["preferred_for"] = usages
        return [shown(item, name, preferred=bool(usages))], True

    def _items(self, path: str, said: Said, rule: FieldRule) -> Iterator[Candidate]:
        for voice, value in said:
            for item in value if isinstance(value, list) else ():
                if key := item_key(path, item, rule.items):
                    yield self._candidate(path, voice, item, key)

    def _candidate(self, path: str, voice: Voice, value: Any, key: str) -> Candidate:
        kind, preferred = (value.get("type"), value.get("preferred") is True) if isinstance(value, dict) else (None, False)
        flagged = voice.flags is not None and voice.flagged(path)
        standing = voice.standing(self.rules, kind, path, flagged)
        return Candidate(voice.ref, value, key, voice.at, voice.since, standing, flagged, preferred)

    def _record_alone(self, path: str, voice: Voice, value: Any, field: str = "") -> dict[str, Any]:
        """`_record` for a value that is the only one of its place, in the only spelling, said by one record."""
        steward = voice.system == STEWARD
        sure = ONE
        if not steward:
            kind = value.get("type") if isinstance(value, dict) else None
            flagged = voice.flags is not None and voice.flagged(field or path)
            sure = voice.standing(self.rules, kind, field or path, flagged).on(self.day)
        entry = self.provenance[path] = {
            "source": voice.name,
            "rule": STEWARD if steward else "only_value",
            "at": voice.since,
            "supporters": [voice.name],
            "confidence": sure // (ONE // 100),
        }
        return entry

    def _record(
        self, path: str, winner: Candidate, rule: str, supporters: Sequence[Candidate], all_of_them: Sequence[Candidate]
    ) -> dict[str, Any]:
        refs = [supporters[0].ref] if len(supporters) == 1 else sorted({c.ref for c in supporters})
        entry = self.provenance[path] = {
            "source": str(winner.ref),
            "rule": rule,
            "at": winner.since,
            "supporters": [str(ref) for ref in refs],
            "confidence": confidence(supporters, all_of_them, self.day),
        }
        return entry

    def pin(self, data: Data, pin: Pin) -> None:
        """Put a steward's value in its place; what is said about the place or inside of it is no longer true."""
        *outer, last = pin.path.split(".")
        for name in outer:
            inner = data.get(name)
            data[name] = data = dict(inner) if isinstance(inner, dict) else {}
        data[last] = pin.value
        for path in [p for p in self.provenance if p == pin.path or p.startswith((pin.path + ".", pin.path + "["))]:
            del self.provenance[path]
        at = pin.at.astimezone(UTC).isoformat().replace("+00:00", "Z")
        said = {"source": str(pin.ref), "rule": "pin", "at": at, "supporters": [str(pin.ref)], "confidence": 100, "by": pin.by}
        self.provenance[pin.path] = said


def _is_one(value: Any) -> bool:
    return type(value) is list and len(value) == 1


def _carries(value: Any) -> bool:
    return value is not None and value != [] and value != {}


def _without(value: Any, names: Collection[str]) -> Any:
    if not isinstance(value, dict):
        return value
    return {k: v for k, v in value.items() if k not in names}


def _without_echoes(record: SourceRecord, echoes: Collection[Echo]) -> Mapping[str, Any]:
    paths = sorted(path for ref, path in echoes if ref == record.ref)
    data: Mapping[str, Any] = record.data
    for path in paths:
        data = _drop(data, path, path.split("."))
    return data


def _drop(data: Mapping[str, Any], path: str, steps: Sequence[str]) -> Mapping[str, Any]:
    name, _, item = steps[0].partition("[")
    if name not in data:
        return data
    rest = {k: v for k, v in data.items() if k != name}
    value = data[name]
    if len(steps) > 1:
        return rest | {name: _drop(value, path, steps[1:])} if isinstance(value, dict) else data
    if item and isinstance(value, list):
        here = path.partition("[")[0]
        return rest | {name: [i for i in value if item_id(here, item_key(here, i)) != item.rstrip("]")]}
    return rest


def _standing(pins: Iterable[Pin], refs: Collection[RecordRef], as_of: date, days: list[int]) -> list[Pin]:
    """The pins that hold, outer fields before inner ones, one per path: the latest."""
    latest: dict[str, Pin] = {}
    for pin in sorted((p for p in pins if p.ref in refs), key=lambda p: (p.at, p.id)):
        if pin.expires is None or as_of < pin.expires:
            latest[pin.path] = pin
    days += [p.expires.toordinal() for p in latest.values() if p.expires is not None]
    return [latest[path] for path in sorted(latest)]


def _completeness(data: Data, rules: SurvivorshipRules) -> int:
    wanted = rules.wanted
    if not wanted:
        return 100 if data else 0
    there = 0
    for ways in wanted:
        for steps in ways:
            value: Any = data
            for name in steps:
                value = value.get(name) if isinstance(value, dict) else None
            if value is not None and (type(value) is str or filled(value)):
                there += 1
                break
    return there * 100 // len(wanted)
