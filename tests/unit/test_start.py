"""Commands start quickly: what is slow to load waits until somebody needs it."""

from __future__ import annotations

import subprocess
import sys

import pytest

SLOW = {"alembic", "pypinyin", "jsonschema", "requests", "duckdb", "dbf"}


def loaded_by(module: str) -> set[str]:
    """The packages that are loaded once a module is."""
    asked = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize("module", ["hub.app", "hub.app.checking", "hub.cli.golden"])
def test_what_is_slow_to_load_is_loaded_when_it_is_needed(module: str) -> None:
    assert loaded_by(module) & SLOW == set()


def test_the_overview_loads_nothing_of_the_hub_but_its_words() -> None:
    assert loaded_by("hub.cli") & {*SLOW, "sqlalchemy", "rich", "yaml", "jmespath"} == set()
