"""One more record, and micro-batches of 200, with so many records held: what it costs, and how that grows.

Each size is a PostgreSQL database of its own, filled in bulk with made-up customers. Then records that are not held yet, of the
same population, are resolved one by one, each beside the bare candidate query for the same keys with a row written and
committed. Splink, where it is installed, scores the same records against the same population with its own blocking.
"""

from __future__ import annotations

import platform
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from importlib.metadata import version
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from hub.app import Hub, open_hub
from hub.bench.resolve.bare import Bare
from hub.bench.resolve.population import analyze, database, fill, known_people
from hub.bench.resolve.rival import Rival, rival_version
from hub.contract import Secret
from hub.records import SourceRecord
from hub.settings import Settings, from_environment

HELP = {
    "held": "How many records are held; name it again for a further size.",
    "singles": "How many records are resolved one by one.",
    "batches": "How many micro-batches of 200 are resolved.",
    "rivals": "How many of the single records Splink scores, too; 0 leaves it out.",
    "url": "The database server. Default: HUB_DATABASE_URL, or PostgreSQL on this machine.",
}
_LOCAL = "postgresql+psycopg://postgres@127.0.0.1:5432/postgres"
_BATCH, _WARM = 200, 200


def run(
    held: tuple[int, ...] = (10_000, 100_000), singles: int = 300, batches: int = 10, rivals: int = 10, url: str = ""
) -> dict[str, Any]:
    """Every size after the other, the smallest first."""
    server = url or from_environment().database_url.reveal() or _LOCAL
    figures: dict[str, Any] = {}
    ratios: dict[str, float] = {}
    sizes = sorted(set(held))
    for size in sizes:
        found = _size(server, size, singles, batches, rivals)
        figures |= {f"{name}_at_{size}": value for name, value in found.items()}
        ratios[f"single_to_bare_at_{size}"] = found["single_ms"] / found["bare_ms"]
        if "splink_ms" in found:
            ratios[f"splink_to_single_at_{size}"] = found["splink_ms"] / found["single_ms"]
    for size in sizes[1:]:
        ratios[f"single_at_{size}_to_{sizes[0]}"] = figures[f"single_ms_at_{size}"] / figures[f"single_ms_at_{sizes[0]}"]
        ratios[f"batched_at_{size}_to_{sizes[0]}"] = figures[f"batched_us_at_{size}"] / figures[f"batched_us_at_{sizes[0]}"]
    return {"name": "resolve", "figures": figures, "ratios": ratios, "versions": _versions()}


def _size(server: str, size: int, singles: int, batches: int, rivals: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="goldenhub-bench-") as home, database(server) as place:
        settings = Settings(home=Path(home), database_url=Secret(place), as_of="2026-06-01")
        with open_hub(settings) as hub:
            hub.migrate()
            hub.agree()
            number = _WARM + singles + batches * _BATCH
            began = time.perf_counter()
            new = fill(hub, size, number)
            analyze(hub.store)
            figures: dict[str, Any] = {"filled_s": time.perf_counter() - began}
            for record in new[:_WARM]:
                _resolved(hub, record)
            alone = new[_WARM : _WARM + singles]
            figures |= _singles(hub, alone) | _batches(hub, new[_WARM + singles :])
            if rivals and rival_version():
                figures |= _rival(known_people(size, number), alone[:rivals])
            return figures


def _resolved(hub: Hub, record: SourceRecord) -> int:
    """With how many it was compared."""
    with hub.store.begin(quick=True) as tx:  # as a worker does
        return hub.resolver.resolve(tx, [record], hub.as_of).compared


def _timed(took: list[float], step: Callable[[], int]) -> int:
    began = time.perf_counter()
    number = step()
    took.append(time.perf_counter() - began)
    return number


def _singles(hub: Hub, records: Sequence[SourceRecord]) -> dict[str, Any]:
    """Ours and the bare query take turns, so that whatever slows the machine slows both."""
    took: list[float] = []
    plain: list[float] = []
    compared = found = 0
    with Bare(hub.store) as bare:
        for place, record in enumerate(records):
            keys = hub.resolver.weigher.node_of(record).blocking_keys
            if place % 2:
                found += _timed(plain, partial(bare, record, keys))
            compared += _timed(took, partial(_resolved, hub, record))
            if not place % 2:
                found += _timed(plain, partial(bare, record, keys))
    number = max(1, len(records))
    return {
        "single_ms": median(took) * 1000,
        "single_p99_ms": quantiles(took, n=100)[98] * 1000,
        "bare_ms": median(plain) * 1000,
        "bare_p99_ms": quantiles(plain, n=100)[98] * 1000,
        "candidates_a_record": compared / number,
        "bare_candidates_a_record": found / number,
    }


def _batches(hub: Hub, records: Sequence[SourceRecord]) -> dict[str, Any]:
    took: list[float] = []
    compared, used = 0, time.process_time()
    for start in range(0, len(records), _BATCH):
        began = time.perf_counter()
        with hub.store.begin() as tx:
            compared += hub.resolver.resolve(tx, records[start : start + _BATCH], hub.as_of).compared
        took.append((time.perf_counter() - began) / _BATCH)
    if not took:
        return {}
    spent = (time.process_time() - used) / len(records)
    return {
        "batched_us": median(took) * 1e6,
        "batched_processor_us": spent * 1e6,
        "batched_candidates_a_record": compared / len(records),
    }


def _rival(known: Sequence[SourceRecord], new: Sequence[SourceRecord]) -> dict[str, Any]:
    rival = Rival(known)
    took = []
    for record in [new[0], *new]:  # the first one compiles its queries
        began = time.perf_counter()
        rival.find(record)
        took.append(time.perf_counter() - began)
    return {"splink_ms": median(took[1:]) * 1000, "splink_candidates_a_record": rival.found / len(took)}


def _versions() -> dict[str, str]:
    told = {"python": platform.python_version()} | {name: version(name) for name in ("goldenhub", "psycopg", "sqlalchemy")}
    return told | ({"splink": rival_version()} if rival_version() else {})
