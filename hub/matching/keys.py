"""Blocking keys: two records are compared when they share one. Many kinds of narrow keys, no large blocks.

A kind is a list of pieces, as ``matching.yaml`` names them under ``blocking``. A piece gives no, one or several values; a kind
gives one key per combination, all pieces of one name or one address staying together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from itertools import combinations
from typing import Any, NamedTuple

from hub.cleaning import nicknames
from hub.errors import BadModel, did_you_mean
from hub.matching.comparisons import FREE_MAIL
from hub.matching.features import Features
from hub.matching.rarity import organization_bits
from hub.matching.rules import MatchingRules
from hub.matching.tokens import sound

PER_KIND = 12
"""At most so many keys of one kind, the first in order."""

Marks = tuple[int, ...]
Pieces = Mapping[str, Marks]
"""Values by piece, each as a number that stands for its text."""

Told = Callable[[Any], list[str]]
"""The texts of one piece in one value."""

_REMEMBERED = 1 << 12  # values of each kind, at some 600 bytes: what one customer says in several systems comes close together
_MASK = (1 << 64) - 1


def key_numbers(found: Features, rules: MatchingRules) -> list[int]:
    """Numbers of 64 bits, sorted and distinct; a record of nothing but missing values has none."""
    return sorted(_maker(rules).keys(found, rules))[: rules.key_limit]


def blocking_keys(found: Features, rules: MatchingRules) -> list[str]:
    """The same in sixteen hex digits."""
    return [f"{key:016x}" for key in key_numbers(found, rules)]


def check_blocking(rules: MatchingRules) -> None:
    """Every piece named in the rules is one that exists."""
    for piece in {piece for kind in rules.blocking for piece in kind}:
        if piece not in PIECES:
            raise BadModel(f"Unknown blocking piece {piece!r}{did_you_mean(piece, PIECES)}.", hint=piece)


@lru_cache(1 << 14)
def _mark(text: str) -> int:
    """A number that stands for a text."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big")


class _Kind(NamedTuple):
    """One kind of key. A key is the sum of its values, each times a factor of its place: no text is put together for it."""

    salt: int
    first: str
    rest: tuple[tuple[str, int], ...]

    @classmethod
    def of(cls, pieces: tuple[str, ...]) -> _Kind:
        rest = tuple((piece, _mark(f"place {place}") | 1) for place, piece in enumerate(pieces[1:], 1))
        return cls(_mark("+".join(pieces)), pieces[0], rest)


def _keys(kinds: Iterable[_Kind], settings: Sequence[Pieces], keys: set[int]) -> None:
    """The keys of these kinds, at most so many of each."""
    if len(settings) == 1:
        kinds = _of_single_values(kinds, settings[0], keys)
    for salt, first, rest in kinds:
        made: list[int] = []
        for pieces in settings:
            sums: Sequence[int] | None = pieces.get(first)
            if sums is None:
                continue
            for piece, factor in rest:
                values = pieces.get(piece)
                if values is None:
                    break
                if len(values) == 1:
                    more = values[0] * factor
                    sums = [start + more for start in sums]
                else:
                    sums = [start + value * factor for start in sums for value in values]
            else:
                made += sums
        if len(made) > PER_KIND:
            keys.update(sorted({(salt + key) & _MASK for key in made})[:PER_KIND])
        else:
            for key in made:
                keys.add((salt + key) & _MASK)


def _of_single_values(kinds: Iterable[_Kind], pieces: Pieces, keys: set[int]) -> list[_Kind]:
    """The keys of those kinds whose pieces have one value each, as nearly all have; the other kinds, which give several."""
    left: list[_Kind] = []
    get, add = pieces.get, keys.add
    for kind in kinds:
        salt, first, rest = kind
        marks = get(first)
        if marks is None:
            continue
        several = len(marks) > 1
        key = salt + marks[0]
        for piece, factor in rest:
            marks = get(piece)
            if marks is None:
                break
            several = several or len(marks) > 1
            key += marks[0] * factor
        else:
            if several:
                left.append(kind)
            else:
                add(key & _MASK)
    return left


