"""Precision and recall on the demo company do not fall: measured through the hub itself, with the shipped rules."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from hub.demo.run import run_demo


@pytest.fixture(scope="module")
def quality(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    home: Path = tmp_path_factory.mktemp("floors") / "company"
    found: dict[str, Any] = dict(run_demo(home, seed=11, customers=500).figures["quality"])
    return found


@pytest.mark.slow
@pytest.mark.parametrize(
    ("measure", "part", "floor"),
    [("pairwise", "precision", 0.98), ("pairwise", "recall", 0.87), ("bcubed", "precision", 0.99), ("bcubed", "recall", 0.905)],
)
def test_a_floor_holds(quality: dict[str, Any], measure: str, part: str, floor: float) -> None:
    assert quality[measure][part] >= floor


@pytest.mark.slow
@pytest.mark.parametrize(("story", "share"), [("twin", 0.0), ("household", 0.12), ("namesake", 0.15), ("branch", 0.2)])
def test_lookalikes_are_kept_apart(quality: dict[str, Any], story: str, share: float) -> None:
    found = quality["lookalikes"][story]
    assert found["wrongly_merged"] <= share * found["groups"]
