"""What was set aside, once more: translated again, corrected, or put away with a reason.

Each step is one transaction, in which the old reject is closed and what came of it is kept: published, left out, or set aside
again. So a crash leaves the old state or the new one, and two people who replay the same at once replay it once.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from random import random
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import Connection

from hub.app.editing import differing
from hub.app.landing import land_in
from hub.app.outcome import Tell
from hub.bus import REPLAY
from hub.errors import Contended, HubError, Misconfigured, Rejected, Unavailable, did_you_mean
from hub.ingest import Again, FeedPlan, Landed, Origin, ingest
from hub.records import Operation, RawRecord, Reject, SourceRecord, receipt_of
from hub.store import rejects
from hub.store.dead_letters import StoredLetter
from hub.store.rejects import StoredReject

if TYPE_CHECKING:
    from hub.app.hub import Hub

T = TypeVar("T")

ACCEPTED, AGAIN, LEFT_OUT, PASSED, STOPPED = "accepted", "set aside again", "left out", "passed over", "stopped"
"""What becomes of a reject: STOPPED when a person must mend the landscape or a mapping first."""

_TAKEN_BACK = frozenset({Operation.OUT_OF_SCOPE, Operation.WITHDRAWN})
_NEVER_A_RECORD = (
    "it never became a record. Mend it at its source and read again, or give the record: goldenhub rejects edit {} --file FILE"
)


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of one reject, or would come of it."""

    id: int
    feed: str
    outcome: str
    code: str = ""
    reason: str = ""  # for a person; no values
    keys: tuple[str, ...] = ()  # of the records that were accepted
    replayed_as: str | None = None
    again: tuple[int, ...] = ()  # the rejects that it left


@dataclass(frozen=True, slots=True)
class _Try:
    """One reject, translated once more."""

    stored: StoredReject
    receipt: str
    records: list[SourceRecord] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)


def replay(hub: Hub, ids: Sequence[int], by: str, tell: Tell, *, dry_run: bool = False) -> list[Replayed]:
    """Translate these once more, as of when they came, after a mapping was mended; what is not open is passed over."""
    hub.agree()
    plan_of = _plans(hub)
    done: list[Replayed] = []
    size = hub.settings.batch_size
    for start in range(0, len(ids), size):
        some = ids[start : start + size]
        done += _looked(hub, some, plan_of) if dry_run else patiently(partial(_replayed, hub, some, plan_of, by))
        tell("rejects", len(done), len(ids))
    return done


def edit(hub: Hub, number: int, correct: Callable[[Any], Any], by: str, *, dry_run: bool = False) -> Replayed:
    """Replay one with a corrected payload. Its system, feed and key stay; what came stays as it was."""
    hub.agree()
    plan_of = _plans(hub)
    with hub.store.read() if dry_run else hub.store.begin() as tx:
        stored = _open(tx, number, lock=not dry_run)
        payload = correct(stored.reject.payload)
        changed = _changes(stored, payload)
        plan = plan_of(stored, whole=not stored.reject.mapping)
        stream = hub.landscape.feed(plan.name).request.name
        if isinstance(stored.reject.payload, dict):  # else nobody knows whose it was
            keep_key(plan, _raw(stream, stored, stored.reject.payload), _raw(stream, stored, payload))
        tries, landed = _translated(hub, plan, [(stored, payload)], edited=True)
        if dry_run:
            return _told(tries[0], {}, dry_run=True)
        (done,) = _land(hub, tx, plan, tries, landed, by, "corrected: " + ", ".join(changed))
    hub.bus.forward()
    return done


def patiently(step: Callable[[], T]) -> T:
    """A transaction that met another one, tried again: who replays and who reads may mend the same rejects at one moment."""
    for wait in (0.05, 0.2, 1.0):
        try:
            return step()
        except Contended:
            time.sleep(wait * (1 + random()))  # noqa: S311 - two that met should not meet again
    return step()


def archive(hub: Hub, ids: Sequence[int], why: str, by: str) -> list[int]:
    """Put these away: nothing more will come of them. Which ones that were; the others were not open."""
    with hub.store.begin() as tx:
        return rejects.archive(tx, ids, why, by, hub.clock())


def reopen(hub: Hub, ids: Sequence[int], by: str) -> list[int]:
    """Open again what was archived, or counted as mended. Which ones that were."""
    with hub.store.begin() as tx:
        return rejects.reopen(tx, ids, by, hub.clock())


def state_of(stored: StoredReject) -> str:
    """What became of a reject, in words."""
    return "open" if stored.state == rejects.OPEN else in_words(stored)


