"""Names that are plainly others to the bulk road are so to the comparisons, whatever names there are."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest

from hub.batch.unlike import GivenNames, other_family
from hub.matching.comparisons import family_level, given_level

NAMES = (
    "ana anna hana maria mary jose pepe joseph francisco paco juan antonio toni manuel manolo william bill bob robert alexander "
    "sasha sandra mohammed muhammad mehmet ahmed ali katarzyna kasia elisabeth liz johann hans minho xiaoming abdulrahman khalid "
    "halid garcia gracia lopez muller mueller alfayed elfayed fayed ashfaye faye asfaye berg bergmann schmidt smith b jo"
).split()
SEVERAL = ("ana maria", "abdul rahman", "min ho", "garcia lopez", "van der berg", "hsiao ming")
_PAIRS = 20_000


def slipped(chance: Random, name: str) -> str:
    at = chance.randrange(len(name))
    swapped = name[:at] + name[at : at + 2][::-1] + name[at + 2 :]
    slips = (name[:at] + name[at + 1 :], name[: at + 1] + name[at:], name[:at] + chance.choice("aeiklnrst") + name[at + 1 :])
    return chance.choice((*slips, swapped, name[: at + 1], name + chance.choice(NAMES))).strip() or name


def names(chance: Random) -> list[str]:
    found = {*NAMES, *SEVERAL}
    for _ in range(2):
        found |= {slipped(chance, name) for name in sorted(found)}
    return sorted(found)


@pytest.mark.parametrize("seed", range(3))
def test_another_given_name_is_none_that_the_comparison_takes_for_more(seed: int) -> None:
    chance = Random(seed)
    listed = names(chance)
    drawn = np.sort(np.array([[chance.randrange(len(listed)) for _ in range(2)] for _ in range(_PAIRS)]), axis=1)

    other = GivenNames(listed).other(drawn[:, 0], drawn[:, 1])

    assert other.mean() > 0.4  # it is worth asking
    told = {given_level(listed[a], listed[b]) for a, b in drawn[other].tolist()}
    assert told <= {"weak", "else"}


@pytest.mark.parametrize("seed", range(3))
def test_another_family_name_is_neither_the_same_nor_near(seed: int) -> None:
    chance = Random(seed)
    listed = names(chance)
    left = [chance.choice(listed) for _ in range(_PAIRS)]
    right = [slipped(chance, name) if chance.random() < 0.3 else chance.choice(listed) for name in left]

    other = other_family(left, right)

    assert other.mean() > 0.2
    told = {family_level(*sorted((a, b))) for a, b, plainly in zip(left, right, other.tolist(), strict=True) if plainly}
    assert told.isdisjoint({"exact", "near"})


def test_of_nobody_nothing_is_told() -> None:
    assert other_family([], []).tolist() == []
