"""goldenhub model"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from hub.app import ENTITY, open_hub
from hub.app.modelling.applying import Applied
from hub.app.modelling.applying import apply as apply_model
from hub.app.modelling.applying import rollback as roll_back
from hub.app.modelling.proposing import propose as propose_model
from hub.app.modelling.simulating import simulate as simulate_model
from hub.app.modelling.training import find
from hub.app.modelling.writing import example, write_simulation
from hub.cli.files import Out
from hub.cli.model_chart import in_terminal, write_chart
from hub.cli.model_simulation import show_simulation, values_of
from hub.cli.show import by_option, console, emit_json, json_option, progress, table
from hub.cli.train import show_trained
from hub.store import models
from hub.store.models import StoredModel

bulk_option = click.option("--bulk", is_flag=True, help="In processes, for very many records (extra `batch`).")
FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group("model")
def command() -> None:
    """Versions of the weights: proposed, simulated, applied, rolled back.

    A version is named by the beginning of its name in `goldenhub model list`, as `active`, as `file` (the weights on file) or by
    the path of a model file (.json).
    """


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """Every version there is or was, and which one is in force."""
    with open_hub() as hub, hub.reading() as tx:
        found = models.listed(tx, ENTITY)
    if as_json:
        emit_json({"models": [_told(one) for one in found]})
        return
    if not found:
        click.echo("No model yet: the first records to be resolved put the weights on file in force.")
        return
    columns = ("version", "state", "origin", "made", "applied", "by", "simulated", "why")
    rows = [
        (
            one.version[:12], one.state, one.origin, f"{one.created_at:%Y-%m-%d %H:%M}",
            f"{one.applied_at:%Y-%m-%d %H:%M}" if one.applied_at else "", one.by, _simulated(one), one.why,
        )
        for one in found
    ]  # fmt: skip
    console().print(table("", columns, rows))


def _told(one: StoredModel) -> dict[str, Any]:
    return {
        name: getattr(one, name)
        for name in ("version", "state", "origin", "parent", "created_at", "applied_at", "by", "why", "report", "simulated")
    }


def _simulated(one: StoredModel) -> str:
    if one.simulated is None:
        return "no"
    return f"against {one.simulated['against'][:12]}"


@command.command("show")
@click.argument("version", default="active")
@click.option("--chart", type=Out(), help="Draw the weights into this file: .svg or .html.")
@json_option
def show(version: str, chart: Path | None, as_json: bool) -> None:
    """The weights of a version as a chart: bits for and against, level by level, and what is in force where that differs."""
    with open_hub() as hub:
        found = find(hub, version)
        with hub.reading() as tx:
            active = models.active(tx, ENTITY)
        thresholds = {name: getattr(hub.rules.matching, name) / 1000 for name in ("review_bits", "match_bits")}
    before = active.document if active is not None and active.version != found.version else None
    thresholds |= found.document.get("thresholds", {})
    if chart is not None:
        write_chart(chart, f"Model {found.version[:12]} ({found.state})", _lines(found, thresholds), found.document, before)
    if as_json:
        emit_json({**_told(found), "thresholds": thresholds, "document": found.document})
        return
    click.echo(f"Model {found.version[:12]}, {found.state}, {found.origin}. {found.why}")
    click.echo("\n".join(_lines(found, thresholds)))
    click.echo()
    for line in in_terminal(found.document, before):
        click.echo(line)
    if chart is not None:
        click.echo(f"\nDrawn into {chart}.")


def _lines(found: StoredModel, thresholds: dict[str, float]) -> list[str]:
    prior = ", ".join(f"two {kind}s {bits / 1000:+g}" for kind, bits in found.document["prior"].items())
    size = found.document["numbers"]["population"]
    return [
        f"Before any evidence: {prior} bits, among {size:,} different records; a match from {thresholds['match_bits']:g}, "
        f"a question from {thresholds['review_bits']:g}.",
        "Of names, towns and words of names a share of how rare the value is comes on top (× rarity).",
    ]


@command.command("simulate")
@click.argument("version")
@click.option("--out", type=FOLDER, help="A folder for all of it: CSV files and summary.json.")
@click.option("--sample", default=3, show_default=True, type=click.IntRange(0), help="Examples of every cause.")
@click.option("--values", is_flag=True, help="With the values of customers before and after: personal data.")
@bulk_option
@json_option
def simulate(version: str, out: Path | None, sample: int, values: bool, bulk: bool, as_json: bool) -> None:
    """Say which customers would merge, split or change id under a version, and why. Nothing is changed.

    Reads everything into a database of its own (in the folder for temporary files), and applies the version there.
    """
    with open_hub() as hub, progress(as_json) as tell:
        found = simulate_model(hub, find(hub, version, keep=True), tell, bulk=bulk)
    written = write_simulation(out, found, values=values, each=sample) if out is not None else {}
    if as_json:
        told = [example(group) | ({"values": values_of(found, group)} if values else {}) for group in found.examples(sample)]
        emit_json(found.numbers() | {"examples": told, "written": written})
        return
    show_simulation(found, sample, values=values)
    if out is not None:
        files = ", ".join(f"{name} ({number:,} lines)" for name, number in written.items())
        click.echo(f"Written to {out}: {files}, summary.json.")
    click.echo(f"Nothing was changed. To do it: goldenhub model apply {found.model[:12]}")


@command.command("apply")
@click.argument("version")
@click.option("--yes", is_flag=True, help="Although nobody has simulated what it changes.")
@bulk_option
@json_option
def apply(version: str, yes: bool, bulk: bool, as_json: bool) -> None:
    """Bring everything under a version, in one transaction. Ids stay where they can; what changes is announced.

    Workers take it up by themselves. `goldenhub model rollback` goes back.
    """
    with open_hub() as hub, progress(as_json) as tell:
        done = apply_model(hub, find(hub, version, keep=True), tell, unseen=yes, bulk=bulk)
    _tell(done, as_json)


def _tell(done: Applied, as_json: bool) -> None:
    if as_json:
        emit_json(done.as_dict())
    else:
        click.echo(done.in_words())


@command.command("rollback")
@bulk_option
@json_option
def rollback(bulk: bool, as_json: bool) -> None:
    """Go back to the model that was in force before: the same customers as then, from the records held by now."""
    with open_hub() as hub, progress(as_json) as tell:
        done = roll_back(hub, tell, bulk=bulk)
    _tell(done, as_json)


@command.command("propose")
@by_option
@json_option
def propose(by: str, as_json: bool) -> None:
    """Train and propose a new version if one is due, and say why or why not. What a nightly job calls.

    One is due when twice as many records are held as the model was made for, or common values are no longer as rare.
    """
    with open_hub() as hub, progress(as_json) as tell:
        hub.stand()
        need, made = propose_model(hub, by, tell)
    if as_json:
        emit_json({"need": need.as_dict(), "proposed": made and made.as_dict()})
        return
    click.echo(need.in_words())
    if made is not None:
        show_trained(made)
