"""The consonants of a name as several scripts and spellings share them, for names that were written by ear.

What a script writes and how a language spells it differ: Hebrew and Arabic leave vowels out, Korean and Japanese have one sound
for l and r, Chinese writes Zhang where Wade-Giles wrote Chang, Russian Kh where others write H. So consonants fall into six
classes (s, k, t, p, n, r), vowels and h go but for one in front, and letters that languages read in two ways (ch, j, soft g, kh,
q) give two codes. Names that share a code may be one; how alike their letters are says the rest (`comparisons.py`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from hub.matching.tokens import ONCE

Code = str | Callable[[re.Match[str]], str]

_BEFORE: tuple[tuple[str, Code], ...] = (
    (r"(.)\1+", ONCE),
    (r"^(kn|gn|pn)", "n"),
    (r"^wr", "r"),
    (r"^(ps|hs|x)", "s"),  # hs: Wade-Giles
    (r"x", "ks"),
    (r"shch|tsch|tzsch|sch|tch|tsh|cz|dzh|dz|sz|sh|zh|tz|ts|z", "s"),
    (r"ph|pf", "f"),
    (r"(ou|au)gh", "f"),
    (r"gh", "g"),
    (r"ch(?=[lrnt])|ck|cc", "k"),
    (r"c(?=[eiy])", "s"),
)
_HARD = ((r"kh|ch|qu|c|q|g", "k"), (r"j", "y"))  # Bach, Jan, Gerd, Khan
_SOFT = ((r"kh", "h"), (r"ch|g(?=[eiy])|dj|j|q", "s"), (r"c|g", "k"))  # Chang, Jean, Giorgio, Khalid and Halid
_AFTER: tuple[tuple[str, Code], ...] = (
    (r"th|dt|d", "t"),
    (r"[bpvf]", "p"),
    (r"nk(?![aeiou])|ng|m", "n"),
    (r"l", "r"),
    (r"(?<=[aeiouyh])w|w(?=[^aeiouyh]|$)", ""),
    (r"w", "p"),
    (r"^[hy]*[aeiou][aeiouyh]*", "a"),
    (r"[hy]|(?!^)[aeiou]+", ""),
    (r"(.)\1+", ONCE),
)


def _compiled(*rules: tuple[tuple[str, Code], ...]) -> tuple[tuple[re.Pattern[str], Code], ...]:
    return tuple((re.compile(pattern), code) for table in rules for pattern, code in table)


_READINGS = (_compiled(_BEFORE, _HARD, _AFTER), _compiled(_BEFORE, _SOFT, _AFTER))
_TWO_WAYS = re.compile("[cgjq]|kh")


@lru_cache(maxsize=1 << 13)
def skeletons(token: str) -> frozenset[str]:
    """One code, or two where a letter is read in two ways."""
    hard, soft = _READINGS
    if not _TWO_WAYS.search(token):
        return frozenset((_code(token, hard),))
    return frozenset((_code(token, hard), _code(token, soft)))


def _code(token: str, rules: tuple[tuple[re.Pattern[str], Code], ...]) -> str:
    for pattern, code in rules:
        token = pattern.sub(code, token)
    return token


def echoes(left: str, right: str, signs: int) -> bool:
    """Whether two names share a code of at least so many signs."""
    return any(len(code) >= signs for code in skeletons(left) & skeletons(right))
