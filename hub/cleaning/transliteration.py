"""Any script in Latin letters without accents."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from anyascii import anyascii

from hub.cleaning.abjads import romanized
from hub.cleaning.japanese import japanese_name, japanese_reading, romaji
from hub.cleaning.name_words import CHINESE_FAMILY_NAMES, CHINESE_READINGS, COMPOUND_FAMILY_NAMES, KOREAN_SPELLINGS
from hub.cleaning.scripts import script
from hub.cleaning.texts import plain
from hub.cleaning.values import LONGEST_VALUE, Cleaned, short

# What ends the name of a place and not of a person.
_PLACE_ENDS = frozenset("市县縣区區省州镇鎮村乡鄉路街道巷号號楼樓山河湖港京都府町丁시구군동읍면리도로길역")
_HAN = re.compile("[\u3005\u3400-\u9fff]")


def latin(given: object, language: object = "") -> Cleaned:
    """The text in Latin letters without accents. Han is read as Japanese where it is certainly a Japanese name or mixed with
    kana, or the language is ``ja`` (with the extra ``scripts``), and else as Chinese: a key, not a name to print.

    Arabic and Hebrew come out without the short vowels that they do not write, but for the most common names.
    """
    raw = short(given)
    found = plain(raw)
    return Cleaned(found if found.isascii() else _latin(found, language if isinstance(language, str) else ""), raw)


@lru_cache(maxsize=8_192)
def _latin(text: str, language: str) -> str:
    match script(text):
        case "Grek":
            text = _greek(text)
        case "Hani" if language != "ko":
            text = _han(text.split(), language)
        case "Arab" | "Hebr":
            text = romanized(text)
        case "Kore":
            text = " ".join(_hangul(word) for word in text.split())
        case "Jpan":
            text = " ".join(_mixed(word) for word in text.split())
    return _ascii(text)


def _han(words: list[str], language: str) -> str:
    """Japanese where the language or the first word says so; one of them tells it for the whole name."""
    if language == "ja" or (language != "zh" and words and japanese_name(words[0])):
        readings = [japanese_reading(word) for word in words]
        if all(readings):
            return " ".join(readings)
    return " ".join(_pinyin(word, alone=len(words) == 1) for word in words)


def _mixed(word: str) -> str:
    """Kana, with or without kanji."""
    reading = japanese_reading(word) if _HAN.search(word) else ""
    return reading or _ascii(romaji(word)).capitalize()


def _ascii(text: str) -> str:
    """Accents stripped, then letter by letter. Some single signs stand for whole phrases: the result is bounded."""
    return " ".join(anyascii(text)[: 8 * LONGEST_VALUE].split())


def _pinyin(word: str, *, alone: bool) -> str:
    """Syllables of a word run together; the family name of a name written in one stands apart: 王小明 -> Wang Xiaoming."""
    from pypinyin import Style, lazy_pinyin  # its dictionaries take a quarter of a second to load, and most data needs none

    family = _chinese_family(word) if alone else 0
    parts = (word[:family], word[family:]) if family else (word,)
    syllables = [
        [CHINESE_READINGS[part]] if part in CHINESE_READINGS else lazy_pinyin(part, Style.NORMAL, v_to_u=True) for part in parts
    ]
    return " ".join("".join(read).replace("ü", "yu").capitalize() for read in syllables)


def _chinese_family(word: str) -> int:
    """How many signs of a word that looks like a person's name are the family name; 0 when it does not look like one."""
    if not 2 <= len(word) <= 4 or word[-1] in _PLACE_ENDS:
        return 0
    if len(word) > 2 and word[:2] in COMPOUND_FAMILY_NAMES:
        return 2
    return 1 if len(word) < 4 and word[0] in CHINESE_FAMILY_NAMES else 0


def _hangul(word: str) -> str:
    """김민준 -> Kim Minjun: common family names as their bearers spell them, the rest by the letters."""
    family = KOREAN_SPELLINGS.get(word[0], "")
    if family and len(word) == 1:
        return family
    if family and len(word) == 3 and word[-1] not in _PLACE_ENDS:
        return f"{family} {_ascii(word[1:]).capitalize()}"
    return _ascii(word).capitalize()


# Letter pairs of modern Greek that do not sound like their letters (ELOT 743).
_GREEK_PAIRS = (
    ("ου|ού", "ou"), ("Ου|Ού", "Ou"), ("ΟΥ|ΟΎ", "OU"), ("([αεηΑΕΗ])[υύ](?=[βγδζλμνραεηιουωάέήίόύώ])", r"\1v"),
    ("([αεηΑΕΗ])[υύ]", r"\1f"), (r"\bμπ", "b"), (r"\bΜπ|\bΜΠ", "B"), ("γγ", "ng"), ("γξ", "nx"), ("γχ", "nch"),
)  # fmt: skip
_GREEK = tuple((re.compile(pattern), letters) for pattern, letters in _GREEK_PAIRS)


def _greek(text: str) -> str:
    text = unicodedata.normalize("NFC", text)
    for pattern, letters in _GREEK:
        text = pattern.sub(letters, text)
    return text
