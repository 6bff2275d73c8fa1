"""A bulk run leaves in the store what one by one would have left: the same nodes, keys, bits, clusters, values and tasks."""

from __future__ import annotations

import os
import signal
from collections.abc import Sequence
from multiprocessing import get_context
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from hub.app.bulk import adopt_in_bulk
from hub.batch.spark import SparkEngine
from hub.errors import BadModel
from hub.records import Decision, SourceRecord
from hub.resolve import Resolver
from hub.resolve.bulk import land
from hub.store import decisions as decided
from hub.store.store import Store, open_store
from hub.store.tables import edges, generic_keys, node_keys, nodes, records, xref
from tests.contract.histories import AS_OF, Step, Withdrawal, histories
from tests.contract.test_resolver import (
    NEW_RULES,
    answer,
    check_promises,
    empty,
    one_by_one,
    person,
    redo_all,
    resolver,
    walk,
)

NO_FIXTURE = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]


def bulk(store: Store, hub: Resolver, workers: int = 1) -> None:
    adopt_in_bulk(store, hub, AS_OF, workers=workers, memory="200MB")


def landed(store: Store, hub: Resolver, steps: Sequence[Step]) -> None:
    """Records land, decisions are kept; nothing is resolved."""
    for step in steps:
        with store.begin() as tx:
            if isinstance(step, Decision):
                decided.add(tx, "customer", step)
            elif isinstance(step, Withdrawal):
                decided.withdraw(tx, step.decision_id, step.by, hub.clock())
            else:
                land(tx, hub, [step])


def evidence(store: Store) -> dict[str, set[Any]]:
    """Everything matching left, and where every record stands."""
    standing = select(records.c.system, records.c.key, records.c.node_id, records.c.trusted, records.c.live)
    mine = select(nodes.c.id, nodes.c.feature_hash, nodes.c.features, nodes.c.blocking_keys, nodes.c.members, nodes.c.entity)
    with store.read() as tx:
        return {
            "records": {tuple(row) for row in tx.execute(standing.where(records.c.live))},
            "nodes": {str(row) for row in tx.execute(mine)},
            **{table.name: {tuple(row) for row in tx.execute(select(table))} for table in (node_keys, generic_keys, edges)},
            "xref": {
                tuple(row)
                for row in tx.execute(
                    select(xref.c.system, xref.c.key, xref.c.generation, xref.c.state).where(xref.c.valid_to.is_(None))
                )
            },
        }


@settings(suppress_health_check=NO_FIXTURE, max_examples=12)
@given(data=st.data())
def test_a_first_load_leaves_what_one_by_one_leaves(store: Store, data: st.DataObject) -> None:
    steps = data.draw(histories())
    empty(store)
    hub = resolver()
    walk(store, hub, one_by_one(steps))
    redo_all(store, hub)
    wanted, left = answer(store), evidence(store)

    empty(store)
    hub = resolver()
    landed(store, hub, steps)
    bulk(store, hub)
    assert answer(store) == wanted
    assert evidence(store) == left
    check_promises(store, hub)


@settings(suppress_health_check=NO_FIXTURE, max_examples=12)
@given(data=st.data())
def test_a_change_of_rules_in_bulk_gives_the_answer_the_new_rules_would_always_have_given(
    store: Store, data: st.DataObject
) -> None:
    steps = data.draw(histories())
    empty(store)
    new = Resolver(NEW_RULES, mint=resolver().mint)
    walk(store, new, one_by_one(steps))
    redo_all(store, new)
    wanted, left = answer(store), evidence(store)

    empty(store)
    old = resolver()
    walk(store, old, one_by_one(steps))
    ids = resolver()
    new = Resolver(NEW_RULES, clock=old.clock, mint=lambda: "n" + ids.mint())
    bulk(store, new)
    assert answer(store) == wanted
    assert evidence(store) == left
    check_promises(store, new)


