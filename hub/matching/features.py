"""What matching looks at in one record: computed once, stored with it, equal for records that mean the same.

Features are a plain JSON object. Only what is known is carried:

    k  kind: p person, o organization, absent unknown
    n  names         [[given, family, suffix, low], ...]            plain tokens, given with middle names
    o  organizations [[name without legal form, legal form, low], ...]
    b  birth date    "YYYY" | "YYYY-MM" | "YYYY-MM-DD"
    g  gender        m | f | another first letter
    e  emails        [[address, low], ...]
    t  telephones    [[last nine digits, low], ...]
    a  addresses     [[street, postal code, locality, region, country, low], ...]
    i  identifiers   [[scheme, country, value, verified, valid from, valid to, low], ...]
    s  1 for a steward's record: it gives no keys and no bits

``low`` is 1 when the rules trust the sender of this value little. Lists are sorted and distinct.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from hub.cleaning import address_line, gender, organization_name, person_name, placeholder
from hub.cleaning.japanese import japanese_name
from hub.errors import Unclean
from hub.matching.rules import MatchingRules
from hub.matching.tokens import plain, words
from hub.records import Data, content_hash

Features = dict[str, Any]

STEWARD = "steward"
ITEMS = 12
"""Of a list the first so many values (in order) take part; no real customer has more."""

_DIGITS = re.compile(r"\D+")
_SUFFIXES = {
    "jr": "2",
    "junior": "2",
    "ii": "2",
    "2nd": "2",
    "sr": "1",
    "senior": "1",
    "i": "1",
    "iii": "3",
    "3rd": "3",
    "iv": "4",
}
_JAPANESE_FORMS = words("株式会社 有限会社 合同会社 合資会社 合名会社 一般社団法人 一般財団法人")
_TITLES = words("mr mrs ms miss mx dr prof sir dame rev fr herr frau hr fra sr sra srta don dona mme mlle monsieur madame sig")


def features(data: Data, *, system: str, rules: MatchingRules) -> Features:
    """The features of one canonical customer as one system tells it."""
    if system == STEWARD:
        return {"s": 1}
    found: Features = {
        "k": _kind(data),
        "n": _names(data, rules.is_low(system, None)),
        "o": _organizations(data, rules.is_low(system, None)),
        "b": data.get("birth_date") or None,
        "g": _gender(data.get("gender")),
        "e": _distinct(_email(item, rules.is_low(system, item.get("type"))) for item in _items(data, "emails")),
        "t": _distinct(_phone(item, rules.is_low(system, item.get("type"))) for item in _items(data, "phones")),
        "a": _distinct(_address(item, rules.is_low(system, item.get("type"))) for item in _items(data, "addresses")),
        "i": _distinct(_identifier(item, rules.is_low(system, item.get("type"))) for item in _items(data, "identifiers")),
    }
    return {name: value for name, value in found.items() if value}


def feature_hash(found: Features) -> str:
    """Equal exactly for records that matching cannot tell apart."""
    return content_hash(found)


def _kind(data: Data) -> str | None:
    kind = data.get("kind")
    if kind in ("person", "organization"):
        return str(kind)[0]
    has_name, has_organization = bool(data.get("name")), bool(data.get("organization"))
    if has_name == has_organization:
        return None
    return "o" if has_organization else None


def _items(data: Data, name: str) -> list[dict[str, Any]]:
    listed = data.get(name)
    return [item for item in listed if isinstance(item, dict)] if listed else []


def _distinct(found: Iterable[list[Any] | None]) -> list[list[Any]]:
    items = [item for item in found if item]
    if len(items) < 2:
        return items
    distinct = {repr(item): item for item in items}
    return [distinct[text] for text in sorted(distinct)][:ITEMS]


def _names(data: Data, low: bool) -> list[list[Any]]:
    name = data.get("name") or {}
    if not isinstance(name, dict) or data.get("kind") == "organization":
        return []
    suffix, country = _suffix(name.get("suffix")), data.get("country")
    language = _language(name.get("family") or "", country)
    given = " ".join(plain(name[part], language) for part in ("given", "middle") if name.get(part))
    family = plain(name.get("family") or "", language)
    found = [_name(_with_middle(given, family, name.get("full")), family, suffix, low)]
    others = [name.get("native"), name.get("latin")]
    if not (given and family):
        others.append(name.get("full"))
    found += [_whole_name(str(whole), suffix, country, low) for whole in others if whole]
    found += [_former(str(former), given, suffix, low) for former in _former_names(name.get("former"))]
    return _distinct(found)


def _language(family: str, country: Any) -> str:
    """Whose reading of Han a name has: its country's, or that of a family name that only Japanese bear."""
    if family.isascii():
        return ""
    if country in ("JP", "CN", "TW", "HK", "MO", "SG"):
        return "ja" if country == "JP" else "zh"
    return "ja" if japanese_name(family) else ""


def _with_middle(given: str, family: str, full: Any) -> str:
    """Middle names may stand in the full name only: "Ana" and "Gil" in "Ana Maria Gil"."""
    if not (given and family and full) or " " in given:
        return given
    tokens = plain(str(full)).split()
    family_tokens = family.split()
    if len(tokens) > len(family_tokens) + 1 and tokens[0] == given and tokens[-len(family_tokens) :] == family_tokens:
        return " ".join(tokens[: -len(family_tokens)])
    return given


