"""Names that are plainly others, many pairs at a time: what the comparisons would say of them needs no asking one by one.

Most pairs of names differ in every respect, and to find that out costs the comparisons more than all else. Here a pair counts as
plainly other when nothing that could make more of it is there; in doubt it does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from rapidfuzz.distance import JaroWinkler
from rapidfuzz.process import cpdist

from hub.cleaning import nicknames
from hub.matching.tokens import sound

Places = NDArray[np.int64]
Mask = NDArray[np.bool_]

FAR = 0.65
"""Words of at least ``LONG`` letters that are less alike (Jaro-Winkler) lie more than one slip apart, neither begins with the
other, and nobody hears one name: a beginning of another word is alike at 2/3, one slip at 0.83, and echoes count from 0.7."""
LONG = 4
_ARTICLES = frozenset(("al", "el", "ad", "ar", "as", "at", "az"))
_HALF = 32


class GivenNames:
    """The given names of a population, in the order of their numbers."""

    def __init__(self, names: Sequence[str]) -> None:
        self._names = list(names)
        self._plain = np.array([len(name) >= LONG and " " not in name for name in names], np.bool_)
        heard: dict[str, int] = {}
        self._sound = np.array([heard.setdefault(sound(name), len(heard)) for name in names], np.int64)
        self._nicknames = self._nicknamed()

    def _nicknamed(self) -> Places:
        """Both numbers, the smaller first, as one, of names that go for each other."""
        place = {name: number for number, name in enumerate(self._names)}
        pairs = ((number, place[other]) for name, number in place.items() for other in nicknames(name) if other in place)
        return np.array(sorted({_key(*pair) for pair in pairs}), np.int64)

    def other(self, left: Places, right: Places) -> Mask:
        """Where `given_level` says weak or else, for sure. ``left`` are the smaller numbers."""
        found: Mask = self._plain[left] & self._plain[right] & (self._sound[left] != self._sound[right])
        found &= ~np.isin((left << _HALF) | right, self._nicknames)
        told = np.flatnonzero(found)
        names = self._names
        found[told] = _far([names[n] for n in left[told].tolist()], [names[n] for n in right[told].tolist()])
        return found


def other_family(left: Sequence[str], right: Sequence[str]) -> Mask:
    """Where `family_level` says neither exact nor near, for sure."""
    return _far(left, right) & np.fromiter(map(_is_plain, left, right), np.bool_, len(left))


def _is_plain(one: str, other: str) -> bool:
    """Two long words without an Arabic article, which goes for nothing."""
    if len(one) < LONG or len(other) < LONG or " " in one or " " in other:
        return False
    return one[:2] not in _ARTICLES and other[:2] not in _ARTICLES


def _far(left: Sequence[str], right: Sequence[str]) -> Mask:
    if not left:
        return np.zeros(0, np.bool_)
    alike: Mask = cpdist(left, right, scorer=JaroWinkler.similarity, dtype=np.float32) < FAR
    return alike


def _key(one: int, other: int) -> int:
    return (min(one, other) << _HALF) | max(one, other)
