"""What people said about customers: who is one, who is not, and what is true of one. All of it can be taken back."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING

from hub.app.outcome import Work, untold
from hub.app.rights import Person, must_be_allowed, note
from hub.app.stages import ENTITY, catch_up
from hub.errors import Rejected
from hub.records import Decision, RecordRef
from hub.resolve import Outcome
from hub.store import decisions, sources, tasks

if TYPE_CHECKING:
    from hub.app.hub import Hub


def decide(hub: Hub, task: int, verdict: str, person: Person, why: str) -> tuple[Decision, Outcome]:
    """An answer to a review task, about the records shown at that moment."""
    must_be_allowed(hub, person, verdict, [f"task {task}"])
    with hub.store.begin() as tx:
        stored = tasks.by_id(tx, task)
        if stored is None or stored.state != tasks.OPEN:
            raise Rejected(f"Task {task} is not open; see `goldenhub review`.", code="task_closed")
    return _decided(hub, verdict, stored.task.left, stored.task.right, person, why)


def decide_between(
    hub: Hub, verdict: str, left: Sequence[RecordRef], right: Sequence[RecordRef], person: Person, why: str
) -> tuple[Decision, Outcome]:
    """The same about any two sets of records, asked or not."""
    must_be_allowed(hub, person, verdict, [*map(str, left), *map(str, right)])
    with hub.store.read() as tx:
        held = sources.heads(tx, ENTITY, {ref[:2] for ref in (*left, *right)})
    missing = [str(ref) for ref in (*left, *right) if ref[:2] not in held or held[ref[:2]].empty]
    if missing:
        raise Rejected(f"No record {', '.join(missing)} is held.", code="record_unknown")
    return _decided(hub, verdict, left, right, person, why)


def _decided(
    hub: Hub, verdict: str, left: Sequence[RecordRef], right: Sequence[RecordRef], person: Person, why: str
) -> tuple[Decision, Outcome]:
    at = hub.clock()
    decision = Decision(str(uuid.uuid4()), verdict, tuple(sorted(left)), tuple(sorted(right)), person.name, at, why)
    with hub.store.begin() as tx:
        done = Work(outcome=hub.resolver.decide(tx, decision, hub.as_of))
        note(tx, hub, person, verdict, [*map(str, left), *map(str, right)], decision.id, why)
    catch_up(hub, done, untold)
    return decision, done.outcome


def withdraw(hub: Hub, decision: str, person: Person) -> Outcome:
    """Take an answer back; everything that rested on it is looked at again."""
    must_be_allowed(hub, person, "withdraw", [f"decision {decision}"])
    with hub.store.begin() as tx:
        if decisions.is_correction(tx, decision):
            raise Rejected(
                f"Decision {decision} holds a correction in its place; take that back with `goldenhub review take-back`.",
                code="decision_is_correction",
            )
        done = Work(outcome=hub.resolver.withdraw(tx, decision, person.name, hub.as_of))
        note(tx, hub, person, "withdraw", [f"decision {decision}"], decision)
    catch_up(hub, done, untold)
    return done.outcome
