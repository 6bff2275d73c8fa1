"""Whether another given name is another person is told by birth dates, without labels."""

from __future__ import annotations

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
    without = {one: times for one, times in seen.items() if one.levels[0] not in (6, 7)}  # other given names
    seen.clear()
    seen.update(without)
    estimated, estimation = estimated_from(seen, drawn)
    assert estimation.other_people(estimated)
