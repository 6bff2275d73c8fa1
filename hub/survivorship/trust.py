"""Trust: how far a system is believed about a field, in millionths, decaying with age.

Whole numbers only. The factor ``2 ** (-age / half_life)`` is put together from a table of square roots of one half in
fixed point, so that every machine and every road gets the same millionths.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from math import isqrt
from typing import Any, NamedTuple

from hub.errors import BadModel, did_you_mean

ONE = 1_000_000
_BITS = 62
_STEPS = 32
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
LAST_DAY = date.max.toordinal()


def _roots() -> tuple[int, ...]:
    """2 ** -(1/2), 2 ** -(1/4), ... in fixed point."""
    roots, value = [], 1 << (_BITS - 1)
    for _ in range(_STEPS):
        value = isqrt(value << _BITS)
        roots.append(value)
    return tuple(roots)


_ROOTS = _roots()


@lru_cache(maxsize=4_096)
def halved(amount: int, age: int, half_life: int) -> int:
    """``amount * 2 ** (-age / half_life)``, rounded down."""
    whole, rest = divmod(age, half_life)
    if whole >= _BITS:
        return 0
    fraction, factor = (rest << _STEPS) // half_life, 1 << _BITS
    for place, root in enumerate(_ROOTS, start=1):
        if fraction >> (_STEPS - place) & 1:
            factor = factor * root >> _BITS
    return amount * factor >> (_BITS + whole)


class Standing(NamedTuple):
    """How much one value is believed, as a curve over days that never rises."""

    base: int  # millionths
    half_life: int  # days; 0: does not decay
    floor: int  # decay stops here
    share: int  # percent that is left after a failed validation
    since: int  # day number from which it ages

    def on(self, day: int) -> int:
        if not self.half_life and self.share == 100:
            return self.base
        return _score(self, day)

    def _on(self, day: int) -> int:
        score = self.base
        if self.half_life and day > self.since and score > self.floor:
            score = max(halved(score, day - self.since, self.half_life), self.floor)
        return score * self.share // 100

    @property
    def curve(self) -> tuple[int, int, int, int]:
        return self[:4]

    def first_day_at_most(self, score: int, after: int) -> int | None:
        """The first day after ``after`` on which the score is ``score`` or less; None when that never comes."""
        if self.on(after + 1) <= score:
            return after + 1
        last = self.settled
        if last is None or last <= after or self.on(last) > score:
            return None
        low, high = after + 1, last
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (low, middle) if self.on(middle) <= score else (middle, high)
        return high if high <= LAST_DAY else None

    @property
    def settled(self) -> int | None:
        """A day from which the score no longer changes; None when it never does."""
        if not self.half_life or self.base <= self.floor:
            return None
        return self.since + self.half_life * (ONE.bit_length() + 1)


_score = lru_cache(maxsize=4_096)(Standing._on)


@dataclass(frozen=True, slots=True)
class SystemTrust:
    """What ``trust.<system>`` says."""

    default: int = ONE // 2
    fields: Mapping[str, int] = field(default_factory=dict)
    half_life: int = 0
    floor: int = 0
    share: int = 100

    def standing(self, path: str, since: int, flagged: bool) -> Standing:
        base = self.fields.get(path)
        if base is None:
            base = self.fields.get(path.partition(".")[0], self.default) if self.fields else self.default
        return Standing(base, self.half_life, self.floor, self.share if flagged else 100, since)


def load_trust(raw: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, SystemTrust]:
    """The ``trust`` section; ``defaults`` are the systems' trust in the landscape, for those the section does not name."""
    table = {system: SystemTrust(default=_millionths(value, system)) for system, value in defaults.items()}
    for system, given in raw.items():
        if not isinstance(given, Mapping):
            given = {"default": given}
        table[system] = _system_trust(system, given, table.get(system, SystemTrust()).default)
    return table


def _system_trust(system: str, given: Mapping[str, Any], default: int) -> SystemTrust:
    decay = given.get("decay") or {}
    for word in decay:
        if word not in ("half_life", "floor"):
            raise BadModel(f"trust.{system}.decay.{word} is unknown{did_you_mean(word, ('half_life', 'floor'))}.")
    return SystemTrust(
        default=_millionths(given.get("default", Decimal(default) / ONE), system),
        fields={name: _millionths(v, f"{system}.{name}") for name, v in given.items() if name not in _WORDS},
        half_life=_days(decay["half_life"], system) if "half_life" in decay else 0,
        floor=_millionths(decay.get("floor", 0), f"{system}.decay.floor"),
        share=100 - _cut(given.get("invalid", 0), system),
    )


_WORDS = frozenset({"default", "decay", "invalid"})


def _millionths(value: Any, where: str) -> int:
    try:
        score = Decimal(str(value)) * ONE
    except InvalidOperation:
        score = Decimal(-1)
    if isinstance(value, bool) or not 0 <= score <= ONE:
        raise BadModel(f"trust.{where} is {value!r}; give a number from 0 to 1.")
    return int(score)


def _days(value: Any, system: str) -> int:
    found = re.fullmatch(r"([1-9][0-9]{0,5})\s*([dwmy])", str(value).strip())
    if not found:
        raise BadModel(f"trust.{system}.decay.half_life is {value!r}; write it like 730d, 52w or 2y.")
    return int(found[1]) * _DAYS[found[2]]


def _cut(value: Any, system: str) -> int:
    found = re.fullmatch(r"-?([0-9]{1,3})\s*%?", str(value).strip())
    if not found or int(found[1]) > 100:
        raise BadModel(f"trust.{system}.invalid is {value!r}; write how much is taken off, like -50%.")
    return int(found[1])
