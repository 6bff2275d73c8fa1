"""Id stability is a figure: nobody's id changes without need, and a former id comes back, whatever the history."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.app.stability import announcements
from hub.matching.stability import Told, measure
from hub.records import RecordRef
from hub.store import sources
from hub.store.store import Store
from tests.contract.histories import histories, roads
from tests.contract.test_resolver import empty, one_by_one, redo_all, resolver, walk

MONDAY = datetime(2026, 6, 1, tzinfo=UTC)
A, B, C, D = (RecordRef("erp", key) for key in "abcd")


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_no_history_changes_an_id_without_need_or_keeps_a_former_one_back(store: Store, data: st.DataObject) -> None:
    steps = data.draw(histories())
    for road in (one_by_one(steps), data.draw(roads(steps))):
        empty(store)
        hub = resolver()
        walk(store, hub, road)
        redo_all(store, hub)
        with store.read() as tx:
            found = measure(announcements(tx), merged=sources.ever_merged(tx, "customer"))
        assert found.total("excess") == 0
        assert found.total("reinstated") == found.total("owed")


def told(hour: int, golden: str, *members: RecordRef) -> Told:
    return Told(MONDAY + timedelta(hours=hour), golden, frozenset(members), bool(members))


def test_a_merge_changes_the_ids_that_it_must_and_no_other() -> None:
    found = measure([told(0, "g1", A), told(0, "g2", B), told(1, "g1", A, B), told(1, "g2")])
    (week,) = found.weeks
    assert (week.records, week.changed, week.excess, week.share) == (2, 1, 0, 0.5)
    assert found.reinstatement is None


def test_an_id_that_changes_without_a_change_of_members_is_excess() -> None:
    found = measure([told(0, "g1", A, B), told(1, "g2", A, B), told(1, "g1")])
    assert (found.total("changed"), found.total("excess")) == (2, 1)


@pytest.mark.parametrize(("split_off", "back"), [("g2", 1), ("g3", 0)])
def test_a_former_id_that_does_not_come_back_is_seen(split_off: str, back: int) -> None:
    merged = [told(0, "g1", A, B), told(0, "g2", C), told(1, "g1", A, B, C), told(1, "g2")]
    found = measure([*merged, told(2, "g1", A, B), told(2, split_off, C)])
    assert (found.total("owed"), found.total("reinstated"), found.total("excess")) == (1, back, 0)
    assert found.reinstatement == back


def test_who_comes_out_of_a_split_for_the_first_time_is_owed_nothing() -> None:
    found = measure([told(0, "g1", A, B), told(1, "g1", A), told(1, "g2", B)])
    assert (found.total("changed"), found.total("owed")) == (1, 0)


def test_a_record_that_its_system_merged_leaves_its_claim_to_the_one_it_went_into() -> None:
    story = [told(0, "g1", A), told(0, "g2", B), told(1, "g1", B, C), told(1, "g2")]
    assert measure(story).total("excess") == 1
    assert measure(story, merged={("erp", "a"): {"d"}, ("erp", "d"): {"c"}}).total("excess") == 0


def test_weeks_without_news_are_there_and_what_was_before_is_only_the_beginning() -> None:
    later = 24 * 7 * 3
    story = [told(0, "g1", A), told(0, "g2", B), told(1, "g3", D), told(later, "g1", A, B), told(later, "g2")]
    assert [(week.begins, week.changed, week.records) for week in measure(story).weeks] == [
        (date(2026, 6, 1), 0, 3), (date(2026, 6, 8), 0, 3), (date(2026, 6, 15), 0, 3), (date(2026, 6, 22), 1, 3),
    ]  # fmt: skip
    since = measure(story, MONDAY + timedelta(days=15))
    assert [(week.changed, week.records) for week in since.weeks] == [(1, 3)]
