"""Stable ids through merges, splits and departures."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import count

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.matching.identity import Assignment, Cluster, FormerIdentity, assign_ids, excess_churn
from hub.records import RecordRef


def c(names: str) -> Cluster:
    return tuple(sorted(RecordRef("erp", name) for name in names.split()))


def former(identity: str, names: str, live: bool = True) -> FormerIdentity:
    return FormerIdentity(identity, frozenset(c(names)), live)


def minting(start: str = "new") -> Callable[[], str]:
    numbers = count(1)
    return lambda: f"{start}{next(numbers)}"


def assign(clusters: list[str], *before: FormerIdentity, confirmed: str = "") -> Assignment:
    return assign_ids([c(names) for names in clusters], before, frozenset(c(confirmed)), minting())


def ids(assignment: Assignment) -> dict[str, str]:
    return {" ".join(r.key for r in cluster): identity for cluster, identity in assignment.ids.items()}


def test_a_new_cluster_gets_a_new_id() -> None:
    found = assign(["a"])
    assert ids(found) == {"a": "new1"}
    assert found.minted == {"new1"}


def test_a_cluster_keeps_its_id_whoever_joins_or_leaves() -> None:
    assert ids(assign(["a x y"], former("g1", "a"))) == {"a x y": "g1"}
    assert ids(assign(["a"], former("g1", "a b c"))) == {"a": "g1"}


def test_a_merge_keeps_the_id_of_the_larger_and_the_other_redirects_to_it() -> None:
    found = assign(["a b c"], former("g1", "a"), former("g2", "b c"))
    assert (ids(found), found.retired) == ({"a b c": "g2"}, {"g1": "g2"})


def test_of_equally_large_ones_the_older_id_stays() -> None:
    assert ids(assign(["a b"], former("g2", "a"), former("g1", "b"))) == {"a b": "g1"}


def test_what_a_steward_confirmed_outweighs_size() -> None:
    found = assign(["a b c"], former("g1", "a"), former("g2", "b c"), confirmed="a")
    assert (ids(found), found.retired) == ({"a b c": "g1"}, {"g2": "g1"})


def test_a_split_reinstates_the_original_id() -> None:
    found = assign(["a", "b c"], former("g1", "a", live=False), former("g2", "a b c"))
    assert ids(found) == {"a": "g1", "b c": "g2"}
    assert (found.reinstated, found.minted, found.retired) == ({"g1"}, frozenset(), {})


def test_undoing_a_merge_of_two_equals_gives_back_both_ids() -> None:
    found = assign(["a", "b"], former("g1", "a b"), former("g2", "b", live=False))
    assert ids(found) == {"a": "g1", "b": "g2"}


def test_a_retired_id_returns_only_with_more_than_half_of_its_members() -> None:
    found = assign(["a", "b c"], former("g1", "a x", live=False), former("g2", "a b c"))
    assert ids(found) == {"a": "new1", "b c": "g2"}


def test_a_retired_id_does_not_come_back_where_nothing_was_split() -> None:
    found = assign(["a b"], former("g1", "a b", live=False), former("g2", "a b c d e"))
    assert (ids(found), found.retired) == ({"a b": "g2"}, {})


def test_a_customer_whose_records_all_left_and_came_back_has_the_same_id() -> None:
    assert assign([], former("g1", "a b")).retired == {"g1": None}
    found = assign(["a b"], former("g1", "a b", live=False))
    assert (ids(found), found.reinstated) == ({"a b": "g1"}, {"g1"})


def test_a_new_id_needs_a_mint() -> None:
    with pytest.raises(ValueError, match="mint"):
        assign_ids([c("a")], ())


NAMES = [RecordRef("erp", str(n)) for n in range(8)]


def partitions(names: list[RecordRef]) -> st.SearchStrategy[list[Cluster]]:
    def build(colours: list[int]) -> list[Cluster]:
        groups: dict[int, list[RecordRef]] = {}
        for name, colour in zip(names, colours, strict=True):
            groups.setdefault(colour, []).append(name)
        return [tuple(sorted(group)) for colour, group in groups.items() if colour]  # colour 0: not there

    return st.lists(st.integers(0, 4), min_size=len(names), max_size=len(names)).map(build)


@given(st.lists(partitions(NAMES), min_size=1, max_size=6), st.sets(st.sampled_from(NAMES)), st.randoms(use_true_random=False))
def test_through_any_history(history: list[list[Cluster]], confirmed: set[RecordRef], chance: random.Random) -> None:
    """One to one, never reused, nothing changes where nothing changed, and the order of inputs does not matter."""
    ledger: dict[str, FormerIdentity] = {}
    for clusters in history:
        known, shuffled = list(ledger.values()), list(clusters)
        found = assign_ids(clusters, known, frozenset(confirmed), minting(f"id{len(ledger):03d}-"))
        chance.shuffle(known)
        chance.shuffle(shuffled)
        assert assign_ids(shuffled, known, frozenset(confirmed), minting(f"id{len(ledger):03d}-")) == found
        _check(found, clusters, ledger)
        for old in found.retired:
            ledger[old] = FormerIdentity(old, ledger[old].members, live=False)
        for cluster, identity in found.ids.items():
            ledger[identity] = FormerIdentity(identity, frozenset(cluster), live=True)


def _check(found: Assignment, clusters: list[Cluster], ledger: dict[str, FormerIdentity]) -> None:
    assert set(found.ids) == set(clusters)
    assert len(set(found.ids.values())) == len(clusters)
    assert not found.minted & ledger.keys()
    live = {i for i, f in ledger.items() if f.live}
    assert live == (set(found.ids.values()) & live) | found.retired.keys()
    assert all(heir is None or heir in found.ids.values() for heir in found.retired.values())
    assert excess_churn(found, list(ledger.values())) == 0


def test_an_id_changed_without_need_is_counted() -> None:
    assert excess_churn(Assignment({c("a b"): "other"}), [former("g1", "a b c")]) == 1
