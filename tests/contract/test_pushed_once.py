"""One key, one request: who pushes the same again gets its receipts, who pushes something else is told. On both stores."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from hub.app import Hub, open_hub
from hub.app.pruning import prune
from hub.errors import Rejected
from hub.settings import Settings
from hub.store.tables import inbox
from tests.contract.test_raw_log import PEOPLE, found, leakage, person


def push(hub: Hub, records: list[Any], key: str = "k", source: str = "token/web", feed: str = PEOPLE) -> list[tuple[str, str]]:
    return [(one.state, one.receipt) for one in hub.receive(feed, records, source, key=key)]


def refused(hub: Hub, records: list[Any], **more: str) -> str:
    with pytest.raises(Rejected) as told:
        push(hub, records, **more)
    return told.value.code


def test_the_same_request_has_the_receipts_of_the_first_and_another_is_refused_whole(opened: Callable[..., Hub]) -> None:
    hub = opened(batch_size=2)
    records = [person(str(number)) for number in range(5)]
    first = push(hub, records)

    assert [state for state, _ in first] == ["accepted"] * 5
    assert push(hub, records) == [("known", receipt) for _, receipt in first]
    for other in (records[:-1], [*records, person("9")], [*records[:-1], person("9")], records[::-1], records[:1], [7]):
        assert refused(hub, other) == "idempotency_key_reused"
    assert push(hub, [person("9")], source="token/shop")[0][0] == "accepted"  # another's key is another key
    hub.work()
    assert leakage(hub) == 0
    assert hub.accounting()["customer"]["arrived"] == 6


def test_a_request_that_ended_in_the_middle_is_gone_on_with_by_the_same_alone(opened: Callable[..., Hub]) -> None:
    whole, hub = [person(str(number)) for number in range(5)], opened(batch_size=2)
    push(hub, whole)
    with hub.store.begin() as tx:  # as if it had ended after its first part
        tx.execute(inbox.delete().where(inbox.c.id.in_(["k#3", "k#4", "k#5"])))

    assert refused(hub, [*whole[:2], person("8")]) == "idempotency_key_reused"
    assert [state for state, _ in push(hub, whole)] == ["known", "known", "accepted", "accepted", "accepted"]


def test_what_is_kept_of_a_body_says_nothing_about_it(opened: Callable[..., Hub]) -> None:
    hub = opened()
    push(hub, [person("1")])
    push(hub, [person("1")], source="token/shop")

    with hub.store.read() as tx:
        kept = list(tx.scalars(select(inbox.c.hash)))
    assert len(set(kept)) == 2  # the same body under the keys of two sources
    assert all(one and len(one) < 50 for one in kept)


def test_what_was_taken_before_hashes_were_kept_is_known_as_before(opened: Callable[..., Hub]) -> None:
    hub = opened(keep_inbox=timedelta(days=1))
    (first,) = push(hub, [person("1")])
    with hub.store.begin() as tx:
        tx.execute(update(inbox).values(hash=None))

    assert push(hub, [person("2")]) == [("known", first[1])]
    hub.clock.now += timedelta(days=2)  # type: ignore[attr-defined]
    prune(hub)
    assert push(hub, [person("2")])[0][0] == "accepted"


def test_a_new_master_key_changes_nothing_and_a_lost_one_refuses_nobody(opened: Callable[..., Hub]) -> None:
    hub = opened()
    (first,) = push(hub, [person("1")])
    hub.keys.rotate(hub.store)
    assert push(hub, [person("1")]) == [("known", first[1])]
    assert refused(hub, [person("2")]) == "idempotency_key_reused"
    hub.keys.path.unlink()
    again = opened()
    again.keys.rotate(again.store, lost=True)
    assert push(again, [person("1")]) == [("known", first[1])]


def test_of_many_at_once_with_one_key_one_body_is_taken(opened: Callable[..., Hub]) -> None:
    bodies = [[person("1", "Gil")], [person("1", "Ruiz")], [person("1", "Gil")], [person("1", "Mora")]]
    hubs = [opened() for _ in bodies]
    _ = [(hub.landscape, hub.bus, hub.keys, hub.store) for hub in hubs]
    push(hubs[0], [person("0")], key="before")  # so that nobody has to make the master key first
    told: list[tuple[str, str]] = []
    ready = threading.Barrier(len(bodies))

    def one(hub: Hub, body: list[Any]) -> None:
        ready.wait()
        try:
            ((state, _),) = push(hub, body)
        except Rejected as no:
            state = no.code
        told.append((body[0]["last"], state))

    threads = [threading.Thread(target=one, args=pair) for pair in zip(hubs, bodies, strict=True)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    (taken,) = [family for family, state in told if state == "accepted"]
    assert {state for family, state in told if family != taken} == {"idempotency_key_reused"}
    assert all(state in ("accepted", "known") for family, state in told if family == taken)
    hubs[0].work()
    assert hubs[0].accounting()["customer"]["arrived"] == 2
    assert leakage(hubs[0]) == 0


BODIES = st.lists(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 2) | st.text(max_size=2), min_size=1), min_size=1, max_size=3
)


@settings(max_examples=30)
@given(one=BODIES, other=BODIES)
def test_two_bodies_are_the_same_exactly_when_their_records_are(
    one: list[Any], other: list[Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    home = tmp_path_factory.mktemp("home")
    found(home)
    with open_hub(Settings(home=home)) as hub:
        hub.migrate()
        push(hub, one)
        if one == other:
            assert {state for state, _ in push(hub, other)} == {"known"}
        else:
            assert refused(hub, other) == "idempotency_key_reused"
