"""The arithmetic of cursors: bounds go back by the lag, written as the source writes its times."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.reading.cursors import Window, dump_value, earlier, load_value, reaches, sweep_is_due

LAG = timedelta(minutes=5)


@pytest.mark.parametrize(
    ("value", "bound"),
    [
        (datetime(2026, 3, 1, 10, tzinfo=UTC), datetime(2026, 3, 1, 9, 55, tzinfo=UTC)),
        (date(2026, 3, 1), date(2026, 3, 1)),
        ("2026-03-01 10:00:00", "2026-03-01 09:55:00"),
        ("2026-03-01T10:00:00Z", "2026-03-01T09:55:00Z"),
        ("2026-03-01T10:00:00.500000+02:00", "2026-03-01T09:55:00.500000+02:00"),
        ("2026-03-01", "2026-02-28"),
        (5000, 4000),
        (Decimal(5000), Decimal(4000)),
        ("n/a", None),
        (True, None),
        (None, None),
        (b"\1", None),
        (datetime(1, 1, 1, tzinfo=UTC), None),
    ],
)
def test_a_bound_lies_a_lag_below(value: Any, bound: Any) -> None:
    assert earlier(value, LAG, 1000) == bound


@given(st.datetimes(min_value=datetime(1900, 1, 1)), st.datetimes(min_value=datetime(1900, 1, 1)))  # noqa: DTZ001 - as databases have them
def test_bounds_of_text_sort_like_their_times(one: datetime, other: datetime) -> None:
    low, high = sorted((one.isoformat(" ", "microseconds"), other.isoformat(" ", "microseconds")))
    assert earlier(low, LAG, 0) <= earlier(high, LAG, 0) <= high


@given(
    st.none()
    | st.booleans()
    | st.integers(-(2**60), 2**60)
    | st.text()
    | st.binary()
    | st.datetimes()
    | st.dates()
    | st.decimals(allow_nan=False)
    | st.uuids()
)
def test_a_value_survives_the_cursor(value: Any) -> None:
    text = orjson.dumps(dump_value(value))
    back = load_value(orjson.loads(text))
    assert back == value
    assert type(back) is type(value) or isinstance(value, UUID)


def test_what_cannot_be_compared_is_read_again() -> None:
    assert reaches("infinity", datetime(2026, 3, 1, tzinfo=UTC))
    assert reaches(None, 5)
    assert reaches(5, None)
    assert not reaches(4, 5)


def test_a_window_drops_what_was_seen_as_it_is() -> None:
    window = Window({"1": "a"})
    assert not window.is_new("1", "a")
    assert window.is_new("1", "b")
    assert window.is_new("2", "a")
    window.remember("1", "b")
    assert not window.is_new("1", "b")
    assert window.finished() == {"1": "b"}


def test_a_window_keeps_only_what_is_read_again() -> None:
    window = Window({"0": "z"})
    for key in range(5):
        window.remember(str(key), "a", key)
    assert set(window.finished(3)) == {"3", "4"}
    assert set(Window({"0": "z"}, resumed=True).finished(3)) == {"0"}


def test_sweeps_are_due_each_run_or_each_day() -> None:
    today = lambda: date(2026, 3, 2)  # noqa: E731 - short
    assert not sweep_is_due(None, None, today)
    assert sweep_is_due("every_run", "2026-03-02", today)
    assert sweep_is_due("daily", None, today)
    assert sweep_is_due("daily", "2026-03-01", today)
    assert not sweep_is_due("daily", "2026-03-02", today)
