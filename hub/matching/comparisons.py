"""Two values in, one level out: the words of a comparison, without weights. Symmetric.

Pairs of family names and towns come back, so these are cached (of given names by who asks); of mailboxes, numbers, dates and
streets hardly any pair does.
"""

from __future__ import annotations

import re
from functools import lru_cache

from hub.cleaning import nicknames
from hub.cleaning.romanizations import one_family_name
from hub.matching.sounds import echoes
from hub.matching.spellings import one_daughter, one_spelling, sons_and_daughters
from hub.matching.tokens import edits, likeness, sound, words

_CACHED = 1 << 13
_DOUBTFUL = ("similar", "sound", "weak")
_HARDLY = 660
"""Names less alike than that are not nearly one under any table of romanization (those that sift candidates rely on it)."""
GENERIC_MAILBOXES = words(
    "info office contact kontakt contacto mail hello hallo admin sales support service billing accounts invoice post reception "
    "webmaster noreply no-reply postmaster enquiries team help rechnung buchhaltung facturacion ventas"
)
FREE_MAIL = words(
    "gmail.com googlemail.com yahoo.com yahoo.co.uk yahoo.es yahoo.fr yahoo.de hotmail.com hotmail.co.uk hotmail.es hotmail.fr "
    "hotmail.de outlook.com outlook.es outlook.de live.com msn.com aol.com icloud.com me.com mac.com gmx.de gmx.net gmx.com "
    "gmx.at web.de t-online.de freenet.de mail.com mail.ru yandex.ru orange.fr wanadoo.fr free.fr laposte.net libero.it "
    "virgilio.it terra.es telefonica.net btinternet.com sky.com protonmail.com proton.me wp.pl o2.pl onet.pl interia.pl qq.com "
    "163.com 126.com naver.com uol.com.br bol.com.br comcast.net verizon.net att.net abv.bg"
)


def given_level(left: str, right: str) -> str | None:
    """Of given names with their middle names behind them."""
    if not left or not right:
        return None
    level = _given_level(left, right)
    doubtful = level in _DOUBTFUL or (level == "else" and likeness(left, right) >= _HARDLY)
    return "near" if doubtful and _one_given(left.split(), right.split()) else level


def _one_given(ours: list[str], theirs: list[str]) -> bool:
    """Whether tables of romanization make one name of them, their syllables written together or not."""
    if len(ours) == len(theirs) and one_spelling(ours[0], theirs[0]) and _same_middle(ours[1:], theirs[1:]):
        return True
    return (len(ours) > 1 or len(theirs) > 1) and one_spelling("".join(ours), "".join(theirs))


def _given_level(left: str, right: str) -> str:
    if left == right:
        return "exact" if len(left) > 1 else "initial"
    ours, theirs = left.split(), right.split()
    first, other = ours[0], theirs[0]
    if len(ours) != len(theirs) and _run_together(ours, theirs):
        return "exact"
    if len(first) == 1 or len(other) == 1:
        return _initial_level(ours, theirs)
    if first == other:
        return "first" if _same_middle(ours[1:], theirs[1:]) else "similar"
    if nicknamed(first, other):
        return "nickname"
    near = edits(first, other, 1)
    alike = likeness(first, other)
    if near <= 1 or alike >= 950:
        return "near" if min(len(first), len(other)) > 2 else "similar"
    if alike >= 900 or first.startswith(other) or other.startswith(first) or _shared(ours, theirs):
        return "similar"
    if len(ours) != len(theirs) and _run_together_by_ear("".join(ours), "".join(theirs)):
        return "similar"
    if alike >= 700 and echoes(first, other, 2):
        return "similar" if echoes(first, other, 3) else "sound"
    if sound(first) == sound(other):
        return "sound"
    return "weak" if alike >= 820 or (alike >= 500 and echoes(first, other, 3)) else "else"


def _run_together(ours: list[str], theirs: list[str]) -> bool:
    """Syllables of one name written apart by one side: Min-ho and Minho, Abdul Rahman and Abdulrahman."""
    return min(map(len, ours + theirs)) > 1 and "".join(ours) == "".join(theirs)


def _run_together_by_ear(left: str, right: str) -> bool:
    """Hsiao-ming and Xiaoming."""
    return likeness(left, right) >= 800 and echoes(left, right, 2)


