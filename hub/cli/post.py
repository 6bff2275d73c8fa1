"""goldenhub post"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click
import orjson

from hub.app import open_hub
from hub.cli import NEEDS_A_LOOK
from hub.cli.show import console, emit_json, json_option, progress, table


@click.command("post")
@click.argument("feed")
@click.argument("given")
@click.option("--source", help="Who sends it. With an id, the same is taken only once. Default: the feed.")
@click.option("--id", "ids", multiple=True, help="The sender's id of the record; one for each, in their order.")
@click.option("--no-work", is_flag=True, help="Only take and publish; leave the resolving to a worker.")
@json_option
def command(feed: str, given: str, source: str | None, ids: tuple[str, ...], no_work: bool, as_json: bool) -> None:
    """Push records into FEED in its system's own words, and get a receipt for each.

    GIVEN is JSON: one record, a list, or one record a line; `@FILE` reads a file and `-` standard input.
    Exit code 1 when a record was set aside.
    """
    records = _records(_text(given))
    if ids and len(ids) != len(records):
        raise click.UsageError(f"{len(records)} records and {len(ids)} ids: give --id once for each record, or not at all.")
    with open_hub() as hub, progress(as_json) as tell:
        hub.own_landscape()
        hub.migrate()
        receipts = hub.receive(feed, records, source, list(ids) or None)
        if not as_json:
            rows = [(one.receipt, one.state, one.id, one.reason) for one in receipts]
            console().print(table("", ("receipt", "", "id", "why"), rows))
            click.echo(f"Its whole way: goldenhub trace {receipts[0].receipt}\n")
        outcome = None
        try:
            outcome = None if no_work else hub.work(tell)
        finally:  # whatever becomes of the resolving: these are taken
            if as_json:
                emit_json({"receipts": [one.as_dict() for one in receipts], "resolved": outcome and outcome.as_dict()})
        if outcome is not None and not as_json:
            click.echo(outcome.in_words())
    if any(one.state == "rejected" for one in receipts):
        sys.exit(NEEDS_A_LOOK)


def _text(given: str) -> bytes:
    if given == "-":
        return sys.stdin.buffer.read()
    if not given.startswith("@"):
        return given.encode()
    try:
        return Path(given[1:]).read_bytes()
    except OSError as wrong:
        raise click.ClickException(f"The file {given[1:]} cannot be read ({wrong.strerror}).") from wrong


def _records(text: bytes) -> list[Any]:
    """One record, a list of records, or one record a line."""
    try:
        told = orjson.loads(text)
    except orjson.JSONDecodeError:
        told = [_line(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    records = told if isinstance(told, list) else [told]
    if not records:
        raise click.UsageError("There is no record in it.")
    return records


def _line(number: int, line: bytes) -> Any:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError as wrong:
        said = f"Line {number} is no JSON ({wrong.msg}). Give one record, a list of records, or one record a line."
        raise click.UsageError(said) from wrong
