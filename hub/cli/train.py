"""goldenhub train"""

from __future__ import annotations

from pathlib import Path

import click

from hub.app import open_hub
from hub.app.modelling.estimating import PRECISION
from hub.app.modelling.proposing import Need, is_due
from hub.app.modelling.training import Trained
from hub.app.modelling.training import train as train_model
from hub.cli.files import Out
from hub.cli.show import by_option, console, emit_json, json_option, progress, table

_SHOWN = 100


@click.command("train")
@click.option("--from-answers", is_flag=True, help="Learn from what stewards answered, instead of from the records alone.")
@click.option("--if-needed", is_flag=True, help="Only when the population doubled or its values drifted; says why or why not.")
@click.option(
    "--precision",
    default=PRECISION,
    show_default=True,
    type=click.FloatRange(0.5, 0.999),
    help="What the model should expect of pairs it joins without a person: sets the threshold of a match.",
)
@click.option("--out", type=Out(), help="Write the weights to this file as well, as JSON.")
@by_option
@json_option
def command(from_answers: bool, if_needed: bool, precision: float, out: Path | None, by: str, as_json: bool) -> None:
    """Estimate a new version of the model from the records held, and propose it. No labels are needed.

    Nothing else changes: see `goldenhub model simulate` for what it would do. The same records give the same version.
    """
    with open_hub() as hub, progress(as_json) as tell:
        hub.stand()
        need = is_due(hub, tell) if if_needed else None
        if need is not None and not need.due:
            _not_due(need, as_json)
            return
        why = need.in_words() if need else ""
        made = train_model(hub, by, tell, from_answers=from_answers, precision=precision, out=out, why=why)
    if as_json:
        emit_json({"proposed": made.as_dict(), "need": need and need.as_dict()})
        return
    if need is not None:
        click.echo(need.in_words())
    show_trained(made)
    if out is not None:
        click.echo(f"Written to {out}.")


def _not_due(need: Need, as_json: bool) -> None:
    if as_json:
        emit_json({"proposed": None, "need": need.as_dict()})
    else:
        click.echo(need.in_words())


def show_trained(made: Trained) -> None:
    """What training came to, for a person."""
    version, report = made.model.version[:12], made.model.report
    if made.known:
        click.echo(f"{made.model.why} That is version {version} again, which is {made.model.state}.")
    else:
        click.echo(f"Proposed version {version}. {made.model.why}")
    rests = ", ".join(f"{name.replace('_', ' ')} {number:,}" for name, number in report.items() if type(number) is int)
    if rests:
        click.echo(f"It rests on: {rests}.")
    if thresholds := report.get("thresholds"):
        click.echo(f"Thresholds: {thresholds['why']}")
    if not made.changes and not any(made.values.values()):
        click.echo("It is what is in force.")
        return
    rows = [(one.what, one.name, _bits(one.what, one.before), _bits(one.what, one.after)) for one in made.changes[:_SHOWN]]
    columns = ("what", "which", f"now ({made.against[:12]})", f"proposed ({version})")
    if rows:
        console().print(table("", columns, rows, right=columns[2:]))
    if len(made.changes) > _SHOWN:
        click.echo(f"... and {len(made.changes) - _SHOWN} more; --json shows all of them.")
    values = ", ".join(f"{number:,} of {name}" for name, number in made.values.items() if number)
    if values:
        click.echo(f"Values worth something else: {values}.")
    if made.model.state == "proposed":
        click.echo(f"See what it would change: goldenhub model simulate {version}")


def _bits(what: str, value: int | None) -> str:
    if value is None:
        return "none"
    return f"{value:,}" if what in ("number", "share") else f"{value / 1000:+.1f}"
