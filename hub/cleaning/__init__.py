"""Cleaning: pure functions, one value in, one out. Mappings call them inside expressions, matching builds features on them.

A value that is not what it should be raises :class:`hub.errors.Unclean` with a code (``email_invalid``); a value that cannot be
told for certain is kept and flagged (:class:`Cleaned`). Nothing is guessed silently: no country, no century, no order of day
and month. Values longer than any real one (4,000 signs; a body of text 1,000,000) are refused before any work on them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from hub.cleaning import words
from hub.cleaning.addresses import address_line
from hub.cleaning.amounts import amount
from hub.cleaning.contacts import email, phone
from hub.cleaning.dates import date, moment, moment_text
from hub.cleaning.identifiers import identifier, vat
from hub.cleaning.names import gender, nicknames, person_name
from hub.cleaning.organizations import organization_name
from hub.cleaning.places import country, currency, language, postal_code, time_zone
from hub.cleaning.scripts import script
from hub.cleaning.texts import fold, long_text, placeholder, strip_control, text
from hub.cleaning.transliteration import latin
from hub.cleaning.values import LONGEST_TEXT, LONGEST_VALUE, Cleaned, unclean

__all__ = [
    "FUNCTIONS",
    "LONGEST_TEXT",
    "LONGEST_VALUE",
    "Cleaned",
    "address_line",
    "amount",
    "country",
    "currency",
    "date",
    "email",
    "fold",
    "gender",
    "identifier",
    "language",
    "latin",
    "long_text",
    "moment",
    "moment_text",
    "nicknames",
    "organization_name",
    "person_name",
    "phone",
    "placeholder",
    "postal_code",
    "script",
    "strip_control",
    "text",
    "time_zone",
    "unclean",
    "vat",
]


def _known(function: Callable[..., Any], place: int = 0) -> Callable[..., Any]:
    """The function for mappings: null, an empty text or a placeholder gives null instead of a refusal."""

    @wraps(function)
    def offered(*given: Any) -> Any:
        value = given[place] if len(given) > place else None
        if value is None or (isinstance(value, str) and placeholder(value)):
            return None
        return function(*given)

    return offered


def _placeholder(given: Any) -> bool:
    return isinstance(given, str) and placeholder(given)


def _fold(given: Any) -> str:
    return fold(text(given))


def _nicknames(given: Any) -> list[str]:
    return list(nicknames(given)) if isinstance(given, str) else []


FUNCTIONS: dict[str, Callable[..., Any]] = {
    "text": _known(text),
    "long_text": _known(long_text),
    "strip_control": _known(strip_control),
    "email": _known(email),
    "phone": _known(phone),
    "date": _known(date),
    "moment": _known(moment_text),
    "country": _known(country),
    "language": _known(language),
    "currency": _known(currency),
    "time_zone": _known(time_zone),
    "amount": _known(amount),
    "vat": _known(vat),
    "identifier": _known(identifier, place=1),
    "latin": _known(latin),
    "script": _known(script),
    "person_name": _known(person_name),
    "organization_name": _known(organization_name),
    "gender": _known(gender),
    "postal_code": _known(postal_code),
    "address_line": _known(address_line),
    "nicknames": _nicknames,
    "placeholder": _placeholder,
    "fold": _known(_fold),
    "lower": words.lower,
    "upper": words.upper,
    "trim": words.trim,
    "title": words.title,
    "digits": words.digits,
    "concat": words.concat,
    "join_words": words.join_words,
    "split": words.split,
    "replace": words.replace,
    "pad": words.pad,
    "default": words.default,
    "if_empty": words.if_empty,
    "left": words.left,
    "right": words.right,
    "between": words.between,
    "one_line": words.one_line,
}
"""What mappings may call, by name. JMESPath's own functions (``join`` among them) keep their names and meaning."""
