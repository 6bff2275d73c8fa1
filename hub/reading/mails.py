"""Mails one after the other out of Maildirs and mbox files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from hub.reading.folders import opened, translated

INBOX = "INBOX"
_FROM = re.compile(rb"^From \S+.*\d{4}\s*$")
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail, read only when it is wanted."""

    name: str  # stays the same while the mail is kept: the unique name of a Maildir
    where: str
    raw: Callable[[], bytes | None]  # None when it is longer than the limit


def folders(path: Path) -> list[str]:
    """The folders of a Maildir: INBOX and, as Maildir++ writes them, ``.Sent``, ``.Archive.2026``."""
    with translated(path):
        below = sorted(entry.name for entry in path.iterdir() if entry.name.startswith(".") and (entry / "cur").is_dir())
    return ([INBOX] if (path / "cur").is_dir() else []) + below


def files(path: Path) -> list[str]:
    with translated(path):
        return sorted(entry.name for entry in path.iterdir() if entry.is_file())


def folder_path(path: Path, name: str) -> Path:
    return path if name == INBOX else path / name


def maildir(folder: Path, shown: str, longest: int) -> Iterator[Mail]:
    """The mails in the order of their names, which begin with the time of delivery. Flags (``:2,S``) are no part of it."""
    with translated(folder):
        found = [entry for part in ("new", "cur") if (folder / part).is_dir() for entry in (folder / part).iterdir()]
    for path in sorted((entry for entry in found if not entry.name.startswith(".")), key=_delivery):
        name = path.name.partition(":")[0]
        yield Mail(name, f"{shown}/{name}", partial(_raw, path, longest))


def _delivery(path: Path) -> list[tuple[int, str]]:
    """Names hold numbers that are not padded: 1772355600.M9P1Q2.host comes before 1772355600.M10P1Q2.host."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", path.name)]


def _raw(path: Path, longest: int) -> bytes | None:
    with opened(path) as stream:
        raw = stream.read(longest + 1)
    return raw if len(raw) <= longest else None


def mbox(path: Path, longest: int) -> Iterator[Mail]:
    """The mails of an mbox file (mboxrd). They have no names there, so their place is the name."""
    with opened(path) as stream:
        lines: list[bytes] = []
        size = number = 0
        blank = True
        while line := stream.readline(_CHUNK):
            if blank and _FROM.match(line):
                if number:
                    yield _mail(path, number, lines, size, longest)
                number, lines, size = number + 1, [], 0
            elif number:
                size += len(line)
                if size <= longest:
                    lines.append(line[1:] if re.match(rb">+From ", line) else line)
            blank = line in {b"\n", b"\r\n"}
        if number:
            yield _mail(path, number, lines, size, longest)


def _mail(path: Path, number: int, lines: list[bytes], size: int, longest: int) -> Mail:
    raw = b"".join(lines) if size <= longest else None
    return Mail("", f"{path.name}#{number}", lambda: raw)
