"""What a person wants to see after the demo, in one screen and a half. The figures are those of ``--json``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

FORMATS = {
    "erp": "SQL database, three tables",
    "billing": "JSON over HTTP, pages",
    "shop": "JSON Lines, three exports",
    "mail": "Maildir, MIME mails",
    "legacy": "dBASE, code page 850",
    "host": "EBCDIC, packed decimals",
}
Figures = Mapping[str, Any]


def show(figures: Figures, console: Console) -> None:
    """The whole report."""
    if figures["again"] and not figures["changed"]:
        _nothing_new(figures, console)
        return
    _headline(figures, console)
    _systems(figures, console)
    _rejects(figures, console)
    _changes(figures, console)
    _result(figures, console)
    _written_back(figures, console)
    _quality(figures, console)
    _merge(figures.get("merge"), console)
    _near_miss(figures.get("near_miss"), console)
    _next(figures, console)


def _nothing_new(figures: Figures, console: Console) -> None:
    console.print(f"[bold]{figures['company']}[/]: read everything again, {_n(figures['read'])} changes found.")
    console.print(
        f"Nothing changed: {_n(figures['golden']['total'])} golden records as before, "
        f"{_n(figures['review']['open'])} pairs wait for a person. {_accounted(figures)}"
    )
    _next(figures, console)


def _headline(figures: Figures, console: Console) -> None:
    made = figures["made"]
    what = "what changed since" if figures["again"] else "invented people only"
    console.print(
        f"[bold]{figures['company']}[/], {figures['day']}: {_n(made['customers'])} real customers in five systems "
        f"(seed {made['seed']}, {what}), in {escape(figures['home'])}"
    )


def _systems(figures: Figures, console: Console) -> None:
    table = _table("Read", "system", "format", "read", "arrived", "set aside", "filtered", right=(2, 3, 4, 5))
    for system, row in figures["systems"].items():
        table.add_row(
            system, FORMATS.get(system, ""), _n(row["read"]), _n(row["arrived"]), _some(row["rejected"]), _some(row["filtered"])
        )
    _print(table, console)


def _rejects(figures: Figures, console: Console) -> None:
    if not any(row["rejected"] for row in figures["systems"].values()):
        return
    table = _table("Set aside, with the reason", "times", "feed", "code", "reason", right=(0,))
    for row in figures["rejected"]:
        table.add_row(_n(row["count"]), row["feed"], row["code"], escape(row["reason"]))
    _print(table, console)
    planted = figures["planted"]
    console.print(f"  {planted['found']} of the {planted['broken']} pieces broken on purpose were found; the rest went on.")


def _changes(figures: Figures, console: Console) -> None:
    """On a later day: what became of golden records."""
    if figures["again"]:
        told = ", ".join(f"{kind} {_n(count)}" for kind, count in figures["announced"].items())
        console.print(f"\n[bold]What changed[/]: {_n(figures['changed'])} golden records; announced: {told}.")


def _result(figures: Figures, console: Console) -> None:
    golden, states = figures["golden"], figures["states"]
    contacts = figures["contacts"]
    console.print(Text("\nResult", style="bold"))
    console.print(
        f"  {_n(golden['members'])} customer records -> [bold]{_n(golden['total'])} golden records[/] "
        f"({_n(golden['persons'])} persons, {_n(golden['organizations'])} companies); "
        f"{_n(golden['merged'])} of them stand on several records, {_n(golden['systems_4'])} on four systems or more."
    )
    console.print(
        f"  {_n(figures['review']['open'])} pairs wait for a person. Of {_n(contacts['total'])} orders, bills, mails and forms "
        f"{_n(contacts['attached'])} found a customer ({_n(contacts['right'])} the right one), {_n(contacts['waiting'])} wait."
    )
    for why, count in contacts["waiting_why"].items():
        console.print(f"    {_n(count)} wait: {why}", markup=False)
    told = " + ".join(f"{name} {_n(count)}" for name, count in states.items() if count)
    console.print(f"  Arrived {_n(figures['arrived'])} = {told}. {_accounted(figures)}")


def _written_back(figures: Figures, console: Console) -> None:
    """What the systems were told, and that it did not come back as their own word."""
    back = figures.get("written_back") or {}
    if not back.get("written"):
        return
    refused = f", {_n(back['refused'])} refused" if back["refused"] else ""
    console.print(
        f"  Written back into {', '.join(back['systems'])}: {_n(back['written'])} records{refused}. Read again: "
        f"{_n(back['echoes'])} echoes of the hub's own words, {_n(back['changed'])} golden records changed by them."
    )


def _accounted(figures: Figures) -> str:
    return "Everything is accounted for." if figures["accounted"] else "[bold red]Not everything is accounted for.[/]"


def _quality(figures: Figures, console: Console) -> None:
    quality = figures.get("quality")
    if not quality:
        return
    table = _table("Measured against the truth", "", "precision", "recall", "F1", right=(1, 2, 3))
    for name, title in (("pairwise", "pairs of records"), ("bcubed", "the average record (B-cubed)")):
        share = quality[name]
        table.add_row(title, *(f"{share[part]:.3f}" for part in ("precision", "recall", "f1")))
    _print(table, console)
    console.print(
        f"  {_n(quality['customers_exactly_right'])} of {_n(quality['customers'])} customers have one golden record, their own; "
        f"{_n(quality['customers_in_pieces'])} are in pieces, {_n(quality['golden_about_several'])} golden records mix people up."
    )
    told = (
        f"{story} {row['wrongly_merged']} of {row['groups']}" for story, row in quality["lookalikes"].items() if row["groups"]
    )
    console.print(f"  Lookalikes taken for one: {', '.join(told)}.")


def _merge(merge: Figures | None, console: Console) -> None:
    if not merge:
        return
    _print(_records(f"A merge explained: {merge['name']}", merge["records"]), console)
    values = ", ".join(f"{field} from {source}" for field, source in merge["sources"].items())
    console.print(f"  Golden values: {values}.", markup=False)
    _evidence(merge, console)


def _near_miss(miss: Figures | None, console: Console) -> None:
    if not miss:
        return
    _print(_records(f"A near miss: {miss['told']}", miss["records"]), console)
    _evidence(miss, console)


def _evidence(pair: Figures, console: Console) -> None:
    console.print(f"  Why ({pair['pair'][0]} and {pair['pair'][1]}: {pair['bits']:.1f} bits):")
    for line in pair["why"]:
        console.print(f"    {line}", markup=False)


def _records(title: str, rows: Iterable[Figures]) -> Table:
    table = _table(title, "record", "name", "born", "email", "phone", "address")
    for row in rows:
        table.add_row(*(escape(str(row.get(column) or "")) for column in ("record", "name", "born", "email", "phone", "address")))
    for column, width in zip(table.columns, (20, 14, 10, 16, 13, 16), strict=True):
        column.no_wrap, column.overflow, column.min_width = True, "ellipsis", width
    return table


def _next(figures: Figures, console: Console) -> None:
    console.print(Text("\nWhat to try next", style="bold"))
    for command, why in figures["next"]:
        console.print(f"  [dim]# {why}[/]\n  [cyan]{escape(command)}[/]", soft_wrap=True)


def _table(title: str, *columns: str, right: Sequence[int] = ()) -> Table:
    table = Table(title=f"\n{title}", title_justify="left", title_style="bold", box=None, pad_edge=False, header_style="dim")
    for at, column in enumerate(columns):
        table.add_column(column, justify="right" if at in right else "left", overflow="fold")
    return table


def _print(table: Table, console: Console) -> None:
    title, table.title = table.title, None
    console.print(Text(str(title), style="bold"))
    console.print(Padding(table, (0, 0, 0, 2)))


def _some(number: int) -> str:
    return _n(number) if number else ""


def _n(number: int) -> str:
    return f"{number:,}"
