"""goldenhub bench"""

from __future__ import annotations

import importlib
from typing import Any

import click

from hub.cli.show import console, emit_json, json_option, table
from hub.errors import BadSettings, did_you_mean

BENCHES = {"mapping": "Translating and validating, against the plain libraries, in the same run."}


@click.command("bench", epilog="Benches: " + "; ".join(f"{name}: {about}" for name, about in BENCHES.items()))
@click.argument("name")
@json_option
def command(name: str, as_json: bool) -> None:
    """Measure on this machine. Ratios of one run are the figures; absolute times are for orientation."""
    if name not in BENCHES:
        raise BadSettings(f"There is no bench {name!r}{did_you_mean(name, BENCHES)}. Known: {', '.join(BENCHES)}.", name=name)
    found: dict[str, Any] = importlib.import_module(f"hub.bench.{name}").run()
    if as_json:
        emit_json(found)
        return
    for title in ("figures", "ratios"):
        rows = [(what, f"{value:,.2f}" if isinstance(value, float) else value) for what, value in found[title].items()]
        console().print(table(title, ("what", ""), rows, right=("",)))
    click.echo(", ".join(f"{what} {version}" for what, version in found["versions"].items()))
