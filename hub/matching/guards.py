"""Guards: what looks alike and is known to mislead. A guard says how many bits a pair may reach at most.

A ceiling below the threshold of review says no; one below that of a match leaves the pair to a person.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from hub.matching.organizations import BRANCH_WORDS
from hub.matching.prepared import Prepared

Levels = Mapping[str, str]
"""Levels by comparison."""

Guard = Callable[[Levels, Prepared, Prepared], bool]


def ceiling(guards: Mapping[str, int], levels: Levels, left: Prepared, right: Prepared) -> tuple[int, str] | None:
    """The lowest ceiling among the guards that this pair meets, with its name."""
    met = [(most, name) for name, most in guards.items() if GUARDS[name](levels, left, right)]
    return min(met) if met else None


def _identified(levels: Levels) -> bool:
    return levels.get("identifier") == "exact" or levels.get("identifier_renewable") == "exact"


def _household(levels: Levels, left: Prepared, right: Prepared) -> bool:
    """Another given name (or none) and another birth date: two people of one house."""
    if left.kind == "o" or right.kind == "o" or _identified(levels) or levels.get("email") == "exact" or "swapped" in levels:
        return False
    other_given = levels.get("given", "else") in ("else", "weak") and bool(left.names and right.names)
    other_birth = levels.get("birth_date") in ("else", "close") or levels.get("birth_part") == "else"
    return other_given and other_birth


def _other_given(levels: Levels, left: Prepared, right: Prepared) -> bool:
    """A plainly different given name: twins, couples and parents share everything else."""
    given = levels.get("given")
    other = given in ("else", "weak") or (given in _FAINT and levels.get("gender") == "else")
    return other and not _identified(levels)


def _no_given(levels: Levels, left: Prepared, right: Prepared) -> bool:
    """A family name at an address without a given name, or with an initial, is a household, not a person."""
    if (
        not (left.names and right.names)
        or levels.get("given", "initial") not in _FAINT
        or "swapped" in levels
        or "organization" in levels
    ):
        return False
    personal = levels.get("birth_date") in ("exact", "one_digit") or levels.get("email") in ("exact", "near")
    reached = "given" in levels and levels.get("phone") == "exact"  # by an initial at one number
    return not personal and not reached and not _identified(levels)


def _other_birth(levels: Levels, left: Prepared, right: Prepared) -> bool:
    """A plainly different birth date under one name: a father and his son, or a person for a steward."""
    if levels.get("email") == "exact" and levels.get("street") not in ("exact", "near", "contained"):
        return False
    nearly = levels.get("identifier") == "one_digit"
    return levels.get("birth_date") in ("else", "close") and not nearly and not _identified(levels)


def _generation(levels: Levels, left: Prepared, right: Prepared) -> bool:
    """Junior and senior, unless a number says that they are one."""
    return levels.get("suffix") == "else" and not _identified(levels)


def _branch(levels: Levels, left: Prepared, right: Prepared) -> bool:
    """Another street and names that differ, or one side calls itself a branch: two sites."""
    if levels.get("organization", "exact") in ("exact", "near"):
        return False
    if levels.get("street") in _OTHER_STREET:
        return True
    return levels.get("street") not in ("exact", "near") and _is_branch(left) != _is_branch(right)


def _is_branch(side: Prepared) -> bool:
    return any(not BRANCH_WORDS.isdisjoint(name.split()) for name, _ in side.organizations)


def _site(levels: Levels, left: Prepared, right: Prepared) -> bool:
    """One name at another street with no contact in common: one company perhaps, and perhaps two sites of it."""
    common = levels.get("phone") == "exact" or levels.get("email") in ("exact", "near") or _identified(levels)
    return "organization" in levels and levels.get("street") in _OTHER_STREET and not common


def _other_site(levels: Levels, left: Prepared, right: Prepared) -> bool:
    """The same where a telephone is common: sites of one company may share that of its head office."""
    common = levels.get("email") in ("exact", "near") or _identified(levels)
    return "organization" in levels and levels.get("street") in _OTHER_STREET and levels.get("phone") == "exact" and not common


def _other_form(levels: Levels, left: Prepared, right: Prepared) -> bool:
    """Another legal form is another legal entity, unless a number or a mailbox says that somebody wrote it wrong."""
    return levels.get("legal_form") == "else" and not _identified(levels) and levels.get("email") not in ("exact", "near")


def _tenant(levels: Levels, left: Prepared, right: Prepared) -> bool:
    """Names that share nothing, however much else agrees: the shops of one house, the companies of one owner."""
    return levels.get("organization") == "else" and not _identified(levels) and levels.get("email") not in ("exact", "near")


_OTHER_STREET = ("else", "other_number")
_FAINT = ("initial", "sound")
"""Of a given name its letter agrees, or its sound, and nothing more."""
GUARDS: dict[str, Guard] = {
    "household": _household,
    "other_given": _other_given,
    "no_given": _no_given,
    "other_birth": _other_birth,
    "generation": _generation,
    "branch": _branch,
    "site": _site,
    "other_site": _other_site,
    "other_form": _other_form,
    "tenant": _tenant,
}
