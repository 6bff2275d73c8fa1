"""Who took part in what: references from orders, mails and the rest to customers' source records.

A reference hangs on a source record, never on a golden id, so merges and splits carry it along. What it could be found by is
kept as *lookups* (``key:erp:7``, ``email:...``, ``phone:...``, ``identifier:...``); customers' contact points are kept under the
same words, with the time in which they held.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Connection, and_, case, func, select

from hub.records import Data
from hub.store import rows
from hub.store.sources import SourceKey
from hub.store.tables import contact_points, lookups, participants, reattachments, records

ATTACHED, WAITING = "attached", "waiting"


@dataclass(frozen=True, slots=True)
class Participant:
    """One customer in one record, and where the reference hangs."""

    entity: str
    record: SourceKey
    place: int
    role: str | None
    reference: Data
    at: datetime
    state: str = WAITING
    why: str = ""
    anchor: SourceKey | None = None


class ContactPoint(NamedTuple):
    """A customer's record could be reached here, from and to."""

    lookup: str
    record: SourceKey
    valid_from: datetime | None
    valid_to: datetime | None

    def held_at(self, moment: datetime) -> bool:
        return (self.valid_from is None or self.valid_from <= moment) and (self.valid_to is None or moment < self.valid_to)


class Event(NamedTuple):
    """Something a customer took part in."""

    entity: str
    record: SourceKey
    role: str | None
    at: datetime
    data: Data


# -- customers' contact points --


def contact_points_of(tx: Connection, keys: Iterable[SourceKey]) -> dict[SourceKey, list[ContactPoint]]:
    found: dict[SourceKey, list[ContactPoint]] = defaultdict(list)
    for lookup, system, key, valid_from, valid_to in rows.find(tx, contact_points, ("system", "key"), list(keys)):
        found[system, key].append(ContactPoint(lookup, (system, key), valid_from, valid_to))
    return found


def put_contact_points(tx: Connection, points: Iterable[ContactPoint], *, new: bool = False) -> None:
    """``new``: none of them is there."""
    made = {
        (p.lookup, p.record): {
            "lookup": p.lookup,
            "system": p.record[0],
            "key": p.record[1],
            "valid_from": p.valid_from,
            "valid_to": p.valid_to,
        }
        for p in points
    }
    known = "fail" if new else "replace"
    rows.insert(tx, contact_points, [made[name] for name in sorted(made)], known=known)


def drop_contact_points(tx: Connection, keys: Iterable[SourceKey]) -> None:
    rows.delete(tx, contact_points, [{"system": system, "key": key} for system, key in sorted(set(keys))])


def reached_by(tx: Connection, words: Iterable[str]) -> dict[str, list[ContactPoint]]:
    """Which customers' records can or could be reached under these lookups."""
    found: dict[str, list[ContactPoint]] = defaultdict(list)
    for row in tx.execute(select(contact_points).where(rows.among(tx, contact_points.c.lookup, words))):
        found[row.lookup].append(ContactPoint(row.lookup, (row.system, row.key), row.valid_from, row.valid_to))
    return found


# -- references --


def put(
    tx: Connection, entity: str, keys: Iterable[SourceKey], made: Sequence[Participant], words: Mapping[SourceKey, set[str]]
) -> None:
    """The participants of these records as they are now, with what each record may be found by."""
    away = [{"entity": entity, "system": system, "key": key} for system, key in sorted(set(keys))]
    rows.delete(tx, participants, away)
    rows.delete(tx, lookups, away)
    rows.insert(tx, participants, [_row(one) for one in made])
    rows.insert(
        tx,
        lookups,
        [
            {"lookup": word, "entity": entity, "system": record[0], "key": record[1]}
            for record, listed in sorted(words.items())
            for word in sorted(listed)
        ],
    )


def of_records(tx: Connection, entity: str, keys: Iterable[SourceKey]) -> list[Participant]:
    found = []
    for system, listed in _by_system(keys).items():
        where = and_(participants.c.entity == entity, participants.c.system == system, rows.among(tx, participants.c.key, listed))
        found += [_participant(row) for row in tx.execute(select(participants).where(where)).mappings()]
    return sorted(found, key=lambda one: (one.record, one.place))


def change(tx: Connection, changed: Sequence[Participant]) -> None:
    rows.update(
        tx,
        participants,
        ("entity", "system", "key", "place"),
        [{name: v for name, v in _row(one).items() if name not in ("role", "reference", "at")} for one in changed],
    )


def waiting(tx: Connection, entity: str | None = None, limit: int = 100) -> list[Participant]:
    """What waits for its customer, with the reason."""
    wanted = select(participants).where(participants.c.state == WAITING).order_by(participants.c.at).limit(limit)
    if entity is not None:
        wanted = wanted.where(participants.c.entity == entity)
    return [_participant(row) for row in tx.execute(wanted).mappings()]


