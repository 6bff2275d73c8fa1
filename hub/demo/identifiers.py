"""Numbers of the demo's customers: invented, with the check digits of the real schemes."""

from __future__ import annotations

from datetime import date
from random import Random

from stdnum import luhn
from stdnum.es import cif, dni
from stdnum.iso7064 import mod_11_10
from stdnum.pl import pesel

_NIP_WEIGHTS = (6, 5, 7, 2, 3, 4, 5, 6, 7)
_GB_WEIGHTS = (8, 7, 6, 5, 4, 3, 2)


def vat(country: str, chance: Random) -> str:
    """A VAT number with its country prefix."""
    return country + {"ES": _spanish, "DE": _german, "FR": _french, "GB": _british, "PL": _polish}[country](chance)


def national_id(country: str, born: date, woman: bool, chance: Random) -> str:
    """The number of a person where the country has one that companies ask for: Spain and Poland."""
    if country == "ES":
        number = _digits(chance, 8)
        return number + str(dni.calc_check_digit(number))
    if country == "PL":
        month = born.month + (20 if born.year >= 2000 else 0)
        serial = f"{chance.randrange(1000):03d}{chance.choice('02468' if woman else '13579')}"
        number = f"{born.year % 100:02d}{month:02d}{born.day:02d}{serial}"
        return number + str(pesel.calc_check_digit(number))
    return ""


def _digits(chance: Random, count: int) -> str:
    return str(chance.randrange(1, 10)) + "".join(str(chance.randrange(10)) for _ in range(count - 1))


def _spanish(chance: Random) -> str:
    number = "B" + _digits(chance, 7)
    return number + str(cif.calc_check_digits(number))[0]


def _german(chance: Random) -> str:
    number = _digits(chance, 8)
    return number + str(mod_11_10.calc_check_digit(number))


def _french(chance: Random) -> str:
    start = _digits(chance, 8)
    siren = start + str(luhn.calc_check_digit(start))
    return f"{int(siren + '12') % 97:02d}{siren}"


def _british(chance: Random) -> str:
    number = _digits(chance, 7)
    total = sum(weight * int(digit) for weight, digit in zip(_GB_WEIGHTS, number, strict=True))
    return number + f"{97 - total % 97:02d}"


def _polish(chance: Random) -> str:
    while True:
        number = _digits(chance, 9)
        check = sum(weight * int(digit) for weight, digit in zip(_NIP_WEIGHTS, number, strict=True)) % 11
        if check < 10:
            return number + str(check)
