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
from hub.store.copying import NOTHING
from hub.store.goldens import ACTIVE
from hub.store.tables import goldens, xref
from hub.store.types import told_json
from hub.survivorship import Survived

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
        self._dues: dict[date | None, str] = {None: NOTHING}
        self._moment = copying.field(dialect, goldens, "created_at", at)
        self._day = copying.field(dialect, goldens, "as_of", as_of)

    def __call__(self, some: Sequence[Fresh]) -> dict[str, bytes]:
        """Lines for ``goldens``, ``outbox`` and ``xref``."""
        held, told = [], []
        for one in some:
            data = told_json(one.made.data)
            held.append(self._held(one, data))
            told.append((one.golden, self._announced(one, data)))
        told.sort()
        return {
            "goldens": copying.put_together(held),
            "outbox": copying.put_together([line for _, line in told]),
            "xref": self._references(some),
        }

    def _held(self, one: Fresh, data: str | None) -> str:
        """A line of ``goldens``, in the order of its columns."""
        made = one.made
        members = _dumped([ref[:] for ref in one.refs])
        due = self._dues.get(made.next_due) or self._due(made.next_due)
        return (
            f"{one.golden}\t{self.entity}\t1\t{ACTIVE}\t{NOTHING}\t{data}\t{members}\t{members}\t{told_json(made.provenance)}\t"
            f'{{"completeness":{made.completeness}}}\t{self._day}\t{due}\t{self._moment}\t{self._moment}'
        )

    def _due(self, day: date | None) -> str:
        told = self._dues[day] = copying.field(self.dialect, goldens, "next_due", day)
        return told

    def _announced(self, one: Fresh, data: str | None) -> str:
        """A line of ``outbox``: what `Announcer` tells of a golden record that was not there before."""
        refs = ",".join([_named(ref) for ref in one.refs])
        return (
            f'{self.entity}\t{one.golden}\t1\t{CREATED}\t{{"as_of":"{self.as_of.isoformat()}",'
            f'"changed":{_dumped(sorted(one.made.data))},"golden":{data},"into":null,"members":[{refs}],"moved":[],'
            f'"previous_version":0,"retired":[],"state":"{ACTIVE}","version":1,"why":{self._told(one.why)}}}\t{self._moment}'
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
