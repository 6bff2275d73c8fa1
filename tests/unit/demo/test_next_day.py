"""The second day of the demo: every kind of change happens, and most records stay as they were."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from connectors import build
from hub.contract import Batch, Checkpoint, Cursor
from hub.demo import erp
from hub.demo.generate import generate
from hub.demo.next_day import counted, next_day
from hub.demo.systems import truth_of, write_all
from hub.demo.world import World
from hub.landscape import load_landscape

LANDSCAPE = Path(__file__).parents[3] / "landscape.yaml"


@pytest.fixture(scope="module")
def days() -> tuple[World, World]:
    first = generate(seed=3, customers=1000)
    return first, next_day(first)


def test_the_second_day_follows_from_the_first(days: tuple[World, World]) -> None:
    assert next_day(generate(seed=3, customers=1000)) == days[1]


def test_every_kind_of_change_happens(days: tuple[World, World]) -> None:
    found = counted(*days)
    assert all(found.values()), found


def test_most_records_stay_as_they_were(days: tuple[World, World]) -> None:
    assert sum(counted(*days).values()) < 0.05 * len(days[0].entries)


def test_only_what_changed_has_a_new_time(days: tuple[World, World]) -> None:
    first, second = days
    before = {(entry.system, entry.key): entry for entry in first.entries}
    for entry in second.entries:
        was = before.get((entry.system, entry.key))
        latest = max(entry.changed_at, entry.moved_at or entry.changed_at)
        assert entry == was or latest > first.today - (second.today - first.today)


def test_some_moves_touch_nothing_but_the_address_row_and_are_read_without_a_sweep(
    days: tuple[World, World], tmp_path: Path
) -> None:
    before = {entry.key: entry for entry in days[0].of("erp")}
    silent = [e for e in days[1].of("erp") if e.moved_at and e.changed_at == before[e.key].changed_at]
    assert silent
    feed = load_landscape(LANDSCAPE).feeds["erp.customers"]
    request = replace(feed.request, cursor=replace(feed.request.cursor, sweep=None))
    connector = build("sql", {"url": "env:ERP_URL", "clock": "Europe/Madrid"}, lambda _: f"sqlite:///{tmp_path / 'erp.db'}")
    cursor: Cursor | None = None
    for day in days:
        erp.write(day, tmp_path / "erp.db")
        events = list(connector.read(request, cursor))
        cursor = next(event.cursor for event in reversed(events) if isinstance(event, Checkpoint))
    read = {record.key: record for event in events if isinstance(event, Batch) for record in event.records}
    for entry in silent:
        assert entry.address
        assert read[entry.key].data["addresses"][0]["zip"] == entry.address.postal_code


def test_what_is_gone_is_gone_from_the_truth(days: tuple[World, World]) -> None:
    records = truth_of(days[1])["records"]
    for entry in days[1].entries:
        assert (f"{entry.system}:{entry.key}" in records) <= (entry.state == "live")


def test_a_merged_key_points_to_a_living_record_of_the_same_customer(days: tuple[World, World]) -> None:
    entries = {(entry.system, entry.key): entry for entry in days[1].entries}
    merged = [entry for entry in entries.values() if entry.state == "merged"]
    for entry in merged:
        survivor = entries[(entry.system, entry.merged_into)]
        assert (survivor.state, survivor.customer) == ("live", entry.customer)


def test_keys_stay_unique(days: tuple[World, World]) -> None:
    keys = [(entry.system, entry.key) for entry in days[1].entries]
    assert len(keys) == len(set(keys))


def test_a_stranger_of_the_first_day_is_known_on_the_second(days: tuple[World, World]) -> None:
    first, second = (sum(not one.customer for one in day.contacts) for day in days)
    assert second < first


def test_logs_only_grow(days: tuple[World, World], tmp_path: Path) -> None:
    for name, day in zip(("one", "two"), days, strict=True):
        write_all(day, tmp_path / name)
    for log in ("orders.jsonl", "forms.jsonl"):
        one, two = ((tmp_path / name / "systems" / "shop" / log).read_bytes() for name in ("one", "two"))
        assert two.startswith(one)
    mails = [
        {path.name for path in (tmp_path / name / "systems" / "mailbox").rglob("*") if path.is_file()} for name in ("one", "two")
    ]
    assert mails[0] < mails[1]
