"""The store keeps the same promises on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from importlib.resources import files

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import insert, inspect, select
from sqlalchemy.exc import IntegrityError

from hub.errors import BadSettings, Unavailable
from hub.records import Operation, RecordRef, Reject, SourceRecord
from hub.store import feeds, keys, nodes, redo, rejects, rows, sources
from hub.store.migrating import migrate, newest, revision, unmigrate
from hub.store.store import Store, critical, open_store
from hub.store.tables import data_keys, metadata, records, xref
from tests.waiting import PATIENCE

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def store(fresh_store: Store) -> Store:
    return fresh_store


def record(key: str, **data: object) -> SourceRecord:
    return SourceRecord("customer", RecordRef("erp", key), Operation.UPSERT, dict(data), NOW, f"m-{key}")


def test_migrations_lead_to_exactly_the_tables_of_the_code(store: Store) -> None:
    with store.begin() as tx:
        found = compare_metadata(MigrationContext.configure(tx, opts={"compare_type": True}), metadata)

    assert found == []


def test_migrations_run_again_change_nothing_and_lead_back_to_nothing(store: Store) -> None:
    migrate(store)
    unmigrate(store, "base")

    with store.begin() as tx:
        assert set(inspect(tx).get_table_names()) <= {"alembic_version"}
    migrate(store)


def test_the_newest_revision_is_the_one_that_the_migrations_lead_to(store: Store) -> None:
    migrations = str(files("hub.store") / "migrations")
    with store.begin() as tx:
        assert MigrationContext.configure(tx).get_current_revision() == revision(store) == newest()
    assert ScriptDirectory(migrations).get_heads() == [newest()]
    unmigrate(store, "base")
    assert revision(store) is None


def test_what_the_database_refuses_is_told_without_the_values(store: Store) -> None:
    with pytest.raises(IntegrityError) as refused, store.begin() as tx:
        tx.execute(insert(records).values(entity="customer", system="erp", key="1", version="1", data={"name": "Zzyzx"}))

    assert "Zzyzx" not in str(refused.value).partition("DETAIL")[0]  # what PostgreSQL itself adds, nobody prints


def test_text_is_ordered_by_its_bytes(store: Store) -> None:
    with store.begin() as tx:
        sources.put_heads(tx, [sources.Head(record(key), "1", None) for key in ("b", "B", "a", "Z", "é", "É", "z")])
        found = list(tx.scalars(select(records.c.key).order_by(records.c.key)))

    assert found == ["B", "Z", "a", "b", "z", "É", "é"]


def test_times_come_back_in_utc_whatever_offset_they_had(store: Store) -> None:
    moment = NOW.astimezone(timezone(timedelta(hours=5)))
    with store.begin() as tx:
        rows.insert(
            tx,
            xref,
            [
                {
                    "entity": "customer", "system": "erp", "key": "1", "generation": 0, "golden_id": "g",
                    "valid_from": moment, "valid_to": None, "state": "active",
                }
            ],
        )  # fmt: skip
        assert tx.execute(select(xref.c.valid_from, xref.c.valid_to)).one() == (NOW, None)


def test_a_head_comes_back_as_it_was_put(store: Store) -> None:
    head = sources.Head(record("7", name={"given": "Ana"}, phones=None), "v", 4, live=True, node=2**62, golden="g")
    with store.begin() as tx:
        sources.put_heads(tx, [head])
        head.golden = "h"
        sources.put_heads(tx, [head])

        assert sources.heads(tx, "customer", [("erp", "7"), ("erp", "8")]) == {("erp", "7"): head}


def test_new_heads_are_put_together_with_changed_ones(store: Store) -> None:
    old = sources.Head(record("7"), "v", 4, live=True, node=7, golden="g")
    with store.begin() as tx:
        sources.put_heads(tx, [old], {("erp", "7")})
        old.golden = "h"
        more = [sources.Head(record(f"n{number}"), "v", None, live=True, node=number) for number in range(100)]
        sources.put_heads(tx, [old, *more], {head.source_key for head in more})

        assert sources.heads(tx, "customer", [old.source_key]) == {old.source_key: old}
        assert len(sources.in_nodes(tx, range(100))) == 101


def test_who_stands_behind_a_golden_record_beside_a_node_is_found_at_once(store: Store) -> None:
    given = [("a", 1, "g"), ("b", 2, "g"), ("c", 3, "h"), ("d", 4, None)]
    heads = [sources.Head(record(key), "v", None, live=True, node=node, golden=golden) for key, node, golden in given]
    gone = sources.Head(record("e"), "v", None, live=False, node=None, golden="g")
    with store.begin() as tx:
        sources.put_heads(tx, [*heads, gone])
        over = {heads[1].source_key: heads[1]}

        assert sorted(one.ref.key for one in sources.ask_beside(tx, [1, 4])()) == ["a", "b"]
        assert [one.ref.key for one in sources.ask_beside(tx, [1], over)()] == ["a"]
        assert sources.ask_beside(tx, [])() == []
        assert [one.ref.key for one in sources.unwritten_behind({"g"}, over)] == ["b"]


def test_many_rows_are_found_by_one_parameter(store: Store) -> None:
    with store.begin() as tx:
        nodes.add(tx, "customer", [nodes.Node(n, {}, [n, -1], 1, f"h{n}") for n in range(5000)])

        assert len(nodes.by_id(tx, range(4000))) == 4000
        assert len(nodes.on_keys(tx, [-1])[-1]) == 5000
        nodes.remove(tx, list(nodes.by_id(tx, range(4999)).values()))
        assert nodes.on_keys(tx, [-1, 4999]) == {-1: [4999], 4999: [4999]}


AWKWARD = (
    "",
    'a"b',
    "a\\b",
    "\\N",
    "NULL",
    "{x,y}",
    "tab\there",
    "two\nlines",
    "cr\r",
    "é中",
    " lead",
    "it's",
    "\\.",
    "\\t",
    "x,y",
)


@pytest.mark.parametrize("number", [1, 20], ids=["a few rows", "many rows"])
@pytest.mark.parametrize("marks", [(), ("\x1e", "\x1f")], ids=["plain", "with control characters"])
def test_text_comes_back_as_it_was_whatever_is_in_it(store: Store, number: int, marks: tuple[str, ...]) -> None:
    keys = [f"{text}{n}" for text in (*AWKWARD, *marks) for n in range(number)]
    given = [replace(record(key, name=key, nothing=None), target=key if n % 2 else None) for n, key in enumerate(keys)]
    with store.begin() as tx:
        sources.add_versions(tx, given, {one.message_id: "current" for one in given}, NOW)
        sources.put_heads(tx, [sources.Head(one, one.version, None, live=True, golden=one.ref.key) for one in given])
        history = sources.history(tx, "customer", [("erp", key) for key in keys])
        held = sources.heads(tx, "customer", [("erp", key) for key in keys])
        behind = sources.behind_goldens(tx, keys)

    assert history == {("erp", one.ref.key): [one] for one in given}
    assert {key: head.record for key, head in held.items()} == {("erp", one.ref.key): one for one in given}
    assert sorted(one.ref.key for one in behind) == sorted(keys)


@pytest.mark.parametrize("number", [3, 300], ids=["a few rows", "many rows"])
@pytest.mark.parametrize("different", [0, 1], ids=["the same in every row", "different in each"])
def test_bytes_times_and_nothing_come_back_as_they_were(store: Store, number: int, different: int) -> None:
    bodies = [b"\\x00\t\n", None, b"", bytes(range(256))]
    given = [
        {
            "entity": "customer", "system": AWKWARD[different * n % len(AWKWARD)], "key": f"k{n:03}", "number": different * n,
            "master": AWKWARD[2], "sealed": bodies[different * n % 4], "created_at": NOW + timedelta(seconds=different * n),
            "destroyed_at": None,
        }
        for n in range(number)
    ]  # fmt: skip
    with store.begin() as tx:
        assert rows.insert(tx, data_keys, given) == number
        assert [dict(row) for row in tx.execute(select(data_keys).order_by(data_keys.c.key)).mappings()] == given


@pytest.mark.parametrize("number", [3, 300], ids=["a few", "many"])
def test_of_data_keys_that_two_made_those_of_the_first_hold(store: Store, number: int) -> None:
    def made(n: int, sealed: bytes) -> keys.DataKey:
        return keys.DataKey(("customer", "erp", f"k{n}"), 1, "m", sealed)

    with store.begin() as tx:
        assert keys.add(tx, [made(n, b"first") for n in range(number)], NOW) == []
    with store.begin() as tx:
        theirs = keys.add(tx, [made(n, b"second") for n in range(1, number + 1)], NOW)
        held = keys.latest(tx, [("customer", "erp", f"k{n}") for n in range(number + 1)])

    assert sorted(theirs) == sorted(made(n, b"first") for n in range(1, number))
    assert {one.sealed for one in held.values()} == {b"first", b"second"}
    assert held["customer", "erp", f"k{number}"].sealed == b"second"


def test_what_was_copied_twice_fails_as_what_was_inserted_twice(store: Store) -> None:
    given = [record(str(n)) for n in range(100)]
    for listed in (given[:1], given):
        with pytest.raises(IntegrityError), store.begin() as tx:
            for _ in range(2):
                sources.add_versions(tx, listed, {one.message_id: "current" for one in listed}, NOW)


def test_what_fails_leaves_nothing_behind(store: Store) -> None:
    with pytest.raises(ZeroDivisionError), store.begin() as tx:
        feeds.move_cursor(tx, "erp.customers", {"at": 1}, NOW)
        raise ZeroDivisionError

    with store.read() as tx:
        assert feeds.cursor(tx, "erp.customers") is None


def test_only_one_worker_at_a_time_is_in_the_critical_section(store: Store) -> None:
    order: list[str] = []
    inside = threading.Event()

    def second() -> None:
        inside.wait(PATIENCE)
        with store.begin() as tx:
            critical(tx, "customer")
            order.append("second")

    other = threading.Thread(target=second)
    other.start()
    with store.begin() as tx:
        critical(tx, "customer")
        inside.set()
        other.join(0.3)
        order.append("first")
    other.join(PATIENCE)

    assert order == ["first", "second"]


def test_an_item_waits_only_once_in_the_redo_queue_and_leaves_in_order(store: Store) -> None:
    with store.begin() as tx:
        redo.put(tx, "customer", redo.KEY, [5, 5, 3], NOW)
        redo.put(tx, "customer", redo.KEY, [3, 9], NOW)
        assert redo.lag(tx, "customer") == (3, NOW)
        taken = [redo.take(tx, "customer") for _ in range(4)]

    assert [item.item if item else None for item in taken] == [3, 5, 9, None]


def test_cursors_counts_and_rejects_of_a_feed_are_kept(store: Store) -> None:
    with store.begin() as tx:
        feeds.move_cursor(tx, "erp.customers", {"at": 1}, NOW)
        feeds.move_cursor(tx, "erp.customers", {"at": 2}, NOW)
        feeds.add_counts(tx, "erp.customers", "arrived", {"customer": 2, "order": 0})
        feeds.add_counts(tx, "erp.customers", "arrived", {"customer": 3})
        rejects.add(tx, [Reject("r1", "erp.customers", "email_invalid", "emails: no address", NOW, entity="customer")])

    with store.read() as tx:
        assert feeds.cursor(tx, "erp.customers") == {"at": 2}
        assert feeds.counted(tx, "customer") == {"arrived": 5}
        assert [one.reject.code for one in rejects.listed(tx)] == ["email_invalid"]
        assert rejects.count(tx, "customer") == 1


def test_a_database_of_another_kind_is_refused_and_one_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(BadSettings, match="sqlite or postgresql"):
        open_store("mysql+pymysql://localhost/hub")
    closed = open_store("postgresql+psycopg://nobody@127.0.0.1:9/none")
    with pytest.raises(Unavailable), closed.begin():
        pass
    closed.close()
