"""From a file to golden records and their events, over RabbitMQ and PostgreSQL.

A real connector reads a file with everybody in it twice; mapping, landing, RabbitMQ, resolver, commit, relay, and a subscriber
that hears each event. Beside it, in the same run and on the same servers, the same messages one record each, only consumed and
copied.
Then single records that a system pushes: as fast as they go through, at half of that with the time each takes until its event is
heard, and once more while a file loads. And the memory of every process when a tenth, half and all of the file were through,
which must be the same however long the file is. Servers are those of HUB_DATABASE_URL and HUB_BUS_URL (in a database and under
names of the run's own), or private ones.
"""

from __future__ import annotations

import platform
import signal
import sys
import tempfile
import time
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from statistics import quantiles
from typing import Any

from hub.app import Hub, open_hub
from hub.app.stages import ENTITY, nothing_waits
from hub.bench.pipeline import company
from hub.bench.pipeline.bare import consume_and_copy
from hub.bench.pipeline.ground import Ground, ground
from hub.bench.pipeline.outside import Listener, Pusher, forget
from hub.contract import Batch
from hub.errors import Unavailable
from hub.ingest import Landed, ingest
from hub.records import canonical_json, record_to_json
from hub.settings import from_environment
from hub.store import feeds, in_flight, outbox, raw

HELP = {
    "records": "How many records the file has.",
    "workers": "How many resolvers.",
    "live": "Single records that are pushed to see how fast they go through; 0 leaves this part out.",
    "seconds": "How long single records are timed at half of that.",
    "bulk": "How many records a file loads meanwhile; 0 leaves this part out.",
    "batch": "HUB_BATCH_SIZE.",
    "probes": "Single records a second while the file loads.",
}
_BARE = 30_000
_PATIENCE = 1800.0
_SLOWEST = 100  # records a second: who measures a million waits as long as it takes
_PUSHED = "app.people"


def run(
    records: int = 100_000,
    workers: int = 1,
    live: int = 3000,
    seconds: int = 20,
    bulk: int = 50_000,
    batch: int = 500,
    probes: int = 20,
) -> dict[str, Any]:
    """All parts, one after the other."""
    given = from_environment()
    signal.signal(signal.SIGTERM, lambda _number, _frame: sys.exit(143))  # and everything that was started is taken away
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory(prefix="goldenhub-bench-") as folder:
        home = Path(folder) / "home"
        with ground(home, given.database_url.reveal(), given.bus_url.reveal(), batch) as place:
            company.write(home, records)
            with open_hub(place.settings) as hub:
                hub.migrate()
                hub.agree()
                hub.bus.announce([])  # so that everything is declared before anybody listens
                listener = Listener(place.settings.bus_url.reveal(), place.settings.bus_prefix)
                with listener.listening(), place.crew(hub, "ingest,resolve,relay", f"resolve={workers}"):
                    figures |= _throughput(place, hub, listener, records)
                    if live:
                        figures |= _live(place, hub, listener, live, seconds)
                    if live and bulk:
                        figures |= _beside_bulk(place, hub, listener, bulk, probes)
                figures["bare_consume_and_copy_per_second"] = _bare(place, hub, min(records, _BARE))
                forget(place.settings.bus_url.reveal(), hub.bus)
                leakage = sum(balance["leakage"] for balance in hub.accounting().values())
            figures["leakage"] = leakage
            memory = place.told_memory()
    for name, sizes in memory.items():
        for when, size in sizes.items():
            figures[f"memory_{name}_{when}_mb"] = size
    rate = figures["records_per_second"]
    ratios = {"of_bare_consume_and_copy": rate / figures["bare_consume_and_copy_per_second"]}
    ratios |= {
        f"memory_{name}_all_to_tenth": sizes["at_100"] / sizes["at_10"]
        for name, sizes in memory.items()
        if {"at_10", "at_100"} <= sizes.keys()
    }
    return {"name": "pipeline", "figures": figures, "ratios": ratios, "versions": _versions()}


def _throughput(place: Ground, hub: Hub, listener: Listener, records: int) -> dict[str, Any]:
    """From the moment the connector begins to the last event heard."""
    before = place.spent()
    reader = place.start("reader", "ingest", "crm.people", "--no-work", "--json")
    read_at = 0.0
    until = time.monotonic() + _PATIENCE + records / _SLOWEST
    marks = [10, 50]
    while reader.poll() is None or not _through(hub, listener):
        while marks and _done(hub) * 100 >= marks[0] * records:
            place.mark(marks.pop(0))
        if reader.poll() is not None and not read_at:
            read_at = time.time()
            if reader.returncode:
                raise Unavailable(f"The reader ended: {place.last_words('reader')}", system="reader")
        if time.monotonic() > until:
            raise Unavailable("The records do not come through.", system="pipeline")
        time.sleep(0.1)
    for share in (*marks, 100):  # a stream may be so short that nobody looked in between
        place.mark(share)
    with hub.store.read() as tx:
        began = feeds.last_runs(tx, "crm.people", 1)[0].started_at.timestamp()
    took = listener.last - began
    spent = {name: seconds - before.get(name, 0.0) for name, seconds in place.spent().items()}
    return {f"processor_{name}_us_a_record": seconds / records * 1e6 for name, seconds in spent.items() if name != "work"} | {
        "records": records,
        "records_per_second": records / took,
        "read_and_landed_per_second": records / (read_at - began),
        "golden_events": listener.heard,
    }


