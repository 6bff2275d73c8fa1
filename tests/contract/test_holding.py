"""What a golden record is said to fall apart without is what it falls apart without."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from itertools import count

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from hub.records import Operation, RecordRef, SourceRecord
from hub.resolve import Resolver
from hub.resolve.holding import Loss, holding
from hub.store import goldens, sources
from hub.store.goldens import Golden
from hub.store.store import Store
from tests.contract.histories import AS_OF, START, histories, small_rules
from tests.contract.test_resolver import empty, one_by_one, redo_all, walk

RULES = small_rules(block_limit=50, component_limit=50)


class _TriedError(Exception):
    """Nothing of it is kept."""


def resolver() -> Resolver:
    ids, ticks = count(1), count(1)
    return Resolver(RULES, clock=lambda: START + timedelta(seconds=next(ticks)), mint=lambda: f"g{next(ids):04}")


def parts(tx: Connection, refs: list[RecordRef]) -> tuple[tuple[RecordRef, ...], ...]:
    """How these records lie now."""
    heads = sources.heads(tx, "customer", {ref[:2] for ref in refs})
    by_golden: dict[str | None, list[RecordRef]] = {}
    for ref in refs:
        by_golden.setdefault(heads[ref[:2]].golden, []).append(ref)
    return tuple(sorted(tuple(sorted(part)) for part in by_golden.values()))


def without(tx: Connection, hub: Resolver, golden: Golden, loss: Loss) -> tuple[tuple[RecordRef, ...], ...]:
    """What becomes of the others when that record is deleted, or that decision withdrawn."""
    if loss.record is None:
        hub.withdraw(tx, loss.decision or "", "steward@example", AS_OF)
    else:
        at = START + timedelta(days=400)
        hub.resolve(tx, [SourceRecord("customer", loss.record, Operation.DELETED, {}, at, "gone", updated_at=at)], AS_OF)
    return parts(tx, [ref for ref in golden.members if ref != loss.record])


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_what_is_said_to_part_them_does_and_what_is_not_does_not(store: Store, data: st.DataObject) -> None:
    empty(store)
    hub = resolver()
    walk(store, hub, one_by_one(data.draw(histories())))
    redo_all(store, hub)
    with store.read() as tx:
        several = [golden for golden in goldens.every(tx, "customer") if len(golden.members) > 1]
        told = {golden.id: holding(tx, RULES, hub.weigher, golden) for golden in several}
    for golden in several:
        said = {loss.record: loss for loss in told[golden.id].losses if loss.record}
        tried = [
            said.get(ref) or Loss(ref, None, (tuple(one for one in golden.members if one != ref),)) for ref in golden.members
        ]
        for loss in [*tried, *(loss for loss in told[golden.id].losses if loss.decision)]:
            with suppress(_TriedError), store.begin() as tx:
                assert without(tx, hub, golden, loss) == tuple(sorted(loss.parts))
                raise _TriedError


@settings(
    max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large]
)
@given(data=st.data())
def test_the_weakest_link_parts_the_members_in_two_and_no_stronger_way_leads_across(store: Store, data: st.DataObject) -> None:
    empty(store)
    hub = resolver()
    walk(store, hub, one_by_one(data.draw(histories())))
    with store.read() as tx:
        for golden in goldens.every(tx, "customer"):
            found = holding(tx, RULES, hub.weigher, golden)
            if found.seam is None:
                continue
            left, right = set(found.seam.left), set(found.seam.right)
            assert left | right == set(golden.members) and not left & right
            across = [link for link in found.links if (link.left in left) != (link.right in left)]
            assert max(link.strength for link in across) == found.seam.link.strength
            assert list(found.links) == sorted(found.links, key=lambda link: link.strength, reverse=True)
