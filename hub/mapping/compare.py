"""How a record differs from what an example expects."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

LONGEST = 120


@dataclass(frozen=True, slots=True)
class Difference:
    """One place where the two are not alike."""

    path: str
    expected: str
    found: str

    def __str__(self) -> str:
        return f"{self.path or 'the record'}: {self.found}, {self.expected} expected"


def differences(expected: Any, found: Any, exact: bool, path: str = "") -> Iterator[Difference]:
    """Contains: an object may have more than is expected, a list may not. Exact: an object may not either."""
    if isinstance(expected, dict) and isinstance(found, dict):
        yield from _objects(expected, found, exact, path)
    elif isinstance(expected, list) and isinstance(found, list):
        yield from _lists(expected, found, exact, path)
    elif (type(expected) is not type(found) and not _both_numbers(expected, found)) or expected != found:
        yield Difference(path, _shown(expected), _shown(found))


def _objects(expected: dict[str, Any], found: dict[str, Any], exact: bool, path: str) -> Iterator[Difference]:
    for name, wanted in expected.items():
        place = f"{path}.{name}" if path else name
        if name not in found:
            yield Difference(place, _shown(wanted), "absent")
        else:
            yield from differences(wanted, found[name], exact, place)
    for name in sorted(set(found) - set(expected)) if exact else ():
        place = f"{path}.{name}" if path else name
        yield Difference(place, "absent", _shown(found[name]))


def _lists(expected: list[Any], found: list[Any], exact: bool, path: str) -> Iterator[Difference]:
    if len(expected) != len(found):
        yield Difference(path, f"{len(expected)} item(s)", f"{len(found)} item(s): {_shown(found)}")
        return
    for index, (wanted, item) in enumerate(zip(expected, found, strict=True)):
        yield from differences(wanted, item, exact, f"{path}[{index}]")


def _both_numbers(left: Any, right: Any) -> bool:
    return type(left) in (int, float) and type(right) in (int, float)


def _shown(value: Any) -> str:
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= LONGEST else text[:LONGEST] + "..."
