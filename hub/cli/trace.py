"""goldenhub trace"""

from __future__ import annotations

from typing import Any

import click
from rich.text import Text

from hub.app import open_hub
from hub.app.tracing import MOST, Hop, Way
from hub.app.tracing import trace as ways_of
from hub.cli.show import console, emit_json, json_option

_COLOURS = {"rejected": "red", "dead": "red", "waiting": "yellow", "golden": "green", "delivered": "green"}
_MARKS = {"rejected": "x", "dead": "x", "waiting": "…", "replayed": "↻"}


@click.command("trace")
@click.argument("which")
@click.option("--raw", "show_raw", is_flag=True, help="Also what came, in its system's own words. It may hold personal data.")
@json_option
def command(which: str, show_raw: bool, as_json: bool) -> None:
    """The way of a record through every hop, with times.

    WHICH is a receipt, a system's key as `erp:4711`, or a golden id.
    """
    with open_hub() as hub, hub.reading() as tx:
        ways = ways_of(tx, hub, which, show_raw=show_raw)
    if as_json:
        emit_json({"ways": [way.as_dict() for way in ways]})
        return
    for way in ways:
        console().print(drawn(way))
    if len(ways) == MOST:
        click.echo(f"The latest {MOST} are shown.")


def drawn(way: Way) -> Text:
    """A line for each hop, in the order in which they happened; what has no time of its own stands with the one before it."""
    whole = Text(f"{way.receipt}\n", style="bold")
    last = ""
    for place, hop in enumerate(way.hops):
        when = f"{hop.at:%Y-%m-%d %H:%M:%S}.{hop.at.microsecond // 1000:03}" if hop.at else ""
        shown = when if when != last else ""
        last = when or last
        end = place == len(way.hops) - 1
        whole.append(f"  {shown:23}  ", style="dim")
        whole.append(_MARKS.get(hop.what, "●") + "  ", style=_COLOURS.get(hop.what, ""))
        whole.append(f"{hop.what.replace('_', ' '):10}  ", style="dim")
        whole.append(_said(hop), style="not bold")
        whole.append("\n" if end else f"\n  {'':23}  │\n", style="not bold dim")
    for name, value in _lines(way.raw):
        whole.append(f"  {name:>23}  {value}\n", style="not bold")
    return whole


def _said(hop: Hop) -> str:
    return hop.said


def _lines(came: Any) -> list[tuple[str, str]]:
    return [] if came is None else [(str(name), str(value)) for name, value in came.items()]
