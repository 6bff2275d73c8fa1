"""Installing a Debian package, where we are root on Debian."""

from __future__ import annotations

import os
import shutil

from tests.services.processes import run

_QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


def install(package: str) -> None:
    """Does nothing where it cannot be done: the caller looks whether the server is there afterwards."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    run(["apt-get", "update"], environment=_QUIET)
    run(["apt-get", "install", "-y", "--no-install-recommends", package], environment=_QUIET)
