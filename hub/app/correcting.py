"""A person's word about a value: a pin that holds until a day, or a correction, which is a record of the system `steward`.

Both hang on a source record, never on a golden id, so they go where that record goes. A correction is joined to its record by a
decision that names it alone: it holds nothing else together.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import date
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection

from hub.app.outcome import Work, untold
from hub.app.rights import Person, must_be_allowed, note
from hub.app.stages import ENTITY, catch_up
from hub.errors import InvalidRecord, Rejected
from hub.records import Data, Decision, Operation, RecordRef, SourceRecord, at_path
from hub.resolve import Outcome
from hub.resolve.minting import uuid7_mint
from hub.store import decisions, feeds, goldens, sources
from hub.store.decisions import PinnedValue
from hub.store.goldens import Golden
from hub.survivorship import SurvivorshipRules
from hub.survivorship.choosing import STEWARD

if TYPE_CHECKING:
    from hub.app.hub import Hub


def pin(
    hub: Hub, which: str | RecordRef, path: str, value: Any, until: date | None, person: Person, why: str = ""
) -> tuple[PinnedValue, Outcome]:
    """Fix the value of a field of one record (or of the record that a golden value comes from) until a day, or for good."""
    must_be_allowed(hub, person, "pin", [str(which), path])
    if until is not None and until <= hub.as_of:
        raise Rejected(f"A pin until {until} would have ended already; give a day after {hub.as_of}.", code="pin_ended")
    with hub.store.begin() as tx:
        _, ref = _place(tx, which, path)
        _must_be_valid(hub, path, value)
        pinned = PinnedValue(uuid7_mint(hub.clock)(), ENTITY, ref, path, value, person.name, hub.clock(), until)
        done = Work(outcome=hub.resolver.pin(tx, pinned, hub.as_of))
        note(tx, hub, person, "pin", [str(ref), path], pinned.id, why)
    catch_up(hub, done, untold)
    return pinned, done.outcome


def unpin(hub: Hub, pin_id: str, person: Person) -> Outcome:
    """Take a pin back: what the sources say counts again."""
    must_be_allowed(hub, person, "unpin", [f"pin {pin_id}"])
    with hub.store.begin() as tx:
        done = Work(outcome=hub.resolver.unpin(tx, pin_id, person.name, hub.as_of))
        note(tx, hub, person, "unpin", [f"pin {pin_id}"], pin_id)
    catch_up(hub, done, untold)
    return done.outcome


def correct(hub: Hub, which: str | RecordRef, path: str, value: Any, person: Person, why: str = "") -> tuple[RecordRef, Outcome]:
    """Say what is true: a record of the system ``steward`` that stands beside the record it corrects, and wins."""
    must_be_allowed(hub, person, "correct", [str(which), path])
    with hub.store.begin() as tx:
        golden, ref = _place(tx, which, path)
        data = _said(golden.data, path, value, hub.rules.survivorship)
        hub.model.check(ENTITY, data)
        key, at = uuid7_mint(hub.clock)(), hub.clock()
        corrected = RecordRef(STEWARD, key)
        link = Decision(f"correction-{key}", "same", (ref,), (corrected,), person.name, at, why)
        done = Work(outcome=hub.resolver.decide(tx, link, hub.as_of))
        done.outcome.add(_take(tx, hub, SourceRecord(ENTITY, corrected, Operation.UPSERT, data, at, f"{STEWARD}:{key}", STEWARD)))
        note(tx, hub, person, "correct", [str(ref), path], str(corrected), why)
    catch_up(hub, done, untold)
    return corrected, done.outcome


def take_back(hub: Hub, key: str, person: Person) -> Outcome:
    """A correction never was: its record goes, and the decision that held it in its place."""
    corrected = RecordRef(STEWARD, key.removeprefix(f"{STEWARD}:"))
    must_be_allowed(hub, person, "take_back", [str(corrected)])
    with hub.store.begin() as tx:
        head = sources.heads(tx, ENTITY, [corrected[:2]]).get(corrected[:2])
        if head is None or not head.live:
            raise Rejected(f"There is no correction {key}; see `goldenhub review corrections`.", code="correction_unknown")
        gone = SourceRecord(ENTITY, corrected, Operation.DELETED, {}, hub.clock(), f"{corrected}:back", STEWARD)
        done = Work(outcome=_take(tx, hub, gone))
        for link in decisions.about(tx, ENTITY, [corrected[:2]]):
            done.outcome.add(hub.resolver.withdraw(tx, link.id, person.name, hub.as_of))
        note(tx, hub, person, "take_back", [str(corrected)], str(corrected))
    catch_up(hub, done, untold)
    return done.outcome


def _take(tx: Connection, hub: Hub, record: SourceRecord) -> Outcome:
    feeds.add_counts(tx, STEWARD, "arrived", {ENTITY: 1})
    return hub.resolver.resolve(tx, [record], hub.as_of)


def _place(tx: Connection, which: str | RecordRef, path: str) -> tuple[Golden, RecordRef]:
    """The golden record, and the source record on which a word about this field hangs."""
    golden_id = goldens.behind_key(tx, ENTITY, which[:2]) if isinstance(which, RecordRef) else which
    golden = goldens.current(tx, golden_id) if golden_id else None
    if golden is None or not golden.live:
        raise Rejected(f"Nobody is known as {str(which)!r}; see `goldenhub golden list`.", code="not_known")
    if isinstance(which, RecordRef):
        own = [ref for ref in golden.members if ref[:2] == which[:2]]
        if not own:
            raise Rejected(f"{which} is no member of {golden.id} itself; name one of {_named(golden)}.", code="record_unknown")
        return golden, own[0]
    return golden, _speaker(golden, path)


def _speaker(golden: Golden, path: str) -> RecordRef:
    """Who says what stands there now; the first member where nobody of the sources does."""
    source = next((entry.get("source") for place, entry in golden.provenance.items() if _covers(place, path)), None)
    members = [ref for ref in golden.members if ref.system != STEWARD]
    return next((ref for ref in members if str(ref) == source), members[0])


def _covers(place: str, path: str) -> bool:
    return place == path or path.startswith((f"{place}.", f"{place}[")) or place.startswith((f"{path}.", f"{path}["))


def _named(golden: Golden) -> str:
    return ", ".join(str(ref) for ref in golden.members if ref.system != STEWARD)


def _must_be_valid(hub: Hub, path: str, value: Any) -> None:
    hub.model.check(ENTITY, _nested(path, value))


def _said(golden: Mapping[str, Any], path: str, value: Any, rules: SurvivorshipRules) -> Data:
    """What the steward's record says: the value, and the rest of a group, which lives or dies as a whole."""
    steps = path.split(".")
    for end in range(1, len(steps)):
        group = ".".join(steps[:end])
        if (rule := rules.at(group)) is not None and rule.group and path not in rules.fields:
            whole = at_path(golden, group)
            data = _nested(group, deepcopy(whole) if isinstance(whole, dict) else {})
            _put(data, steps, value)
            return data
    return _nested(path, value)


def _nested(path: str, value: Any) -> Data:
    data: Data = {}
    _put(data, path.split("."), value)
    return data


def _put(data: Data, steps: list[str], value: Any) -> None:
    for name in steps[:-1]:
        if not isinstance(data.get(name), dict):
            data[name] = {}
        data = data[name]
    data[steps[-1]] = value


def as_value(hub: Hub, path: str, text: str) -> Any:
    """A value as a person types it: text where the model takes text there, else what the text means as JSON."""
    try:
        _must_be_valid(hub, path, text)
    except InvalidRecord as wrong:
        try:
            value = orjson.loads(text)
            _must_be_valid(hub, path, value)
        except orjson.JSONDecodeError:
            raise wrong from None
        return value
    return text
