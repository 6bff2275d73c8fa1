"""Score labelled pairs by the shipped profile, without clusters, and print the table of docs/quality.md.

    python tests/quality/measure_pairs.py FOLDER [set ...]

`goldenhub bench accuracy` measures sets with known clusters.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator
from pathlib import Path

from hub.bench.accuracy.scoring import score_pairs
from hub.bench.accuracy.sets import MAPPINGS
from hub.mapping import load_mapping
from hub.matching.features import Features, features
from hub.matching.rules import read_rules
from hub.matching.scoring import Scorer
from hub.model import load_model
from hub.records import RawRecord, Translation

PAIRED = {
    "cdc nbs": ("cdc_recordlinker/nbs", "cdc_nbs"),
    "opensanctions names": ("opensanctions_name_bench", "opensanctions_name_bench"),
}
TRUE_LABELS = frozenset({"true", "match"})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("data", type=Path)
    parser.add_argument("sets", nargs="*")
    wanted = parser.parse_args()
    print("| pairs | labelled | true | match P | R | F1 | match or review P | R | F1 |")
    print("|---|---:|---:|---:|---:|---:|---:|---:|---:|")
    for name, (folder, mapping) in PAIRED.items():
        if not wanted.sets or name in wanted.sets:
            print(paired(name, wanted.data / folder, MAPPINGS / f"{mapping}.yaml"), flush=True)


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
