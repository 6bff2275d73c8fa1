"""Dead letters, once more: back to their stage record by record, corrected, or put away with a reason.

A record that no worker could take never entered the store, so it goes back under its own id, and arrives once. A corrected one
gets an id that begins with that of the raw record it came from and ends with the number of its letter: ``<receipt>.c7``. What
systems pushed and nobody could land, in their own words, is landed as if it had come just now. What no broker took of golden
records is announced once more, as the outbox has it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection

from hub.app.editing import differing
from hub.app.failures import in_words, keep_key
from hub.app.receiving import land_readable, plan_of, understood
from hub.bus import GOLDEN, REPLAY, envelopes
from hub.bus.envelopes import Envelope, RawEnvelope
from hub.errors import Rejected
from hub.records import GONE, DeadLetter, Operation, RawRecord, SourceRecord, canonical_json, record_to_json
from hub.relay import event, place_of
from hub.store import dead_letters, goldens
from hub.store.dead_letters import StoredLetter

if TYPE_CHECKING:
    from hub.app.hub import Hub

IN = "in"
"""The stage at which what systems push is landed."""
_OF_THE_BODY = frozenset({"not_json", "malformed_message", "encoding_invalid", "encoding_unknown", "inflates_too_far"})
BACK, PASSED = "back on the bus", "passed over"


@dataclass(frozen=True, slots=True)
class Returned:
    """What came of one dead letter, or would come of it."""

    id: int
    stage: str
    outcome: str
    reason: str = ""
    records: int = 0
    keys: tuple[str, ...] = ()
    replayed_as: str | None = None


def replay(hub: Hub, ids: Sequence[int], by: str, *, dry_run: bool = False) -> list[Returned]:
    """Bring these back to their stages, in one transaction a letter; what is not open, or cannot be read, is passed over."""
    hub.agree()
    done: list[Returned] = []
    for number in ids:
        with hub.store.read() if dry_run else hub.store.begin() as tx:
            found = (dead_letters.by_ids if dry_run else dead_letters.locked)(tx, [number])
            done += [_returned(hub, tx, one, by, dry_run) for one in found]
        if not dry_run:
            hub.bus.forward()
    return done


def edit(hub: Hub, number: int, place: int, correct: Callable[[Any], Any], by: str, *, dry_run: bool = False) -> Returned:
    """Bring one back with one of its records corrected. Whose record it is, and what else was said of it, stays."""
    hub.agree()
    with hub.store.read() if dry_run else hub.store.begin() as tx:
        stored = _open(tx, number, lock=not dry_run)
        if not correctable(stored):
            said = "It says what its golden record said, and cannot be corrected"
            raise Rejected(f"{said}; as it is: goldenhub dead replay {stored.id}", code="wrong_edit")
        if stored.letter.stage == IN:
            pushed, note = _pushed_corrected(hub, stored, place, correct)
            done = _told_of(stored, pushed) if dry_run else _landed(hub, tx, stored, pushed, by, note)
        else:
            records, note = _corrected(hub, stored, place, correct)
            done = _told(stored, records) if dry_run else _published(hub, tx, stored, records, by, note)
    if not dry_run:
        hub.bus.forward()
    return done


def archive(hub: Hub, ids: Sequence[int], why: str, by: str) -> list[int]:
    """Put these away: nothing more will come of them. Which ones that were; the others were not open."""
    with hub.store.begin() as tx:
        return dead_letters.archive(tx, ids, why, by, hub.clock())


def reopen(hub: Hub, ids: Sequence[int], by: str) -> list[int]:
    """Take up again what was archived. Which ones that were."""
    with hub.store.begin() as tx:
        return dead_letters.reopen(tx, ids, by, hub.clock())


def read(stored: StoredLetter) -> tuple[SourceRecord, ...]:
    """The canonical records of a letter. Raises ``Rejected`` with its reason when there are none in it that can be read."""
    letter = stored.letter
    if letter.headers:
        return envelopes.read(_envelope(letter)).records
    body = bytes(letter.body or b"")  # written by a worker: one record
    kind = f"{letter.entity}.batch.v{envelopes.MAJOR}"
    return envelopes.read(Envelope(letter.message_id, "", kind, envelopes.BATCH, b"[" + body + b"]")).records


def _envelope(letter: DeadLetter) -> Envelope:
    """The message as it came."""
    told = letter.headers
    key, kind, encoding = (str(told.get(name) or "") for name in ("key", "type", "encoding"))
    body = bytes(letter.body or b"")
    return Envelope(letter.message_id, key, kind, letter.content_type, body, encoding, told.get("headers") or {})


def correctable(stored: StoredLetter) -> bool:
    """Whether a person can say what it should have been: not of what was announced, which is what the golden record was."""
    return stored.letter.stage != GOLDEN


def state_of(stored: StoredLetter) -> str:
    """What became of a dead letter, in words."""
    if stored.state == dead_letters.OPEN:
        return "open" + (f" ({stored.note})" if stored.note else "")
    return in_words(stored)


def _open(tx: Connection, number: int, *, lock: bool) -> StoredLetter:
    found = (dead_letters.locked if lock else dead_letters.by_ids)(tx, [number])
    if not found:
        raise Rejected(f"There is no dead letter {number}; see `goldenhub dead list`.", code="letter_unknown")
    if found[0].state != dead_letters.OPEN:
        raise Rejected(_passed(found[0]), code="letter_closed")
    return found[0]


def _passed(stored: StoredLetter) -> str:
    said = f"Dead letter {stored.id} is {state_of(stored)}"
    if stored.state == dead_letters.REPLAYED:
        return said
    return f"{said}; to take it up again: goldenhub dead reopen {stored.id}"


def _returned(hub: Hub, tx: Connection, stored: StoredLetter, by: str, dry_run: bool) -> Returned:
    if stored.state != dead_letters.OPEN:
        return Returned(stored.id, stored.letter.stage, PASSED, _passed(stored), replayed_as=stored.replayed_as)
    try:
        if stored.letter.stage == IN:
            pushed = understood(hub, _envelope(stored.letter))
            return _told_of(stored, pushed) if dry_run else _landed(hub, tx, stored, pushed, by)
        if stored.letter.stage == GOLDEN:
            return _announced(hub, tx, stored, by, dry_run)
        records = read(stored)
    except Rejected as unreadable:
        return Returned(stored.id, stored.letter.stage, PASSED, f"{unreadable.message} {_way_out(stored, unreadable.code)}")
    return _told(stored, records) if dry_run else _published(hub, tx, stored, records, by)


def _way_out(stored: StoredLetter, code: str) -> str:
    away = f"put it away: goldenhub dead archive {stored.id} --why '...'"
    if stored.letter.stage != IN or code == "announcement_pruned":
        return f"It can only be {away.replace('put it away', 'put away')}"
    if code == "feed_unknown":
        return f"Add the feed, and replay it; or {away}"
    if code in _OF_THE_BODY:
        return f"Say what it should have been: goldenhub dead edit {stored.id} --file FILE; or {away}"
    return f"Its sender must send it again as it should be; {away}"


# -- canonical records --


def _corrected(hub: Hub, stored: StoredLetter, place: int, correct: Callable[[Any], Any]) -> tuple[list[SourceRecord], str]:
    """All records of the letter, one of them with other data, as the canonical model wants it; and what is noted."""
    records = list(read(stored))
    old = _one_of(stored, records, place)
    data = correct(old.data)
    changed = _changes(stored, old.data, data)
    if old.operation not in GONE and old.operation is not Operation.PATCH:
        hub.approve(old.entity, data)
    records[place - 1] = replace(old, data=data, message_id=f"{old.message_id}.c{stored.id}", caused_by=old.message_id)
    return records, f"corrected in {old.ref}: {', '.join(changed)}"


def _published(
    hub: Hub, tx: Connection, stored: StoredLetter, records: Sequence[SourceRecord], by: str, note: str | None = None
) -> Returned:
    """One by one: what is wrong with one of a batch must not stop the others again."""
    for record in records:
        hub.bus.publish_in(tx, [record], REPLAY)
    done = _told(stored, records)
    dead_letters.replayed(tx, [(stored.id, done.replayed_as or "", note)], by, hub.clock())
    return done


def _told(stored: StoredLetter, records: Sequence[SourceRecord]) -> Returned:
    """On the bus again under its own id; a batch under that of the batch, whose records are told apart by their own."""
    keys = tuple(str(one.ref) for one in records)
    message_id = records[0].message_id if len(records) == 1 else stored.letter.message_id
    return Returned(stored.id, stored.letter.stage, BACK, "", len(records), keys, message_id)


# -- what was announced --


def _announced(hub: Hub, tx: Connection, stored: StoredLetter, by: str, dry_run: bool) -> Returned:
    """Late, so that subscribers who heard a younger version since pass it over. Refused once more, it is another letter."""
    golden_id, _, number = stored.letter.message_id.rpartition(":")
    found = goldens.version(tx, golden_id, int(number)) if number.isdigit() else None
    if found is None:
        raise Rejected("The outbox no longer has this announcement.", code="announcement_pruned")
    done = Returned(stored.id, GOLDEN, BACK, "", 1, (golden_id,), stored.letter.message_id)
    if not dry_run:
        dead_letters.replayed(tx, [(stored.id, stored.letter.message_id, None)], by, hub.clock())
        hub.bus.announce([event(found, hub.landscape.source) | {"sequence": place_of(found)}], tx)
    return done


# -- what systems pushed --


def _pushed_corrected(hub: Hub, stored: StoredLetter, place: int, correct: Callable[[Any], Any]) -> tuple[RawEnvelope, str]:
    """The message with one record corrected, in the words of its system. Where nothing could be read, all of it is given."""
    came = _envelope(stored.letter)
    data: list[Any] = [None]
    kept: dict[str, Any] = {}
    with suppress(Rejected, orjson.JSONDecodeError):
        told = orjson.loads(envelopes.inflated(came.body, came.encoding, envelopes.LIMIT))
        if came.content_type.startswith("application/cloudevents+json") and isinstance(told, dict):
            kept, told = told, told.get("data")
        data = list(told) if isinstance(told, list) else [told]
    old = _one_of(stored, data, place)
    data[place - 1] = correct(old)
    changed = _changes(stored, old, data[place - 1])
    body = canonical_json(kept | {"data": data} if kept else data)
    pushed = understood(hub, replace(came, content_type=came.content_type if kept else envelopes.JSON, body=body, encoding=""))
    plan, stream = plan_of(hub, pushed.feed), hub.landscape.feed(pushed.feed).request.name
    if isinstance(old, dict):
        keep_key(plan, RawRecord(stream, old), RawRecord(stream, data[place - 1]))
    return replace(pushed, id=f"{pushed.id}.c{stored.id}"), f"corrected in record {place}: {', '.join(changed)}"


def _landed(hub: Hub, tx: Connection, stored: StoredLetter, pushed: RawEnvelope, by: str, note: str | None = None) -> Returned:
    receipts = land_readable(tx, hub, [pushed], REPLAY)
    dead_letters.replayed(tx, [(stored.id, receipts[0].receipt, note)], by, hub.clock())
    said = ", ".join(f"{one.state}" + (f" ({one.code})" if one.code else "") for one in receipts[:3])
    keys = tuple(one.receipt for one in receipts)
    return Returned(stored.id, IN, BACK, f"{said} as {', '.join(keys[:3])}", len(receipts), keys, receipts[0].receipt)


def _told_of(stored: StoredLetter, pushed: RawEnvelope) -> Returned:
    return Returned(stored.id, IN, BACK, f"{len(pushed.data)} records for the feed {pushed.feed}", len(pushed.data))


def _one_of(stored: StoredLetter, records: Sequence[Any], place: int) -> Any:
    if not 1 <= place <= len(records):
        raise Rejected(f"Dead letter {stored.id} holds {len(records)} records; say which with --record 1 to {len(records)}.")
    return records[place - 1]


def _changes(stored: StoredLetter, before: Any, after: Any) -> list[str]:
    if not isinstance(after, dict):
        raise Rejected("The data of a record is a JSON object, {...}. Nothing was changed.", code="wrong_edit")
    changed = differing(before, after)
    if not changed:
        raise Rejected(f"That changes nothing in dead letter {stored.id}; as it is: goldenhub dead replay {stored.id}")
    return changed


def as_json(stored: StoredLetter) -> Any:
    """What a letter holds, for whoever looks: records, other JSON, or text."""
    with suppress(Rejected):
        return [record_to_json(one) for one in read(stored)]
    body = bytes(stored.letter.body or b"")
    with suppress(Rejected):
        body = envelopes.inflated(body, str(stored.letter.headers.get("encoding") or ""), envelopes.LIMIT)
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body[:100_000].decode("utf-8", "replace")
