"""Most candidates share a key by chance, and a few of their values show it: they are dropped by columns, before anybody is read.

What is added up are the scorer's own comparisons, each pair of values weighed once, and it is never less than the bits of a
pair: what falls through, the scorer would have dropped; what stays, it weighs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hub.batch.unlike import GivenNames, other_family
from hub.matching import comparisons as compare
from hub.matching.guards import GUARDS
from hub.matching.prepared import Prepared
from hub.matching.rarity import locality_bits
from hub.matching.scoring import Scorer
from hub.matching.weighing import Weigher, ordered

PLACES = ("street", "postal_code", "locality", "region", "country")
FIELDS = ("kind", "gender", "given", "family", "birth", "email", "phone", *PLACES)
"""What a sketch of a node has a number for: the place of its value among all values, or one of these two."""

ABSENT, SEVERAL = -1, -2

Numbers = NDArray[np.int64]
Mask = NDArray[np.bool_]
Sketches = Mapping[str, NDArray[Any]]
"""By field, and by what else a sketch tells, a column with a place for every node."""


class Drawn(NamedTuple):
    """Candidates, and what is known of their nodes: only what is asked for is fetched, and of most that is little."""

    a: NDArray[np.int32]
    b: NDArray[np.int32]
    sketches: Sketches

    def left(self, name: str, at: NDArray[np.intp]) -> NDArray[Any]:
        return self.sketches[name][self.a[at]]

    def right(self, name: str, at: NDArray[np.intp]) -> NDArray[Any]:
        return self.sketches[name][self.b[at]]


_Name = tuple[str, str, str]

_HALF = 32
_LOW = (1 << _HALF) - 1
_NOBODY = Prepared({})
_NEVER = -(1 << 40)
_FREE = 1 << 40
_REMEMBERED = 4_000_000


class Sieve:
    """For one process. ``words`` tells the values of a field in the order of their numbers."""

    def __init__(self, scorer: Scorer, words: Callable[[str], Sequence[str]]) -> None:
        self._rules, self._least = scorer.rules, scorer.rules.review_bits
        self._place_ceiling = scorer.place_ceiling
        self._weigh = Weigher(scorer.rules)
        self._words = words
        self._given = _Known(self._weigh_given)
        self._plainly: GivenNames | None = None
        self._first: dict[str, Numbers] = {}
        self._family = _Known(partial(self._weighed, "family", self._of_family))
        self._locality = _Known(partial(self._weighed, "locality", self._of_locality))

    def __call__(self, drawn: Drawn) -> NDArray[np.intp]:
        """The places of candidates that may count, in order."""
        opened = self._opened(drawn)
        left = np.flatnonzero(~opened)
        bits = self._plain(drawn, left)
        for step in (self._names, self._birth, self._phone, self._email, self._place):
            bits += step(drawn, left)
            stays = bits + self._ahead(drawn, left, _AFTER[step.__name__]) >= self._least
            left, bits = left[stays], bits[stays]
        return np.sort(np.concatenate((left, np.flatnonzero(opened))))

    def _opened(self, drawn: Drawn) -> Mask:
        """Where a sketch says too little: several names, or numbers and companies to be compared."""
        told = drawn.sketches
        opened: Mask = told["open"][drawn.a] | told["open"][drawn.b]
        for name in ("identified", "organized"):
            opened |= told[name][drawn.a] & told[name][drawn.b]
        return opened

    def _ahead(self, drawn: Drawn, at: NDArray[np.intp], names: Sequence[str]) -> Numbers:
        """The most that what was not looked at can say."""
        most = np.zeros(len(at), np.int64)
        for name in names:
            if name == "place":
                told, best = drawn.left("placed", at) & drawn.right("placed", at), self._place_ceiling
            else:
                told = (drawn.left(name, at) != ABSENT) & (drawn.right(name, at) != ABSENT)
                best = self._best(name)
            most += np.where(told, best, 0)
        return most

    def _best(self, name: str) -> int:
        weights = self._rules.weights
        tables = (weights["birth_date"], weights["birth_part"]) if name == "birth" else (weights[name],)
        return max(0, *(bits for table in tables for bits in table.values()))

    def _plain(self, drawn: Drawn, at: NDArray[np.intp]) -> Numbers:
        weights, prior = self._rules.weights, self._rules.prior
        ours, theirs = drawn.left("kind", at), drawn.right("kind", at)
        organization = next((number for number, word in enumerate(self._words("kind")) if word == "o"), SEVERAL)
        both = (ours == organization) & (theirs == organization)
        bits = np.where(both, prior["organization"], prior["person"]).astype(np.int64)
        bits += np.where((ours >= 0) & (theirs >= 0) & (ours != theirs), weights["kind"]["else"], 0)
        ours, theirs = drawn.left("gender", at), drawn.right("gender", at)
        told = np.where(ours == theirs, max(weights["gender"]["exact"], 0), weights["gender"]["else"])
        return bits + np.where((ours >= 0) & (theirs >= 0), told, 0)

    # -- names --

    def _names(self, drawn: Drawn, at: NDArray[np.intp]) -> Numbers:
        """Straight or swapped; a plainly different given name ends most of them, where its guard does."""
        given = self._given(*_pairs(drawn, "given", at))
        swapped = self._swapped(drawn, at)
        told = np.flatnonzero((given > _NEVER) | (swapped > _NEVER))
        family = np.zeros(len(at), np.int64)
        family[told] = self._family(*_pairs(drawn, "family", at[told]))
        return np.maximum(np.where(given > _NEVER, given + family, _NEVER), swapped)

    @property
    def _capped(self) -> bool:
        """Whether a plainly different given name is the end of a pair, whatever else it says."""
        return self._rules.guards.get("other_given", _FREE) < self._least

    def _weigh_given(self, keys: Numbers) -> Numbers:
        if not self._capped:
            return self._weighed("given", self._of_given, keys)
        if self._plainly is None:
            self._plainly = GivenNames(self._words("given"))
        asked = ~self._plainly.other(keys >> _HALF, keys & _LOW)
        bits = np.full(len(keys), _NEVER, np.int64)
        bits[asked] = self._weighed("given", self._of_given, keys[asked])
        return bits

    def _of_given(self, left: str, right: str) -> int:
        found = self._weigh.given(left, right)
        if found is None:
            return 0
        return _NEVER if self._capped and GUARDS["other_given"]({"given": found[1]}, _NOBODY, _NOBODY) else found[2]

    def _of_family(self, left: str, right: str) -> int:
        found = self._weigh.family(left, right)
        return found[2] if found else 0

    def _swapped(self, drawn: Drawn, at: NDArray[np.intp]) -> Numbers:
        sides = [side(name, at) for side in (drawn.left, drawn.right) for name in ("given", "family")]
        first, second = self._initials("given"), self._initials("family")
        alike = (first[sides[0]] == second[sides[3]]) | (second[sides[1]] == first[sides[2]])
        for side in sides:
            alike &= side >= 0
        told = np.full(len(at), _NEVER, np.int64)
        for n, one, other in self._crossing(np.flatnonzero(alike), sides):
            if (found := self._weigh.swapped(*ordered(one, other))) is not None:
                told[n] = found[2]
        return told

    def _crossing(self, at: NDArray[np.intp], sides: Sequence[NDArray[Any]]) -> Iterator[tuple[int, _Name, _Name]]:
        """The places, among these, where the given name of each may be the family name of the other; and both names."""
        words = [self._words(name) for name in ("given", "family", "given", "family")]
        for one, other in ((0, 3), (1, 2)):
            names = [[words[side][number] for number in sides[side][at].tolist()] for side in (one, other)]
            at = at[~other_family(*names)]
        given, family, others, last = ([words[n][number] for number in sides[n][at].tolist()] for n in range(4))
        yield from zip(at.tolist(), zip(given, family, repeat("")), zip(others, last, repeat("")), strict=True)

    def _initials(self, field: str) -> Numbers:
        """The first letter of each word; two more places, for the numbers of nothing."""
        if field not in self._first:
            self._first[field] = np.array([*(ord(word[0]) for word in self._words(field)), 0, 0], np.int64)
        return self._first[field]

    # -- other values --

    def _birth(self, drawn: Drawn, at: NDArray[np.intp]) -> Numbers:
        def weigh(left: str, right: str) -> int:
            name, level = compare.date_level(left, right)
            return self._rules.weights[name][level]

        return self._by_value(drawn, "birth", at, weigh)

    def _phone(self, drawn: Drawn, at: NDArray[np.intp]) -> Numbers:
        weights = self._rules.weights["phone"]
        return self._by_value(drawn, "phone", at, lambda left, right: weights[compare.phone_level(left, right)])

    def _email(self, drawn: Drawn, at: NDArray[np.intp]) -> Numbers:
        weights = self._rules.weights["email"]
        return self._by_value(drawn, "email", at, lambda left, right: weights[compare.email_level(left, right)])

    def _by_value(self, drawn: Drawn, name: str, at: NDArray[np.intp], weigh: Callable[[str, str], int]) -> Numbers:
        found = _weighed(*_pairs(drawn, name, at), partial(self._weighed, name, weigh))
        ours, theirs = drawn.left(name, at), drawn.right(name, at)
        several = (np.minimum(ours, theirs) == SEVERAL) & (np.maximum(ours, theirs) != ABSENT)
        return np.where(several, self._best(name), found)

    def _place(self, drawn: Drawn, at: NDArray[np.intp]) -> Numbers:
        """Of one address each the strongest part and the weakest in full, the rest at a share; of several the most."""
        share, floor = self._rules.numbers["damping"], self._rules.numbers["place_floor"]
        parts = [self._part(drawn, name, at) for name in PLACES]
        nothing = np.zeros(len(at), np.int64)
        top, bottom = np.maximum.reduce([*parts, nothing]), np.minimum.reduce([*parts, nothing])
        total = sum([part * share // 1000 for part in parts], top - top * share // 1000 + bottom - bottom * share // 1000)
        bits = np.maximum(total, floor) if floor else total
        several = (drawn.left("street", at) == SEVERAL) | (drawn.right("street", at) == SEVERAL)
        placed = drawn.left("placed", at) & drawn.right("placed", at)
        return np.where(placed, np.where(several, self._place_ceiling, bits), 0)

    def _part(self, drawn: Drawn, name: str, at: NDArray[np.intp]) -> Numbers:
        if name == "locality":
            return self._locality(*_pairs(drawn, name, at))
        weights, level_of = self._rules.weights[name], _LEVELS.get(name)

        def weigh(left: str, right: str) -> int:
            return weights["exact" if left == right else str(level_of(left, right)) if level_of else "else"]

        return _weighed(*_pairs(drawn, name, at), partial(self._weighed, name, weigh))

    def _of_locality(self, left: str, right: str) -> int:
        level = "exact" if left == right else str(compare.locality_level(left, right))
        rarity = min(locality_bits(left, self._rules), locality_bits(right, self._rules))
        return self._weigh.worth("locality", level, rarity)

    def _weighed(self, name: str, weigh: Callable[[str, str], int], keys: Numbers) -> Numbers:
        words = self._words(name)
        told = [weigh(*ordered(words[key >> _HALF], words[key & _LOW])) for key in keys.tolist()]
        return np.array(told, np.int64)


_AFTER: dict[str, tuple[str, ...]] = {
    "_names": ("birth", "phone", "email", "place"),
    "_birth": ("phone", "email", "place"),
    "_phone": ("email", "place"),
    "_email": ("place",),
    "_place": (),
}
"""What each step leaves to be looked at."""

_LEVELS: dict[str, Callable[[str, str], str | None]] = {"street": compare.street_level, "postal_code": compare.postal_level}


class _Known:
    """What pairs of values were weighed to: names come back, from part to part."""

    def __init__(self, weigh: Callable[[Numbers], Numbers]) -> None:
        self._weigh = weigh
        self._keys, self._bits = np.zeros(0, np.int64), np.zeros(0, np.int64)

    def __call__(self, keys: Numbers, told: Mask) -> Numbers:
        return _weighed(keys, told, self._look_up)

    def _look_up(self, keys: Numbers) -> Numbers:
        if len(self._keys) > _REMEMBERED:
            self._keys, self._bits = self._keys[:0], self._bits[:0]
        place = np.searchsorted(self._keys, keys)
        met = place < len(self._keys)
        met[met] = self._keys[place[met]] == keys[met]
        bits = np.zeros(len(keys), np.int64)
        bits[met] = self._bits[place[met]]
        bits[~met] = fresh = self._weigh(keys[~met])
        self._bits = np.insert(self._bits, place[~met], fresh)
        self._keys = np.insert(self._keys, place[~met], keys[~met])
        return bits


def _pairs(drawn: Drawn, name: str, at: NDArray[np.intp]) -> tuple[Numbers, Mask]:
    """Both values of a field as one number, and where both are single."""
    ours, theirs = drawn.left(name, at).astype(np.int64), drawn.right(name, at).astype(np.int64)
    low, high = np.minimum(ours, theirs), np.maximum(ours, theirs)
    return (low << _HALF) | high, low >= 0


def _weighed(keys: Numbers, told: Mask, weigh: Callable[[Numbers], Numbers]) -> Numbers:
    """Each pair of values once; 0 where one is missing."""
    bits = np.zeros(len(keys), np.int64)
    asked, back = np.unique(keys[told], return_inverse=True)
    if len(asked):
        bits[told] = weigh(asked)[back]
    return bits