def in_words(stored: StoredReject | StoredLetter) -> str:
    """Who closed it, as what, when and why."""
    when = f" on {stored.closed_at:%Y-%m-%d %H:%M} UTC" if stored.closed_at else ""
    who = f" by {stored.closed_by}" if stored.closed_by else ""
    as_what = f" as {stored.replayed_as}" if stored.replayed_as else ""
    return f"{stored.state}{as_what}{who}{when}" + (f" ({stored.note})" if stored.note else "")


def _open(tx: Connection, number: int, *, lock: bool) -> StoredReject:
    found = (rejects.locked if lock else rejects.by_ids)(tx, [number])
    if not found:
        raise Rejected(f"There is no reject {number}; see `goldenhub rejects list`.", code="reject_unknown")
    if found[0].state != rejects.OPEN:
        raise Rejected(_passed(found[0]), code="reject_closed")
    return found[0]


def _passed(stored: StoredReject) -> str:
    said = f"Reject {stored.id} is {state_of(stored)}"
    if stored.state == rejects.REPLAYED:
        return f"{said}; what came of it: goldenhub rejects show {stored.id}"
    return f"{said}; to take it up again: goldenhub rejects reopen {stored.id}"


# -- which mapping --


Plans = Callable[..., FeedPlan]


def _plans(hub: Hub) -> Plans:
    """How to find the plan for a reject: that of its feed, with only the mapping that failed. Each feed is compiled once."""
    compiled: dict[str, FeedPlan | Misconfigured] = {}

    def plan_of(stored: StoredReject, *, whole: bool = False) -> FeedPlan:
        name, mapping = stored.reject.feed, stored.reject.mapping
        if name not in compiled:
            try:
                compiled[name] = hub.plan(hub.landscape.feed(name))
            except Misconfigured as wrong:
                compiled[name] = wrong
        plan = compiled[name]
        if isinstance(plan, Misconfigured):
            raise plan
        if whole:
            return plan
        alone = [one for one in plan.translators if one.name == mapping]
        if not alone:
            used = ", ".join(one.name for one in plan.translators)
            hint = did_you_mean(mapping, [one.name for one in plan.translators])
            raise Misconfigured(
                f"The feed {name} uses the mapping {mapping!r} no more{hint}; it uses {used}. Give the feed its mapping back, or "
                f"archive what will not come again: goldenhub rejects archive {stored.id} --why '...'"
            )
        return replace(plan, translators=alone, former=partial(_former_of, plan, mapping))

    return plan_of


def _former_of(plan: FeedPlan, mapping: str, receipts: Sequence[str]) -> dict[str, list[SourceRecord]]:
    """What this mapping said earlier: what others made of the same record stays."""
    found = plan.former(receipts)
    return {receipt: [one for one in said if one.mapping == mapping] for receipt, said in found.items()}


# -- once more --


def _replayed(hub: Hub, ids: Sequence[int], plan_of: Plans, by: str) -> list[Replayed]:
    with hub.store.begin() as tx:
        found = rejects.locked(tx, ids)
        by_plan, done = _sorted_out(found, plan_of)
        for plan, some in by_plan:
            tries, landed = _translated(hub, plan, [(one, one.reject.payload) for one in some])
            done += _land(hub, tx, plan, tries, landed, by)
    hub.bus.forward()
    return sorted(done, key=lambda one: one.id)


def _looked(hub: Hub, ids: Sequence[int], plan_of: Plans) -> list[Replayed]:
    """What would come of them."""
    with hub.store.read() as tx:
        by_plan, done = _sorted_out(rejects.by_ids(tx, ids), plan_of)
    for plan, some in by_plan:
        tries, _ = _translated(hub, plan, [(one, one.reject.payload) for one in some])
        done += [_told(one, {}, dry_run=True) for one in tries]
    return sorted(done, key=lambda one: one.id)


def _sorted_out(
    found: Sequence[StoredReject], plan_of: Plans
) -> tuple[list[tuple[FeedPlan, list[StoredReject]]], list[Replayed]]:
    """Those that can be tried, by feed and mapping; and what is to be said of the others."""
    by_plan: dict[tuple[str, str], tuple[FeedPlan, list[StoredReject]]] = {}
    others = []
    for one in found:
        reject = one.reject
        if one.state != rejects.OPEN:
            others.append(Replayed(one.id, reject.feed, PASSED, reason=_passed(one), replayed_as=one.replayed_as))
        elif not reject.mapping or not isinstance(reject.payload, dict):
            others.append(Replayed(one.id, reject.feed, PASSED, reject.code, _NEVER_A_RECORD.format(one.id)))
        else:
            try:
                known = by_plan.get((reject.feed, reject.mapping)) or (plan_of(one), [])
            except Misconfigured as wrong:
                others.append(Replayed(one.id, reject.feed, STOPPED, wrong.code, wrong.message))
                continue
            by_plan.setdefault((reject.feed, reject.mapping), known)[1].append(one)
    return list(by_plan.values()), others


