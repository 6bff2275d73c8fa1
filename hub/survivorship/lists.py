"""Union of lists: every thing said by anybody once, with who says it, and which of them to use for what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hub.survivorship.choosing import STEWARD, Candidate, Choice, choose, next_change
from hub.survivorship.dates import first_day, last_day
from hub.survivorship.items import item_id
from hub.survivorship.rules import FieldRule


class Item(NamedTuple):
    """One thing in a golden list."""

    name: str  # stands in the provenance path: the item's id, or the text itself
    value: Any
    choice: Choice
    supporters: tuple[Candidate, ...]
    usages: tuple[str, ...]  # what it is preferred for


class Union(NamedTuple):
    items: list[Item]
    due: int | None  # the next day on which time alone may change any of it


def unite(path: str, candidates: Sequence[Candidate], empty: Sequence[Candidate], rule: FieldRule, day: int) -> Union:
    """``candidates`` are single items, with their key as ``normal``; ``empty`` are records that say there are none."""
    days = [d for c in candidates if (d := _turn(c.value, day)) is not None]
    alive = [c for c in candidates if _valid(c.value, day) and not _withdrawn(c, empty, rule)]
    by_key: dict[str, list[Candidate]] = {}
    for candidate in alive:
        by_key.setdefault(candidate.normal, []).append(candidate)
    chosen = {key: choose(held, rule.chain, day) for key, held in by_key.items()}
    days += [d for held in by_key.values() if (d := next_change(_shown(held), rule.chain, day)) is not None]
    usages, turns = _usages(alive, rule, day)
    items = [_item(path, key, chosen[key], by_key[key], usages.get(key, ())) for key in chosen]
    items.sort(key=lambda item: (not item.usages, item.choice.winner.normal))
    return Union(items, min(days + turns, default=None))


def _item(path: str, key: str, choice: Choice, held: Sequence[Candidate], usages: tuple[str, ...]) -> Item:
    value = choice.winner.value
    if not isinstance(value, dict):
        return Item(str(value), value, choice, tuple(held), ())
    name = item_id(path, key)
    shown = _plain(value) | {"id": name}
    if usages:
        shown["preferred"] = True
    return Item(name, shown, choice, tuple(held), usages)


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """The hub decides what is preferred, and gives its own id."""
    return {k: v for k, v in value.items() if k not in ("id", "preferred")}


def _shown(held: Sequence[Candidate]) -> list[Candidate]:
    return [c._replace(value=_plain(c.value)) if isinstance(c.value, dict) else c for c in held]


def _usages(alive: Sequence[Candidate], rule: FieldRule, day: int) -> tuple[dict[str, tuple[str, ...]], list[int]]:
    """Which item is preferred for what, and the days on which that may change."""
    preferred: dict[str, list[str]] = {}
    days: list[int] = []
    for usage, chain, stand in _elections(alive, rule):
        winner = choose(stand, chain, day).winner
        preferred.setdefault(winner.normal, []).append(usage)
        turn = next_change([c._replace(value=c.normal) for c in stand], chain, day)
        days += [] if turn is None else [turn]
    return {key: tuple(sorted(usages)) for key, usages in preferred.items()}, days


def _elections(alive: Sequence[Candidate], rule: FieldRule) -> Iterator[tuple[str, Any, list[Candidate]]]:
    """Per usage who stands: items of that type, else of any; without usages in the rule, one election per type found."""
    things = [c for c in alive if isinstance(c.value, dict)]
    types = sorted({str(c.value.get("type") or "") for c in things})
    for usage, chain in rule.best.items():
        for one in types if usage is None else [usage]:
            stand = [c for c in things if str(c.value.get("type") or "") == one] or things
            if stand:
                yield one or "any", chain, stand


def _withdrawn(candidate: Candidate, empty: Sequence[Candidate], rule: FieldRule) -> bool:
    """Said before somebody said that there are none: it is not resurrected from an older source."""
    if candidate.ref.system != STEWARD and any(e.ref.system == STEWARD for e in empty):
        return True
    return rule.known_empty_competes and any(e.at > candidate.at for e in empty)


def _valid(item: Any, day: int) -> bool:
    if not isinstance(item, dict):
        return True
    start, end = first_day(item.get("valid_from")), last_day(item.get("valid_to"))
    return (start is None or start <= day) and (end is None or end >= day)


def _turn(item: Any, day: int) -> int | None:
    """The next day on which the item begins or ceases to be valid."""
    if not isinstance(item, dict):
        return None
    start, end = first_day(item.get("valid_from")), last_day(item.get("valid_to"))
    turns = [d for d in (start, None if end is None else end + 1) if d is not None and d > day]
    return min(turns, default=None)
