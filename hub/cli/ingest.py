"""goldenhub ingest"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from hub.app import open_hub
from hub.app.outcome import Work
from hub.cli import MISCONFIGURED, NEEDS_A_LOOK, NOT_READY
from hub.cli.show import console, emit_json, json_option, progress, table
from hub.ingest import RunReport


@click.command("ingest")
@click.argument("feeds", nargs=-1)
@click.option("--accept", is_flag=True, help="Go on with a feed that waits for a person, for instance after many deletions.")
@click.option("--no-work", is_flag=True, help="Only read and publish; leave the resolving to a later call.")
@json_option
def command(feeds: tuple[str, ...], accept: bool, no_work: bool, as_json: bool) -> None:
    """Read FEEDS (all, when none is named), translate, check, and resolve what arrived.

    Only what is new since the last time is read. One feed that cannot be read stops no other. Exit code 1 when a feed waits
    for a person, 3 when a setting or a mapping must be changed, 4 when a system was not ready.
    """
    with open_hub() as hub, progress(as_json) as tell:
        hub.migrate()
        reports = hub.ingest(feeds, accept=accept, tell=tell)
        outcome = None if no_work else hub.work(tell)
    show_reports(reports, outcome, as_json)


def show_reports(reports: Sequence[RunReport], outcome: Work | None, as_json: bool) -> None:
    """What came of feeds, and the exit code that says so."""
    if as_json:
        emit_json({"feeds": [report.as_dict() for report in reports], "resolved": outcome and outcome.as_dict()})
    elif not reports:
        click.echo("The landscape has no feeds.")
    else:
        rows = [
            (r.feed, r.read, r.published, r.filtered.total(), r.rejected.total(), r.state if r.state != "done" else "")
            for r in reports
        ]
        columns = ("feed", "read", "published", "filtered", "rejected", "")
        console().print(table("", columns, rows, right=columns[1:5]))
        for report in reports:
            if report.message:
                click.echo(f"{report.feed}: {report.state}: {report.message}", err=True)
            for signal in report.signals:
                click.echo(f"{report.feed}: {signal.kind}: {signal.message}", err=True)
        if outcome is not None:
            click.echo(outcome.in_words())
    states = {report.state for report in reports}
    for state, code in (("stopped", MISCONFIGURED), ("failed", NOT_READY), ("held", NEEDS_A_LOOK)):
        if state in states:
            sys.exit(code)
