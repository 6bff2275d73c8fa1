"""Sketches: of each node, numbers for its single values, so that candidates can be sifted by columns without reading features."""

from __future__ import annotations

from typing import Any

import duckdb
from numpy.typing import NDArray

from hub.batch.sieve import ABSENT, FIELDS, PLACES, SEVERAL

_SHAPE = (
    '{"k": "VARCHAR", "g": "VARCHAR", "b": "VARCHAR", "s": "VARCHAR", "n": [["VARCHAR"]], "o": [["VARCHAR"]], '
    '"e": [["VARCHAR"]], "t": [["VARCHAR"]], "a": [["VARCHAR"]], "i": [["VARCHAR"]]}'
)
_LISTS = {
    "given": ("n", 1), "family": ("n", 2), "email": ("e", 1), "phone": ("t", 1),
    **{name: ("a", place) for place, name in enumerate(PLACES, 1)},
}  # fmt: skip
_SINGLE = {"kind": "k", "gender": "g", "birth": "b"}
_MARKS = ("open", "identified", "organized", "placed")


def sketch(db: duckdb.DuckDBPyConnection) -> None:
    """The table ``sketch`` beside ``node``, and the values of each field in the tables ``word_<field>``."""
    db.execute(
        f"CREATE TEMP TABLE told_features AS SELECT id, unnest(from_json(features, '{_SHAPE}')) FROM node"  # noqa: S608 - constants
    )
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


def drawn(db: duckdb.DuckDBPyConnection, low: int, high: int) -> dict[str, NDArray[Any]]:
    """The candidates whose smaller node lies in [low, high), with the sketches of both sides."""
    columns = [f"{side}.{name} AS {side}_{name}" for side in ("left", "right") for name in (*FIELDS, *_MARKS)]
    quoted = ", ".join(column.replace("left.", "one.").replace("right.", "other.") for column in columns)
    asked = (
        f"SELECT a, b, {quoted} FROM candidate JOIN sketch one ON one.node = a JOIN sketch other ON other.node = b "  # noqa: S608
        "WHERE a >= ? AND a < ? ORDER BY a, b"
    )
    found: dict[str, NDArray[Any]] = db.execute(asked, [low, high]).fetchnumpy()
    return found
