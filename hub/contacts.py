"""What a customer can be found by: one word per key, email, telephone number and identifier. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from hub.records import Data


def key_lookup(system: str, key: str) -> str:
    return f"key:{system}:{key}"


def email_lookup(address: Any) -> str | None:
    text = str(address or "").strip().casefold()
    return f"email:{text}" if "@" in text else None


def phone_lookup(number: Any) -> str | None:
    """The last nine digits, since a number is written with and without its country."""
    digits = "".join(c for c in str(number or "") if c.isdigit())
    return f"phone:{digits[-9:]}" if len(digits) >= 5 else None


def identifier_lookup(item: Any) -> str | None:
    if not isinstance(item, Mapping) or not item.get("scheme") or not item.get("value"):
        return None
    return f"identifier:{item['scheme']}:{str(item['value']).replace(' ', '').casefold()}"


def contact_words(data: Data) -> Iterator[tuple[str, datetime | None, datetime | None]]:
    """(lookup, valid from, valid to) of everything a customer can be found by."""
    for name, look in (("emails", "address"), ("phones", "number"), ("identifiers", "")):
        for item in data.get(name) or ():
            if isinstance(item, Mapping) and (word := _word(name, item.get(look) if look else item)):
                yield word, moment(item.get("valid_from")), moment(item.get("valid_to"))


def _word(name: str, value: Any) -> str | None:
    return {"emails": email_lookup, "phones": phone_lookup, "identifiers": identifier_lookup}[name](value)


def moment(text: Any) -> datetime | None:
    """A date or time of a canonical record as a moment; a year or month begins at its beginning."""
    if not isinstance(text, str) or not text:
        return None
    padded = text if len(text) > 7 else (text + "-01-01")[:10] if len(text) == 4 else text + "-01"
    try:
        found = datetime.fromisoformat(padded)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def reference_words(reference: Data, own_system: str) -> list[str]:
    """What a reference to a customer may be found by, the surest first."""
    words = []
    if reference.get("key"):
        words.append(key_lookup(str(reference.get("system") or own_system), str(reference["key"])))
    words += [
        word
        for word in (
            identifier_lookup(reference.get("identifier")),
            email_lookup(reference.get("email")),
            phone_lookup(reference.get("phone")),
        )
        if word
    ]
    return words
