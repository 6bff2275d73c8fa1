"""One rival, alone in its process: python -m hub.bench.accuracy.rivals.alone RIVAL TABLE OUT MEGABYTES."""

from __future__ import annotations

import csv
import importlib
import logging
import resource
import sys
import time
import warnings
from pathlib import Path

import orjson


def main(rival: str, table: Path, out: Path, megabytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, megabytes << 20))
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    with table.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    contender = importlib.import_module(f"hub.bench.accuracy.rivals.with_{rival}")
    began = time.perf_counter()
    clusters = contender.clusters(rows)
    out.write_bytes(orjson.dumps({"clusters": clusters, "seconds": time.perf_counter() - began}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4]))
