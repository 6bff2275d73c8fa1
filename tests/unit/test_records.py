"""Records: identity, order of versions, and hashes that are equal exactly when contents are."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.records import (
    GONE,
    Operation,
    RecordRef,
    SourceRecord,
    at_path,
    canonical_json,
    content_hash,
    micros,
    record_from_json,
    record_text,
    record_to_json,
    refs_text,
)

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
MOMENTS = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=5, minutes=30)), timezone(-timedelta(hours=9))]))
KEYS = st.text(min_size=1, max_size=8)
REFS = st.builds(RecordRef, st.sampled_from(["erp", "shop", "ünique"]), KEYS, st.integers(0, 3))
SCALARS = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=12)
DATA = st.dictionaries(st.text(max_size=6), st.recursive(SCALARS, lambda v: st.lists(v, max_size=3), max_leaves=6), max_size=5)


RECORDS = st.builds(
    SourceRecord,
    entity=st.sampled_from(["customer", 'a "b"\\', "é"]),
    ref=REFS,
    operation=st.sampled_from(Operation),
    data=DATA,
    extracted_at=MOMENTS,
    message_id=st.text(max_size=6),
    feed=st.sampled_from(["", "erp.customers", "a\tb"]),
    run=st.sampled_from(["", "r1", "é"]),
    mapping=st.sampled_from(["", "erp/customer"]),
    updated_at=st.none() | MOMENTS,
    position=st.none() | st.integers(0, 2**40),
    delta=st.booleans(),
    sequenced=st.booleans(),
    target=st.none() | KEYS,
    valid_from=st.none() | MOMENTS,
    replayed_at=st.none() | MOMENTS,
    caused_by=st.sampled_from(["", "r0:7"]),
)
USUAL = RECORDS.map(lambda one: replace(one, position=None, target=None, valid_from=None, replayed_at=None, caused_by=""))


def source(**changes: Any) -> SourceRecord:
    record = SourceRecord(
        entity="customer",
        ref=RecordRef("erp", "7"),
        operation=Operation.UPSERT,
        data={"name": {"family": "Gil"}},
        extracted_at=NOON,
        message_id="m1",
    )
    return replace(record, **changes)


@given(RECORDS | USUAL)
def test_the_text_of_a_record_is_its_canonical_json(record: SourceRecord) -> None:
    assert record_text(record) == canonical_json(record_to_json(record))


@pytest.mark.parametrize("name", [one.name for one in fields(SourceRecord) if one.init])
def test_the_text_of_a_record_leaves_nothing_out(name: str) -> None:
    told = {"bool": True, "int | None": 7, "datetime": NOON, "datetime | None": NOON, "str": "x", "str | None": "x"}
    told |= {"RecordRef": RecordRef("crm", "x", 3), "Operation": Operation.ENDED, "Data": {"x": 1}}
    kinds = {one.name: str(one.type) for one in fields(SourceRecord)}
    record = source(**{name: told[kinds[name]]})

    assert record_from_json(record_text(record)) == record
    assert record_text(record) == canonical_json(record_to_json(record))


def test_the_first_place_in_a_log_is_a_place() -> None:
    assert record_from_json(record_text(source(position=0))).position == 0


def test_a_source_record_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        source().data = {}  # type: ignore[misc]


def test_a_reference_reads_as_system_and_key_and_names_a_second_life() -> None:
    assert str(RecordRef("erp", "7")) == "erp:7"
    assert str(RecordRef("erp", "7", 2)) == "erp:7#2"
    assert refs_text([RecordRef("erp", "7"), RecordRef("shop", "c-9")]) == "erp:7, shop:c-9"


@given(st.lists(REFS, max_size=20))
def test_references_order_as_their_bytes_do(refs: list[RecordRef]) -> None:
    """Python and a database with COLLATE "C" must never disagree about the smallest member."""
    assert sorted(refs) == sorted(refs, key=lambda r: (r.system.encode(), r.key.encode(), r.generation))


@given(DATA)
def test_a_hash_does_not_depend_on_the_order_of_fields(data: dict[str, Any]) -> None:
    assert content_hash(data) == content_hash(dict(reversed(data.items())))


@given(DATA, DATA)
def test_hashes_are_equal_exactly_when_contents_are(left: dict[str, Any], right: dict[str, Any]) -> None:
    assert (content_hash(left) == content_hash(right)) == (canonical_json(left) == canonical_json(right))


def test_known_empty_and_absent_are_different_contents() -> None:
    assert content_hash({"phones": None}) != content_hash({})


def test_a_time_hashes_alike_in_every_zone() -> None:
    there = NOON.astimezone(timezone(timedelta(hours=9)))

    assert micros(NOON) == micros(there)


@given(MOMENTS, MOMENTS)
def test_microseconds_order_as_moments_do(left: datetime, right: datetime) -> None:
    assert (micros(left) < micros(right)) == (left < right)


@given(MOMENTS, MOMENTS)
def test_versions_order_as_text_by_time(left: datetime, right: datetime) -> None:
    late = NOON.replace(year=9999)
    a, b = (source(updated_at=moment, extracted_at=late) for moment in (left, right))

    assert (a.version < b.version) == (a.effective_at < b.effective_at)


def test_a_position_decides_before_any_time() -> None:
    first = source(position=9, updated_at=NOON)
    second = source(position=10, updated_at=NOON - timedelta(days=1))

    assert first.version < second.version


def test_a_second_life_of_a_key_is_newer_than_all_of_the_first() -> None:
    old = source(ref=RecordRef("erp", "7", 0), position=10**6)
    new = source(ref=RecordRef("erp", "7", 1), position=1)

    assert old.version < new.version


def test_a_record_dated_in_the_far_future_counts_from_when_it_was_read() -> None:
    assert source(updated_at=datetime(9999, 1, 1, tzinfo=UTC)).effective_at == NOON


def test_a_record_that_says_something_else_is_another_version() -> None:
    assert source().version != source(data={"name": {"family": "Gill"}}).version
    assert source().version == source(message_id="m2").version


def test_an_ended_or_archived_customer_is_still_known() -> None:
    assert Operation.ENDED not in GONE
    assert Operation.ARCHIVED not in GONE
    assert Operation.DELETED in GONE


def test_a_path_leads_to_its_value_or_to_nothing() -> None:
    data = {"name": {"family": "Gil"}, "emails": []}

    assert at_path(data, "name.family") == "Gil"
    assert at_path(data, "name.given") is None
    assert at_path(data, "emails.address") is None
