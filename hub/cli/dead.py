"""goldenhub dead"""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection

from hub.app import Hub, dead, open_hub
from hub.app.dead import Returned
from hub.cli import NEEDS_A_LOOK
from hub.cli.set_aside import (
    MOST_LINES,
    cause,
    closed,
    correction,
    edit_options,
    fingerprint_of,
    give_by,
    group_rows,
    in_states,
    left,
    moment,
    no_work_option,
    payload_text,
    short,
    why_option,
)
from hub.cli.show import by_option, console, emit_json, json_option, progress, table
from hub.store import dead_letters
from hub.store.dead_letters import LetterGroup, StoredLetter

_STAGES = {"in": "hub.in"}
_STATES = (dead_letters.OPEN, dead_letters.REPLAYED, dead_letters.ARCHIVED)


@click.group("dead", invoke_without_command=True)
@click.option("--stage", help="Only of this stage: resolve, attach, in, ...")
@click.option("--every", is_flag=True, help="Also causes of which nothing is open any more.")
@json_option
@click.pass_context
def command(ctx: click.Context, stage: str | None, every: bool, as_json: bool) -> None:
    """What no worker could take, grouped by cause. Nothing of it is lost.

    Mend the cause, then `replay`: the records go back to their stage. Or correct a record by `edit`, or put it away by `archive`.
    """
    if ctx.invoked_subcommand:
        return
    with open_hub() as hub, hub.reading() as tx:
        groups = dead_letters.groups(tx, stage=stage, every=every)
    if as_json:
        emit_json({"groups": [_group_told(group) for group in groups]})
    elif not groups:
        click.echo("There are no dead letters.")
    else:
        columns = ("group", "letters", "records", "last", "what")
        console().print(group_rows(columns, [_row(group) for group in groups], ("letters", "records")))
        click.echo("\nOne cause: goldenhub dead show GROUP. Once more: goldenhub dead replay --group GROUP")


@command.command("list")
@click.option("--stage", help="Only of this stage.")
@click.option("--group", help="Only of this cause.")
@click.option("--state", type=click.Choice([*_STATES, "all"]), default=dead_letters.OPEN, show_default=True)
@click.option("--after", type=int, default=0, help="Only after this number: the next page.")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1))
@json_option
def listed(stage: str | None, group: str | None, state: str, after: int, limit: int, as_json: bool) -> None:
    """One by one, without what they hold: that may be personal data."""
    with open_hub() as hub, hub.reading() as tx:
        fingerprint = _fingerprint(tx, group) if group else None
        wanted = None if state == "all" else state
        found = dead_letters.listed(tx, stage=stage, fingerprint=fingerprint, state=wanted, after=after, limit=limit)
    if as_json:
        emit_json({"dead": [_told(one) for one in found]})
    elif not found:
        click.echo("There are no dead letters." if state == dead_letters.OPEN and not after else "None.")
    else:
        rows = [
            (one.id, _short(one.letter.fingerprint), one.state, one.letter.stage, one.letter.records, one.letter.reason)
            for one in found
        ]
        console().print(table("", ("id", "group", "state", "stage", "records", "why"), rows, right=("id", "records")))
        more = f" The next page: --after {found[-1].id}." if len(found) == limit else ""
        click.echo(f"\nOne with what it holds: goldenhub dead show ID.{more}")


@command.command("show")
@click.argument("which", metavar="ID|GROUP")
@json_option
def show(which: str, as_json: bool) -> None:
    """One with what it holds and what became of it, or a group. It may hold personal data."""
    with open_hub() as hub, hub.reading() as tx:
        if not which.isdecimal():
            _show_group(tx, which, as_json)
            return
        found = dead_letters.by_ids(tx, [int(which) if len(which) < 19 else 0])
        if not found:
            raise click.ClickException(f"There is no dead letter {which}; see `goldenhub dead list --state all`.")
        (one,) = found
        again = [later.id for later in dead_letters.died_again(tx, one)] if one.replayed_as else []
    if as_json:
        emit_json(_told(one) | {"headers": one.letter.headers, "payload": dead.as_json(one), "died_again": again})
        return
    closing = ("note", "replayed_as", "closed_by", "closed_at")
    for name, value in (_told(one) | {"headers": one.letter.headers, "died_again": again}).items():
        if value not in (None, "", {}, []) and name not in closing:
            click.echo(f"{name:12} {dead.state_of(one) if name == 'state' else value}")
    click.echo("\n" + payload_text(dead.as_json(one)))
    if one.state == dead_letters.OPEN:
        mend = "" if not dead.correctable(one) else f"Correct it: goldenhub dead edit {one.id} --set path=value. "
        click.echo(f"\n{mend}Once more: goldenhub dead replay {one.id}")


