"""goldenhub bus"""

from __future__ import annotations

import json
import shlex
import sys

import click
import yaml

from hub.app import broker, open_hub
from hub.cli import NEEDS_A_LOOK
from hub.cli.show import console, emit_json, json_option, table
from hub.settings import from_environment


@click.group("bus")
def command() -> None:
    """The broker the hub talks over (HUB_BUS_URL): what it needs there, and whether it is there."""


@command.command()
@json_option
def status(as_json: bool) -> None:
    """The broker, how many messages each queue has ready, and how many records are on their way.

    Exit code 1 when a queue is not there.
    """
    with open_hub() as hub:
        hub.stand()
        found = broker.status(hub)
    missing = [name for name, number in found["queues"].items() if number is None]
    if as_json:
        emit_json(found)
        sys.exit(NEEDS_A_LOOK if missing else 0)
    click.echo(found["broker"])
    rows = [(name, "is not there" if number is None else f"{number:,}") for name, number in found["queues"].items()]
    console().print(table("messages ready", ("queue", ""), rows, right=("",)))
    waiting = [
        (f"{stage}, {lane}", f"{number:,}") for stage, lanes in found["on_their_way"].items() for lane, number in lanes.items()
    ]
    console().print(table("records on their way", ("stage and lane", ""), waiting, right=("",)))
    if missing:
        click.echo(
            f"\n{len(missing)} queues are not there: goldenhub bus declare, or import what `goldenhub bus definitions` prints."
        )
        sys.exit(NEEDS_A_LOOK)


@command.command()
def declare() -> None:
    """Declare exchanges, queues and bindings; what is there already stays. HUB_BUS_DECLARE says otherwise."""
    with open_hub() as hub:
        found = broker.declare(hub)
        if hub.settings.bus_declare == "none":
            click.echo(
                f"{found}: HUB_BUS_DECLARE=none, so nothing was declared or looked for. What is there: goldenhub bus status"
            )
        else:
            click.echo(f"{found}: everything is there.")


@command.command()
@click.option("--vhost", default="/", show_default=True, help="The virtual host they are for.")
def definitions(vhost: str) -> None:
    """The same as a file: for `rabbitmqctl import_definitions`. The limits of the queues are a policy in there."""
    with open_hub() as hub:
        click.echo(json.dumps(broker.definitions(hub, vhost), indent=2))


@command.command()
@click.option(
    "--management", default="", metavar="URL", help="Set it at this management interface, such as http://rabbitmq:15672."
)
@click.option("--vhost", default="/", show_default=True, help="The virtual host, without --management.")
@json_option
def limits(management: str, vhost: str, as_json: bool) -> None:
    """How full each queue may be, as a policy that you can change while everything runs.

    Without --management the command is printed that sets it; with it, it is set there with the login of HUB_BUS_URL, which needs
    the tag policymaker.
    """
    settings = from_environment()
    policy = broker.limit(settings, management) if management else broker.limits(settings, vhost)
    if as_json:
        emit_json(policy)
    elif management:
        click.echo(f"The policy {policy['name']} is set: {json.dumps(policy['definition'])}")
    else:
        words = ["--vhost", policy["vhost"], "--apply-to", policy["apply-to"], policy["name"], policy["pattern"]]
        click.echo(shlex.join(["rabbitmqctl", "set_policy", *words, json.dumps(policy["definition"])]))


@command.command()
@click.option("--json", "as_json", is_flag=True, help="As JSON instead of YAML.")
def asyncapi(as_json: bool) -> None:
    """The bus as an AsyncAPI 3 document."""
    with open_hub() as hub:
        found = broker.asyncapi(hub)
    click.echo(json.dumps(found, indent=2) if as_json else yaml.safe_dump(found, sort_keys=False, allow_unicode=True), nl=as_json)
