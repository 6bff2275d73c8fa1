"""goldenhub bench"""

from __future__ import annotations

import importlib
import inspect
import sys
from collections.abc import Callable
from typing import Any

import click

from hub.cli import NEEDS_A_LOOK
from hub.cli.show import console, emit_json, json_option, table
from hub.errors import BadSettings, did_you_mean

BENCHES = {
    "accuracy": "How right clusters are on labelled sets, beside Splink, GoldenMatch and recordlinkage on the same columns.",
    "mapping": "Translating and validating, against the plain libraries, in the same run.",
    "publish": "Publishing to RabbitMQ with confirms, against other clients, in the same run.",
    "pipeline": "From a file to golden records and their events, over RabbitMQ and PostgreSQL, in the same run as a bare copy.",
    "bulk": "A whole population, from stored features to committed golden records, beside Splink in the same run.",
    "resolve": "One more record among so many that are held, against the bare query and Splink, in the same run.",
    "chaos": "Kill everything again and again under load, and compare what is left with a ledger kept outside.",
}


class _Benches(click.Group):
    """What a bench's ``run`` takes are its options; ``HELP`` beside it says what they mean, ``ARGUMENTS`` what has no name."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(BENCHES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in BENCHES:
            known = f"Known: {', '.join(BENCHES)}."
            raise BadSettings(f"There is no bench {cmd_name!r}{did_you_mean(cmd_name, BENCHES)}. {known}", name=cmd_name)
        module = importlib.import_module(f"hub.bench.{cmd_name}")
        words: dict[str, str] = getattr(module, "HELP", {})
        taken = inspect.signature(module.run).parameters.values()
        plain: tuple[str, ...] = getattr(module, "ARGUMENTS", ())
        params = [_argument(one.name) if one.name in plain else _option(one, words.get(one.name)) for one in taken]
        made = click.Command(cmd_name, params=params, callback=_shown(module.run), help=inspect.getdoc(module))
        return json_option(made)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Benches"):
            formatter.write_dl(list(BENCHES.items()))


def _argument(name: str) -> click.Parameter:
    return click.Argument([name], nargs=-1)


def _option(one: inspect.Parameter, help: str | None) -> click.Parameter:
    name, many = f"--{one.name.replace('_', '-')}", isinstance(one.default, tuple)
    return click.Option([name], default=one.default, multiple=many, show_default=True, help=help)


def _shown(run: Callable[..., dict[str, Any]]) -> Callable[..., None]:
    def measured(as_json: bool, **options: Any) -> None:
        found = run(**options)
        if as_json:
            emit_json(found)
        else:
            _show(found)
        if not found.get("passed", True):
            sys.exit(NEEDS_A_LOOK)

    return measured


def _show(found: dict[str, Any]) -> None:
    for title in ("done", "wrong", "figures", "ratios"):
        rows = [(what, f"{value:,.2f}" if isinstance(value, float) else value) for what, value in found.get(title, {}).items()]
        if rows:
            console().print(table(title, ("what", ""), rows, right=("",)))
    for title, told in found.get("tables", {}).items():
        console().print(table(title, told["columns"], told["rows"], right=told["columns"][1:]))
    for what, examples in found.get("examples", {}).items():
        click.echo(f"{what}: " + "; ".join(examples))
    click.echo(", ".join(f"{what} {version}" for what, version in found["versions"].items()))


@click.group("bench", cls=_Benches)
def command() -> None:
    """Measure on this machine. Ratios of one run are the figures; absolute times are for orientation."""
