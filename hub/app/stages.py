"""What each stage of a running hub does, step by step, and how a hub in one process does all of it until nothing waits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from hub.app.outcome import Tell, Work
from hub.app.pacing import Pace, Patience
from hub.app.working import Do, Loop
from hub.attach import attach, reattach
from hub.bus import ATTACH, LANES, RESOLVE
from hub.store import goldens, in_flight, outbox, queue, references, relays
from hub.store import redo as put_off
from hub.store.store import alone

if TYPE_CHECKING:
    from hub.app.hub import Hub

ENTITY = "customer"
_TURN, _QUIET_TURNS = timedelta(milliseconds=500), 4  # what still waits after so many is not for us
PATIENCE = timedelta(seconds=30)
"""How long somebody who waits for the end waits for a store or a broker that is not ready."""


def loop(
    hub: Hub, stage: str, *, lanes: Sequence[str] = LANES, patience: Patience | None = None, pace: Pace | None = None
) -> Loop:
    """A worker of one stage, on this hub's bus and store."""
    return Loop(
        hub.bus, hub.store, stage, _do(hub, stage), hub.settings.batch_size, lanes, patience or Patience(), pace or Pace()
    )  # fmt: skip


def _do(hub: Hub, stage: str) -> Do:
    if stage == RESOLVE:
        return lambda tx, records: Work(outcome=hub.resolver.resolve(tx, records, hub.as_of))
    return lambda tx, records: Work(attached=attach(tx, records, hub.clock()))


def work(hub: Hub, tell: Tell) -> Work:
    """Take what waits on the bus, batch by batch, until nothing does."""
    done, patience = Work(), Patience(PATIENCE)
    hub.agree()
    hub.bus.forward()
    for stage in (RESOLVE, ATTACH):
        worker = loop(hub, stage, patience=patience)
        while (made := worker.step()) or (made := _after_a_while(hub, worker)):
            done.add(made)
            tell(stage, done.records, None)
    catch_up(hub, done, tell)
    while (made := come_of_age(hub)) is not None:
        done.add(made)
        tell("changed by time alone", done.outcome.announced.get("updated", 0), None)
    done.left = sum(sum(lanes.values()) for lanes in hub.bus.depth().values())
    return done


def _after_a_while(hub: Hub, worker: Loop) -> Work | None:
    """What is on its way comes yet, or others have it: wait for it as long as it grows less. None when that is all."""
    turns, before = 0, -1
    while (left := sum(hub.bus.depth()[worker.stage].values())) and turns < _QUIET_TURNS:
        if (made := worker.step(_TURN)) is not None:
            return made
        turns, before = (turns + 1 if left == before else 0), left
    return None


def nothing_waits(hub: Hub, announced: bool = False) -> bool:
    """Whether everything that can be done now is done: nothing on the bus, put off, to be looked at again or (with
    ``announced``) to be announced.

    What failed and waits for its next attempt is not waited for.
    """
    now = hub.clock()
    with hub.store.read() as tx:
        if queue.due(tx, now) or in_flight.due(tx) or put_off.any_left(tx, ENTITY) or references.to_reattach(tx):
            return False
        if goldens.due(tx, ENTITY, hub.as_of, 1):
            return False
        return not announced or relays.reached(tx, f"bus/{ENTITY}") >= outbox.last(tx, ENTITY)


def catch_up(hub: Hub, done: Work, tell: Tell) -> None:
    """What was put off by the resolver, and what waited for a customer who has come."""
    while (step := redo(hub)) is not None:
        done.add(step)
        tell("put off before", done.outcome.compared, None)
    while (step := attach_again(hub)) is not None:
        done.add(step)


def see_to_what_waits(hub: Hub, stage: str, *, gently: bool = False) -> Work | None:
    """Some of what was put off, or has come of age, by whoever finds that nobody else does it; None when nothing is left.

    Gently: in steps so small that live records need not wait for them.
    """
    with hub.store.read() as tx:
        left = put_off.any_left(tx, ENTITY) if stage == RESOLVE else bool(references.to_reattach(tx))
    if stage != RESOLVE:
        return attach_again(hub, 50 if gently else 5000) if left else None
    return redo(hub, 1 if gently else 20) if left else come_of_age(hub, 50 if gently else 500)


def come_of_age(hub: Hub, limit: int = 500) -> Work | None:
    """Some golden records that time alone may have changed: a pin has ended, trust has faded. None when none is due."""
    with hub.store.read() as tx:
        if not goldens.due(tx, ENTITY, hub.as_of, 1):
            return None
    with hub.store.begin(patient=True) as tx:
        if not alone(tx, "due"):
            return None
        step = hub.resolver.due(tx, hub.as_of, limit)
    return Work(outcome=replace(step, taken=0)) if step.taken else None


def redo(hub: Hub, limit: int = 20) -> Work | None:
    """Some of what the resolver put off; None when nothing is left."""
    with hub.store.begin(patient=True) as tx:
        if not alone(tx, "redo"):
            return None
        step = hub.resolver.redo(tx, hub.as_of, limit)
    return Work(outcome=replace(step, taken=0)) if step.taken else None


def attach_again(hub: Hub, limit: int = 5000) -> Work | None:
    """Some of what waited for a customer who has come; None when nothing is left."""
    with hub.store.begin(patient=True) as tx:
        if not alone(tx, "reattach"):
            return None
        again = reattach(tx, hub.clock(), limit)
    return Work(attached=again) if again.looked else None
