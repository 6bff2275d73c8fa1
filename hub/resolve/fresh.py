"""Golden records of which the store knows nothing yet, as in a first load: the lines that tell and announce them.

There is no former state to compare with and nobody moves, so every one is created, and most of what is said of it is the same as
of all others: it is put together as text. It says what the announcer says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy.engine import Dialect

from hub.records import Data, RecordRef
from hub.store import copying
from hub.store.goldens import ACTIVE
from hub.store.tables import goldens, outbox, xref
from hub.store.types import ToldJson, told_json
from hub.survivorship import Survived

GOLDENS = tuple(goldens.c.keys())
OUTBOX = tuple(name for name in outbox.c.keys() if name != "id")  # noqa: SIM118 - a collection of columns
CREATED = "created"


class Fresh(NamedTuple):
    """One golden record: its id, what it is made of and what of it was made, and why."""

    golden: str
    refs: Sequence[RecordRef]
    made: Survived
    why: Data


class FreshLines:
    """For one entity, moment and day."""

    def __init__(self, dialect: Dialect, entity: str, at: datetime, as_of: date) -> None:
        self.dialect, self.entity, self.at, self.as_of = dialect, entity, at, as_of
        self._whys: dict[int, tuple[Data, str]] = {}
        self._qualities = [ToldJson(told_json({"completeness": percent})) for percent in range(101)]

    def __call__(self, some: Sequence[Fresh]) -> dict[str, bytes]:
        """Lines for ``goldens``, ``outbox`` and ``xref``."""
        number = len(some)
        ids = [one.golden for one in some]
        data = [ToldJson(told_json(one.made.data)) for one in some]
        members = [ToldJson(_dumped([ref[:] for ref in one.refs])) for one in some]
        entity, at, version = [self.entity] * number, [self.at] * number, [1] * number
        held: dict[str, Sequence[Any]] = {
            "id": ids, "entity": entity, "version": version, "state": [ACTIVE] * number, "into": [None] * number, "data": data,
            "members": members, "last_members": members, "as_of": [self.as_of] * number,
            "provenance": [ToldJson(told_json(one.made.provenance)) for one in some],
            "quality": [self._qualities[one.made.completeness] for one in some],
            "next_due": [one.made.next_due for one in some], "created_at": at, "updated_at": at,
        }  # fmt: skip
        told: dict[str, Sequence[Any]] = {
            "entity": entity, "golden_id": ids, "version": version, "kind": [CREATED] * number, "at": at,
            "data": list(map(self._announced, some, data)),
        }  # fmt: skip
        order = sorted(range(number), key=ids.__getitem__)
        if order != list(range(number)):
            told = {name: [values[place] for place in order] for name, values in told.items()}
        return {
            "goldens": copying.lines(self.dialect, goldens, GOLDENS, [held[name] for name in GOLDENS]),
            "outbox": copying.lines(self.dialect, outbox, OUTBOX, [told[name] for name in OUTBOX]),
            "xref": self._references(some),
        }

    def _announced(self, one: Fresh, data: str) -> ToldJson:
        """What `Announcer` tells of a golden record that was not there before."""
        refs = ",".join([_named(ref) for ref in one.refs])
        return ToldJson(
            f'{{"as_of":"{self.as_of.isoformat()}","changed":{_dumped(sorted(one.made.data))},"golden":{data},"into":null,'
            f'"members":[{refs}],"moved":[],"previous_version":0,"retired":[],"state":"{ACTIVE}","version":1,'
            f'"why":{self._told(one.why)}}}'
        )

    def _told(self, why: Data) -> str:
        """A cause as JSON; most have one in common."""
        known = self._whys.get(id(why))
        if known is None:
            if len(self._whys) > 1_000:
                self._whys.clear()
            known = self._whys[id(why)] = (why, str(told_json(why)))
        return known[1]

    def _references(self, some: Sequence[Fresh]) -> bytes:
        opened = list(_opened(some))
        number = len(opened)
        turned = list(zip(*opened, strict=True)) if opened else [()] * 4
        told = [[self.entity] * number, *turned, [self.at] * number, [None] * number, [ACTIVE] * number]
        return copying.lines(self.dialect, xref, copying.XREF, told)


def _opened(some: Sequence[Fresh]) -> Iterator[tuple[str, str, int, str]]:
    for one in some:
        for system, key, generation in one.refs:
            yield system, key, generation, one.golden


def _named(ref: RecordRef) -> str:
    told = f'"key":{_dumped(ref.key)},"system":{_dumped(ref.system)}}}'
    return f'{{"generation":{ref.generation},{told}' if ref.generation else "{" + told


def _dumped(value: Any) -> str:
    return orjson.dumps(value).decode()
