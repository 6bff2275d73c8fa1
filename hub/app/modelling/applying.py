"""Applying a version: the rules switch and everything comes under them in one transaction, or nothing does.

What was in force stays as the parent of the new one, so that it can be rolled back. Workers take the new one up with their
next batch.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from hub.app.modelling.in_force import under
from hub.app.outcome import Tell, Work, in_words, told
from hub.app.stages import ENTITY, catch_up
from hub.errors import Misconfigured, Rejected
from hub.resolve import Outcome, Resolver
from hub.store import goldens, models
from hub.store.models import StoredModel
from hub.store.store import Store, critical

if TYPE_CHECKING:
    from hub.app.hub import Hub


@dataclass(frozen=True)
class Applied:
    """What came of it."""

    model: str
    before: str
    outcome: Outcome

    def as_dict(self) -> dict[str, Any]:
        return {"model": self.model, "before": self.before, **told(self.outcome)}

    def in_words(self) -> str:
        return f"Version {self.model[:12]} is in force in place of {self.before[:12]}. {in_words(self.outcome)}."


def apply(hub: Hub, model: StoredModel, tell: Tell, *, unseen: bool = False, bulk: bool = False) -> Applied:
    """Bring everything under a version. ``unseen``: although nobody simulated what it changes; ``bulk``: in processes."""
    hub.agree()
    resolver = Resolver(under(hub, model), clock=hub.clock)
    if bulk:
        with hub.store.read() as tx:
            before = _may_replace(tx, model, unseen=unseen)
        done = Work(outcome=brought_in_bulk(hub.store, resolver, hub.as_of, tell))
    else:
        with hub.store.begin() as tx:
            critical(tx, ENTITY)
            before = _may_replace(tx, model, unseen=unseen)
            total = goldens.count_members(tx, ENTITY)
            done = Work(outcome=resolver.adopt(tx, hub.as_of, lambda number: tell("bringing records under it", number, total)))
    hub.agree()
    catch_up(hub, done, tell)
    return Applied(model.version, before.version, done.outcome)


def _may_replace(tx: Connection, model: StoredModel, *, unseen: bool) -> StoredModel:
    """What is in force, and may be replaced by this version."""
    before = _in_force(tx)
    if before.version == model.version:
        raise Rejected(f"Version {model.version[:12]} is in force already.", code="model_active")
    if not unseen:
        _must_be_simulated(model, before)
    return before


def brought_in_bulk(store: Store, resolver: Resolver, as_of: date, tell: Tell) -> Outcome:
    """Everything under the resolver's rules by way of the bulk engine: the same comes of it."""
    try:
        from hub.app.bulk import adopt_in_bulk
    except ImportError as absent:
        raise Misconfigured("Bulk work needs the extra `batch`: pip install 'goldenhub[batch]'.") from absent
    return adopt_in_bulk(store, resolver, as_of, tell=tell).outcome


def rollback(hub: Hub, tell: Tell, *, bulk: bool = False) -> Applied:
    """Go back to what was in force before."""
    hub.stand()
    with hub.store.read() as tx:
        parent = _in_force(tx).parent
        model = models.by_version(tx, ENTITY, parent) if parent else None
    if model is None:
        raise Rejected("There was no other model before the one in force; see `goldenhub model list`.", code="no_parent")
    return apply(hub, model, tell, unseen=True, bulk=bulk)


def _in_force(tx: Connection) -> StoredModel:
    found = models.active(tx, ENTITY)
    if found is None:
        raise Rejected("No model is in force yet; run `goldenhub ingest` first.", code="model_unknown")
    return found


def _must_be_simulated(model: StoredModel, before: StoredModel) -> None:
    name = model.version[:12]
    if model.simulated is None:
        said = f"Nobody simulated version {name}"
    elif model.simulated["against"] != before.version:
        said = f"Version {name} was simulated against {model.simulated['against'][:12]}, and {before.version[:12]} is in force"
    else:
        return
    raise Rejected(f"{said}. Run `goldenhub model simulate {name}` first, or say --yes.", code="not_simulated")
