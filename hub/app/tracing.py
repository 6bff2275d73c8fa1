"""The way of a record through every hop, with times: what the tables say, put in order.

    kept raw -> translated or set aside -> waits -> taken -> golden record -> announced -> delivered

A receipt leads to one way, a source record or a golden record to the latest ways of theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from hub.app import raw as keeping
from hub.errors import Rejected
from hub.records import RawRecord, SourceRecord
from hub.store import dead_letters, deliveries, feeds, goldens, queue, raw, references, rejects, relays, sources
from hub.store.dead_letters import StoredLetter
from hub.store.goldens import Announcement
from hub.store.raw import RawMessage
from hub.store.rejects import StoredReject

if TYPE_CHECKING:
    from hub.app.hub import Hub

CUSTOMER = "customer"
MOST = 20
"""Of one record or customer, the ways of so many receipts are told, the latest ones."""


@dataclass(frozen=True, slots=True)
class Hop:
    """One step of a record's way."""

    what: str  # kept, translated, left_out, rejected, waiting, taken, golden, attached, announced, delivered, dead, replayed
    said: str  # for a person
    at: datetime | None = None
    facts: dict[str, Any] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return {"hop": self.what, "at": None if self.at is None else self.at.isoformat(), "said": self.said, **self.facts}


@dataclass(frozen=True, slots=True)
class Way:
    """What became of one receipt."""

    receipt: str
    hops: list[Hop]
    raw: Any = None  # what came, when that was asked for

    def as_dict(self) -> dict[str, Any]:
        told = {"receipt": self.receipt, "hops": [hop.as_dict() for hop in self.hops]}
        return told if self.raw is None else told | {"raw": self.raw}


def trace(tx: Connection, hub: Hub, which: str, *, show_raw: bool = False) -> list[Way]:
    """The ways of what ``which`` names: a receipt, a source record (`system:key`), or a golden record."""
    found = _meant(tx, which)
    came = keeping.read(tx, hub, [one.id for one in found]) if show_raw else {}
    return [_way(tx, one, came.get(one.id)) for one in found]


def _meant(tx: Connection, which: str) -> list[RawMessage]:
    receipt = raw.by_id(tx, [which.partition(".")[0] if ":" in which else which])
    if receipt:
        return list(receipt.values())
    entities = feeds.entities_of(tx)
    if ":" in which:
        system, _, key = which.partition(":")
        found = raw.about(tx, entities, system, key, MOST)
        if not found:
            raise Rejected(_unknown(which), code="receipt_unknown")
        return found[::-1]
    golden = goldens.current(tx, which)
    if golden is None:
        raise Rejected(_unknown(which), code="receipt_unknown")
    refs = golden.members or golden.last_members
    listed = [one for ref in refs for one in raw.about(tx, [CUSTOMER], ref.system, ref.key, MOST)]
    return sorted(listed, key=lambda one: (one.kept_at, one.id))[-MOST:]


def _unknown(which: str) -> str:
    return (
        f"Nothing is kept under {which!r}. Give a receipt as `goldenhub post` prints it, a system's key as erp:4711, or a golden "
        "id. What is older than HUB_KEEP_RAW has no receipt any more; `goldenhub golden show` tells of the record all the same."
    )


def _way(tx: Connection, message: RawMessage, came: Any) -> Way:
    entities = feeds.entities_of(tx)
    hops = [_kept(tx, message)]
    said = sources.by_message(tx, entities, message.message_ids)
    aside = rejects.of_messages(tx, message.message_ids)
    letters = dead_letters.of_messages(tx, message.message_ids)
    hops += [_rejected(one) for one in aside]
    taken = {record.message_id for record, _, _ in said}
    waiting = queue.waits(tx, message.message_ids)
    hops += [_waiting(name, *waiting[name]) for name in message.message_ids if name in waiting and name not in taken]
    hops += [_dead(one) for one in letters]
    for record, state, at in said:
        hops += _through(tx, record, state, at)
    known = {*taken, *waiting, *(one.reject.message_id for one in aside), *(one.letter.message_id for one in letters)}
    unheard = [name for name in message.message_ids if name not in known]
    hops += _unheard(message, unheard)
    hops += [_replay(one) for one in raw.replays(tx, [message.id])]
    return Way(message.id, hops, _told(came))


def _kept(tx: Connection, message: RawMessage) -> Hop:
    facts = {name: getattr(message, name) for name in ("feed", "system", "entity", "key", "where", "lane", "release", "size")}
    facts["run"], facts["origin"] = message.run, message.origin
    if message.origin is not None:
        said = f"translated again from {message.origin}, as of {message.at:%Y-%m-%d %H:%M:%S} UTC"
        said += ", corrected by a person" if message.size else ""
    elif message.pruned_at is not None:
        said = f"came from {message.feed} ({message.where}); its body is no longer kept since {message.pruned_at:%Y-%m-%d}"
    else:
        said = f"kept raw from {message.feed} ({message.where}): {message.size:,} bytes, release {message.release}"
    return Hop("kept", f"{said}, lane {message.lane}", message.kept_at, facts)


def _rejected(one: StoredReject) -> Hop:
    reject = one.reject
    said = f"set aside ({reject.code}): {reject.reason}"
    if one.state == rejects.OPEN:
        said += f" Mend it, then: goldenhub rejects replay {one.id}"
    else:
        said += f" It is {one.state}" + (f" as {one.replayed_as}." if one.replayed_as else ".")
    facts = {"message": reject.message_id, "mapping": reject.mapping, "code": reject.code, "reject": one.id, "state": one.state}
    return Hop("rejected", said, None, facts | {"replayed_as": one.replayed_as})


