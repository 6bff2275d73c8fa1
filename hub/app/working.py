"""Working: what waits on the bus is resolved or attached, one transaction per batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from hub.app.outcome import Tell, Work
from hub.attach import attach, reattach
from hub.bus.embedded import MOST_ATTEMPTS, Delivery
from hub.errors import HubError

if TYPE_CHECKING:
    from hub.app.hub import Hub

ENTITY = "customer"


def work(hub: Hub, tell: Tell) -> Work:
    """Take what waits on the bus, batch by batch, until nothing does: customers are resolved, the rest is attached."""
    done = Work()
    hub.agree()
    while delivery := hub.bus.take(hub.settings.batch_size):
        with _given_back(hub, delivery):
            for part in delivery.parts():
                _work_on(hub, part, done)
        tell("resolve", done.records, None)
    catch_up(hub, done, tell)
    done.left = hub.bus.depth()["ready"]
    return done


@contextmanager
def _given_back(hub: Hub, delivery: Delivery) -> Iterator[None]:
    """What was not settled when work ends badly, even by Ctrl-C, is there again at once and not when the lease ends."""
    try:
        yield
    except BaseException as ended:
        with suppress(HubError):
            hub.bus.put_back(delivery, timedelta(), type(ended).__name__)
        raise


def _work_on(hub: Hub, delivery: Delivery, done: Work) -> None:
    """One transaction, then the settlement. What failed too often is set aside as dead, so that it stops no other."""
    if delivery.tried >= MOST_ATTEMPTS:
        hub.bus.bury(delivery, f"failed {MOST_ATTEMPTS} times")
        done.buried += len(delivery.records)
        return
    hub.bus.attempt(delivery)
    with hub.store.begin() as tx:
        customers = [record for record in delivery.records if record.entity == ENTITY]
        others = [record for record in delivery.records if record.entity != ENTITY]
        if customers:
            done.outcome.add(hub.resolver.resolve(tx, customers, hub.as_of))
        if others:
            done.attached.add(attach(tx, others, hub.clock()))
    hub.bus.settle(delivery)
    done.records += len(delivery.records)


def catch_up(hub: Hub, done: Work, tell: Tell) -> None:
    """What was put off by the resolver, and what waited for a customer who has come."""
    while True:
        with hub.store.begin() as tx:
            step = hub.resolver.redo(tx, hub.as_of)
        done.outcome.add(replace(step, taken=0))
        if not step.taken:
            break
        tell("put off before", done.outcome.compared, None)
    while True:
        with hub.store.begin() as tx:
            again = reattach(tx, hub.clock())
        done.attached.add(again)
        if not again.looked:
            break
