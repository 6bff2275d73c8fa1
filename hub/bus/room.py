"""How much may wait on a bus: a stopped worker fills no disk and no memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hub.errors import Throttled


@dataclass
class Room:
    """Counting costs; once counted, a tenth of the limit may come before it is counted again."""

    limit: int
    _left: int = 0

    def enter(self, number: int, count: Callable[[], int]) -> None:
        """Raise ``Throttled`` when so many more records do not fit. One batch always fits into an empty bus."""
        if self._left < number:
            waits = count()
            if waits and waits + number > self.limit:
                raise too_many(self.limit)
            self._left = max(number, min(self.limit - waits, self.limit // 10))
        self._left -= number


def too_many(limit: int) -> Throttled:
    """What a publisher is told when too much waits already."""
    said = f"{limit:,} records wait on the bus already; it goes on when workers took some (goldenhub work, HUB_QUEUE_LIMIT)."
    return Throttled(said, wait=30)
