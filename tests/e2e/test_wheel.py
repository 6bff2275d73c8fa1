"""The package as strangers get it: built, installed away from the checkout, and still finding what travels with it."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
pytestmark = pytest.mark.slow


def run(command: list[str | Path], folder: Path, **variables: str) -> str:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("HUB_", "PYTHON", "VIRTUAL_ENV"))}
    done = subprocess.run(
        list(map(str, command)), cwd=folder, env={**kept, **variables}, capture_output=True, text=True, timeout=600, check=False
    )
    assert done.returncode == 0, f"{command} in {folder}:\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    run([BIN / "python", "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT], folder)
    (built,) = folder.glob("goldenhub-*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a fresh environment with the wheel and what it needs, no extras."""
    venv = tmp_path_factory.mktemp("fresh") / "venv"
    run([sys.executable, "-m", "venv", venv], venv.parent)
    run([venv / "bin" / "python", "-m", "pip", "install", "--quiet", wheel], venv.parent)
    return venv / "bin"


def test_a_wheel_carries_the_model_the_mappings_and_the_landscape_and_no_tests(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())

    assert "hub/_data/canonical_model/customer/schema.json" in names
    assert "hub/_data/landscape.yaml" in names
    assert any(name.startswith("hub/_data/mappings/") and name.endswith(".yaml") for name in names)
    assert [name for name in names if name.startswith(("tests", "docs"))] == []


def test_the_command_answers_where_there_is_no_checkout(installed: Path, tmp_path: Path) -> None:
    assert "golden record" in run([installed / "goldenhub", "--help"], tmp_path)
    assert "goldenhub" in run([installed / "goldenhub", "--version"], tmp_path)


FIND = """
import sys
from hub.model import load_model, shipped_folder
model, mappings = shipped_folder("canonical_model"), shipped_folder("mappings")
assert str(model).startswith(sys.prefix) and str(mappings).startswith(sys.prefix), (model, mappings)
print(sorted(load_model(model).entities), len(list(mappings.rglob("*.yaml"))))
"""


def test_it_finds_the_shipped_model_and_mappings(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "find.py").write_text(FIND)

    found = run([installed / "python", "find.py"], tmp_path)

    assert "'customer'" in found
    assert not found.strip().endswith(" 0")


def test_it_checks_what_it_ships(installed: Path, tmp_path: Path) -> None:
    run([installed / "goldenhub", "lint"], tmp_path)
    run([installed / "goldenhub", "test"], tmp_path)
