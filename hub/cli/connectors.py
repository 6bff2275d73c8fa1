"""goldenhub connectors: kinds, settings, checks"""

from __future__ import annotations

import sys
from typing import Any

import click
from rich.console import Group

from hub.app import open_hub
from hub.app.kinds import connector_kinds
from hub.cli.show import console, emit_json, json_option, marked, table
from hub.contract import Probe


@click.group("connectors", invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """The kinds of systems that can be connected. With `show KIND` its settings, with `check` a test of your own systems."""
    if ctx.invoked_subcommand:
        return
    kinds = connector_kinds()
    if as_json:
        emit_json({"kinds": [{"kind": kind.name, "about": kind.about, "writes": kind.writes} for kind in kinds]})
    else:
        rows = [(kind.name, kind.about, "yes" if kind.writes else "") for kind in kinds]
        console().print(table("", ("kind", "reads", "written to"), rows))
        click.echo("\nSettings of one kind: goldenhub connectors show KIND")


@command.command("show")
@click.argument("kind")
@json_option
def show(kind: str, as_json: bool) -> None:
    """The settings of one kind, as `landscape.yaml` takes them under `systems:`, and the options of its streams."""
    found = connector_kinds(kind)[0]
    if as_json:
        emit_json({"kind": kind, "about": found.about, "settings": found.settings, "options": found.options})
        return
    shown = [
        table(title, ("name", "type", "default", "about"), [_row(one) for one in declared])
        for title, declared in (("settings", found.settings), ("options below `stream:`", found.options))
        if declared
    ]
    console().print(Group(found.about + "\n", *shown))


def _row(one: dict[str, Any]) -> tuple[str, str, str, str]:
    default = "required" if one["required"] else "" if one["default"] in (None, "") else str(one["default"])
    return one["name"], "secret" if one["secret"] else one["type"], default, one["help"]


@command.command("check")
@click.argument("systems", nargs=-1)
@json_option
def check(systems: tuple[str, ...], as_json: bool) -> None:
    """Try the systems of the landscape step by step: name, login, list, sample. Exit code 1 when a step failed."""
    with open_hub() as hub:
        probes = {name: hub.check(name) for name in systems or hub.landscape.systems}
    if as_json:
        emit_json({name: [_probe(probe) for probe in found] for name, found in probes.items()})
    elif not probes:
        click.echo("The landscape has no systems.")
    else:
        rows = [
            (name, probe.name, marked(probe.state), probe.hint, probe.fault) for name, found in probes.items() for probe in found
        ]
        console().print(table("", ("system", "step", "state", "hint", "whose"), rows))
    if any(probe.state == "failed" for found in probes.values() for probe in found):
        sys.exit(1)


def _probe(probe: Probe) -> dict[str, str]:
    return {"name": probe.name, "state": probe.state, "hint": probe.hint, "fault": probe.fault}
