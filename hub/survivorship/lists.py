"""Union of lists: every thing said by anybody once, with who says it, and which of them to use for what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from hub.survivorship.choosing import STEWARD, Candidate, Choice, agree, choose, next_change
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
    days: list[int] = []
    alive: list[Candidate] = []
    by_key: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        valid, turn = validity(candidate.value, day)
        if turn is not None:
            days.append(turn)
        if valid and not (empty and withdrawn(candidate, empty, rule)):
            alive.append(candidate)
            by_key.setdefault(candidate.normal, []).append(candidate)
    chosen = {key: choose(held, rule.chain, day) for key, held in by_key.items()}
    for held in by_key.values():
        if _spelt_in_two_ways(held) and (turn := next_change(_shown(held), rule.chain, day)) is not None:
            days.append(turn)
    usages, turns = _usages(alive, rule, day)
    items = [_item(path, key, chosen[key], by_key[key], usages.get(key, ())) for key in chosen]
    if len(items) > 1:
        items.sort(key=lambda item: (not item.usages, item.choice.winner.normal))
    return Union(items, min(days + turns, default=None))


def _spelt_in_two_ways(held: Sequence[Candidate]) -> bool:
    first = held[0].value
    for c in held:  # noqa: SIM110 - this runs for every item of every golden record, and `any` is dear
        if c.value != first:
            return True
    return False


def _item(path: str, key: str, choice: Choice, held: Sequence[Candidate], usages: tuple[str, ...]) -> Item:
    value = choice.winner.value
    if not isinstance(value, dict):
        return Item(str(value), value, choice, tuple(held), ())
    name = item_id(path, key)
    return Item(name, shown(value, name, preferred=bool(usages)), choice, tuple(held), usages)


def shown(value: Mapping[str, Any], name: str, *, preferred: bool) -> dict[str, Any]:
    """An item as the golden record has it: with the hub's own id and preference, whatever its source says of either."""
    made = _plain(value)
    made["id"] = name
    if preferred:
        made["preferred"] = True
    return made


def _plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """The hub decides what is preferred, and gives its own id."""
    return {k: v for k, v in value.items() if k not in ("id", "preferred")}


def _shown(held: Sequence[Candidate]) -> list[Candidate]:
    return [c._replace(value=_plain(c.value)) if isinstance(c.value, dict) else c for c in held]


def only_usages(item: Mapping[str, Any], rule: FieldRule) -> list[str]:
    """What an item is preferred for that stands alone: whatever there is an election for."""
    kind = str(item.get("type") or "") or "any"
    found = [kind if usage is None else usage or "any" for usage in rule.best]
    return sorted(found) if len(found) > 1 else found


def _usages(alive: Sequence[Candidate], rule: FieldRule, day: int) -> tuple[dict[str, tuple[str, ...]], list[int]]:
    """Which item is preferred for what, and the days on which that may change."""
    preferred: dict[str, list[str]] = {}
    days: list[int] = []
    for usage, chain, stand in elections(alive, rule):
        if agree(stand):  # whoever wins, it is the same thing
            preferred.setdefault(stand[0].normal, []).append(usage)
        else:
            preferred.setdefault(choose(stand, chain, day).winner.normal, []).append(usage)
            turn = next_change([c._replace(value=c.normal) for c in stand], chain, day)
            if turn is not None:
                days.append(turn)
    return {key: tuple(sorted(usages)) for key, usages in preferred.items()}, days


def elections(alive: Sequence[Candidate], rule: FieldRule) -> Iterator[tuple[str, Any, list[Candidate]]]:
    """Per usage who stands: items of that type, else of any; without usages in the rule, one election per type found."""
    by_type: dict[str, list[Candidate]] = {}
    things: list[Candidate] = []
    for candidate in alive if rule.best else ():
        if isinstance(candidate.value, dict):
            things.append(candidate)
            by_type.setdefault(str(candidate.value.get("type") or ""), []).append(candidate)
    for usage, chain in rule.best.items():
        for one in sorted(by_type) if usage is None else [usage]:
            stand = by_type.get(one) or things
            if stand:
                yield one or "any", chain, stand


def withdrawn(candidate: Candidate, empty: Sequence[Candidate], rule: FieldRule) -> bool:
    """Said before somebody said that there are none: it is not resurrected from an older source."""
    if candidate.ref.system != STEWARD and any(e.ref.system == STEWARD for e in empty):
        return True
    return rule.known_empty_competes and any(e.at > candidate.at for e in empty)


def validity(item: Any, day: int) -> tuple[bool, int | None]:
    """Whether an item is valid on a day, and the next day on which it begins or ceases to be."""
    if not isinstance(item, dict):
        return True, None
    begin, cease = item.get("valid_from"), item.get("valid_to")
    if begin is None and cease is None:
        return True, None
    start, end = first_day(begin), last_day(cease)
    valid = (start is None or start <= day) and (end is None or end >= day)
    turns = [d for d in (start, None if end is None else end + 1) if d is not None and d > day]
    return valid, min(turns, default=None)
