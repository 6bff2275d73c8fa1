"""What happens to a record that cannot be worked on: the rungs it waits on, and the dead letter it becomes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

from hub.bus import MOST_ATTEMPTS, Delivery, stage_of
from hub.records import DeadLetter, record_text

RUNGS = (timedelta(seconds=5), timedelta(seconds=30), timedelta(minutes=5), timedelta(hours=1))
"""How long a record waits after its first, second, ... attempt that did not end well."""

KILLED = ("killed_worker", f"Its worker died {MOST_ATTEMPTS} times while it was worked on.")

Bury = Callable[[Any, Sequence[DeadLetter]], None]
"""Keeps dead letters within a transaction of the store's."""


def rung(attempts: int) -> timedelta:
    """How long to wait for the next attempt, after so many earlier ones and one more now."""
    return RUNGS[min(attempts, len(RUNGS) - 1)]


def dead_letters(delivery: Delivery, code: str, why: str, at: datetime) -> list[DeadLetter]:
    """A letter for each record, as it would be published again."""
    return [
        DeadLetter(
            message_id=record.message_id,
            stage=stage_of(record.entity),
            lane=delivery.lane,
            entity=record.entity,
            records=1,
            code=code,
            reason=why,
            attempts=attempts + 1,
            at=at,
            headers={},
            content_type="application/json",
            body=record_text(record),
            fingerprint=f"{stage_of(record.entity)}/{code}/{record.feed or record.entity}",
        )
        for record, attempts in zip(delivery.records, delivery.attempts, strict=True)
    ]
