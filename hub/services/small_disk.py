"""A disk of a few megabytes in memory, so that it can be full. Only root may mount one."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.errors import HubError
from hub.services.processes import run

_BALLAST = "ballast"
_PIECE = 1 << 20


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[bool]:
    """The folder lies on a disk of its own while the block runs; False when none could be mounted: it is then a plain folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mounted = _mounted(folder, megabytes)
    try:
        yield mounted
    finally:
        if mounted:
            run(["umount", "--lazy", folder])


def fill(folder: Path) -> int:
    """Leave no byte free; how many megabytes that took."""
    with (folder / _BALLAST).open("ab", buffering=0) as ballast:
        for piece in (_PIECE, 4096, 1):
            try:
                while ballast.write(bytes(piece)) == piece:
                    pass
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
        return ballast.tell() // _PIECE


def drain(folder: Path) -> None:
    """Give back what was filled."""
    (folder / _BALLAST).unlink(missing_ok=True)


def _mounted(folder: Path, megabytes: int) -> bool:
    if os.geteuid() != 0 or not shutil.which("mount"):
        return False
    try:
        run(["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", folder])
    except HubError:  # root in a container may not
        return False
    return True