def _show_group(tx: Connection, which: str, as_json: bool) -> None:
    fingerprint = _fingerprint(tx, which)
    (group,) = dead_letters.groups(tx, fingerprint=fingerprint, every=True)
    state = dead_letters.OPEN if group.letters else None
    some = dead_letters.listed(tx, fingerprint=fingerprint, state=state, limit=10)
    if as_json:
        emit_json(_group_told(group) | {"dead": [_told(one) for one in some]})
        return
    for name, value in _group_told(group).items():
        if value not in (None, ""):
            click.echo(f"{name:12} {in_states(group.states) if name == 'states' else value}")
    click.echo("")
    rows = [(one.id, one.state, one.letter.records, one.letter.attempts, moment(one.letter.at)) for one in some]
    console().print(table("", ("id", "state", "records", "attempts", "died"), rows, right=("id", "records", "attempts")))
    if group.letters > len(some):
        click.echo(f"... and {group.letters - len(some):,} more: goldenhub dead list --group {_short(fingerprint)}")


@command.command("replay")
@click.argument("ids", nargs=-1, type=click.IntRange(1))
@click.option("--group", help="All of this cause.")
@click.option("--stage", help="All of this stage.")
@click.option("--all", "everything", is_flag=True, help="All of them.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and change nothing.")
@no_work_option
@by_option
@json_option
def replay(
    ids: tuple[int, ...],
    group: str | None,
    stage: str | None,
    everything: bool,
    dry_run: bool,
    no_work: bool,
    by: str,
    as_json: bool,
) -> None:
    """Bring IDS back to their stages, record by record, after their cause was mended.

    Exit code 1 when one could not be brought back, or became a dead letter again.
    """
    with open_hub() as hub, progress(as_json) as tell:
        hub.stand()
        chosen = _chosen(hub, ids, group, stage, everything)
        done = dead.replay(hub, chosen, give_by(by), dry_run=dry_run)
        worked = hub.work(tell) if done and not dry_run and not no_work else None
    missing = sorted(set(chosen) - {one.id for one in done})
    done += [Returned(one, "", dead.PASSED, f"There is no dead letter {one}.") for one in missing]
    if as_json:
        told = {"dead": [asdict(one) for one in done], "dry_run": dry_run, "resolved": worked and worked.as_dict()}
        emit_json(told)
    elif not done:
        click.echo("There are no dead letters.")
    else:
        _say(done, dry_run)
        if worked is not None:
            click.echo(worked.in_words())
    _leave(done, worked.buried if worked else 0)


def _chosen(hub: Hub, ids: Sequence[int], group: str | None, stage: str | None, everything: bool = False) -> list[int]:
    """Which ones at this moment: what dies meanwhile, even of this very replay, waits for the next."""
    if sum(map(bool, (ids, group, stage, everything))) != 1:
        raise click.UsageError("Say which ones: IDS, --group, --stage or --all; only one of these.")
    if ids:
        return sorted(set(ids))
    with hub.reading() as tx:
        return dead_letters.open_ids(tx, stage=stage, fingerprint=_fingerprint(tx, group) if group else None)


def _say(done: Sequence[Returned], dry_run: bool) -> None:
    for one in done[:MOST_LINES]:
        keys = ", ".join(one.keys[:3]) + (" ..." if len(one.keys) > 3 else "")
        said = f"{one.outcome}: {one.reason or keys}"
        click.echo(f"{one.id:>6}  {said}" + (" (nothing was changed)" if dry_run else ""))
    back = [one for one in done if one.outcome == dead.BACK]
    records = sum(one.records for one in back)
    would = "would go back" if dry_run else "went back"
    click.echo(f"{len(back):,} of {len(done):,} dead letters {would} to their stages, with {records:,} records.")


def _leave(done: Sequence[Returned], buried: int = 0) -> None:
    if buried or any(one.outcome == dead.PASSED and not one.replayed_as for one in done):
        sys.exit(NEEDS_A_LOOK)


