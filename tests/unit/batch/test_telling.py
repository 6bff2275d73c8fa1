"""What the database counts of all nodes at once is what is counted node by node."""

from __future__ import annotations

from random import Random
from typing import Any

import duckdb
import orjson

from hub.batch.telling import told_values
from hub.matching.rarity import tell_values

WORDS = ("ana", "maria", "garcia", "lopez", "sol", "madrid", "san", "juan", "")


def node(chance: Random) -> dict[str, Any]:
    def some(size: int) -> list[list[Any]]:
        def text() -> str:
            return " ".join(chance.choices(WORDS, k=chance.choice((1, 1, 2)))).strip()

        return [[*(text() for _ in range(size)), 0] for _ in range(chance.randrange(3))]

    born = chance.choice(("1980-01-02", "1980-01-03", "1980-01", "1980", ""))
    found = {"k": chance.choice("po"), "n": some(3), "a": some(5), "o": some(2), "e": some(1), "b": born}
    return {name: value for name, value in found.items() if value}


def test_values_are_as_common_as_one_by_one() -> None:
    chance = Random(4)
    nodes = [node(chance) for _ in range(300)]
    db = duckdb.connect()
    db.execute("CREATE TABLE node (id INTEGER, features VARCHAR)")
    db.executemany("INSERT INTO node VALUES (?, ?)", [[n, orjson.dumps(one).decode()] for n, one in enumerate(nodes)])

    told, expected = told_values(db), tell_values(nodes)

    assert {table: dict(counts) for table, counts in expected.counts.items()} == told.counts
    assert told.one_date == expected.one_date > 0
    assert {table: expected.nodes[table] for table in told.nodes} == told.nodes
