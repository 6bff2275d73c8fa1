"""Which feeds run on a schedule, and under which names: what can be said without a scheduler."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hub.landscape import Landscape

_NOT_IN_A_NAME = re.compile(r"[^\w.~-]")  # what Airflow refuses in the id of a DAG


@dataclass(frozen=True)
class ScheduledFeed:
    """One feed with a ``schedule:``."""

    feed: str
    system: str
    schedule: str  # cron or preset, in UTC
    lane: str

    @property
    def dag_id(self) -> str:
        return _NOT_IN_A_NAME.sub("_", f"feed.{self.feed}")

    @property
    def tags(self) -> list[str]:
        return ["goldenhub", f"system:{self.system}", f"lane:{self.lane}"]


def scheduled_feeds(landscape: Landscape) -> list[ScheduledFeed]:
    """In the order of the landscape; a feed without a schedule runs only when somebody asks for it."""
    return [ScheduledFeed(f.name, f.system, f.schedule, f.lane) for f in landscape.feeds.values() if f.schedule]
