"""goldenhub deliveries"""

from __future__ import annotations

import click

from hub.app import open_hub
from hub.cli.show import console, emit_json, json_option, table
from hub.store import deliveries
from hub.store.deliveries import DONE, PARKED, WAITING, Due, Receipt

_STATES = (DONE, WAITING, PARKED)


@click.command("deliveries")
@click.option("--delivery", help="Only this one.")
@click.option("--golden", help="What was attempted for the golden record with this id.")
@click.option("--state", type=click.Choice(_STATES), default=PARKED, show_default=True, help="Which ones are listed.")
@click.option("--retry", is_flag=True, help="Let what is parked wait again; `goldenhub deliver` writes it, as it is by then.")
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1))
@json_option
def command(delivery: str | None, golden: str | None, state: str, retry: bool, limit: int, as_json: bool) -> None:
    """What was written back to systems, what waits, and what was parked with the system's answer."""
    with open_hub() as hub:
        if delivery is not None:
            hub.landscape.delivery(delivery)
        hub.stand()
        if golden is not None:
            with hub.reading() as tx:
                _receipts(deliveries.receipts(tx, golden), as_json)
            return
        if retry:
            with hub.store.begin() as tx:
                again = deliveries.retry(tx, delivery, hub.clock())
            if as_json:
                emit_json({"waiting": again})
            else:
                click.echo(f"{again} wait again. Write them: goldenhub deliver")
            return
        with hub.reading() as tx:
            counted, found = deliveries.count(tx), deliveries.listed(tx, state, delivery, limit)
        names = dict.fromkeys([*hub.landscape.deliveries, *counted])
    _show({name: counted.get(name, {}) for name in names if delivery in (None, name)}, found, state, as_json)


def _show(counted: dict[str, dict[str, int]], found: list[Due], state: str, as_json: bool) -> None:
    if as_json:
        emit_json({"deliveries": counted, state: [_told(one) for one in found]})
        return
    if not counted:
        click.echo("The landscape has no deliveries; see docs/exchange.md.")
        return
    rows = [(name, *(states.get(one, 0) for one in _STATES)) for name, states in counted.items()]
    console().print(table("", ("delivery", *_STATES), rows, right=_STATES))
    if found:
        listed = [(one.delivery, one.golden_id, one.version, one.attempts, one.answer) for one in found]
        click.echo()
        console().print(table(state, ("delivery", "golden record", "version", "attempts", "answer"), listed))
        if state == PARKED:
            click.echo("\nWhen the cause is gone: goldenhub deliveries --retry")


def _receipts(found: list[Receipt], as_json: bool) -> None:
    if as_json:
        emit_json({"receipts": [one._asdict() for one in found]})
    elif not found:
        click.echo("Nothing was attempted for this golden record.")
    else:
        rows = [
            (f"{one.at:%Y-%m-%d %H:%M:%S}", one.delivery, one.version, one.key, one.state, ", ".join(one.columns), one.answer)
            for one in found
        ]
        console().print(table("", ("at", "delivery", "version", "key", "", "columns", "answer"), rows))


def _told(one: Due) -> dict[str, object]:
    return {name: getattr(one, name) for name in Due.__slots__ if name != "outbox_id"}
