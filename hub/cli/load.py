"""goldenhub load"""

from __future__ import annotations

from types import ModuleType

import click

from hub.app import open_hub
from hub.app.files import SPARK
from hub.cli.ingest import show_reports
from hub.cli.match import engine_options, sized
from hub.cli.show import json_option, progress
from hub.errors import Misconfigured


@click.command("load")
@click.argument("feeds", nargs=-1)
@click.option("--accept", is_flag=True, help="Go on with a feed that waits for a person, for instance after many deletions.")
@click.option("--workers", default=2, show_default=True, type=click.IntRange(1), help="Processes.")
@click.option(
    "--memory", default="2GB", show_default=True, callback=sized, help="What joins may hold in memory; the rest spills."
)
@engine_options
@json_option
def command(
    feeds: tuple[str, ...], accept: bool, workers: int, memory: str, engine: str, spark_master: str, as_json: bool
) -> None:
    """Read FEEDS (all, when none is named) and resolve everything at once: for a first load, and for very many records.

    Golden records come out as if `ingest` had resolved them one by one. Until it is done nobody else resolves; a load that was
    killed goes on when it is called again.
    """
    with open_hub() as hub, progress(as_json) as tell:
        hub.own_landscape()
        hub.migrate()
        reports, outcome = bulk_part().load(
            hub, feeds, workers=workers, memory=memory, spark=spark_master if engine == SPARK else None, accept=accept, tell=tell
        )
    show_reports(reports, outcome, as_json)


def bulk_part() -> ModuleType:
    """What needs an extra, loaded when it is asked for."""
    try:
        from hub.app import loading
    except ImportError as absent:
        raise Misconfigured("Bulk work needs the extra `batch`: pip install 'goldenhub[batch]'.") from absent
    return loading
