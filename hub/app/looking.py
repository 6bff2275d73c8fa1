"""Showing, exporting and computing once more what the store holds."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from hub.app.modelling.in_force import to_adopt
from hub.app.outcome import Tell, Work
from hub.app.seeing import must_be_a_view, seen_through
from hub.app.stages import ENTITY, catch_up
from hub.resolve import Difference, Outcome, Resolver
from hub.store import feeds, goldens
from hub.store.accounting import accounting
from hub.survivorship.views import hidden_from

if TYPE_CHECKING:
    from hub.app.hub import Hub


def export(hub: Hub, out: Path, xref: Path | None, view: str | None, tell: Tell) -> dict[str, int]:
    """All golden records as a table; rows by file."""
    from hub.batch.export import export_golden  # Parquet needs an extra

    if view is None:
        return export_golden(hub.store, hub.model, out, xref, tell=tell)
    must_be_a_view(hub, view)
    hidden = hidden_from(hub.rules.survivorship, view)
    return export_golden(
        hub.store, hub.model, out, xref, view=partial(seen_through, hub, name=view), hidden=hidden, tell=tell
    )  # fmt: skip


def rebuild(hub: Hub, tell: Tell) -> tuple[int, list[Difference]]:
    """Compute all golden records once more; how many there are, and what differs."""
    with hub.reading() as tx:
        total = goldens.count(tx, ENTITY).get(goldens.ACTIVE, 0)
        tell("golden records", 0, total)
        differences = hub.resolver.rebuild(tx)
        tell("golden records", total, total)
    return total, differences


def adopt(hub: Hub, tell: Tell) -> Outcome:
    """After a change of rules: bring everything under the rules at hand, in one transaction; ids stay where they can."""
    resolver = Resolver(to_adopt(hub), clock=hub.clock)
    with hub.store.begin() as tx:
        total = goldens.count_members(tx, ENTITY)
        done = Work(outcome=resolver.adopt(tx, hub.as_of, lambda number: tell("records under the new rules", number, total)))
    hub.agree()
    catch_up(hub, done, tell)
    return done.outcome


def balance(hub: Hub) -> dict[str, dict[str, int]]:
    """Where everything that arrived is, by entity. `leakage` is 0, or something is wrong with the hub."""
    with hub.reading() as tx:
        return {entity: accounting(tx, entity) for entity in feeds.entities(tx)}
