"""What `rejects` and `dead` have in common: groups by cause, corrections, reasons."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import click
import orjson
from rich.table import Table
from rich.text import Text

from hub.cli.show import table

Command = TypeVar("Command", bound=Callable[..., Any])

no_work_option = click.option("--no-work", is_flag=True, help="Only publish; leave the resolving to a later call.")


def _said(ctx: click.Context, option: click.Parameter, value: str) -> str:
    if not value.strip():
        raise click.BadParameter("say it in a few words, for whoever asks later.")
    return value.strip()


why_option = click.option("--why", required=True, callback=_said, help="For whoever asks later.")


class Figures(NamedTuple):
    """One group, as it is shown."""

    group: str
    records: int
    keys: str
    customers: str
    last_at: datetime
    what: Text


def group_rows(groups: Sequence[Figures]) -> Table:
    """Groups as a table that fits 100 columns."""
    rows = [(one.group, f"{one.records:,}", one.keys, one.customers, moment(one.last_at), one.what) for one in groups]
    made = table("", ("group", "records", "keys", "customers", "last", "what"), rows, right=("records", "keys"))
    for column in made.columns[:-1]:
        column.no_wrap = True
    made.columns[-1].max_width = 52
    return made


def short(fingerprint: str) -> str:
    """How a group is called: the beginning of its fingerprint, with a letter, so that it is no number."""
    return "g" + fingerprint[:8]


def fingerprint_of(named: Sequence[str], group: str, see: str) -> str:
    """The one fingerprint that begins so."""
    if not group.lower().removeprefix("g") or not named:
        raise click.ClickException(f"There is no group {group!r}; see `goldenhub {see}`.")
    if len(named) > 1:
        raise click.ClickException(f"{group!r} is the beginning of {len(named)} groups; write one more letter or two.")
    return named[0]


def give_by(by: str) -> str:
    """Who it is; nobody does it as nobody."""
    if not by.strip():
        raise click.UsageError("--by must name somebody.")
    return by.strip()


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M}"


def payload_text(payload: Any) -> str:
    """What came, as JSON; other text as it is, without what a terminal would obey."""
    if isinstance(payload, str):
        return "".join(sign if sign.isprintable() or sign == "\n" else "\N{REPLACEMENT CHARACTER}" for sign in payload)
    return orjson.dumps(payload, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str).decode()


def edit_options(command: Command) -> Command:
    """--set, --add, --unset, --file."""
    given = (
        click.option(
            "--set", "changed", multiple=True, metavar="PATH=VALUE", help="Correct what stands there; repeat as needed."
        ),
        click.option("--add", "added", multiple=True, metavar="PATH=VALUE", help="Add what is missing."),
        click.option("--unset", "removed", multiple=True, metavar="PATH", help="Take out what should not be there."),
        click.option(
            "--file",
            type=click.Path(path_type=Path, exists=True, dir_okay=False, allow_dash=True),
            help="The whole record as JSON; - for standard input.",
        ),
    )
    for option in reversed(given):
        command = option(command)
    return command
