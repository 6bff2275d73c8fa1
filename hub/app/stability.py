"""Id stability as a figure: the feed of changes, folded and measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from hub.app.stages import ENTITY
from hub.matching.stability import Stability, Told, measure
from hub.records import Data, RecordRef
from hub.store import goldens, outbox, sources

if TYPE_CHECKING:
    from hub.app.hub import Hub

_PAGE = 5000


def stability(hub: Hub, tx: Connection, since: datetime | None = None) -> tuple[Stability, datetime | None]:
    """What became of ids, and from when on that is still known. What was cut off the feed left the state it led to."""
    cut = outbox.cut(tx, ENTITY)
    begin = since
    known = goldens.announced(tx, ENTITY, after=cut, limit=1)
    if cut and known and (begin is None or begin < known[0].at):
        begin = known[0].at
    return measure(announcements(tx), begin, sources.ever_merged(tx, ENTITY)), begin


def announcements(tx: Connection) -> Iterator[Told]:
    after = 0
    while page := goldens.announced(tx, ENTITY, after=after, limit=_PAGE):
        for one in page:
            members = frozenset(RecordRef(ref["system"], ref["key"], ref.get("generation", 0)) for ref in one.data["members"])
            yield Told(one.at, one.golden_id, members, one.data["state"] == goldens.ACTIVE)
        after = page[-1].id


def as_dict(found: Stability, begin: datetime | None) -> Data:
    return {
        "since": begin.isoformat() if begin else None,
        "records": found.weeks[-1].records if found.weeks else 0,
        "changed": found.total("changed"),
        "excess": found.total("excess"),
        "owed": found.total("owed"),
        "reinstated": found.total("reinstated"),
        "reinstatement": found.reinstatement,
        "weeks": [asdict(week) | {"begins": week.begins.isoformat(), "share": round(week.share, 6)} for week in found.weeks],
    }
