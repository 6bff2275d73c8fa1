"""Data keys, one for each source record, sealed under a master key that is never here.

A data key that was destroyed stays as an empty row: what was sealed with it is unreadable for ever, and that is on record. If its
record comes again, it gets another key with the next number.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, func, select, tuple_, update
from sqlalchemy.exc import IntegrityError

from hub.store import rows
from hub.store.arrays import array
from hub.store.store import critical
from hub.store.tables import data_keys, master_keys

_COLUMNS = ("entity", "system", "key", "number", "master", "sealed", "created_at", "destroyed_at")
_MANY = 64

Owner = tuple[str, str, str]
"""(entity, system, key): whose data key it is. Of what has no key of its own, the key is its receipt."""


class DataKey(NamedTuple):
    """One data key as it is stored: sealed, or empty once destroyed."""

    owner: Owner
    number: int
    master: str
    sealed: bytes | None


class Master(NamedTuple):
    """A master key that is or was in use, by its fingerprint."""

    id: str
    number: int
    since: datetime


def latest(tx: Connection, owners: Iterable[Owner]) -> dict[Owner, DataKey]:
    """The last data key of each of these, destroyed or not."""
    found: dict[Owner, DataKey] = {}
    for one in _of(tx, owners):
        if one.owner not in found or found[one.owner].number < one.number:
            found[one.owner] = one
    return found


def every(tx: Connection, owners: Iterable[Owner]) -> dict[tuple[Owner, int], DataKey]:
    """All data keys of these, by owner and number."""
    return {(one.owner, one.number): one for one in _of(tx, owners)}


def add(tx: Connection, made: Sequence[DataKey], at: datetime) -> list[DataKey]:
    """Keep new data keys; those that somebody else made first, as they are kept."""
    if not made or _put(tx, sorted(made), at):
        return []
    mine = {(one.owner, one.number): one for one in made}
    return [one for one in _of(tx, [one.owner for one in made]) if one != mine.get((one.owner, one.number), one)]


def _put(tx: Connection, made: Sequence[DataKey], at: datetime) -> bool:
    """Whether all of them were new. Nearly always they are, and then they can be copied."""
    owners, *rest = zip(*made, strict=True)
    values = [*zip(*owners, strict=True), *rest, [at] * len(made), [None] * len(made)]
    if len(made) >= _MANY:
        with suppress(IntegrityError), tx.begin_nested():
            return rows.insert_columns(tx, data_keys, _COLUMNS, values) == len(made)
    return rows.insert_columns(tx, data_keys, _COLUMNS, values, known="keep") == len(made)


def destroy(tx: Connection, owners: Iterable[Owner], at: datetime) -> int:
    """Make everything that is kept raw of these records unreadable, for ever; how many keys went."""
    gone = 0
    for where in _wheres(tx, owners):
        there = and_(where, data_keys.c.sealed.is_not(None))
        gone += tx.execute(update(data_keys).where(there).values(sealed=None, destroyed_at=at)).rowcount
    return gone


def forget(tx: Connection, owners: Iterable[Owner]) -> None:
    """Data keys of which nothing is kept any more."""
    for where in _wheres(tx, owners):
        tx.execute(data_keys.delete().where(where))


# -- master keys --


def masters(tx: Connection) -> list[Master]:
    """The master keys that were ever in use, the one that seals now first."""
    return [Master(*row) for row in rows.ask_from(tx, master_keys, Master._fields, "master_keys ORDER BY number DESC", ())()]


def register(tx: Connection, master: str, at: datetime) -> list[Master]:
    """From now on this master key seals, unless another one began at the same moment; all of them."""
    critical(tx, "master key")
    known = masters(tx)
    if master not in {one.id for one in known}:
        number = known[0].number + 1 if known else 1
        rows.insert(tx, master_keys, [{"id": master, "number": number, "since": at}])
    return masters(tx)


def drop_masters(tx: Connection, ids: Iterable[str]) -> None:
    """Master keys that seal nothing any more."""
    tx.execute(master_keys.delete().where(rows.among(tx, master_keys.c.id, ids)))


def sealed_under(tx: Connection) -> dict[str, int]:
    """How many data keys each master key seals."""
    c = data_keys.c
    wanted = select(c.master, func.count()).where(c.sealed.is_not(None)).group_by(c.master)
    return {row[0]: row[1] for row in tx.execute(wanted)}


def under(tx: Connection, master: str, after: DataKey | None, limit: int) -> list[DataKey]:
    """A page of the data keys that a master key seals."""
    c = data_keys.c
    wanted = select(c.entity, c.system, c.key, c.number, c.master, c.sealed).where(c.master == master, c.sealed.is_not(None))
    if after is not None:
        (entity, system, key), number = after.owner, after.number
        wanted = wanted.where(tuple_(c.entity, c.system, c.key, c.number) > tuple_(entity, system, key, number))
    return [_data_key(row) for row in tx.execute(wanted.order_by(c.entity, c.system, c.key, c.number).limit(limit))]


def seal_again(tx: Connection, changed: Sequence[DataKey]) -> None:
    """The same data keys under another master key."""
    rows.update(tx, data_keys, ("entity", "system", "key", "number"), [_row(one) for one in changed])


def give_up(tx: Connection, master: str, at: datetime) -> int:
    """A master key is lost, and with it every data key it seals."""
    lost = and_(data_keys.c.master == master, data_keys.c.sealed.is_not(None))
    return tx.execute(update(data_keys).where(lost).values(sealed=None, destroyed_at=at)).rowcount


def _of(tx: Connection, owners: Iterable[Owner]) -> Iterator[DataKey]:
    c = data_keys.c
    columns = (c.entity, c.system, c.key, c.number, c.master, c.sealed)
    if tx.dialect.name == "sqlite":
        for where in _wheres(tx, owners):
            yield from map(_data_key, tx.execute(select(*columns).where(where)))
        return
    for (entity, system), listed in sorted(_by_system(owners).items()):
        for key, number, master, sealed in rows.asked(tx, _PROBE, (array("text", listed), entity, system)).fetchall():
            yield DataKey((entity, system, key), number, master, sealed)


def _data_key(row: Any) -> DataKey:
    return DataKey((row.entity, row.system, row.key), row.number, row.master, row.sealed)


_PROBE = """SELECT found.* FROM unnest(%s::text[]) AS given(key), LATERAL (
    SELECT data_keys.key, number, master, sealed FROM data_keys
    WHERE entity = %s AND system = %s AND data_keys.key = given.key OFFSET 0) AS found"""
"""Key by key through the index, whatever PostgreSQL knows of the table: a first load must not wait for its statistics."""


def _by_system(owners: Iterable[Owner]) -> dict[tuple[str, str], list[str]]:
    listed: dict[tuple[str, str], list[str]] = defaultdict(list)
    for entity, system, key in owners:
        listed[entity, system].append(key)
    return listed


def _wheres(tx: Connection, owners: Iterable[Owner]) -> Iterator[ColumnElement[bool]]:
    """One condition for each entity and system."""
    c = data_keys.c
    for (entity, system), keys in sorted(_by_system(owners).items()):
        yield and_(c.entity == entity, c.system == system, rows.among(tx, c.key, keys))


def _row(one: DataKey) -> rows.Row:
    entity, system, key = one.owner
    return {"entity": entity, "system": system, "key": key, "number": one.number, "master": one.master, "sealed": one.sealed}
