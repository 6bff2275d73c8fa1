"""What other systems ask the hub for: the feed of changes, the golden records as they are, and who somebody is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection

from hub.app import Hub
from hub.app.seeing import Sight, sight
from hub.errors import Rejected, did_you_mean
from hub.records import Data, RecordRef
from hub.relay import event, place_of
from hub.store import goldens, outbox, sources
from hub.store.goldens import ENDED, Announcement, CrossReference, Golden
from hub.survivorship.views import hidden_from

ENTITY = "customer"

SEVERAL = 1000
"""The most events or records of one page."""


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the feed, in order. Who has dealt with it goes on after ``position``."""

    events: Sequence[Data]
    position: int
    more: bool

    def as_dict(self) -> Data:
        return {"position": self.position, "more": self.more, "events": list(self.events)}


@dataclass(frozen=True, slots=True)
class SnapshotPage:
    """Golden records by id, as events. ``position`` is where the feed stood before the first of them was read."""

    events: Sequence[Data]
    position: int
    next: str | None  # the id after which the next page begins; None when this is the last

    def as_dict(self) -> Data:
        return {"position": self.position, "next": self.next, "events": list(self.events)}


def changes(hub: Hub, tx: Connection, after: int = 0, *, entity: str = ENTITY, view: str | None = None, limit: int = 100) -> Page:
    """What was announced after a position, in order, 0 for all there ever was.

    A position before what is still kept is refused and not skipped over: such a reader begins with :func:`snapshot`.
    """
    _must_be_golden(entity)
    cut = outbox.cut(tx, entity)
    if after < cut:
        raise Rejected(
            f"The feed of {entity} begins at position {cut}; what was announced before is no longer kept. Begin with a "
            "snapshot: it gives all golden records as they are, and the position to go on from.",
            code="position_gone", first=cut,
        )  # fmt: skip
    found = goldens.announced(tx, entity, after=after, limit=min(limit, SEVERAL) + 1)
    if not found and after > (last := outbox.last(tx, entity)):
        raise Rejected(
            f"The feed of {entity} ends at position {last}, and {after} is none of its own. Is it of another store? Begin with a "
            "snapshot.",
            code="position_unknown", last=last,
        )  # fmt: skip
    some = found[: min(limit, SEVERAL)]
    told = [event(one, hub.landscape.source) | {"sequence": place_of(one)} for one in some]
    return Page(_seen(hub, tx, told, view), some[-1].id if some else after, len(found) > len(some))


def snapshot(
    hub: Hub, tx: Connection, after: str = "", *, entity: str = ENTITY, view: str | None = None, limit: int = 100
) -> SnapshotPage:
    """All golden records as they are, page by page: what a reader of the feed would know by now.

    Whoever lays the feed over it, from the position of the *first* page on, holds what the store holds: versions only grow, so
    what was told twice changes nothing. What is not in a snapshot is no golden record any more.
    """
    _must_be_golden(entity)
    position = outbox.last(tx, entity)
    size = min(limit, SEVERAL)
    found = goldens.listed(tx, entity, after=after, limit=size + 1)
    some = found[:size]
    events = _seen(hub, tx, [_as_event(one, hub.landscape.source) for one in some], view)
    if view is not None:
        events = [one for one in events if one["data"]["members"]]  # who is known to hidden systems alone, is nobody here
    return SnapshotPage(events, position, some[-1].id if len(found) > size else None)


def every_golden(hub: Hub, tx: Connection, *, entity: str = ENTITY, view: str | None = None) -> Iterator[Data]:
    """The events of all pages of a snapshot."""
    page = snapshot(hub, tx, entity=entity, view=view, limit=SEVERAL)
    yield from page.events
    while page.next is not None:
        page = snapshot(hub, tx, page.next, entity=entity, view=view, limit=SEVERAL)
        yield from page.events


def who_is(hub: Hub, tx: Connection, system: str, key: str, *, view: str | None = None) -> Data:
    """Who a system's record is: the golden record behind it, with every key it has anywhere."""
    ref = RecordRef(system, key)
    golden_id = goldens.behind_key(tx, ENTITY, (system, key))
    if golden_id is None or (view is not None and system in hidden_from(hub.rules.survivorship, view)):
        raise Rejected(unknown(hub, tx, ref), code="not_known", last=_last(tx, ref))
    return golden(hub, tx, golden_id, view=view) | {"asked": str(ref)}