@settings(suppress_health_check=NO_FIXTURE, max_examples=12)
@given(data=st.data())
def test_work_goes_on_one_by_one_after_a_bulk_run(store: Store, data: st.DataObject) -> None:
    steps = data.draw(histories(least=8))
    cut = data.draw(st.integers(1, len(steps) - 1))
    empty(store)
    hub = resolver()
    walk(store, hub, one_by_one(steps))
    redo_all(store, hub)
    wanted, left = answer(store), evidence(store)

    empty(store)
    hub = resolver()
    landed(store, hub, steps[:cut])
    bulk(store, hub)
    walk(store, hub, one_by_one(steps[cut:]))
    redo_all(store, hub)
    assert answer(store) == wanted
    assert evidence(store) == left
    check_promises(store, hub)


def test_while_records_land_nobody_resolves(store: Store) -> None:
    empty(store)
    hub = resolver()
    landed(store, hub, [person("erp", "1", 1)])
    with store.begin() as tx, pytest.raises(BadModel, match="loading"):
        hub.resolve(tx, [person("erp", "2", 2)], AS_OF)
    bulk(store, hub)
    with store.begin() as tx:
        hub.resolve(tx, [person("erp", "2", 2)], AS_OF)
    check_promises(store, hub)


def people(number: int) -> list[SourceRecord]:
    return [
        person(
            "crm" if n % 3 else "erp",
            f"{n}",
            n,
            name={"given": f"Given{n // 2}", "family": f"Family{n // 2}"},
            phones=[{"number": f"+34911{n // 2:06}"}],
        )
        for n in range(number)
    ]


def killed_at(url: str, step: str) -> None:
    """A bulk run that ends as if by `kill -9` when it comes to a step."""
    opened = open_store(url)
    adopt_in_bulk(
        opened,
        resolver(),
        AS_OF,
        workers=1,
        memory="200MB",
        tell=lambda what, done, total: os.kill(os.getpid(), signal.SIGKILL) if what == step else None,
    )


@pytest.mark.slow
@pytest.mark.parametrize("step", ["features", "scoring", "golden records", "questions for people"])
def test_killed_in_the_middle_it_leaves_what_was_there_and_goes_on(store: Store, step: str) -> None:
    empty(store)
    landed(store, resolver(), people(20))
    before = evidence(store)
    worker = get_context("spawn").Process(target=killed_at, args=(store.engine.url.render_as_string(hide_password=False), step))
    worker.start()
    worker.join()

    assert worker.exitcode == -signal.SIGKILL
    assert evidence(store) == before
    assert answer(store) == ({}, {})
    hub = resolver()
    bulk(store, hub)
    assert len(answer(store)[0]) == 10
    check_promises(store, hub)


@pytest.mark.slow
def test_two_processes_do_as_one(store: Store) -> None:
    empty(store)
    alone = resolver()
    landed(store, alone, people(60))
    bulk(store, alone)
    wanted, left = answer(store), evidence(store)

    empty(store)
    hub = resolver()
    landed(store, hub, people(60))
    bulk(store, hub, workers=2)
    assert (answer(store), evidence(store)) == (wanted, left)
    check_promises(store, hub)


@pytest.mark.slow
def test_spark_leaves_the_same_bits_clusters_values_and_tasks(store: Store) -> None:
    name = {"given": "Leocadia", "family": "Quillfeather"}  # one name, plainly different birth dates: a person looks
    said = {"name": name, "phones": [{"number": "+34922333444"}]}
    near = [person("mail", f"n{n}", 100 + n, birth_date=born, **said) for n, born in enumerate(("1950-01-02", "1981-12-27"))]
    given = [*people(60), *near]
    empty(store)
    alone = resolver()
    landed(store, alone, given)
    bulk(store, alone)
    wanted, left = answer(store), evidence(store)
    assert wanted[1]

    empty(store)
    hub = resolver()
    landed(store, hub, given)
    adopt_in_bulk(store, hub, AS_OF, workers=1, memory="200MB", engine=SparkEngine())
    assert (answer(store), evidence(store)) == (wanted, left)
    check_promises(store, hub)
