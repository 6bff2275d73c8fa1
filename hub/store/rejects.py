"""What was set aside on the way in: kept with its cause, until it is replayed, mended at its source or archived.

    open -> replayed    it was translated once more and arrived anew, under the receipt `replayed_as`
    open -> mended      its source told more of the record later, which could be taken: a better version, or that it is gone
    open -> archived    a person says why nothing more will come of it; both of the last two can be opened again

Nothing is ever deleted here, and what arrived stays counted: a replay arrives once more and counts anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, or_, select, union, update

from hub.records import Reject, receipt_of
from hub.store import rows
from hub.store.tables import participants, rejects, xref

OPEN, REPLAYED, MENDED, ARCHIVED = "open", "replayed", "mended", "archived"
CUSTOMER = "customer"
_REJECT = tuple(field.name for field in fields(Reject))


@dataclass(frozen=True, slots=True)
class StoredReject:
    """A reject, and what became of it."""

    id: int
    reject: Reject
    fingerprint: str
    state: str = OPEN
    note: str | None = None
    replayed_as: str | None = None
    closed_by: str | None = None
    closed_at: datetime | None = None

    @property
    def arrived_as(self) -> str:
        """Under which id the raw record arrived: further outcomes of one record have a number behind a dot."""
        return receipt_of(self.reject.message_id)


@dataclass(frozen=True, slots=True)
class RejectGroup:
    """Rejects of one cause. Figures are those of the open ones."""

    fingerprint: str
    feed: str
    code: str
    about: str  # the field, or what the violations are about
    mapping: str
    reason: str  # of the latest, for instance
    first_at: datetime
    last_at: datetime
    records: int  # open
    keys: int  # different source keys among them
    customers: int  # golden records that these keys lead to
    unknown: int  # keys that nobody knows yet
    states: Mapping[str, int] = field(default_factory=dict)


# -- keeping --


def add(tx: Connection, given: Iterable[Reject]) -> None:
    """Set these aside."""
    made = [
        {name: getattr(reject, name) for name in _REJECT}
        | {"about": reject.about, "fingerprint": reject.fingerprint, "state": OPEN}
        for reject in given
    ]
    rows.insert(tx, rejects, made)


def mend(tx: Connection, feed: str, taken: Mapping[tuple[str, str], datetime], at: datetime) -> None:
    """Records (entity, key) that were set aside came again, as of this moment, and could be taken: their source mended them."""
    told, same = ("id", "entity", "key", "at"), {"feed": feed, "state": OPEN}
    found = rows.find(tx, rejects, ("key",), sorted({(key,) for _, key in taken}), told=told, fixed=same)
    mended = [number for number, entity, key, came in found if (when := taken.get((entity, key))) and came < when]
    _close(tx, mended, OPEN, {"state": MENDED, "note": "its source told more of it later", "closed_at": at})


def replayed(tx: Connection, closed: Sequence[tuple[int, str | None, str | None]], by: str, at: datetime) -> None:
    """These (number, receipt, note), which are locked and open, were translated once more."""
    same = {"state": REPLAYED, "closed_by": by, "closed_at": at}
    given = [{"id": number, "replayed_as": receipt, "note": note} | same for number, receipt, note in closed]
    rows.update(tx, rejects, ("id",), given)


def settle_replayed(tx: Connection, receipts: Mapping[str, str], at: datetime) -> None:
    """What came under these receipts was translated once more, under the receipts that stand beside them."""
    c = rejects.c
    wanted = select(c.id, c.receipt).where(rows.among(tx, c.receipt, sorted(receipts)), c.state == OPEN).with_for_update()
    replayed(tx, [(row.id, receipts[row.receipt], "with all that came") for row in tx.execute(wanted)], "replay", at)


def receipts_of(tx: Connection, prefix: str) -> list[str]:
    """Under which receipts the open rejects of a cause are kept raw; ``prefix`` is how its fingerprint begins."""
    c = rejects.c
    wanted = (
        select(c.receipt).distinct().where(c.fingerprint.startswith(prefix, autoescape=True), c.state == OPEN, c.receipt != "")
    )
    return list(tx.scalars(wanted.order_by(c.receipt)))


def prune(tx: Connection, before: datetime, limit: int) -> dict[tuple[str, str], int]:
    """Forget the oldest of those closed before this moment: (feed, entity) -> how many."""
    c = rejects.c
    page = select(c.id, c.feed, c.entity).where(c.state != OPEN, c.closed_at < before).order_by(c.id).limit(limit)
    found = tx.execute(page.with_for_update(skip_locked=True)).all()
    tx.execute(rejects.delete().where(rows.among(tx, c.id, [row.id for row in found])))
    gone: dict[tuple[str, str], int] = {}
    for row in found:
        gone[row.feed, row.entity] = gone.get((row.feed, row.entity), 0) + 1
    return gone


def archive(tx: Connection, ids: Sequence[int], why: str, by: str, at: datetime) -> list[int]:
    """Nothing more will come of those of these that are open; which ones that were."""
    return _close(tx, ids, OPEN, {"state": ARCHIVED, "note": why, "closed_by": by, "closed_at": at})


def reopen(tx: Connection, ids: Sequence[int], by: str, at: datetime) -> list[int]:
    """Open again what was archived, or thought to be mended; which ones that were. What was replayed lives on elsewhere."""
    found = [one for one in locked(tx, ids) if one.state in (ARCHIVED, MENDED)]
    for one in found:
        said = f"opened again by {by} on {at:%Y-%m-%d %H:%M} UTC; it was {one.state}"
        note = f"{said} by {one.closed_by}: {one.note}" if one.closed_by else f"{said}: {one.note}"
        values: dict[str, Any] = {"state": OPEN, "closed_by": None, "closed_at": None, "note": note}
        _close(tx, [one.id], one.state, values)
    return [one.id for one in found]


def _close(tx: Connection, ids: Sequence[int], expected: str, values: dict[str, Any]) -> list[int]:
    if not ids:
        return []
    mine = (rows.among(tx, rejects.c.id, ids), rejects.c.state == expected)
    return sorted(tx.scalars(update(rejects).where(*mine).values(**values).returning(rejects.c.id)))


# -- looking --


def by_id(tx: Connection, number: int) -> StoredReject | None:
    row = tx.execute(select(rejects).where(rejects.c.id == number)).mappings().first()
    return _stored(row) if row else None


def by_ids(tx: Connection, ids: Sequence[int]) -> list[StoredReject]:
    """These, in their order."""
    return [_stored(row) for row in tx.execute(_these(tx, ids)).mappings()]


def locked(tx: Connection, ids: Sequence[int]) -> list[StoredReject]:
    """The same, and until this transaction ends nobody else changes them."""
    return [_stored(row) for row in tx.execute(_these(tx, ids).with_for_update()).mappings()]


def _these(tx: Connection, ids: Sequence[int]) -> Select[Any]:
    return select(rejects).where(rows.among(tx, rejects.c.id, ids)).order_by(rejects.c.id)


def listed(
    tx: Connection,
    *,
    feed: str | None = None,
    fingerprint: str | None = None,
    state: str | None = OPEN,
    after: int = 0,
    limit: int = 100,
) -> list[StoredReject]:
    """A page of what was set aside; with ``state`` None whatever became of it."""
    wanted = select(rejects).where(*_wanted(feed, fingerprint, state), rejects.c.id > after).order_by(rejects.c.id).limit(limit)
    return [_stored(row) for row in tx.execute(wanted).mappings()]


def open_ids(tx: Connection, *, feed: str | None = None, fingerprint: str | None = None, translatable: bool = False) -> list[int]:
    """What is open at this moment: whoever works through a group works through these, whatever comes meanwhile.

    ``translatable`` leaves out what never became a record.
    """
    wanted = _wanted(feed, fingerprint, OPEN)
    if translatable:
        wanted.append(rejects.c.mapping != "")
    return list(tx.scalars(select(rejects.c.id).where(*wanted).order_by(rejects.c.id)))


def of_messages(tx: Connection, message_ids: Iterable[str]) -> list[StoredReject]:
    """What was set aside under these ids."""
    wanted = select(rejects).where(rows.among(tx, rejects.c.message_id, message_ids)).order_by(rejects.c.id)
    return [_stored(row) for row in tx.execute(wanted).mappings()]


def numbers(tx: Connection, message_ids: Iterable[str]) -> dict[str, int]:
    """Message id -> number."""
    c = rejects.c
    found = tx.execute(select(c.message_id, c.id).where(rows.among(tx, c.message_id, message_ids)))
    return {row.message_id: row.id for row in found}


def named(tx: Connection, prefix: str) -> list[str]:
    """The fingerprints that begin so."""
    c = rejects.c.fingerprint
    wanted = select(c).distinct().where(c.startswith(prefix, autoescape=True)).order_by(c).limit(20)
    return list(tx.scalars(wanted))


def came_of(tx: Connection, replayed_as: str) -> list[StoredReject]:
    """What was set aside again when a reject was replayed under this receipt."""
    c = rejects.c.message_id
    further = and_(c > f"{replayed_as}.", c < f"{replayed_as}/")  # "/" comes after "."
    wanted = select(rejects).where(or_(c == replayed_as, further)).order_by(rejects.c.id)
    return [_stored(row) for row in tx.execute(wanted).mappings()]


def predecessor(tx: Connection, of: StoredReject) -> StoredReject | None:
    """The reject whose replay this one came of."""
    row = tx.execute(select(rejects).where(rejects.c.replayed_as == of.arrived_as).limit(1)).mappings().first()
    return _stored(row) if row else None


def count(tx: Connection, entity: str) -> int:
    """Of one entity, all that were ever set aside: what is replayed arrives once more and counts anew."""
    return tx.scalar(select(func.count()).select_from(rejects).where(rejects.c.entity == entity)) or 0


# -- groups --


def groups(tx: Connection, *, feed: str | None = None, fingerprint: str | None = None, every: bool = False) -> list[RejectGroup]:
    """What was set aside, by cause, the largest first; with ``every`` also causes of which nothing is open any more."""
    states = _states(tx, feed, fingerprint)
    reached = _reached(tx, feed, fingerprint)
    c = rejects.c
    opened = c.state == OPEN
    wanted = (
        select(
            c.fingerprint,
            func.min(c.at).filter(opened).label("first_open"),
            func.max(c.at).filter(opened).label("last_open"),
            func.min(c.at).label("first_at"),
            func.max(c.at).label("last_at"),
            func.count(c.key.distinct()).filter(opened).label("keys"),
            func.coalesce(func.max(c.id).filter(opened), func.max(c.id)).label("latest"),
        )
        .where(*_wanted(feed, fingerprint, None))
        .group_by(c.fingerprint)
    )
    found = [row for row in tx.execute(wanted) if every or states[row.fingerprint].get(OPEN)]
    latest = {row.id: row for row in _examples(tx, [row.latest for row in found])}
    made = [_group(row, latest[row.latest], states[row.fingerprint], *reached.get(row.fingerprint, (0, 0))) for row in found]
    return sorted(made, key=lambda one: (-one.records, one.feed, one.code, one.about, one.fingerprint))


def _group(row: Any, example: Any, states: Mapping[str, int], customers: int, known: int) -> RejectGroup:
    return RejectGroup(
        row.fingerprint,
        example.feed,
        example.code,
        example.about,
        example.mapping,
        example.reason,
        row.first_open or row.first_at,
        row.last_open or row.last_at,
        states.get(OPEN, 0),
        row.keys,
        customers,
        row.keys - known,
        states,
    )


def _states(tx: Connection, feed: str | None, fingerprint: str | None) -> dict[str, dict[str, int]]:
    c = rejects.c
    wanted = select(c.fingerprint, c.state, func.count()).where(*_wanted(feed, fingerprint, None))
    found: dict[str, dict[str, int]] = {}
    for of, state, number in tx.execute(wanted.group_by(c.fingerprint, c.state).order_by(c.fingerprint, c.state)):
        found.setdefault(of, {})[state] = number
    return found


def _examples(tx: Connection, ids: Sequence[int]) -> list[Any]:
    c = rejects.c
    return list(tx.execute(select(c.id, c.feed, c.code, c.about, c.mapping, c.reason).where(rows.among(tx, c.id, ids))))


def _reached(tx: Connection, feed: str | None, fingerprint: str | None) -> dict[str, tuple[int, int]]:
    """Fingerprint -> customers that the keys of its open rejects lead to, and how many of the keys do.

    A customer's key leads there by the cross-reference; any other record's by the customers an earlier version was attached to.
    """
    wanted = _wanted(feed, fingerprint, OPEN)
    by_key, by_version = _by_key(wanted), _by_version(wanted)
    found = union(by_key, by_version).subquery()
    c = found.c
    counted = select(c.fingerprint, func.count(c.golden_id.distinct()), func.count(c.key.distinct())).group_by(c.fingerprint)
    return {row[0]: (row[1], row[2]) for row in tx.execute(counted)}


def _by_key(wanted: Iterable[ColumnElement[bool]]) -> Select[Any]:
    r, x = rejects.c, xref.c
    same = and_(x.entity == r.entity, x.system == r.system, x.key == r.key, x.valid_to.is_(None))
    return select(r.fingerprint, r.key, x.golden_id).select_from(rejects.join(xref, same)).where(*wanted)


def _by_version(wanted: Iterable[ColumnElement[bool]]) -> Select[Any]:
    r, p, x = rejects.c, participants.c, xref.c
    version = and_(p.entity == r.entity, p.system == r.system, p.key == r.key)
    same = and_(x.entity == CUSTOMER, x.system == p.anchor_system, x.key == p.anchor_key, x.valid_to.is_(None))
    joined = rejects.join(participants, version).join(xref, same)
    return select(r.fingerprint, r.key, x.golden_id).select_from(joined).where(*wanted)


def _wanted(feed: str | None, fingerprint: str | None, state: str | None) -> list[ColumnElement[bool]]:
    given = ((rejects.c.feed, feed), (rejects.c.fingerprint, fingerprint), (rejects.c.state, state))
    return [column == value for column, value in given if value is not None]


def _stored(row: Mapping[Any, Any]) -> StoredReject:
    reject = Reject(**{name: row[name] for name in _REJECT})
    closing = {name: row[name] for name in ("note", "replayed_as", "closed_by", "closed_at")}
    return StoredReject(row["id"], reject, row["fingerprint"], row["state"], **closing)
