"""goldenhub work"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

import click
import orjson

from hub.app import open_hub
from hub.app.running import DELIVER, LANES, RELAY, STAGES
from hub.app.stages import nothing_waits
from hub.cli.show import json_option
from hub.errors import BadSettings, did_you_mean
from hub.worker import crew, read_stages, read_workers, run_worker


@click.command("work")
@click.option("--stages", default=",".join(STAGES), show_default=True, help="Which stages, by commas.")
@click.option("--workers", default="", help="How many processes of a stage: resolve=2,attach=1. Default: one of each.")
@click.option("--lanes", default=",".join(LANES), show_default=True, help="Which lanes these workers take, the first one first.")
@click.option("--once", is_flag=True, help="End as soon as nothing waits anywhere.")
@click.option("--post", hidden=True, default="", help="Be the one worker of this name, in this process.")
@json_option
def command(stages: str, workers: str, lanes: str, once: bool, post: str, as_json: bool) -> None:
    """Take what waits and do it, stage by stage, in processes of their own, until it is told to stop.

    Run as many as you like, on as many machines: golden records come out the same. SIGTERM or Ctrl-C ends the batches at hand
    and gives back the rest, within seconds; a worker that dies is started again, and one that needs a person first is not (exit
    code 3, at once when that goes for all). With --json, one object per line says what happens to each worker.
    """
    chosen, taken = read_stages(stages), _lanes(lanes)
    numbers = read_workers(workers)
    with open_hub() as hub:
        if post:
            run_worker(hub, post, chosen[0], taken)
            return
        hub.migrate()
        hub.agree()
        if not hub.settings.bus_url.reveal():
            chosen = [stage for stage in chosen if stage != RELAY]  # nobody listens: the change feed is read from the store
        if not hub.landscape.deliveries:
            chosen = [stage for stage in chosen if stage != DELIVER]
        ended = crew(hub, chosen, numbers, taken, _as_lines if as_json else _in_words)
        if once:
            ended.idle = lambda: nothing_waits(hub, announced=RELAY in chosen)
        sys.exit(ended.run())


def _lanes(text: str) -> list[str]:
    named = [name.strip() for name in text.split(",") if name.strip()]
    for name in named:
        if name not in LANES:
            raise BadSettings(f"There is no lane {name!r}{did_you_mean(name, LANES)}. Known: {', '.join(LANES)}.", name="--lanes")
    return named or list(LANES)


def _as_lines(told: Mapping[str, Any]) -> None:
    click.echo(orjson.dumps(dict(told)).decode())


def _in_words(told: Mapping[str, Any]) -> None:
    words = {
        "started": "started, process {pid}",
        "died": "died ({code}); starts again in {again} s",
        "cannot": "cannot work before a person changes what it says above; then start `goldenhub work` again",
        "stopping": "is told to stop",
        "ended": "ended",
    }[told["event"]]
    click.echo(f"{told['worker']}: {words.format(**told)}", err=True)
