"""Text as matching sees it: plain Latin tokens, a sound code that suits several languages, and edit distances."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from operator import itemgetter

from rapidfuzz.distance import OSA, JaroWinkler

from hub.cleaning import LONGEST_VALUE, latin
from hub.errors import Unclean

_APOSTROPHES = re.compile("['`\u00b4\u2018\u2019\u02bc]")
_OTHER = re.compile(r"[^0-9a-z]+")
ONCE: Callable[[re.Match[str]], str] = itemgetter(1)
"""A repeated letter once. A function of C: the expression "\\1" would be read again for every word."""

_SOUNDS: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = tuple(
    (re.compile(pattern), sound)
    for pattern, sound in (
        (r"(.)\1+", ONCE),
        (r"^(kn|gn|pn)", "n"),
        (r"^wr", "r"),
        (r"^x", "s"),
        (r"tsch|tch|tsh|tzsch|cz", "c"),
        (r"sch|sh|sz", "s"),
        (r"ph|pf", "f"),
        (r"(ou|au)gh", "f"),
        (r"gh", "g"),
        (r"ck|cc|qu|q", "k"),
        (r"c(?=[eiy])", "s"),
        (r"ch|c|x", "k"),
        (r"tz|ts|dz|z", "s"),
        (r"th|dt", "t"),
        (r"j|y", "i"),
        (r"v|w", "f"),
        (r"d", "t"),
        (r"b", "p"),
        (r"g", "k"),
        (r"m", "n"),
        (r"h", ""),
        (r"(?!^)[aeiou]+", ""),
        (r"^[aeiou]+", "a"),
        (r"(.)\1+", ONCE),
    )
)


def words(text: str) -> frozenset[str]:
    """A set of words out of a line of them."""
    return frozenset(text.split())


@lru_cache(maxsize=1 << 14)
def plain(text: str, language: str = "") -> str:
    """Transliterated, lower case, letters and digits only, single spaces between tokens. The language tells how Han is read."""
    if text.isascii() and text.isprintable() and len(text) <= LONGEST_VALUE:  # nothing to transliterate
        lowered = text.lower()
        return lowered if lowered.isalnum() else _OTHER.sub(" ", _APOSTROPHES.sub("", lowered)).strip()
    try:
        letters = str(latin(text, language))
    except Unclean:
        return ""
    return _OTHER.sub(" ", _APOSTROPHES.sub("", letters).casefold()).strip()


@lru_cache(maxsize=1 << 14)
def sound(token: str) -> str:
    """How a word sounds, roughly: voiced like unvoiced consonants, vowels only in front. At most six signs."""
    code = token
    for pattern, replacement in _SOUNDS:
        code = pattern.sub(replacement, code)
    return (code or token)[:6]


def edits(left: str, right: str, limit: int) -> int:
    """Edit distance with neighbours swapped counted once; ``limit + 1`` when it is above the limit."""
    return int(OSA.distance(left, right, score_cutoff=limit))


def likeness(left: str, right: str) -> int:
    """Jaro-Winkler in whole thousandths."""
    return int(JaroWinkler.similarity(left, right) * 1000 + 0.5)
