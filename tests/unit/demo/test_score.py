"""The demo's measure: hand-made clusters with figures known beforehand."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.demo.score import judge


def _truth(**records: str) -> dict[str, Any]:
    customers = {customer: {"story": "plain", "group": ""} for customer in set(records.values())}
    return {"records": {f"erp:{key}": customer for key, customer in records.items()}, "customers": customers}


def test_golden_records_that_equal_the_truth_are_perfect() -> None:
    verdict = judge([["erp:a", "erp:b"], ["erp:c"]], _truth(a="p1", b="p1", c="p2"))
    assert (verdict.pairwise.f1, verdict.bcubed.f1) == (1.0, 1.0)
    assert (verdict.right, verdict.in_pieces, verdict.fused) == (2, 0, ())


def test_a_wrong_merge_costs_precision_and_is_named() -> None:
    verdict = judge([["erp:a", "erp:b", "erp:c"]], _truth(a="p1", b="p1", c="p2"))
    assert verdict.pairwise.precision == pytest.approx(1 / 3)
    assert verdict.pairwise.recall == 1.0
    assert verdict.bcubed.precision == pytest.approx((4 / 3 + 1 / 3) / 3)
    assert verdict.fused == (("p1", "p2"),)
    assert verdict.right == 0


def test_a_missed_merge_costs_recall() -> None:
    verdict = judge([["erp:a"], ["erp:b"], ["erp:c"]], _truth(a="p1", b="p1", c="p2"))
    assert verdict.pairwise.recall == 0.0
    assert verdict.pairwise.precision == 1.0
    assert verdict.bcubed.recall == pytest.approx(2 / 3)
    assert (verdict.right, verdict.in_pieces) == (1, 1)


def test_records_the_truth_does_not_know_do_not_count() -> None:
    verdict = judge([["erp:a", "erp:x"], ["erp:y"]], _truth(a="p1"))
    assert (verdict.records, verdict.golden) == (1, 1)


def test_lookalikes_wrongly_merged_are_counted_by_their_group() -> None:
    truth = _truth(a="p1", b="p2", c="p3")
    truth["customers"]["p1"] = truth["customers"]["p2"] = {"story": "twin", "group": "p1"}
    assert judge([["erp:a", "erp:b"], ["erp:c"]], truth).stories["twin"] == (1, 1)
    assert judge([["erp:a", "erp:c"], ["erp:b"]], truth).stories["twin"] == (1, 0)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30))
def test_shares_stay_between_nothing_and_one(placed: list[tuple[int, int]]) -> None:
    truth = _truth(**{f"r{n}": f"p{customer}" for n, (customer, _) in enumerate(placed)})
    clusters: dict[int, list[str]] = {}
    for n, (_, cluster) in enumerate(placed):
        clusters.setdefault(cluster, []).append(f"erp:r{n}")
    verdict = judge(clusters.values(), truth)
    for share in (verdict.pairwise, verdict.bcubed):
        assert 0 <= share.precision <= 1
        assert 0 <= share.recall <= 1
    assert verdict.records == len(placed)
