"""Items of lists: when are two spellings one thing, and under which id does it live on?"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from hub.records import canonical_json, content_hash

META = frozenset({"id", "type", "preferred", "verified_at", "valid_from", "valid_to", "given"})
"""What is said about an item and is not the item itself."""

REMEMBERED = 1 << 12
"""Spellings: what is said of one customer in several systems comes close together, and of others hardly ever again."""

_TOKENS = re.compile(r"[^\W\d_]+|\d+")
_BARE = {"ø": "o", "ł": "l", "đ": "d", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
_WORDS = {
    "street": "st", "saint": "st", "road": "rd", "avenue": "av", "ave": "av", "avenida": "av", "avda": "av", "avd": "av",
    "boulevard": "bd", "blvd": "bd", "boul": "bd", "drive": "dr", "lane": "ln", "court": "ct", "place": "pl", "platz": "pl",
    "plaza": "pl", "pza": "pl", "pz": "pl", "piazza": "pl", "praca": "pl", "plac": "pl", "square": "sq", "calle": "c",
    "cl": "c", "carrer": "c", "rua": "r", "rue": "r", "via": "v", "viale": "vl", "ulica": "ul", "ulitsa": "ul",
    "strasse": "str", "weg": "wg", "allee": "al", "paseo": "ps", "pso": "ps", "pg": "ps", "passeig": "ps", "carretera": "ctra",
    "apartment": "apt", "appartement": "apt", "suite": "ste", "floor": "fl", "north": "n", "south": "s", "east": "e",
    "west": "w", "terrace": "ter", "close": "cl", "crescent": "cres", "highway": "hwy", "parkway": "pkwy",
}  # fmt: skip
_SILENT = frozenset(
    {"no", "nr", "num", "numero", "number", "nro", "bis", "de", "del", "la", "las", "los", "der", "des", "du", "da", "do"}
)
_SUFFIXES = (("strasse", "str"), ("str", "str"), ("platz", "pl"), ("weg", "wg"), ("allee", "al"))


@lru_cache(maxsize=REMEMBERED)
def folded(text: str) -> str:
    """Without case, accents and width."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(_BARE.get(c, c) for c in plain if not unicodedata.combining(c))


@lru_cache(maxsize=REMEMBERED)
def place_tokens(text: str) -> tuple[str, ...]:
    """The words of an address line in one spelling: ``Hauptstraße 5`` and ``Haupt-Str. 5`` are the same."""
    found: list[str] = []
    for token in _TOKENS.findall(folded(text)):
        if token in _SILENT:
            continue
        for suffix, short in _SUFFIXES:
            if token.endswith(suffix) and len(token) > len(suffix) + 2:
                found += [token[: -len(suffix)], short]
                break
        else:
            found.append(token.lstrip("0") or "0" if token.isdigit() else _WORDS.get(token, token))
    return tuple(found)


def _email(item: Mapping[str, Any]) -> str:
    return _mailbox(str(item.get("address") or ""))


@lru_cache(maxsize=REMEMBERED)
def _mailbox(address: str) -> str:
    return unicodedata.normalize("NFKC", address).strip().lower()


def _phone(item: Mapping[str, Any]) -> str:
    return _number(str(item.get("number") or ""))


@lru_cache(maxsize=REMEMBERED)
def _number(given: str) -> str:
    text = unicodedata.normalize("NFKC", given).strip()
    digits = "".join(c for c in text if c.isdigit())
    if not digits:
        return folded(text)
    if text.startswith("+"):
        return "+" + digits
    return "+" + digits[2:] if digits.startswith("00") else digits


def _identifier(item: Mapping[str, Any]) -> str:
    return _official(str(item.get("scheme") or ""), str(item.get("country") or ""), str(item.get("value") or ""))


@lru_cache(maxsize=REMEMBERED)
def _official(scheme: str, country: str, given: str) -> str:
    value = "".join(c for c in folded(given) if c.isalnum())
    return f"{folded(scheme)}|{folded(country)}|{value}" if value else ""


def _address(item: Mapping[str, Any]) -> str:
    """By postal code and street where both are known: towns and regions are spelt in too many ways."""
    given = [str(line) for line in item.get("lines") or ()]
    town = str(item.get("locality") or item.get("region") or "")
    return _postal(tuple(given), str(item.get("postal_code") or ""), town, str(item.get("country") or ""))


@lru_cache(maxsize=REMEMBERED)
def _postal(given: tuple[str, ...], postal_code: str, town: str, country: str) -> str:
    lines = sorted({t for line in given for t in place_tokens(line)})
    code = "".join(c for c in folded(postal_code) if c.isalnum())
    if code and lines:
        return f"{code}|{' '.join(lines)}"
    key = f"{code}|{' '.join(lines)}|{' '.join(sorted(set(place_tokens(town))))}|{folded(country)}"
    return key if key.strip("|") else ""


def _web_account(item: Mapping[str, Any]) -> str:
    handle = folded(str(item.get("handle") or item.get("url") or "")).strip().lstrip("@")
    return f"{folded(str(item.get('provider') or ''))}|{handle}" if handle else ""


@lru_cache(maxsize=REMEMBERED)
def _text(item: str) -> str:
    return " ".join(folded(item).split())


def _content(item: Any) -> str:
    if not isinstance(item, dict):
        return _text(item) if isinstance(item, str) else canonical_json(item).decode()
    core = {k: v for k, v in item.items() if k not in META and v is not None}
    return canonical_json(core).decode() if core else ""


KINDS: dict[str, Callable[[Any], str]] = {
    "email": _email,
    "phone": _phone,
    "address": _address,
    "identifier": _identifier,
    "web_account": _web_account,
    "content": _content,
}
_BY_LIST = {
    "emails": "email",
    "phones": "phone",
    "addresses": "address",
    "identifiers": "identifier",
    "web_accounts": "web_account",
}


def item_key(path: str, item: Any, kind: str | None = None) -> str:
    """The item's normal form: equal exactly for spellings of one thing. Empty when there is nothing in it."""
    if item is None or item == "":
        return ""
    if isinstance(item, dict):
        return KINDS[kind or _BY_LIST.get(path, "content")](item) or _content(item)
    return _content(item)


@lru_cache(maxsize=REMEMBERED)
def item_id(path: str, key: str) -> str:
    """The same for ever, whoever says it and however it is spelt."""
    return content_hash([path, key])[:12]


def normal(value: Any) -> str:
    """Equal for values that say the same: what counts as one vote."""
    return _text(value) if isinstance(value, str) else canonical_json(value).decode()
