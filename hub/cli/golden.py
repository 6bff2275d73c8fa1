"""goldenhub golden"""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from hub.app import open_hub
from hub.app.seeing import must_be_a_view, seen_through
from hub.app.stability import as_dict, stability
from hub.cli import NEEDS_A_LOOK
from hub.cli.files import Out, all_different
from hub.cli.records import ENTITY, as_name, as_ref, golden_of, told
from hub.cli.show import console, emit_json, json_option, progress, table
from hub.matching.stability import Stability
from hub.store import goldens

FORMATS = ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y-%m-%d %H:%M:%S")


@click.group("golden")
def command() -> None:
    """Show and export golden records."""


@command.command("show")
@click.argument("which")
@click.option("--why", is_flag=True, help="For every value: the record it comes from, the rule, and who else says so.")
@click.option("--view", help="Only what this consumer may see, for instance `marketing`.")
@click.option("--known", type=click.DateTime(FORMATS), help="As the hub knew it at this moment (UTC), e.g. 2026-03-01T12:00:00.")
@json_option
def show(which: str, why: bool, view: str | None, known: datetime | None, as_json: bool) -> None:
    """One golden record. WHICH is its id (retired ids lead on) or a system's key, as `erp:4711`."""
    if known is not None:
        _show_known(which, known.replace(tzinfo=UTC), as_json)
        return
    with open_hub() as hub, hub.reading() as tx:
        golden = golden_of(tx, which)
        if view:
            must_be_a_view(hub, view)
            shown = list(seen_through(hub, tx, [golden], name=view))
            if not shown:
                raise click.ClickException(f"Nobody is known as {which!r} in this view.")
            golden = shown[0]
    if as_json:
        emit_json(told(golden, golden.data))
        return
    click.echo(f"{golden.id}  version {golden.version}, {golden.state}, as of {golden.as_of}")
    click.echo(f"members: {', '.join(map(str, golden.members)) or 'none'}\n")
    rows = [(path, value, *(_source(golden.provenance, path) if why else ())) for path, value in _lines(golden.data)]
    columns = ("field", "value", "from", "rule", "also says so") if why else ("field", "value")
    console().print(table("", columns, rows))


def _show_known(which: str, at: datetime, as_json: bool) -> None:
    """Time travel: the version that was the last one announced by then."""
    with open_hub() as hub, hub.reading() as tx:
        golden_id = goldens.behind_key_on(tx, ENTITY, as_ref(which)[:2], at) if ":" in which else which
        found = goldens.known_on(tx, golden_id, at) if golden_id else None
    if found is None:
        raise click.ClickException(f"Nobody was known as {which!r} at {at:%Y-%m-%d %H:%M:%S} UTC.")
    if as_json:
        emit_json({"id": found.golden_id, "version": found.version, "kind": found.kind, "at": found.at.isoformat(), **found.data})
        return
    click.echo(f"{found.golden_id}  version {found.version}, {found.kind} {found.at:%Y-%m-%d %H:%M:%S} UTC\n")
    console().print(table("", ("field", "value"), _lines(found.data.get("golden") or {})))


def _lines(data: Any, path: str = "") -> list[tuple[str, str]]:
    """Every value on a line of its own; an item of a list under its id."""
    if isinstance(data, dict):
        return [line for name, value in data.items() for line in _lines(value, f"{path}.{name}" if path else name)]
    if isinstance(data, list) and any(isinstance(item, dict) for item in data):
        return [(f"{path}[{item.get('id', place)}]", _short(item)) for place, item in enumerate(data)]
    return [(path, "known empty" if data is None else ", ".join(map(str, data)) if isinstance(data, list) else str(data))]


def _short(item: dict[str, Any]) -> str:
    shown = [
        ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        for name, value in item.items()
        if name not in ("id", "given") and not isinstance(value, bool) and value not in (None, "", [])
    ]
    return ", ".join(shown)


