"""goldenhub explain"""

from __future__ import annotations

from typing import Any

import click

from hub.app import open_hub
from hub.cli.records import ENTITY, as_ref, golden_of, told
from hub.cli.show import emit_json, json_option
from hub.store import goldens, sources


@click.command("explain")
@click.argument("which", nargs=-1, required=True)
@json_option
def command(which: tuple[str, ...], as_json: bool) -> None:
    """Two records (`erp:7 shop:c-901`): the evidence between them, in bits. One record or golden id: how it was built.

    "Why not?" works for any two records, whether they ever met or not.
    """
    if len(which) > 2:
        raise click.UsageError("Name one record, or two.")
    with open_hub() as hub, hub.reading() as tx:
        if len(which) == 2:
            left, right = (as_ref(text) for text in which)
            story = hub.resolver.explain(tx, (left.system, left.key), (right.system, right.key))
            heads = sources.heads(tx, ENTITY, [left[:2], right[:2]])
            story["gone"] = [str(head.ref) for head in heads.values() if not head.live]
            lines = pair_lines(story, *which)
        else:
            golden = golden_of(tx, which[0])
            steps = goldens.story(tx, golden.id)
            story = told(golden, golden.data) | {
                "story": [{"version": s.version, "kind": s.kind, "at": s.at, **s.data} for s in steps]
            }
            lines = story_lines(golden.id, steps)
    if as_json:
        emit_json(story)
    else:
        click.echo("\n".join(lines))


def pair_lines(story: dict[str, Any], left: str, right: str) -> list[str]:
    """The waterfall of one pair, and what follows from it."""
    return [
        f"{left} and {right}: {story['bits']:+.1f} bits; {verdict(story)}",
        *(f"  {line}" for line in story["waterfall"]),
        f"  they meet on {story['shared_keys']} blocking keys"
        + ("" if story["shared_keys"] else ": nobody would have compared them"),
        *(f"  {ref} is gone: its system deleted it, or merged it away" for ref in story["gone"]),
        *(f"  {one['by']} decided {one['verdict'].replace('_', ' ')}: {one['why']}" for one in story["decisions"]),
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


def story_lines(golden_id: str, steps: list[goldens.Announcement]) -> list[str]:
    """How a golden record came to be, step by step."""
    lines = [f"{golden_id}, in {len(steps)} steps:"]
    before: set[str] = set()
    for step in steps:
        why = step.data.get("why") or {}
        lines.append(f"  {step.version:>3}  {step.at:%Y-%m-%d %H:%M:%S}  {step.kind}: {_why(why)}")
        if step.data.get("moved"):
            moved = ", ".join(f"{one['system']}:{one['key']}" for one in step.data["moved"])
            lines.append(f"       moved: {moved}")
        members = {f"{one['system']}:{one['key']}" for one in step.data.get("members") or ()}
        for word, who in (("joined", members - before), ("left", before - members)):
            if who and before:
                lines.append(f"       {word}: {', '.join(sorted(who))}")
        before = members
        if step.data.get("changed"):
            lines.append(f"       changed: {', '.join(step.data['changed'])}")
    return lines


def _why(why: dict[str, Any]) -> str:
    if why.get("kind") == "match" or "pair" in why:
        pair = " and ".join(f"{one[0]}:{one[1]}" for one in why.get("pair", ()))
        bits = why.get("bits")
        return f"{pair} match" + (f" with {bits:.1f} bits" if isinstance(bits, float) else "")
    facts = ", ".join(f"{name} {value}" for name, value in why.items() if name not in ("kind", "records"))
    return f"{why.get('kind', 'a change')}" + (f" ({facts})" if facts else "")
