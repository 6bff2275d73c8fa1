"""The resolver's promises, on SQLite and PostgreSQL: the same answer whatever the road, and nothing announced twice or never."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from itertools import count, product
from threading import Thread
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event

from hub.records import Decision, Operation, RecordRef, SourceRecord, canonical_json
from hub.relay import Replica, fold, relay
from hub.resolve import Outcome, Resolver
from hub.resolve.asking import question
from hub.store import goldens, tasks
from hub.store.accounting import accounting
from hub.store.store import Store
from hub.store.tables import metadata
from tests.contract.histories import AS_OF, START, Step, Withdrawal, histories, roads, small_rules

RULES = small_rules()
NEW_RULES = small_rules(match_bits=9.0, review_bits=2.0, block_limit=5)


def empty(store: Store) -> None:
    with store.begin() as tx:
        for table in metadata.tables.values():
            tx.execute(table.delete())


def resolver() -> Resolver:
    ids, ticks = count(1), count(1)
    return Resolver(RULES, clock=lambda: START + timedelta(seconds=next(ticks)), mint=lambda: f"g{next(ids):04}")


def walk(store: Store, hub: Resolver, batches: Sequence[Sequence[Step]]) -> None:
    for batch in batches:
        with store.begin(quick=len(batch) < 3) as tx:
            step = batch[0]
            if isinstance(step, Decision):
                hub.decide(tx, step, AS_OF)
            elif isinstance(step, Withdrawal):
                hub.withdraw(tx, step.decision_id, step.by, AS_OF)
            else:
                hub.resolve(tx, [s for s in batch if isinstance(s, SourceRecord)], AS_OF)


def redo_all(store: Store, hub: Resolver) -> Outcome:
    whole = Outcome()
    while True:
        with store.begin() as tx:
            done = hub.redo(tx, AS_OF, limit=1)
        if not done.taken:
            return whole
        whole.add(done)


def one_by_one(steps: Sequence[Step]) -> list[list[Step]]:
    return [[step] for step in steps]


def answer(store: Store) -> tuple[dict[Any, Any], dict[Any, Any]]:
    """What must not depend on the road: members with their values, and tasks."""
    with store.read() as tx:
        values = {golden.members: golden.data for golden in goldens.every(tx, "customer")}
        asked = {question(one.task): (one.task.bits, one.task.reason, one.task.detail) for one in tasks.every(tx, "customer")}
    return values, asked


def replica(store: Store) -> dict[str, Replica]:
    with store.read() as tx:
        told = goldens.announced(tx, "customer", limit=100_000)
    return fold({}, [(one.golden_id, one.data) for one in told])


def held(store: Store) -> dict[str, Replica]:
    with store.read() as tx:
        every = [g for state in ("active", "retired", "ended") for g in goldens.every(tx, "customer", state=state)]
    return {g.id: Replica(g.version, g.state, g.members, g.data, g.into) for g in every}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large])
@given(data=st.data())
def test_the_same_answer_whatever_the_road(store: Store, data: st.DataObject) -> None:
    steps = data.draw(histories())
    road = data.draw(roads(steps))

    empty(store)
    hub = resolver()
    walk(store, hub, one_by_one(steps))
    redo_all(store, hub)
    first = answer(store)
    check_promises(store, hub)

    empty(store)
    hub = resolver()
    walk(store, hub, road)
    redo_all(store, hub)
    assert answer(store) == first
    check_promises(store, hub)


def check_promises(store: Store, hub: Resolver) -> None:
    with store.read() as tx:
        assert hub.rebuild(tx) == []
        balance = accounting(tx, "customer")
        assert balance["leakage"] == 0, balance
        for golden in goldens.every(tx, "customer"):
            versions = [one.version for one in goldens.story(tx, golden.id)]
            assert versions == list(range(1, golden.version + 1))
    assert replica(store) == held(store)


@settings(max_examples=20)
@given(data=st.data())
def test_new_rules_lead_to_the_answer_they_would_always_have_given(store: Store, data: st.DataObject) -> None:
    steps = data.draw(histories())

    empty(store)
    new = Resolver(NEW_RULES, mint=resolver().mint)
    walk(store, new, one_by_one(steps))
    redo_all(store, new)
    wanted = answer(store)

    empty(store)
    old = resolver()
    walk(store, old, one_by_one(steps))
    ids = resolver()
    new = Resolver(NEW_RULES, clock=old.clock, mint=lambda: "n" + ids.mint())
    with store.begin() as tx:
        new.adopt(tx, AS_OF)
    redo_all(store, new)
    assert answer(store) == wanted
    check_promises(store, new)


def person(system: str, key: str, number: int, **data: Any) -> SourceRecord:
    base = {"kind": "person", "name": {"given": "Anna", "family": "Ruiz"}, "birth_date": "1991-07-08"}
    at = START + timedelta(days=number)
    return SourceRecord("customer", RecordRef(system, key), Operation.UPSERT, base | data, at, f"m{number:03}", updated_at=at)


def test_a_merged_key_that_lives_again_is_a_member_even_where_its_component_was_put_off(store: Store) -> None:
    empty(store)
    hub = resolver()
    gone = replace(person("ledger", "1", 1), operation=Operation.REKEYED, data={}, target="3")
    mail = [{"address": "ana.gil@x.example", "type": "main"}]
    crowd = [person(system, key, 10 + n, emails=mail) for n, (system, key) in enumerate(product(("erp", "crm"), "1234"))]
    steps: list[Step] = [gone, person("ledger", "3", 2, emails=mail), *crowd, person("ledger", "1", 30, emails=mail)]
    walk(store, hub, one_by_one(steps))
    redo_all(store, hub)

    check_promises(store, hub)


def test_many_workers_at_once_give_the_answer_of_one(store: Store) -> None:
    """Two ends of one component may have no key in common: only a critical section keeps workers from overlooking that."""
    steps = [
        person(
            "erp" if n % 2 else "crm",
            f"{n}",
            n,
            emails=[{"address": f"{n // 2}@x.example"}],
            phones=[{"number": f"+3491111{(n + 1) // 2:04}"}],
        )
        for n in range(40)
    ]
    empty(store)
    walk(store, resolver(), one_by_one(steps))
    redo_all(store, resolver())
    alone = answer(store)

    empty(store)
    errors: list[BaseException] = []

    def work(part: Sequence[Step]) -> None:
        try:
            walk(store, Resolver(RULES), one_by_one(part))
        except BaseException as error:  # noqa: BLE001 - told to the test's own thread
            errors.append(error)

    workers = [Thread(target=work, args=(steps[n::4],)) for n in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    hub = Resolver(RULES)
    redo_all(store, hub)

    assert errors == []
    assert answer(store) == alone
    check_promises(store, hub)


def test_announcements_are_passed_on_as_they_are_stored(store: Store) -> None:
    hub, read, passed_on = resolver(), list[Any](), list[Any]()
    empty(store)
    with store.begin() as tx:
        hub.resolve(tx, [person("erp", f"{n}", n, name={"given": "Zoë", "family": f"Quix{n}"}) for n in range(4)], AS_OF)
    with store.begin() as tx:
        relay(tx, "customer", read.extend, source="/hub", name="one")
        relay(tx, "customer", passed_on.extend, source="/hub", name="other", as_told=True)

    assert len(read) >= 4
    assert list(map(canonical_json, passed_on)) == list(map(canonical_json, read))


def test_one_more_record_costs_the_same_however_many_are_held(store: Store) -> None:
    hub, told = resolver(), []

    def statement(*given: Any) -> None:
        told.append(given[2])

    def cost(number: int) -> int:
        told.clear()
        event.listen(store.engine, "before_cursor_execute", statement)
        with store.begin() as tx:
            done = hub.resolve(tx, [person("erp", "more", number, name={"given": "Zoe", "family": f"Quix{number}"})], AS_OF)
        event.remove(store.engine, "before_cursor_execute", statement)
        assert done.compared <= RULES.matching.block_limit * 60
        return len(told)

    empty(store)
    first = cost(1)
    strangers = [
        person(
            "crm",
            f"{n}",
            100 + n,
            name={"given": f"Given{n}", "family": f"Family{n}"},
            birth_date=f"{1900 + n % 100}-01-{n % 28 + 1:02}",
        )
        for n in range(300)
    ]
    with store.begin() as tx:
        hub.resolve(tx, strangers, AS_OF)
    redo_all(store, hub)

    assert cost(2) <= first + 8
