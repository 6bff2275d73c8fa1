"""There and back: whatever happened before, another model and then the first one again leave everything as it was."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings

from hub.records import RecordRef
from hub.resolve import Resolver, Rules
from hub.store import goldens
from hub.store.store import Store
from tests.contract.histories import AS_OF, Step, histories, small_rules
from tests.contract.test_resolver import NEW_RULES, RULES, answer, check_promises, empty, one_by_one, redo_all, resolver, walk

LENIENT_RULES = small_rules(match_bits=2.0, review_bits=1.0)


def members_by_id(store: Store) -> dict[str, tuple[RecordRef, ...]]:
    with store.read() as tx:
        return {golden.id: golden.members for golden in goldens.every(tx, "customer")}


def numbered(prefix: str) -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"{prefix}{next(numbers):04}"


@pytest.mark.parametrize("other", [NEW_RULES, LENIENT_RULES], ids=["stricter", "more lenient"])
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=histories())
def test_a_model_and_back_leaves_customers_values_questions_and_ids_as_they_were(
    store: Store, other: Rules, steps: list[Step]
) -> None:
    empty(store)
    hub = resolver()
    walk(store, hub, one_by_one(steps))
    redo_all(store, hub)
    ids, first = members_by_id(store), answer(store)

    for turn, rules in (("n", other), ("z", RULES)):  # new ids sort behind the old ones, as they do in a hub
        hub = Resolver(rules, clock=hub.clock, mint=numbered(turn))
        with store.begin() as tx:
            hub.adopt(tx, AS_OF)
        redo_all(store, hub)

    assert answer(store) == first
    assert members_by_id(store) == ids
    check_promises(store, hub)
