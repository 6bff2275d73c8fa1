"""goldenhub deliver"""

from __future__ import annotations

import sys

import click

from hub.app import open_hub
from hub.cli.show import console, emit_json, json_option, progress, table

_COUNTS = ("queued", "written", "unchanged", "conflict", "retry", "refused", "parked")


@click.command("deliver")
@click.argument("deliveries", nargs=-1)
@click.option("--again", is_flag=True, help="Also what waits for a later attempt.")
@json_option
def command(deliveries: tuple[str, ...], again: bool, as_json: bool) -> None:
    """Write what changed in golden records back to systems: all DELIVERIES of the landscape, or those named.

    Exit code 1 when something was parked, 4 when a system is not ready.
    """
    with open_hub() as hub, progress(as_json) as tell:
        hub.stand()
        done = hub.deliver(deliveries, again=again, tell=tell)
    told = [one.as_dict() for one in done]
    if as_json:
        emit_json({"deliveries": told})
    elif not told:
        click.echo("The landscape has no deliveries; see docs/exchange.md.")
    else:
        rows = [(one["delivery"], *(one[name] or "" for name in _COUNTS), one["message"]) for one in told]
        console().print(table("", ("delivery", *_COUNTS, ""), rows, right=_COUNTS))
        if any(one["parked"] for one in told):
            click.echo("\nSee what was parked: goldenhub deliveries")
    states = {one.state for one in done}
    if states - {"done"} or any(one.parked for one in done):
        sys.exit(3 if "stopped" in states else 4 if "failed" in states else 1)
