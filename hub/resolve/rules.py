"""All rules of one entity under one version: what a worker must hold to touch the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from hub.errors import BadModel
from hub.matching.clustering import ClusterRules, load_cluster_rules
from hub.matching.rules import MatchingRules, code_hash, load_rules, with_document
from hub.records import content_hash
from hub.store import active, models
from hub.survivorship import SurvivorshipRules, load_survivorship, surviving

_NOTHING: Mapping[str, int] = {}


@dataclass(frozen=True)
class Rules:
    """How records of one entity are matched, clustered and survive."""

    entity: str
    version: str
    matching: MatchingRules
    clusters: ClusterRules
    survivorship: SurvivorshipRules
    model: str = ""  # the version of the weights
    document: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)  # the weights themselves
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)  # ``matching.yaml`` as it was parsed
    origin: str = models.SHIPPED


def model_version(document: Mapping[str, Any]) -> str:
    """What the weights are known by: their content."""
    return content_hash(document)


def read_rules(
    entity: str,
    matching: Mapping[str, Any],
    weights: Mapping[str, Any],
    survivorship: Mapping[str, Any],
    *,
    trust: Mapping[str, Any] | None = None,
    free_of_duplicates: Iterable[str] = (),
    origin: str = models.SHIPPED,
    numbers: Mapping[str, int] = _NOTHING,
) -> Rules:
    """Rules from parsed ``matching.yaml``, weights and ``survivorship.yaml``; trust and sources free of duplicates come from
    the landscape. Thresholds and guards that the weights bring along stand over those of ``matching.yaml``;
    ``numbers`` are those of today, for weights that were frozen before one of them was thought of."""
    pure = sorted(free_of_duplicates)
    merged = with_document(matching, weights)
    found = load_rules(dict(merged), {**weights, "numbers": {**numbers, **weights["numbers"]}})
    return Rules(
        entity=entity,
        version=content_hash([found.version, survivorship, trust or {}, pure, code_hash(Path(surviving.__file__).parent)]),
        matching=found,
        clusters=load_cluster_rules(dict(merged), pure),
        survivorship=load_survivorship(survivorship, trust),
        model=model_version(weights),
        document=weights,
        raw=matching,
        origin=origin,
    )


def put_in_force(tx: Connection, rules: Rules, at: datetime) -> None:
    """From now on the store runs under these rules, and their model is the one in force."""
    active.set_rules(tx, rules.entity, rules.version, at)
    held = models.active(tx, rules.entity)
    if held is not None and held.version == rules.model:
        return
    models.put(tx, _stored(rules, at))
    models.activate(tx, rules.entity, rules.model, at, parent=_parent(tx, rules, held))


def _stored(rules: Rules, at: datetime) -> models.StoredModel:
    return models.StoredModel(
        rules.entity, rules.model, rules.origin, models.RETIRED, at, "goldenhub", "The weights on file.", document=rules.document
    )


def _parent(tx: Connection, rules: Rules, held: models.StoredModel | None) -> str | None:
    """What was in force before; who goes back to a model finds its own parent behind it."""
    if held is None or held.parent == rules.model:
        known = models.by_version(tx, rules.entity, rules.model)
        return known.parent if known else None
    return held.version


def hold_to(tx: Connection, rules: Rules, at: datetime, held: str | None) -> None:
    """The first worker puts its rules in force; one that holds others than are in force (``held``) stops before data moves."""
    if held is None:
        put_in_force(tx, rules, at)
    elif held != rules.version:
        raise BadModel(
            f"The store runs under rules {held[:12]} for {rules.entity}, this worker holds {rules.version[:12]}. "
            "Run `goldenhub rebuild --adopt` to bring all golden records under the new rules, or go back to the old ones.",
            entity=rules.entity,
            active=held,
            held=rules.version,
        )
