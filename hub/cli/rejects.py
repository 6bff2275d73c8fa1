"""goldenhub rejects"""

from __future__ import annotations

import click

from hub.app import open_hub
from hub.cli.show import console, emit_json, json_option, progress, table
from hub.store import feeds


@click.command("rejects")
@click.option("--feed", help="Only of this feed.")
@click.option("--list", "listed", is_flag=True, help="One by one, instead of grouped by cause.")
@click.option("--show", "number", type=int, help="One of them with its payload. It may hold personal data.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1))
@click.option("--replay", is_flag=True, help="Translate them once more, after a mapping or a code list was mended.")
@json_option
def command(feed: str | None, listed: bool, number: int | None, limit: int, replay: bool, as_json: bool) -> None:
    """What was set aside, grouped by cause. Nothing of it is lost: mend the mapping, then replay; or the source, then read."""
    if replay:
        _replay([feed] if feed else [], as_json)
        return
    with open_hub() as hub, hub.reading() as tx:
        if number is not None:
            _show(feeds.listed_rejects(tx, after=number - 1, limit=1), number, as_json)
            return
        if listed:
            _list(feeds.listed_rejects(tx, feed=feed, limit=limit), as_json)
            return
        groups = [group for group in feeds.grouped_rejects(tx) if feed in (None, group["feed"])]
    if as_json:
        emit_json({"groups": groups})
    elif not groups:
        click.echo("Nothing was set aside.")
    else:
        rows = [(group["number"], group["feed"], group["code"], group["reason"]) for group in groups]
        console().print(table("", ("records", "feed", "code", "for instance"), rows, right=("records",)))
        click.echo("\nOne by one: goldenhub rejects --list")


def _replay(names: list[str], as_json: bool) -> None:
    with open_hub() as hub, progress(as_json) as tell:
        hub.stand()
        reports = hub.replay(names, tell)
        done = hub.work(tell)
    if as_json:
        emit_json({"feeds": [report.as_dict() for report in reports], "resolved": done.as_dict()})
    elif not reports:
        click.echo("Nothing that could be translated was set aside.")
    else:
        rows = [(report.feed, report.read, report.published, report.rejected.total()) for report in reports]
        console().print(table("", ("feed", "replayed", "published", "set aside again"), rows))
        click.echo(done.in_words())


def _list(found: list[feeds.StoredReject], as_json: bool) -> None:
    if as_json:
        emit_json({"rejects": [_as_dict(one, payload=False) for one in found]})
        return
    if not found:
        click.echo("Nothing was set aside.")
        return
    rows = [(one.id, one.reject.feed, one.reject.code, one.reject.where, one.reject.reason) for one in found]
    console().print(table("", ("id", "feed", "code", "where", "why"), rows, right=("id",)))
    click.echo("\nOne with its payload: goldenhub rejects --show ID")


def _show(found: list[feeds.StoredReject], number: int, as_json: bool) -> None:
    if not found or found[0].id != number:
        raise click.ClickException(f"There is no open reject {number}.")
    told = _as_dict(found[0], payload=True)
    if as_json:
        emit_json(told)
        return
    for name, value in told.items():
        if value not in (None, "", {}):
            click.echo(f"{name:10} {value}")


def _as_dict(stored: feeds.StoredReject, *, payload: bool) -> dict[str, object]:
    reject = stored.reject
    told: dict[str, object] = {
        "id": stored.id,
        "feed": reject.feed,
        "code": reject.code,
        "reason": reject.reason,
        "where": reject.where,
        "entity": reject.entity,
        "key": reject.key,
        "mapping": reject.mapping,
        "at": reject.at.isoformat(),
        "state": stored.state,
    }
    if payload:
        told |= {"facts": reject.facts, "payload": reject.payload}
    return told