def _source(provenance: dict[str, Any], path: str) -> tuple[str, str, str]:
    """Where a value comes from; a field of a group has the group's own source."""
    steps = path.replace("[", ".[").split(".")
    for end in range(len(steps), 0, -1):
        found = provenance.get(".".join(steps[:end]).replace(".[", "["))
        if found:
            source = str(found.get("source", ""))
            also = [one for one in map(str, found.get("supporters", ())) if one != source]
            return source, str(found.get("rule", "")), ", ".join(also)
    items = [entry for place, entry in provenance.items() if place.startswith(f"{path}[")]
    also = sorted({str(one) for entry in items for one in entry.get("supporters", ())})
    return ", ".join(dict.fromkeys(str(one["source"]) for one in items)), "union" if items else "", ", ".join(also)


@command.command("list")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1))
@click.option("--after", default="", help="Go on after this id.")
@json_option
def listed(limit: int, after: str, as_json: bool) -> None:
    """Golden records, by id."""
    with open_hub() as hub, hub.reading() as tx:
        found = goldens.listed(tx, ENTITY, after=after, limit=limit)
    if as_json:
        emit_json({"golden": [told(golden, golden.data) for golden in found]})
        return
    if not found:
        click.echo("No golden records after this id." if after else "No golden records yet; see `goldenhub ingest`.")
        return
    rows = [(golden.id, as_name(golden.data), golden.version, ", ".join(map(str, golden.members))) for golden in found]
    console().print(table("", ("id", "name", "version", "members"), rows, right=("version",)))
    if len(found) == limit:
        click.echo(f"\nMore: goldenhub golden list --after {found[-1].id}")


@command.command("stability")
@click.option(
    "--since", type=click.DateTime(FORMATS), help="From this day or moment (UTC) on. Default: as far back as the feed reaches."
)
@json_option
def stable(since: datetime | None, as_json: bool) -> None:
    """How stable ids are: records that got another one, by week, and whether that had to be.

    Exit code 1 when an id changed although its customer did not, or a former id did not come back when it should have.
    """
    with open_hub() as hub, hub.reading() as tx:
        found, begin = stability(hub, tx, since.replace(tzinfo=UTC) if since else None)
    if as_json:
        emit_json(as_dict(found, begin))
    elif not found.weeks:
        click.echo("Nothing was announced in this time.")
    else:
        _tell_stability(found, begin)
    if found.total("excess") or found.total("reinstated") < found.total("owed"):
        sys.exit(NEEDS_A_LOOK)


def _tell_stability(found: Stability, begin: datetime | None) -> None:
    weeks = [
        (
            week.begins,
            f"{week.records:,}",
            f"{week.changed:,}",
            f"{week.share:.2%}",
            week.excess,
            f"{week.reinstated} of {week.owed}",
        )
        for week in found.weeks
    ]
    columns = ("week from", "records", "other id", "share", "excess", "former ids back")
    console().print(table("", columns, weeks, right=columns[1:]))
    back = "none were due" if found.reinstatement is None else f"{found.reinstatement:.1%} of those due"
    since = f" since {begin:%Y-%m-%d}" if begin else ""
    click.echo(
        f"\nExcess churn (ids changed beyond what the change of members forces){since}: {found.total('excess')}; the goal is 0. "
        f"Former ids that came back: {back}."
    )


@command.command("export")
@click.argument("out", type=Out())
@click.option("--xref", type=Out(), help="Also the cross-reference: which key is who.")
@click.option("--view", help="Only what this consumer may see.")
@json_option
def export(out: Path, xref: Path | None, view: str | None, as_json: bool) -> None:
    """All golden records into OUT, a .csv or a .parquet file; the suffix decides."""
    all_different(out, xref)
    with open_hub() as hub, progress(as_json) as tell:
        hub.stand()
        written = hub.export(out, xref, view, tell)
    if as_json:
        emit_json(written)
    else:
        click.echo(", ".join(f"{number:,} rows in {file}" for file, number in written.items()))
