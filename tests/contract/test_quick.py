"""A quick transaction waits for answers alone, and keeps every promise of one that waits for everything."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import func, insert, select, text, update
from sqlalchemy.exc import IntegrityError

from hub.errors import Unavailable
from hub.records import Operation, RecordRef, SourceRecord
from hub.store import in_flight, relays, rows, sources
from hub.store.in_flight import Flight
from hub.store.store import Store, after_commit, forgettable
from hub.store.tables import record_versions
from hub.store.tables import relays as places

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(fresh_store: Store) -> Store:
    return fresh_store


def put(tx: object, *keys: str) -> None:
    listed = [SourceRecord("customer", RecordRef("erp", key), Operation.UPSERT, {"k": key}, NOW, f"m-{key}") for key in keys]
    sources.add_versions(tx, listed, {one.message_id: "current" for one in listed}, NOW)  # type: ignore[arg-type]


def held(store: Store) -> list[str]:
    with store.read() as tx:
        return list(tx.scalars(select(record_versions.c.key).order_by(record_versions.c.key)))


def test_what_a_quick_transaction_wrote_is_read_in_it_and_stays(store: Store) -> None:
    with store.begin(quick=True) as tx:
        put(tx, "1")
        assert rows.find(tx, record_versions, ("key",), [("1",)], told=("message_id",)) == [("m-1",)]
        put(tx, "2")
        assert tx.scalar(select(func.count()).select_from(record_versions)) == 2
        tx.execute(insert(places).values(name="one", outbox_id=1))
        assert tx.execute(update(places).values(outbox_id=2)).rowcount == 1
        with store.within(tx):
            put(tx, "3")
        relays.reach(tx, "one", 7)

    assert held(store) == ["1", "2", "3"]
    with store.read() as tx:
        assert relays.reached(tx, "one") == 7


@pytest.mark.parametrize("follows", ["nothing", "an answer of ours", "an answer of SQLAlchemy's"])
def test_what_fails_in_a_quick_transaction_leaves_nothing_and_is_told(store: Store, follows: str) -> None:
    with store.begin() as tx:
        put(tx, "1")

    with pytest.raises(IntegrityError), store.begin(quick=True) as tx:
        put(tx, "2")
        put(tx, "1")
        if follows == "an answer of ours":
            sources.history(tx, "customer", [("erp", "1")])
        elif follows == "an answer of SQLAlchemy's":
            tx.scalar(select(func.count()).select_from(record_versions))

    assert held(store) == ["1"]
    with store.begin(quick=True) as tx:  # the same connection, out of the pool
        put(tx, "3")
    assert held(store) == ["1", "3"]


def test_who_breaks_off_a_quick_transaction_leaves_nothing(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.begin(quick=True) as tx:
        put(tx, "1")
        raise ZeroDivisionError

    assert held(store) == []


def test_a_quick_transaction_whose_database_goes_away_says_so_and_the_next_one_is_on_a_new_connection(store: Store) -> None:
    if store.engine.dialect.name != "postgresql":
        return  # a file goes nowhere
    with pytest.raises(Unavailable), store.begin(quick=True) as tx:
        put(tx, "1")
        ended = tx.scalar(text("SELECT pg_backend_pid()"))
        with store.begin() as other:
            other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": ended})
        put(tx, "2")
        sources.history(tx, "customer", [("erp", "2")])

    assert held(store) == []
    with store.begin(quick=True) as tx:
        put(tx, "3")
    assert held(store) == ["3"]


def test_a_connection_that_was_quick_begins_transactions_again(store: Store) -> None:
    with store.begin(quick=True) as tx:
        put(tx, "1")
    with pytest.raises(ZeroDivisionError), store.begin() as tx:
        put(tx, "2")
        raise ZeroDivisionError

    assert held(store) == ["1"]


def test_what_may_be_forgotten_is_there_for_everybody_at_once(store: Store) -> None:
    with store.begin() as tx:
        in_flight.put(tx, [Flight("m", "resolve", "live", "customer", 1, 0, {}, b"")], "me", NOW)
    with store.begin() as tx:
        in_flight.published(tx, ["m"], NOW)
    with store.begin() as tx:
        forgettable(tx)
        relays.reach(tx, "one", 3)

    with store.read() as tx:
        assert in_flight.unpublished(tx, ["me"], NOW, 9) == []
        assert relays.reached(tx, "one") == 3


@pytest.mark.parametrize("quick", [False, True])
def test_what_is_to_follow_a_commit_follows_it_and_no_other_end(store: Store, quick: bool) -> None:
    heard: list[str] = []
    with store.begin(quick=quick) as tx:
        after_commit(tx, lambda: heard.append("first"))
        with pytest.raises(ZeroDivisionError), store.within(tx):
            after_commit(tx, lambda: heard.append("of a part that fails"))
            raise ZeroDivisionError
        with store.within(tx):
            after_commit(tx, lambda: heard.append("second"))
        assert heard == []
    assert heard == ["first", "second"]

    with pytest.raises(ZeroDivisionError), store.begin(quick=quick) as tx:
        after_commit(tx, lambda: heard.append("of one that fails"))
        raise ZeroDivisionError
    with store.begin(quick=quick) as tx:  # the same connection, out of the pool
        put(tx, "1")
    assert heard == ["first", "second"]
