"""Under which rules the hub works: the files at hand, with the model that is in force in the store.

The weights on file start an empty hub. From then on the model is a row in the store, so that all workers use the same, and a
worker that finds another one in force takes it up before it goes on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Connection

from hub.app.stages import ENTITY
from hub.landscape import load_landscape
from hub.matching.rules import read_weights
from hub.model import load_model, shipped_folder
from hub.resolve import Rules, read_rules
from hub.resolve.rules import hold_to, put_in_force
from hub.store import active, migrating, models
from hub.store.models import StoredModel

if TYPE_CHECKING:
    from hub.app.hub import Hub


def on_file(hub: Hub) -> Rules:
    """The rules as the files say, weights included."""
    return _read(hub, None)


def under(hub: Hub, model: StoredModel) -> Rules:
    """The rules as the files say, with the weights of this version."""
    return _read(hub, model)


def rules_in_force(hub: Hub) -> Rules:
    """The rules as the files say, with the model in force; an empty store runs on the weights on file."""
    if migrating.revision(hub.store) != migrating.newest():
        return on_file(hub)
    with hub.store.read() as tx:
        return _read(hub, models.active(tx, ENTITY))


def _read(hub: Hub, model: StoredModel | None) -> Rules:
    """Read anew each time: files may have changed since this process began."""
    files = load_model(*hub.folders("canonical_model"))
    own = hub.settings.home / "landscape.yaml"
    landscape = load_landscape(own) if own.is_file() else hub.landscape
    path = files.folder(ENTITY) / "model.json"
    shipped = path.is_relative_to(shipped_folder("canonical_model"))
    weights = read_weights(path)
    return read_rules(
        ENTITY,
        files.rules(ENTITY, "matching"),
        model.document if model else weights,
        files.rules(ENTITY, "survivorship"),
        trust=landscape.trust,
        free_of_duplicates=landscape.free_of_duplicates,
        origin=model.origin if model else models.SHIPPED if shipped else models.FILE,
        numbers=weights["numbers"],
    )


def to_adopt(hub: Hub) -> Rules:
    """What ``rebuild --adopt`` brings everything under. A hub that never left the shipped weights takes those of today."""
    files = on_file(hub)
    with hub.store.read() as tx:
        held = models.active(tx, ENTITY)
    if held is None or held.origin == files.origin == models.SHIPPED:
        return files
    return under(hub, held)


def take_up(hub: Hub, tx: Connection) -> Rules | None:
    """Read once more under which rules to work; None when the files are not those of the rules in force.

    A resolver asks in its critical section and before it writes, so what is read here stays true until commit.
    """
    fresh = _read(hub, models.active(tx, ENTITY))
    if fresh.version != active.rules_version(tx, ENTITY):
        return None
    hub.__dict__["rules"] = fresh
    return fresh


def agree(hub: Hub) -> None:
    """The rules at hand are those the store runs under, or nothing moves."""
    with hub.store.begin() as tx:
        held, at = active.rules_version(tx, ENTITY), hub.clock()
        if held not in (None, hub.rules.version):
            take_up(hub, tx)
            hub.__dict__.pop("resolver", None)
        hold_to(tx, hub.rules, at, held)
        if models.active(tx, ENTITY) is None:
            put_in_force(tx, hub.rules, at)  # the store is older than its table of models


def agrees(hub: Hub) -> None:
    """Raise ``BadModel`` when the store runs under other rules than those at hand."""
    with hub.store.read() as tx:
        held = active.rules_version(tx, ENTITY)
        if held is not None:
            hold_to(tx, hub.rules, hub.clock(), held)
