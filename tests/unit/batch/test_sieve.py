"""The sieve drops no candidate that the scorer would have kept, under any rules, whatever records say or leave out."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from random import Random
from typing import Any

import duckdb
import orjson
import pytest

from hub.batch.sieve import Drawn, Sieve
from hub.batch.sketching import drawn, sketch, sketches
from hub.matching.prepared import Prepared
from hub.matching.rules import MatchingRules, load_rules
from hub.matching.scoring import Scorer
from hub.model import load_model

GIVEN = ("ana", "anna", "ana maria", "bernardo", "benito", "b", "jose", "pepe", "garcia", "maria jose", "")
FAMILY = ("garcia", "garcia lopez", "lopez", "gracia", "jose", "ana", "muller", "van der berg", "berg", "")
BORN = ("1980-01-02", "1980-02-01", "1980-01-03", "1981-01-02", "1985-11-30", "1980-01", "1980", "2003-07-07")
MAIL = ("ana.garcia@post.example", "ana.garcia1@post.example", "ana.garcia@web.example", "info@post.example", "x@post.example")
PHONE = ("600111222", "600111223", "611999888", "111222", "0600111222")
STREET = ("calle mayor 5", "calle mayor 7", "calle mayor", "mayor 5", "plaza sol 1", "")
CODE = ("28001", "28002", "28101", "08001", "280", "")
TOWN = ("madrid", "madird", "barcelona", "san juan", "juan", "")
COMPANY = ("panaderia sol", "panaderia la sol", "sol", "talleres gomez", "gomez")


def rules(**changed: Any) -> MatchingRules:
    model = load_model()
    weights = orjson.loads((model.folder("customer") / "model.json").read_bytes())
    made = load_rules(model.rules("customer", "matching"), weights)
    return replace(made, **changed) if changed else made


def features(chance: Random) -> dict[str, Any]:
    """Like those of records: most have one value of a kind, some several or none."""

    def some(pool: tuple[str, ...]) -> list[list[Any]]:
        return [[one, int(chance.random() < 0.1)] for one in chance.sample(pool, chance.choice((0, 1, 1, 1, 1, 2)))]

    kind = chance.choice("pppo")
    found: dict[str, Any] = {"k": kind} if chance.random() < 0.9 else {}
    if kind == "p":
        suffix = chance.choice(("", "", "", "", "jr", "sr"))
        names = [[chance.choice(GIVEN), chance.choice(FAMILY), suffix, 0] for _ in range(chance.choice((0, 1, 1, 1, 1, 2)))]
        found["n"] = [name for name in names if name[0] or name[1]]
        found["b"] = chance.choice((*BORN, ""))
        found["g"] = chance.choice(("m", "f", ""))
    if kind == "o" or chance.random() < 0.05:
        found["o"] = [[chance.choice(COMPANY), chance.choice(("", "sl", "sa")), 0]]
    found["e"], found["t"] = some(MAIL), some(PHONE)
    parts = (STREET, CODE, TOWN, ("", "", "norte"), ("es", "fr", ""))
    places = [list(map(chance.choice, parts)) for _ in range(chance.choice((0, 1, 1, 1, 1, 2)))]
    found["a"] = [[*place, 0] for place in places if any(place)]
    if chance.random() < 0.1:
        found["i"] = [["tax", "es", chance.choice(("b1234567", "b1234568")), int(chance.random() < 0.5), "", "", 0]]
    if chance.random() < 0.02:
        found["s"] = True
    return {name: value for name, value in found.items() if value}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("changed", [{}, {"guards": {}}, {"review_bits": -8000}])
def test_what_the_sieve_drops_the_scorer_would_have_dropped(seed: int, changed: dict[str, Any]) -> None:
    chance = Random(seed)
    nodes = [features(chance) for _ in range(160)]
    pairs = list(combinations(range(len(nodes)), 2))
    db = duckdb.connect()
    db.execute("CREATE TABLE node (id INTEGER, features VARCHAR)")
    db.executemany("INSERT INTO node VALUES (?, ?)", [[n, orjson.dumps(one).decode()] for n, one in enumerate(nodes)])
    db.execute(
        "CREATE TABLE candidate AS SELECT unnest(?::INTEGER[]) AS a, unnest(?::INTEGER[]) AS b",
        [[a for a, _ in pairs], [b for _, b in pairs]],
    )
    sketch(db)
    scorer = Scorer(rules(**changed))

    def words(field: str) -> list[str]:
        return [word for (word,) in db.execute(f"SELECT word FROM word_{field} ORDER BY number").fetchall()]

    sieve = Sieve(scorer, words)

    columns = Drawn(*drawn(db, 0, len(nodes)), sketches(db))
    assert list(zip(columns.a.tolist(), columns.b.tolist(), strict=True)) == pairs
    stays = {pairs[place] for place in sieve(columns).tolist()}
    sides = [Prepared(one) for one in nodes]
    kept = {(a, b) for a, b in pairs if scorer.counted(sides[a], sides[b]) is not None}
    assert kept
    assert kept <= stays
    if not changed:
        assert len(stays) < len(pairs) * 0.8  # although all of them are much alike
