"""What one contender came to on one set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hub.bench.accuracy.scoring import Accuracy


@dataclass(frozen=True)
class Measured:
    """A score, or why there is none."""

    accuracy: Accuracy | None = None
    seconds: float = 0.0
    review: float | None = None  # share of the records that a person would be asked about
    best: str = ""  # the best threshold in hindsight, and its pairwise F1: for information only
    failed: str = ""

    def as_dict(self) -> dict[str, Any]:
        if self.accuracy is None:
            return {"not_run": self.failed}
        pairs, mean = self.accuracy.pairs, self.accuracy.records_mean
        found: dict[str, Any] = {
            "p": round(pairs.precision, 4),
            "r": round(pairs.recall, 4),
            "f1": round(pairs.f1, 4),
            "bcubed_p": round(mean.precision, 4),
            "bcubed_r": round(mean.recall, 4),
            "bcubed_f1": round(mean.f1, 4),
            "largest": self.accuracy.largest,
            "fused": self.accuracy.fused,
            "seconds": round(self.seconds, 1),
        }
        if self.review is not None:
            found["review"] = round(self.review, 4)
        return found | ({"best_threshold": self.best} if self.best else {})


def measured(accuracy: Accuracy, seconds: float, *, review: float | None = None, best: str = "") -> Measured:
    return Measured(accuracy, seconds, review, best)
