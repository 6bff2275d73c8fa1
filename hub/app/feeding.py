"""Reading feeds, one run each."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from hub.app.landing import land_in
from hub.app.outcome import Tell
from hub.app.pacing import NOBODY_TAKES, when_there_is_room
from hub.app.raw import landed_keys
from hub.contract import Cursor, StreamRequest
from hub.errors import Misconfigured, Retryable
from hub.ingest import Landed, RunReport
from hub.ingest import ingest as run_feed
from hub.landscape import Feed
from hub.store import feeds

if TYPE_CHECKING:
    from hub.app.hub import Hub


def ingest(hub: Hub, names: Sequence[str], accept: bool, tell: Tell) -> list[RunReport]:
    """Run feeds, all of them unless named. One feed that fails delays no other."""
    chosen = [hub.landscape.feed(name) for name in names or hub.landscape.feeds]
    hub.agree()
    return [_run(hub, feed, accept, tell) for feed in chosen]


def _run(hub: Hub, feed: Feed, accept: bool, tell: Tell) -> RunReport:
    run = str(uuid.uuid4())
    with hub.store.begin() as tx:
        cursor = feeds.cursor(tx, feed.name)
        feeds.start_run(tx, run, feed.name, hub.clock())
        landed = landed_keys(tx, hub, feed.name)
    report = _read(hub, feed, run, replace(feed.request, accept=accept, landed=landed), cursor, tell)
    with hub.store.begin() as tx:
        feeds.end_run(tx, run, report.state, report.as_dict(), hub.clock(), report.message)
        if report.state in ("done", "held"):  # else nobody has looked, and a feed that was held still is
            feeds.hold(tx, feed.name, report.message if report.state == "held" else None)
    return report


@dataclass
class _Landing:
    """Lands what one run reads. Until a checkpoint covers it, it is noted: should the run end before, the next one is told."""

    hub: Hub
    feed: Feed
    run: str
    noted: bool = False

    def __call__(self, landed: Landed) -> None:
        when_there_is_room(self.hub.bus, lambda: self._keep(landed), NOBODY_TAKES)
        self.noted = landed.cursor is None and (self.noted or bool(landed.came))
        self.hub.bus.forward()

    def _keep(self, landed: Landed) -> None:
        with self.hub.store.begin() as tx:
            land_in(tx, self.hub, self.feed.name, landed, self.feed.lane)
            if landed.came and not self.noted:
                feeds.leave_uncovered(tx, self.feed.name, self.run, int(landed.came[0].id.rpartition(":")[2]))


def _read(hub: Hub, feed: Feed, run: str, request: StreamRequest, cursor: Cursor | None, tell: Tell) -> RunReport:
    try:
        hub.bus.forward()  # what an earlier run kept and could not bring goes first; as long as it cannot, nothing is read
        plan, connector = hub.plan(feed), hub.connect(feed.system)
    except Misconfigured as wrong:
        return RunReport(feed.name, run, state="stopped", message=wrong.message)
    except Retryable as later:
        return RunReport(feed.name, run, state="failed", message=later.message)
    with closing(connector):
        return run_feed(
            plan,
            connector.read(replace(request, batch_size=hub.settings.batch_size), cursor),
            run=run,
            clock=hub.clock,
            land=_Landing(hub, feed, run),
            tell=lambda report: tell(feed.name, report.read, None),
        )
