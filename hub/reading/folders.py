"""Files that other programs write: which ones there are, and whether they are finished."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from hub.contract import Signal
from hub.errors import BadSettings, Unavailable
from hub.reading.probes import Step

_FRESH = 60.0
"""Seconds after its last write during which a file with a torn end is taken for unfinished; later, it is damaged."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """Size and time of a file: equal before and after a read when nobody wrote meanwhile."""

    size: int
    modified: int

    @classmethod
    def of(cls, path: Path) -> Stamp:
        with translated(path):
            found = path.stat()
        return cls(found.st_size, found.st_mtime_ns)


def choose(folder: Path, name: str) -> list[Path]:
    """The files of a stream, whose name may be a pattern, in the order of their names. None outside of the folder."""
    if Path(name).is_absolute() or ".." in Path(name).parts:
        raise BadSettings(f"The stream {name!r} must be a name inside the folder of its system.", name=name)
    if not folder.is_dir():
        raise Unavailable(
            f"The folder {folder.name!r} is not there (yet). Check `path` and whether it is mounted.", system=str(folder)
        )
    if any(mark in name for mark in "*?["):
        return sorted(path for path in folder.glob(name) if path.is_file())
    if not (folder / name).is_file():
        raise Unavailable(f"The file {name!r} is not there (yet). Check the name of the stream.", system=str(folder))
    return [folder / name]


def first_unfinished(files: Iterable[Path], settle: timedelta, torn: Callable[[Path], bool], marker: str = "") -> Signal | None:
    """The signal that one of these files must wait, if one must. ``torn`` tells whether its end is missing."""
    for path in files:
        if why := _unfinished(path, settle, torn, marker):
            return Signal("waiting", f"{path.name} waits: {why}.", {"file": path.name})
    return None


def _unfinished(path: Path, settle: timedelta, torn: Callable[[Path], bool], marker: str = "") -> str:
    if marker and not path.with_name(path.name + marker).exists():
        return f"its marker {path.name + marker} is not there yet"
    age = time.time() - Stamp.of(path).modified / 1e9
    if age < settle.total_seconds():
        return f"it was written {max(age, 0):.0f} seconds ago"
    if age < _FRESH and torn(path):
        return "its end is torn and it was written just now"
    return ""


def ends_with(path: Path, ends: bytes, blank: bytes = b"") -> bool:
    """True when the last byte that is not blank is one of these, or there is none."""
    with opened(path) as stream:
        stream.seek(max(0, stream.seek(0, os.SEEK_END) - 100))
        last = stream.read().rstrip(blank)
        return not last or last[-1] in ends


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    with translated(path), path.open("rb") as stream:
        yield stream


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """Errors of the file system in the hub's words."""
    try:
        yield
    except FileNotFoundError as error:
        raise Unavailable(f"The file {path.name!r} is gone.", system=str(path.parent)) from error
    except PermissionError as error:
        raise BadSettings(f"The hub may not read {path.name!r}: give its user the right to.", name="path") from error
    except OSError as error:
        raise Unavailable(f"The file {path.name!r} cannot be read: {error.strerror}.", system=str(path.parent)) from error


def probe_folder(folder: Path) -> list[Step]:
    """The first steps of a check of anything that lies in a folder."""

    def there() -> str:
        if not folder.is_dir():
            raise BadSettings(f"There is no folder {str(folder)!r}: correct `path`.", name="path")
        return ""

    def readable() -> str:
        with translated(folder):
            return f"{sum(1 for _ in folder.iterdir())} entries"

    return [("folder", there), ("list", readable)]
