"""Child tables with times of their own move their parent, and bring it once a read however many of its rows changed."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import insert

from hub.contract import Batch, CursorRule
from tests.contract.service_peers import SqlPeer

HOUR = timedelta(hours=1)  # far above the lag
NEWEST = 99
"""One parent that changes last of all, so that the others lie outside the window, which would hide what comes twice."""


@pytest.fixture(params=["sqlite", "postgres", "mariadb"])
def peer(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlPeer]:
    sqlite = request.param == "sqlite"
    url = f"sqlite:///{tmp_path / 'erp.db'}" if sqlite else request.getfixturevalue(f"{request.param}_url")
    with ExitStack() as stack:
        peer = SqlPeer(url, sweep=None)
        stack.callback(peer.close)
        yield peer


def _fill(peer: SqlPeer, parents: int, children: int) -> None:
    """Child rows of one parent lie far apart, in time and in their order."""
    peer.fill(parents)
    for nth in range(children):
        peer.clock += HOUR
        for key in range(1, parents + 1):
            peer.put_phone(100 * nth + key, key, f"number {nth}")
    _newest(peer, children)


def _newest(peer: SqlPeer, children: int) -> None:
    peer.clock += HOUR
    peer.put(NEWEST, f"newest of {peer.clock}")
    for nth in range(children):
        peer.put_phone(1000 * (nth + 1), NEWEST, f"number {peer.clock}")
    peer.clock += HOUR


@pytest.mark.parametrize("sweep", [None, "every_run"])
def test_a_first_read_yields_each_parent_once(peer: SqlPeer, sweep: str | None) -> None:
    peer._rule = CursorRule("changed_at", timedelta(minutes=5), sweep)
    _fill(peer, 7, 3)
    got = peer.read()
    assert sorted(got.keys()) == sorted(peer.key(key) for key in (*range(1, 8), NEWEST))
    assert {len(record.data["phones"]) for record in got.records} == {3}
    assert peer.read(got.cursor).records == []


def test_a_parent_without_a_time_and_with_dated_children_is_read_once_at_first(peer: SqlPeer) -> None:
    _fill(peer, 3, 2)
    peer.put(2, "timeless", changed_at=None)
    assert sorted(peer.read().keys()) == ["1", "2", "3", "99"]


def test_a_parent_comes_once_however_many_of_its_rows_changed(peer: SqlPeer) -> None:
    _fill(peer, 6, 2)
    first = peer.read()
    for nth in range(2):
        for key in (2, 3, 5, 6):
            peer.put_phone(100 * nth + key, key, f"other {nth}")
        peer.clock += HOUR
    peer.put(2, "other name")
    _newest(peer, 2)
    second = peer.read(first.cursor)
    assert sorted(second.keys()) == ["2", "3", "5", "6", "99"]
    numbers = {phone["number"] for record in second.records for phone in record.data["phones"] if record.key != "99"}
    assert numbers == {"other 0", "other 1"}
    assert peer.read(second.cursor).records == []


def test_a_row_of_a_child_committed_late_moves_a_parent_that_came_with_another_row(peer: SqlPeer) -> None:
    _fill(peer, 4, 1)
    first = peer.read()
    peer.put_phone(901, 2, "in time")
    written = peer.clock
    second = peer.read(first.cursor)
    peer.clock = written - timedelta(minutes=1)
    peer.put_phone(902, 2, "late")
    third = peer.read(second.cursor)
    assert (second.keys(), third.keys()) == (["2"], ["2"])
    assert {"in time", "late"} <= {phone["number"] for phone in third.records[0].data["phones"]}


def test_a_child_that_changed_while_a_first_reader_was_dead_moves_its_parent(peer: SqlPeer) -> None:
    _fill(peer, 6, 2)
    whole = peer.read()
    for checkpoints in range(1, len(whole.cursors)):
        first = peer.read_until(checkpoints)
        peer.put_phone(1, 1, f"changed behind checkpoint {checkpoints}")
        rest = peer.read(first.cursor)
        held = {record.key: record.data["phones"] for got in (first, rest) for record in got.records}
        assert len(held) == 7
        assert f"changed behind checkpoint {checkpoints}" in {phone["number"] for phone in held["1"]}
        assert peer.read(rest.cursor).records == []
        peer.clock += HOUR


def test_memory_does_not_grow_with_the_changed_children(tmp_path: Path) -> None:
    peer = SqlPeer(f"sqlite:///{tmp_path / 'erp.db'}", sweep=None)
    count = 8000
    peer.fill(1)
    cursor = peer.read().cursor
    with peer.engine.begin() as connection:
        times = [f"2026-03-02 {nth // 3600:02d}:{nth // 60 % 60:02d}:{nth % 60:02d}" for nth in range(count)]
        rows = [{"id": nth, "name": "n" * 100, "changed_at": times[0]} for nth in range(2, count)]
        rows[-1]["changed_at"] = times[-1]
        connection.execute(insert(peer.customers), rows)
        phones = [
            {"id": nth, "customer_id": nth % count, "number": "1", "changed_at": times[nth // 2]} for nth in range(2 * count)
        ]
        connection.execute(insert(peer.phones), phones)
    events = peer.connector().read(peer.request(batch_size=250), cursor)
    tracemalloc.start()
    read = sum(len(event.records) for event in events if isinstance(event, Batch))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    peer.close()
    assert read == count - 1
    assert peak < 4_000_000
