"""Splink on the same rows: trained without labels, predicted, clustered. Prints one line of JSON.

Its settings are those its documentation recommends for such columns: library comparisons with term frequencies, blocking on what
identifies and on pairs of columns, u from a million random pairs, m by expectation maximisation over two rules.
"""

from __future__ import annotations

import importlib
import logging
import resource
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import duckdb
import orjson

_PAIRS = 1e6
_THRESHOLD = 0.95
_COLUMNS = ("given", "family", "company", "born", "email", "phone", "street", "code", "town")


def main(table: Path) -> dict[str, Any]:
    """Seconds and figures; precision and recall at a probability of 0.95."""
    warnings.filterwarnings("ignore")
    logging.disable(logging.WARNING)
    base = duckdb.connect()
    base.execute("SET threads = 2")
    cleaned = ", ".join(f"nullif(lower({name}), '') AS {name}" for name in _COLUMNS)
    base.execute(
        f"CREATE TABLE people AS SELECT record_id AS unique_id, truth, {cleaned} FROM read_csv(?, all_varchar = true)",  # noqa: S608
        [str(table)],
    )
    began = time.perf_counter()
    clusters = _clustered(base, "SELECT * EXCLUDE truth FROM people")
    seconds = time.perf_counter() - began
    base.register("clustered", clusters.as_duckdbpyrelation())
    return {
        "train_predict_cluster_s": round(seconds, 1),
        **_rates(base),
        "peak_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _clustered(base: Any, query: str) -> Any:
    splink, library = importlib.import_module("splink"), importlib.import_module("splink.comparison_library")
    backend = importlib.import_module("splink.backends.duckdb").DuckDBAPI(base)
    people = backend.register(base.sql(query).df())
    block = splink.block_on
    names = [
        library.JaroWinklerAtThresholds(c, [0.92, 0.8]).configure(term_frequency_adjustments=True) for c in ("given", "family")
    ]
    others = [
        library.JaroWinklerAtThresholds("company", [0.95, 0.88]),
        library.LevenshteinAtThresholds("born", [1, 2]),
        library.JaroWinklerAtThresholds("email", [0.95, 0.88]),
        library.LevenshteinAtThresholds("phone", [1, 2]),
        library.JaroWinklerAtThresholds("street", [0.92, 0.8]),
        library.LevenshteinAtThresholds("code", [1]),
        library.ExactMatch("town").configure(term_frequency_adjustments=True),
    ]
    rules = [block("phone"), block("email"), block("company", "code")]
    rules += [
        block(*pair)
        for pair in (("family", "born"), ("given", "born"), ("given", "family"), ("family", "code"), ("family", "town"))
    ]
    settings = splink.SettingsCreator(
        link_type="dedupe_only", unique_id_column_name="unique_id", comparisons=[*names, *others],
        blocking_rules_to_generate_predictions=rules,
    )  # fmt: skip
    linker = splink.Linker(people, settings)
    linker.training.estimate_probability_two_random_records_match(rules[:2], recall=0.7)
    linker.training.estimate_u_using_random_sampling(max_pairs=_PAIRS)
    for rule in (block("born"), block("given", "family")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule, max_pairs=_PAIRS)
    predictions = linker.inference.predict(threshold_match_probability=0.2)
    return linker.clustering.cluster_pairwise_predictions_at_threshold(predictions, _THRESHOLD)


def _rates(base: Any) -> dict[str, float]:
    pairs = "SELECT coalesce(sum(n * (n - 1) // 2), 0) FROM (SELECT count(*) AS n FROM {} GROUP BY {})"
    both = "clustered JOIN people USING (unique_id)"
    together, said, true = (
        base.execute(pairs.format(both, keys)).fetchone()[0] for keys in ("cluster_id, truth", "cluster_id", "truth")
    )
    return {"precision": round(together / said, 4) if said else 1.0, "recall": round(together / true, 4) if true else 1.0}


if __name__ == "__main__":
    sys.stdout.write(orjson.dumps(main(Path(sys.argv[1]))).decode() + "\n")
