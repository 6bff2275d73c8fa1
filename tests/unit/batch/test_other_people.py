"""Whether another given name is another person is told by birth dates, and the other way round, without labels."""

from __future__ import annotations

import numpy as np
import pytest

from hub.matching.rules import LEVELS
from tests.unit.batch.test_estimating import estimated_from, packed, simulated

FAMILY = {"given": "else", "family": "exact", "phone": "exact", "birth_date": "else"}
TOLD_OTHERWISE = {**FAMILY, "birth_date": "exact"}


def test_names_that_are_told_in_many_ways_are_one_person() -> None:
    seen, drawn = simulated(1)
    estimated, estimation = estimated_from(seen, drawn)
    assert not estimation.other_people(estimated)


def test_families_with_a_telephone_in_common_are_several() -> None:
    seen, drawn = simulated(1)
    seen[packed(FAMILY)] += 600
    estimated, estimation = estimated_from(seen, drawn)
    assert estimation.other_people(estimated)


def test_a_few_families_among_many_ways_to_tell_a_name_change_nothing() -> None:
    seen, drawn = simulated(1)
    seen[packed(FAMILY)] += 60
    seen[packed(TOLD_OTHERWISE)] += 600
    estimated, estimation = estimated_from(seen, drawn)
    assert not estimation.other_people(estimated)


def test_too_few_to_tell_are_several() -> None:
    seen, drawn = simulated(1)
    without = {one: times for one, times in seen.items() if one.levels[0] not in (7, 8)}  # other given names
    seen.clear()
    seen.update(without)
    estimated, estimation = estimated_from(seen, drawn)
    assert estimation.other_people(estimated)


FATHER_AND_SON = {"given": "exact", "family": "exact", "phone": "exact", "birth_date": "else"}


def test_dates_that_are_told_wrongly_are_one_person() -> None:
    seen, drawn = simulated(1)
    estimated, estimation = estimated_from(seen, drawn)
    assert not estimation.other_births(estimated)


def test_another_birth_date_in_families_is_another_person_though_some_bear_the_same_name() -> None:
    seen, drawn = simulated(1)
    seen[packed(FAMILY)] += 600
    seen[packed(FATHER_AND_SON)] += 20
    estimated, estimation = estimated_from(seen, drawn)
    assert estimation.other_births(estimated)


def test_of_pairs_that_a_guard_takes_for_others_nothing_is_learned() -> None:
    """A great many families: a small share of belief in each would make other birth dates look usual among matches."""
    seen, drawn = simulated(1)
    before, _ = estimated_from(seen, drawn)
    seen[packed(FAMILY)._replace(ceiling=-5000)] += 60_000
    after, estimation = estimated_from(seen, drawn)
    guarded = np.isfinite(estimation.candidates.ceiling)

    assert after.believed[guarded].max() == 0.0
    assert after.matches == pytest.approx(before.matches, rel=0.05)
    level = LEVELS["birth_date"].index("else")
    assert after.weights["birth_date"][level] <= before.weights["birth_date"][level] + 0.1
