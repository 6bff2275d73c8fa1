"""Features made ready for the scorer: tuples instead of lists, and the same record without its low-trust values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hub.matching.features import Features


class Prepared:
    """One side of a pair."""

    __slots__ = (
        "addresses",
        "birth",
        "emails",
        "gender",
        "identifiers",
        "kind",
        "names",
        "organizations",
        "phones",
        "steward",
        "trusted",
    )

    def __init__(self, found: Features, *, trusted_only: bool = False) -> None:
        self.kind: str = found.get("k", "")
        self.names: tuple[tuple[Any, ...], ...] = _kept(found.get("n", ()), trusted_only)
        self.organizations: tuple[tuple[str, str], ...] = _kept(found.get("o", ()), trusted_only)  # name, legal form
        self.emails: tuple[str, ...] = tuple(item[0] for item in _kept(found.get("e", ()), trusted_only))
        self.phones: tuple[str, ...] = tuple(item[0] for item in _kept(found.get("t", ()), trusted_only))
        self.addresses: tuple[tuple[Any, ...], ...] = _kept(found.get("a", ()), trusted_only)
        self.identifiers: tuple[tuple[Any, ...], ...] = _kept(found.get("i", ()), trusted_only)
        self.birth: str = found.get("b", "")
        self.gender: str = found.get("g", "")
        self.steward: bool = bool(found.get("s"))
        self.trusted: Prepared = self if trusted_only or not _any_low(found) else Prepared(found, trusted_only=True)


def _kept(items: Iterable[list[Any]], trusted_only: bool) -> tuple[tuple[Any, ...], ...]:
    return tuple(tuple(item[:-1]) for item in items if not (trusted_only and item[-1]))


def _any_low(found: Features) -> bool:
    return any(item[-1] for name in "noetai" for item in found.get(name, ()))
