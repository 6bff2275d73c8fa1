"""Floors under the accuracy of the shipped profile. The full tables are in docs/quality.md; `measure.py` prints them anew."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from measure import CLUSTERED, MAPPINGS, clustered

from hub.bench.accuracy import Rates, score_clusters, score_pairs

FLOORS = {  # precision, recall, B-cubed F1
    "fake_1000": (0.99, 0.62, 0.83),
    "rldata500": (0.99, 0.84, 0.99),
    "febrl1": (0.99, 0.96, 0.99),
    "cdc tuning_test": (0.99, 0.98, 0.99),
    "restaurants": (0.88, 0.94, 0.99),
}


@pytest.mark.data
@pytest.mark.parametrize("name", sorted(FLOORS))
def test_accuracy_does_not_fall_below_its_floor(name, data_folder):
    found = CLUSTERED[name]
    accuracy, _ = clustered(data_folder / found.folder, MAPPINGS / f"{found.mapping}.yaml", workers=1)
    precision, recall, mean = FLOORS[name]
    assert accuracy.pairs.precision >= precision
    assert accuracy.pairs.recall >= recall
    assert accuracy.records_mean.f1 >= mean


def test_a_perfect_clustering_scores_one():
    truth = {"a": "1", "b": "1", "c": "2"}
    found = score_clusters(truth, truth)
    assert (found.pairs, found.records_mean, found.fused) == (Rates(1.0, 1.0), Rates(1.0, 1.0), 0)


def test_a_record_that_was_not_clustered_is_alone():
    found = score_clusters({}, {"a": "1", "b": "1"})
    assert (found.pairs.recall, found.largest) == (0.0, 1)


def test_a_fused_cluster_costs_precision():
    found = score_clusters({"a": "x", "b": "x", "c": "x"}, {"a": "1", "b": "1", "c": "2"})
    assert (found.pairs.precision, found.pairs.recall, found.fused) == (1 / 3, 1.0, 1)


def test_labelled_pairs_are_counted_by_what_was_said():
    assert score_pairs([(True, True), (True, False), (False, True), (False, False)]) == Rates(0.5, 0.5)
