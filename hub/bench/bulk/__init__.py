"""From stored features to golden records committed in PostgreSQL, for a whole population, beside Splink in the same run.

A made-up population lands in a database of its own. Then it is trained on (what comes of it is a proposal, as in a hub, and not
used), matched under the shipped weights, clustered, survived and committed, and Splink trains, predicts and clusters the same
rows. Splink makes no golden records and keeps nothing; its time is the measure.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import psycopg

from hub.bench.bulk.people import Row, canonical, rows
from hub.bench.peers import installed
from hub.errors import BadSettings, Unavailable
from hub.model import load_model
from hub.records import Operation, RecordRef, SourceRecord

LOCAL = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
HELP = {
    "records": "How many source records.",
    "workers": "Processes that work on them.",
    "memory": "What joins may hold in memory.",
    "url": "A PostgreSQL server on which a database may be made. Default: the one on this machine.",
    "seed": "Of the population.",
    "peer": "Whether Splink runs, too: yes or no.",
}
_LANDED = 5_000
_LOOKS = 0.5
_AT = datetime(2026, 1, 1, tzinfo=UTC)


def run(
    records: int = 100_000, workers: int = 2, memory: str = "2GB", url: str = "", seed: int = 1, peer: str = "yes"
) -> dict[str, Any]:
    """Seconds of every step, the peak of memory, and the ratio to Splink; where that fails, why."""
    try:
        from hub.app.bulk import adopt_in_bulk, training_of
    except ImportError as absent:
        raise BadSettings("This bench needs the extra `batch`: pip install 'goldenhub[batch]'.", name="batch") from absent
    from hub.resolve import Resolver, read_rules
    from hub.store.migrating import migrate
    from hub.store.store import open_store

    model = load_model()
    raw, weights = model.rules("customer", "matching"), orjson.loads((model.folder("customer") / "model.json").read_bytes())
    resolver = Resolver(read_rules("customer", raw, weights, model.rules("customer", "survivorship")))
    with tempfile.TemporaryDirectory(prefix="goldenhub-bench-") as folder, _database(url or LOCAL) as own:
        table = Path(folder) / "people.csv"
        store = open_store(own)
        try:
            migrate(store)
            began = time.perf_counter()
            truth = _land(store, resolver, rows(records, seed), table)
            landed = time.perf_counter() - began
            with _peak() as memory_mb:
                bulk = adopt_in_bulk(
                    store, resolver, date(2026, 6, 1), workers=workers, memory=memory,
                    train=lambda held: training_of(held, raw, weights, workers),
                )  # fmt: skip
                bulk.seconds["match"] -= bulk.seconds["train"]
            figures: dict[str, Any] = {"records": records, "customers": truth, "landing_s": round(landed, 1)}
            figures |= {f"{name}_s": round(seconds, 1) for name, seconds in bulk.seconds.items()}
            figures["features_to_committed_s"] = round(sum(s for n, s in bulk.seconds.items() if n != "features"), 1)
            figures |= {"candidates": bulk.outcome.compared, "golden_records": bulk.outcome.announced.get("created", 0)}
            figures |= {"tasks": bulk.outcome.tasks_opened, "peak_mb": round(max(memory_mb))}
            figures |= _accuracy(own, table)
        finally:
            store.close()
        theirs = _splink(table) if peer == "yes" and installed("splink") else {}
    return _told(figures, theirs)


def _told(figures: dict[str, Any], theirs: dict[str, Any]) -> dict[str, Any]:
    ratios = {}
    figures |= {f"splink_{name}": value for name, value in theirs.items()}
    if "train_predict_cluster_s" in theirs:
        ratios["features_to_committed_to_splink"] = round(
            figures["features_to_committed_s"] / theirs["train_predict_cluster_s"], 2
        )
        ratios["match_to_splink"] = round(figures["match_s"] / theirs["train_predict_cluster_s"], 2)
    names = ("goldenhub", "splink", "duckdb", "psycopg")
    told = {"python": platform.python_version(), **{name: version(name) for name in names if installed(name)}}
    return {"name": "bulk", "figures": figures, "ratios": ratios, "versions": told}


def _land(store: Any, resolver: Any, population: Iterator[Row], table: Path) -> int:
    """Records into the store, and the same rows into a table for the peer; how many customers they are."""
    from hub.resolve.bulk import land

    truth = 0
    some: list[SourceRecord] = []
    with table.open("w", encoding="utf-8") as file:
        file.write(",".join(("record_id", *Row._fields[2:])) + "\n")
        for row in population:
            truth = row.truth
            file.write(",".join((f"{row.system}:{row.key}", str(row.truth), *row[3:])) + "\n")
            ref = RecordRef(row.system, row.key)
            some.append(SourceRecord("customer", ref, Operation.UPSERT, canonical(row), _AT, f"m{row.key}", updated_at=_AT))
            if len(some) >= _LANDED:
                _put(store, resolver, some, land)
    _put(store, resolver, some, land)
    return truth


def _put(store: Any, resolver: Any, some: list[SourceRecord], land: Any) -> None:
    if some:
        with store.begin() as tx:
            land(tx, resolver, some)
    some.clear()


def _accuracy(url: str, table: Path) -> dict[str, float]:
    """Pairs of records said to be one customer, against who they are."""
    from hub.bench.accuracy.scoring import read_clusters, score_clusters

    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        found = connection.execute("SELECT system || ':' || key, golden_id FROM records").fetchall()
    rates = score_clusters(dict(found), read_clusters(table)).pairs
    return {"precision": round(rates.precision, 4), "recall": round(rates.recall, 4)}


def _splink(table: Path) -> dict[str, Any]:
    """In a process of its own, so that its memory is its own, too. Of few records it learns too little and gives up: its last
    words, then."""
    command = [sys.executable, "-m", "hub.bench.bulk.peer", str(table)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - ourselves
    if done.returncode:
        return {"failed": next(filter(None, reversed(done.stderr.splitlines())), f"exit code {done.returncode}")}
    found: dict[str, Any] = orjson.loads(done.stdout.splitlines()[-1])
    return found


@contextmanager
def _database(url: str) -> Iterator[str]:
    name = f"goldenhub_bench_{uuid4().hex[:8]}"
    server = url.replace("+psycopg", "")
    try:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
    except psycopg.OperationalError as error:
        raise Unavailable(
            "No PostgreSQL answers; start one (goldenhub services up), or name one with --url.", system="store"
        ) from error
    try:
        yield f"{url.rpartition('/')[0]}/{name}"
    finally:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@contextmanager
def _peak() -> Iterator[list[float]]:
    """MB that this process and all it started hold together (proportional shares), looked at again and again."""
    seen, over = [0.0], threading.Event()

    def look() -> None:
        while not over.wait(_LOOKS):
            seen.append(sum(map(_held, _family(os.getpid()))))

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield seen
    finally:
        over.set()
        watcher.join()


def _family(pid: int) -> list[int]:
    """A process and everything below it."""
    found, waiting = [], [pid]
    while waiting:
        one = waiting.pop()
        found.append(one)
        for path in Path(f"/proc/{one}/task").glob("*/children"):
            try:
                waiting += map(int, path.read_text().split())
            except OSError:
                continue
    return found


def _held(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0.0
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
