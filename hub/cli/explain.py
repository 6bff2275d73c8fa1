"""goldenhub explain"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Connection

from hub.app import open_hub
from hub.app.explaining import built, pair, value
from hub.app.seeing import must_be_a_view
from hub.cli.files import Out
from hub.cli.reasons import value_lines
from hub.cli.records import as_ref, golden_of, told
from hub.cli.show import emit_json, json_option
from hub.cli.waterfall import in_terminal, write_chart
from hub.matching.features import STEWARD
from hub.records import RecordRef

_SHOWN = 12  # links of a golden record


@click.command("explain")
@click.argument("which", nargs=-1, required=True)
@click.option(
    "--value", "field", metavar="FIELD", help="Why this value of a golden record, and why not another: name.family, emails."
)
@click.option("--view", help="With --value: as this consumer sees it.")
@click.option("--chart", type=Out(), help="Of two records: draw the waterfall into this .svg or .html file.")
@json_option
def command(which: tuple[str, ...], field: str | None, view: str | None, chart: Path | None, as_json: bool) -> None:
    """Two records (`erp:7 shop:c-901`): the evidence between them, in bits. One record or golden id: how it was built, what
    holds it together, and what it would fall apart without.

    "Why not?" works for any two records, whether they ever met or not. Of golden ids the pair with the most bits is told.
    """
    if len(which) > 2:
        raise click.UsageError("Name one record, or two.")
    if chart and len(which) != 2:
        raise click.UsageError("A chart is drawn of two records; name two.")
    if (field and len(which) != 1) or (view and not field):
        raise click.UsageError("--value asks about one golden record, and --view about its value.")
    if len(which) == 2:
        story, lines = _pair(*which, chart)
    elif field:
        story, lines = _value(which[0], field, view)
    else:
        story, lines = _golden(which[0])
    if as_json:
        emit_json(story)
    else:
        click.echo("\n".join(lines))


Told = tuple[dict[str, Any], list[str]]


def _pair(left: str, right: str, chart: Path | None) -> Told:
    with open_hub() as hub, hub.reading() as tx:
        story = pair(hub, tx, _refs(tx, left), _refs(tx, right))
    if chart:
        write_chart(chart, f"{story['left']} and {story['right']}: {story['bits']:+.1f} bits", verdict(story), story)
    return story, pair_lines(story)


def _refs(tx: Connection, which: str) -> list[RecordRef]:
    """A record, or all of a golden record."""
    if ":" in which:
        return [as_ref(which)]
    return [ref for ref in golden_of(tx, which).members if ref.system != STEWARD]


def _value(which: str, field: str, view: str | None) -> Told:
    with open_hub() as hub:
        must_be_a_view(hub, view)
        with hub.reading() as tx:
            story = value(hub, tx, golden_of(tx, which), field, view)
    return story, list(value_lines(story))


def _golden(which: str) -> Told:
    with open_hub() as hub, hub.reading() as tx:
        golden = golden_of(tx, which)
        story = told(golden, golden.data) | built(hub, tx, golden)
    return story, [*story_lines(golden.id, story["story"]), *holding_lines(story)]


def pair_lines(story: dict[str, Any]) -> list[str]:
    """The waterfall of one pair, and what follows from it."""
    return [
        f"{story['left']} and {story['right']}: {story['bits']:+.1f} bits; {verdict(story)}",
        *([f"  of {story['pairs']} pairs the one with the most bits"] if story["pairs"] > 1 else []),
        *(f"  {line}" for line in in_terminal(story)),
        f"  they meet on {story['shared_keys']} blocking keys"
        + ("" if story["shared_keys"] else ": nobody would have compared them"),
        *(f"  {ref} is gone: its system deleted it, or merged it away" for ref in story["gone"]),
        *(f"  {one['by']} decided {one['verdict'].replace('_', ' ')}: {one['why']}" for one in story["decisions"]),
        *(f"  open as task {one['id']} ({one['kind'].replace('_', ' ')}): {one['reason']}" for one in story["tasks"]),
    ]


def verdict(story: dict[str, Any]) -> str:
    """In words: what the evidence alone says, and what holds."""
    if story["veto"]:
        said = f"a hard rule says no ({story['veto']})"
    elif story["match"]:
        said = f"a hard rule says yes ({story['match']})"
    elif story["bits"] >= story["match_bits"]:
        said = f"a match, from {story['match_bits']:g} bits"
    elif story["bits"] >= story["review_bits"]:
        said = f"for a person to say, from {story['review_bits']:g} to {story['match_bits']:g} bits"
    else:
        said = f"no match, below {story['review_bits']:g} bits"
    return said + ("; today one customer" if story["together"] else "; today two customers")


def story_lines(golden_id: str, steps: list[dict[str, Any]]) -> list[str]:
    """How a golden record came to be, step by step."""
    lines = [f"{golden_id}, in {len(steps)} steps:"]
    before: set[str] = set()
    for step in steps:
        lines.append(
            f"  {step['version']:>3}  {step['at'][:19].replace('T', ' ')}  {step['kind']}: {_why(step.get('why') or {})}"
        )
        if step.get("moved"):
            moved = ", ".join(f"{one['system']}:{one['key']}" for one in step["moved"])
            lines.append(f"       moved: {moved}")
        members = {f"{one['system']}:{one['key']}" for one in step.get("members") or ()}
        for word, who in (("joined", members - before), ("left", before - members)):
            if who and before:
                lines.append(f"       {word}: {', '.join(sorted(who))}")
        before = members
        if step.get("changed"):
            lines.append(f"       changed: {', '.join(step['changed'])}")
    return lines


def holding_lines(story: dict[str, Any]) -> Iterator[str]:
    """The links of a golden record, the weakest of them, and what it would fall apart without."""
    links, weakest = story["links"], story["weakest"]
    if links:
        yield "held together by:"
    for link in links[:_SHOWN]:
        yield f"  {_link(link)}"
    if len(links) > _SHOWN:
        yield f"  and {len(links) - _SHOWN} weaker ones"
    if weakest is not None:
        few, many = sorted(weakest["between"], key=len)
        yield f"weakest link: {_link(weakest)}"
        yield f"  the mean between {', '.join(few)} and {_listed(many)} is {weakest['mean']:+.1f} bits; they part at 0"
    for loss in story["falls_apart_without"]:
        into = " | ".join(_listed(part) for part in loss["into"])
        yield f"falls apart without {loss['record'] or 'decision ' + loss['decision']}: {into}"
    if weakest is not None and story["tried"] and not story["falls_apart_without"]:
        yield "no single record or decision holds it together alone"
    if not story["tried"]:
        yield "too many records hang together to try out what it would fall apart without"


def _link(link: dict[str, Any]) -> str:
    how = f"decision {link['decision']}" if link["decision"] else link["match"]
    return f"{link['bits']:+7.1f} bits  {link['left']} and {link['right']}" + (f"  ({how})" if how else "")


def _listed(refs: list[str]) -> str:
    return ", ".join(refs) if len(refs) <= 5 else f"{', '.join(refs[:4])} and {len(refs) - 4} more"


def _why(why: dict[str, Any]) -> str:
    if why.get("kind") == "match" or "pair" in why:
        pair = " and ".join(f"{one[0]}:{one[1]}" for one in why.get("pair", ()))
        bits = why.get("bits")
        return f"{pair} match" + (f" with {bits:.1f} bits" if isinstance(bits, float) else "")
    facts = ", ".join(f"{name} {value}" for name, value in why.items() if name not in ("kind", "records"))
    return f"{why.get('kind', 'a change')}" + (f" ({facts})" if facts else "")
