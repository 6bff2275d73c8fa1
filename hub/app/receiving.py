"""What systems push: on `hub.in` of the broker, on `/api/in/<feed>`, with `goldenhub post`. All of it ends in the same ingest.

A message is known by its source and id: the same again gives the receipt of the first time, and nothing arrives twice; another
one under the same id is set aside. A request over HTTP is known by its source and key, and must be the same then.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from hub.app import delivering
from hub.app.landing import land_in
from hub.app.repeating import hash_of, must_be_the_same, others, refusing
from hub.bus import LIVE, NO_WAIT
from hub.bus.envelopes import LONGEST_ID, Envelope, Pushed, RawEnvelope, read_raw
from hub.contract import Batch
from hub.errors import BadLandscape, Contended, Misconfigured, Rejected, Retryable
from hub.ingest import FeedPlan, Item, Landed, ingest
from hub.records import Damage, Operation, RawRecord, canonical_json, receipt_of
from hub.resolve.minting import uuid7_mint
from hub.store import inbox
from hub.store.rows import FEW

if TYPE_CHECKING:
    from hub.app.hub import Hub

ACCEPTED, REJECTED, LEFT_OUT, KNOWN = "accepted", "rejected", "left out", "known"
_log = logging.getLogger("goldenhub")
_FRESH = timedelta(seconds=5)  # how long a compiled plan is taken for today's
_TRIES = 5


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of one pushed record so far; the rest of its way is told by `goldenhub trace`."""

    receipt: str
    state: str  # accepted | rejected | left out | known
    code: str = ""
    reason: str = ""
    id: str = ""  # the sender's own

    def as_dict(self) -> dict[str, Any]:
        told = {"receipt": self.receipt, "state": self.state, "code": self.code, "reason": self.reason, "id": self.id}
        return {name: value for name, value in told.items() if value}


def receive(
    hub: Hub,
    feed: str,
    records: Sequence[Any],
    source: str | None = None,
    ids: Sequence[str] | None = None,
    lane: str | None = None,
    *,
    forward: bool = True,
    key: str | None = None,
) -> list[Receipt]:
    """Take records that a system pushed, in its own words: one receipt for each, in their order.

    With ``ids`` (one for each record) the same (source, id) is taken only once; another record under it is set aside
    (``message_id_reused``). With a ``key`` instead, all of it is one request, taken only once: under the same key of the same
    source another feed or other records are ``Rejected`` (``idempotency_key_reused``), and nothing of them is taken. Kept,
    translated and published in one transaction for each ``HUB_BATCH_SIZE`` records: when this returns, what was accepted
    survives any crash, also when the broker is away; workers bring it there. Who brings it himself says ``forward=False``.
    """
    given = [source or "", *([key] if key is not None else ids or ())]
    if any(len(name) > LONGEST_ID or "\x00" in name for name in given):
        said = f"An id or a source is longer than {LONGEST_ID} characters, or has a NUL in it. Nothing was taken; shorten it."
        raise Rejected(said, code="id_invalid")
    if key is not None:
        ids = [key if place == 0 else f"{key}#{place + 1}" for place in range(len(records))]
    if ids is not None and len(ids) != len(records):
        raise Rejected("There must be one id for each record.", code="ids_do_not_fit")
    digest = None if key is None else hashlib.blake2b(canonical_json([feed, records])).digest()
    plan, size = plan_of(hub, feed), hub.settings.batch_size
    receipts: list[Receipt] = []
    for start in range(0, len(records), size):
        items = [_item(hub, feed, one, start + place) for place, one in enumerate(records[start : start + size])]
        some = None if ids is None else ids[start : start + size]
        receipts += _received(hub, plan, items, source or feed, some, lane or hub.landscape.feed(feed).lane, digest)
    if forward:
        with suppress(Retryable):  # it is kept, and to say that it was not would have it sent once more
            hub.bus.forward()
    return receipts


def _received(
    hub: Hub,
    plan: FeedPlan,
    items: Sequence[Item],
    source: str,
    ids: Sequence[str] | None,
    lane: str,
    digest: bytes | None,
) -> list[Receipt]:
    for _ in range(_TRIES):
        try:
            with hub.store.begin(quick=len(items) <= FEW) as tx:
                return receive_in(tx, hub, plan, items, source, ids, lane, digest)
        except _RacedError:
            continue
    raise Contended("Somebody else pushes the same messages at this moment; send them again.", what="inbox")


class _RacedError(Contended):
    """Somebody else took the same message at the same moment."""


