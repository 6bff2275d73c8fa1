"""One name written by two romanizations: Wade-Giles and pinyin, McCune-Reischauer and the Revised one, Hepburn and Kunrei.

Each language has a code that its public tables share. It counts only where both spellings are made of syllables, or of letters,
that such a table can give, and where they are not one word to begin with:

- Chinese: Wade-Giles (Giles, 1892), without its apostrophes, and Hanyu pinyin (ISO 7098);
- Korean: McCune-Reischauer (1939), the Revised Romanization (2000), and how bearers spell (Young, Hoon, Woo);
- Japanese: Hepburn as in passports, Kunrei (ISO 3602), and long vowels written, doubled or left out;
- Cyrillic: ISO 9 without its accents, BGN/PCGN, ICAO 9303, and what French and German readers write;
- Greek: ELOT 743 (ISO 843), and transcriptions by ear;
- Arabic: ALA-LC, BGN/PCGN and French spellings of ``abd al-``, ``al-din``, ``abu``, ``umm`` and of the closing ta marbuta.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

_Table = tuple[tuple[re.Pattern[str], str], ...]


def _table(*rules: tuple[str, str]) -> _Table:
    return tuple((re.compile(pattern), letters) for pattern, letters in rules)


def _read(name: str, table: _Table) -> str:
    for pattern, letters in table:
        name = pattern.sub(letters, name)
    return name


_CHINESE_SYLLABLE = (
    r"(?:zh|ch|sh|hs|ts|tz|sz|ss|[bpmfdtnlgkhjqxrzcswy])?(?:iang|iung|iong|uang|ueng|ieng|iao|ian|ien|ieh|uai|uan|ueh|uei|ang|eng"
    r"|ing|ong|ung|erh|ia|ie|iu|io|ih|in|ua|ue|ui|uo|un|ai|ei|ao|ou|an|en|er|eh|a|o|e|i|u)"
)
_CHINESE = re.compile(rf"(?:{_CHINESE_SYLLABLE}){{1,3}}")
_CHINESE_TABLE = _table(
    (r"hs", "x"), (r"ts|tz|z(?!h)|c(?!h)", "Z"), (r"zh|ch|j|q", "C"), (r"sz|ss", "s"), (r"g(?!$|[^aeiou])|k", "K"),
    (r"(?<!n)g", "K"), (r"d|t", "T"), (r"b|p", "P"), (r"ung|ong", "U"), (r"ie(n|h)", r"i\1"), (r"ian", "in"), (r"ih", "i"),
    (r"uo", "o"), (r"ueh|ue", "u"), (r"eh", "e"), (r"erh", "er"), (r"^y(?=i)", ""), (r"(?<=[CX])iu", "u"),
)  # fmt: skip

_KOREAN_SYLLABLE = (
    r"(?:kk|tt|pp|ss|jj|tch|ch|sh|[bdgjkmnprstlh])?(?:w|y)?(?:yeo|you|eui|aeo|eo|eu|ae|oe|ui|oo|ou|ee|ai|ah|uh|oh|a|e|i|o|u)"
    r"(?:ng|n|m|k|g|l|r|p|b|t|d)??"
)
_KOREAN = re.compile(rf"(?:{_KOREAN_SYLLABLE}){{2}}(?:ng|[nmkglrpbtd])?")
_KOREAN_MARK = re.compile(r"eo|eu|ae|oo|ee|ng|ui|wo|hy|ky|gy|yu|yo|ch|j|seok|suk")
_KOREAN_TABLE = _table(
    (r"ng", "N"), (r"kk|g|k", "K"), (r"tt|d|t(?!ch)", "T"), (r"pp|b|p", "P"), (r"tch|jj|ch|j", "C"), (r"ss|sh|s", "S"),
    (r"r|l", "R"), (r"eui|ui|ee", "i"), (r"ae|ai|oe", "e"), (r"eo|eu|oo|ou|uh|oh|u|o", "o"), (r"o+", "o"), (r"ah", "a"),
    (r"w(?=o)", ""),
)  # fmt: skip

_JAPANESE = re.compile(
    r"(?:(?:(?:kk|ss|tt|pp|tc|cc)?(?:ky|gy|sh|ch|ny|hy|by|py|my|ry|sy|ty|zy|jy|ts|[kgsztdnhbpmyrwfj])?(?:oh(?![aiueo])|[aiueo]))"
    r"|[nm](?![aiueoy]))+"
)
_JAPANESE_TABLE = _table(
    (r"oh(?![aiueo])|ou|oo", "o"), (r"uu", "u"), (r"sy", "sh"), (r"si", "shi"), (r"ty", "ch"), (r"ti", "chi"), (r"tu", "tsu"),
    (r"hu", "fu"), (r"zy|jy", "j"), (r"zi", "ji"), (r"m(?=[bp])", "n"), (r"cch", "tch"),
    (r"nn(?=[aiueo])", "n"), (r"dzu|du", "zu"),
)  # fmt: skip

_SLAVIC_TABLE = _table(
    (r"sc?htsch|shch|sc?h(?=ch)", "S"), (r"sch|sh", "S"), (r"tsch|tch|cz", "C"), (r"kh", "h"), (r"ch", "C"), (r"zh", "Z"),
    (r"ts|tz", "c"), (r"x", "ks"), (r"w", "v"), (r"ou", "u"), (r"ck", "k"), (r"ph", "f"), (r"^[ijy](?=e)", ""),
    (r"[ijy]+(?=[aou])", "i"), (r"[ijy]+", "i"), (r"ie", "e"), (r"(?<=[aeou])i(?=$)", "i"), (r"ff\b", "v"), (r"(.)\1", r"\1"),
)  # fmt: skip
_GREEK_TABLE = _table(
    (r"ph", "f"), (r"kh|ch", "h"), (r"th", "t"), (r"gg", "ng"), (r"gh", "g"), (r"c", "k"), (r"^mp|mp|mb", "b"), (r"^nt", "d"),
    (r"gk", "g"), (r"ks", "x"), (r"^(?:geo|gio|yio|jo|yo)", "Go"), (r"^(?:ioa|yia|gia|ia|ja|ya)", "Ya"),
    (r"(?<=[aeiou])g?[iy]+(?=[aou])", "i"), (r"ai", "e"), (r"ei|oi|ui|y|ii", "i"), (r"ou", "u"),
    (r"(?<=[ae])v(?=[tkpfsxh])", "f"),
    (r"(.)\1", r"\1"),
)  # fmt: skip
_GREEK_END = re.compile(r"(?:os|is|as|es|us|ou|u|a|i|o)$")
_ARABIC_MARK = re.compile(r"^abd|^ab[ou]|^o?umm?|d+[ei]+ne?$|kh|dj|dh|gh|q(?!u)|ou|a[aet]$|ah$|aa|[ae]e|ss|mm|^al")
_ARABIC_TABLE = _table(
    (r"^abd[aeiou]*(?:l|([rsnztd])(?=\1))?(?=..)", "abd"), (r"(?<=[a-z]{2}[a-z])[aeiou]*(?:[ld](?=d))?d[ei]+ne?$", "Din"),
    (r"^(?:abou|aboo|abo|abu)", "Abu"), (r"^(?:oum+|om+|um+)(?=[aeiouk])", "Umm"),
    (r"^(?:ebn|ibn|bin|ben)(?=[a-z]{3})", "Ibn"), (r"ai|ay|ei|ey", "ai"),
    (r"ou|oo", "u"), (r"ee", "i"), (r"dj|j", "j"), (r"ch(?=[aeiou])", "sh"), (r"kh", "x"), (r"q|k", "k"), (r"(.)\1", r"\1"),
    (r"(?<=[a-z]{3})(?:ah|at|eh|et|e)$", "a"), (r"e", "i"), (r"o", "u"), (r"(?<=[ai])y(?=[aeiou])", "i"),
)  # fmt: skip


def _chinese(name: str) -> str:
    return _read(name, _CHINESE_TABLE) if _CHINESE.fullmatch(name) else ""


def _korean(name: str) -> str:
    return _read(name, _KOREAN_TABLE) if _KOREAN.fullmatch(name) and _KOREAN_MARK.search(name) else ""


def _japanese(name: str) -> str:
    return _read(name, _JAPANESE_TABLE) if _JAPANESE.fullmatch(name) else ""


def _slavic(name: str) -> str:
    return _read(name, _SLAVIC_TABLE) if len(name) > 3 else ""


def _greek(name: str) -> str:
    return _read(name, _GREEK_TABLE) if len(name) > 4 and _GREEK_END.search(name) else ""


def _arabic(name: str) -> str:
    return _read(name, _ARABIC_TABLE) if len(name) > 3 else ""


_LANGUAGES: tuple[Callable[[str], str], ...] = (_chinese, _korean, _japanese, _slavic, _greek)


@lru_cache(maxsize=1 << 12)
def _codes(name: str) -> tuple[str, ...]:
    return tuple(code(name) for code in _LANGUAGES)


def one_spelling(left: str, right: str) -> bool:
    """Whether two names in plain letters, each in one word, are one under the tables of a language."""
    if min(len(left), len(right)) < 3:
        return False
    if any(ours and ours == theirs for ours, theirs in zip(_codes(left), _codes(right), strict=True)):
        return True
    return bool(_ARABIC_MARK.search(left) or _ARABIC_MARK.search(right)) and _arabic(left) == _arabic(right) != ""


_PATRONYMIC = re.compile(r"(?P<father>[a-z]{2,})(?P<child>son|dottir|dotter|datter)")


def sons_and_daughters(left: str, right: str) -> bool:
    """Two children of one father in Iceland (Einarsson, Einarsdottir): a sister is not her brother, however alike the names."""
    ours, theirs = _PATRONYMIC.fullmatch(left), _PATRONYMIC.fullmatch(right)
    if not ours or not theirs:
        return False
    return ours["child"].endswith("son") != theirs["child"].endswith("son") and _father(ours) == _father(theirs)


def one_daughter(left: str, right: str) -> bool:
    """Jonsd. is written for Jonsdottir."""
    short, long = sorted((left, right), key=len)
    return short.endswith("sd") and re.fullmatch(f"{short}(?:ottir|otter|atter)", long) is not None


def _father(found: re.Match[str]) -> str:
    return found["father"].rstrip("s")
