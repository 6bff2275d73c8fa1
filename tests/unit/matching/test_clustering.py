"""Clusters: a pure function of records, evidence, decisions and rules."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import combinations, permutations
from time import process_time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadModel
from hub.matching.clustering import (
    Clustering,
    ClusterRules,
    Evidence,
    Member,
    PairEvidence,
    cluster,
    load_cluster_rules,
)
from hub.records import Decision, RecordRef

RULES = ClusterRules()
FAR = PairEvidence(-20_000, -20_000)
STRONG = PairEvidence(15_000, 15_000)
Table = Mapping[tuple[int, int], PairEvidence]


def ref(name: str) -> RecordRef:
    system, _, key = name.partition(":")
    return RecordRef(system, key) if key else RecordRef("erp", name)


def refs(names: str) -> tuple[RecordRef, ...]:
    return tuple(sorted(ref(name) for name in names.split()))


def member(name: str, node: int, trusted: bool = True) -> Member:
    return Member(ref(name), node, trusted)


def people(names: str) -> list[Member]:
    """One node each, numbered in the order given."""
    return [member(name, node) for node, name in enumerate(names.split())]


def evidence_of(table: Table) -> Evidence:
    def evidence(a: int, b: int) -> PairEvidence:
        return table.get((min(a, b), max(a, b)), STRONG if a == b else FAR)

    return evidence


def edges_of(table: Table, rules: ClusterRules = RULES) -> list[tuple[int, int]]:
    return [pair for pair, found in table.items() if rules.is_match(found) and pair[0] != pair[1]]


def run(members: Sequence[Member], table: Table, decisions: Sequence[Decision] = (), rules: ClusterRules = RULES) -> Clustering:
    return cluster(members, evidence_of(table), edges_of(table, rules), decisions, rules)


def decide(verdict: str, left: str, right: str, number: int = 1, withdrawn: bool = False) -> Decision:
    at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=number)
    return Decision(f"d{number}", verdict, refs(left), refs(right), "maria", at, withdrawn_at=at if withdrawn else None)


def shown(clustering: Clustering) -> list[str]:
    return sorted(" ".join(r.key for r in found) for found in clustering.clusters)


def test_a_match_joins_and_no_evidence_keeps_apart() -> None:
    assert shown(run(people("a b c"), {(0, 1): STRONG})) == ["a b", "c"]


def test_a_bridge_between_two_customers_is_refused_when_the_rest_speaks_against_it() -> None:
    pairs = {(0, 1): STRONG, (0, 2): STRONG, (1, 2): STRONG, (3, 4): STRONG, (3, 5): STRONG, (4, 5): STRONG, (2, 3): STRONG}
    found = run(people("a b c d e f"), pairs)
    assert shown(found) == ["a b c", "d e f"]
    (refusal,) = found.refusals
    assert (refusal.kind, refusal.pair, refusal.bits) == ("linkage", (ref("c"), ref("d")), 15_000)


def test_a_veto_between_any_two_members_refuses_the_union() -> None:
    table = {
        (0, 1): STRONG,
        (1, 2): PairEvidence(12_000, 12_000),
        (0, 2): PairEvidence(11_000, 11_000, None, "different_verified"),
    }
    found = run(people("a b c"), table)
    assert shown(found) == ["a b", "c"]
    assert [r.kind for r in found.refusals] == ["veto"]


def test_an_equal_verified_identifier_joins_what_the_bits_would_not_and_a_veto_stands_above_it() -> None:
    equal = PairEvidence(-3_000, -3_000, "equal_verified")
    assert shown(run(people("a b"), {(0, 1): equal})) == ["a b"]
    assert shown(run(people("a b"), {(0, 1): equal._replace(veto="different_verified")})) == ["a", "b"]


def test_a_source_free_of_duplicates_is_in_a_cluster_once() -> None:
    rules = replace(RULES, free_of_duplicates=frozenset({"crm"}))
    found = run([member("crm:1", 0), member("crm:2", 1)], {(0, 1): STRONG}, rules=rules)
    assert shown(found) == ["1", "2"]
    assert [r.kind for r in found.refusals] == ["source_duplicate"]


def test_a_shared_mailbox_never_glues_two_trusted_customers_together() -> None:
    weak_trust = PairEvidence(14_000, 2_000)
    members = [member("a", 0), member("b", 1), member("mail:m", 2, trusted=False)]
    found = run(members, {(0, 2): weak_trust, (1, 2): PairEvidence(12_000, 1_000), (0, 1): weak_trust})
    assert shown(found) == ["a m", "b"]
    assert [r.kind for r in found.refusals] == ["low_trust"]


def test_a_record_drawn_equally_to_two_customers_that_exclude_each_other_joins_neither() -> None:
    equal = PairEvidence(14_000, 1_000)
    members = [member("a", 0), member("b", 1), member("mail:m", 2, trusted=False)]
    found = run(members, {(0, 2): equal, (1, 2): equal})
    assert shown(found) == ["a", "b", "m"]
    assert [r.kind for r in found.refusals] == ["tie", "tie"]


def test_a_record_drawn_equally_to_two_records_that_belong_together_joins_both() -> None:
    assert shown(run(people("a b c"), {(0, 1): STRONG, (0, 2): STRONG, (1, 2): STRONG})) == ["a b c"]


def test_the_size_guard_refuses_and_says_so() -> None:
    found = run(people("a b c"), {(0, 1): STRONG, (1, 2): STRONG, (0, 2): STRONG}, rules=replace(RULES, size_limit=2))
    assert shown(found) == ["a b", "c"]
    assert [r.kind for r in found.refusals] == ["size"]


def test_records_of_one_node_join_when_their_common_evidence_suffices() -> None:
    assert shown(run([member("a", 7), member("b", 7)], {})) == ["a b"]


def test_identical_but_weak_records_stay_apart() -> None:
    assert shown(run([member("a", 7), member("b", 7)], {(7, 7): PairEvidence(5_000, 5_000)})) == ["a", "b"]


def test_a_few_weak_records_follow_a_strong_neighbour_and_many_become_one_question() -> None:
    table = {(7, 7): FAR, (1, 7): STRONG}
    assert shown(run([member("s", 1), member("a", 7), member("b", 7)], table)) == ["a b s"]
    many = [member("s", 1), *(member(f"w{n:02d}", 7) for n in range(30))]
    found = run(many, table)
    assert len(found.clusters) == 31
    assert [(r.kind, len(r.left), len(r.right)) for r in found.refusals] == [("weak", 1, 30)]


def test_identical_records_that_exclude_each_other_leave_the_third_to_a_person() -> None:
    rules = replace(RULES, free_of_duplicates=frozenset({"crm"}))
    found = run([member("crm:1", 7), member("crm:2", 7), member("x", 7)], {}, rules=rules)
    assert shown(found) == ["1", "2", "x"]
    assert {r.kind for r in found.refusals} == {"source_duplicate", "tie"}


class TestDecisions:
    def test_same_beats_vetoes_sources_and_size(self) -> None:
        rules = replace(RULES, free_of_duplicates=frozenset({"crm"}), size_limit=1)
        table = {(0, 1): PairEvidence(-9_000, -9_000, None, "different_verified")}
        found = run([member("crm:1", 0), member("crm:2", 1)], table, [decide("same", "crm:1", "crm:2")], rules)
        assert shown(found) == ["1 2"]

    def test_not_the_same_holds_however_alike_they_become(self) -> None:
        found = run([member("a", 7), member("b", 7)], {}, [decide("not_same", "a", "b")])
        assert shown(found) == ["a", "b"]

    def test_not_the_same_forbids_any_of_one_set_beside_any_of_the_other(self) -> None:
        table = dict.fromkeys(combinations(range(4), 2), STRONG)
        found = run(people("a b c d"), table, [decide("not_same", "a b", "c d")])
        assert shown(found) == ["a b", "c d"]

    def test_a_record_split_off_may_still_join_others(self) -> None:
        table = dict.fromkeys(combinations(range(3), 2), STRONG) | {(2, 3): PairEvidence(18_000, 18_000)}
        found = run(people("a b c d"), table, [decide("not_same", "c", "a b")])
        assert shown(found) == ["a b", "c d"]

    def test_the_latest_decision_of_a_pair_of_sets_counts_and_a_withdrawn_one_does_not(self) -> None:
        apart, together = decide("not_same", "a", "b", 1), decide("same", "b", "a", 2)
        assert shown(run(people("a b"), {}, [together, apart])) == ["a b"]
        assert shown(run(people("a b"), {}, [apart, decide("same", "b", "a", 2, withdrawn=True)])) == ["a", "b"]
        assert shown(run(people("a b"), {}, [decide("same", "a", "b", 1), decide("not_same", "a", "b", 2)])) == ["a", "b"]

    def test_records_that_are_no_longer_members_are_passed_over(self) -> None:
        assert shown(run(people("a b c"), {}, [decide("same", "a gone", "b")])) == ["a b", "c"]
        assert shown(run(people("a b c"), {}, [decide("same", "a b", "gone")])) == ["a", "b", "c"]

    def test_a_contradiction_leaves_the_last_union_out_and_no_order_gives_another_result(self) -> None:
        said = [("same", "a", "b"), ("same", "b", "c"), ("not_same", "a", "c")]
        results = set()
        for order in permutations(said):
            decisions = [decide(*one, number=number) for number, one in enumerate(order, 1)]
            found = run(people("a b c"), {}, decisions)
            results.add((tuple(shown(found)), tuple((r.kind, r.pair) for r in found.refusals)))
        assert results == {(("a b", "c"), (("contradiction", (ref("b"), ref("c"))),))}

    def test_splitting_a_record_off_a_joined_customer_is_no_contradiction(self) -> None:
        found = run(people("a b c"), {}, [decide("same", "a b", "c", 1), decide("not_same", "a", "b c", 2)])
        assert shown(found) == ["a", "b c"]
        assert not found.refusals

    def test_saying_same_against_a_standing_not_the_same_is_a_contradiction(self) -> None:
        found = run(people("a b c"), {}, [decide("not_same", "a", "b c", 1), decide("same", "a", "b", 2)])
        assert shown(found) == ["a", "b", "c"]
        assert [(r.kind, r.decisions) for r in found.refusals] == [("contradiction", ("d2", "d1"))]

    def test_a_steward_record_joins_only_by_its_decision(self) -> None:
        members = [member("a", 0), member("b", 1), Member(RecordRef("steward", "s"), 0)]
        assert shown(run(members, {(0, 1): STRONG})) == ["a b", "s"]
        same = Decision("d", "same", (RecordRef("steward", "s"),), refs("a"), "maria", datetime(2026, 1, 1, tzinfo=UTC))
        assert shown(run(members, {(0, 1): STRONG}, [same])) == ["a b s"]


SYSTEMS = ("erp", "crm", "shop")
BITS = st.sampled_from([-20_000, -5_000, 0, 5_000, 9_000, 9_001, 12_000, 15_000])


@st.composite
def worlds(draw: st.DrawFn, decided: bool = True) -> tuple[list[Member], Table, list[Decision], ClusterRules]:
    nodes = draw(st.integers(1, 6))
    members = []
    for number in range(draw(st.integers(1, 9))):
        system = draw(st.sampled_from(SYSTEMS))
        members.append(Member(RecordRef(system, str(number)), draw(st.integers(0, nodes - 1)), draw(st.booleans())))
    table = {}
    for pair in [*combinations(range(nodes), 2), *((n, n) for n in range(nodes))]:
        bits = draw(BITS)
        veto = draw(st.sampled_from([None, None, None, None, "different_verified"])) if pair[0] != pair[1] else None
        table[pair] = PairEvidence(bits, draw(st.sampled_from([bits, bits, 0])) if bits > 0 else bits, None, veto)
    everybody = [m.ref for m in members]
    decisions = [
        Decision(
            f"d{number}",
            draw(st.sampled_from(["same", "not_same"])),
            tuple(draw(st.lists(st.sampled_from(everybody), min_size=1, max_size=3, unique=True))),
            tuple(draw(st.lists(st.sampled_from(everybody), min_size=1, max_size=3, unique=True))),
            "maria",
            datetime(2026, 1, 1, draw(st.integers(0, 3)), tzinfo=UTC),
        )
        for number in range(draw(st.integers(0, 4)) if decided else 0)
    ]
    free = frozenset(draw(st.sets(st.sampled_from(["crm"]))))
    size, limit = draw(st.sampled_from([2, 500])), draw(st.sampled_from([0, 2, 1000]))
    return members, table, decisions, ClusterRules(free_of_duplicates=free, size_limit=size, score_missing_limit=limit)


@given(worlds(), st.randoms(use_true_random=False))
def test_no_order_and_no_numbering_of_nodes_changes_the_answer(
    world: tuple[list[Member], Table, list[Decision], ClusterRules], chance: random.Random
) -> None:
    members, table, decisions, rules = world
    first = run(members, table, decisions, rules)
    numbers = list(range(100, 100 + len({m.node for m in members} | {n for pair in table for n in pair})))
    chance.shuffle(numbers)
    mixed = [m._replace(node=numbers[m.node]) for m in members]
    renamed = {(min(numbers[a], numbers[b]), max(numbers[a], numbers[b])): found for (a, b), found in table.items()}
    edges = [(b, a) if chance.random() < 0.5 else (a, b) for a, b in edges_of(renamed, rules)]
    said = [replace(d, left=d.right, right=d.left) if chance.random() < 0.5 else d for d in decisions]
    for things in (mixed, edges, said):
        chance.shuffle(things)  # type: ignore[arg-type]
    assert cluster(mixed, evidence_of(renamed), edges, said, rules) == first


@given(worlds())
def test_every_rule_holds_in_every_cluster(world: tuple[list[Member], Table, list[Decision], ClusterRules]) -> None:
    members, table, decisions, rules = world
    found = run(members, table, decisions, rules)
    assert sorted(r for c in found.clusters for r in c) == sorted(m.ref for m in members)
    standing = _standing(decisions)
    by_ref = {m.ref: m for m in members}
    for one in found.clusters:
        inside = set(one)
        for decision in standing:
            if decision.verdict == "not_same":
                assert not any(x in inside and y in inside and x != y for x in decision.left for y in decision.right)
        if any(d.verdict == "same" and inside & {*d.left, *d.right} for d in standing):
            continue  # people may join what the machine may not
        nodes = sorted({by_ref[r].node for r in one})
        assert len(nodes) <= max(rules.size_limit, 1)
        assert not any(table[pair].veto for pair in combinations(nodes, 2))
        for system in rules.free_of_duplicates:
            assert sum(r.system == system for r in one) <= 1
        assert _hangs_together([by_ref[r] for r in one], table, rules)


@given(worlds())
def test_a_same_that_is_not_contradicted_is_followed(world: tuple[list[Member], Table, list[Decision], ClusterRules]) -> None:
    members, table, decisions, rules = world
    standing = _standing(decisions)
    if any(d.verdict == "not_same" for d in standing):
        return
    home = {r: c for c in run(members, table, decisions, rules).clusters for r in c}
    assert all(home[x] == home[y] for d in standing for x in d.left for y in d.right)


@given(worlds())
def test_what_happens_elsewhere_changes_nothing_here(world: tuple[list[Member], Table, list[Decision], ClusterRules]) -> None:
    members, table, decisions, rules = world
    alone = run(members, table, decisions, rules)
    others = [Member(RecordRef("zz", str(n)), 50 + n % 3) for n in range(4)]
    both = cluster([*others, *members], evidence_of(table), [*edges_of(table, rules), (50, 51)], decisions, rules)
    assert [c for c in both.clusters if c[0].system != "zz"] == list(alone.clusters)
    assert [r for r in both.refusals if r.left[0].system != "zz"] == list(alone.refusals)


@given(worlds(decided=False))
def test_refusals_are_about_clusters_that_are_apart(world: tuple[list[Member], Table, list[Decision], ClusterRules]) -> None:
    members, table, decisions, rules = world
    found = run(members, table, decisions, rules)
    home = {r: c for c in found.clusters for r in c}
    for refusal in found.refusals:
        assert home[refusal.pair[0]] != home[refusal.pair[1]]
        assert not set(refusal.left) & set(refusal.right)
        assert {refusal.pair[0]} <= set(refusal.left)
        assert {refusal.pair[1]} <= set(refusal.right)


@given(st.integers(2, 7), st.data())
def test_linkage_equals_average_linkage_by_the_book(count: int, data: st.DataObject) -> None:
    bits = data.draw(st.permutations(range(-15_000, 15_000, 1_300)).map(lambda p: p[: count * (count - 1) // 2]))
    table = {pair: PairEvidence(b, b) for pair, b in zip(combinations(range(count), 2), bits, strict=False)}
    table |= {pair: FAR for pair in combinations(range(count), 2) if pair not in table}
    members = [Member(RecordRef("erp", str(n)), n) for n in range(count)]
    assert list(run(members, table).clusters) == _by_the_book(members, table)


def _by_the_book(members: list[Member], table: Table) -> list[tuple[RecordRef, ...]]:
    groups = [[m] for m in members]
    while True:
        offers = []
        for one, other in combinations(groups, 2):
            pairs = [table[min(a.node, b.node), max(a.node, b.node)] for a in one for b in other]
            total = sum(RULES.clipped(p) for p in pairs)
            if total > 0 and any(RULES.is_match(p) for p in pairs):
                low, high = sorted((min(one), min(other)))
                offers.append((-Fraction(total, len(pairs)), -max(p.bits for p in pairs), low, high, one, other))
        if not offers:
            return sorted(tuple(sorted(m.ref for m in group)) for group in groups)
        *_, one, other = min(offers, key=lambda offer: offer[:4])
        groups = [g for g in groups if g is not one and g is not other] + [one + other]


def _standing(decisions: list[Decision]) -> list[Decision]:
    latest = {}
    for d in sorted(decisions, key=lambda d: (d.at, d.id)):
        latest[frozenset((frozenset(d.left), frozenset(d.right)))] = d
    return list(latest.values())


def _hangs_together(members: list[Member], table: Table, rules: ClusterRules) -> bool:
    reached, edge = {members[0]}, list(members[:1])
    while edge:
        one = edge.pop()
        for other in members:
            pair = min(one.node, other.node), max(one.node, other.node)
            if other not in reached and (rules.is_match(table[pair])):
                reached.add(other)
                edge.append(other)
    return len(reached) == len(members)


class TestLimits:
    def test_five_thousand_identical_records_cost_next_to_nothing(self) -> None:
        members = [member(f"{n:04d}", 7) for n in range(5000)]
        before = process_time()
        assert len(run(members, {}).clusters) == 1
        assert len(run(members, {(7, 7): FAR}).clusters) == 5000
        assert process_time() - before < 3

    def test_a_component_of_five_thousand_members_is_clustered_in_seconds(self) -> None:
        chance, table = random.Random(5), dict[tuple[int, int], PairEvidence]()
        for start in range(0, 5000, 5):
            table |= dict.fromkeys(combinations(range(start, start + 5), 2), STRONG)
            other = chance.randrange(5000)
            if other // 5 != start // 5:
                table[min(start, other), max(start, other)] = PairEvidence(9_500, 9_500)
        members = [member(f"{n:04d}", n) for n in range(5000)]
        before = process_time()
        found = run(members, table)
        assert process_time() - before < 20
        assert 1000 <= len(found.clusters) < 1100

    def test_beyond_the_limit_only_pairs_that_a_union_rests_on_are_scored(self) -> None:
        calls: list[tuple[int, int]] = []

        def evidence(a: int, b: int) -> PairEvidence:
            calls.append((a, b))
            return STRONG if abs(a - b) == 1 else FAR

        edges = [(n, n + 1) for n in range(399)]
        members = [member(f"{n:04d}", n) for n in range(400)]
        cluster(members, evidence, edges, (), replace(RULES, score_missing_limit=500))
        assert len(calls) <= 399 + 500 + 399 * 10 // 4


def test_rules_are_read_from_the_matching_file_in_thousandths_of_a_bit() -> None:
    rules = load_cluster_rules({"match_bits": 9.5, "linkage": {"kind": "average", "clip": [-3, 8], "missing": -2}}, ["crm"])
    assert (rules.match_bits, rules.clip_low, rules.clip_high, rules.missing) == (9_500, -3_000, 8_000, -2_000)
    assert rules.free_of_duplicates == {"crm"}


@pytest.mark.parametrize("raw", [{"linkage": {"kind": "single"}}, {"linkage": {"clip": [1, 2]}}, {"match_bits": 1}])
def test_rules_that_cannot_work_are_refused(raw: dict[str, object]) -> None:
    with pytest.raises(BadModel):
        load_cluster_rules(raw)