def _same_middle(ours: list[str], theirs: list[str]) -> bool:
    """Whether the middle names allow one person: none, an initial of the other, or one in common."""
    return not ours or not theirs or any(a.startswith(b) or b.startswith(a) for a in ours for b in theirs)


def _initial_level(ours: list[str], theirs: list[str]) -> str:
    if ours[0][0] == theirs[0][0]:
        return "initial"
    return "similar" if _shared(ours, theirs) else "else"


def _shared(ours: list[str], theirs: list[str]) -> bool:
    return any(len(token) > 2 and token in theirs for token in ours)


def nicknamed(left: str, right: str) -> bool:
    """Whether one is a usual short form of the other."""
    return right in nicknames(left) or left in nicknames(right)


@lru_cache(maxsize=_CACHED)
def family_level(left: str, right: str) -> str | None:
    if not left or not right:
        return None
    level = _family_level(left, right)
    if level not in _DOUBTFUL:
        return level
    ours, theirs = _bare(left.split()), _bare(right.split())
    if sons_and_daughters(ours, theirs):
        return "else"
    return "near" if likeness(ours, theirs) >= _HARDLY and (one_spelling(ours, theirs) or one_daughter(ours, theirs)) else level


def _family_level(left: str, right: str) -> str:
    if left == right:
        return "exact"
    if " " not in left and " " not in right:
        return _one_word_level(left, right)
    ours, theirs = left.split(), right.split()
    whole, other = "".join(ours), "".join(theirs)
    if whole == other:
        return "exact"
    shared, union = len(set(ours) & set(theirs)), len(set(ours) | set(theirs))
    if shared * 5 >= union * 4 or _contained(ours, theirs):
        return "near" if min(len(whole), len(other)) > 2 else "weak"
    bare, other_bare = _bare(ours), _bare(theirs)
    if len(bare) > 2 and bare == other_bare:
        return "near"
    if bare and other_bare and _one_word_level(bare, other_bare) in ("near", "similar"):
        return "similar"
    return _one_word_level(whole, other)


def _one_word_level(left: str, right: str) -> str:
    alike, short = likeness(left, right), min(len(left), len(right))
    if alike < 500 and short > 2:  # most pairs, and no slip or sound makes these one
        return "similar" if one_family_name(left, right) else "else"
    if alike >= 950 or edits(left, right, 1) <= 1:
        return "near" if short > 2 else "weak"
    if _without_article(left) == _without_article(right):
        return "near"
    if alike >= 900 or (alike >= 700 and (sound(left) == sound(right) or echoes(left, right, 2))) or one_family_name(left, right):
        return "similar"
    return "weak" if alike >= 820 or echoes(left, right, 3) else "else"


_PARTICLES = words(
    "van von der den de del della dei di da do dos du des la las le los les el al ul ad ed ten ter te vd v d zu "
    "bin ibn bint ben bar abu abou abul aboul umm um oum"
)
_ARTICLE = re.compile("(?:al|el|ad|ar|as|ash|at|az)(?=[bcdfghjklmnpqrstvwxyz][a-z]{3})")


def _bare(tokens: list[str]) -> str:
    """The name without what stands before it: van der Berg and v.d. Berg; Alfayed, el Fayed and Fayed."""
    return _without_article("".join(token for token in tokens if token not in _PARTICLES))


def _without_article(name: str) -> str:
    """Of an Arabic name that is written together with it. Only ever compared with another name: Alvarez stays Alvarez."""
    return _ARTICLE.sub("", name, count=1) if name[:1] in ("a", "e") and _ARTICLE.match(name) else name


def _contained(ours: list[str], theirs: list[str]) -> bool:
    """One of two family names (Spanish, married, hyphenated): the whole of the shorter is in the longer."""
    short, long = sorted((ours, theirs), key=len)
    return len("".join(short)) > 2 and all(token in long for token in short)


def date_level(left: str, right: str) -> tuple[str, str]:
    """Comparison and level: whole dates, or the parts that both know."""
    if left == right and len(left) == 10:
        return "birth_date", "exact"
    if len(left) == 10 and len(right) == 10:
        return "birth_date", _whole_dates(left, right)
    shared = min(len(left), len(right))
    if left[:shared] == right[:shared]:
        return "birth_part", "same_month" if shared == 7 else "same_year"
    return "birth_part", "else"


