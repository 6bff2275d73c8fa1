"""goldenhub replay"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Any

import click

from hub.app import open_hub
from hub.app.rehearsing import Rehearsal, rehearse
from hub.app.replaying import Wanted
from hub.app.replaying import replay as replay_kept
from hub.cli import NEEDS_A_LOOK
from hub.cli.show import console, emit_json, json_option, progress, table

FORMATS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f")


@click.command("replay")
@click.option("--since", type=click.DateTime(FORMATS), help="What came at this moment (UTC) or later.")
@click.option("--until", type=click.DateTime(FORMATS), help="What came before this moment (UTC).")
@click.option("--feed", help="Only of this feed.")
@click.option("--customer", help="Only what is about this customer: a golden id, or a system's key as `erp:4711`.")
@click.option("--reject-group", help="Only what was set aside for this cause: its fingerprint, see `goldenhub rejects`.")
@click.option("--dry-run", is_flag=True, help="Say what would change, and change nothing.")
@click.option("--no-work", is_flag=True, help="Only translate and publish; leave the resolving to a worker.")
@json_option
def command(
    since: datetime | None,
    until: datetime | None,
    feed: str | None,
    customer: str | None,
    reject_group: str | None,
    dry_run: bool,
    no_work: bool,
    as_json: bool,
) -> None:
    """Translate what is kept raw once more, with today's mappings, as of when it came.

    Nothing younger is overtaken; what came out of it before and does not any more is taken back. Without options: everything.
    Exit code 1 when something of it was set aside again.
    """
    wanted = Wanted(_utc(since), _utc(until), feed, customer, reject_group)
    with open_hub() as hub, progress(as_json) as tell:
        hub.stand()
        if dry_run:
            _show_rehearsal(rehearse(hub, wanted, tell), as_json)
            return
        done = replay_kept(hub, wanted, tell)
        outcome = None if no_work or not done.read else hub.work(tell)
    again = any(one.rejected.total() for one in done.reports)
    if as_json:
        emit_json({"replayed": done.as_dict(), "resolved": outcome and outcome.as_dict()})
        sys.exit(NEEDS_A_LOOK if again else 0)
    rows = [(one.feed, one.read, one.published, one.filtered.total(), one.rejected.total()) for one in done.reports]
    columns = ("feed", "replayed", "published", "filtered", "set aside")
    if rows:
        console().print(table("", columns, rows, right=columns[1:]))
    _say_what_is_missing(done.read, done.unreadable, done.pruned)
    if outcome is not None:
        click.echo(outcome.in_words())
    if again:
        click.echo("Something was set aside again: goldenhub rejects")
        sys.exit(NEEDS_A_LOOK)


def _utc(moment: datetime | None) -> datetime | None:
    return None if moment is None else moment.replace(tzinfo=UTC)


def _say_what_is_missing(read: int, unreadable: int, pruned: int) -> None:
    if not read:
        click.echo(
            "Nothing of that is kept. See `goldenhub trace` for one record, and HUB_KEEP_RAW for how long things are kept."
        )
    if unreadable:
        click.echo(f"{unreadable:,} could not be read: the data key of their record was destroyed.")
    if pruned:
        click.echo(f"{pruned:,} are no longer kept: they were older than HUB_KEEP_RAW, or over HUB_RAW_BUDGET.")


def _show_rehearsal(found: Rehearsal, as_json: bool) -> None:
    if as_json:
        emit_json({"would": found.as_dict()})
        return
    _say_what_is_missing(found.read, found.unreadable, found.pruned)
    if not found.read:
        return
    lines = [
        (found.unchanged, "records would stay as they are"),
        (found.changed, "records would change"),
        (found.recovered, "records would be accepted that were not before"),
        (found.taken_back, "records would be taken back"),
        (found.filtered, "would be left out by a mapping's `when`"),
        *((number, f"would be set aside: {code}") for code, number in found.rejected.most_common()),
        *((number, f"golden records {kind}") for kind, number in sorted(found.announced.items())),
        (found.tasks_opened, "review tasks opened"),
        (found.tasks_closed, "review tasks closed"),
    ]
    console().print(
        table(f"A replay of {found.read:,} would do this", ("", ""), [line for line in lines if line[0]], right=("",))
    )
    for one in found.examples:
        who = ", ".join(one["members"]) or "nobody any more"
        name = f"a new golden record ({who})" if one["kind"] == "created" else f"{one['id']} ({who})"
        click.echo(f"\n{one['kind']}: {name}")
        for path, (old, new) in one["changed"].items():
            click.echo(f"  {path}: {_short(old)} -> {_short(new)}")
    click.echo("\nNothing was changed. The same without --dry-run does it.")


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= 100 else text[:99] + "…"
