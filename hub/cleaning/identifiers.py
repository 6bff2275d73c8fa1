"""Numbers that authorities and companies give, checked with the check digits of their scheme (python-stdnum)."""

from __future__ import annotations

import re
from functools import lru_cache
from types import ModuleType
from typing import Any

from stdnum import get_cc_module, lei, luhn
from stdnum.exceptions import ValidationError

from hub.cleaning.places import country as read_country
from hub.cleaning.texts import plain
from hub.cleaning.values import Cleaned, short, unclean

LONGEST_IDENTIFIER = 200

# The scheme of the canonical model -> the modules of a country that check it, the first that accepts decides.
_MODULES = {
    "vat": ["vat"],
    "tax": ["tin", "vat", "nif", "pesel", "nip"],
    "national_id": (
        "personalid pesel nif nir bsn cnp egn rodnecislo hetu personnummer fodselsnummer cpr nin rrn ric cpf ssn rut curp nik"
    ).split(),
    "company_register": "businessid siren krs handelsregisternummer kvk orgnr cvr uid crn".split(),
}
_FREE = re.compile(r"[^0-9A-Z]")


def vat(given: object, country: object = None) -> Cleaned:
    """The VAT number with its country before it, without spaces: ``ES B-12345674`` -> ``ESB12345674``."""
    raw = short(given)
    return Cleaned(_vat(raw, _region(country)), raw)


@lru_cache(maxsize=16_384)
def _vat(raw: str, region: str) -> str:
    number = _bare(raw)
    prefix = {"EL": "GR", "XI": "GB"}.get(number[:2], number[:2])
    if not region or prefix == region:
        region = prefix
    module = get_cc_module(region, "vat") if re.fullmatch(r"[A-Z]{2}", region) else None
    shown = {"GR": "EL"}.get(region, region)
    local = number[2:] if number.startswith((region, shown, "XI")) else number
    if module is None:
        raise unclean("vat_invalid")
    checked = _accepted(module, local) or _accepted(module, number)
    if checked is None:
        raise unclean("vat_invalid")
    return shown + re.sub(rf"^({region}|{shown})", "", checked)


def identifier(scheme: object, given: object, country: object = None) -> Cleaned:
    """The number normalised, and checked when its scheme (and country) is known. One that cannot be checked is kept in
    capitals without spaces at its ends."""
    raw = short(given)
    name = plain(short(scheme)).casefold()
    return Cleaned(_identifier(name, raw, _region(country)), raw)


@lru_cache(maxsize=16_384)
def _identifier(scheme: str, raw: str, region: str) -> str:
    number = _bare(raw)
    if not any(map(str.isalnum, raw)):
        raise unclean("identifier_invalid")
    if scheme == "vat" and (region or re.match(r"[A-Z]{2}", number)):
        return _vat(raw, region)
    if scheme == "lei":
        return _required(_accepted(lei, number))
    if scheme == "duns":
        return _required(number if re.fullmatch(r"[0-9]{9}", number) else None)
    if scheme == "iban":
        return _required(_iban(number))
    if scheme == "card":
        return _required(number if luhn.is_valid(number) else None)
    modules = [m for kind in _MODULES.get(scheme, ()) if region and (m := get_cc_module(region, kind)) is not None]
    if modules and scheme != "company_register":
        return _required(next((found for module in modules if (found := _accepted(module, number))), None))
    checked = next((found for module in modules if (found := _accepted(module, number))), None)
    return checked or plain(plain(raw).upper())


def _iban(number: str) -> str | None:
    from stdnum import iban

    return _accepted(iban, number)


def _required(found: str | None) -> str:
    if found is None:
        raise unclean("identifier_invalid")
    return found


def _bare(raw: str) -> str:
    number = plain(raw).upper()
    if len(number) > LONGEST_IDENTIFIER:
        raise unclean("value_too_long")
    return _FREE.sub("", number)


def _accepted(module: ModuleType | Any, number: str) -> str | None:
    try:
        return str(module.validate(number))
    except (ValidationError, ValueError, IndexError, KeyError, TypeError):  # some modules stumble instead of refusing
        return None


def _region(country: object) -> str:
    return str(read_country(country)) if country else ""
