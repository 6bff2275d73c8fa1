"""One time for all workers, whatever the clock of a machine says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hub.app.clock import AgreedClock
from hub.errors import Unavailable

DAY, MOMENT = timedelta(days=1), timedelta(seconds=5)


class Machine:
    """A clock that somebody sets."""

    def __init__(self, off: timedelta = timedelta()) -> None:
        self.off = off

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.off


def right(found: datetime) -> bool:
    return abs(found - datetime.now(UTC)) < MOMENT


def test_a_machine_whose_clock_is_wrong_takes_the_stores() -> None:
    assert right(AgreedClock(Machine(-DAY), lambda: datetime.now(UTC))())


def test_a_clock_that_jumps_is_seen_at_once() -> None:
    machine = Machine()
    clock = AgreedClock(machine, lambda: datetime.now(UTC))
    assert right(clock())

    for machine.off in (DAY, -DAY, timedelta()):
        assert right(clock())


def test_while_the_store_is_away_time_goes_on() -> None:
    def away() -> datetime:
        raise Unavailable(system="store")

    machine = Machine()
    clock = AgreedClock(machine, away)
    clock()

    machine.off = -DAY

    assert right(clock())


def test_small_differences_and_a_store_without_a_clock_of_its_own_are_left_alone() -> None:
    near = AgreedClock(Machine(), lambda: datetime.now(UTC) + timedelta(milliseconds=300))
    alone = AgreedClock(Machine(-DAY), lambda: None)

    assert right(near())
    assert abs(near() - datetime.now(UTC)) < timedelta(milliseconds=200)
    assert right(alone() + DAY)
