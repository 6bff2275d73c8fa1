"""goldenhub rebuild"""

from __future__ import annotations

import sys

import click

from hub.app import open_hub
from hub.cli.show import console, emit_json, json_option, progress, table


@click.command("rebuild")
@click.option("--adopt", is_flag=True, help="After a change of rules: bring all golden records under the rules at hand.")
@json_option
def command(adopt: bool, as_json: bool) -> None:
    """Compute every golden record once more, from source records and decisions alone, and say what differs: nothing.

    Ids and dates are history and stay. Exit code 1 when something differs.
    """
    with open_hub() as hub, progress(as_json) as tell:
        if adopt:
            hub.adopt(tell)
        checked, differences = hub.rebuild(tell)
    if as_json:
        shown = [{"what": d.what, "which": d.which, "stored": d.stored, "computed": d.computed} for d in differences]
        emit_json({"golden_records": checked, "differences": shown})
    elif not differences:
        click.echo(f"{checked:,} golden records computed once more: none differs.")
    else:
        rows = [(d.what, d.which, d.stored, d.computed) for d in differences[:50]]
        console().print(table(f"{len(differences)} differences", ("what", "which", "stored", "computed"), rows))
    if differences:
        sys.exit(1)
