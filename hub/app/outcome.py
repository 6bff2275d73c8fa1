"""What the hub did, in numbers for a program and in words for a person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any

from hub.attach import Attached
from hub.resolve import Outcome

Tell = Callable[[str, int, int | None], None]
"""Progress: what is being done, how many are done, of how many (None: unknown)."""


def untold(what: str, done: int, total: int | None) -> None:
    """Nobody watches."""


@dataclass
class Work:
    """What one call of `work` did."""

    records: int = 0
    outcome: Outcome = field(default_factory=Outcome)
    attached: Attached = field(default_factory=Attached)
    later: int = 0  # failed, and come again
    buried: int = 0
    left: int = 0  # what waits on the bus all the same: another worker has it, or its time has not come

    def add(self, other: Work) -> None:
        """Count some more work in."""
        self.outcome.add(other.outcome)
        self.attached.add(other.attached)
        self.records += other.records
        self.later += other.later
        self.buried += other.buried

    def as_dict(self) -> dict[str, Any]:
        return {
            "records": self.records,
            **told(self.outcome),
            "attached": self.attached.attached,
            "waiting": self.attached.waiting,
            "later": self.later,
            "dead": self.buried,
            "left": self.left,
        }

    def in_words(self) -> str:
        words = [f"{self.records:,} records worked on", in_words(self.outcome)]
        if self.attached.attached or self.attached.waiting:
            words.append(f"{self.attached.attached:,} attached to their customers, {self.attached.waiting:,} wait for theirs")
        if self.buried:
            words.append(f"{self.buried:,} set aside as dead letters")
        if self.later:
            words.append(f"{self.later:,} failed and come again")
        if self.left:
            words.append(f"{self.left:,} still wait: another worker has them, or their time to be tried again has not come")
        return "; ".join(words) + "."


def told(outcome: Outcome) -> dict[str, Any]:
    """What a resolver did, for a program."""
    return {name: value for name, value in asdict(outcome).items() if name not in ("taken", "gaps")}


def in_words(outcome: Outcome) -> str:
    """What a resolver did, for a person."""
    kinds = ", ".join(f"{number:,} {kind}" for kind, number in sorted(outcome.announced.items()))
    asked = f"{outcome.tasks_opened:,} opened, {outcome.tasks_closed:,} closed"
    return f"golden records: {kinds or 'nothing changed'}; review tasks: {asked}"
