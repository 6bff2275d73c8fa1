"""goldenhub changes"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress

import click
import orjson

from hub.app import Hub, open_hub
from hub.app.exchange import Page, changes, every_golden
from hub.app.seeing import must_be_a_view
from hub.cli.records import ENTITY, as_name
from hub.cli.show import emit_json
from hub.records import Data
from hub.store import outbox

_PATIENCE = 0.5  # seconds between two looks


@click.command("changes")
@click.option("--after", type=click.IntRange(0), help="Go on after this position. Default: 0, or with --follow the end.")
@click.option("--follow", is_flag=True, help="Wait for more, until Ctrl-C.")
@click.option("--snapshot", is_flag=True, help="First all golden records as they are, then (with --follow) what changes.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1000), help="Events of one page.")
@click.option("--view", help="Only what this reader may see, for instance `marketing`.")
@click.option("--entity", default=ENTITY, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs: one object, or with --follow or --snapshot one a line.")
def command(after: int | None, follow: bool, snapshot: bool, limit: int, view: str | None, entity: str, as_json: bool) -> None:
    """What changed in golden records, as CloudEvents in order. From the beginning, or after a position."""
    if snapshot and after is not None:
        raise click.UsageError("--snapshot begins with all there is; leave --after out.")
    with open_hub() as hub, suppress(KeyboardInterrupt):
        must_be_a_view(hub, view)
        hub.stand()
        if snapshot:
            after = _snapshot(hub, entity, view, as_json)
            if not follow:
                return
        if not follow:
            with hub.reading() as tx:
                _show(changes(hub, tx, after or 0, entity=entity, view=view, limit=limit), as_json)
            return
        for event in _following(hub, after, entity, view, limit):
            _line(event, as_json)


def _snapshot(hub: Hub, entity: str, view: str | None, as_json: bool) -> int:
    """Every golden record on a line; the position from which the feed goes on."""
    with hub.reading() as tx:
        position = outbox.last(tx, entity)
        for event in every_golden(hub, tx, entity=entity, view=view):
            _line(event, as_json)
    if as_json:
        click.echo(orjson.dumps({"position": position}))
    else:
        click.echo(f"Go on with: goldenhub changes --after {position}")
    return position


def _following(hub: Hub, after: int | None, entity: str, view: str | None, limit: int) -> Iterator[Data]:
    """Events as they come. A place that was not named is the end of the feed by now."""
    if after is None:
        with hub.reading() as tx:
            after = outbox.last(tx, entity)
        click.echo(f"Waiting for changes after position {after}; Ctrl-C ends it.", err=True)
    while True:
        with hub.store.read() as tx:
            page = changes(hub, tx, after, entity=entity, view=view, limit=limit)
        yield from page.events
        after = page.position
        if not page.more:
            time.sleep(_PATIENCE)


def _show(page: Page, as_json: bool) -> None:
    if as_json:
        emit_json(page.as_dict())
        return
    for event in page.events:
        _line(event, as_json=False)
    if not page.events:
        click.echo(f"Nothing after position {page.position}.")
    elif page.more:
        click.echo(f"More: goldenhub changes --after {page.position}")


def _line(event: Data, as_json: bool) -> None:
    if as_json:
        click.echo(orjson.dumps(event))
        return
    data = event["data"]
    what = event["type"].split(".")[1]
    place = str(int(event["sequence"])) if "sequence" in event else ""
    details = [as_name(data["golden"]), f"version {data['version']}"]
    if changed := data.get("changed"):
        details.append(f"changed: {', '.join(changed)}")
    if data.get("into"):
        details.append(f"went into {data['into']}")
    said = "; ".join(part for part in details if part)
    click.echo(f"{place:>8}  {event['time'][:19]}  {what:<10}  {event['subject']}  {said}")
