"""goldenhub review: what a person says about customers and their values without being asked"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import click
import orjson
from sqlalchemy import Connection

from hub.app import Hub, open_hub
from hub.app.correcting import as_value, correct, pin, take_back, unpin
from hub.app.outcome import in_words, told
from hub.app.people import decide_between
from hub.app.rights import somebody
from hub.cli.records import ENTITY, as_ref, golden_of, values
from hub.cli.show import by_option, console, emit_json, json_option, table
from hub.matching.features import STEWARD
from hub.records import Data, Decision, RecordRef
from hub.resolve import Outcome
from hub.store import audit, decisions, sources

why_option = click.option("--why", default="", help="For whoever asks later.")
empty_option = click.option("--empty", is_flag=True, help="Known empty: the customer has none. Instead of VALUE.")


def _both(tx: Connection, which: str) -> tuple[RecordRef, ...]:
    """The records a name stands for: itself, or all members of a golden record as they are shown now."""
    if ":" in which:
        return (as_ref(which),)
    return tuple(ref for ref in golden_of(tx, which).members if ref.system != STEWARD)


def _verdict(name: str, verdict: str, text: str) -> click.Command:
    @click.command(name, help=text)
    @click.argument("one")
    @click.argument("other")
    @why_option
    @by_option
    @json_option
    def said(one: str, other: str, why: str, by: str, as_json: bool) -> None:
        with open_hub() as hub:
            with hub.reading() as tx:
                left, right = _both(tx, one), _both(tx, other)
            decision, outcome = decide_between(hub, verdict, left, right, somebody(hub, by), why)
        _tell(as_json, {"decision": decision.id}, f"Kept as decision {decision.id}.", outcome)

    return said


same = _verdict(
    "same",
    "same",
    "ONE and OTHER are the same customer: records (`erp:7`), or golden ids, for all their members. Undone by `withdraw`.",
)
not_same = _verdict(
    "not-same", "not_same", "ONE and OTHER are not the same customer, whatever they become. Undone by `withdraw`."
)


@click.command("correct")
@click.argument("which")
@click.argument("field")
@click.argument("value", required=False)
@empty_option
@why_option
@by_option
@json_option
def corrected(which: str, field: str, value: str | None, empty: bool, why: str, by: str, as_json: bool) -> None:
    """The FIELD of WHICH (`erp:7`, or a golden id) is VALUE, whatever the sources say, until it is taken back.

    Kept as a record of the system `steward` beside the record it corrects; with that it goes through merges and splits. Lists are
    given as JSON: `review correct erp:7 emails '[{"address": "ana@example.com"}]'` adds an item.
    """
    with open_hub() as hub:
        hub.stand()
        ref, outcome = correct(hub, _which(which), field, _value(hub, field, value, empty), somebody(hub, by), why)
    _tell(as_json, {"correction": str(ref)}, f"Kept as {ref}; `goldenhub review take-back {ref}` undoes it.", outcome)


@click.command("take-back")
@click.argument("correction")
@by_option
@json_option
def taken_back(correction: str, by: str, as_json: bool) -> None:
    """A CORRECTION never was: what the sources say counts again."""
    with open_hub() as hub:
        hub.stand()
        outcome = take_back(hub, correction, somebody(hub, by))
    _tell(as_json, {"correction": correction}, "Taken back.", outcome)


@click.command("pin")
@click.argument("which")
@click.argument("field")
@click.argument("value", required=False)
@empty_option
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="From this day on the sources count again. Default: for good.")
@why_option
@by_option
@json_option
def pinned(
    which: str, field: str, value: str | None, empty: bool, until: datetime | None, why: str, by: str, as_json: bool
) -> None:
    """Fix the FIELD of WHICH (`erp:7`, or a golden id) to VALUE until a day. It wins over sources and corrections alike.

    It hangs on the record named, or on the one the golden value comes from, and goes where that goes.
    """
    with open_hub() as hub:
        hub.stand()
        end = until.date() if until else None
        kept, outcome = pin(hub, _which(which), field, _value(hub, field, value, empty), end, somebody(hub, by), why)
    lasts = f"until {kept.until}" if kept.until else "for good"
    said = f"Pinned on {kept.ref} {lasts} as {kept.id}; `goldenhub review unpin {kept.id}` undoes it."
    _tell(as_json, {"pin": kept.id, "record": str(kept.ref), "until": kept.until}, said, outcome)


@click.command("unpin")
@click.argument("pin_id", metavar="PIN")
@by_option
@json_option
def unpinned(pin_id: str, by: str, as_json: bool) -> None:
    """Take a PIN back before its day: what the sources say counts again."""
    with open_hub() as hub:
        hub.stand()
        outcome = unpin(hub, pin_id, somebody(hub, by))
    _tell(as_json, {"pin": pin_id}, "Taken back.", outcome)


@click.command("corrections")
@json_option
def corrections(as_json: bool) -> None:
    """Pins and corrections in force, the latest first."""
    with open_hub() as hub, hub.reading() as tx:
        found = sorted([*_pins(tx, hub), *_corrections(tx)], key=lambda one: str(one["at"]), reverse=True)
    if as_json:
        emit_json({"corrections": found})
    elif not found:
        click.echo("Nobody has corrected or pinned anything.")
    else:
        rows = [
            (one["id"], one["kind"], one["record"], _short(one["says"]), one["by"], str(one["at"])[:16], one["until"])
            for one in found
        ]
        console().print(table("", ("id", "", "record", "says", "by", "at", "until"), rows))


def _pins(tx: Connection, hub: Hub) -> list[dict[str, Any]]:
    standing = [one for one in decisions.pins_standing(tx, ENTITY) if one.until is None or hub.as_of < one.until]
    return [
        {
            "id": one.id, "kind": "pin", "record": str(one.ref), "says": {one.path: one.value},
            "by": one.by, "at": one.at.isoformat(), "until": one.until.isoformat() if one.until else None,
        }
        for one in standing
    ]  # fmt: skip


def _corrections(tx: Connection) -> list[dict[str, Any]]:
    links = decisions.corrections(tx, ENTITY)
    refs = {ref: link for link in links for ref in link.right if ref.system == STEWARD}
    heads = sources.heads(tx, ENTITY, {ref[:2] for ref in refs})
    return [
        _correction(ref, link, heads[ref[:2]].record.data)
        for ref, link in sorted(refs.items())
        if ref[:2] in heads and heads[ref[:2]].live
    ]


def _correction(ref: RecordRef, link: Decision, says: Data) -> dict[str, Any]:
    record, at = ", ".join(map(str, link.left)), link.at.isoformat()
    return {
        "id": str(ref), "kind": "correction", "record": record, "says": dict(values(says)),
        "by": link.by, "at": at, "until": None,
    }  # fmt: skip


def _short(says: dict[str, Any]) -> str:
    told_as = {path: value if isinstance(value, str) else orjson.dumps(value).decode() for path, value in says.items()}
    return "; ".join(f"{path} = {value}" for path, value in told_as.items())


@click.command("audit")
@click.option("--refused", is_flag=True, help="Only what was not allowed.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1))
@json_option
def audited(refused: bool, limit: int, as_json: bool) -> None:
    """Who merged, split, pinned and corrected, and who was not allowed to; the latest first."""
    with open_hub() as hub, hub.reading() as tx:
        found = audit.listed(tx, refused=refused, limit=limit)
    if as_json:
        emit_json({"attempts": [{name: getattr(one, name) for name in one.__slots__} for one in found]})
    elif not found:
        click.echo("Nobody has tried anything.")
    else:
        rows = [
            (f"{one.at:%Y-%m-%d %H:%M}", one.by, one.door, one.action, "done" if one.allowed else "refused", ", ".join(one.about))
            for one in found
        ]
        console().print(table("", ("at", "by", "door", "action", "", "about"), rows))


def _which(which: str) -> str | RecordRef:
    return as_ref(which) if ":" in which else which


def _value(hub: Hub, field: str, value: str | None, empty: bool) -> Any:
    if empty == (value is not None):
        raise click.UsageError("Give a VALUE, or --empty.")
    return None if value is None else as_value(hub, field, value)


def _tell(as_json: bool, what: dict[str, Any], said: str, outcome: Outcome) -> None:
    if as_json:
        emit_json({**what, "resolved": told(outcome)})
    else:
        click.echo(f"{said} {in_words(outcome)}.")


COMMANDS_OF_REVIEW = (same, not_same, corrected, taken_back, pinned, unpinned, corrections, audited)
