"""goldenhub demo"""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import fields
from pathlib import Path
from threading import Event

import click

from hub.cli.show import console, emit_json, json_option, progress
from hub.demo.run import run_demo, serve_demo
from hub.demo.world import Knobs


@click.command("demo")
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), default=Path("demo-company"), show_default=True)
@click.option("--seed", type=int, help="Another seed, another company. Default: 1.")
@click.option("--customers", type=click.IntRange(10), help="How many customers it has. Default: 2000.")
@click.option(
    "--knob",
    "knobs",
    multiple=True,
    metavar="NAME=VALUE",
    help="How much goes wrong, e.g. `typing_errors=0.3`; see `--knob help`.",
)
@click.option("--next-day", is_flag=True, help="Let a day pass: moves, marriages, corrections, deletions; then read again.")
@click.option("--fresh", is_flag=True, help="Begin anew: throw away the company in that folder.")
@click.option("--serve", is_flag=True, help="Read nothing; keep its systems reachable for other commands until Ctrl-C.")
@click.option("--host", default="127.0.0.1", show_default=True, help="With --serve: where the billing interface listens.")
@click.option("--port", type=click.IntRange(0, 65535), default=0, help="With --serve: its port. Default: one that is free.")
@json_option
def command(
    home: Path,
    seed: int | None,
    customers: int | None,
    knobs: tuple[str, ...],
    next_day: bool,
    fresh: bool,
    serve: bool,
    host: str,
    port: int,
    as_json: bool,
) -> None:
    """Make a small company with five systems, read them all, resolve, and show what came of it.

    Called again it reads again and finds nothing new. Everything stays in one folder; nothing leaves this machine.
    """
    if "help" in knobs:
        for knob in fields(Knobs):
            click.echo(f"{knob.name}={knob.default}  {knob.metadata.get('help', '')}")
        return
    turned = Knobs().turned(knobs) if knobs else None
    if serve:
        with suppress(KeyboardInterrupt):
            serve_demo(
                home, click.echo, _until_interrupted, seed=seed, customers=customers, knobs=turned, next_day=next_day,
                fresh=fresh, at=(host, port),
            )  # fmt: skip
        return
    with progress(as_json) as tell:
        report = run_demo(
            home, seed=seed, customers=customers, knobs=turned, next_day=next_day, fresh=fresh, tell=tell
        )  # fmt: skip
    if as_json:
        emit_json(dict(report.figures))
    else:
        report.show(console())
    if not report.accounted:
        sys.exit(1)


def _until_interrupted() -> None:
    """Returns never: Ctrl-C ends it."""
    Event().wait()
