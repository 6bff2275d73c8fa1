"""Dead letters, once more: back to their stage record by record, corrected, or put away with a reason.

A record that no worker could take never entered the store, so it goes back under its own id, and arrives once. A corrected one
gets an id that begins with that of the raw record it came from and ends with the number of its letter: ``<receipt>.c7``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import Connection

from hub.app.editing import differing
from hub.bus import REPLAY, STAGES
from hub.bus.envelopes import LIMIT, inflated
from hub.errors import Rejected
from hub.records import GONE, Operation, SourceRecord, record_from_told, record_to_json
from hub.store import dead_letters
from hub.store.dead_letters import StoredLetter

if TYPE_CHECKING:
    from hub.app.hub import Hub

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
    """Bring one back with the data of one of its records corrected. Whose record it is, and what else was said of it, stays."""
    hub.agree()
    with hub.store.read() if dry_run else hub.store.begin() as tx:
        stored = _open(tx, number, lock=not dry_run)
        records = list(read(stored))
        if not 1 <= place <= len(records):
            raise Rejected(f"Dead letter {number} holds {len(records)} records; say which with --record 1 to {len(records)}.")
        old = records[place - 1]
        data = correct(old.data)
        changed = _changes(stored, old.data, data)
        if old.operation not in GONE and old.operation is not Operation.PATCH:
            hub.approve(old.entity, data)
        records[place - 1] = replace(old, data=data, message_id=f"{old.message_id}.c{stored.id}")
        if not dry_run:
            _publish(hub, tx, records)
            note = f"corrected in {old.ref}: {', '.join(changed)}"
            dead_letters.replayed(tx, [(number, _as(stored, records), note)], by, hub.clock())
    if not dry_run:
        hub.bus.forward()
    return _told(stored, records)


def archive(hub: Hub, ids: Sequence[int], why: str, by: str) -> list[int]:
    """Put these away: nothing more will come of them. Which ones that were; the others were not open."""
    with hub.store.begin() as tx:
        return dead_letters.archive(tx, ids, why, by, hub.clock())


def reopen(hub: Hub, ids: Sequence[int], by: str) -> list[int]:
    """Take up again what was archived. Which ones that were."""
    with hub.store.begin() as tx:
        return dead_letters.reopen(tx, ids, by, hub.clock())


def read(stored: StoredLetter) -> list[SourceRecord]:
    """The records of a letter. Raises ``Rejected`` with its reason when there are none in it that can be read."""
    letter = stored.letter
    body = inflated(bytes(letter.body or b""), str(letter.headers.get("encoding") or ""), LIMIT)
    try:
        told = orjson.loads(body)
    except orjson.JSONDecodeError as wrong:
        raise Rejected("Its body is not JSON.", code="not_json") from wrong
    try:
        records = [record_from_told(dict(one)) for one in (told if isinstance(told, list) else [told])]
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise Rejected("It holds no record that the hub could have written.", code="record_invalid") from wrong
    if not records:
        raise Rejected("It holds no record at all.", code="record_invalid")
    return records


def state_of(stored: StoredLetter) -> str:
    """What became of a dead letter, in words."""
    if stored.state == dead_letters.OPEN:
        return "open" + (f" ({stored.note})" if stored.note else "")
    when = f" on {stored.closed_at:%Y-%m-%d %H:%M} UTC" if stored.closed_at else ""
    as_what = f" as {stored.replayed_as}" if stored.replayed_as else ""
    return f"{stored.state}{as_what} by {stored.closed_by}{when}" + (f" ({stored.note})" if stored.note else "")


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
        records = read(stored)
    except Rejected as unreadable:
        return Returned(stored.id, stored.letter.stage, PASSED, f"{unreadable.message} {_way_out(stored)}")
    if not dry_run:
        _publish(hub, tx, records)
        dead_letters.replayed(tx, [(stored.id, _as(stored, records), None)], by, hub.clock())
    return _told(stored, records)


def _way_out(stored: StoredLetter) -> str:
    if stored.letter.stage in STAGES:
        return f"It can only be put away: goldenhub dead archive {stored.id} --why '...'"
    return f"Whoever sent it must send it again; then put it away: goldenhub dead archive {stored.id} --why '...'"


def _publish(hub: Hub, tx: Connection, records: Sequence[SourceRecord]) -> None:
    """One by one: what is wrong with one of a batch must not stop the others again."""
    for record in records:
        hub.bus.publish_in(tx, [record], REPLAY)


def _as(stored: StoredLetter, records: Sequence[SourceRecord]) -> str:
    """Under which id it is on the bus again; of a batch that of the batch, whose records are told apart by their own."""
    return records[0].message_id if len(records) == 1 else stored.letter.message_id


def _told(stored: StoredLetter, records: Sequence[SourceRecord]) -> Returned:
    keys = tuple(str(one.ref) for one in records)
    return Returned(stored.id, stored.letter.stage, BACK, "", len(records), keys, _as(stored, records))


def _changes(stored: StoredLetter, before: Any, after: Any) -> list[str]:
    if not isinstance(after, dict):
        raise Rejected("The data of a record is a JSON object, {...}. Nothing was changed.", code="wrong_edit")
    changed = differing(before, after)
    if not changed:
        raise Rejected(f"That changes nothing in dead letter {stored.id}; as it is: goldenhub dead replay {stored.id}")
    return changed


def as_json(stored: StoredLetter) -> Any:
    """What a letter holds, for whoever looks: records, other JSON, or text."""
    try:
        return [record_to_json(one) for one in read(stored)]
    except Rejected:
        body = bytes(stored.letter.body or b"")
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return body[:100_000].decode("utf-8", "replace")