def receive_in(
    tx: Connection,
    hub: Hub,
    plan: FeedPlan,
    items: Sequence[Item],
    source: str,
    ids: Sequence[str] | None,
    lane: str = LIVE,
    digest: bytes | None = None,
) -> list[Receipt]:
    """The same within a transaction of the caller's. ``digest`` is of the request that these are (a part of)."""
    known = inbox.known(tx, source, set(ids)) if ids else {}
    hash = None if digest is None else hash_of(tx, hub, source, digest)
    if hash and known:
        must_be_the_same(tx, source, known, hash)
    told = list(ids or [""] * len(items))
    reused = others(tx, hub, source, told, items, known) if ids and digest is None else {}
    if reused:
        told = [reused.get(place, name) for place, name in enumerate(told)]
        known |= inbox.known(tx, source, set(reused.values()))
    first: dict[str, int] = {}
    fresh: list[int] = []
    for place, name in enumerate(told):
        if not name or (name not in known and name not in first):
            first[name] = place
            fresh.append(place)
    made = _landed_in(tx, hub, plan, {place: items[place] for place in fresh if place not in reused}, lane)
    if refused := {place: items[place] for place in fresh if place in reused}:
        made |= _landed_in(tx, hub, refusing(plan), refused, lane)
    new = {name: made[place].receipt for name, place in first.items() if name}
    if new and not inbox.add(tx, source, new, hub.clock(), hash):
        raise _RacedError
    known |= new
    return [
        replace(made[place], id=name) if place in made else Receipt(known[told[place]], KNOWN, id=name)
        for place, name in enumerate(ids or told)
    ]


def _landed_in(tx: Connection, hub: Hub, plan: FeedPlan, items: Mapping[int, Item], lane: str) -> dict[int, Receipt]:
    """Land what has a place in a push; the receipts by place."""
    stream = hub.landscape.feed(plan.name).request.name
    echoes = partial(delivering.echoes, hub, plan.system, stream, translators=plan.translators, tx=tx)
    landed = _translated(replace(plan, echoes=echoes), list(items.values()), uuid7_mint(hub.clock)(), hub)
    land_in(tx, hub, plan.name, landed, lane)
    return dict(zip(items, _receipts(landed), strict=True))


def _translated(plan: FeedPlan, items: Sequence[Item], run: str, hub: Hub) -> Landed:
    found: list[Landed] = []
    report = ingest(plan, [Batch(items)] if items else [], run=run, clock=hub.clock, land=found.append)
    if report.state != "done":
        raise (Misconfigured if report.state == "stopped" else Retryable)(report.message)
    return found[0] if found else Landed((), {}, {}, (), None)


def _receipts(landed: Landed) -> list[Receipt]:
    wrong = {receipt_of(one.message_id): one for one in reversed(landed.rejects)}
    right = {receipt_of(one.message_id) for one in landed.records}
    made = []
    for piece in landed.came:
        if piece.id in wrong:
            made.append(Receipt(piece.id, REJECTED, wrong[piece.id].code, wrong[piece.id].reason))
        else:
            made.append(Receipt(piece.id, ACCEPTED if piece.id in right else LEFT_OUT))
    return made


def _item(hub: Hub, feed: str, given: Any, place: int, operation: str | None = None) -> Item:
    stream, where = hub.landscape.feed(feed).request.name, f"pushed, record {place + 1}"
    if not isinstance(given, Mapping) or not given:
        return Damage(stream, where, "not_a_record", "A record is an object with at least one field.")
    return RawRecord(stream, dict(given), where, operation=operation)


def plan_of(hub: Hub, feed: str) -> FeedPlan:
    """The feed ready to run; compiled anew a moment after a file has changed, so that a mended mapping needs no restart."""
    now, known = hub.clock(), hub.compiled.get(feed)
    if known is None or not known[1] <= now < known[1] + _FRESH:
        files = _files(hub)
        plan = hub.plan(hub.landscape.feed(feed)) if known is None or known[2] != files else known[0]
        hub.compiled[feed] = plan, now, files
    return hub.compiled[feed][0]


def _files(hub: Hub) -> int:
    """A number for the files that a plan is made of as they are now, which nobody reads to find out."""
    stands = []
    for folder in (*hub.folders("mappings"), *hub.folders("canonical_model")):
        for place, _, names in os.walk(folder):
            for name in sorted(names):
                with suppress(OSError):  # one that an editor makes and takes away
                    one = os.stat(f"{place}/{name}")  # noqa: PTH116  # often, and a path takes longer than the answer
                    stands.append((place, name, one.st_ino, one.st_size, one.st_mtime_ns))
    return hash(tuple(stands))


