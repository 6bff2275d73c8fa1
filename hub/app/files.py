"""Matching files, without a hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hub.app import Tell
from hub.errors import Misconfigured

LOCAL, SPARK = "local", "spark"


def match(
    files: Sequence[Path],
    mapping: Path,
    out: Path,
    *,
    review: Path | None,
    rejects: Path | None,
    model: str,
    delimiter: str,
    workers: int,
    memory: str,
    engine: str,
    spark_master: str,
    tell: Tell,
) -> dict[str, Any]:
    """Match files without a hub; the figures."""
    try:
        from hub.batch.local import LocalEngine
        from hub.batch.match import match_files
        from hub.batch.spark import SparkEngine
    except ImportError as absent:
        raise Misconfigured("Matching files needs the extra `batch`: pip install 'goldenhub[batch]'.") from absent
    weights = None if model in ("default", "fitted", "trained") else Path(model)
    report = match_files(
        files,
        mapping,
        out,
        review=review,
        rejects=rejects,
        weights=weights,
        fitted=model == "fitted",
        trained=model == "trained",
        delimiter=delimiter,
        progress=tell,
        workers=workers,
        memory=memory,
        engine=SparkEngine(spark_master) if engine == SPARK else LocalEngine(workers),
    )
    return asdict(report)
