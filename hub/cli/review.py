"""goldenhub review"""

from __future__ import annotations

import click

from hub.app import open_hub
from hub.app.outcome import in_words, told
from hub.cli import deciding
from hub.cli.records import ENTITY
from hub.cli.show import by_option, console, emit_json, json_option, table
from hub.records import Decision, refs_text
from hub.store import decisions, tasks


@click.group("review", invoke_without_command=True)
@click.option("--kind", help="Only tasks of this kind: near_match, refused_union, contradiction, ...")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1))
@json_option
@click.pass_context
def command(ctx: click.Context, kind: str | None, limit: int, as_json: bool) -> None:
    """The questions that wait for a person; answer with `review decide`, take an answer back with `review withdraw`."""
    if ctx.invoked_subcommand:
        return
    with open_hub() as hub, hub.reading() as tx:
        found = tasks.listed(tx, ENTITY, kind=kind, limit=limit)
        waiting = sum(tasks.count(tx, ENTITY).values())
    if as_json:
        emit_json({"open": waiting, "tasks": [_as_dict(task) for task in found]})
    elif not found:
        click.echo("Nothing waits for a person.")
    else:
        rows = [(t.id, t.task.kind, f"{t.task.bits / 1000:.1f}", refs_text(t.task.left), refs_text(t.task.right)) for t in found]
        console().print(table("", ("task", "kind", "bits", "one side", "other side"), rows, right=("task", "bits")))
        click.echo(
            f"\n{waiting} wait. Look: goldenhub explain A B. Answer: goldenhub review decide TASK same|not-same --why '...'"
        )


def _as_dict(stored: tasks.StoredTask) -> dict[str, object]:
    task = stored.task
    return {
        "id": stored.id,
        "kind": task.kind,
        "bits": task.bits / 1000,
        "left": [str(ref) for ref in task.left],
        "right": [str(ref) for ref in task.right],
        "left_golden": stored.left_golden,
        "right_golden": stored.right_golden,
        "reason": task.reason,
        "opened_at": stored.opened_at.isoformat(),
    }


for more in deciding.COMMANDS_OF_REVIEW:
    command.add_command(more)


@command.command("decide")
@click.argument("task", type=int)
@click.argument("verdict", type=click.Choice(["same", "not-same"]))
@click.option("--why", default="", help="For whoever asks later.")
@by_option
@json_option
def decide(task: int, verdict: str, why: str, by: str, as_json: bool) -> None:
    """Answer a task: are these two the SAME customer, or NOT-SAME? The answer names the records shown, and can be withdrawn."""
    with open_hub() as hub:
        hub.stand()
        decision, outcome = hub.decide(task, verdict.replace("-", "_"), by, why)
    if as_json:
        emit_json({"decision": decision.id, "resolved": told(outcome)})
    else:
        click.echo(f"Kept as decision {decision.id}. {in_words(outcome)}.")


@command.command("withdraw")
@click.argument("decision")
@by_option
@json_option
def withdraw(decision: str, by: str, as_json: bool) -> None:
    """Take an answer back; everything that rested on it is looked at again."""
    with open_hub() as hub:
        hub.stand()
        outcome = hub.withdraw(decision, by)
    if as_json:
        emit_json({"resolved": told(outcome)})
    else:
        click.echo(in_words(outcome))


@command.command("decisions")
@json_option
def given(as_json: bool) -> None:
    """The answers people gave, withdrawn ones too, the latest first."""
    with open_hub() as hub, hub.reading() as tx:
        found = sorted(decisions.every(tx, ENTITY, withdrawn=True), key=lambda one: (one.at, one.id), reverse=True)
    if as_json:
        emit_json({"decisions": [_told(one) for one in found]})
    elif not found:
        click.echo("Nobody has answered anything yet.")
    else:
        rows = [(d.id, _verdict(d), refs_text(d.left), refs_text(d.right), d.by, f"{d.at:%Y-%m-%d %H:%M}", d.why) for d in found]
        console().print(table("", ("decision", "verdict", "one side", "other side", "by", "at", "why"), rows))


def _verdict(decision: Decision) -> str:
    return decision.verdict.replace("_", " ") + (", withdrawn" if decision.withdrawn_at else "")


def _told(decision: Decision) -> dict[str, object]:
    return {
        "id": decision.id,
        "verdict": decision.verdict,
        "left": [str(ref) for ref in decision.left],
        "right": [str(ref) for ref in decision.right],
        "by": decision.by,
        "at": decision.at.isoformat(),
        "why": decision.why,
        "withdrawn_at": decision.withdrawn_at.isoformat() if decision.withdrawn_at else None,
    }
