"""How right a clustering is, against a known truth: per pair of records, and per record (B-cubed)."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Rates:
    """Precision, recall and their harmonic mean."""

    precision: float
    recall: float

    @property
    def f1(self) -> float:
        return 2 * self.precision * self.recall / (self.precision + self.recall) if self.precision + self.recall else 0.0


@dataclass(frozen=True, slots=True)
class Accuracy:
    """Pairwise figures are ruled by the largest clusters; B-cubed gives every record one voice."""

    records: int
    pairs: Rates
    records_mean: Rates
    largest: int
    fused: int  # clusters that hold records of two or more true customers


def read_clusters(path: Path) -> dict[str, str]:
    """record -> cluster from the first two columns of a CSV file."""
    with path.open(newline="", encoding="utf-8") as file:
        rows = csv.reader(file)
        next(rows, None)
        return {row[0]: row[1] for row in rows if len(row) > 1}


def score_clusters(predicted: Mapping[str, str], truth: Mapping[str, str]) -> Accuracy:
    """A record that was not clustered is alone."""
    cells = Counter((predicted.get(record, f"alone {record}"), entity) for record, entity in truth.items())
    ours, theirs = Counter[str](), Counter[str]()
    for (cluster, entity), count in cells.items():
        ours[cluster] += count
        theirs[entity] += count
    together = _pairs(cells.values())
    total = len(truth) or 1
    return Accuracy(
        records=len(truth),
        pairs=Rates(_share(together, _pairs(ours.values())), _share(together, _pairs(theirs.values()))),
        records_mean=Rates(
            sum(count * count / ours[cluster] for (cluster, _), count in cells.items()) / total,
            sum(count * count / theirs[entity] for (_, entity), count in cells.items()) / total,
        ),
        largest=max(ours.values(), default=0),
        fused=sum(1 for count in Counter(cluster for cluster, _ in cells).values() if count > 1),
    )


def score_pairs(verdicts: Iterable[tuple[bool, bool]]) -> Rates:
    """Of (said, true) per labelled pair."""
    counts = Counter(verdicts)
    said, true = counts[True, True] + counts[True, False], counts[True, True] + counts[False, True]
    return Rates(_share(counts[True, True], said), _share(counts[True, True], true))


def _pairs(sizes: Iterable[int]) -> int:
    return sum(size * (size - 1) // 2 for size in sizes)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 1.0
