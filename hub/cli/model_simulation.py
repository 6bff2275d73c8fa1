"""What `goldenhub model simulate` tells a person."""

from __future__ import annotations

from typing import Any

import click

from hub.app.modelling.changes import Group
from hub.app.modelling.simulating import Simulation
from hub.cli.show import console, table

_WORDS = {"merge": "merge", "split": "split", "regroup": "change hands"}
_LONGEST = 100


def show_simulation(found: Simulation, sample: int, *, values: bool) -> None:
    """Numbers, causes and examples."""
    numbers = found.numbers()
    before, after = numbers["golden_records"].values()
    click.echo(
        f"Version {found.model[:12]} instead of {found.against[:12]}: {found.records:,} records would be {after:,} customers, "
        f"and are {before:,}."
    )
    console().print(table("", ("", " "), [line for line in _lines(numbers) if line[0] != "0"], right=("",)))
    if found.causes:
        rows = [(cause, kinds["merge"], kinds["split"], kinds["regroup"]) for cause, kinds in found.causes.items()]
        console().print(table("By cause", ("cause", *_WORDS.values()), rows, right=tuple(_WORDS.values())))
    for group in found.examples(sample):
        click.echo("\n" + "\n".join(_example(group, found, values)))
    click.echo()


def _lines(numbers: dict[str, Any]) -> list[tuple[str, str]]:
    customers, ids, tasks = numbers["customers"], numbers["ids"], numbers["tasks"]
    told = [
        (customers["merge"], "times several customers would become one"),
        (customers["split"], "times one customer would become several"),
        (customers["regroup"], "times records would change hands between customers"),
        (ids["retired"], "ids would retire and lead to another"),
        (ids["new"], "ids would be new"),
        (ids["reinstated"], "ids would come back"),
        (numbers["records_under_another_id"], "records would stand under another id"),
        (numbers["values"], "customers who keep their id would have other values"),
        (tasks["opened"], "review tasks would open"),
        (tasks["closed"], "review tasks would close"),
        (tasks["changed"], "review tasks would ask something else"),
    ]
    return [(f"{number:,}", words) for number, words in told]


def _example(group: Group, found: Simulation, values: bool) -> list[str]:
    lines = [f"{group.kind}, by {group.cause}"]
    lines += [f"  is    {golden}: {', '.join(map(str, members))}" for golden, members in group.before.items()]
    lines += [f"  would {golden}: {', '.join(map(str, members))}" for golden, members in group.after.items()]
    if group.pair and group.bits:
        shifts = ", ".join(f"{shift.cause} {shift.bits / 1000:+.1f}" for shift in group.shifts[:4])
        one, other = group.pair
        was, now = (bits / 1000 for bits in group.bits)
        lines.append(f"  {one} and {other}: {was:+.1f} bits, would be {now:+.1f} ({shifts or 'the same'})")
    if values:
        for golden, changed in values_of(found, group).items():
            lines += [f"  {golden} {name}: {_short(old)} -> {_short(new)}" for name, (old, new) in changed.items()]
    return lines


def values_of(found: Simulation, group: Group) -> dict[str, dict[str, list[Any]]]:
    """By golden id, the fields that change: [before, after]."""
    ids = group.before.keys() | group.after.keys()
    return {one.id: one.values for one in found.golden if one.id in ids and one.values}


def _short(value: Any) -> str:
    text = "nothing" if value is None else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
