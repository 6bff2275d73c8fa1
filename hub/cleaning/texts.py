"""Plain text: one Unicode form, one space between words, no control characters; and what people type for 'not known'."""

from __future__ import annotations

import re
import unicodedata

from hub.cleaning.placeholders import EMAIL_LOCAL_PARTS, EXACT, WORDS
from hub.cleaning.values import LONGEST_TEXT, Cleaned, short, unclean

# Tabs, line ends and vertical spaces are not refused: they are white space, and become one space.
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f]")
_CONTROL_IN_LINES = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f]")
# Marks nobody sees: byte order, soft hyphen, zero width space, word joiner, writing direction, invisible operators.
_UNSEEN = re.compile("[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]")


def text(given: object) -> Cleaned:
    """One line: NFC, trimmed, one space between words. Control characters are refused (``control_character``)."""
    raw = short(given, LONGEST_TEXT)
    return Cleaned(plain(raw), raw)


def plain(given: str) -> str:
    """:func:`text` without its wrapping, for the other cleaning functions."""
    if given.isascii() and given.isprintable():
        return " ".join(given.split())
    if _CONTROL.search(given):
        raise unclean("control_character")
    return _one_form(" ".join(_UNSEEN.sub("", given).split()))


def long_text(given: object) -> Cleaned:
    """Text of several lines: line ends become ``\\n``, spaces at their ends go, more than two empty lines become one."""
    raw = short(given, LONGEST_TEXT)
    if _CONTROL_IN_LINES.search(raw):
        raise unclean("control_character")
    lines = [
        line.rstrip() for line in _UNSEEN.sub("", raw).replace("\x85", "\n").replace("\r\n", "\n").replace("\r", "\n").split("\n")
    ]
    return Cleaned(_one_form(re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()), raw)


def strip_control(given: object) -> Cleaned:
    """The text without its control characters, for sources that cannot be mended."""
    raw = short(given, LONGEST_TEXT)
    return Cleaned(plain(_CONTROL.sub("", raw)), raw)


def _one_form(given: str) -> str:
    try:
        given.encode()
    except UnicodeEncodeError:
        raise unclean("encoding_invalid") from None
    formed = unicodedata.normalize("NFC", given)
    if len(formed) > LONGEST_TEXT:
        raise unclean("value_too_long")
    return formed


_SAME_SIGN = re.compile(r"(0{5,}|1{6,}|2{6,}|3{6,}|4{6,}|5{6,}|6{6,}|7{6,}|8{6,}|9{6,}|x{2,}|z{3,}|a{4,}|q{3,}|(asd)+f?|(qwe)+)")
_REPEATED = ("xx", "xxx", "zzz", "aaa", "qqq", "asd", "qwe", *(digit * 3 for digit in "0123456789"))
HEADS = frozenset(word.casefold()[:3] for words in (WORDS, EXACT, EMAIL_LOCAL_PARTS, _REPEATED) for word in words)
"""The first three signs of every placeholder that begins with three letters or digits. Nearly all text is told by them."""


def placeholder(given: str) -> bool:
    """Whether the text stands for 'not known': ``N/A``, ``unbekannt``, ``-``, ``xxx``, ``999999``, ``none@none.com``."""
    if len(given) > 80:
        return False
    head = given[:3]
    if head.isalnum() and head.casefold()[:3] not in HEADS:
        return False
    words = given.strip()
    if not any(map(str.isalnum, words)):
        return True
    if words in EXACT:
        return True
    folded = " ".join(words.casefold().strip(" .-_*#<>()[]!?").split())
    if folded in WORDS or _SAME_SIGN.fullmatch(folded.replace(" ", "").replace("-", "")):
        return True
    return "@" in folded and _nobody(folded)


def _nobody(address: str) -> bool:
    local, _, domain = address.partition("@")
    if local not in EMAIL_LOCAL_PARTS:
        return False
    return EMAIL_LOCAL_PARTS[local] or domain.partition(".")[0] in EMAIL_LOCAL_PARTS


def fold(given: str) -> str:
    """Case and accents removed, for looking a word up: ``Ürün`` -> ``urun``. Letters of other scripts stay."""
    if given.isascii():
        return given.casefold()
    return "".join(c for c in unicodedata.normalize("NFKD", given.casefold()) if not unicodedata.combining(c))


def western_digits(given: str) -> str:
    """Digits of any script as 0 to 9, full-width signs as plain ones."""
    if given.isascii():
        return given
    return "".join(str(unicodedata.decimal(c)) if c.isdecimal() else c for c in unicodedata.normalize("NFKC", given))
