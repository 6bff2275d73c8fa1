"""Fifth step: golden records are written, and each version is announced exactly once.

A version exists when values or members changed, and for no other reason. What is announced is enough to fold: a subscriber that
keeps, per golden id, the members, the values and the state of its last announcement holds exactly what the store holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import Connection

from hub.records import Data, RecordRef
from hub.store import goldens
from hub.store.goldens import ACTIVE, ENDED, RETIRED, Announcement, Golden
from hub.survivorship import Survived

NO_ID = 0  # the database numbers announcements


@dataclass(slots=True)
class Moves:
    """Who went where."""

    before: dict[RecordRef, str] = field(default_factory=dict)  # ref -> golden id it was in
    after: dict[RecordRef, str] = field(default_factory=dict)
    names: Mapping[RecordRef, RecordRef] = field(default_factory=dict)  # merged keys -> what they went into
    fresh: frozenset[str] = frozenset()  # minted or reinstated with this change
    reinstated: frozenset[str] = frozenset()
    absorbed: dict[str, list[str]] = field(default_factory=dict)  # golden id -> ids that retired into it

    def gone_over(self) -> list[tuple[str, str]]:
        """Keys that stand behind another golden record than before."""
        return [(ref.system, ref.key) for ref, one in self.before.items() if self.after.get(ref, one) != one]

    def of(self, golden_id: str, old: Iterable[RecordRef], new: Iterable[RecordRef]) -> list[tuple[RecordRef, str, str]]:
        """(ref, from, to) of everybody who came from or went to another golden record."""
        if not self.before and not self.after:
            return []
        had, has = set(old), set(new)
        found = [(ref, self.before[ref], golden_id) for ref in has - had if self.before.get(ref, golden_id) != golden_id]
        for ref in had - has:
            to = self.after.get(self.names.get(ref, ref))
            if to is not None and to != golden_id:
                found.append((ref, golden_id, to))
        return sorted(found)


@dataclass(slots=True)
class Announcer:
    """Collects what is to be written; `finish` writes it all at once."""

    tx: Connection
    entity: str
    at: datetime
    as_of: date
    moves: Moves = field(default_factory=Moves)
    written: list[Golden] = field(default_factory=list)
    told: list[Announcement] = field(default_factory=list)
    kinds: dict[str, int] = field(default_factory=dict)

    def keep(self, golden_id: str, old: Golden | None, members: tuple[RecordRef, ...], made: Survived, why: Data) -> None:
        """A golden record as it is now."""
        same = old is not None and old.live and old.members == members and old.data == made.data
        version = (old.version if old else 0) + (0 if same else 1)
        golden = Golden(
            id=golden_id,
            entity=self.entity,
            version=version,
            state=ACTIVE,
            data=made.data,
            members=members,
            last_members=members,
            as_of=self.as_of,
            created_at=old.created_at if old else self.at,
            updated_at=old.updated_at if old and same else self.at,
            next_due=made.next_due,
            provenance=made.provenance,
            quality={"completeness": made.completeness},
        )
        if same and golden == old:
            return
        self.written.append(golden)
        if not same:
            self._tell(old, golden, why)

    def retire(self, old: Golden, heir: str | None, why: Data) -> None:
        """An id that no cluster kept: it redirects to its heir, or ends when nobody is left."""
        gone = replace(
            old,
            version=old.version + 1,
            state=RETIRED if heir else ENDED,
            into=heir,
            data={},
            members=(),
            provenance={},
            quality={},
            next_due=None,
            as_of=self.as_of,
            updated_at=self.at,
        )
        self.written.append(gone)
        self._tell(old, gone, why)

    def finish(self, back: Sequence[Golden]) -> None:
        """Write golden records, the ledger of former ids, and the outbox. ``back`` are ids in use again, as they were."""
        goldens.forget_members(self.tx, back)
        minted = self.moves.fresh - self.moves.reinstated
        goldens.put(self.tx, sorted(self.written, key=lambda golden: golden.id), minted)
        goldens.remember_members(self.tx, [golden for golden in self.written if not golden.live])
        goldens.announce(self.tx, sorted(self.told, key=lambda one: one.golden_id))

    def _tell(self, old: Golden | None, golden: Golden, why: Data) -> None:
        before = old.members if old else ()
        moved = self.moves.of(golden.id, before, golden.members)
        kind = self._kind(old, golden, moved)
        data: dict[str, Any] = {
            "version": golden.version,
            "previous_version": old.version if old else 0,
            "state": golden.state,
            "into": golden.into,
            "retired": sorted(self.moves.absorbed.get(golden.id, ())),
            "members": [named(ref) for ref in golden.members],
            "moved": [named(ref) | {"from": one, "to": other} for ref, one, other in moved],
            "changed": _changed(old.data if old else {}, golden.data),
            "why": why,
            "as_of": golden.as_of.isoformat(),
            "golden": golden.data,
        }
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        self.told.append(Announcement(NO_ID, self.entity, golden.id, golden.version, kind, data, self.at))

    def _kind(self, old: Golden | None, golden: Golden, moved: list[tuple[RecordRef, str, str]]) -> str:
        if not golden.live:
            return "ended"
        if old is None:
            return "created"
        if golden.id in self.moves.reinstated:
            return "reinstated"
        if self.moves.absorbed.get(golden.id):
            return "merged"
        if any(one == golden.id and other in self.moves.fresh for _, one, other in moved):
            return "split"
        return "moved" if moved else "updated"


def named(ref: RecordRef) -> Data:
    told: Data = {"system": ref.system, "key": ref.key}
    return told | {"generation": ref.generation} if ref.generation else told


def _changed(old: Data, new: Data) -> list[str]:
    if not old:
        return sorted(new)
    return sorted(name for name in old.keys() | new.keys() if (name in old, old.get(name)) != (name in new, new.get(name)))
