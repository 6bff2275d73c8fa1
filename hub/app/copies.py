"""Golden records that come back: a system that downloaded one and sends it as its own is no witness of what it read.

A record says so by its key, where that is a golden id, or by ``source.golden_id``. Golden records are computed, so the first is
refused with the system's own record to send instead; of the second what the golden record said is taken out again, and what
stood there before by the system's own word is put back.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from hub.app.stages import ENTITY
from hub.errors import Rejected
from hub.records import Data, Translation, at_path
from hub.store import goldens, sources
from hub.survivorship.items import item_key, normal

if TYPE_CHECKING:
    from hub.app.hub import Hub

_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
_ABOUT_ITSELF = frozenset({"kind", "source", "flags", "ext"})  # labels, and what is never taken from a golden record


@dataclass(slots=True)
class _Said:
    """What was said somewhere: values by path, and items of lists by what tells them apart."""

    values: set[tuple[str, str]] = field(default_factory=set)
    items: set[tuple[str, str]] = field(default_factory=set)

    def add(self, data: Data, path: str = "") -> None:
        for name, value in data.items():
            here = f"{path}.{name}" if path else name
            if isinstance(value, dict):
                self.add(value, here)
            elif isinstance(value, list):
                self.items.update((here, item_key(here, item)) for item in value)
            else:
                self.values.add((here, normal(value)))


def own_words(hub: Hub, system: str, made: Translation) -> Data:
    """What of a customer's record its system says itself. Raises ``Rejected`` where that is nothing, or it is a golden record."""
    if made.entity != ENTITY:
        return made.data
    named = at_path(made.data, "source.golden_id")
    if named is None and not _ID.fullmatch(made.key):
        return made.data
    with hub.store.read() as tx:
        if _ID.fullmatch(made.key) and (answer := refusal(tx, made.key, [system])):
            raise answer
        if named is None or goldens.by_id(tx, [str(named)]).get(str(named)) is None:
            return made.data
        held = sources.heads(tx, ENTITY, [(system, made.key)]).get((system, made.key))
        before = held.record.data if held is not None and held.live else {}
        data = _without(made.data, _told(tx, str(named)), before)
    if data.keys() <= _ABOUT_ITSELF:
        raise Rejected(
            f"Everything in it was taken over from golden record {named}; nothing of it is this system's own.",
            code="golden_copied", golden=str(named),
        )  # fmt: skip
    return data


def refusal(tx: Connection, golden_id: str, systems: Collection[str]) -> Rejected | None:
    """Why a golden record cannot be written to, with the records of these systems that can; None where there is no such id."""
    golden = goldens.current(tx, golden_id)
    if golden is None:
        return None
    standing = [one.ref for one in goldens.references(tx, golden.id) if one.valid_to is None]
    own = sorted(str(ref) for ref in set(standing) if ref.system in systems)
    way = f"send {' or '.join(own)} instead" if own else "send a record under a key of your own"
    said = f"{golden_id} is a golden record, which is computed and written to by nobody: {way}."
    return Rejected(said, code="golden_not_written", golden=golden.id, records=own)


def _told(tx: Connection, golden_id: str) -> _Said:
    """Whatever the golden record said, as far as that is kept: under this id, and under the one it leads to."""
    told = _Said()
    current = goldens.current(tx, golden_id)
    for one in {golden_id, current.id if current else golden_id}:
        for step in goldens.story(tx, one):
            told.add(step.data.get("golden") or {})
    if current is not None:
        told.add(current.data)
    return told


def _without(data: Data, told: _Said, before: Data) -> Data:
    own = _Said()
    own.add(before)
    return _stripped(data, told, own, before, "")


def _stripped(data: Data, told: _Said, own: _Said, before: Data, path: str) -> Data:
    kept: Data = {}
    for name, value in data.items():
        here = f"{path}.{name}" if path else name
        former = before.get(name)
        if here in _ABOUT_ITSELF:
            kept[name] = value
        elif isinstance(value, dict):
            if inner := _stripped(value, told, own, former if isinstance(former, dict) else {}, here):
                kept[name] = inner
        elif isinstance(value, list):
            if items := list(_own_items(value, told, own, here)):
                kept[name] = items
        elif (spelt := (here, normal(value))) in own.values or spelt not in told.values:
            kept[name] = value
        elif name in before and not isinstance(former, dict | list):
            kept[name] = former
    return kept


def _own_items(items: Iterable[Any], told: _Said, own: _Said, path: str) -> Iterable[Any]:
    for item in items:
        key = (path, item_key(path, item))
        if key in own.items or key not in told.items:
            yield item
