"""Training: a new version of the model, estimated from the records held and kept as proposed. Nothing else changes by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import orjson
from sqlalchemy import Connection

from hub.app.modelling.comparing import Change, changed_values, changes
from hub.app.modelling.estimating import PRECISION, Estimate, Held, estimate
from hub.app.modelling.in_force import on_file, under
from hub.app.modelling.learning import learn
from hub.app.outcome import Tell
from hub.app.stages import ENTITY
from hub.errors import BadModel, Rejected
from hub.matching.rules import read_weights
from hub.resolve import Rules
from hub.resolve.rules import model_version
from hub.store import goldens, models, nodes
from hub.store.models import StoredModel

if TYPE_CHECKING:
    from hub.app.hub import Hub

ACTIVE, ON_FILE = "active", "file"


@dataclass(frozen=True)
class Trained:
    """What training came to."""

    model: StoredModel
    known: bool  # the same was proposed, or in force, before
    against: str  # the version it was compared with
    changes: list[Change] = field(default_factory=list)
    values: dict[str, int] = field(default_factory=dict)  # by table: how many values are worth something else

    def as_dict(self) -> dict[str, Any]:
        return {
            "version": self.model.version,
            "state": self.model.state,
            "origin": self.model.origin,
            "known": self.known,
            "against": self.against,
            "report": self.model.report,
            "changes": [one._asdict() for one in self.changes],
            "values": self.values,
        }


def train(
    hub: Hub,
    by: str,
    tell: Tell,
    *,
    from_answers: bool = False,
    precision: float = PRECISION,
    out: Path | None = None,
    why: str = "",
) -> Trained:
    """Estimate a new version from what is held (or from what stewards answered) and propose it. ``precision`` is what the model
    should expect of pairs that it joins without a person."""
    hub.agree()
    with hub.store.read() as tx:
        made = learn(tx, hub.rules, tell) if from_answers else _estimated(hub, tx, tell, precision)
    if out is not None:
        out.write_bytes(orjson.dumps(made.document, option=orjson.OPT_INDENT_2) + b"\n")
    origin = models.LEARNED if from_answers else models.TRAINED
    return propose(hub, made, origin, by, why or _why(made, from_answers))


def propose(hub: Hub, made: Estimate, origin: str, by: str, why: str) -> Trained:
    """Keep a document as a proposed version; one that was known before stays as it was."""
    rules, proposed = hub.rules, _proposed(hub, made, origin, by, why)
    version = proposed.version
    fresh_rules = under(hub, proposed)  # a model that cannot be loaded is refused here
    with hub.store.begin() as tx:
        fresh = models.put(tx, proposed)
        kept = models.by_version(tx, ENTITY, version) or proposed
    before, after = _complete(rules), _complete(fresh_rules)
    return Trained(kept, not fresh, rules.model, changes(before, after), changed_values(before, after))


def _complete(rules: Rules) -> dict[str, Any]:
    """The document with thresholds and guards, whether it brings its own or leaves them to ``matching.yaml``."""
    found = rules.matching
    return {
        **rules.document,
        "thresholds": {"review_bits": found.review_bits / 1000, "match_bits": found.match_bits / 1000},
        "guards": [{name: bits / 1000} for name, bits in found.guards.items()],
    }


def _proposed(hub: Hub, made: Estimate, origin: str, by: str, why: str) -> StoredModel:
    return StoredModel(
        entity=ENTITY,
        version=model_version(made.document),
        origin=origin,
        state=models.PROPOSED,
        created_at=hub.clock(),
        by=by,
        why=why,
        parent=hub.rules.model,
        report=made.report,
        document=made.document,
    )


def _estimated(hub: Hub, tx: Connection, tell: Tell, precision: float) -> Estimate:
    """Always from the weights on file, so that the same records give the same version, whatever is in force."""
    total = nodes.count(tx, ENTITY)["nodes"]
    if not total:
        raise Rejected("Nothing is held to learn from; run `goldenhub ingest` first.", code="nothing_held")
    made = estimate(_held(tx, total, tell), on_file(hub), tell, precision)
    return made._replace(report={"records": goldens.count_members(tx, ENTITY), **made.report})


def _held(tx: Connection, total: int, tell: Tell) -> Iterator[list[Held]]:
    done = 0
    for page in nodes.every(tx, ENTITY):
        yield [node for node in page if not node[1].get("s")]  # a steward's own records are no evidence
        done += len(page)
        tell("reading what is held", done, total)


def _why(made: Estimate, from_answers: bool) -> str:
    if from_answers:
        return f"Learned from {made.report['answers']} answers of stewards."
    return f"Estimated from {made.report['records']} records."


# -- finding a version --


def find(hub: Hub, name: str, *, keep: bool = False) -> StoredModel:
    """A version by the beginning of its name, ``active``, ``file`` (the weights on file) or the path of a model file.

    With ``keep``, what comes from a file is kept as proposed, if it is not known yet.
    """
    hub.stand()
    if name == ON_FILE or name.endswith(".json"):
        path = hub.model.folder(ENTITY) / "model.json" if name == ON_FILE else Path(name)
        found = _proposed(hub, Estimate(_read(path), {}), models.FILE, "goldenhub", f"From the file {path.name}.")
        if keep:
            propose(hub, Estimate(dict(found.document), {}), models.FILE, found.by, found.why)
        with hub.store.read() as tx:
            return models.by_version(tx, ENTITY, found.version) or found
    with hub.store.read() as tx:
        version = _version(tx, name)
        return models.by_version(tx, ENTITY, version) or _unknown(f"There is no model {name!r}")


def _version(tx: Connection, name: str) -> str:
    if name == ACTIVE:
        found = models.active(tx, ENTITY)
        return found.version if found is not None else _unknown("No model is in force yet")
    versions = models.named(tx, ENTITY, name.lower())
    if len(versions) != 1:
        _unknown(f"There is no model {name!r}" if not versions else f"{len(versions)} models begin with {name!r}")
    return versions[0]


def _read(path: Path) -> dict[str, Any]:
    """A document that can be used. Raises ``BadModel``."""
    document = read_weights(path)
    parts = document if isinstance(document, dict) else {}
    missing = [part for part in ("prior", "numbers", "comparisons", "frequencies") if part not in parts]
    if missing:
        raise BadModel(f"{path} is no model: it lacks {', '.join(missing)}.", path=str(path))
    return document


def _unknown(said: str) -> NoReturn:
    raise Rejected(f"{said}; see `goldenhub model list`.", code="model_unknown")
