"""What differs between two documents of weights, as people read it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from hub.matching.rules import LEVELS, TABLES

Document = Mapping[str, Any]


class Change(NamedTuple):
    """One number, in thousandths of a bit but for those that are none (``population``)."""

    what: str  # prior | threshold | guard | comparison | share | number | frequency
    name: str
    before: int | None
    after: int | None


def changes(before: Document, after: Document) -> list[Change]:
    """Every number that differs, what moves most pairs first."""
    return [
        *_flat("prior", before, after),
        *_thresholds(before, after),
        *_levels(before, after),
        *_flat("numbers", before, after),
    ]


def changed_values(before: Document, after: Document) -> dict[str, int]:
    """By table of frequencies: how many values are worth something else than before."""
    found = {}
    for table in TABLES:
        old, new = worth_of(before, table), worth_of(after, table)
        found[table] = sum(old.get(value) != new.get(value) for value in old.keys() | new.keys())
    return found


def worth_of(document: Document, table: str) -> dict[str, int]:
    """Thousandths of a bit by value, from ``{"6.5": "john mary"}``."""
    buckets = document.get("frequencies", {}).get(table, {})
    return {value: round(float(bits) * 1000) for bits, values in buckets.items() for value in values.split()}


def level_bits(document: Document, name: str, level: str) -> int:
    value = document.get("comparisons", {}).get(name, {}).get(level, 0)
    return int(value[0]) if isinstance(value, list) else int(value)


def level_share(document: Document, name: str, level: str) -> int:
    """How much of a value's rarity counts at this level, in thousandths."""
    value = document.get("comparisons", {}).get(name, {}).get(level, 0)
    return int(value[1]) if isinstance(value, list) else 0


def _flat(part: str, before: Document, after: Document) -> Iterator[Change]:
    old, new = before.get(part, {}), after.get(part, {})
    what = "number" if part == "numbers" else part
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield Change(what, name, old.get(name), new.get(name))


def _thresholds(before: Document, after: Document) -> Iterator[Change]:
    old, new = before.get("thresholds", {}), after.get("thresholds", {})
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield Change("threshold", name, _milli(old.get(name)), _milli(new.get(name)))


def _guards(before: Document, after: Document) -> Iterator[Change]:
    """Ceilings; a document that names none leaves them to ``matching.yaml``."""
    old, new = ceilings(before), ceilings(after)
    for name in dict.fromkeys([*old, *new]):
        if old.get(name) != new.get(name):
            yield Change("guard", name, old.get(name), new.get(name))


def ceilings(document: Document) -> dict[str, int]:
    """Thousandths of a bit by guard."""
    return {name: round(bits * 1000) for guard in document.get("guards", ()) for name, bits in guard.items()}


def _levels(before: Document, after: Document) -> Iterator[Change]:
    for name, levels in LEVELS.items():
        for level in levels:
            old, new = level_bits(before, name, level), level_bits(after, name, level)
            if old != new:
                yield Change("comparison", f"{name} {level}", old, new)
            old, new = level_share(before, name, level), level_share(after, name, level)
            if old != new:
                yield Change("share", f"{name} {level}", old, new)


def _milli(bits: float | None) -> int | None:
    return None if bits is None else round(bits * 1000)
