"""Blocking keys: two records are compared when they share one. Many kinds of narrow keys, no large blocks.

A kind is a list of pieces, as ``matching.yaml`` names them under ``blocking``. A piece gives no, one or several values; a kind
gives one key per combination, all pieces of one name or one address staying together.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from itertools import combinations, product

from hub.errors import BadModel, did_you_mean
from hub.matching.features import Features
from hub.matching.rarity import organization_bits
from hub.matching.rules import MatchingRules
from hub.matching.tokens import sound, words

Pieces = dict[str, list[str]]
"""Values by piece."""

PER_KIND = 12
"""At most so many keys of one kind, the first in order."""


def blocking_keys(found: Features, rules: MatchingRules) -> list[str]:
    """Short hashes, sorted and distinct; a record of nothing but missing values has none."""
    settings = list(_settings(found, rules))
    keys: set[str] = set()
    for kind in rules.blocking:
        name = "+".join(kind)
        made = {key for pieces in settings for key in _combined(name, kind, pieces)}
        keys.update(sorted(made)[:PER_KIND])
    return sorted(keys)[: rules.key_limit]


def check_blocking(rules: MatchingRules) -> None:
    """Every piece named in the rules is one that exists."""
    for piece in {piece for kind in rules.blocking for piece in kind}:
        if piece not in PIECES:
            raise BadModel(f"Unknown blocking piece {piece!r}{did_you_mean(piece, PIECES)}.", hint=piece)


def _combined(name: str, kind: tuple[str, ...], pieces: Pieces) -> Iterable[str]:
    values = [pieces.get(piece, ()) for piece in kind]
    for combination in product(*values):
        yield hashlib.blake2b("\x1f".join((name, *combination)).encode(), digest_size=8).hexdigest()


def _settings(found: Features, rules: MatchingRules) -> Iterable[Pieces]:
    """One set of pieces per name and address of the record, so that no key mixes two names or two addresses."""
    shared = {**_date_pieces(found.get("b") or ""), **_contact_pieces(found)}
    names: list[Pieces] = [_name_pieces(name) for name in found.get("n", ())]
    names += [_organization_pieces(organization[0], rules) for organization in found.get("o", ())]
    places = [_place_pieces(address) for address in found.get("a", ())]
    for name in names or [{}]:
        for place in places or [{}]:
            yield {**shared, **name, **place}


def _name_pieces(name: list[str]) -> Pieces:
    given, family = name[0].split(), name[1].split()
    first = given[0] if given else ""
    whole = "".join(family)
    last = family[-1] if family else ""
    pair = sorted((first, whole))
    return _known(
        {
            "given_name": [first if len(first) > 1 else ""],
            "given_name_sound": [sound(first) if len(first) > 1 else ""],
            "given_name_start": [first[:2] if len(first) > 1 else ""],
            "given_name_prefix": [first[:3] if len(first) > 2 else ""],
            "given_name_initial": [first[:1]],
            "family_name": [whole],
            "family_name_sound": [sound(whole)] if whole else [],
            "family_name_part": sorted({sound(token) for token in family if len(token) > 2}),
            "family_name_prefix": [whole[:4] if len(whole) > 3 else ""],
            "family_name_start": [whole[:2]],
            "family_name_end": [last[-4:] if len(last) > 4 else ""],
            "given_name_end": [first[-3:] if len(first) > 3 else ""],
            "name_pair": ["|".join(pair) if first and whole else ""],
            "name_sound_pair": ["|".join(sorted((sound(first), sound(whole)))) if first and whole else ""],
            "name_initials": ["".join(sorted((first[:1], whole[:1]))) if first and whole else ""],
            "name_any_sound": sorted({sound(token) for token in (first, whole) if len(token) > 1}),
        }
    )


def _organization_pieces(name: str, rules: MatchingRules) -> Pieces:
    tokens = sorted(set(name.split()))
    bits = {token: organization_bits(token, rules) for token in tokens}
    rare = sorted(tokens, key=lambda token: (-bits[token], token))[:5]
    pairs = [" ".join(sorted(pair)) for pair in combinations(rare, 2)]
    whole = name.replace(" ", "")
    return _known(
        {
            "organization_name": [whole],
            "organization_token": [token for token in rare[:3] if len(token) > 1],
            "organization_sound": sorted({sound(token) for token in rare[:3] if len(token) > 2 and not token.isdigit()}),
            "organization_pair": pairs,
            "organization_prefix": [whole[:6] if len(whole) > 5 else ""],
            "organization_start": [whole[:3]],
            "organization_sound_pair": [" ".join(sorted((sound(a), sound(b)))) for a, b in combinations(rare[:4], 2)],
        }
    )


def _date_pieces(date: str) -> Pieces:
    year, month, day = [*date.split("-"), "", ""][:3] if date else ("", "", "")
    if not (month and day):
        return _known({"birth_year": [year]})
    low, high = sorted((month, day))
    return _known(
        {
            "birth_date": [f"{year}{low}{high}"],
            "birth_year": [year],
            "birth_month": [f"{year}{month}"],
            "birth_year_day": [f"{year}/{day}"],
            "birthday": [f"{low}{high}"],
            "birth_decade": [year[:3]],
        }
    )


def _contact_pieces(found: Features) -> Pieces:
    emails = [email[0] for email in found.get("e", ())]
    phones = [phone[0] for phone in found.get("t", ())]
    identifiers = [(item[0], item[2]) for item in found.get("i", ())]
    locals_ = sorted({email.partition("@")[0] for email in emails})
    return _known(
        {
            "email": emails,
            "email_name": [local for local in locals_ if len(local) > 4],
            "email_prefix": [email[:6] for email in emails if len(email.partition("@")[0]) > 5],
            "email_end": [email[-14:] for email in emails if len(email) > 15],
            "phone": phones,
            "phone_start": [phone[:-3] for phone in phones if len(phone) > 6],
            "phone_end": [phone[-6:] for phone in phones if len(phone) > 6],
            "identifier": [f"{scheme}:{value}" for scheme, value in identifiers],
            "identifier_start": [f"{scheme}:{value[:-3]}" for scheme, value in identifiers if len(value) > 6],
            "identifier_end": [f"{scheme}:{value[3:]}" for scheme, value in identifiers if len(value) > 6],
        }
    )


def _place_pieces(address: list[str]) -> Pieces:
    street, postal_code, locality, region, country = address[:5]
    tokens = street.split()
    words = sorted({token for token in tokens if len(token) > 3 and not token.isdigit()}, key=lambda t: (-len(t), t))[:3]
    numbers = [token for token in tokens if token[:1].isdigit()][:2]
    return _known(
        {
            "postal_code": [postal_code],
            "postal_area": [postal_code[:3]],
            "locality": [locality],
            "locality_sound": [sound(locality.replace(" ", ""))] if locality else [],
            "region": [region],
            "country": [country],
            "street": ["".join(sorted(tokens))] if tokens else [],
            "street_word": words,
            "street_sound": [sound(word) for word in words],
            "house_number": numbers,
        }
    )


def _known(pieces: Pieces) -> Pieces:
    return {name: kept for name, values in pieces.items() if (kept := sorted({value for value in values if value}))}


PIECES = words(
    "given_name given_name_sound given_name_start given_name_prefix given_name_initial given_name_end "
    "family_name family_name_sound family_name_part family_name_prefix family_name_start family_name_end "
    "name_pair name_sound_pair name_initials name_any_sound "
    "organization_name organization_token organization_sound organization_pair organization_prefix organization_start "
    "organization_sound_pair "
    "birth_date birth_year birth_month birth_year_day birthday birth_decade "
    "email email_name email_prefix email_end phone phone_start phone_end identifier identifier_start identifier_end "
    "postal_code postal_area locality locality_sound region country street street_word street_sound house_number"
)
