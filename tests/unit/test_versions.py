"""Which version of a record holds: a fold that does not care about the order of arrival."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from hub.records import Operation, RecordRef, SourceRecord
from hub.versions import Held, fold, held_on, patched

START = datetime(2026, 1, 1, tzinfo=UTC)
FAR = START + timedelta(days=1000)


def version(
    number: int,
    data: dict[str, Any] | None = None,
    operation: Operation = Operation.UPSERT,
    *,
    day: int | None = None,
    generation: int = 0,
    position: int | None = None,
    **more: Any,
) -> SourceRecord:
    return SourceRecord(
        entity="customer",
        ref=RecordRef("erp", "7", generation),
        operation=operation,
        data=data or {},
        extracted_at=START + timedelta(days=number),
        updated_at=START + timedelta(days=number if day is None else day),
        message_id=f"m{number}",
        position=position,
        **more,
    )


def states(*versions: SourceRecord) -> list[str]:
    folded = fold(versions)
    return [folded.states[v.message_id] for v in versions]


def test_the_greatest_version_holds_and_the_others_are_superseded() -> None:
    assert states(version(1, {"a": 1}), version(2, {"a": 2})) == ["superseded", "current"]


def test_a_late_version_goes_into_history_and_changes_nothing_else() -> None:
    folded = fold([version(2, {"a": 2}), version(3, {"a": 1}, day=1)])

    assert folded.held is not None
    assert folded.held.record.data == {"a": 2}


def test_the_same_content_again_only_advances_the_version_and_makes_nothing_younger() -> None:
    folded = fold([version(1, {"a": 1}), version(5, {"a": 1})])

    assert folded.states == {"m1": "current", "m5": "unchanged"}
    assert folded.held is not None
    assert folded.held.version == version(5, {"a": 1}).version
    assert folded.held.record.effective_at == START + timedelta(days=1)


def test_a_b_a_is_three_versions() -> None:
    assert states(version(1, {"a": 1}), version(2, {"a": 2}), version(3, {"a": 1})) == ["superseded", "superseded", "current"]


def test_a_record_dated_9999_blocks_nobody() -> None:
    future = SourceRecord(
        "customer", RecordRef("erp", "7"), Operation.UPSERT, {"a": 9}, START, "f", updated_at=datetime(9999, 12, 31, tzinfo=UTC)
    )

    assert states(future, version(1, {"a": 1})) == ["superseded", "current"]


def test_a_delete_is_a_version_and_a_late_upsert_does_not_resurrect() -> None:
    assert states(version(2, operation=Operation.DELETED), version(3, {"a": 1}, day=1)) == ["deleted", "superseded"]


def test_a_key_used_again_starts_a_new_life_and_inherits_nothing() -> None:
    folded = fold([version(9, {"a": 1}), version(1, {"b": 1}, Operation.PATCH, generation=1)])

    assert folded.states == {"m9": "superseded", "m1": "waiting"}
    assert folded.held is None


def test_a_delta_folds_onto_what_is_held_and_null_is_known_empty() -> None:
    folded = fold([version(1, {"name": {"given": "Ana"}, "phones": [1]}), version(2, {"phones": None}, Operation.PATCH)])

    assert folded.held is not None
    assert folded.held.record.data == {"name": {"given": "Ana"}, "phones": None}


def test_a_delta_without_anything_to_fold_onto_asks_for_a_full_record() -> None:
    folded = fold([version(1, {"a": 1}, Operation.PATCH)])

    assert folded.gap
    assert folded.states == {"m1": "waiting"}


def test_a_hole_in_a_sequence_makes_the_rest_wait_and_a_full_record_ends_the_wait() -> None:
    first = version(1, {"a": 1}, position=1)
    third = version(3, {"a": 3}, Operation.PATCH, position=3, delta=True, sequenced=True)
    second = version(2, {"b": 2}, Operation.PATCH, position=2, delta=True, sequenced=True)
    full = version(4, {"c": 4}, position=9)

    assert states(first, third) == ["current", "waiting"]
    assert states(first, third, second) == ["superseded", "current", "superseded"]
    assert states(first, third, full) == ["superseded", "superseded", "current"]


def test_an_ended_customer_keeps_his_values() -> None:
    folded = fold([version(1, {"a": 1}), version(2, operation=Operation.ENDED)])

    assert folded.held is not None
    assert (folded.held.record.operation, folded.held.record.data) == (Operation.ENDED, {"a": 1})


def test_a_patch_goes_into_objects_and_replaces_lists() -> None:
    assert patched({"a": {"b": 1, "c": 2}, "l": [1]}, {"a": {"b": 3}, "l": [2]}) == {"a": {"b": 3, "c": 2}, "l": [2]}


OPERATIONS = [
    *[Operation.UPSERT] * 4,
    Operation.PATCH,
    Operation.PATCH,
    Operation.DELETED,
    Operation.ENDED,
    Operation.MERGED_INTO,
]


@st.composite
def histories(draw: st.DrawFn) -> list[SourceRecord]:
    made = []
    for number in range(draw(st.integers(1, 8))):
        operation = draw(st.sampled_from(OPERATIONS))
        data = (
            {}
            if operation in (Operation.DELETED, Operation.ENDED)
            else draw(st.dictionaries(st.sampled_from("ab"), st.integers(0, 1)))
        )
        made.append(
            version(
                number,
                data,
                operation,
                day=draw(st.integers(0, 8)),
                generation=draw(st.sampled_from((0, 0, 0, 1))),
                delta=operation is Operation.PATCH,
                target="8" if operation is Operation.MERGED_INTO else None,
            )
        )
    return made


@given(histories(), st.randoms(use_true_random=False))
def test_the_order_of_arrival_makes_no_difference(made: list[SourceRecord], random: Any) -> None:
    shuffled = list(made)
    random.shuffle(shuffled)

    assert fold(shuffled) == fold(made)


@given(histories(), st.integers(0, 8))
def test_going_on_from_what_is_held_is_the_same_as_folding_everything(made: list[SourceRecord], cut: int) -> None:
    ordered = sorted(made, key=lambda v: (v.version, v.message_id))
    before, after = ordered[:cut], ordered[cut:]
    first = fold(before)
    if first.gap or first.held is None:
        return

    on = fold(after, Held(first.held.record, first.held.version, first.held.position))

    whole = fold(ordered)
    assert on.held == whole.held
    assert first.states | on.states == whole.states


@given(histories())
def test_every_version_ends_in_exactly_one_state_and_at_most_one_holds(made: list[SourceRecord]) -> None:
    folded = fold(made)

    assert folded.states.keys() == {v.message_id for v in made}
    assert sum(state in ("current", "deleted") for state in folded.states.values()) == (folded.held is not None)


@given(histories(), st.lists(st.integers(0, 9), min_size=8, max_size=8))
def test_what_was_known_at_a_moment_is_what_had_arrived_by_then(made: list[SourceRecord], days: list[int]) -> None:
    told = [(one, START + timedelta(days=day)) for one, day in zip(made, days, strict=False)]
    for day in range(10):
        known = START + timedelta(days=day)
        assert held_on(told, FAR, known) == fold(one for one, arrived in told if arrived <= known).held


@given(histories())
def test_what_is_true_later_does_not_change_what_was_true_before(made: list[SourceRecord]) -> None:
    told = [(one, START) for one in made]
    for one in made:
        before = [(other, at) for other, at in told if other.effective_at <= one.effective_at]
        assert held_on(told, one.effective_at, FAR) == held_on(before, one.effective_at, FAR)


def test_what_has_ended_is_no_longer_true_and_what_begins_later_not_yet() -> None:
    told = [(replace(version(1, {"a": 1}), valid_from=START, valid_to=START + timedelta(days=2)), START)]

    assert held_on(told, START - timedelta(days=1), FAR) is None
    assert held_on(told, START + timedelta(days=1), FAR) is not None
    assert held_on(told, START + timedelta(days=2), FAR) is None
    assert held_on(told, START + timedelta(days=1), START - timedelta(seconds=1)) is None
