"""Numbering plans of countries: what an ordinary, complete phone number of theirs looks like, told by a few patterns.

Nearly all numbers are of this kind. The library that knows them all takes ten times as long, since it looks for prefixes,
extensions and letters, too; whatever might have any of these is left to it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from phonenumbers import COUNTRY_CODE_TO_REGION_CODE, PhoneMetadata

_BETWEEN = str.maketrans("", "", " -.")
_DESCRIPTIONS = (
    "fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost", "voip", "personal_number", "pager", "uan", "voicemail",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Plan:
    """One country's, where no other shares its calling code."""

    code: str
    lengths: frozenset[int]
    valid: re.Pattern[str]
    prefixes: re.Pattern[str]  # what may stand before a number within the country
    abroad: re.Pattern[str]  # what is dialled there to get out of it

    def has(self, digits: str) -> bool:
        """Whether these digits are a valid number, and nothing of it may be a prefix."""
        return (
            len(digits) in self.lengths
            and digits[0] != "0"
            and self.prefixes.match(digits) is None
            and self.valid.fullmatch(digits) is not None
        )


def usual(number: str, region: str) -> str | None:
    """The E.164 form of a valid number that is written out, with the country's code or in its own country (``region``).

    None says nothing: it may be a number all the same.
    """
    digits = number.translate(_BETWEEN)
    if not digits.isascii():
        return None
    if digits[:1] == "+" and digits[1:].isdigit():
        for end in (2, 3, 4):  # no code is the beginning of another
            if (regions := COUNTRY_CODE_TO_REGION_CODE.get(int(digits[1:end] or 0))) is not None:
                plan = _plan(regions[0])
                return digits if plan is not None and plan.has(digits[end:]) else None
        return None
    if not region or not digits.isdigit():
        return None
    plan = _plan(region.upper())
    if plan is None or not plan.has(digits) or plan.abroad.match(digits):
        return None
    return f"+{plan.code}{digits}"


@cache
def _plan(region: str) -> _Plan | None:
    known = PhoneMetadata.metadata_for_region(region, None)
    if known is None or known.general_desc is None or not known.general_desc.national_number_pattern:
        return None
    described = [one for name in _DESCRIPTIONS if (one := getattr(known, name)) is not None and one.national_number_pattern]
    if not described or COUNTRY_CODE_TO_REGION_CODE.get(known.country_code or 0) != (region,):
        return None
    ways = "|".join(f"(?={_of_length(one.possible_length)}$)(?:{one.national_number_pattern})" for one in described)
    never = "(?!)"
    return _Plan(
        str(known.country_code),
        frozenset(known.general_desc.possible_length),
        re.compile(f"(?=(?:{known.general_desc.national_number_pattern})$)(?:{ways})"),
        re.compile(known.national_prefix_for_parsing or never),
        re.compile(known.international_prefix or never),
    )


def _of_length(lengths: tuple[int, ...]) -> str:
    return "(?:" + "|".join(rf"\d{{{one}}}" for one in lengths if one > 0) + ")" if lengths else r"\d+"
