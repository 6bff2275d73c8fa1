"""Debian packages: installed here, to be installed by us, or by whom."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

from hub.errors import Unavailable
from hub.services.processes import run

_QUIET = {"DEBIAN_FRONTEND": "noninteractive"}


def need(package: str, installed: Callable[[], bool]) -> None:
    """Have the package: root on Debian installs it, everybody else is told what to do."""
    if installed():
        return
    install(package)
    if not installed():
        who = "Root may install it" if os.geteuid() else "This system cannot install it by itself"
        said = f"The Debian package {package} is not installed. {who}: apt-get install --no-install-recommends {package}."
        raise Unavailable(f"{said} Where a container engine runs, docker compose up starts the same.", system=package)


def install(package: str) -> None:
    """Does nothing where it cannot be done: the caller looks whether the server is there afterwards."""
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        return
    run(["apt-get", "update"], environment=_QUIET)
    run(["apt-get", "install", "-y", "--no-install-recommends", package], environment=_QUIET)