def _done(hub: Hub) -> int:
    """How many records were worked on."""
    with hub.store.read() as tx:
        return feeds.counted(tx, ENTITY).get("arrived", 0) - in_flight.waiting(tx, ENTITY)


def _through(hub: Hub, listener: Listener) -> bool:
    if not nothing_waits(hub, announced=True):
        return False
    with hub.store.read() as tx:
        told = outbox.last(tx, ENTITY)
    return listener.reached >= told  # places of what was rolled back are missing: how many there were says nothing


def _live(place: Ground, hub: Hub, listener: Listener, number: int, seconds: int) -> dict[str, Any]:
    """How many single records go through, and how long each takes at half of that."""
    pusher = Pusher(listener.url, listener.prefix)
    landed, began = _landed(hub), time.time()
    pusher.push([company.person(one, "flood") | {"id": f"f{one}"} for one in range(number)], 0, listener)
    _wait_through(hub, listener, landed + number)
    listener.wanted.clear()  # that these come through was all that was asked
    most = number / (listener.last - began)
    count = int(most / 2 * seconds)
    took = _timed(hub, listener, pusher, [company.person(one, "half") | {"id": f"h{one}"} for one in range(count)], most / 2)
    return {"live_per_second": most, "live_half_load_per_second": most / 2} | _percentiles("live_half_load", took)


def _beside_bulk(place: Ground, hub: Hub, listener: Listener, records: int, rate: int) -> dict[str, Any]:
    """The same while a file loads. It takes the place of the first one, so that customers of before change once more: only the
    single records of now are timed.
    """
    company.write(place.settings.home, records, lane="bulk", seed="load")
    pusher = Pusher(listener.url, listener.prefix)
    began, landed = time.time(), _landed(hub)
    reader = place.start("loader", "ingest", "crm.people", "--no-work", "--json", "--accept")
    took: list[float] = []
    number = 0
    while reader.poll() is None or hub.bus.depth()["resolve"]["bulk"]:  # of the single ones, some are always on their way
        some = [company.person(one, "beside") | {"id": f"b{one}"} for one in range(number, number + rate)]
        number += rate
        took += _timed(hub, listener, pusher, some, rate, wait=False)
        if time.time() - began > _PATIENCE:
            raise Unavailable("The load does not end.", system="pipeline")
    loaded = time.time() - began
    _wait_through(hub, listener, landed + number)
    took += listener.took
    return {"bulk_per_second_beside_live": records / loaded} | _percentiles("live_beside_bulk", took)


def _timed(
    hub: Hub, listener: Listener, pusher: Pusher, records: list[dict[str, str]], rate: float, wait: bool = True
) -> list[float]:
    listener.looks, listener.took = True, listener.took if not wait else []
    landed = _landed(hub)
    pusher.push(records, rate, listener)
    if wait:
        _wait_through(hub, listener, landed + len(records))
    took, listener.took = listener.took, []
    return took


def _landed(hub: Hub) -> int:
    """How many single records landed so far."""
    with hub.store.read() as tx:
        return raw.sizes(tx).get(_PUSHED, (0, 0))[0]


def _wait_through(hub: Hub, listener: Listener, landed: int) -> None:
    """Until so many single records landed and everything is through."""
    until = time.monotonic() + _PATIENCE
    while _landed(hub) < landed or not _through(hub, listener):
        if time.monotonic() > until:
            raise Unavailable("The records do not come through.", system="pipeline")
        time.sleep(0.1)


def _percentiles(name: str, took: list[float]) -> dict[str, Any]:
    if len(took) < 2:
        return {f"{name}_timed": len(took)}
    cuts = quantiles(took, n=100)
    return {
        f"{name}_timed": len(took),
        f"{name}_p50_ms": cuts[49] * 1000,
        f"{name}_p99_ms": cuts[98] * 1000,
        f"{name}_worst_ms": max(took) * 1000,
    }


def _bare(place: Ground, hub: Hub, number: int) -> float:
    """The same messages as the hub publishes them, each alone."""
    company.write(place.settings.home, number)
    bodies: list[bytes] = []

    def keep(landed: Landed) -> None:
        bodies.extend(canonical_json(record_to_json(one)) for one in landed.records)

    feed = hub.landscape.feed("crm.people")
    connector = hub.connect(feed.system)
    read = connector.read(replace(feed.request, batch_size=place.settings.batch_size), None)
    ingest(hub.plan(feed), (one for one in read if isinstance(one, Batch)), run="bare", clock=hub.clock, land=keep)
    return consume_and_copy(place.settings.store_url, place.settings.bus_url.reveal(), place.settings.bus_prefix, bodies)


def _versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {
        name: version(name) for name in ("goldenhub", "pika", "psycopg", "sqlalchemy")
    }
