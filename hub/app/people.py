"""What stewards answered, and took back."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from hub.app.outcome import Work, untold
from hub.app.stages import catch_up
from hub.errors import Rejected
from hub.records import Decision
from hub.resolve import Outcome
from hub.store import tasks

if TYPE_CHECKING:
    from hub.app.hub import Hub


def decide(hub: Hub, task: int, verdict: str, by: str, why: str) -> tuple[Decision, Outcome]:
    """A person's answer to a review task, about the records shown at that moment."""
    with hub.store.begin() as tx:
        stored = tasks.by_id(tx, task)
        if stored is None or stored.state != tasks.OPEN:
            raise Rejected(f"Task {task} is not open; see `goldenhub review`.", code="task_closed")
        decision = Decision(str(uuid.uuid4()), verdict, stored.task.left, stored.task.right, by, hub.clock(), why)
        done = Work(outcome=hub.resolver.decide(tx, decision, hub.as_of))
    catch_up(hub, done, untold)
    return decision, done.outcome


def withdraw(hub: Hub, decision: str, by: str) -> Outcome:
    """Take an answer back; everything that rested on it is looked at again."""
    with hub.store.begin() as tx:
        done = Work(outcome=hub.resolver.withdraw(tx, decision, by, hub.as_of))
    catch_up(hub, done, untold)
    return done.outcome