def _name(given: str, family: str, suffix: str, low: bool) -> list[Any] | None:
    given, family, suffix = _settled(given, family, suffix)
    return [given, family, suffix, int(low)] if given or family else None


def _settled(given: str, family: str, suffix: str) -> tuple[str, str, str]:
    """Titles go; a suffix written into a name becomes the suffix."""
    given_tokens = [token for token in given.split() if token not in _TITLES]
    family_tokens = [] if _nobody(family) else family.split()
    if _nobody(given):
        given, given_tokens = "", []
    for tokens in (family_tokens, given_tokens):
        if len(tokens) > 1 and tokens[-1] in _SUFFIXES and tokens[-1] != "i":
            suffix = suffix or _SUFFIXES[tokens.pop()]
    return " ".join(given_tokens) or given, " ".join(family_tokens), suffix


@lru_cache(maxsize=1 << 13)
def _nobody(name: str) -> bool:
    """Placeholders that only show once a name is taken apart: `xxx`, `n n`."""
    return placeholder(name) or placeholder(name.replace(" ", ""))


def _whole_name(whole: str, suffix: str, country: Any, low: bool) -> list[Any] | None:
    """A name in one piece, taken apart as cleaning does; what it cannot take apart is a family name or tokens in order."""
    whole = " ".join(word for word in whole.split() if len(word) < 2 or not placeholder(word))
    try:
        parts = person_name(whole, country)
    except Unclean:
        return None
    suffix = suffix or _suffix(parts.get("suffix"))
    if parts.get("family"):
        language = _language(parts["family"], country) or _language(whole.replace(" ", ""), country)
        given = " ".join(plain(parts[part], language) for part in ("given", "middle") if parts.get(part))
        return _name(given, plain(parts["family"], language), suffix, low)
    tokens = [token for token in plain(whole).split() if token not in _TITLES]
    return _name(" ".join(tokens[:-1]), tokens[-1] if tokens else "", suffix, low)


def _former_names(former: Any) -> list[Any]:
    return former if isinstance(former, list) else [former] if former else []


def _former(former: str, given: str, suffix: str, low: bool) -> list[Any] | None:
    """A former name is a whole name, or only the family name that went."""
    family = plain(former)
    if given and family.startswith(f"{given} "):
        family = family[len(given) + 1 :]
    return _name(given, family, suffix, low)


def _suffix(text: Any) -> str:
    if not text:
        return ""
    return next((_SUFFIXES[token] for token in plain(str(text or "")).split() if token in _SUFFIXES), "")


def _organizations(data: Data, low: bool) -> list[list[Any]]:
    organization = data.get("organization") or {}
    if not isinstance(organization, dict) or data.get("kind") == "person":
        return []
    names = [organization.get(part) for part in ("legal_name", "native", "latin")] + list(organization.get("trade_names") or ())
    country = data.get("country")
    return _distinct(_organization(str(name), country, low) for name in names if name)


def _organization(text: str, country: Any, low: bool) -> list[Any] | None:
    try:
        parts = organization_name(text, country)
    except Unclean:
        return None
    language = "ja" if parts.get("legal_form") in _JAPANESE_FORMS else ""
    name = plain(parts["name"].replace("&", " and ").replace(".", ""), language)
    return [name, plain(parts.get("legal_form", "").replace(".", "")), int(low)] if name else None


def _gender(text: Any) -> str | None:
    return _gender_letter(str(text)) if text else None


@lru_cache(maxsize=256)
def _gender_letter(text: str) -> str | None:
    try:
        return str(gender(text))[:1].lower()
    except Unclean:
        return None


def _email(item: dict[str, Any], low: bool) -> list[Any] | None:
    address = str(item.get("address") or "").strip().casefold()
    return [address, int(low)] if "@" in address else None


def _phone(item: dict[str, Any], low: bool) -> list[Any] | None:
    digits = _DIGITS.sub("", str(item.get("number") or item.get("given") or ""))
    return [digits[-9:], int(low)] if len(digits) >= 5 else None


def _address(item: dict[str, Any], low: bool) -> list[Any] | None:
    country = item.get("country")
    where = country if isinstance(country, str) else None
    parts = [" ".join([_line(str(line), where) for line in item.get("lines") or () if line])]
    parts += [plain(str(item.get(part) or "")) for part in ("postal_code", "locality", "region", "country")]
    parts[1] = parts[1].replace(" ", "")
    return [*parts, int(low)] if any(parts) else None


@lru_cache(maxsize=1 << 12)
def _line(line: str, country: str | None) -> str:
    try:
        return str(address_line(line, country))
    except Unclean:
        return ""


def _identifier(item: dict[str, Any], low: bool) -> list[Any] | None:
    value = plain(str(item.get("value") or "")).replace(" ", "")
    scheme = str(item.get("scheme") or "")
    if not value or not scheme:
        return None
    country = plain(str(item.get("country") or ""))
    verified = int(item.get("verified") is True)
    return [scheme, country, value, verified, item.get("valid_from") or "", item.get("valid_to") or "", int(low)]
