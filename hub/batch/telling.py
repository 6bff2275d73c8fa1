"""Features as columns: what all nodes tell, read once from their JSON by the database and not one by one."""

from __future__ import annotations

import duckdb

from hub.matching.rarity import Told

_SHAPE = (
    '{"k": "VARCHAR", "g": "VARCHAR", "b": "VARCHAR", "s": "VARCHAR", "n": [["VARCHAR"]], "o": [["VARCHAR"]], '
    '"e": [["VARCHAR"]], "t": [["VARCHAR"]], "a": [["VARCHAR"]], "i": [["VARCHAR"]]}'
)
_VALUES = {
    "given": "[split_part(x[1], ' ', 1) for x in n]",
    "family": "[x[2] for x in n]",
    "locality": "[x[3] for x in a]",
    "organization": "flatten([string_split(x[1], ' ') for x in o])",
}
"""The values of a node, for every table of frequencies, as `hub.matching.rarity.tell_values` takes them from its features."""


def tell_features(db: duckdb.DuckDBPyConnection) -> None:
    """The table ``told_features`` beside ``node``, if it is not there yet."""
    db.execute(
        f"CREATE TABLE IF NOT EXISTS told_features AS SELECT id, unnest(from_json(features, '{_SHAPE}')) FROM node"  # noqa: S608 - constants
    )


def told_values(db: duckdb.DuckDBPyConnection) -> Told:
    """How common values are among these nodes, and how many of them tell any."""
    tell_features(db)
    counts: dict[str, dict[str, int]] = {}
    nodes: dict[str, int] = {}
    for table, values in _VALUES.items():
        db.execute(
            f"CREATE TEMP TABLE values_told AS SELECT told FROM (SELECT list_distinct([x for x in {values} if x <> '']) AS told "  # noqa: S608
            "FROM told_features) WHERE len(told) > 0"
        )
        listed = "SELECT value, count(*) FROM (SELECT unnest(told) AS value FROM values_told) GROUP BY value ORDER BY value"
        counts[table] = dict(db.execute(listed).fetchall())
        nodes[table] = int((db.execute("SELECT count(*) FROM values_told").fetchone() or (0,))[0])
        db.execute("DROP TABLE values_told")
    pairs = "SELECT sum(n * (n - 1) // 2) FROM (SELECT count(*) AS n FROM told_features WHERE len(b) = 10 GROUP BY b)"
    return Told(counts, nodes, int((db.execute(pairs).fetchone() or (0,))[0] or 0))
