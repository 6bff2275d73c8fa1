"""goldenhub rebuild"""

from __future__ import annotations

import sys

import click

from hub.app import Hub, open_hub
from hub.cli import NEEDS_A_LOOK
from hub.cli.load import bulk_part
from hub.cli.show import console, emit_json, json_option, progress, table
from hub.errors import BadModel


@click.command("rebuild")
@click.option("--adopt", is_flag=True, help="After a change of rules: bring all golden records under the rules at hand.")
@click.option("--bulk", is_flag=True, help="With --adopt: in processes, for very many records (extra `batch`).")
@json_option
def command(adopt: bool, bulk: bool, as_json: bool) -> None:
    """Compute every golden record once more, from source records and decisions alone, and say what differs: nothing.

    Ids and dates are history and stay. Exit code 1 when something differs, be it the rules at hand from those in force.
    """
    with open_hub() as hub, progress(as_json) as tell:
        if adopt and bulk:
            bulk_part().adopt(hub, workers=2, memory="2GB", tell=tell)
        elif adopt:
            hub.adopt(tell)
        other_rules = _other_rules(hub)
        if other_rules:
            click.echo(f"goldenhub: {other_rules} What follows is what would change.", err=True)
        checked, differences = hub.rebuild(tell)
    if as_json:
        shown = [{"what": d.what, "which": d.which, "stored": d.stored, "computed": d.computed} for d in differences]
        emit_json({"golden_records": checked, "differences": shown, "other_rules": other_rules})
    elif not differences:
        click.echo(f"{checked:,} golden records computed once more: none differs.")
    else:
        rows = [(d.what, d.which, d.stored, d.computed) for d in differences[:50]]
        console().print(table(f"{len(differences)} differences", ("what", "which", "stored", "computed"), rows))
    if differences or other_rules:
        sys.exit(NEEDS_A_LOOK)


def _other_rules(hub: Hub) -> str | None:
    """Why a comparison says nothing about the store: it runs under other rules than those at hand."""
    hub.stand()
    try:
        hub.agrees()
    except BadModel as other:
        return other.message
    return None