class _Maker:
    """The kinds of one set of rules, by what they need, and the pieces these need."""

    def __init__(self, blocking: tuple[tuple[str, ...], ...]) -> None:
        self.blocking = blocking
        needed = {piece for kind in blocking for piece in kind}
        self.told = {name: {p: told for p, told in table.items() if p in needed} for name, table in _TABLES.items()}
        self.shared: list[_Kind] = []
        self.by_place: list[_Kind] = []
        self.by_name: list[_Kind] = []
        self.by_both: list[_Kind] = []
        self.by_organization: list[_Kind] = []
        self.by_organization_and_place: list[_Kind] = []
        for pieces in blocking:
            self._list_for(pieces).append(_Kind.of(pieces))
        # What many customers share, or one says in several systems, is marked once.
        self.given, self.family, self.name, self.date, self.email, self.phone = (
            lru_cache(_REMEMBERED)(self._reader(name)) for name in ("given", "family", "name", "date", "email", "phone")
        )
        self.street, self.postal_code, self.locality, self.region, self.country = (
            lru_cache(_REMEMBERED)(self._reader(name)) for name in ("street", "postal_code", "locality", "region", "country")
        )

    def keys(self, found: Features, rules: MatchingRules) -> set[int]:
        """One set of pieces per name and address of the record, so that no key mixes two names or two addresses."""
        shared = self._shared(found)
        names = [{**shared, **self._name(name[0], name[1])} for name in found.get("n", ())]
        organizations = [{**shared, **self._organization(organization[0], rules)} for organization in found.get("o", ())]
        places = [self._place(address) for address in found.get("a", ())]
        keys: set[int] = set()
        _keys(self.shared, (shared,), keys)
        if places:
            _keys(self.by_place, [{**shared, **place} for place in places], keys)
        if names:
            _keys(self.by_name, names, keys)
        if organizations:
            _keys(self.by_organization, organizations, keys)
        if names and places:
            _keys(self.by_both, [{**name, **place} for name in names for place in places], keys)
        if organizations and places:
            both = [{**organization, **place} for organization in organizations for place in places]
            _keys(self.by_organization_and_place, both, keys)
        return keys

    def _list_for(self, pieces: tuple[str, ...]) -> list[_Kind]:
        """What a kind needs. A kind that asks for a person's and an organization's name finds neither together."""
        placed = not _OF_PLACES.isdisjoint(pieces)
        if not _ORGANIZATION.keys().isdisjoint(pieces):
            return self.by_organization_and_place if placed else self.by_organization
        if not _OF_PEOPLE.isdisjoint(pieces):
            return self.by_both if placed else self.by_name
        return self.by_place if placed else self.shared

    def _reader(self, table: str) -> Callable[[Any], Pieces]:
        told = self.told[table]
        return lambda value: _marked(told, value)

    def _shared(self, found: Features) -> Pieces:
        pieces = dict(self.date(found.get("b") or ""))
        several = [self.email(item[0]) for item in found.get("e", ())] + [self.phone(item[0]) for item in found.get("t", ())]
        several += [_marked(self.told["identifier"], item) for item in found.get("i", ())]
        for one in several:
            for piece, marks in one.items():
                pieces[piece] = pieces[piece] + marks if piece in pieces else marks
        return pieces

    def _name(self, given: str, family: str) -> Pieces:
        first, whole = given.partition(" ")[0], family.replace(" ", "")
        pieces = {**self.given(first), **self.family(family)}
        pieces.update(self.name((first, whole)))
        return pieces

    def _organization(self, name: str, rules: MatchingRules) -> Pieces:
        tokens = sorted(set(name.split()))
        bits = {token: organization_bits(token, rules) for token in tokens}
        rare = sorted(tokens, key=lambda token: (-bits[token], token))[:5]
        return _marked(self.told["organization"], (name.replace(" ", ""), rare))

    def _place(self, address: list[Any]) -> Pieces:
        street, postal_code, locality, region, country = address[:5]
        pieces = {**self.postal_code(postal_code), **self.locality(locality), **self.region(region), **self.country(country)}
        if street:
            pieces.update(self.street(street))
        return pieces


_makers: dict[int, _Maker] = {}


