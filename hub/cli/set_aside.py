"""What `rejects` and `dead` have in common: groups by cause, corrections, reasons."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import click
import orjson
from rich.table import Table
from rich.text import Text

from hub.app import Hub, editing
from hub.cli import NEEDS_A_LOOK
from hub.cli.show import emit_json, table

MOST_LINES = 20

Command = TypeVar("Command", bound=Callable[..., Any])

no_work_option = click.option("--no-work", is_flag=True, help="Only publish; leave the resolving to a later call.")


def _said(ctx: click.Context, option: click.Parameter, value: str) -> str:
    if not value.strip():
        raise click.BadParameter("say it in a few words, for whoever asks later.")
    return value.strip()


why_option = click.option("--why", required=True, callback=_said, help="For whoever asks later.")


def group_rows(columns: Sequence[str], rows: Sequence[Sequence[object]], right: Sequence[str]) -> Table:
    """Groups as a table that fits 100 columns: the last column says what it is about, and is folded."""
    made = table("", columns, rows, right=right)
    for column in made.columns[:-1]:
        column.no_wrap = True
    made.columns[-1].max_width = 47
    return made


def cause(title: str, reason: str, states: Mapping[str, int]) -> Text:
    """What a group is about, why, and what became of those that are closed."""
    text = Text(title, style="bold")
    text.append(f"\n{reason}", style="not bold")
    if states.keys() - {"open"}:
        text.append("\n" + in_states(states), style="not bold dim")
    return text


def in_states(states: Mapping[str, int]) -> str:
    return ", ".join(f"{number:,} {state}" for state, number in states.items())


def in_short(reason: str, code: str) -> str:
    """The reason without the mapping, the field and the code, which stand beside it."""
    before, found, after = reason.partition(f": {code}: ")
    return after if found else before


def left(
    hub: Hub, chosen: Sequence[int], done: Sequence[int], by_ids: Callable[..., Sequence[Any]], state_of: Callable[[Any], str]
) -> dict[int, tuple[str, str]]:
    """The state of those that stayed as they were, in a word and in words."""
    wanted = [one for one in chosen if one not in set(done)]
    with hub.reading() as tx:
        found = {one.id: (one.state, state_of(one)) for one in by_ids(tx, wanted)}
    return {one: found.get(one, ("unknown", "not there")) for one in wanted}


def closed(done: Sequence[int], left: Mapping[int, tuple[str, str]], said: str, state: str, as_json: bool) -> None:
    """What was archived or opened again, and which ones stayed as they were: a state, and in words."""
    if as_json:
        emit_json({"changed": list(done), "left": {str(one): its for one, (its, _) in left.items()}})
    else:
        click.echo(f"{len(done):,} {said}." if done or left else "There was nothing to do.")
        for one, (_, words) in list(left.items())[:MOST_LINES]:
            click.echo(f"{one:>6}  stays as it is: {words}")
    if any(its != state for its, _ in left.values()):
        sys.exit(NEEDS_A_LOOK)


def correction(changed: Sequence[str], added: Sequence[str], removed: Sequence[str], file: Path | None) -> Callable[[Any], Any]:
    """What --set, --add, --unset or --file make of a payload."""
    if bool(file) == bool(changed or added or removed):
        raise click.UsageError("Say what to correct: --set, --add and --unset; or --file with the whole of it.")
    if file is None:
        return partial(editing.edited, changed=changed, added=added, removed=removed)
    with click.open_file(str(file), "rb") as opened:
        content = opened.read(editing.MOST_BYTES + 1)
    return lambda payload: editing.read_json(content, str(file))


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
