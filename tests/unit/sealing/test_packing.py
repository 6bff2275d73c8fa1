"""What was kept is what came, whatever a connector may yield."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import Enum
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.records import Damage, RawRecord
from hub.sealing.packing import pack, unpack

NAMES = st.text(st.characters(exclude_categories=()), max_size=8)  # lone surrogates too
MOMENTS = st.datetimes(timezones=st.none() | st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=45))]))
SINGLE = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**200), 2**200)
    | st.floats(allow_nan=False)
    | NAMES
    | st.binary(max_size=20)
    | st.decimals(allow_nan=False)
    | st.dates()
    | st.times()
    | MOMENTS
    | st.timedeltas()
    | st.uuids()
)
VALUES = st.recursive(
    SINGLE,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(NAMES | st.just("$") | st.just("v"), inner, max_size=4)
        | st.dictionaries(st.integers(0, 5) | st.dates(), inner, max_size=2)
        | st.sets(st.integers() | NAMES, max_size=3)
    ),
    max_leaves=12,
)


def same(one: Any, other: Any) -> bool:
    """Equal, and of the same kinds all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return list(one) == list(other) and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, Decimal):
        return str(one) == str(other)
    return bool(one == other)


@given(st.dictionaries(NAMES, VALUES, max_size=5), st.none() | st.text(max_size=5), st.none() | st.integers(0, 2**62), MOMENTS)
def test_what_was_kept_is_what_came(data: dict[str, Any], key: str | None, position: int | None, at: datetime) -> None:
    came = RawRecord("people", data, "line 3", key, "upsert", position, at, dict.fromkeys(data, "before") or None)

    kept = unpack(pack(came), "people")

    assert kept == came
    assert same(kept.data, data)


@given(NAMES, NAMES, st.text(max_size=10))
def test_damage_is_kept_too(excerpt: str, where: str, reason: str) -> None:
    torn = Damage("people", where, "torn", reason, excerpt)

    assert unpack(pack(torn), "people") == torn


@pytest.mark.parametrize(
    "value", [float("inf"), float("-inf"), -0.0, Decimal("NaN"), Decimal("1.10"), 2**63, -(2**63) - 1, 2**64]
)
def test_numbers_that_json_would_change_are_kept(value: Any) -> None:
    kept = unpack(pack(RawRecord("s", {"value": value})), "s")

    assert repr(kept.data["value"]) == repr(value)


def test_no_number_stays_no_number() -> None:
    kept = unpack(pack(RawRecord("s", {"value": float("nan")})), "s")

    assert str(kept.data["value"]) == "nan"


class Colour(Enum):
    RED = "red"


class Name(str):
    pass


def test_kinds_of_text_and_of_mappings_are_kept_as_what_they_are_a_kind_of() -> None:
    came = {
        "name": Name("Ana"),
        "colour": Colour.RED,
        "more": MappingProxyType({"a": (1,)}),
        "bytes": bytearray(b"\xff"),
    }

    kept = unpack(pack(RawRecord("s", came)), "s")

    assert kept.data == {"name": "Ana", "colour": "red", "more": {"a": (1,)}, "bytes": b"\xff"}


class Strange:
    def __str__(self) -> str:
        return "192.0.2.1/24"


def test_what_nobody_knows_is_kept_as_the_text_it_shows() -> None:
    kept = unpack(pack(RawRecord("s", {"net": Strange(), "id": UUID(int=7), "born": date(2000, 2, 29)})), "s")

    assert kept.data == {"net": "192.0.2.1/24", "id": UUID(int=7), "born": date(2000, 2, 29)}


@pytest.mark.parametrize("depth", [150, 300, 5000])
def test_a_record_nested_too_deeply_stops_nothing(depth: int) -> None:
    deep: Any = 1
    for _ in range(depth):
        deep = [deep]
    came = unpack(pack(RawRecord("people", {"id": "7", "deep": deep})), "people")

    assert isinstance(came, RawRecord)
    assert came.data["id"] == "7"
    assert depth > 900 or came.data["deep"] == deep
