"""goldenhub keys"""

from __future__ import annotations

import click

from hub.app import open_hub
from hub.cli.show import console, emit_json, json_option, table
from hub.store import keys


@click.group("keys", invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """The master keys that seal what is kept raw, and how many data keys each of them seals."""
    if ctx.invoked_subcommand is not None:
        return
    with open_hub() as hub, hub.reading() as tx:
        known, under = keys.masters(tx), keys.sealed_under(tx)
    if as_json:
        emit_json({"masters": [{"id": one.id, "since": one.since, "data_keys": under.get(one.id, 0)} for one in known]})
        return
    if not known:
        click.echo("Nothing is sealed yet: the first record that comes makes the first keys.")
        return
    state = {known[0].id: "seals"}
    rows = [(one.id, f"{one.since:%Y-%m-%d %H:%M} UTC", under.get(one.id, 0), state.get(one.id, "former")) for one in known]
    console().print(table("", ("master key", "since", "data keys", ""), rows, right=("data keys",)))
    if any(not under.get(one.id) for one in known[1:]):
        click.echo("\nFormer keys that seal nothing any more: goldenhub keys forget")


@command.command("rotate")
@click.option("--lost", is_flag=True, help="The former key is lost for good: begin anew, and give up what it sealed.")
@json_option
def rotate(lost: bool, as_json: bool) -> None:
    """Seal all data keys under a new master key.

    With the key file of the default, the new key is made here. With a key of your own, put the new one first in HUB_MASTER_KEY
    and leave the former one behind it, restart the workers, then rotate. Bodies are not touched.
    """
    if lost:
        click.confirm("What is kept raw under the lost key stays unreadable for ever. Begin anew?", abort=True, err=True)
    with open_hub() as hub:
        hub.stand()
        name, anew, gone = hub.keys.rotate(hub.store, lost=lost)
    if as_json:
        emit_json({"master": name, "sealed_anew": anew, "given_up": gone})
        return
    click.echo(f"{name} seals from now on; {anew:,} data keys were sealed anew" + (f", {gone:,} given up." if gone else "."))
    if not lost:
        click.echo("When all workers run with it: goldenhub keys forget")


@command.command("forget")
@json_option
def forget(as_json: bool) -> None:
    """Let go of former master keys that seal nothing any more."""
    with open_hub() as hub:
        hub.stand()
        gone = hub.keys.forget(hub.store)
    if as_json:
        emit_json({"forgotten": gone})
    else:
        click.echo(f"Forgotten: {', '.join(gone)}." if gone else "There is no former master key that seals nothing.")
