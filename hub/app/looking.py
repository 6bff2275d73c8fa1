"""Showing, exporting and computing once more what the store holds."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hub.app.outcome import Tell, Work
from hub.app.stages import ENTITY, catch_up
from hub.records import Data
from hub.resolve import Difference, Outcome
from hub.store import feeds, goldens
from hub.store.accounting import accounting
from hub.store.goldens import Golden
from hub.survivorship import view

if TYPE_CHECKING:
    from hub.app.hub import Hub


def shown(hub: Hub, golden: Golden, name: str) -> Data:
    """The part of a golden record that a consumer may see."""
    return view(golden.data, hub.rules.survivorship, name, (), hub.as_of)


def export(hub: Hub, out: Path, xref: Path | None, view: str | None, tell: Tell) -> dict[str, int]:
    """All golden records as a table; rows by file."""
    from hub.batch.export import export_golden  # Parquet needs an extra

    part = (lambda golden: shown(hub, golden, view)) if view else (lambda golden: golden.data)
    return export_golden(hub.store, hub.model, out, xref, view=part, tell=tell)


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
    with hub.store.begin() as tx:
        tell("golden records under the new rules", 0, None)
        done = Work(outcome=hub.resolver.adopt(tx, hub.as_of))
    catch_up(hub, done, tell)
    return done.outcome


def balance(hub: Hub) -> dict[str, dict[str, int]]:
    """Where everything that arrived is, by entity. `leakage` is 0, or something is wrong with the hub."""
    with hub.reading() as tx:
        return {entity: accounting(tx, entity) for entity in feeds.entities(tx)}
