"""Matching files, without a hub."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from hub.app import Tell
from hub.errors import Misconfigured


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
    tell: Tell,
) -> dict[str, Any]:
    """Match files without a hub; the figures."""
    try:
        from hub.batch.match import match_files
    except ImportError as absent:
        raise Misconfigured("Matching files needs the extra `batch`: pip install 'goldenhub[batch]'.") from absent
    if model == "auto":
        raise Misconfigured("--model auto, which estimates all weights from the input, is not there yet; use default or fitted.")
    weights = None if model in ("default", "fitted") else Path(model)
    report = match_files(
        files, mapping, out, review=review, rejects=rejects, weights=weights, fitted=model == "fitted", delimiter=delimiter,
        progress=tell, workers=workers, memory=memory,
    )  # fmt: skip
    return asdict(report)
