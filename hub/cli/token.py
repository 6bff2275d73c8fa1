"""goldenhub token"""

from __future__ import annotations

import click

from hub.app import open_hub
from hub.app.entrance import create
from hub.cli.show import console, emit_json, json_option, table
from hub.store import tokens


@click.group("token")
def command() -> None:
    """What systems show to be let in by `goldenhub serve`."""


@command.command("create")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, help="changes, who-is (each also :VIEW), merge, feed:NAME. Repeatable."
)
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 3650), help="After so many it no longer opens.")
@json_option
def created(name: str, scopes: tuple[str, ...], days: int, as_json: bool) -> None:
    """Make a token for the system NAME. It is shown once: only its hash is kept."""
    with open_hub() as hub:
        hub.migrate()
        shown = create(hub, name, scopes, days)
    if as_json:
        emit_json({"name": name, "token": shown, "scopes": scopes, "days": days})
    else:
        click.echo(shown)
        click.echo(f"Keep it now: nobody can show it again. It opens {', '.join(scopes)} for {days} days.", err=True)


@command.command("list")
@json_option
def listed(as_json: bool) -> None:
    """All tokens, without what is secret."""
    with open_hub() as hub, hub.reading() as tx:
        now, found = hub.clock(), tokens.listed(tx)
    states = {one.id: "revoked" if one.revoked_at else "expired" if one.expires_at <= now else "valid" for one in found}
    if as_json:
        told = [
            {"name": one.name, "id": one.id, "state": states[one.id], "scopes": one.scopes, "expires_at": str(one.expires_at)}
            for one in found
        ]
        emit_json({"tokens": told})
    elif not found:
        click.echo("No tokens yet; see `goldenhub token create`.")
    else:
        rows = [(one.name, states[one.id], f"{one.expires_at:%Y-%m-%d}", ", ".join(one.scopes)) for one in found]
        console().print(table("", ("name", "", "expires", "scopes"), rows))


@command.command("revoke")
@click.argument("name")
def revoked(name: str) -> None:
    """The token NAME opens nothing any more, from this moment on."""
    with open_hub() as hub:
        hub.stand()
        with hub.store.begin() as tx:
            gone = tokens.revoke(tx, name, hub.clock())
    if not gone:
        raise click.ClickException(f"There is no token named {name!r} that could still be used; see `goldenhub token list`.")
    click.echo(f"{name} opens nothing any more.")