def _whole_dates(left: str, right: str) -> str:
    if left == right:
        return "exact"
    year, month, day = left.split("-")
    other_year, other_month, other_day = right.split("-")
    differing = sum(a != b for a, b in zip(left, right, strict=True))
    if differing == 1 or (year == other_year and month == other_day and day == other_month):
        return "one_digit"
    equal = (year == other_year) + (month == other_month) + (day == other_day)
    if equal == 2 or (edits(left, right, 1) <= 1):
        return "two_parts"
    if year == other_year or differing == 2:
        return "same_year"
    return "close" if abs(int(year) - int(other_year)) <= 2 else "else"


def email_level(left: str, right: str) -> str:
    local, _, domain = left.partition("@")
    other, _, other_domain = right.partition("@")
    if left == right:
        return "generic" if local in GENERIC_MAILBOXES else "exact"
    if local not in GENERIC_MAILBOXES and len(local) > 3 and edits(left, right, 2) <= 2 and _digits(local) == _digits(other):
        return "near"
    if local == other and len(local) > 4 and local not in GENERIC_MAILBOXES:
        return "same_local_part"
    if domain == other_domain and domain not in FREE_MAIL:
        return "same_domain"
    return "else"


def _digits(text: str) -> str:
    """The digits of a mailbox name: `ana.gil` and `ana.gil2` are two people."""
    return "".join(filter(str.isdigit, text))


def phone_level(left: str, right: str) -> str:
    if left == right or (min(len(left), len(right)) >= 7 and (left.endswith(right) or right.endswith(left))):
        return "exact"
    return "near" if len(left) > 6 and edits(left, right, 1) <= 1 else "else"


def identifier_level(left: str, right: str) -> str:
    if left == right:
        return "exact"
    if min(len(left), len(right)) < 5:
        return "else"
    return {1: "one_digit", 2: "two_digits"}.get(edits(left, right, 2), "else")


def legal_form_level(left: str, right: str) -> str | None:
    """A form written in part (Ltd for Co. Ltd, GmbH for GmbH & Co. KG) says nothing."""
    if not left or not right:
        return None
    if left == right:
        return "exact"
    ours, theirs = set(left.split()), set(right.split())
    return None if ours <= theirs or theirs <= ours else "else"


def street_level(left: str, right: str) -> str | None:
    """Of address lines: the words with the numbers."""
    if not left or not right:
        return None
    if left == right:
        return "exact"
    ours, numbers = _street_words(left)
    theirs, others = _street_words(right)
    shared = len(ours & theirs)
    if numbers and others and numbers.isdisjoint(others):
        return _other_number(ours - numbers, theirs - others)
    near = likeness(left, right) >= 950 if shared else edits(left, right, 1) <= 1
    union = len(ours) + len(theirs) - shared
    if near or shared / union >= 0.9:
        return "near"
    if shared > 1 and shared / min(len(ours), len(theirs)) >= 0.85:
        return "contained"
    if shared / union >= 0.5:
        return "half"
    return "some" if shared > 1 or _alike(ours - numbers, theirs - others) else "else"


@lru_cache(maxsize=1 << 12)
def _street_words(street: str) -> tuple[frozenset[str], frozenset[str]]:
    """The words of an address line, and the numbers among them."""
    tokens = frozenset(street.split())
    return tokens, frozenset(token for token in tokens if token[0].isdigit())


def _other_number(words: frozenset[str], others: frozenset[str]) -> str:
    shared = len(words & others)
    return "other_number" if shared and shared * 2 >= len(words | others) else "else"


def _alike(words: frozenset[str], others: frozenset[str]) -> bool:
    return any(len(a) > 4 and len(b) > 4 and likeness(a, b) >= 920 for a in words for b in others)


def postal_level(left: str, right: str) -> str | None:
    if not left or not right:
        return None
    if left == right:
        return "exact"
    short = min(len(left), len(right))
    if short >= 5 and (left.startswith(right) or right.startswith(left)):
        return "exact"
    if short >= 4 and edits(left, right, 1) <= 1:
        return "near"
    return "same_area" if short > 3 and left[:3] == right[:3] else "else"


@lru_cache(maxsize=_CACHED)
def locality_level(left: str, right: str) -> str | None:
    if not left or not right:
        return None
    if left == right:
        return "exact"
    ours, theirs = left.replace(" ", ""), right.replace(" ", "")
    if min(len(ours), len(theirs)) > 3 and (edits(ours, theirs, 1) <= 1 or likeness(ours, theirs) >= 920):
        return "near"
    return "near" if _contained(left.split(), right.split()) else "else"