# -- hub.in --


def take_in(
    hub: Hub,
    limit: int,
    wait: timedelta = NO_WAIT,
    held: list[Pushed] | None = None,
    forward: Callable[[], object] | None = None,
) -> int:
    """Land what waits on `hub.in`, or bury what never can be; how many messages.

    One transaction for all of them. When that fails for a reason of one message, each is tried alone. When the world is not
    ready, they are put back; or with ``held`` they are left in there, and are the first of the next call: each time that a
    message is put back counts towards the broker's delivery limit, and the world may not be ready for hours. ``forward`` has what
    landed brought to the broker in another way than here and now.
    """
    pushed = list(held) if held else hub.bus.take_raw(limit, wait)
    if not pushed:
        return 0
    left = list(pushed)
    try:
        if not _landed(hub, left):
            while left:
                if not _landed(hub, left[:1]):
                    _bury(hub, left[0], "landing_failed", "The hub failed on this message; its log says how.")
                left.pop(0)
    except (Retryable, Misconfigured):
        hub.bus.settle_raw(pushed[: len(pushed) - len(left)])
        if held is None:
            hub.bus.put_back_raw(left)
        else:
            held[:] = left
        raise
    if held is not None:
        held.clear()
    hub.bus.settle_raw(pushed)
    (forward or hub.bus.forward)()
    return len(pushed)


def _landed(hub: Hub, pushed: Sequence[Pushed]) -> bool:
    """Land them; False when they cannot be, for a reason that no error of ours tells."""
    try:
        _land_pushed(hub, pushed)
    except (Retryable, Misconfigured):
        raise
    except Exception:  # noqa: BLE001 - a loop: what is wrong with one message stops no other
        _log.exception("landing of %d messages from hub.in failed", len(pushed))
        return False
    return True


def _bury(hub: Hub, one: Pushed, code: str, why: str) -> None:
    with hub.store.begin() as tx:
        hub.bus.bury_raw_in(tx, one, code, why)


def _land_pushed(hub: Hub, pushed: Sequence[Pushed]) -> None:
    """All of them in one transaction; those of one feed, source and operation at once."""
    readable: list[RawEnvelope] = []
    wrong: list[tuple[Pushed, Rejected]] = []
    for one in pushed:
        try:
            readable.append(understood(hub, one.envelope))
        except Rejected as never:
            wrong.append((one, never))
    for feed in {one.feed for one in readable}:
        plan_of(hub, feed)  # compiled, if need be, before others may have to wait
    with hub.store.begin(quick=len(pushed) <= FEW) as tx:
        for one, error in wrong:
            hub.bus.bury_raw_in(tx, one, error.code, error.message)
        land_readable(tx, hub, readable)


def understood(hub: Hub, envelope: Envelope) -> RawEnvelope:
    """A message from `hub.in`, read; raises ``Rejected`` when it can never be landed."""
    read = read_raw(envelope, hub.settings.message_limit)
    try:
        hub.landscape.feed(read.feed)
    except BadLandscape as unknown:
        raise Rejected(f"There is no feed {read.feed!r} in the landscape.", code="feed_unknown") from unknown
    if read.operation not in set(Operation) - {Operation.WITHDRAWN}:
        raise Rejected(f"There is no operation {read.operation!r}.", code="operation_unknown")
    return read


def land_readable(tx: Connection, hub: Hub, readable: Sequence[RawEnvelope], lane: str | None = None) -> list[Receipt]:
    """Land messages that were understood, within a transaction. Further records of one message have a number behind its id."""
    groups: dict[tuple[str, str, str], tuple[list[Item], list[str]]] = {}
    for one in readable:
        items, ids = groups.setdefault((one.feed, one.source, one.operation), ([], []))
        operation = None if one.operation == Operation.UPSERT else one.operation
        for place, data in enumerate(one.data):
            items.append(_at(_item(hub, one.feed, data, place, operation), one.time))
            ids.append(one.id if place == 0 else f"{one.id}#{place + 1}")
    receipts: list[Receipt] = []
    for (feed, source, _), (items, ids) in groups.items():
        receipts += receive_in(tx, hub, plan_of(hub, feed), items, source, ids, lane or hub.landscape.feed(feed).lane)
    return receipts


def _at(item: Item, time: datetime | None) -> Item:
    return replace(item, updated_at=time) if isinstance(item, RawRecord) and time is not None else item