def _maker(rules: MatchingRules) -> _Maker:
    """Rules are few and live long; the maker holds on to what it is known by."""
    known = _makers.get(id(rules.blocking))
    if known is None:
        if len(_makers) > 8:
            _makers.clear()
        known = _makers[id(rules.blocking)] = _Maker(rules.blocking)
    return known


def _marked(told: Mapping[str, Told], value: Any) -> dict[str, Marks]:
    """The pieces of one value that it has."""
    pieces: dict[str, Marks] = {}
    for piece, texts in told.items():
        found = texts(value)
        if len(found) == 1:
            if found[0]:
                pieces[piece] = (_mark(found[0]),)
        elif marks := tuple({_mark(text) for text in found if text}):
            pieces[piece] = marks
    return pieces


# -- what the pieces are: each a function of one value, which gives texts --

ROOTS = 2
"""Of a short form, so many of the names it may stand for; each gives a key of its own."""


@lru_cache(_REMEMBERED)
def roots(given: str) -> tuple[str, ...]:
    """The names that a short form may stand for: those that have more short forms than it has itself."""
    related = nicknames(given)
    fuller = [(-len(nicknames(name)), name) for name in related if len(nicknames(name)) > len(related)]
    return tuple(name for _, name in sorted(fuller)[:ROOTS])


def _given_sounds(first: str) -> list[str]:
    """Its own sound and those of its roots, so that Bill meets William, and Will too."""
    return [sound(name) for name in (first, *roots(first))] if len(first) > 1 else []


def _name_sounds(pair: tuple[str, str]) -> list[str]:
    given, family = pair
    if not (given and family):
        return []
    return ["|".join(sorted((sound(name), sound(family)))) for name in (given, *roots(given))]


_GIVEN: dict[str, Told] = {
    "given_name": lambda first: [first if len(first) > 1 else ""],
    "given_name_sound": _given_sounds,
    "given_name_start": lambda first: [first[:2] if len(first) > 1 else ""],
    "given_name_prefix": lambda first: [first[:3] if len(first) > 2 else ""],
    "given_name_initial": lambda first: [first[:1]],
    "given_name_end": lambda first: [first[-3:] if len(first) > 3 else ""],
}


def _whole(family: str) -> str:
    return family.replace(" ", "")


def _last_end(family: str) -> str:
    last = family.rpartition(" ")[2]
    return last[-4:] if len(last) > 4 else ""


_FAMILY: dict[str, Told] = {
    "family_name": lambda family: [_whole(family)],
    "family_name_sound": lambda family: [sound(_whole(family)) if family else ""],
    "family_name_part": lambda family: [sound(token) for token in family.split() if len(token) > 2],
    "family_name_prefix": lambda family: [_whole(family)[:4] if len(_whole(family)) > 3 else ""],
    "family_name_start": lambda family: [_whole(family)[:2]],
    "family_name_end": lambda family: [_last_end(family)],
}

_NAME: dict[str, Told] = {  # of (first given name, whole family name)
    "name_pair": lambda pair: ["|".join(sorted(pair)) if all(pair) else ""],
    "name_sound_pair": _name_sounds,
    "name_initials": lambda pair: ["".join(sorted(name[:1] for name in pair)) if all(pair) else ""],
    "name_any_start": lambda pair: [token[:2] for token in pair if len(token) > 1],
    "name_any_sound": lambda pair: [sound(token) for token in pair if len(token) > 1],
}


def _sound_pairs(rare: list[str]) -> list[str]:
    return [" ".join(sorted((sound(a), sound(b)))) for a, b in combinations(rare, 2)]


_ORGANIZATION: dict[str, Told] = {  # of (whole name, its rarest words)
    "organization_name": lambda told: [told[0]],
    "organization_token": lambda told: [token for token in told[1][:3] if len(token) > 1],
    "organization_sound": lambda told: [sound(token) for token in told[1][:3] if len(token) > 2 and not token.isdigit()],
    "organization_pair": lambda told: [" ".join(sorted(pair)) for pair in combinations(told[1], 2)],
    "organization_prefix": lambda told: [told[0][:6] if len(told[0]) > 5 else ""],
    "organization_start": lambda told: [told[0][:3]],
    "organization_sound_pair": lambda told: _sound_pairs(told[1][:4]),
}


