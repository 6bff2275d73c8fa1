"""Golden records before and after: which of them belong to one change, and what kind of change that is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from hub.matching.causes import LINKAGE, Shift
from hub.matching.components import DisjointSets
from hub.records import RecordRef, content_hash
from hub.store.goldens import ACTIVE, RETIRED, Announcement, Golden

Members = tuple[RecordRef, ...]


@dataclass(frozen=True)
class GoldenChange:
    """One golden record as it is and as it would be."""

    id: str
    kind: str  # as it would be announced
    fate: str  # stays | retired | ended | new | reinstated
    before: Members
    after: Members
    into: str | None
    changed: tuple[str, ...]  # fields
    values: dict[str, list[Any]]  # field -> [before, after]

    @classmethod
    def of(cls, told: Announcement, held: Golden | None, now: Golden) -> GoldenChange:
        live = held is not None and held.state == ACTIVE
        old, new = held.data if held is not None and live else {}, now.data
        changed = tuple(name for name in sorted({*old, *new}) if old.get(name) != new.get(name))
        return cls(
            told.golden_id,
            told.kind,
            _fate(held, live, now),
            held.members if held is not None and live else (),
            now.members,
            now.into,
            changed,
            {name: [old.get(name), new.get(name)] for name in changed},
        )


def _fate(held: Golden | None, live: bool, now: Golden) -> str:
    if now.state != ACTIVE:
        return "retired" if now.state == RETIRED else "ended"
    if live:
        return "stays"
    return "new" if held is None else "reinstated"


@dataclass
class Group:
    """Golden records that share records across the change: the smallest whole that can be told."""

    before: dict[str, Members]
    after: dict[str, Members]
    cause: str = LINKAGE
    pair: tuple[RecordRef, RecordRef] | None = None  # whose evidence decided
    bits: tuple[int, int] | None = None  # of the pair, before and after
    shifts: Sequence[Shift] = field(default_factory=list)

    @property
    def kind(self) -> str:
        """Several become one, one becomes several, or records change hands."""
        if len(self.after) == 1:
            return "merge"
        return "split" if len(self.before) == 1 else "regroup"

    @property
    def moved(self) -> list[tuple[RecordRef, str, str]]:
        was = {ref: golden for golden, members in self.before.items() for ref in members}
        now = {ref: golden for golden, members in self.after.items() for ref in members}
        return sorted((ref, was[ref], now[ref]) for ref in was.keys() & now.keys() if was[ref] != now[ref])

    @property
    def lot(self) -> str:
        """A place in a draw that hangs on nothing but the records."""
        return content_hash(sorted(map(str, (ref for members in self.before.values() for ref in members))))


def groups_of(changes: Iterable[GoldenChange]) -> list[Group]:
    """The changes in which records change hands, in the order of their smallest records."""
    listed = [one for one in changes if one.before != one.after]
    tied = DisjointSets[str]()
    first: dict[RecordRef, str] = {}
    for one in listed:
        for ref in (*one.before, *one.after):
            tied.join(first.setdefault(ref, one.id), one.id)
    found: dict[str, Group] = {}
    for one in listed:
        group = found.setdefault(tied.root(one.id), Group({}, {}))
        if one.before:
            group.before[one.id] = one.before
        if one.after:
            group.after[one.id] = one.after
    return sorted(found.values(), key=lambda group: min((*group.before.values(), *group.after.values())))