def events_of(tx: Connection, golden_id: str, limit: int = 1000) -> list[Event]:
    """Everything the customer behind a golden record took part in, the newest first."""
    customer, event = records.alias("customer"), records.alias("event")
    same = and_(customer.c.system == participants.c.anchor_system, customer.c.key == participants.c.anchor_key)
    told = and_(
        event.c.entity == participants.c.entity, event.c.system == participants.c.system, event.c.key == participants.c.key
    )
    c = participants.c
    wanted = (
        select(c.entity, c.system, c.key, c.role, c.at, event.c.data)
        .join(customer, same)
        .join(event, told)
        .where(customer.c.golden_id == golden_id)
        .order_by(c.at.desc(), c.entity, c.system, c.key, c.place)
    )
    return [Event(r.entity, (r.system, r.key), r.role, r.at, r.data) for r in tx.execute(wanted.limit(limit))]


def said_about(tx: Connection, entity: str, anchors: Iterable[SourceKey]) -> dict[SourceKey, list[Data]]:
    """What records of an entity say, by the customers' records they hang on."""
    c, event = participants.c, records.alias("event")
    told = and_(event.c.entity == c.entity, event.c.system == c.system, event.c.key == c.key, event.c.live)
    found: dict[SourceKey, list[Data]] = defaultdict(list)
    for system, keys in _by_system(set(anchors)).items():
        where = and_(c.entity == entity, c.state == ATTACHED, c.anchor_system == system, rows.among(tx, c.anchor_key, keys))
        wanted = select(c.anchor_key, event.c.data).join(event, told).where(where).order_by(c.at, c.system, c.key, c.place)
        for key, data in tx.execute(wanted):
            found[system, key].append(data)
    return found


def count_attached(tx: Connection, entity: str) -> int:
    """Records with at least one customer behind them."""
    return _count(tx, entity, attached=True)


def count_waiting(tx: Connection, entity: str) -> int:
    """Records none of whose customers is known yet."""
    return _count(tx, entity, attached=False)


def _count(tx: Connection, entity: str, *, attached: bool) -> int:
    c = participants.c
    some = func.sum(case((c.state == ATTACHED, 1), else_=0))
    by_record = select(c.system, c.key).where(c.entity == entity).group_by(c.system, c.key)
    by_record = by_record.having(some > 0 if attached else some == 0)
    return tx.scalar(select(func.count()).select_from(by_record.subquery())) or 0


# -- what must be looked at again --


def look_again(tx: Connection, words: Iterable[str]) -> None:
    """Customers changed under these lookups: the records that rest on them go to the list."""
    c = lookups.c
    found = tx.execute(select(c.entity, c.system, c.key).where(rows.among(tx, c.lookup, words)).distinct())
    rows.insert(tx, reattachments, [dict(row) for row in found.mappings()], known="keep")


def to_reattach(tx: Connection) -> list[str]:
    """The entities on the list of what must be looked at again, in order."""
    return list(tx.scalars(select(reattachments.c.entity).distinct().order_by(reattachments.c.entity)))


def take_reattachments(tx: Connection, entities: Sequence[str], limit: int) -> dict[str, list[SourceKey]]:
    """Some of the list, which leave it with this transaction."""
    c = reattachments.c
    found: dict[str, list[SourceKey]] = defaultdict(list)
    wanted = select(reattachments).where(c.entity.in_(entities)).order_by(c.entity, c.system, c.key).limit(limit)
    listed = [dict(row) for row in tx.execute(wanted).mappings()]
    for row in listed:
        found[row["entity"]].append((row["system"], row["key"]))
    rows.delete(tx, reattachments, listed)
    return found


def _by_system(keys: Iterable[SourceKey]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = defaultdict(list)
    for system, key in keys:
        found[system].append(key)
    return found


def _row(one: Participant) -> rows.Row:
    system, key = one.anchor or (None, None)
    return {
        "entity": one.entity,
        "system": one.record[0],
        "key": one.record[1],
        "place": one.place,
        "role": one.role,
        "reference": one.reference,
        "at": one.at,
        "state": one.state,
        "why": one.why,
        "anchor_system": system,
        "anchor_key": key,
    }


def _participant(row: Mapping[Any, Any]) -> Participant:
    anchor = (row["anchor_system"], row["anchor_key"]) if row["anchor_key"] is not None else None
    return Participant(
        row["entity"], (row["system"], row["key"]), row["place"], row["role"], row["reference"], row["at"], row["state"],
        row["why"], anchor,
    )  # fmt: skip
