"""Where a server may keep its data: its user must be able to get there."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hub.errors import BadSettings
from hub.services.processes import server_user

_ELSEWHERE = Path("/var/lib/goldenhub")
_USERS = ("postgres", "rabbitmq")


def data_folder(place: Path) -> Path:
    """``place``, made if need be; or for root a link there to a folder that the servers' own users can reach.

    Started by root, PostgreSQL and RabbitMQ run as users of their own, who cannot enter most people's folders.
    """
    if place.is_symlink():
        target = place.readlink()
        target.mkdir(parents=True, exist_ok=True)
        return target
    place.mkdir(parents=True, exist_ok=True)
    if all(_reaches(place, user) for name in _USERS if (user := server_user(name))):
        return place
    target = _ELSEWHERE / hashlib.sha256(str(place.resolve()).encode()).hexdigest()[:12]
    target.mkdir(parents=True, exist_ok=True)
    _ELSEWHERE.chmod(0o755)
    place.rmdir()
    place.symlink_to(target)
    return target


@contextmanager
def servers_folder() -> Iterator[Path]:
    """A temporary folder that servers' own users can pass through and nobody else can look into; what they keep in it is theirs
    alone (``give``).
    """
    with tempfile.TemporaryDirectory(prefix="goldenhub-servers-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o711)
        yield Path(name)


def give(folder: Path, user: str | None) -> None:
    """The folder is the user's alone."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    if user:
        try:
            shutil.chown(folder, user)
        except OSError as error:
            raise BadSettings(
                f"{folder} cannot be given to the user {user}: {error}. Choose another folder.", name="HUB_HOME"
            ) from error


def remove(place: Path) -> None:
    """The folder, or the link and what it leads to."""
    if place.is_symlink():
        shutil.rmtree(place.readlink(), ignore_errors=True)
        place.unlink()
    shutil.rmtree(place, ignore_errors=True)


def _reaches(folder: Path, user: str) -> bool:
    asked = subprocess.run(["/usr/bin/test", "-x", str(folder)], user=user, cwd="/", check=False)  # noqa: S603
    return asked.returncode == 0