def _waiting(name: str, stage: str, lane: str, attempts: int, ready_at: datetime) -> Hop:
    tried = f", tried {attempts} times, again at {ready_at:%H:%M:%S} UTC" if attempts else ""
    said = f"waits for stage {stage} on lane {lane}{tried}; a worker takes it: goldenhub work"
    return Hop("waiting", said, None, {"message": name, "stage": stage, "lane": lane, "attempts": attempts})


def _dead(one: StoredLetter) -> Hop:
    letter = one.letter
    said = f"no worker could take it after {letter.attempts} attempts ({letter.code}): {letter.reason} It is {one.state}."
    if one.state == dead_letters.OPEN:
        said += f" Mend the cause, then: goldenhub dead replay {one.id}"
    return Hop("dead", said, letter.at, {"message": letter.message_id, "code": letter.code, "letter": one.id, "state": one.state})


def _through(tx: Connection, record: SourceRecord, state: str, at: datetime) -> list[Hop]:
    """From the worker that took it to whoever heard of it."""
    facts: dict[str, Any] = {"message": record.message_id, "mapping": record.mapping, "entity": record.entity}
    facts |= {"record": str(record.ref), "operation": record.operation.value}
    hops = [
        Hop(
            "translated",
            f"translated by {record.mapping} to {record.entity} {record.ref} ({record.operation.value})",
            None,
            facts,
        )
    ]
    hops.append(Hop("taken", f"taken: {_STATES.get(state, state)}", at, {"message": record.message_id, "state": state}))
    if record.entity != CUSTOMER:
        return hops + _attached(tx, record)
    now = goldens.behind_key(tx, CUSTOMER, (record.ref.system, record.ref.key))
    then = goldens.behind_key_on(tx, CUSTOMER, (record.ref.system, record.ref.key), at)
    told = goldens.told_at(tx, {one for one in (now, then) if one}, at)
    for one in told:
        hops += _golden(tx, one)
    if not told and (now or then):
        hops.append(Hop("golden", f"it changed nothing in golden record {now or then}", at, {"golden": now or then}))
    if told and now and now != told[-1].golden_id:
        hops.append(Hop("golden", f"today it stands behind golden record {now}", None, {"golden": now}))
    return hops


_STATES = {
    "current": "it is what holds now",
    "superseded": "a later version, or another translation of the same, has overtaken it",
    "unchanged": "it says the same as what was held",
    "deleted": "it is gone at its source",
    "waiting": "it leans on a version that has not come: ask its source for the full record",
}


def _attached(tx: Connection, record: SourceRecord) -> list[Hop]:
    hops = []
    for one in references.of_records(tx, record.entity, [(record.ref.system, record.ref.key)]):
        where = f"attached to customer {one.anchor[0]}:{one.anchor[1]}, {one.why}" if one.anchor else f"waits: {one.why}"
        golden = goldens.behind_key(tx, CUSTOMER, one.anchor) if one.anchor else None
        said = where + (f"; golden record {golden}" if golden else "")
        hops.append(Hop("attached", said, None, {"state": one.state, "why": one.why, "golden": golden}))
    return hops


def _golden(tx: Connection, one: Announcement) -> list[Hop]:
    changed = ", ".join(one.data.get("changed") or ())
    said = f"golden record {one.golden_id} {one.kind}, version {one.version}" + (f": {changed}" if changed else "")
    hops = [Hop("golden", said, one.at, {"golden": one.golden_id, "version": one.version, "kind": one.kind})]
    reached = relays.reached(tx, f"bus/{CUSTOMER}")
    if reached >= one.id:
        hops.append(Hop("announced", "announced on the bus, and in the feed of changes", None, {"place": one.id}))
    else:
        hops.append(Hop("announced", f"in the feed of changes at {one.id}", None, {"place": one.id}))
    for receipt in deliveries.receipts(tx, one.golden_id):
        if receipt.version >= one.version:
            key = f" as {receipt.key}" if receipt.key else ""
            answer = f": {receipt.answer}" if receipt.answer else ""
            told = f"delivery {receipt.delivery}{key}: {receipt.state}, version {receipt.version}{answer}"
            hops.append(Hop("delivered", told, receipt.at, {"delivery": receipt.delivery, "state": receipt.state}))
            if receipt.state in ("written", "unchanged"):
                break
    return hops


def _unheard(message: RawMessage, names: Sequence[str]) -> list[Hop]:
    """Outcomes of which no table tells: left out by the mapping, on the broker, or pruned."""
    if message.made and not names:
        return []
    if not message.made:
        return [Hop("left_out", "a mapping's `when` leaves it out, and the hub held nothing of it", None)]
    said = "on its way over the broker, or left out by a mapping, or its history is no longer kept (HUB_KEEP_HISTORY)"
    return [Hop("waiting", said, None, {"messages": list(names)})]


def _replay(one: RawMessage) -> Hop:
    return Hop("replayed", f"translated again as {one.id}, release {one.release}", one.kept_at, {"receipt": one.id})


def _told(came: Any) -> Any:
    if came is None:
        return None
    return came.data if isinstance(came, RawRecord) else {"damage": came.reason, "excerpt": came.excerpt}
