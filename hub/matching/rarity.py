"""How much it says that two records share a value: bits out of the frozen tables, in thousandths."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, partial
from typing import NamedTuple

from hub.matching.features import Features
from hub.matching.rules import TABLES, MatchingRules


class Told(NamedTuple):
    """How common values are in a population."""

    counts: Mapping[str, Mapping[str, int]]  # nodes by value, for every table of frequencies
    nodes: Mapping[str, int]  # how many nodes tell any value of the table
    one_date: int = 0  # pairs of nodes that share a whole birth date


def tell_values(found: Iterable[Features]) -> Told:
    """One pass over the features of all nodes."""
    counts: dict[str, Counter[str]] = {table: Counter() for table in TABLES}
    nodes: Counter[str] = Counter()
    dates: Counter[str] = Counter()
    for each in found:
        for table, values in _values(each):
            counts[table].update(values)
            nodes[table] += bool(values)
        if len(each.get("b") or "") == 10:
            dates[each["b"]] += 1
    return Told(counts, nodes, sum(told * (told - 1) // 2 for told in dates.values()))


def _values(each: Features) -> Iterator[tuple[str, set[str]]]:
    names, places = each.get("n", ()), each.get("a", ())
    yield "given", {name[0].split()[0] for name in names if name[0]}
    yield "family", {name[1] for name in names if name[1]}
    yield "locality", {place[2] for place in places if place[2]}
    yield "organization", {word for organization in each.get("o", ()) for word in organization[0].split()}


def count_values(found: Iterable[Features]) -> Mapping[str, Mapping[str, int]]:
    """How many of these nodes share a value, for every table of frequencies."""
    return tell_values(found).counts


def given_bits(name: str, rules: MatchingRules) -> int:
    return _name_bits(name, "given", rules)


def family_bits(name: str, rules: MatchingRules) -> int:
    return _name_bits(name, "family", rules)


def _name_bits(name: str, table: str, rules: MatchingRules) -> int:
    """The rarest token counts, another one a little more. Single letters are initials and say little."""
    known, rare = rules.rarity[table], rules.numbers[f"rare_{table}"]
    whole = known.get(name)
    if whole is not None:
        return whole
    tokens = name.split()
    bits = max((known.get(token, rare) if len(token) > 1 else rules.numbers["initial"] for token in tokens), default=0)
    return min(bits + (rules.numbers["second_name"] if len(tokens) > 1 else 0), rules.numbers["name_ceiling"])


def locality_bits(name: str, rules: MatchingRules) -> int:
    return rules.rarity["locality"].get(name, rules.numbers["rare_locality"])


def word_bits(rules: MatchingRules) -> Callable[[str], int]:
    """:func:`organization_bits` under these rules, each word looked up once."""
    return lru_cache(1 << 14)(partial(organization_bits, rules=rules))


def organization_bits(token: str, rules: MatchingRules) -> int:
    """Of a word in an organization's name: a common word, a place, a family name, or rare."""
    word = rules.rarity["organization"].get(token)
    if word is not None:
        return word
    if len(token) == 1 or token.isdigit():
        return rules.numbers["organization_number"]
    place = rules.rarity["locality"].get(token)
    family = rules.rarity["family"].get(token)
    known = min((bits for bits in (place, family) if bits is not None), default=rules.numbers["rare_organization"])
    return max(min(known, rules.numbers["rare_organization"]), rules.numbers["organization_number"])
