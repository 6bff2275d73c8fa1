"""goldenhub rejects"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection

from hub.app import Hub, failures, open_hub
from hub.app.failures import Replayed
from hub.cli import MISCONFIGURED, NEEDS_A_LOOK
from hub.cli.set_aside import (
    MOST_LINES,
    cause,
    closed,
    correction,
    edit_options,
    fingerprint_of,
    give_by,
    group_rows,
    in_short,
    in_states,
    left,
    moment,
    no_work_option,
    payload_text,
    short,
    why_option,
)
from hub.cli.show import by_option, console, emit_json, json_option, progress, table
from hub.store import rejects
from hub.store.rejects import RejectGroup, StoredReject

_STATES = (rejects.OPEN, rejects.REPLAYED, rejects.MENDED, rejects.ARCHIVED)


@click.group("rejects", invoke_without_command=True)
@click.option("--feed", help="Only of this feed.")
@click.option("--every", is_flag=True, help="Also causes of which nothing is open any more.")
@json_option
@click.pass_context
def command(ctx: click.Context, feed: str | None, every: bool, as_json: bool) -> None:
    """What was set aside, grouped by cause. Nothing of it is lost.

    Mend the mapping or the code list, then `replay`; or the source, then read again; or the record itself by `edit`. What will
    never come is put away by `archive`.
    """
    if ctx.invoked_subcommand:
        return
    with open_hub() as hub, hub.reading() as tx:
        groups = rejects.groups(tx, feed=feed, every=every)
    if as_json:
        emit_json({"groups": [_group_told(group) for group in groups]})
    elif not groups:
        click.echo("Nothing was set aside.")
    else:
        columns = ("group", "records", "keys", "customers", "last", "what")
        console().print(group_rows(columns, [_row(group) for group in groups], ("records", "keys")))
        click.echo("\nOne cause: goldenhub rejects show GROUP. Once more: goldenhub rejects replay --group GROUP")


@command.command("list")
@click.option("--feed", help="Only of this feed.")
@click.option("--group", help="Only of this cause.")
@click.option("--state", type=click.Choice([*_STATES, "all"]), default=rejects.OPEN, show_default=True)
@click.option("--after", type=int, default=0, help="Only after this number: the next page.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1))
@json_option
def listed(feed: str | None, group: str | None, state: str, after: int, limit: int, as_json: bool) -> None:
    """One by one, without what came: that may hold personal data."""
    with open_hub() as hub, hub.reading() as tx:
        fingerprint = _fingerprint(tx, group) if group else None
        wanted = None if state == "all" else state
        found = rejects.listed(tx, feed=feed, fingerprint=fingerprint, state=wanted, after=after, limit=limit)
    if as_json:
        emit_json({"rejects": [_told(one) for one in found]})
    elif not found:
        click.echo("Nothing was set aside." if state == rejects.OPEN and not after else "None.")
    else:
        rows = [
            (one.id, short(one.fingerprint), one.state, one.reject.feed, one.reject.code, one.reject.where, _why(one))
            for one in found
        ]
        console().print(table("", ("id", "group", "state", "feed", "code", "where", "why"), rows, right=("id",)))
        more = f" The next page: --after {found[-1].id}." if len(found) == limit else ""
        click.echo(f"\nOne with what came: goldenhub rejects show ID.{more}")


@command.command("show")
@click.argument("which", metavar="ID|GROUP")
@json_option
def show(which: str, as_json: bool) -> None:
    """One with what came and what became of it, or a group. It may hold personal data."""
    with open_hub() as hub, hub.reading() as tx:
        if not which.isdecimal():
            _show_group(tx, which, as_json)
            return
        found = rejects.by_ids(tx, [_number(which)])
        if not found:
            raise click.ClickException(f"There is no reject {which}; see `goldenhub rejects list --state all`.")
        (one,) = found
        before = rejects.predecessor(tx, one)
        after = rejects.came_of(tx, one.replayed_as) if one.replayed_as else []
    links = {"came_of": before.id if before else None, "left": [later.id for later in after]}
    if as_json:
        emit_json(_told(one) | {"facts": one.reject.facts, "payload": one.reject.payload} | links)
    else:
        _show_one(one, links)


def _show_one(one: StoredReject, links: dict[str, Any]) -> None:
    for name, value in (_told(one) | links).items():
        if value not in (None, "", {}, []) and name not in ("fingerprint", "note", "replayed_as", "closed_by", "closed_at"):
            click.echo(f"{name:12} {failures.state_of(one) if name == 'state' else value}")
    for name, value in one.reject.facts.items():
        click.echo(f"{name:12} {value}")
    click.echo("\n" + payload_text(one.reject.payload))
    if one.state == rejects.OPEN:
        click.echo(
            f"\nCorrect it: goldenhub rejects edit {one.id} --set path=value. Once more: goldenhub rejects replay {one.id}"
        )


def _show_group(tx: Connection, which: str, as_json: bool) -> None:
    fingerprint = _fingerprint(tx, which)
    (group,) = rejects.groups(tx, fingerprint=fingerprint, every=True)
    some = rejects.listed(tx, fingerprint=fingerprint, state=rejects.OPEN if group.records else None, limit=10)
    if as_json:
        emit_json(_group_told(group) | {"rejects": [_told(one) for one in some]})
        return
    for name, value in _group_told(group).items():
        if value not in (None, "") and name != "fingerprint":
            click.echo(f"{name:12} {in_states(group.states) if name == 'states' else value}")
    click.echo("")
    rows = [(one.id, one.state, one.reject.key, one.reject.where, moment(one.reject.at)) for one in some]
    console().print(table("", ("id", "state", "key", "where", "came"), rows, right=("id",)))
    if group.records > len(some):
        click.echo(f"... and {group.records - len(some):,} more: goldenhub rejects list --group {short(fingerprint)}")


@command.command("replay")
@click.argument("ids", nargs=-1, type=click.IntRange(1))
@click.option("--group", help="All of this cause.")
@click.option("--feed", help="All of this feed that became records.")
@click.option("--all", "everything", is_flag=True, help="All of every feed that became records.")
@click.option("--dry-run", is_flag=True, help="Say what would come of it, and change nothing.")
@no_work_option
@by_option
@json_option
def replay(
    ids: tuple[int, ...],
    group: str | None,
    feed: str | None,
    everything: bool,
    dry_run: bool,
    no_work: bool,
    by: str,
    as_json: bool,
) -> None:
    """Translate IDS once more, after a mapping or a code list was mended: as of when they came, so nothing younger is overtaken.

    Exit code 1 when something was set aside again or could not be tried, 3 when a feed or a mapping must be mended first.
    """
    with open_hub() as hub, progress(as_json) as tell:
        hub.stand()
        chosen = _chosen(hub, ids, group, feed, everything)
        done = failures.replay(hub, chosen, give_by(by), tell, dry_run=dry_run)
        worked = hub.work(tell) if done and not dry_run and not no_work else None
    done += [Replayed(one, "", failures.PASSED, "reject_unknown", f"There is no reject {one}.") for one in _missing(chosen, done)]
    if as_json:
        emit_json(_replay_told(done, dry_run) | {"resolved": worked and worked.as_dict()})
    elif not done:
        click.echo("Nothing that could be translated was set aside.")
    else:
        _say(done, dry_run)
        if worked is not None:
            click.echo(worked.in_words())
    _leave(done, named=bool(ids or group))


def _missing(chosen: Sequence[int], done: Sequence[Replayed]) -> list[int]:
    return sorted(set(chosen) - {one.id for one in done})


def _chosen(hub: Hub, ids: Sequence[int], group: str | None, feed: str | None, everything: bool = False) -> list[int]:
    """Which ones at this moment: what comes to a group meanwhile, even by this very replay, waits for the next."""
    if sum(map(bool, (ids, group, feed, everything))) != 1:
        raise click.UsageError("Say which ones: IDS, --group, --feed or --all; only one of these.")
    if ids:
        return sorted(set(ids))
    if feed:
        hub.landscape.feed(feed)
    with hub.reading() as tx:
        if group:
            return rejects.open_ids(tx, fingerprint=_fingerprint(tx, group))
        return rejects.open_ids(tx, feed=feed, translatable=True)


def _say(done: Sequence[Replayed], dry_run: bool) -> None:
    if len(done) <= MOST_LINES:
        for one in done:
            click.echo(f"{one.id:>6}  {_outcome(one, dry_run)}")
    else:
        causes: dict[tuple[str, str, str], int] = {}
        for one in done:
            said = (one.feed, one.outcome, one.reason if one.outcome != failures.ACCEPTED else "")
            causes[said] = causes.get(said, 0) + 1
        rows = [(number, *said) for said, number in sorted(causes.items(), key=lambda one: -one[1])[:MOST_LINES]]
        console().print(table("", ("rejects", "feed", "outcome", "why"), rows, right=("rejects",)))
    would = "Would be: " if dry_run else ""
    click.echo(would + ", ".join(f"{number:,} {name}" for name, number in _counts(done).items()) + ".")


def _outcome(one: Replayed, dry_run: bool) -> str:
    said = one.outcome
    if one.keys:
        said += f" as {', '.join(one.keys[:3])}" + (" ..." if len(one.keys) > 3 else "")
    if one.again:
        said += f" as {', '.join(map(str, one.again))}"
    return said + (f": {one.reason}" if one.reason else "") + (" (nothing was changed)" if dry_run else "")


def _counts(done: Sequence[Replayed]) -> dict[str, int]:
    names = (failures.ACCEPTED, failures.AGAIN, failures.LEFT_OUT, failures.PASSED, failures.STOPPED)
    return {name: number for name in names if (number := sum(one.outcome == name for one in done))}


def _replay_told(done: Sequence[Replayed], dry_run: bool) -> dict[str, Any]:
    return {"rejects": [asdict(one) for one in done], "counts": _counts(done), "dry_run": dry_run}


def _leave(done: Sequence[Replayed], *, named: bool) -> None:
    outcomes = {one.outcome for one in done if one.outcome != failures.PASSED or (named and not one.replayed_as)}
    if failures.STOPPED in outcomes:
        sys.exit(MISCONFIGURED)
    if outcomes & {failures.AGAIN, failures.PASSED}:
        sys.exit(NEEDS_A_LOOK)


@command.command("edit")
@click.argument("number", metavar="ID", type=click.IntRange(1))
@edit_options
@click.option("--dry-run", is_flag=True, help="Say what would come of it, and change nothing.")
@no_work_option
@by_option
@json_option
def edit(
    number: int,
    changed: tuple[str, ...],
    added: tuple[str, ...],
    removed: tuple[str, ...],
    file: Path | None,
    dry_run: bool,
    no_work: bool,
    by: str,
    as_json: bool,
) -> None:
    """Replay one with a corrected payload: the copy is kept under a receipt of its own, and what came stays as it was.

    Only the payload can be corrected: the system, the feed and the key of the record stay.
    """
    correct = correction(changed, added, removed, file)
    with open_hub() as hub, progress(as_json) as tell:
        hub.stand()
        done = failures.edit(hub, number, correct, give_by(by), dry_run=dry_run)
        worked = hub.work(tell) if not dry_run and not no_work else None
    if as_json:
        emit_json(asdict(done) | {"dry_run": dry_run, "resolved": worked and worked.as_dict()})
    else:
        _say([done], dry_run)
        if worked is not None:
            click.echo(worked.in_words())
    _leave([done], named=True)


@command.command("archive")
@click.argument("ids", nargs=-1, type=click.IntRange(1))
@click.option("--group", help="All of this cause.")
@click.option("--feed", help="All of this feed, whose landscape entry may be gone.")
@why_option
@by_option
@json_option
def archive(ids: tuple[int, ...], group: str | None, feed: str | None, why: str, by: str, as_json: bool) -> None:
    """Put IDS away with a reason: nothing more will come of them. They stay counted, and can be opened again."""
    with open_hub() as hub:
        hub.stand()
        if feed and not (ids or group):
            with hub.reading() as tx:
                chosen = rejects.open_ids(tx, feed=feed)
        else:
            chosen = _chosen(hub, ids, group, feed)
        done = failures.archive(hub, chosen, why, give_by(by))
        stayed = left(hub, chosen, done, rejects.by_ids, failures.state_of)
    closed(done, stayed, "archived", rejects.ARCHIVED, as_json)


@command.command("reopen")
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(1))
@by_option
@json_option
def reopen(ids: tuple[int, ...], by: str, as_json: bool) -> None:
    """Take IDS up again that were archived, or counted as mended by their source."""
    with open_hub() as hub:
        hub.stand()
        chosen = sorted(set(ids))
        done = failures.reopen(hub, chosen, give_by(by))
        stayed = left(hub, chosen, done, rejects.by_ids, failures.state_of)
    closed(done, stayed, "opened again", rejects.OPEN, as_json)


# -- how they are told --


def _fingerprint(tx: Connection, group: str) -> str:
    return fingerprint_of(rejects.named(tx, group.lower().removeprefix("g")), group, "rejects --every")


def _why(one: StoredReject) -> str:
    return in_short(one.reject.reason, one.reject.code)


def _number(text: str) -> int:
    return int(text) if len(text) < 19 else 0


def _row(group: RejectGroup) -> tuple[object, ...]:
    customers = f"{group.customers:,}" + (f" +{group.unknown:,} new" if group.unknown else "")
    title = group.code + (f" at {group.about}" if group.about else "")
    what = cause(title, f"{group.feed}: {in_short(group.reason, group.code)}", group.states)
    return short(group.fingerprint), f"{group.records:,}", f"{group.keys:,}", customers, f"{group.last_at:%Y-%m-%d}", what


def _group_told(group: RejectGroup) -> dict[str, Any]:
    return {
        "group": short(group.fingerprint),
        "fingerprint": group.fingerprint,
        "feed": group.feed,
        "mapping": group.mapping,
        "code": group.code,
        "field": group.about,
        "reason": group.reason,
        "records": group.records,
        "keys": group.keys,
        "customers": group.customers,
        "unknown_keys": group.unknown,
        "first_at": group.first_at.isoformat(),
        "last_at": group.last_at.isoformat(),
        "states": dict(group.states),
    }


def _told(stored: StoredReject) -> dict[str, Any]:
    """Without what came."""
    reject = stored.reject
    return {
        "id": stored.id,
        "group": short(stored.fingerprint),
        "feed": reject.feed,
        "system": reject.system,
        "entity": reject.entity,
        "key": reject.key,
        "code": reject.code,
        "field": reject.about,
        "reason": reject.reason,
        "where": reject.where,
        "mapping": reject.mapping,
        "message_id": reject.message_id,
        "at": reject.at.isoformat(),
        "state": stored.state,
        "note": stored.note,
        "replayed_as": stored.replayed_as,
        "closed_by": stored.closed_by,
        "closed_at": stored.closed_at.isoformat() if stored.closed_at else None,
    }
