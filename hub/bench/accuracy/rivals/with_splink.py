"""Splink 5 with comparisons of its library, trained without labels; clusters at a probability of .95."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from hub.bench.accuracy.rivals.blocking import WORD, blocks, with_word

THRESHOLDS = (0.95, 0.5, 0.8, 0.99, 0.999)
"""The first counts; the others are for information."""
_PAIRS = 2e6
_EM_PAIRS = 1e6


def clusters(rows: Sequence[Mapping[str, str]]) -> dict[str, dict[str, str]]:
    splink, library = importlib.import_module("splink"), importlib.import_module("splink.comparison_library")
    frame = importlib.import_module("pandas").DataFrame(with_word(rows)).rename(columns={"record_id": "unique_id"})
    frame = frame.astype(object).where(frame != "", None)
    compared = {role: make for role, make in _comparisons(library).items() if role in frame}
    columns = blocks(list(frame))
    rules = [splink.block_on(*each) for each in columns]
    connection = importlib.import_module("duckdb").connect()
    connection.execute("SET threads = 2")
    backend = importlib.import_module("splink.backends.duckdb").DuckDBAPI(connection)
    settings = splink.SettingsCreator(
        link_type="dedupe_only", unique_id_column_name="unique_id", comparisons=list(compared.values()),
        blocking_rules_to_generate_predictions=rules,
    )  # fmt: skip
    linker = splink.Linker(backend.register(frame), settings)
    _train(linker, splink, set(compared), columns)
    predictions = linker.inference.predict(threshold_match_probability=0.2)
    return {str(threshold): _clustered(linker, predictions, threshold) for threshold in THRESHOLDS}


def _comparisons(library: Any) -> dict[str, Any]:
    jaro, edits = library.JaroWinklerAtThresholds, library.LevenshteinAtThresholds
    return {
        "given": jaro("given", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        "family": jaro("family", [0.92, 0.8]).configure(term_frequency_adjustments=True),
        "organization": jaro("organization", [0.95, 0.88]).configure(term_frequency_adjustments=True),
        "dob": edits("dob", [1, 2]),
        "phone": edits("phone", [1, 2]),
        "id": edits("id", [1, 2]),
        "email": jaro("email", [0.95, 0.88]),
        "street": jaro("street", [0.92, 0.8]),
        "postcode": edits("postcode", [1]),
        "city": library.ExactMatch("city").configure(term_frequency_adjustments=True),
    }


def _train(linker: Any, splink: Any, compared: set[str], columns: list[tuple[str, ...]]) -> None:
    """The prior from the first two rules, u from random pairs, m by EM over up to three rules that leave something to learn."""
    training = linker.training
    training.estimate_probability_two_random_records_match([splink.block_on(*each) for each in columns[:2]], recall=0.7)
    training.estimate_u_using_random_sampling(max_pairs=_PAIRS, seed=1)
    wanted = [("dob",), ("given", "family"), ("id",), ("phone",), (WORD,)]
    told = compared | ({WORD} if "organization" in compared else set())
    for each in [each for each in wanted if set(each) <= told][:3]:
        training.estimate_parameters_using_expectation_maximisation(splink.block_on(*each), max_pairs=_EM_PAIRS)


def _clustered(linker: Any, predictions: Any, threshold: float) -> dict[str, str]:
    found = linker.clustering.cluster_pairwise_predictions_at_threshold(predictions, threshold)
    frame = found.as_duckdbpyrelation().df()
    return dict(zip(frame["unique_id"].astype(str), frame["cluster_id"].astype(str), strict=True))
