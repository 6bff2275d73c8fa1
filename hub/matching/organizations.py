"""Names of organizations: which words two names share, and how rare those words are."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

from hub.matching.tokens import edits, likeness, words

BRANCH_WORDS = words(
    "branch subsidiary filiale filial niederlassung zweigstelle zweigniederlassung geschaftsstelle sucursal delegacion "
    "succursale agence etablissement sede secondaria filia oddzial pobocka vestiging bijkantoor filialen avdelning "
    "sucursala fiok sube"
)
"""What a site calls itself to be told from its head office, in plain letters."""

WordBits = Callable[[str], int]
"""How rare a word is, in thousandths of a bit."""


@dataclass(frozen=True, slots=True)
class NameOverlap:
    """What two organization names have in common, in thousandths of a bit.

    Where each side has words of its own, these stand against each other, and what one could have left out counts twice.
    """

    level: str
    shared: int
    unmatched: int


def overlap(left: str, right: str, worth: WordBits) -> NameOverlap:
    """Shared words count their rarity, near words a share of it; what only one side says is unmatched."""
    ours, theirs = dict.fromkeys(left.split()), dict.fromkeys(right.split())
    both = [token for token in ours if token in theirs]
    shared = sum(map(worth, both))
    mine = [token for token in ours if token not in theirs]
    yours = [token for token in theirs if token not in ours]
    whole = not (mine or yours) or left.replace(" ", "") == right.replace(" ", "")
    if whole:
        return NameOverlap("exact", max(_bits(ours, worth), _bits(theirs, worth)), 0)
    near, mine, yours = _near(mine, yours, worth)
    shared += near
    return _banded(shared, _bits(mine, worth), _bits(yours, worth))


def _bits(tokens: Iterable[str], worth: WordBits) -> int:
    return sum(map(worth, tokens))


def _near(mine: list[str], yours: list[str], worth: WordBits) -> tuple[int, list[str], list[str]]:
    """Pairs of words that are nearly one: best first, each word once; in an order that does not depend on the side."""
    found = sorted(
        (-share, min(a, b), max(a, b), a, b)
        for a in mine
        for b in yours
        if (share := _nearness(*((a, b) if a <= b else (b, a)))) > 0
    )
    bits, used = 0, set()
    for share, _, _, a, b in found:
        if (0, a) in used or (1, b) in used:
            continue
        used |= {(0, a), (1, b)}
        bits += min(worth(a), worth(b)) * -share // 1000
    rest = [token for token in mine if (0, token) not in used]
    return bits, rest, [token for token in yours if (1, token) not in used]


@lru_cache(maxsize=1 << 12)
def _nearness(left: str, right: str) -> int:
    """The share of its bits that a pair of different words keeps, in thousandths."""
    if left.isdigit() or right.isdigit():
        return 0
    short = min(len(left), len(right))
    if short >= 5 and (edits(left, right, 1) <= 1 or likeness(left, right) >= 940):
        return 700
    if short >= 3 and (left.startswith(right) or right.startswith(left)):
        return 400
    if short >= 2 and left[0] == right[0] and _abbreviates(left, right):
        return 250
    return 0


def _abbreviates(left: str, right: str) -> bool:
    """Whether the letters of the shorter stand in order in the longer (Intl, International)."""
    short, long = sorted((left, right), key=lambda word: (len(word), word))
    if len(short) < 3 or len(long) < len(short) + 2:
        return False
    letters = iter(long)
    return all(letter in letters for letter in short)


def _banded(shared: int, mine: int, yours: int) -> NameOverlap:
    """Bands of weighted Jaccard and containment, in whole percent."""
    unmatched = mine + yours
    jaccard = 100 * shared // max(shared + unmatched, 1)
    contained = 100 * shared // max(shared + min(mine, yours), 1)
    if jaccard >= 85:
        level = "near"
    elif contained >= 90 and shared >= 8000:
        level = "contained"
    elif jaccard >= 60:
        level = "most"
    elif jaccard >= 40:
        level = "half"
    elif jaccard >= 20:
        level = "some"
    else:
        level = "else"
    return NameOverlap(level, shared, unmatched + min(mine, yours))
