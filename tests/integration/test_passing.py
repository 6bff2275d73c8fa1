"""Folders with customers' data do not outlive the work, not even when it is killed."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from hub.store.passing import passing_folder, sweep

AT_WORK = """
import sys, time
from hub.store.passing import passing_folder
with passing_folder("test") as folder:
    (folder / "customers").write_text("somebody")
    print(folder, flush=True)
    time.sleep(600)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    return tmp_path


def test_a_folder_is_for_its_owner_alone_and_gone_at_the_end(place: Path) -> None:
    with passing_folder("test") as folder:
        assert folder.parent == place
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert not list(place.iterdir())


def test_what_a_killed_process_left_is_removed_and_what_others_work_in_is_not(place: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", AT_WORK], stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        left = Path(killed.stdout.readline().strip())
        assert sweep(young=0) == 0
        assert (left / "customers").exists()
        killed.send_signal(signal.SIGKILL)
    assert (left / "customers").exists()
    assert sweep(young=3600) == 0
    assert sweep(young=0) == 1
    assert not left.exists()


def test_a_link_to_somewhere_else_is_not_followed(place: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "kept").write_text("")
    (place / "goldenhub-passing-link").symlink_to(elsewhere)
    sweep(young=0)
    assert (elsewhere / "kept").exists()
