"""Sketches: of each node, numbers for its single values, so that candidates can be sifted by columns without reading features."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from hub.batch.sieve import ABSENT, FIELDS, PLACES, SEVERAL
from hub.batch.telling import tell_features

_LISTS = {
    "given": ("n", 1), "family": ("n", 2), "email": ("e", 1), "phone": ("t", 1),
    **{name: ("a", place) for place, name in enumerate(PLACES, 1)},
}  # fmt: skip
_SINGLE = {"kind": "k", "gender": "g", "birth": "b"}

Nodes = NDArray[np.int32]


def sketch(db: duckdb.DuckDBPyConnection) -> None:
    """The table ``sketch`` beside ``node``, and the values of each field in the tables ``word_<field>``."""
    tell_features(db)
    numbers, joins = [], []
    for name in FIELDS:
        many, value = (f"len({_LISTS[name][0]}) > 1", _place(*_LISTS[name])) if name in _LISTS else ("false", _SINGLE[name])
        db.execute(
            f"CREATE TABLE word_{name} AS SELECT (row_number() OVER (ORDER BY word) - 1)::INTEGER AS number, word "  # noqa: S608
            f"FROM (SELECT DISTINCT {value} AS word FROM told_features WHERE {value} <> '')"
        )
        numbers.append(f"CASE WHEN {many} THEN {SEVERAL} ELSE coalesce(word_{name}.number, {ABSENT}) END::INTEGER AS {name}")
        joins.append(f"LEFT JOIN word_{name} ON word_{name}.word = {value}")
    db.execute(
        f"CREATE TABLE sketch AS SELECT id AS node, {', '.join(numbers)}, "  # noqa: S608
        "s IS NOT NULL OR coalesce(len(n) > 1 OR n[1][3] <> '', false) AS open, "
        "i IS NOT NULL AS identified, o IS NOT NULL AS organized, a IS NOT NULL AS placed "
        f"FROM told_features {' '.join(joins)} ORDER BY node"
    )
    db.execute("DROP TABLE told_features")


def _place(column: str, place: int) -> str:
    return f"{column}[1][{place}]"


def drawn(db: duckdb.DuckDBPyConnection, low: int, high: int) -> tuple[Nodes, Nodes]:
    """Both sides of the candidates whose smaller node lies in [low, high), in order."""
    found = db.execute("SELECT a, b FROM candidate WHERE a >= ? AND a < ? ORDER BY a, b", [low, high]).fetchnumpy()
    return found["a"], found["b"]


def sketches(db: duckdb.DuckDBPyConnection) -> dict[str, NDArray[Any]]:
    """What the sketches of all nodes tell, by field; a node's number is its place."""
    found: dict[str, NDArray[Any]] = db.execute("SELECT * EXCLUDE node FROM sketch ORDER BY node").fetchnumpy()
    return found
