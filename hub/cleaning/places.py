"""Countries, languages, currencies, time zones and postal codes: from what people write to the code of the standard."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from zoneinfo import available_timezones

import pycountry
from babel import Locale

from hub.cleaning.texts import fold, plain
from hub.cleaning.values import Cleaned, short, unclean

# Whose words for countries, languages and currencies are understood.
_LOCALES = (
    "en de fr es it pt nl pl cs sk hu ro bg el da sv nb fi et lv lt hr sl sr uk ru tr ca gl eu ga is mt sq mk he ar "
    "fa hi th vi id ja ko zh zh_Hant"
).split()

# What systems write that no standard says.
_COUNTRY_WORDS = {
    "uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB",
    "usa": "US", "us": "US", "united states of america": "US", "america": "US",
    "estados unidos de america": "US",
    "holland": "NL", "brd": "DE", "ddr": "DE", "bundesrepublik deutschland": "DE", "federal republic of germany": "DE",
    "russia": "RU", "south korea": "KR", "korea": "KR", "north korea": "KP", "vietnam": "VN", "iran": "IR", "syria": "SY",
    "czech republic": "CZ", "ceska republika": "CZ", "tschechische republik": "CZ", "macedonia": "MK", "ivory coast": "CI",
    "hong kong": "HK", "macau": "MO", "taiwan": "TW", "uae": "AE", "emirates": "AE", "el": "GR", "hellas": "GR", "espana": "ES",
    "reino de espana": "ES", "prc": "CN", "mainland china": "CN", "eire": "IE", "swaziland": "SZ", "burma": "MM", "turkey": "TR",
    "turkiye": "TR", "bolivia": "BO", "venezuela": "VE", "tanzania": "TZ", "moldova": "MD", "laos": "LA", "kosovo": "XK",
    "xk": "XK",
}  # fmt: skip

# Licence plates and old codes on addresses: `D-10115`. Only those that are no ISO code of another country.
_PLATES = {
    "a": "AT",
    "b": "BE",
    "d": "DE",
    "e": "ES",
    "f": "FR",
    "h": "HU",
    "i": "IT",
    "l": "LU",
    "n": "NO",
    "p": "PT",
    "s": "SE",
}


def country(given: object) -> Cleaned:
    """ISO 3166-1 alpha-2 from two letters, three letters, a number, or a name in some forty languages."""
    raw = short(given)
    found = _country(raw)
    if found is None:
        raise unclean("country_unknown")
    return Cleaned(found, raw)


@lru_cache(maxsize=8_192)
def _country(raw: str) -> str | None:
    word = plain(raw)
    if len(word) == 2 and word.upper() in _country_codes():
        return word.upper()
    folded = _name_key(word)
    if folded.isascii() and folded.isdigit():
        return _country_codes().get(folded.zfill(3))
    return _country_codes().get(folded.upper()) or _COUNTRY_WORDS.get(folded) or _country_names().get(folded)


@cache
def _country_codes() -> dict[str, str]:
    codes: dict[str, str] = {"XK": "XK"}
    for entry in pycountry.countries:
        codes.update({entry.alpha_2: entry.alpha_2, entry.alpha_3: entry.alpha_2, entry.numeric: entry.alpha_2})
    return codes


@cache
def _country_names() -> dict[str, str]:
    """A name that two countries share in some languages stands for neither."""
    names: dict[str, str] = {}
    for name in _LOCALES:
        for code, word in Locale.parse(name).territories.items():
            if len(code) == 2 and code in _country_codes():
                _enter(names, word, code)
    for entry in pycountry.countries:
        for word in (entry.name, getattr(entry, "official_name", ""), getattr(entry, "common_name", "")):
            _enter(names, word, entry.alpha_2)
            _enter(names, " ".join(reversed(word.split(", "))), entry.alpha_2)  # Korea, Republic of
    return {name: code for name, code in names.items() if code}


def _name_key(word: str) -> str:
    """How names are looked up: folded, without dots and without an English article."""
    return fold(word).replace(".", "").strip(" ,;").removeprefix("the ")


def _enter(names: dict[str, str], word: str, code: str) -> None:
    folded = _name_key(word)
    if folded:
        names[folded] = code if names.get(folded, code) == code else ""


def language(given: object) -> Cleaned:
    """A BCP 47 tag from a tag, a code of two or three letters, or a name of the language in some forty languages."""
    raw = short(given)
    found = _language(raw)
    if found is None:
        raise unclean("language_unknown")
    return Cleaned(found, raw)


@lru_cache(maxsize=4_096)
def _language(raw: str) -> str | None:
    word = plain(raw)
    parts = re.split(r"[-_]", word.partition(".")[0])
    if re.fullmatch(r"[A-Za-z]{2,3}", parts[0]) and (code := _language_codes().get(parts[0].lower())):
        subtags = [tag for part in parts[1:] if (tag := _subtag(part))]
        return "-".join([code, *subtags[: len(parts) - 1]]) if len(subtags) == len(parts) - 1 else None
    return _language_names().get(_name_key(word))


def _subtag(part: str) -> str:
    if re.fullmatch(r"[A-Za-z]{4}", part):
        return part.title()
    if re.fullmatch(r"[A-Za-z]{2}|[0-9]{3}", part):
        return part.upper()
    return ""


@cache
def _language_codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for entry in pycountry.languages:
        shortest = getattr(entry, "alpha_2", entry.alpha_3)
        for code in (shortest, entry.alpha_3, getattr(entry, "bibliographic", entry.alpha_3)):
            codes[code] = shortest
    return codes


@cache
def _language_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for name in _LOCALES:
        for code, word in Locale.parse(name).languages.items():
            if re.fullmatch(r"[a-z]{2,3}", code):
                _enter(names, word, code)
        own = Locale.parse(name)
        names[fold(own.get_language_name(name) or name)] = own.language
    names.update(_LANGUAGE_WORDS)
    for entry in pycountry.languages:
        if hasattr(entry, "alpha_2"):
            _enter(names, entry.name, entry.alpha_2)
    return {name: code for name, code in names.items() if code}


_LANGUAGE_WORDS = {"castellano": "es", "castilian": "es", "mandarin": "zh", "flemish": "nl", "farsi": "fa"}

_CURRENCY_SIGNS = {
    "€": "EUR", "eur": "EUR", "euros": "EUR", "£": "GBP", "pound sterling": "GBP", "us$": "USD", "¥": "JPY", "円": "JPY",
    "元": "CNY",
    "rmb": "CNY", "人民币": "CNY", "₩": "KRW", "₽": "RUB", "₹": "INR", "zł": "PLN", "zl": "PLN", "kč": "CZK", "ft": "HUF",
    "лв": "BGN",
    "₺": "TRY", "₪": "ILS", "₴": "UAH", "฿": "THB", "₫": "VND", "r$": "BRL", "a$": "AUD", "c$": "CAD", "hk$": "HKD", "chf": "CHF",
    "sfr": "CHF",
}  # fmt: skip


def currency(given: object) -> Cleaned:
    """ISO 4217 from a code, a number, an unambiguous sign or a name. ``$`` and ``kr`` belong to many: ``currency_unknown``."""
    raw = short(given)
    found = _currency(raw)
    if found is None:
        raise unclean("currency_unknown")
    return Cleaned(found, raw)


@lru_cache(maxsize=4_096)
def _currency(raw: str) -> str | None:
    word = plain(raw)
    codes = _currency_codes()
    if code := codes.get(word.upper()):
        return code
    if word.isascii() and word.isdigit():
        return codes.get(word.zfill(3))
    return _CURRENCY_SIGNS.get(word.casefold()) or _currency_names().get(_name_key(word))


@cache
def _currency_codes() -> dict[str, str]:
    codes: dict[str, str] = {}
    for entry in pycountry.currencies:
        codes.update({entry.alpha_3: entry.alpha_3, entry.numeric: entry.alpha_3})
    return codes


@cache
def _currency_names() -> dict[str, str]:
    names: dict[str, str] = {}
    for name in _LOCALES:
        for code, word in Locale.parse(name).currencies.items():
            if code in _currency_codes():
                _enter(names, word, code)
    return {name: code for name, code in names.items() if code}


_WINDOWS_ZONES = {
    "romance standard time": "Europe/Paris", "w. europe standard time": "Europe/Berlin", "gmt standard time": "Europe/London",
    "central european standard time": "Europe/Warsaw", "central europe standard time": "Europe/Budapest",
    "gtb standard time": "Europe/Bucharest", "fle standard time": "Europe/Kyiv", "russian standard time": "Europe/Moscow",
    "eastern standard time": "America/New_York", "central standard time": "America/Chicago",
    "mountain standard time": "America/Denver", "pacific standard time": "America/Los_Angeles",
    "tokyo standard time": "Asia/Tokyo", "china standard time": "Asia/Shanghai", "korea standard time": "Asia/Seoul",
    "india standard time": "Asia/Kolkata", "israel standard time": "Asia/Jerusalem", "arabian standard time": "Asia/Dubai",
    "aus eastern standard time": "Australia/Sydney", "utc": "UTC", "z": "UTC", "gmt": "UTC", "coordinated universal time": "UTC",
}  # fmt: skip


def time_zone(given: object) -> Cleaned:
    """An IANA name, whatever its case, or the name Windows gives it. ``EST`` and ``CET`` are no places and are refused."""
    raw = short(given)
    word = plain(raw).casefold()
    found = _WINDOWS_ZONES.get(word) or _zones().get(word.replace(" ", "_"))
    if found is None:
        raise unclean("time_zone_unknown")
    return Cleaned(found, raw)


@cache
def _zones() -> dict[str, str]:
    return {name.casefold(): name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/"))}


# How postal codes of a country look once spaces and hyphens are out, and where they go back in.
_POSTAL = {
    "AT": (r"[0-9]{4}", 0, ""), "AU": (r"[0-9]{4}", 0, ""), "BE": (r"[0-9]{4}", 0, ""), "BG": (r"[0-9]{4}", 0, ""),
    "BR": (r"[0-9]{8}", 5, "-"), "CA": (r"[A-Z][0-9][A-Z][0-9][A-Z][0-9]", 3, " "), "CH": (r"[0-9]{4}", 0, ""),
    "CN": (r"[0-9]{6}", 0, ""), "CY": (r"[0-9]{4}", 0, ""), "CZ": (r"[0-9]{5}", 3, " "), "DE": (r"[0-9]{5}", 0, ""),
    "DK": (r"[0-9]{4}", 0, ""), "EE": (r"[0-9]{5}", 0, ""), "ES": (r"[0-9]{5}", 0, ""), "FI": (r"[0-9]{5}", 0, ""),
    "FR": (r"[0-9]{5}", 0, ""), "GB": (r"[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}|GIR0AA", -3, " "), "GR": (r"[0-9]{5}", 3, " "),
    "HR": (r"[0-9]{5}", 0, ""), "HU": (r"[0-9]{4}", 0, ""), "IE": (r"([A-Z][0-9]{2}|D6W)[A-Z0-9]{4}", 3, " "),
    "IL": (r"[0-9]{5}|[0-9]{7}", 0, ""), "IN": (r"[0-9]{6}", 0, ""), "IT": (r"[0-9]{5}", 0, ""), "JP": (r"[0-9]{7}", 3, "-"),
    "KR": (r"[0-9]{5}", 0, ""), "LT": (r"[0-9]{5}", 0, ""), "LU": (r"[0-9]{4}", 0, ""), "LV": (r"[0-9]{4}", 0, ""),
    "MT": (r"[A-Z]{3}[0-9]{4}", 3, " "), "MX": (r"[0-9]{5}", 0, ""), "NL": (r"[0-9]{4}[A-Z]{2}", 4, " "),
    "NO": (r"[0-9]{4}", 0, ""), "PL": (r"[0-9]{5}", 2, "-"), "PT": (r"[0-9]{7}|[0-9]{4}", 4, "-"), "RO": (r"[0-9]{6}", 0, ""),
    "RS": (r"[0-9]{5}", 0, ""), "RU": (r"[0-9]{6}", 0, ""), "SE": (r"[0-9]{5}", 3, " "), "SI": (r"[0-9]{4}", 0, ""),
    "SK": (r"[0-9]{5}", 3, " "), "TR": (r"[0-9]{5}", 0, ""), "UA": (r"[0-9]{5}", 0, ""), "US": (r"[0-9]{5}|[0-9]{9}", 5, "-"),
}  # fmt: skip
_FULL_WIDTH_LOST_ZERO = {"DE": 5, "ES": 5, "FR": 5, "IT": 5, "US": 5, "FI": 5, "EE": 5}


def postal_code(given: object, country: object = None) -> Cleaned:
    """The postal code as its country writes it. A code that lost its leading zero in a number gets it back, flagged
    ``postal_code_zero_restored``; one that does not look like its country's is refused (``postal_code_invalid``)."""
    raw = short(given)
    code = plain(plain(raw).upper())
    if not code or len(code) > 20:
        raise unclean("postal_code_invalid")
    region = (_country(plain(short(country))) or "") if country else ""
    shape = _POSTAL.get(region)
    if shape is None:
        return Cleaned(code, raw)
    return _shaped(raw, code, region, *shape)


def _shaped(raw: str, code: str, region: str, pattern: str, split: int, mark: str) -> Cleaned:
    bare = re.sub(r"[^0-9A-Z]", "", re.sub(rf"^({region}|{_plate(region)})[- ]?(?=[0-9])", "", code))
    flag = None
    wanted = _FULL_WIDTH_LOST_ZERO.get(region, 0)
    if bare.isdigit() and len(bare) == wanted - 1:
        bare, flag = f"0{bare}", "postal_code_zero_restored"
    if not re.fullmatch(pattern, bare):
        raise unclean("postal_code_invalid")
    if mark and len(bare) > abs(split):
        bare = f"{bare[:split]}{mark}{bare[split:]}"
    return Cleaned(bare, raw, flag)


def _plate(region: str) -> str:
    return next((plate.upper() for plate, code in _PLATES.items() if code == region), region)
