"""Who says something about a customer: what is the same for all values of one record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from hub.records import SourceRecord, micros
from hub.survivorship.choosing import STEWARD
from hub.survivorship.rules import SurvivorshipRules
from hub.survivorship.trust import Standing


class Voice:
    """What is the same for all values of one record."""

    __slots__ = ("at", "day", "flags", "name", "ref", "since", "standings", "system")

    def __init__(self, record: SourceRecord, rules: SurvivorshipRules) -> None:
        self.ref = record.ref
        self.name = str(record.ref)
        self.system = record.ref.system
        self.at, self.since, self.day = _told(record.effective_at)
        flags = record.data.get("flags")
        self.flags = {str(f.get("field")) for f in flags if isinstance(f, dict)} if flags else None
        self.standings = rules.standings(self.system, self.day)

    def flagged(self, path: str) -> bool:
        """Whether cleaning was not sure of what stands there."""
        return self.flags is not None and any(f == path or f.startswith((path + ".", path + "[")) for f in self.flags)

    def standing(self, rules: SurvivorshipRules, kind: str | None, path: str, flagged: bool) -> Standing:
        """How a value that this record says is believed."""
        asked = (kind, path, flagged)
        known = self.standings.get(asked)
        if known is None:
            known = self.standings[asked] = rules.curve(self.system, kind, path, flagged)._replace(since=self.day)
        return known


@lru_cache(maxsize=4_096)
def _told(moment: datetime) -> tuple[int, str, int]:
    """A moment in microseconds, for people, and its day: many records are of one moment."""
    at = moment.astimezone(UTC)
    return micros(at), at.isoformat().replace("+00:00", "Z"), at.toordinal()


Said = Sequence[tuple[Voice, Any]]
"""What several records say in one place, in the order of records."""


_WHOLE = frozenset({str, dict})


def unanimous(said: Said) -> bool:
    """Whether all of several records, none of them a steward's, say the same text, or the same object, in the same spelling."""
    first = said[0][1]
    if not first or type(first) not in _WHOLE:
        return False
    for voice, value in said:  # noqa: SIM110 - this runs for every field of every golden record, and `all` is dear
        if value != first or voice.system == STEWARD:
            return False
    return True
