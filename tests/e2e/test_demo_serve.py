"""`goldenhub demo --serve` keeps the demo's systems reachable for the other commands until somebody ends it."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.waiting import PATIENCE

GOLDENHUB = [str(Path(sys.executable).parent / "goldenhub")]
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "a company"


@pytest.fixture(scope="module")
def server(home: Path) -> Iterator[subprocess.Popen[str]]:
    command = [*GOLDENHUB, "demo", "--home", str(home), "--customers", "30", "--serve"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        yield process
        process.kill()


@pytest.fixture(scope="module")
def exported(server: subprocess.Popen[str]) -> dict[str, str]:
    """What a shell would make of the lines it prints."""
    assert server.stdout
    words: list[list[str]] = []
    for line in server.stdout:
        if line.startswith("# Then"):
            break
        words.append(shlex.split(line, comments=True))
    assert {word[0] for word in words if word} == {"export"}
    return dict(word[1].split("=", 1) for word in words if word)


def _run(exported: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GOLDENHUB, *arguments],
        cwd=ROOT,
        env=os.environ | exported,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


def test_the_lines_name_every_reference_of_the_landscape_and_the_folder(home: Path, exported: dict[str, str]) -> None:
    assert exported["HUB_HOME"] == str(home)
    references = set(re.findall(r"env:([A-Z_]+)", (ROOT / "landscape.yaml").read_text()))
    assert references
    assert references <= exported.keys()


@pytest.mark.parametrize("command", [["ingest"], ["doctor"], ["connectors", "check", "billing"]])
def test_other_commands_reach_the_systems(exported: dict[str, str], command: list[str]) -> None:
    done = _run(exported, *command)
    assert done.returncode == 0, done.stdout + done.stderr


def test_it_ends_quietly_when_asked(server: subprocess.Popen[str], exported: dict[str, str]) -> None:
    server.send_signal(signal.SIGINT)
    _, said = server.communicate(timeout=PATIENCE)
    assert server.returncode == 0, said
    assert "Traceback" not in said
