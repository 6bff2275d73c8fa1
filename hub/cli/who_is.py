"""goldenhub who-is"""

from __future__ import annotations

import click

from hub.app import open_hub
from hub.app.exchange import golden, who_is
from hub.app.seeing import must_be_a_view
from hub.cli.records import as_name, as_ref
from hub.cli.show import console, emit_json, json_option, table
from hub.records import Data


@click.command("who-is")
@click.argument("system")
@click.argument("key", required=False)
@click.option("--view", help="Only what this reader may see, for instance `marketing`.")
@json_option
def command(system: str, key: str | None, view: str | None, as_json: bool) -> None:
    """Who the record KEY of a SYSTEM is, and under which keys the other systems know the same customer.

    `goldenhub who-is erp 4711` (or `erp:4711`) asks by a system's key; `goldenhub who-is ID` by a golden id, of which
    retired ones lead on.
    """
    if key is None and ":" in system:
        system, key = as_ref(system)[:2]
    with open_hub() as hub:
        must_be_a_view(hub, view)
        with hub.reading() as tx:
            found = golden(hub, tx, system, view=view) if key is None else who_is(hub, tx, system, key, view=view)
    if as_json:
        emit_json(found)
    else:
        _show(found)


def _show(found: Data) -> None:
    name = as_name(found["golden"]) or "(no name in this view)"
    led = f"; {found['asked']} retired and leads here" if found.get("redirected") and ":" not in found["asked"] else ""
    click.echo(f"{name}: {found['id']}, version {found['version']}, {found['state']}{led}\n")
    rows = [
        (one["system"], one["key"], one["state"], one["since"][:19], one.get("until", "")[:19]) for one in found["references"]
    ]
    console().print(table("", ("system", "key", "", "since", "until"), rows))
