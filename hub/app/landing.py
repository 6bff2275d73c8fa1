"""Landing: what one batch came to is kept in one transaction, all of it or nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection

from hub.app import raw
from hub.bus import LIVE
from hub.ingest import Landed
from hub.store import feeds, rejects

if TYPE_CHECKING:
    from hub.app.hub import Hub


def land_in(tx: Connection, hub: Hub, feed: str, landed: Landed, lane: str = LIVE) -> None:
    """Within a transaction: what is published, what is counted and what is set aside stand or fall together."""
    raw.keep(tx, hub, feed, landed.came, lane)
    hub.bus.publish_in(tx, landed.records, lane)
    feeds.add_counts(tx, feed, "arrived", landed.arrived)
    feeds.add_counts(tx, feed, "filtered", landed.filtered)
    rejects.mend(tx, feed, {(one.entity, one.ref.key): one.extracted_at for one in landed.records}, hub.clock())
    rejects.add(tx, landed.rejects)
    if landed.cursor is not None:
        feeds.move_cursor(tx, feed, landed.cursor, hub.clock())
