"""Address lines in one normal form, so that one address in twelve spellings is one address."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import zip_longest

from hub.cleaning.street_words import ANYWHERE, BY_LANGUAGE, ENDINGS, LANGUAGES
from hub.cleaning.texts import fold, plain
from hub.cleaning.transliteration import latin
from hub.cleaning.values import Cleaned, short, unclean

LONGEST_LINE = 1_000
_NUMBER_SIGN = re.compile(r"\bn\s?[°º]")
_NUMBER_WORDS = frozenset("no nr nro num numero nummer".split())
_N_IS_NUMBER = frozenset("ES FR IT PT BR MX AR CO CL PE BE".split())  # elsewhere N 5th Street lies in the north
_SPELLINGS = {"c/": " c ", "s/n": " sn ", "sin numero": " sn ", "p.o.": "po", "p.i.": "pi", "'": ""}
_FLOOR = re.compile(r"(?<=[0-9])(?:\s?[ºª°]|(?:er|eme|ème|st|nd|rd|th)(?![a-z0-9]))")
_INNER_DOT = re.compile(r"\b([a-z])\.(?=[a-z]{1,3}\b)")  # p.za, c.so, v.le
_HOUSE_LETTERS = frozenset("abcdefgh")
_WORDS = re.compile(r"[0-9]+[a-z]?(?![a-z0-9])|[a-z0-9]+")


def address_line(given: object, country: object = None) -> Cleaned:
    """The line in Latin letters without case, accents and marks, its street words written out: ``C/ Mayor, 5 - 2º B`` ->
    ``calle mayor 5 2 b``. It is made to be compared, not to be printed on an envelope.

    The country tells whose abbreviations these are; without it only those that mean one thing are written out.
    """
    raw = short(given)
    if len(raw) > LONGEST_LINE:
        raise unclean("value_too_long")
    region = country.strip().upper() if isinstance(country, str) else ""
    return Cleaned(_address_line(raw, region), raw)


@lru_cache(maxsize=8_192)
def _address_line(raw: str, region: str) -> str:
    if not raw.isascii():
        raw = _block_numbers(raw)
    line = fold(latin(_FLOOR.sub(" ", _NUMBER_SIGN.sub(" ", plain(raw).lower()))))
    for written, spelled in _SPELLINGS.items():
        line = line.replace(written, spelled)
    line = _INNER_DOT.sub(r"\1", _FLOOR.sub(" ", line))
    words = _without_number_words(_WORDS.findall(line.replace(".", " ")), region)
    if len(words) > 1 and words[-2].isdigit() and words[-1] in _HOUSE_LETTERS:
        words[-2:] = [words[-2] + words[-1]]
    if not words:
        raise unclean("address_invalid")
    tables = [BY_LANGUAGE[name] for name in LANGUAGES.get(region, "").split()] or [ANYWHERE]
    return " ".join(_ending(_spelled(words, index, tables), region) for index in range(len(words)))


_EASTERN = (
    (re.compile(r"(?<=[0-9０-９])\s?(?:丁目|番地の?|番|号室|号|號|室|호|번지|동)"), "-"),
    (re.compile("특별시|광역시|특별자치시"), "시"),
)


_WIDE_DIGITS = str.maketrans("０１２３４５６７８９－", "0123456789-")


def _block_numbers(line: str) -> str:
    """1丁目2番3号 is 1-2-3, and 88号 is 88."""
    line = line.translate(_WIDE_DIGITS)
    for pattern, other in _EASTERN:
        line = pattern.sub(other, line)
    return line


def _without_number_words(words: list[str], region: str) -> list[str]:
    """`Nr. 5` is 5."""
    said = _NUMBER_WORDS | {"n"} if region in _N_IS_NUMBER else _NUMBER_WORDS
    return [word for word, behind in zip_longest(words, words[1:], fillvalue="") if word not in said or not behind[:1].isdigit()]


def _spelled(words: list[str], index: int, tables: list[dict[str, str]]) -> str:
    word = words[index]
    if word == "st":
        return _street_or_saint(words, index)
    if word == "dr" and index and not (index == 1 and words[0].isdigit()):
        return "drive"
    if word == "po" and words[index + 1 : index + 2] == ["box"]:
        return word
    for table in tables:
        if word in table and (len(word) > 1 or _may_be_short(words, index)):
            return table[word]
    return word


def _street_or_saint(words: list[str], index: int) -> str:
    """Saint before a name (St John Street), street behind one (John St, John St 5, John St West)."""
    if index == 0 or words[index - 1][0].isdigit():
        return "saint"
    behind = words[index + 1] if index + 1 < len(words) else ""
    if not behind or behind[0].isdigit() or len(behind) <= 2 or behind in _AFTER_STREET:
        return "street"
    return "saint"


_AFTER_STREET = frozenset("north south east west apartment apt suite ste floor unit flat room bldg building".split())


def _may_be_short(words: list[str], index: int) -> bool:
    """A letter is a word cut short before a name, not behind a number (`5 b`, `2 c` are doors)."""
    if index + 1 == len(words):
        return index > 0 and not words[index - 1][0].isdigit() and words[index] in ("n", "s", "e", "w", "u", "g", "v", "k", "t")
    return index == 0 or (index == 1 and words[0][0].isdigit()) or words[index] in ("n", "s", "e", "w", "d", "k", "u")


def _ending(word: str, region: str) -> str:
    """Hauptstr -> hauptstrasse, Dorpsstr -> dorpsstraat."""
    cut, full = ENDINGS.get(region, ("", ""))
    return word.removesuffix(cut) + full if cut and len(word) > 5 and word.endswith(cut) else word
