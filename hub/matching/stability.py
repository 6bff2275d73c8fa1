"""How stable ids are, by what was announced: who got another id, whether that had to be, and who got his former one back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from itertools import groupby
from typing import NamedTuple

from hub.matching.identity import Assignment, FormerIdentity, excess_churn
from hub.records import RecordRef

Refs = frozenset[RecordRef]


class Told(NamedTuple):
    """One version of a golden record, as it was announced: who stands behind it now."""

    at: datetime  # of its transaction: what has one moment belongs together
    id: str
    members: Refs
    live: bool


@dataclass(slots=True)
class Week:
    """What happened to ids in the week that began on this Monday."""

    begins: date
    records: int = 0  # behind golden records when it ended
    changed: int = 0  # of them got another golden id
    excess: int = 0  # golden ids that changed although their customer did not
    owed: int = 0  # new customers that are, by most of their members, a former one
    reinstated: int = 0  # of these got that id back

    @property
    def share(self) -> float:
        return self.changed / self.records if self.records else 0.0


@dataclass(slots=True)
class Stability:
    weeks: list[Week] = field(default_factory=list)

    def total(self, name: str) -> int:
        return sum(getattr(week, name) for week in self.weeks)

    @property
    def reinstatement(self) -> float | None:
        """The share of former ids that came back when they should; None where none should have."""
        owed = self.total("owed")
        return self.total("reinstated") / owed if owed else None


Merged = Mapping[tuple[str, str], Collection[str]]
"""Keys of records that their system ever merged into others, or gave another key, by (system, key)."""


def measure(told: Iterable[Told], since: datetime | None = None, merged: Merged | None = None) -> Stability:
    """Fold announcements in their order; what lies before ``since`` is only the state to begin with.

    A record that its own system merged into another is in that one from then on, and so is the claim of whoever held it.
    """
    ledger, found = _Ledger(merged or {}), Stability()
    for at, group in groupby(told, key=lambda one: one.at):
        changes = {one.id: one for one in group}
        if since is not None and at < since:
            ledger.take(changes)
            continue
        week = _week_of(found, at)
        week.changed += ledger.moved(changes)
        week.excess += excess_churn(*ledger.assignment(changes))
        owed, back = ledger.owed(changes)
        week.owed += owed
        week.reinstated += back
        ledger.take(changes)
        week.records = len(ledger.home)
    return found


def _week_of(found: Stability, at: datetime) -> Week:
    """The week of a moment; weeks in which nothing was announced are there as well."""
    begins = at.date() - timedelta(days=at.weekday())
    while not found.weeks or found.weeks[-1].begins < begins:
        last = found.weeks[-1] if found.weeks else None
        found.weeks.append(Week(last.begins + timedelta(days=7), last.records) if last else Week(begins))
    return found.weeks[-1]


class _Ledger:
    """Which id holds whom, and whom ids held last that are no longer in use."""

    def __init__(self, merged: Merged) -> None:
        self.merged = merged
        self.live: dict[str, Refs] = {}
        self.last: dict[str, Refs] = {}
        self.home: dict[RecordRef, str] = {}
        self.former: dict[RecordRef, set[str]] = {}  # ref -> ids out of use that held it last

    def moved(self, changes: Mapping[str, Told]) -> int:
        """Records that stood behind an id and stand behind another one now."""
        now = {ref: one.id for one in changes.values() if one.live for ref in one.members}
        return sum(self.home.get(ref, golden) != golden for ref, golden in now.items())

    def assignment(self, changes: Mapping[str, Told]) -> tuple[Assignment, list[FormerIdentity]]:
        ids = {tuple(sorted(one.members)): one.id for one in changes.values() if one.live}
        now = {ref[:2]: ref for members in ids for ref in members}
        held = [FormerIdentity(golden, self._named(self.live[golden], now)) for golden in sorted(changes) if golden in self.live]
        return Assignment(ids), held

    def _named(self, members: Refs, now: Mapping[tuple[str, str], RecordRef]) -> Refs:
        """Members under the keys they have now."""
        return frozenset(ref if now.get(ref[:2]) == ref else self._end(ref, now) for ref in members)

    def _end(self, ref: RecordRef, now: Mapping[tuple[str, str], RecordRef]) -> RecordRef:
        """Where the merges of a key that is gone lead, as far as they lead to somebody. A key used again is not that key."""
        key = ref[:2]
        seen, edge = {key}, [key]
        while edge:
            step = edge.pop()
            if step in now and step != key:
                return now[step]
            further = {(step[0], target) for target in self.merged.get(step, ())} - seen
            seen |= further
            edge += sorted(further, reverse=True)
        return ref

    def owed(self, changes: Mapping[str, Told]) -> tuple[int, int]:
        """Customers under an id that was not in use, which a former id could claim, and how many of them got one."""
        owed = back = 0
        for one in changes.values():
            if not one.live or one.id in self.live:
                continue
            returned = one.id in self.last
            owed += returned or any(2 * len(held & one.members) > len(held) for held in self._near(one))
            back += returned
        return owed, back

    def _near(self, one: Told) -> Iterator[Refs]:
        """Whom former ids held that share anybody with this one."""
        yield from (
            self.last[former] for former in sorted({former for ref in one.members for former in self.former.get(ref, ())})
        )

    def take(self, changes: Mapping[str, Told]) -> None:
        for one in changes.values():
            self._leave(one.id)
        for one in changes.values():
            if one.live:
                self._enter(one)

    def _leave(self, golden: str) -> None:
        for ref in self.live.get(golden, ()):
            if self.home.get(ref) == golden:
                del self.home[ref]
        if golden in self.live:
            self.last[golden] = self.live.pop(golden)
            for ref in self.last[golden]:
                self.former.setdefault(ref, set()).add(golden)

    def _enter(self, one: Told) -> None:
        for ref in self.last.pop(one.id, ()):
            self.former[ref].discard(one.id)
        self.live[one.id] = one.members
        self.home.update(dict.fromkeys(one.members, one.id))