def _date(low_and_high: Callable[[str, str, str], str]) -> Told:
    """A piece of whole dates: year, month and day."""

    def told(date: str) -> list[str]:
        year, month, day = [*date.split("-"), "", ""][:3]
        return [low_and_high(year, month, day)] if month and day else []

    return told


def _turned(month: str, day: str) -> str:
    """Month and day in one order, since they change places."""
    return min(month, day) + max(month, day)


_DATE: dict[str, Told] = {
    "birth_date": _date(lambda year, month, day: year + _turned(month, day)),
    "birth_year": lambda date: [date.partition("-")[0]],
    "birth_month": _date(lambda year, month, day: year + month),
    "birth_year_day": _date(lambda year, month, day: f"{year}/{day}"),
    "birthday": _date(lambda year, month, day: _turned(month, day)),
    "birth_decade": _date(lambda year, month, day: year[:3]),
}


def _local(email: str) -> str:
    return email.partition("@")[0]


def _domain_sound(email: str) -> list[str]:
    """Of a domain of one's own, without its last part."""
    domain = email.partition("@")[2]
    own = "" if domain in FREE_MAIL else domain.rpartition(".")[0]
    return [sound(own) if own else ""]


def _end_of_local(email: str) -> str:
    """The end of the name with the domain: whoever slips does it in one place."""
    local, at, domain = email.partition("@")
    return f"{local[-4:]}{at}{domain}" if len(local) > 4 else ""


_EMAIL: dict[str, Told] = {
    "email": lambda email: [email],
    "email_name": lambda email: [_local(email) if len(_local(email)) > 4 else ""],
    "email_prefix": lambda email: [email[:6] if len(_local(email)) > 5 else ""],
    "email_domain_sound": _domain_sound,
    "email_end": lambda email: [_end_of_local(email)],
}
_PHONE: dict[str, Told] = {
    "phone": lambda phone: [phone],
    "phone_start": lambda phone: [phone[:-3] if len(phone) > 6 else phone],
    "phone_end": lambda phone: [phone[-6:]],
}
_IDENTIFIER: dict[str, Told] = {  # of an identifier as features have it
    "identifier": lambda item: [f"{item[0]}:{item[2]}"],
    "identifier_start": lambda item: [f"{item[0]}:{item[2][:-3] if len(item[2]) > 6 else item[2]}"],
    "identifier_end": lambda item: [f"{item[0]}:{item[2][3:] if len(item[2]) > 6 else item[2]}"],
}


def _street_words(street: str) -> list[str]:
    """The longest words of an address line."""
    return sorted({token for token in street.split() if len(token) > 3 and not token.isdigit()}, key=lambda t: (-len(t), t))[:3]


_STREET: dict[str, Told] = {
    "street": lambda street: ["".join(sorted(street.split()))],
    "street_word": _street_words,
    "street_sound": lambda street: [sound(word) for word in _street_words(street)],
    "house_number": lambda street: [token for token in street.split() if token[:1].isdigit()][:2],
}
_TABLES: dict[str, dict[str, Told]] = {
    "given": _GIVEN,
    "family": _FAMILY,
    "name": _NAME,
    "organization": _ORGANIZATION,
    "date": _DATE,
    "email": _EMAIL,
    "phone": _PHONE,
    "identifier": _IDENTIFIER,
    "postal_code": {"postal_code": lambda code: [code], "postal_area": lambda code: [code[:3]]},
    "locality": {
        "locality": lambda locality: [locality],
        "locality_sound": lambda locality: [sound(locality.replace(" ", "")) if locality else ""],
    },
    "region": {"region": lambda region: [region]},
    "country": {"country": lambda country: [country]},
    "street": _STREET,
}
_OF_PEOPLE = frozenset({*_GIVEN, *_FAMILY, *_NAME})
_OF_PLACES = frozenset(piece for table in ("postal_code", "locality", "region", "country", "street") for piece in _TABLES[table])
PIECES = frozenset(piece for table in _TABLES.values() for piece in table)
