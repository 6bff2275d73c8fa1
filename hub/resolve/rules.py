"""All rules of one entity under one version: what a worker must hold to touch the store."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from hub.errors import BadModel
from hub.matching.clustering import ClusterRules, load_cluster_rules
from hub.matching.rules import MatchingRules, code_hash, load_rules
from hub.records import content_hash
from hub.store import active
from hub.survivorship import SurvivorshipRules, load_survivorship, surviving


@dataclass(frozen=True)
class Rules:
    """How records of one entity are matched, clustered and survive."""

    entity: str
    version: str
    matching: MatchingRules
    clusters: ClusterRules
    survivorship: SurvivorshipRules


def read_rules(
    entity: str,
    matching: Mapping[str, Any],
    weights: Mapping[str, Any],
    survivorship: Mapping[str, Any],
    *,
    trust: Mapping[str, Any] | None = None,
    free_of_duplicates: Iterable[str] = (),
) -> Rules:
    """Rules from parsed ``matching.yaml``, weights and ``survivorship.yaml``; trust and sources free of duplicates come from
    the landscape."""
    pure = sorted(free_of_duplicates)
    found = load_rules(dict(matching), dict(weights))
    return Rules(
        entity=entity,
        version=content_hash([found.version, survivorship, trust or {}, pure, code_hash(Path(surviving.__file__).parent)]),
        matching=found,
        clusters=load_cluster_rules(dict(matching), pure),
        survivorship=load_survivorship(survivorship, trust),
    )


def hold_to(tx: Connection, rules: Rules, at: datetime) -> None:
    """The first worker makes its rules the active ones; a worker that holds others stops before data moves."""
    held_against(tx, rules, active.rules_version(tx, rules.entity), at)


def held_against(tx: Connection, rules: Rules, held: str | None, at: datetime) -> None:
    """The same, where it was read already under which rules the store runs."""
    if held is None:
        active.set_rules(tx, rules.entity, rules.version, at)
    elif held != rules.version:
        raise BadModel(
            f"The store runs under rules {held[:12]} for {rules.entity}, this worker holds {rules.version[:12]}. "
            "Run `goldenhub rebuild --adopt` to bring all golden records under the new rules, or go back to the old ones.",
            entity=rules.entity,
            active=held,
            held=rules.version,
        )
