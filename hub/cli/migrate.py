"""goldenhub migrate"""

from __future__ import annotations

import click

from hub.app import open_hub
from hub.cli.show import emit_json, json_option


@click.command("migrate")
@click.option("--to", "revision", default="head", show_default=True, help="A revision, or `head` for this version of the hub.")
@json_option
def command(revision: str, as_json: bool) -> None:
    """Bring the store's tables to this version of the hub. Run it again as often as you like."""
    with open_hub() as hub:
        before, after = hub.migrate(revision)
        shown = hub.settings.shown_store_url
    if as_json:
        emit_json({"store": shown, "before": before, "after": after})
    elif before == after:
        click.echo(f"{shown}: already at {after}, nothing to do.")
    else:
        click.echo(f"{shown}: {before or 'empty'} -> {after}")
