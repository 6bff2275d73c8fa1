"""Email addresses and phone numbers."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import phonenumbers

from hub.cleaning.numbering import usual
from hub.cleaning.places import country as read_country
from hub.cleaning.texts import plain, western_digits
from hub.cleaning.values import Cleaned, short, unclean
from hub.errors import Unclean

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# What nearly all addresses look like. Everything else goes the long way through the library. A label with `--` in its third
# and fourth place may be punycode.
_USUAL = re.compile(rf"[a-z0-9_+]+(?:[.-][a-z0-9_+]+)*@(?:(?!..--){_LABEL}\.)+[a-z]{{2,24}}")
_WRAPPED = re.compile(r".*<([^<>]*)>\s*", re.DOTALL)


def email(given: object) -> Cleaned:
    """The address in lower case, its domain as Unicode; ``Maria <MARIA@X.EXAMPLE>`` and ``mailto:`` are unwrapped.

    Only the syntax is judged (``email_invalid``): whether anybody reads it is another question.
    """
    raw = short(given)
    return Cleaned(_email(raw), raw)


@lru_cache(maxsize=8_192)
def _email(raw: str) -> str:
    address = plain(raw)
    if address.endswith(">") and (inside := _WRAPPED.fullmatch(address)):
        address = inside[1].strip()
    if address[:7].lower() == "mailto:":
        address = address[7:].partition("?")[0]
    address = address.strip(" ;,'\"").lower()
    if len(address) <= 254 and _USUAL.fullmatch(address) and address.index("@") <= 64:
        return address
    return _unusual(address)


def _unusual(address: str) -> str:
    from email_validator import EmailNotValidError, validate_email  # takes a while to load, and most addresses are usual

    if len(address) > 320:
        raise unclean("email_invalid")
    try:
        found = validate_email(
            address,
            check_deliverability=False,
            allow_quoted_local=True,
            strict=True,
            test_environment=True,
            globally_deliverable=False,
        )
    except (EmailNotValidError, ValueError) as wrong:
        raise unclean("email_invalid") from wrong
    if "." not in found.domain:
        raise unclean("email_invalid")
    return unicodedata.normalize("NFC", found.normalized.lower())


def phone(given: object, country: object = None) -> Cleaned:
    """The number in E.164, an extension behind it (``+34600111222;ext=12``).

    Without a ``+`` and without a country it is kept as given and flagged ``phone_country_unknown``; with a country that has
    no such number, flagged ``phone_unlikely``. What holds no number at all is refused (``phone_invalid``).
    """
    raw = short(given)
    region = _region(country)
    number, flag = _phone(raw, region)
    return Cleaned(number, raw, flag)


@lru_cache(maxsize=8_192)
def _phone(raw: str, region: str) -> tuple[str, str | None]:
    number = plain(western_digits(plain(raw)))
    if number.lower().startswith("tel:"):
        number = number[4:].lstrip()
    if sum(map(str.isdigit, number)) < 3 or len(number) > 60:
        raise unclean("phone_invalid")
    if number.startswith("00") and not region:
        number = f"+{number[2:]}"
    if found := usual(number, region):
        return found, None
    return _unusual_phone(number, region)


def _unusual_phone(number: str, region: str) -> tuple[str, str | None]:
    try:
        parsed = phonenumbers.parse(number, region or None)
    except phonenumbers.NumberParseException as wrong:
        if not region and wrong.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
            return number, "phone_country_unknown"
        raise unclean("phone_invalid") from wrong
    if not phonenumbers.is_possible_number(parsed):
        raise unclean("phone_invalid")
    shown = _e164(parsed)
    if phonenumbers.is_valid_number(parsed):
        return shown, None
    if _e164(phonenumbers.parse(shown)) != shown:  # zeros and other rubbish that only looks like a number
        raise unclean("phone_invalid")
    return shown, "phone_unlikely"


def _e164(parsed: phonenumbers.PhoneNumber) -> str:
    shown = str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    return f"{shown};ext={parsed.extension}" if parsed.extension else shown


def _region(country: object) -> str:
    if country is None or country == "":
        return ""
    if type(country) is str and len(country) == 2 and country.isupper():
        return _region_of(country)
    return _region_in(country)


@lru_cache(maxsize=1024)
def _region_of(code: str) -> str:
    return _region_in(code)


def _region_in(country: object) -> str:
    try:
        return str(read_country(country))
    except Unclean:
        return ""
