"""One record out of parts that arrive in any order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.assembly import AssemblyRule, Closing, Part, assemble, link_value
from hub.errors import BadLandscape

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
RULE = AssemblyRule("customers", {"phones": ("customer_id", "id")}, quiet=timedelta(seconds=30), identity={"phones": "phone_id"})


def part(stream: str, order: int, **data: Any) -> Part:
    deleted = bool(data.pop("deleted", False))
    return Part(stream, data, NOON + timedelta(seconds=order), order=f"{order:03}", transaction="t1", deleted=deleted)


HEAD = part("customers", 1, id=7, name="Ana")
PHONE = part("phones", 2, phone_id=1, customer_id=7, number="1")
LATER = NOON + timedelta(minutes=5)


def test_children_stand_as_lists_in_their_parent() -> None:
    made = assemble(RULE, [PHONE, HEAD], LATER)

    assert made.record is not None
    assert made.record.data == {"id": 7, "name": "Ana", "phones": [PHONE.data]}


def test_a_record_waits_for_its_parent_and_for_a_quiet_period() -> None:
    assert assemble(RULE, [PHONE], LATER).waits_for == "a row of customers"
    assert assemble(RULE, [HEAD, PHONE], NOON + timedelta(seconds=10)).waits_for == "a quiet period"


def test_the_end_of_the_transaction_completes_it_where_the_source_tells() -> None:
    rule = AssemblyRule("customers", RULE.children, completed_by="transaction")

    assert assemble(rule, [HEAD, PHONE], NOON).waits_for == "the end of 1 transaction(s)"
    assert assemble(rule, [HEAD, PHONE], NOON, [Closing(transaction="t1")]).record is not None


def test_a_trailer_counts_the_parts() -> None:
    rule = AssemblyRule("customers", RULE.children, completed_by="trailer")

    assert assemble(rule, [HEAD], NOON, [Closing(parts=2)]).record is None
    assert assemble(rule, [HEAD, PHONE], NOON, [Closing(parts=2)]).record is not None


def test_the_last_version_of_a_row_counts_and_a_deleted_row_is_gone() -> None:
    changed = part("phones", 3, phone_id=1, customer_id=7, number="2")
    gone = part("phones", 4, phone_id=1, customer_id=7, deleted=True)

    record = assemble(RULE, [changed, HEAD, PHONE], LATER).record
    assert record is not None
    assert [phone["number"] for phone in record.data["phones"]] == ["2"]
    record = assemble(RULE, [gone, changed, HEAD, PHONE], LATER).record
    assert record is not None
    assert record.data["phones"] == []


def test_a_deleted_parent_deletes_the_record() -> None:
    record = assemble(RULE, [HEAD, part("customers", 9, id=7, deleted=True), PHONE], LATER).record

    assert record is not None
    assert record.operation == "deleted"


def test_a_child_row_names_its_parent() -> None:
    assert link_value(RULE, PHONE) == ("id", "7")
    assert link_value(RULE, HEAD) is None


def test_what_completes_a_record_is_one_of_three() -> None:
    with pytest.raises(BadLandscape, match="quiet"):
        AssemblyRule("customers", {}, completed_by="magic")


@given(
    st.permutations([HEAD, PHONE, part("phones", 3, phone_id=2, customer_id=7, number="2"), part("customers", 4, id=7, name="B")])
)
def test_the_order_of_arrival_makes_no_difference(parts: list[Part]) -> None:
    record = assemble(RULE, parts, LATER).record

    assert record is not None
    assert record.data["name"] == "B"
    assert [phone["phone_id"] for phone in record.data["phones"]] == [1, 2]
