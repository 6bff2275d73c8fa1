"""What was set aside is kept with its cause and its fate, alike on SQLite and PostgreSQL."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from hub.records import DeadLetter, RecordRef, Reject
from hub.store import dead_letters, goldens, references, rejects
from hub.store.migrating import migrate, unmigrate
from hub.store.references import ATTACHED, Participant
from hub.store.store import Store
from tests.waiting import PATIENCE

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def store(fresh_store: Store) -> Store:
    return fresh_store


def reject(number: int, key: str | None = "k", /, **more: Any) -> Reject:
    given = {"feed": "erp.customers", "code": "date_invalid", "reason": "born: no date", "at": NOW, "entity": "customer"}
    facts = {"field": "birth_date"}
    return Reject(f"run:{number}", **({"mapping": "erp/customer", "system": "erp", "facts": facts, "key": key} | given | more))


def test_one_cause_is_one_group_whatever_the_place_in_a_list() -> None:
    one = reject(1, facts={"violations": [{"path": "emails.0.address", "rule": "pattern"}]})
    other = reject(2, "other", facts={"violations": [{"path": "emails.17.address", "rule": "pattern"}]}, reason="another")

    assert one.about == "emails[].address: pattern"
    assert one.fingerprint == other.fingerprint
    different = [reject(3), reject(4, code="x"), reject(5, feed="f"), reject(6, mapping="m"), reject(7, facts={})]
    assert len({reject.fingerprint for reject in [one, *different]}) == 6


def test_groups_tell_records_keys_customers_times_and_states(store: Store) -> None:
    given = [
        *(reject(n, key, at=NOW + n * DAY) for n, key in enumerate(["a", "a", "b", "new", None], 1)),
        reject(9, "order", feed="erp.orders", entity="order", code="amount_invalid"),
    ]
    held = {RecordRef("erp", "a"): ("g1", "active"), RecordRef("erp", "b"): ("g1", "active")}
    with store.begin() as tx:
        rejects.add(tx, given)
        goldens.open_references(tx, "customer", held, NOW)
        rejects.archive(tx, [5], "a test", "ana", NOW)
        order = Participant("order", ("erp", "order"), 0, None, {}, NOW, ATTACHED, "", ("erp", "a"))
        references.put(tx, "order", [order.record], [order], {})

    with store.read() as tx:
        customers, orders = rejects.groups(tx)

    assert (customers.records, customers.keys, customers.customers, customers.unknown) == (4, 3, 1, 1)
    assert (customers.first_at, customers.last_at) == (NOW + DAY, NOW + 4 * DAY)
    assert (customers.about, customers.states) == ("birth_date", {"archived": 1, "open": 4})
    assert (orders.records, orders.customers, orders.unknown) == (1, 1, 0)


def test_what_is_archived_keeps_its_reason_and_can_be_opened_again(store: Store) -> None:
    with store.begin() as tx:
        rejects.add(tx, [reject(1), reject(2)])
        assert rejects.archive(tx, [1, 7], "no such customer", "ana", NOW) == [1]
        assert rejects.archive(tx, [1], "again", "eva", NOW) == []
        (one,) = rejects.by_ids(tx, [1])
        assert (one.state, one.note, one.closed_by, one.closed_at) == ("archived", "no such customer", "ana", NOW)
        assert rejects.reopen(tx, [1, 2], "eva", NOW) == [1]
        (one,) = rejects.by_ids(tx, [1])
        assert (one.state, one.closed_by) == ("open", None)
        assert "archived by ana: no such customer" in str(one.note)
        assert rejects.count(tx, "customer") == 2


def test_only_a_younger_record_of_the_same_entity_mends_what_was_set_aside(store: Store) -> None:
    with store.begin() as tx:
        rejects.add(tx, [reject(1, "a"), reject(2, "a", at=NOW + DAY), reject(3, "a", entity="order"), reject(4, "b")])
        rejects.mend(tx, "erp.customers", {("customer", "a"): NOW + timedelta(seconds=1)}, NOW)
        states = [one.state for one in rejects.listed(tx, state=None)]

    assert states == ["mended", "open", "open", "open"]


def test_a_replay_and_what_came_of_it_are_linked(store: Store) -> None:
    with store.begin() as tx:
        rejects.add(tx, [reject(1)])
        rejects.replayed(tx, [(1, "again:7", "corrected: born")], "ana", NOW)
        rejects.add(tx, [Reject("again:7.2", "erp.customers", "c", "r", NOW), Reject("again:70", "erp.customers", "c", "r", NOW)])

    with store.read() as tx:
        (one,) = rejects.by_ids(tx, [1])
        assert (one.state, one.replayed_as, one.note) == ("replayed", "again:7", "corrected: born")
        assert [later.id for later in rejects.came_of(tx, "again:7")] == [2]
        (later,) = rejects.by_ids(tx, [2])
        before = rejects.predecessor(tx, later)
        assert before is not None and before.id == 1


def test_whoever_has_locked_a_reject_is_the_only_one_to_change_it(store: Store) -> None:
    with store.begin() as tx:
        rejects.add(tx, [reject(1)])
    seen: list[str] = []

    def second() -> None:
        with store.begin() as tx:
            seen.extend(one.state for one in rejects.locked(tx, [1]))

    with store.begin() as tx:
        rejects.locked(tx, [1])
        other = threading.Thread(target=second)
        other.start()
        other.join(0.2)
        assert seen == []
        rejects.replayed(tx, [(1, "r:1", None)], "ana", NOW)
    other.join(PATIENCE)

    assert seen == ["replayed"]


def test_what_was_set_aside_before_the_upgrade_is_kept_with_its_cause(store: Store) -> None:
    old = reject(1, facts={"violations": [{"path": "emails.0.address", "rule": "pattern"}, {"path": "", "rule": "required"}]})
    with store.begin() as tx:
        rejects.add(tx, [old, reject(2, "é", feed="Überfeed")])
    unmigrate(store, "0001")
    migrate(store)

    with store.read() as tx:
        first, second = rejects.listed(tx)
        assert (first.fingerprint, first.reject.about, first.reject.system) == (old.fingerprint, old.about, "erp")
        assert second.fingerprint == reject(2, feed="Überfeed").fingerprint
        assert tx.scalar(text("SELECT count(*) FROM rejects WHERE state = 'open'")) == 2


# -- dead letters --


def letter(number: int, **more: Any) -> DeadLetter:
    given = {"stage": "resolve", "lane": "live", "entity": "customer", "records": 1, "code": "killed_worker"}
    rest = {"reason": "died", "attempts": 5, "at": NOW, "headers": {}, "content_type": "application/json", "body": b"{}"}
    return DeadLetter(f"m{number}", **(given | rest | {"fingerprint": "resolve/killed_worker/erp"} | more))


def test_dead_letters_are_grouped_closed_and_opened_again(store: Store) -> None:
    with store.begin() as tx:
        dead_letters.add(tx, [letter(1, records=3), letter(2), letter(3, fingerprint="other", at=NOW + DAY)])
        first, second = dead_letters.groups(tx)
        assert (first.letters, first.records, second.letters) == (2, 4, 1)
        assert dead_letters.archive(tx, [1], "gone", "ana", NOW) == [1]
        assert dead_letters.archive(tx, [1], "gone", "ana", NOW) == []
        assert dead_letters.dead(tx, "customer") == 5
        assert dead_letters.reopen(tx, [1, 2], "eva", NOW) == [1]
        dead_letters.replayed(tx, [(1, "m1", None)], "ana", NOW)
        assert dead_letters.dead(tx, "customer") == 2
        assert dead_letters.open_ids(tx, fingerprint="resolve/killed_worker/erp") == [2]
        assert dead_letters.reopen(tx, [1], "eva", NOW) == []


def test_a_letter_is_kept_once_but_one_that_dies_again_after_its_replay_is_another(store: Store) -> None:
    with store.begin() as tx:
        dead_letters.add(tx, [letter(1)])
        dead_letters.add(tx, [letter(1)])
        assert dead_letters.count(tx) == 1
        dead_letters.replayed(tx, [(1, "m1", None)], "ana", NOW)
        dead_letters.add(tx, [letter(1)])
        (one,) = dead_letters.by_ids(tx, [1])
        assert [later.id for later in dead_letters.died_again(tx, one)] == [2]
        assert dead_letters.dead(tx, "customer") == 1
