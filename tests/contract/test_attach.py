"""What customers did finds them, waits visibly until it can, and goes with them through merges and splits."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest

from hub.attach import Attached, attach, reattach
from hub.records import Decision, Operation, RecordRef, SourceRecord
from hub.resolve import Resolver
from hub.store import goldens, references
from hub.store.accounting import accounting
from hub.store.migrating import migrate
from hub.store.store import Store, open_store
from tests.contract.histories import AS_OF, START, small_rules
from tests.contract.sticking import ANA, LUIS

A, B = RecordRef("erp", "a"), RecordRef("shop", "b")


@dataclass
class Hub:
    store: Store
    resolver: Resolver = field(init=False)
    ticks: Iterator[int] = field(default_factory=lambda: count(1))

    def __post_init__(self) -> None:
        ids = count(1)
        self.resolver = Resolver(small_rules(block_limit=50, component_limit=50), mint=lambda: f"g{next(ids):03}")

    def customer(self, ref: RecordRef, data: dict[str, Any] | None, operation: Operation = Operation.UPSERT, **more: Any) -> None:
        number = next(self.ticks)
        at = START + timedelta(days=number)
        operation = Operation.DELETED if data is None and operation is Operation.UPSERT else operation
        record = SourceRecord("customer", ref, operation, data or {}, at, f"m{number}", updated_at=at, **more)
        with self.store.begin() as tx:
            self.resolver.resolve(tx, [record], AS_OF)

    def event(self, key: str, *customers: dict[str, Any], at: datetime | None = None, entity: str = "interaction") -> Attached:
        number = next(self.ticks)
        data: dict[str, Any] = {"participants": [{"role": "sender", "customer": customer} for customer in customers]}
        moment = at or START + timedelta(days=number)
        data["started_at"] = moment.isoformat()
        record = SourceRecord(
            entity, RecordRef("mail", key), Operation.UPSERT, data, START + timedelta(days=number), f"m{number}", feed="mail"
        )
        with self.store.begin() as tx:
            return attach(tx, [record], moment)

    def again(self) -> Attached:
        with self.store.begin() as tx:
            return reattach(tx, START)

    def events(self, ref: RecordRef) -> list[str]:
        with self.store.read() as tx:
            golden = goldens.behind_key(tx, "customer", (ref.system, ref.key))
            return sorted(one.record[1] for one in references.events_of(tx, golden or ""))

    def why(self) -> list[str]:
        with self.store.read() as tx:
            return [one.why for one in references.waiting(tx)]


@pytest.fixture
def hub(store_url: str) -> Iterator[Hub]:
    store = open_store(store_url)
    migrate(store)
    made = Hub(store)
    yield made
    with store.read() as tx:
        for entity in ("customer", "interaction", "product"):
            assert accounting(tx, entity)["leakage"] == 0
    store.close()


def test_a_mail_lands_on_the_page_of_its_sender_although_the_mailbox_has_no_customer_number(hub: Hub) -> None:
    hub.customer(A, ANA)

    assert hub.event("1", {"email": "Ana.Gil@x.example"}) == Attached(1, 0)
    assert hub.events(A) == ["1"]


def test_what_finds_nobody_waits_with_its_reason_and_attaches_itself_when_the_customer_turns_up(hub: Hub) -> None:
    assert hub.event("1", {"email": "ana.gil@x.example"}) == Attached(0, 1)
    assert hub.event("2", {"system": "erp", "key": "a"}) == Attached(0, 1)
    assert hub.why() == ["nobody is known under what it says of its customer", "customer erp:a has not arrived yet"]
    hub.customer(A, ANA)

    assert hub.again() == Attached(2, -2, looked=2)
    assert hub.events(A) == ["1", "2"]
    assert hub.again() == Attached(0, 0)


def test_a_number_is_looked_up_as_of_the_time_of_the_event(hub: Hub) -> None:
    hub.customer(A, ANA)  # day 1
    hub.customer(A, {**ANA, "phones": [{"number": "+34933333333"}]})  # day 2: gives the number up
    hub.customer(B, LUIS)  # day 3
    hub.customer(B, {**LUIS, "phones": ANA["phones"]})  # day 4: gets it

    hub.event("before", {"phone": "+34 911 111 111"}, at=START + timedelta(days=1, hours=1))
    hub.event("after", {"phone": "911111111"}, at=START + timedelta(days=5))
    hub.event("between", {"phone": "+34911111111"}, at=START + timedelta(days=3))

    assert (hub.events(A), hub.events(B)) == (["before"], ["after"])
    assert hub.why() == ["nobody is known under what it says of its customer"]


def test_a_shared_mailbox_attaches_by_the_name_or_not_at_all(hub: Hub) -> None:
    shared = [{"address": "info@x.example"}]
    hub.customer(A, {**ANA, "emails": shared})
    hub.customer(B, {**LUIS, "emails": shared})

    hub.event("1", {"email": "info@x.example"})
    hub.event("2", {"email": "info@x.example", "name": {"full": "Luis Ruiz"}})

    assert (hub.events(A), hub.events(B)) == ([], ["2"])
    assert hub.why() == ["several customers share its email"]


def test_events_go_with_their_customers_through_merges_and_splits(hub: Hub) -> None:
    hub.customer(A, ANA)
    hub.customer(B, LUIS)
    hub.event("1", {"system": "erp", "key": "a"})
    hub.event("2", {"system": "shop", "key": "b"})
    decision = Decision("d1", "same", (A,), (B,), "maria@example", START)
    with hub.store.begin() as tx:
        hub.resolver.decide(tx, decision, AS_OF)
    assert hub.events(A) == hub.events(B) == ["1", "2"]

    with hub.store.begin() as tx:
        hub.resolver.withdraw(tx, "d1", "maria@example", AS_OF)
    assert (hub.events(A), hub.events(B)) == (["1"], ["2"])


def test_two_customers_who_become_one_are_no_longer_mistaken(hub: Hub) -> None:
    shared = [{"address": "info@x.example"}]
    hub.customer(A, {**ANA, "emails": shared})
    hub.customer(B, {**LUIS, "emails": shared})
    hub.event("1", {"email": "info@x.example"})
    with hub.store.begin() as tx:
        hub.resolver.decide(tx, Decision("d1", "same", (A,), (B,), "maria@example", START), AS_OF)

    assert hub.again() == Attached(1, -1, looked=1)
    assert hub.events(A) == ["1"]


def test_a_key_its_source_merged_away_leads_to_where_it_went(hub: Hub) -> None:
    other = RecordRef("erp", "z")
    hub.customer(A, ANA)
    hub.customer(other, LUIS)
    hub.event("1", {"system": "erp", "key": "z"})
    hub.customer(other, None, Operation.MERGED_INTO, target="a")
    hub.again()

    assert hub.events(A) == ["1"]


def test_what_hung_on_a_deleted_customer_waits_again(hub: Hub) -> None:
    hub.customer(A, ANA)
    hub.event("1", {"system": "erp", "key": "a"})
    hub.customer(A, None)

    assert hub.again() == Attached(-1, 1, looked=1)
    assert hub.why() == ["customer erp:a was deleted by its system"]


def test_a_record_that_names_no_customer_waits_and_a_product_needs_none(hub: Hub) -> None:
    assert hub.event("1") == Attached(0, 1)
    assert hub.event("2", entity="product") == Attached(1, 0)
    assert hub.why() == ["names no customer"]


def test_a_later_version_replaces_the_participants(hub: Hub) -> None:
    hub.customer(A, ANA)
    hub.customer(B, LUIS)
    hub.event("1", {"system": "erp", "key": "a"})
    hub.event("1", {"system": "shop", "key": "b"})

    assert (hub.events(A), hub.events(B)) == ([], ["1"])
