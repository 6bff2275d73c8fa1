"""Japanese in Latin letters: kana by the table (Hepburn, as in passports), kanji of names by a dictionary of names.

A kanji has many readings, and which one a name has stands in no table of signs. With the extra ``scripts`` (SudachiPy with its
small dictionary, both Apache-2.0) common family and given names are told and read; without it kanji are read as Chinese, and
a customer who is written in kanji in one system and in Latin letters in another meets on everything but the name.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache, lru_cache
from threading import Lock
from typing import Any, NamedTuple

_PLAIN = {
    "アイウエオ": "a i u e o", "カキクケコ": "ka ki ku ke ko", "サシスセソ": "sa shi su se so", "タチツテト": "ta chi tsu te to",
    "ナニヌネノ": "na ni nu ne no", "ハヒフヘホ": "ha hi fu he ho", "マミムメモ": "ma mi mu me mo", "ヤユヨ": "ya yu yo",
    "ラリルレロ": "ra ri ru re ro", "ワヰヱヲン": "wa i e o n", "ガギグゲゴ": "ga gi gu ge go", "ザジズゼゾ": "za ji zu ze zo",
    "ダヂヅデド": "da ji zu de do", "バビブベボ": "ba bi bu be bo", "パピプペポ": "pa pi pu pe po", "ヴ": "vu",
    "ァィゥェォャュョヮヵヶ": "a i u e o ya yu yo wa ka ke",
}  # fmt: skip
_SIGNS = {sign: told for signs, line in _PLAIN.items() for sign, told in zip(signs, line.split(), strict=True)}
_SMALL = {"ャ": "ya", "ュ": "yu", "ョ": "yo", "ァ": "a", "ィ": "i", "ゥ": "u", "ェ": "e", "ォ": "o", "ヮ": "wa"}
_KANA = re.compile("[\u3041-\u3096\u309d\u309e\u30a1-\u30fe]+")
_LONG = (
    (re.compile(r"o(?:o|u(?!e))"), "o"),  # Ono, Sato, but Inoue
    (re.compile(r"(?<=[yjhf])uu"), "u"),  # Yuko, Ryuji, but Matsuura
)
_JAPANESE_ENDS = frozenset("子郎朗夫雄太介輔佑斗菜奈恵絵美香代江也哉彦助吾朔咲")
_ONLY_JAPANESE_ENDS = frozenset("子郎介輔彦斗")  # behind a family name of one sign: 林太郎
_USUAL_SIGNS = str.maketrans("髙﨑邉邊濵濱齋齊澤廣櫻國榮眞惠德淸", "高崎辺辺浜浜斎斎沢広桜国栄真恵徳清")
_NOT_NAMES = frozenset("市県區区町村府都道")
_ONE_AT_A_TIME = Lock()  # the dictionary's tokenizer is not made for several threads


class NameParts(NamedTuple):
    """A Japanese name as it is written and as it is read; a part that is not there is empty."""

    family: str
    given: str
    family_reading: str
    given_reading: str


class _Token(NamedTuple):
    """A word, its reading, and whether it is a family name (姓) or a given one (名)."""

    written: str
    read: str
    kind: str


def romaji(text: str) -> str:
    """The text with its kana in Latin letters, long vowels written short (Taro, Yuko); the rest stays as it is."""
    return _KANA.sub(lambda run: _hepburn(run[0]), unicodedata.normalize("NFKC", text))


@lru_cache(maxsize=8_192)
def _hepburn(run: str) -> str:
    written, doubled = "", False
    for sign in map(_katakana, run):
        if sign in _SMALL and written:
            written = _with_small(written, _SMALL[sign])
            continue
        told = _SIGNS.get(sign, "")
        if doubled and told:
            told = f"t{told}" if told.startswith("ch") else told[0] + told if told[0] not in "aeiou" else told
        doubled = sign == "ッ"
        written += told
    for pattern, short in _LONG:
        written = pattern.sub(short, written)
    return written


def _katakana(sign: str) -> str:
    return chr(ord(sign) + 0x60) if "ぁ" <= sign <= "ゖ" else sign


def _with_small(written: str, small: str) -> str:
    """A small sign takes the vowel before it away: ki + ya = kya, shi + yo = sho, fu + a = fa, te + i = ti, vu + i = vi."""
    if small == "i" and written.endswith(("te", "de")):
        return f"{written[:-1]}i"
    if small == "u" and written.endswith(("to", "do")):
        return f"{written[:-1]}u"
    stem, vowel = written[:-1], written[-1:]
    if small[0] == "y" and vowel == "i":
        return stem + (small[1:] if stem.endswith(("sh", "ch", "j")) else small)
    if vowel == "u" and stem:
        return stem + ("w" if stem[-1] in "kg" else "") + small
    if vowel == "u":
        return f"w{small}"
    return stem + small if stem.endswith(("sh", "ch", "j")) else written + small


@cache
def _tokenizer() -> Any:
    """The dictionary of names, or None where the extra ``scripts`` is not installed."""
    try:
        from sudachipy import Dictionary
    except ImportError:
        return None
    return Dictionary(dict="small").tokenizer()


@lru_cache(maxsize=8_192)
def japanese_name(text: str) -> NameParts | None:
    """The name taken apart and read, when these kanji (kana may be among them) are certainly a Japanese name.

    Certain is a family name of two signs or more, alone or before a given name, or a given name that ends as Japanese ones
    do. 林, 林志明 and 美玲 may be Chinese, and stay so.
    """
    if not 2 <= len(text) <= 10 or _tokenizer() is None or text[-1] in _NOT_NAMES:
        return None
    tokens = _tokens(text)
    kinds = [token.kind for token in tokens]
    if len(tokens) > 2 or (len(tokens[0].written) < 2 and not (len(text) > 2 and text[-1] in _ONLY_JAPANESE_ENDS)):
        return None
    if kinds == ["姓"]:
        return NameParts(text, "", tokens[0].read, "")
    if kinds == ["名"]:
        return NameParts("", text, "", tokens[0].read) if text[-1] in _JAPANESE_ENDS else None
    if kinds[0] == "姓" and (kinds[1] == "名" or _KANA.fullmatch(tokens[1].written)):
        return NameParts(tokens[0].written, tokens[1].written, tokens[0].read, tokens[1].read)
    return None


@lru_cache(maxsize=8_192)
def japanese_reading(text: str) -> str:
    """How these kanji are read in Japanese, word by word; empty where no dictionary is installed."""
    if _tokenizer() is None or not 0 < len(text) <= 200:
        return ""
    if found := japanese_name(text):
        return " ".join(filter(None, (found.family_reading, found.given_reading)))
    return " ".join(token.read for token in _tokens(text))


def _tokens(text: str) -> list[_Token]:
    with _ONE_AT_A_TIME:
        return [_token(found, text) for found in _tokenizer().tokenize(text.translate(_USUAL_SIGNS))]


def _token(found: Any, text: str) -> _Token:
    name, kind = found.part_of_speech()[2:4]
    read = found.surface() if found.surface().isascii() else romaji(found.reading_form() or found.surface()).capitalize()
    return _Token(text[found.begin() : found.end()], read, kind if name == "人名" else "")
