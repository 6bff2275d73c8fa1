"""The Python Record Linkage Toolkit as its guide uses it for duplicates without labels: texts alike by Jaro-Winkler from .85, the
rest equal, and the ECM classifier (Fellegi and Sunter by expectation maximisation). The guide's other way, more than half of the
fields agree, is told for information. It has no clusters: connected components."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence

from hub.bench.accuracy.rivals.blocking import blocks, connected, with_word

_ALIKE = ("given", "family", "organization", "email", "street", "city")
_EQUAL = ("dob", "phone", "postcode", "id")
_LIKENESS = 0.85


def clusters(rows: Sequence[Mapping[str, str]]) -> dict[str, dict[str, str]]:
    toolkit = importlib.import_module("recordlinkage")
    frame = importlib.import_module("pandas").DataFrame(with_word(rows)).set_index("record_id")
    frame = frame.astype(object).where(frame != "", None)
    index = toolkit.Index()
    for each in blocks(list(frame)):
        index.block(list(each))
    compare = toolkit.Compare()
    for role in _ALIKE:
        if role in frame:
            compare.string(role, role, method="jarowinkler", threshold=_LIKENESS, label=role)
    for role in _EQUAL:
        if role in frame:
            compare.exact(role, role, label=role)
    found = compare.compute(index.index(frame), frame)
    ways = {
        "ECM": toolkit.ECMClassifier().fit_predict(found.loc[:, found.nunique() > 1]),
        "more than half agree": found.index[found.sum(axis=1) > len(found.columns) / 2],
    }
    return {way: connected(list(frame.index), pairs) for way, pairs in ways.items()}
