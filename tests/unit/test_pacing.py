"""How much of a load goes into one transaction while live records come."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from hub.app.pacing import Pace
from hub.bus import BULK, LIVE, Delivery
from hub.records import Operation, RecordRef, SourceRecord

AT = datetime(2026, 3, 1, tzinfo=UTC)


def delivery(number: int = 500, lane: str = BULK) -> Delivery:
    one = SourceRecord("customer", RecordRef("crm", "1"), Operation.UPSERT, {}, AT, "m")
    return Delivery((one,) * number, (1,) * number, "", (0,) * number, lane)


def settled(fixed: float, each: float, rounds: int = 60, hurried: bool = True) -> float:
    """The size of parts in the long run, where a transaction takes so long by itself and so long for each record."""
    pace, whole, sizes = Pace(lambda: hurried), delivery(), []
    for _ in range(rounds):
        sizes.append(size := pace.size(whole))
        pace.took(whole.only(range(size)), fixed + each * size)
    return sum(sizes[-10:]) / 10


@pytest.mark.parametrize("each", [0.0002, 0.0005, 0.001])
def test_where_a_commit_is_quick_a_part_takes_some_hundredths_of_a_second(each: float) -> None:
    assert 0.015 < settled(0.002, each) * each < 0.06


@pytest.mark.parametrize("fixed", [0.05, 0.1, 0.3])
def test_where_a_commit_takes_its_time_a_part_is_worth_it(fixed: float) -> None:
    """Else a load of small parts would do nothing but wait for the disk, and live records would gain little."""
    each = 0.002
    assert 0.5 * fixed < settled(fixed, each) * each < 2 * fixed


def test_however_slow_it_is_a_part_holds_some_records_and_never_more_than_there_are() -> None:
    assert settled(0.01, 0.5) == pytest.approx(8, abs=3)
    assert settled(1.0, 0.0001) > 300


@pytest.mark.parametrize("seed", range(20))
def test_on_a_busy_machine_no_part_is_suddenly_large(seed: int) -> None:
    """There, by chance, many records may seem to take hardly longer than few; a part made after that lets live ones wait."""
    pace, whole, chance, sizes = Pace(lambda: True), delivery(), random.Random(seed), []
    for _ in range(500):
        sizes.append(size := pace.size(whole))
        pace.took(whole.only(range(size)), (0.02 + 0.005 * size) * chance.choice((0.5, 1, 1, 2, 4)))

    assert max(sizes[1:]) <= 128
    assert sum(sizes) / len(sizes) >= 6


def test_live_records_are_never_cut() -> None:
    assert Pace(lambda: True).size(delivery(lane=LIVE)) == 500


def test_while_nobody_is_in_a_hurry_parts_are_larger_and_the_first_live_record_waits_for_no_batch_of_a_slow_machine() -> None:
    assert settled(0.002, 0.0002, hurried=False) == 500
    assert 0.1 < settled(0.002, 0.002, hurried=False) * 0.002 < 0.4
    assert settled(0.002, 0.002, hurried=False) > 3 * settled(0.002, 0.002)
