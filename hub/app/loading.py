"""A first load: feeds are run, what they bring is taken without being resolved, and then everything is resolved at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from hub.app.bulk import adopt_in_bulk
from hub.app.modelling.in_force import to_adopt
from hub.app.outcome import Tell, Work
from hub.app.pacing import Patience
from hub.app.stages import ENTITY, PATIENCE, catch_up, work
from hub.app.working import Loop
from hub.batch.spark import SparkEngine
from hub.bus import LANES, RESOLVE
from hub.ingest import RunReport
from hub.resolve import Resolver
from hub.resolve.bulk import LOADING, land
from hub.resolve.settling import Cause
from hub.store import active

if TYPE_CHECKING:
    from hub.app.hub import Hub

TAKEN = 5_000


def load(
    hub: Hub, names: Sequence[str], *, workers: int, memory: str, spark: str | None = None, accept: bool, tell: Tell
) -> tuple[list[RunReport], Work]:  # fmt: skip
    """Run feeds, all of them unless named, and resolve in bulk what they bring. A load that was killed goes on first.

    ``spark`` is the master of a Spark that joins, scores and clusters instead of this machine's processes.
    """
    done = Work()
    if is_loading(hub):
        _in_bulk(hub, done, workers, memory, spark, tell)
    reports = hub.ingest(names, accept=accept, tell=tell)
    _in_bulk(hub, done, workers, memory, spark, tell)
    done.add(ended := work(hub, tell))
    done.left = ended.left
    return reports, done


def is_loading(hub: Hub) -> bool:
    """Whether records were taken that no bulk run has resolved yet."""
    with hub.store.read() as tx:
        return active.rules_version(tx, ENTITY) == LOADING


def adopt(hub: Hub, *, workers: int, memory: str, tell: Tell) -> Work:
    """After a change of rules: as `Hub.adopt`, in processes."""
    hub.stand()
    resolver, done = Resolver(to_adopt(hub), clock=hub.clock), Work()
    done.outcome.add(adopt_in_bulk(hub.store, resolver, hub.as_of, workers=workers, memory=memory, tell=tell).outcome)
    hub.agree()
    catch_up(hub, done, tell)
    return done


def _in_bulk(hub: Hub, done: Work, workers: int, memory: str, spark: str | None, tell: Tell) -> None:
    hub.bus.forward()
    loop = Loop(
        hub.bus, hub.store, RESOLVE, lambda tx, records: Work(outcome=land(tx, hub.resolver, records)), TAKEN, LANES,
        Patience(PATIENCE),
    )  # fmt: skip
    while (made := loop.step()) is not None:
        done.add(made)
        tell("taking records", done.records, None)
    if is_loading(hub):
        made_of = adopt_in_bulk(
            hub.store, hub.resolver, hub.as_of, Cause("load"), workers=workers, memory=memory, tell=tell,
            engine=SparkEngine(spark) if spark else None,
        )  # fmt: skip
        made_of.outcome.taken = 0  # they were counted when they were taken
        done.outcome.add(made_of.outcome)