def _translated(
    hub: Hub, plan: FeedPlan, given: Sequence[tuple[StoredReject, Any]], *, edited: bool = False
) -> tuple[list[_Try], Landed]:
    """What each of these comes to as of the moment when it came, so that nothing younger is overtaken; and all together."""
    stream = hub.landscape.feed(plan.name).request.name
    raws = [_raw(stream, stored, payload) for stored, payload in given]
    origins = [Origin(stored.reject.receipt or stored.arrived_as, stored.reject.at) for stored, _ in given]
    landed: list[Landed] = []
    again = Again(raws, origins, hub.clock(), edited)
    report = ingest(plan, [again], run=str(uuid.uuid4()), clock=hub.clock, land=landed.append)
    if report.state != "done":
        raise Unavailable(report.message, system="store")
    made: dict[str, _Try] = {came.id: _Try(stored, came.id) for (stored, _), came in zip(given, landed[0].came, strict=True)}
    for record in landed[0].records:
        made[receipt_of(record.message_id)].records.append(record)
    for reject in landed[0].rejects:
        made[receipt_of(reject.message_id)].rejects.append(reject)
    return list(made.values()), landed[0]


def _raw(stream: str, stored: StoredReject, payload: Any) -> RawRecord:
    """The raw record, with what the connector itself knew of it."""
    reject = stored.reject
    knew = reject.facts.get("connector") or {}
    moment = knew.get("updated_at")
    return RawRecord(
        stream,
        payload,
        reject.where,
        reject.key,
        knew.get("operation"),
        knew.get("position"),
        datetime.fromisoformat(moment) if moment else None,
    )


def _land(
    hub: Hub, tx: Connection, plan: FeedPlan, tries: Sequence[_Try], landed: Landed, by: str, note: str | None = None
) -> list[Replayed]:
    """Close the old ones and keep what came of them. Closed first: a younger record that lands mends older rejects of its key."""
    rejects.replayed(tx, [(one.stored.id, one.receipt, note) for one in tries], by, hub.clock())
    land_in(tx, hub, plan.name, landed, REPLAY)
    numbers = rejects.numbers(tx, [reject.message_id for reject in landed.rejects])
    return [_told(one, numbers) for one in tries]


def _told(one: _Try, numbers: Mapping[str, int], *, dry_run: bool = False) -> Replayed:
    """What came of it. What a mapping takes back of what it said earlier is no record that was accepted."""
    stored, receipt = one.stored, None if dry_run else one.receipt
    keys = tuple(str(record.ref) for record in one.records if record.operation not in _TAKEN_BACK)
    if one.rejects:
        first = one.rejects[0]
        again = tuple(numbers[reject.message_id] for reject in one.rejects if reject.message_id in numbers)
        return Replayed(stored.id, stored.reject.feed, AGAIN, first.code, first.reason, keys, receipt, again)
    if not keys:
        said = "the mapping leaves it out now"
        return Replayed(stored.id, stored.reject.feed, LEFT_OUT, reason=said, replayed_as=receipt)
    return Replayed(stored.id, stored.reject.feed, ACCEPTED, keys=keys, replayed_as=receipt)


# -- corrections --


def _changes(stored: StoredReject, payload: Any) -> list[str]:
    if not isinstance(payload, dict):
        raise Rejected("A record is a JSON object, {...}. Nothing was changed.", code="wrong_edit")
    changed = differing(stored.reject.payload, payload)
    if not changed:
        raise Rejected(f"That changes nothing in reject {stored.id}; to try it as it is: goldenhub rejects replay {stored.id}")
    return changed


def keep_key(plan: FeedPlan, before: RawRecord, after: RawRecord) -> None:
    """A correction may mend everything but whose record it is: raises ``Rejected`` when it would change the key."""
    was, would_be = _keys(plan, before), _keys(plan, after)
    if was and would_be != was:
        raise Rejected(
            f"That would change the key from {', '.join(sorted(was))} to {', '.join(sorted(would_be)) or 'none'}. A correction "
            "keeps it; a record under another key comes from its source.",
            code="key_changed",
        )


def _keys(plan: FeedPlan, raw: RawRecord) -> set[str]:
    found: set[str] = set()
    for translator in plan.translators:
        try:
            found |= translator.keys(raw)
        except HubError:
            continue
    return found
