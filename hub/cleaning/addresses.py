"""Address lines in one normal form, so that one address in twelve spellings is one address."""

from __future__ import annotations

import re
from functools import lru_cache

from hub.cleaning.street_words import ANYWHERE, BY_LANGUAGE, ENDINGS, LANGUAGES
from hub.cleaning.texts import fold, plain
from hub.cleaning.transliteration import latin
from hub.cleaning.values import Cleaned, short, unclean

LONGEST_LINE = 1_000
_NUMBER_SIGN = re.compile(r"\b(?:no|nr|nro|num|numero|n)\.?\s*[°ºo]?\s*(?=[0-9])|[#№](?=\s*[0-9])|n[°º]\s*(?=[0-9])")
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


@lru_cache(maxsize=65_536)
def _address_line(raw: str, region: str) -> str:
    line = fold(latin(_FLOOR.sub(" ", plain(raw).lower())))
    line = line.replace("c/", " c ").replace("s/n", " sn ").replace("p.o.", "po").replace("p.i.", "pi").replace("'", "")
    line = _FLOOR.sub(" ", _NUMBER_SIGN.sub(" ", line))
    line = _INNER_DOT.sub(r"\1", line)
    words = _WORDS.findall(line.replace(".", " " if re.search(r"\.[a-z0-9]", line) else ""))
    if len(words) > 1 and words[-2].isdigit() and words[-1] in _HOUSE_LETTERS:
        words[-2:] = [words[-2] + words[-1]]
    if not words:
        raise unclean("address_invalid")
    tables = [BY_LANGUAGE[name] for name in LANGUAGES.get(region, "").split()] or [ANYWHERE]
    spelled = [_spelled(words, index, tables) for index in range(len(words))]
    return " ".join(_ending(word, region) for word in spelled)


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
    if len(word) > 5 and word.endswith("str") and region in ("", "DE", "AT", "CH", "LI", "LU"):
        return f"{word}asse"
    if region in ("NL", "BE") and len(word) > 5 and word.endswith(ENDINGS["nl"][0]):
        return f"{word.removesuffix('str')}straat"
    return word
