"""Measure the shipped profile on the labelled sets and print the tables of docs/quality.md.

    python tests/quality/measure.py [--data FOLDER] [--fitted] [set ...]

Only columns are mapped (tests/quality/mappings/); one profile serves all sets, and no label is looked at before the end.
"""

from __future__ import annotations

import argparse
import csv
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2]))

from hub.batch.match import MatchReport, match_files
from hub.bench.accuracy import Accuracy, read_clusters, score_clusters, score_pairs
from hub.mapping import load_mapping
from hub.matching.features import Features, features
from hub.matching.rules import read_rules
from hub.matching.scoring import Scorer
from hub.model import load_model
from hub.records import RawRecord, Translation

MAPPINGS = Path(__file__).parent / "mappings"
DATA = Path(os.environ.get("HUB_TEST_DATA", Path(__file__).parents[3] / "shared" / "data"))


class DataSet(NamedTuple):
    """A folder with records.csv and truth_clusters.csv, and the mapping of its columns."""

    folder: str
    mapping: str


CLUSTERED = {
    "historical_50k": DataSet("splink_historical_50k", "splink_historical_50k"),
    "census_cis_prd": DataSet("ncn_census_cis/census_cis_prd", "ncn_census_cis"),
    "fake_20000": DataSet("splink_fake_20000", "splink_fake"),
    "fake_1000": DataSet("splink_fake_1000", "splink_fake"),
    "rldata10000": DataSet("rldata/rldata10000", "rldata"),
    "rldata500": DataSet("rldata/rldata500", "rldata"),
    "febrl1": DataSet("febrl/febrl1", "febrl"),
    "febrl2": DataSet("febrl/febrl2", "febrl"),
    "febrl3": DataSet("febrl/febrl3", "febrl"),
    "febrl4": DataSet("febrl/febrl4", "febrl"),
    "cdc tuning_test": DataSet("cdc_recordlinker/100_cluster_tuning_test", "cdc_recordlinker"),
    "senzing truthset": DataSet("senzing_truthset", "senzing_truthset"),
    "chicago": DataSet("chicago_childcare_sites", "chicago_childcare_sites"),
    "restaurants": DataSet("restaurants_fodors_zagat", "restaurants_fodors_zagat"),
    "patstat": DataSet("patstat_assignees", "patstat_assignees"),
    "leipzig (one text)": DataSet("leipzig_affiliations", "leipzig_affiliations"),
    "stoxx50 (one text)": DataSet("stoxx50", "stoxx50"),
    "dnb (one text)": DataSet("dnb_company_names", "dnb_company_names"),
}
PAIRED = {
    "cdc nbs": DataSet("cdc_recordlinker/nbs", "cdc_nbs"),
    "opensanctions names": DataSet("opensanctions_name_bench", "opensanctions_name_bench"),
}
TRUE_LABELS = frozenset({"true", "match"})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--fitted", action="store_true")
    parser.add_argument("sets", nargs="*")
    wanted = parser.parse_args()
    print("| set | records | P | R | F1 | B-cubed P | R | F1 | largest | fused | review | seconds |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name, found in CLUSTERED.items():
        if not wanted.sets or name in wanted.sets:
            start = time.perf_counter()
            accuracy, report = clustered(wanted.data / found.folder, MAPPINGS / f"{found.mapping}.yaml", fitted=wanted.fitted)
            print(row(name, accuracy, report, time.perf_counter() - start), flush=True)
    print("\n| pairs | labelled | true | match P | R | F1 | match or review P | R | F1 |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name, found in PAIRED.items():
        if not wanted.sets or name in wanted.sets:
            print(paired(name, wanted.data / found.folder, MAPPINGS / f"{found.mapping}.yaml"), flush=True)


def clustered(folder: Path, mapping: Path, *, fitted: bool = False, workers: int = 2) -> tuple[Accuracy, MatchReport]:
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "clusters.csv"
        report = match_files([folder / "records.csv"], mapping, out, fitted=fitted, workers=workers)
        return score_clusters(read_clusters(out), read_clusters(folder / "truth_clusters.csv")), report


def row(name: str, accuracy: Accuracy, report: MatchReport, seconds: float) -> str:
    rates = [accuracy.pairs.precision, accuracy.pairs.recall, accuracy.pairs.f1]
    rates += [accuracy.records_mean.precision, accuracy.records_mean.recall, accuracy.records_mean.f1]
    figures = " | ".join(f"{rate:.3f}" for rate in rates)
    review = f"{report.review} ({100 * report.review / max(report.records, 1):.1f} %)"
    return f"| {name} | {report.records:,} | {figures} | {accuracy.largest} | {accuracy.fused} | {review} | {seconds:.0f} |"


def paired(name: str, folder: Path, mapping: Path) -> str:
    rules = read_rules(load_model().folder("customer"))
    scorer, known = Scorer(rules), dict(feature_rows(folder, mapping))
    with (folder / "truth_pairs.csv").open(newline="", encoding="utf-8") as file:
        labels = [(line["record_id_l"], line["record_id_r"], line["label"] in TRUE_LABELS) for line in csv.DictReader(file)]
    said = [(scorer.quick(known[left], known[right]), true) for left, right, true in labels]
    at = {
        limit: score_pairs((score[0] >= limit and not score[3], true) for score, true in said)
        for limit in (rules.match_bits, rules.review_bits)
    }
    figures = " | ".join(f"{rates.precision:.3f} | {rates.recall:.3f} | {rates.f1:.3f}" for rates in at.values())
    return f"| {name} | {len(labels)} | {sum(true for *_, true in labels)} | {figures} |"


def feature_rows(folder: Path, mapping: Path) -> Iterator[tuple[str, Features]]:
    rules, mapped = read_rules(load_model().folder("customer")), load_mapping(mapping, model=load_model())
    with (folder / "records.csv").open(newline="", encoding="utf-8") as file:
        for line in csv.DictReader(file):
            found = mapped.apply(RawRecord(stream="records", data=dict(line)))[0]
            data = found.data if isinstance(found, Translation) else {}
            yield line["record_id"], features(data, system=mapped.system, rules=rules)


if __name__ == "__main__":
    main()