@command.command("edit")
@click.argument("number", metavar="ID", type=click.IntRange(1))
@click.option("--record", default=1, show_default=True, type=click.IntRange(1), help="Which one, where a letter holds many.")
@edit_options
@click.option("--dry-run", is_flag=True, help="Say whether it would be accepted, and change nothing.")
@no_work_option
@by_option
@json_option
def edit(
    number: int,
    record: int,
    changed: tuple[str, ...],
    added: tuple[str, ...],
    removed: tuple[str, ...],
    file: Path | None,
    dry_run: bool,
    no_work: bool,
    by: str,
    as_json: bool,
) -> None:
    """Bring one back with the data of a record corrected, in the words of the canonical model.

    Only the data can be corrected: whose record it is, and everything else that was said of it, stays. What came stays as it was.
    """
    correct = correction(changed, added, removed, file)
    with open_hub() as hub, progress(as_json) as tell:
        hub.stand()
        done = dead.edit(hub, number, record, correct, give_by(by), dry_run=dry_run)
        worked = hub.work(tell) if not dry_run and not no_work else None
    if as_json:
        emit_json(asdict(done) | {"dry_run": dry_run, "resolved": worked and worked.as_dict()})
    else:
        _say([done], dry_run)
        if worked is not None:
            click.echo(worked.in_words())
    _leave([done], worked.buried if worked else 0)


@command.command("archive")
@click.argument("ids", nargs=-1, type=click.IntRange(1))
@click.option("--group", help="All of this cause.")
@click.option("--stage", help="All of this stage.")
@why_option
@by_option
@json_option
def archive(ids: tuple[int, ...], group: str | None, stage: str | None, why: str, by: str, as_json: bool) -> None:
    """Put IDS away with a reason: nothing more will come of them. They stay counted, and can be opened again."""
    with open_hub() as hub:
        hub.stand()
        chosen = _chosen(hub, ids, group, stage)
        done = dead.archive(hub, chosen, why, give_by(by))
        stayed = left(hub, chosen, done, dead_letters.by_ids, dead.state_of)
    closed(done, stayed, "archived", dead_letters.ARCHIVED, as_json)


@command.command("reopen")
@click.argument("ids", nargs=-1, required=True, type=click.IntRange(1))
@by_option
@json_option
def reopen(ids: tuple[int, ...], by: str, as_json: bool) -> None:
    """Take IDS up again that were archived."""
    with open_hub() as hub:
        hub.stand()
        chosen = sorted(set(ids))
        done = dead.reopen(hub, chosen, give_by(by))
        stayed = left(hub, chosen, done, dead_letters.by_ids, dead.state_of)
    closed(done, stayed, "opened again", dead_letters.OPEN, as_json)


# -- how they are told --


def _short(fingerprint: str) -> str:
    return short(hashlib.blake2b(fingerprint.encode(), digest_size=16).hexdigest())


def _fingerprint(tx: Connection, group: str) -> str:
    """By the name of a group, or its beginning; or by the fingerprint itself."""
    known = [one.fingerprint for one in dead_letters.groups(tx, every=True)]
    begins = "g" + group.lower().removeprefix("g")
    named = [group] if group in known else [one for one in known if _short(one).startswith(begins)]
    return fingerprint_of(named, group, "dead --every")


def _row(group: LetterGroup) -> tuple[object, ...]:
    what = cause(f"{group.code} at {_STAGES.get(group.stage, group.stage)}", group.reason, group.states)
    return _short(group.fingerprint), f"{group.letters:,}", f"{group.records:,}", f"{group.last_at:%Y-%m-%d}", what


def _group_told(group: LetterGroup) -> dict[str, Any]:
    return {
        "group": _short(group.fingerprint),
        "fingerprint": group.fingerprint,
        "stage": group.stage,
        "entity": group.entity,
        "code": group.code,
        "reason": group.reason,
        "letters": group.letters,
        "records": group.records,
        "first_at": group.first_at.isoformat(),
        "last_at": group.last_at.isoformat(),
        "states": dict(group.states),
    }


def _told(stored: StoredLetter) -> dict[str, Any]:
    """Without what it holds."""
    letter = stored.letter
    return {
        "id": stored.id,
        "group": _short(letter.fingerprint),
        "message_id": letter.message_id,
        "stage": letter.stage,
        "lane": letter.lane,
        "entity": letter.entity,
        "records": letter.records,
        "code": letter.code,
        "reason": letter.reason,
        "attempts": letter.attempts,
        "at": letter.at.isoformat(),
        "content_type": letter.content_type,
        "state": stored.state,
        "note": stored.note,
        "replayed_as": stored.replayed_as,
        "closed_by": stored.closed_by,
        "closed_at": stored.closed_at.isoformat() if stored.closed_at else None,
    }
