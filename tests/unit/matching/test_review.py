"""Which questions are put to a person."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import UTC, datetime
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from hub.matching.clustering import ClusterRules, Member, PairEvidence, cluster
from hub.matching.review import review_tasks
from hub.records import Decision, RecordRef, ReviewTask

RULES = ClusterRules()
FAR, STRONG, NEAR = PairEvidence(-20_000, -20_000), PairEvidence(15_000, 15_000), PairEvidence(6_000, 6_000)
Table = dict[tuple[int, int], PairEvidence]


def ref(name: str) -> RecordRef:
    return RecordRef("erp", name)


def decide(verdict: str, left: str, right: str, number: int = 1) -> Decision:
    at = datetime(2026, 1, number, tzinfo=UTC)
    return Decision(f"d{number}", verdict, tuple(map(ref, left.split())), tuple(map(ref, right.split())), "maria", at)


def review(members: list[Member], table: Table, *decisions: Decision, rules: ClusterRules = RULES) -> list[ReviewTask]:
    def evidence(a: int, b: int) -> PairEvidence:
        return table.get((min(a, b), max(a, b)), STRONG if a == b else FAR)

    edges = [p for p, e in table.items() if rules.is_match(e)]
    near = [p for p, e in table.items() if rules.review_bits <= e.bits < rules.match_bits]
    found = cluster(members, evidence, edges, decisions, rules)
    return review_tasks(found, members=members, near=near, evidence=evidence, decisions=decisions, rules=rules)


def people(names: str) -> list[Member]:
    return [Member(ref(name), node) for node, name in enumerate(names.split())]


def test_a_near_pair_is_one_task_between_the_two_golden_records() -> None:
    (task,) = review(people("a b"), {(0, 1): NEAR})
    assert (task.kind, task.left, task.right, task.bits) == ("near_match", (ref("a"),), (ref("b"),), 6_000)


def test_a_thousand_near_pairs_between_two_customers_are_one_task() -> None:
    table = dict.fromkeys(combinations(range(6), 2), NEAR)
    table |= dict.fromkeys((*combinations(range(3), 2), *combinations(range(3, 6), 2)), STRONG)
    table[1, 4] = PairEvidence(8_000, 8_000)
    (task,) = review(people("a b c d e f"), table, decide("not_same", "x", "y"))
    assert (task.kind, len(task.left), len(task.right), task.bits) == ("near_match", 3, 3, 8_000)
    assert task.detail["pair"] == [["erp", "b", 0], ["erp", "e", 0]]


def test_records_already_together_are_no_question() -> None:
    assert review(people("a b c"), {(0, 1): STRONG, (1, 2): STRONG, (0, 2): NEAR}) == []


def test_what_was_answered_is_not_asked_again() -> None:
    assert review(people("a b"), {(0, 1): NEAR}, decide("not_same", "a", "b")) == []
    assert review(people("a b"), {(0, 1): STRONG}, decide("not_same", "a", "b")) == []
    assert review(people("a b"), {(0, 1): NEAR}, decide("same", "a", "b")) == []


def test_an_answer_about_a_member_answers_for_the_golden_record() -> None:
    table = {(0, 1): STRONG, (1, 2): NEAR}
    assert review(people("a b c"), table, decide("not_same", "a", "c")) == []


def test_a_refused_union_is_a_task_that_names_its_reason() -> None:
    veto = PairEvidence(15_000, 15_000, None, "different_verified")
    (task,) = review(people("a b"), {(0, 1): veto})
    assert (task.kind, task.detail["why"]) == ("refused_union", "veto")


def test_what_would_grow_too_large_is_a_task_of_its_own_kind() -> None:
    assert [t.kind for t in review(people("a b"), {(0, 1): STRONG}, rules=replace(RULES, size_limit=1))] == ["oversized"]


def test_contradicting_decisions_are_a_task_with_their_ids() -> None:
    said = (decide("same", "a", "b", 1), decide("same", "b", "c", 2), decide("not_same", "a", "c", 3))
    (task,) = review(people("a b c"), {(0, 1): STRONG, (1, 2): STRONG}, *said)
    assert (task.kind, task.detail["decisions"]) == ("contradiction", ["d2", "d3"])


def test_a_joined_customer_whose_evidence_is_gone_is_a_task() -> None:
    (task,) = review(people("a b"), {}, decide("same", "a", "b"))
    assert (task.kind, task.bits, task.left) == ("evidence_gone", -20_000, (ref("a"),))


def test_identical_but_weak_records_are_one_task_and_one_per_neighbouring_node() -> None:
    members = [*(Member(ref(f"w{n}"), 7) for n in range(5)), Member(ref("x"), 1), Member(ref("y"), 2)]
    tasks = review(members, {(7, 7): NEAR, (1, 7): NEAR, (2, 7): NEAR})
    assert [(t.kind, len(t.left), len(t.right)) for t in tasks] == [("weak_duplicates", 1, 4), *[("weak_duplicates", 5, 1)] * 2]


def test_identical_records_that_prove_nothing_at_all_are_no_question() -> None:
    assert review([Member(ref("a"), 7), Member(ref("b"), 7)], {(7, 7): FAR}) == []


BITS = st.sampled_from([-20_000, 3_000, 5_000, 8_000, 9_000, 15_000])


@given(st.lists(st.integers(0, 4), min_size=1, max_size=7), st.data(), st.randoms(use_true_random=False))
def test_tasks_are_one_per_pair_and_no_order_changes_them(nodes: list[int], data: st.DataObject, chance: random.Random) -> None:
    members = [Member(ref(str(n)), node) for n, node in enumerate(nodes)]
    table = {p: PairEvidence(b, b) for p in [*combinations(range(5), 2), *((n, n) for n in range(5))] for b in [data.draw(BITS)]}
    names = [m.ref.key for m in members]
    said = [
        decide(
            data.draw(st.sampled_from(["same", "not_same"])),
            data.draw(st.sampled_from(names)),
            data.draw(st.sampled_from(names)),
            n,
        )
        for n in range(1, data.draw(st.integers(1, 4)))
    ]
    tasks = review(members, table, *said)
    assert len({(t.left, t.right) for t in tasks}) == len(tasks)
    assert all(not set(t.left) & set(t.right) for t in tasks)
    items = list(table.items())
    for things in (members, said, items):
        chance.shuffle(things)  # type: ignore[arg-type]
    assert review(members, dict(items), *said) == tasks