def golden(hub: Hub, tx: Connection, golden_id: str, *, view: str | None = None) -> Data:
    """The golden record an id leads to; an id that retired leads on to the one it went into."""
    found = goldens.current(tx, golden_id)
    looks = None if found is None or view is None else sight(hub, tx, view, found.members)
    if found is None or (looks is not None and found.members and not looks.members(found.members)):
        raise Rejected(f"No golden record has or had the id {golden_id!r}.", code="not_known")
    return {
        "asked": golden_id,
        "id": found.id,
        "redirected": found.id != golden_id,
        "entity": found.entity,
        "version": found.version,
        "state": found.state,
        "as_of": found.as_of.isoformat(),
        "golden": found.data if looks is None else looks.data(found.data, found.members, found.as_of),
        "references": [
            _reference(one) for one in goldens.references(tx, found.id) if looks is None or one.ref.system not in looks.hidden
        ],
    }


def unknown(hub: Hub, tx: Connection, ref: RecordRef) -> str:
    """Why a key leads nowhere: its record is gone, was set aside, or never came."""
    head = sources.heads(tx, ENTITY, [(ref.system, ref.key)]).get((ref.system, ref.key))
    if head is not None and not head.empty:
        gone = head.record.operation.value.replace("_", " ")
        said = f"{ref} is {gone} since {head.record.effective_at:%Y-%m-%d %H:%M:%S} UTC"
        last = _last(tx, ref)
        return said + (f"; it last stood behind {last}." if last else ".")
    hint = did_you_mean(ref.system, hub.landscape.systems) if ref.system not in hub.landscape.systems else ""
    return f"Nobody is known as {str(ref)!r}{hint}. It may have been set aside: see `goldenhub rejects`."


def _last(tx: Connection, ref: RecordRef) -> str | None:
    stood = goldens.references_of(tx, ENTITY, (ref.system, ref.key))
    return stood[-1].golden_id if stood else None


def _must_be_golden(entity: str) -> None:
    if entity != ENTITY:
        raise Rejected(f"There are no golden records of {entity!r}; there are of {ENTITY}.", code="entity_unknown")


def _as_event(golden: Golden, source: str) -> Data:
    """A golden record as the announcement of its latest version, without what only a change has."""
    data: dict[str, Any] = {
        "version": golden.version,
        "state": golden.state,
        "into": golden.into,
        "members": [
            {"system": ref.system, "key": ref.key} | ({"generation": ref.generation} if ref.generation else {})
            for ref in golden.members
        ],
        "as_of": golden.as_of.isoformat(),
        "golden": golden.data,
    }
    return event(Announcement(0, golden.entity, golden.id, golden.version, "snapshot", data, golden.updated_at), source)


def _seen(hub: Hub, tx: Connection, told: Sequence[Data], view: str | None) -> Sequence[Data]:
    """Events as a reader with this view may see them: without values of other fields, without systems it may not see, and without
    what records were compared by. What nobody whom the reader knows stands behind any more, has ended for it.

    What comes is true of the members as they are by now, as with everything that is written back.
    """
    if view is None:
        return told
    looks = sight(hub, tx, view, {ref for one in told for ref in _refs(one["data"]["members"])})
    return [one | {"data": _shown(hub, looks, one["data"])} for one in told]


def _shown(hub: Hub, looks: Sight, told: Data) -> Data:
    data = {name: value for name, value in told.items() if name != "why"}
    refs = _refs(data["members"])
    visible = looks.members(refs)
    data["golden"] = looks.data(data["golden"], refs, date.fromisoformat(data["as_of"])) if visible else {}
    data["members"] = [one for one in data["members"] if one["system"] not in looks.hidden]
    if refs and not visible:
        data["state"] = ENDED
    if "moved" in data:
        data["moved"] = [one for one in data["moved"] if one["system"] not in looks.hidden]
    if "changed" in data:
        fields = hub.rules.survivorship.views[looks.name].get("fields")
        allowed = None if fields is None else {path.partition(".")[0] for path in fields}
        data["changed"] = [name for name in data["changed"] if allowed is None or name in allowed]
    return data


def _refs(members: Sequence[Data]) -> tuple[RecordRef, ...]:
    return tuple(RecordRef(one["system"], one["key"], one.get("generation", 0)) for one in members)


def _reference(one: CrossReference) -> Data:
    told: Data = {"system": one.ref.system, "key": one.ref.key, "state": one.state, "since": _moment(one.valid_from)}
    if one.ref.generation:
        told["generation"] = one.ref.generation
    return told | ({"until": _moment(one.valid_to)} if one.valid_to else {})


def _moment(moment: Any) -> str:
    return str(moment.isoformat()).replace("+00:00", "Z")
