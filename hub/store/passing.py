"""Folders for work that holds customers' data and passes: readable for their owner alone, gone with the work, killed or not."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = "goldenhub-passing-"
_LOCK = "at-work"
_YOUNG = 60
"""Seconds in which a folder is nobody's leftover: who made it may not have locked it yet."""


@contextmanager
def passing_folder(purpose: str) -> Iterator[Path]:
    """A new folder under the one for temporary files, removed at the end. What killed processes left is removed first.

    A lock on a file in the folder says that somebody is at work; the kernel lets go of it with the process.
    """
    sweep()
    with tempfile.TemporaryDirectory(prefix=f"{_NAME}{purpose}-") as name, (Path(name) / _LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield Path(name)


def sweep(young: float = _YOUNG) -> int:
    """Remove the folders of this user that nobody is at work in; how many."""
    removed = 0
    for left in Path(tempfile.gettempdir()).glob(f"{_NAME}*"):
        if _is_left(left, young):
            shutil.rmtree(left, ignore_errors=True)
            removed += 1
    return removed


def _is_left(folder: Path, young: float) -> bool:
    try:
        found = folder.lstat()
        if found.st_uid != os.getuid() or time.time() - found.st_mtime < young:
            return False
        with (folder / _LOCK).open("r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return folder.is_dir() and not folder.is_symlink()
    except OSError:  # somebody is at work there, or it is not ours to look into
        return False
    return True
