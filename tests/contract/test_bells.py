"""Bells: who waits for what others commit is woken by the commit, where the database can do that; else he looks now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime

import pytest
from sqlalchemy import text

from hub.app import Hub
from hub.app.running import Announcing
from hub.store import goldens
from hub.store.bells import ANNOUNCED, Bell, ring
from hub.store.goldens import Announcement
from hub.store.store import Store
from tests.contract.test_raw_log import PEOPLE, person
from tests.waiting import PATIENCE, until

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(fresh_store: Store) -> Store:
    return fresh_store


@pytest.fixture
def bell(store: Store) -> Iterator[Bell]:
    """Somebody who listens already, where that is possible."""
    made = Bell(store, ANNOUNCED)
    made.wait(0)
    yield made
    made.close()


def rings(store: Store) -> bool:
    return store.engine.dialect.name == "postgresql"


@pytest.mark.parametrize("quick", [False, True])
def test_it_rings_with_the_commit_also_while_nobody_waits(store: Store, bell: Bell, quick: bool) -> None:
    with store.begin(quick=quick and rings(store)) as tx:
        ring(tx, ANNOUNCED)
        ring(tx, ANNOUNCED)

    assert bell.wait(PATIENCE if rings(store) else 0) is rings(store)
    assert bell.works is rings(store)
    assert not bell.wait(0)  # once for one commit


def test_it_wakes_who_waits(store: Store, bell: Bell) -> None:
    heard: list[bool] = []
    waits = threading.Thread(target=lambda: heard.append(bell.wait(PATIENCE if rings(store) else 0)))
    waits.start()
    with store.begin() as tx:
        ring(tx, ANNOUNCED)
    waits.join()

    assert heard == [rings(store)]


def test_everybody_who_waits_hears_it(store: Store, bell: Bell) -> None:
    other = Bell(store, ANNOUNCED)
    other.wait(0)
    with store.begin() as tx:
        ring(tx, ANNOUNCED)

    assert [one.wait(PATIENCE if rings(store) else 0) for one in (bell, other)] == [rings(store)] * 2
    other.close()


def test_what_is_rolled_back_rings_no_bell(store: Store, bell: Bell) -> None:
    with pytest.raises(ZeroDivisionError), store.begin() as tx:
        ring(tx, ANNOUNCED)
        raise ZeroDivisionError

    assert not bell.wait(0)


def test_another_bell_is_not_this_one(store: Store, bell: Bell) -> None:
    with store.begin() as tx:
        ring(tx, "something else")

    assert not bell.wait(0)


def test_what_is_announced_about_golden_records_rings(store: Store, bell: Bell) -> None:
    with store.begin() as tx:
        goldens.announce(tx, [])
    assert not bell.wait(0)

    with store.begin() as tx:
        goldens.announce(tx, [Announcement(0, "customer", "g", 1, "created", {}, NOW)])
    assert bell.wait(PATIENCE if rings(store) else 0) is rings(store)


def test_who_is_told_to_stop_waits_no_longer(store: Store, bell: Bell) -> None:
    bell.stop.set()

    assert not bell.wait(1e6)


def test_a_line_that_was_lost_is_made_anew_and_counts_as_rung(store: Store, bell: Bell) -> None:
    if not rings(store):
        return
    with store.begin() as tx:
        tx.execute(text("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'SELECT current_schema()%'"))

    assert bell.wait(PATIENCE)  # nobody knows what was rung meanwhile
    assert bell.wait(PATIENCE)  # nor until it listens again
    with store.begin() as tx:
        ring(tx, ANNOUNCED)
    assert bell.wait(PATIENCE)


def test_the_relay_brings_what_was_announced_when_its_bell_rings(opened: Callable[..., Hub]) -> None:
    hub = opened()
    relaying = Announcing(hub, Bell(hub.store, ANNOUNCED))
    relaying.bell.wait(0)  # it listens from here on
    until(lambda: relaying.turn() is None)
    if rings(hub.store):
        with hub.store.begin() as tx:
            ring(tx, ANNOUNCED)
        until(lambda: relaying.turn() is None and relaying.bell.works)
        relaying._looked = float("inf")  # it does not look by itself
    hub.receive(PEOPLE, [person("1")])
    hub.work()

    until(lambda: relaying.turn())
    relaying.bell.close()
