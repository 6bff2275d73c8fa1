"""How commands speak: JSON on standard output for programs, tables for people, progress on standard error."""

from __future__ import annotations

import getpass
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import click
import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container without names for its users
        return f"uid {os.getuid()}"


by_option = click.option("--by", envvar="HUB_USER", default=_login, show_default="HUB_USER, else you", help="Who says so.")
json_option = click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output, for programs.")

Tell = Callable[[str, int, int | None], None]
"""Progress: what is being done, how many are done, of how many (None: unknown)."""


def console() -> Console:
    """Standard output; a fixed width where there is no terminal, so that what is piped reads the same everywhere."""
    return Console(highlight=False) if sys.stdout.isatty() else Console(highlight=False, width=110, soft_wrap=True)


def emit_json(value: Any) -> None:
    click.echo(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS, default=str).decode())


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]], *, right: Sequence[str] = ()) -> Table:
    made = Table(title=title or None, title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for column in columns:
        made.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        made.add_row(*(_cell(cell) for cell in row))
    return made


def _cell(cell: object) -> Text | str:
    """Words of the data are shown as they are; only a `Text` has colours."""
    return cell if isinstance(cell, Text) else Text("" if cell is None else str(cell))


def marked(state: str, shown: str | None = None) -> Text:
    """A state in its colour."""
    return Text(shown or state, style={"ok": "green", "failed": "red", "skipped": "dim"}.get(state, ""))


@contextmanager
def progress(quiet: bool = False) -> Iterator[Tell]:
    """A live line on a terminal; elsewhere one plain line for each step and every ten seconds. On standard error."""
    if quiet:
        yield lambda what, done, total: None
    elif sys.stderr.isatty():
        with _live() as tell:
            yield tell
    else:
        yield _plain()


@contextmanager
def _live() -> Iterator[Tell]:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        steps: dict[str, Any] = {}

        def tell(what: str, done: int, total: int | None) -> None:
            if what not in steps:
                steps[what] = shown.add_task(what, total=total)
            shown.update(steps[what], completed=done, total=total)

        yield tell


def _plain() -> Tell:
    last: dict[str, float] = {}

    def tell(what: str, done: int, total: int | None) -> None:
        now = time.monotonic()
        if what in last and now - last[what] < 10 and done != total:
            return
        last[what] = now
        click.echo(f"{what}: {done:,}" + (f" of {total:,}" if total else ""), err=True)

    return tell
