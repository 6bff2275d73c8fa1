"""Which fields of a source a mapping reads, which it ignores, and which nobody thought of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from hub.mapping.engine import Mapping


@dataclass(frozen=True, slots=True)
class Coverage:
    """Every field of the source stands in exactly one of the first three."""

    mapped: tuple[str, ...]
    ignored: tuple[str, ...]
    unmapped: tuple[str, ...]  # neither mapped nor listed under `ignore`: new in the source, or forgotten
    missing: tuple[str, ...]  # read by the mapping, but not in the source

    @property
    def share(self) -> float:
        """Mapped or ignored on purpose, of all."""
        known = len(self.mapped) + len(self.ignored)
        return known / (known + len(self.unmapped)) if known + len(self.unmapped) else 1.0

    def __str__(self) -> str:
        told = f"{self.share:.0%} covered: {len(self.mapped)} mapped, {len(self.ignored)} ignored, {len(self.unmapped)} unmapped"
        return told + (f" ({', '.join(self.unmapped)})" if self.unmapped else "")


def coverage(mapping: Mapping, fields: Iterable[str]) -> Coverage:
    """How the mapping covers these fields: names, or paths like ``address.city`` and ``phones[].number``."""
    known = sorted(set(fields))
    mapped = [name for name in known if _is_read(name, mapping.paths)]
    ignored = [name for name in known if name not in mapped and _is_ignored(name, mapping.rule.ignore)]
    rest = [name for name in known if name not in mapped and name not in ignored]
    missing = [path for path in sorted(mapping.paths) if not _is_known(path, known)]
    return Coverage(tuple(mapped), tuple(ignored), tuple(rest), tuple(missing))


def _is_read(name: str, paths: Iterable[str]) -> bool:
    """Read itself, read as part of something read whole, or, where only its name is known, read in part."""
    return any(path == name or _below(name, path) or _below(path, name) for path in paths)


def _is_ignored(name: str, patterns: Iterable[str]) -> bool:
    return any(name == pattern or _below(name, pattern) or fnmatchcase(name, pattern) for pattern in patterns)


def _is_known(path: str, names: Iterable[str]) -> bool:
    """A path below a name whose own fields are not listed may well be there."""
    known = list(names)
    if any(path == name or _below(name, path) for name in known):
        return True
    return any(_below(path, name) and not any(_below(other, name) for other in known) for name in known)


def _below(inner: str, outer: str) -> bool:
    return inner.startswith((f"{outer}.", f"{outer}[]"))


def fields_of(data: Any, prefix: str = "") -> set[str]:
    """The paths of everything in a record, the way :func:`coverage` wants them: leaves only."""
    found: set[str] = set()
    for name, value in data.items():
        path = f"{prefix}{name}"
        if isinstance(value, dict) and value:
            found |= fields_of(value, f"{path}.")
        elif isinstance(value, list) and any(isinstance(item, dict) and item for item in value):
            for item in value:
                found |= fields_of(item, f"{path}[].") if isinstance(item, dict) else set()
        else:
            found.add(path)
    return found
