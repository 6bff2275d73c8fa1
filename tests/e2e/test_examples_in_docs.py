"""Examples in documents run: blocks marked ```sh run and ```python run, in order, in one empty folder per document."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"^```(sh|python) run\n(.*?)^```", re.MULTILINE | re.DOTALL)
RUNNABLE = [p for p in [*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))] if BLOCK.search(p.read_text("utf-8"))]


def script(document: Path) -> str:
    """One shell script of all blocks, so that what one leaves is there for the next; the first failure ends it."""
    steps = []
    for language, block in BLOCK.findall(document.read_text(encoding="utf-8")):
        steps.append(block if language == "sh" else f"python - <<'END-OF-BLOCK'\n{block}END-OF-BLOCK\n")
    return "set -eu\n" + "\n".join(steps)


@pytest.mark.slow
@pytest.mark.parametrize("document", RUNNABLE, ids=lambda p: str(p.relative_to(ROOT)))
def test_its_examples_run(document: Path, tmp_path: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**{k: v for k, v in os.environ.items() if not k.startswith("HUB_")}, "PATH": path}

    done = subprocess.run(
        ["bash", "-c", script(document)], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=600, check=False
    )

    assert done.returncode == 0, done.stdout + done.stderr


def test_the_quickstart_is_one_of_them() -> None:
    assert ROOT / "docs" / "quickstart.md" in RUNNABLE
