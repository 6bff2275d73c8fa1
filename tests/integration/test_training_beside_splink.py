"""Our estimates beside Splink's on the same comparisons: one data set, one set of levels in SQL, no term frequencies.

Both take u from random pairs and m by EM. Where we part: Splink conditions each EM on one blocking rule, leaves the columns of
that rule out and averages; we take all candidates at once and count every other pair as no match. Splink's u is of all random
pairs, we take the expected matches out: with them put back both are the same. Our weights start from the shipped ones, which
count as ten matches. Splink looks at all random pairs here; as it comes it stops once every level was seen a hundred times.
"""

from __future__ import annotations

import logging
from collections import Counter
from math import log2
from random import Random
from typing import Any

import duckdb
import numpy as np
import pytest

from hub.batch.estimating import Estimation, Table
from hub.batch.patterns import COMPARISONS, NOT_TOLD, Pattern, Patterns
from hub.matching.rules import LEVELS, read_rules
from hub.model import load_model

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

CUSTOMERS = 1_500
RECALL = 0.65
SQL = {  # comparison: our levels with their SQL on both sides' columns; what is left is `else`
    "given": {"exact": "given_l = given_r", "initial": "given_initial_l = given_initial_r"},
    "family": {"exact": "family_l = family_r", "weak": "family_initial_l = family_initial_r"},
    "birth_date": {"exact": "born_l = born_r", "same_year": "born_year_l = born_year_r"},
    "postal_code": {"exact": "code_l = code_r", "same_area": "code_area_l = code_area_r"},
}
BLOCKS = ("family_l = family_r", "born_l = born_r")
RULES = read_rules(load_model().folder("customer"))
M_APART, U_APART, PRIOR_APART, TRUE_M_APART = 0.3, 0.1, 0.15, 0.45
"""Bits. Measured: 0.22 for m (another birth date), 0.05 for u, 0.08 for the prior. From the truth m is 0.37 away (the same level:
one date tells most about a match, so EM doubts who has two), u 0.04, the prior 0.03."""
Levels = dict[tuple[str, str], float]


def records(seed: int = 4) -> list[tuple[str, ...]]:
    """Record, customer, given, family, born, code: half of the customers stand two or three times there, with slips."""
    chance = Random(seed)
    given, family = [_word(chance) for _ in range(150)], [_word(chance) for _ in range(600)]
    found: list[tuple[str, ...]] = []
    for customer in range(CUSTOMERS):
        born = f"{chance.randrange(1940, 2000)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
        told = (given[_early(chance, 150)], family[_early(chance, 600)], born, f"{chance.randrange(300):05d}")
        for copy in range(chance.choice((1, 1, 2, 3))):
            slipped = _slipped(told, given, family, chance) if copy else told
            found.append((f"{len(found):05d}", str(customer), *slipped))
    return found


def _word(chance: Random) -> str:
    return "".join(chance.choices("abcdefghijklmnoprstuvwz", k=6))


def _early(chance: Random, of: int) -> int:
    return int(of * chance.random() ** 2)


def _slipped(told: tuple[str, ...], given: list[str], family: list[str], chance: Random) -> tuple[str, ...]:
    one, two, born, code = told
    if chance.random() < 0.15:
        one = one[:1] + _word(chance) if chance.random() < 0.6 else chance.choice(given)
    if chance.random() < 0.1:
        two = two[:1] + _word(chance) if chance.random() < 0.6 else chance.choice(family)
    if chance.random() < 0.12:
        born = (
            f"{born[:4]}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}" if chance.random() < 0.7 else "1970-01-01"
        )
    if chance.random() < 0.2:
        code = f"{chance.randrange(300):05d}"
    return one, two, born, code


@pytest.fixture(scope="module")
def table() -> Any:
    base = duckdb.connect()
    base.execute("CREATE TABLE plain (unique_id TEXT, customer TEXT, given TEXT, family TEXT, born TEXT, code TEXT)")
    base.executemany("INSERT INTO plain VALUES (?, ?, ?, ?, ?, ?)", records())
    base.execute(
        "CREATE TABLE people AS SELECT *, given[1] AS given_initial, family[1] AS family_initial, born[:4] AS born_year, "
        "code[:3] AS code_area FROM plain"
    )
    yield base
    base.close()


def patterns(base: Any, where: str) -> Patterns:
    sides = "SELECT {0} FROM people a JOIN people b ON a.unique_id < b.unique_id"
    columns = [row[0] for row in base.execute("DESCRIBE people").fetchall()]
    both = ", ".join(f"{side}.{column} AS {column}_{end}" for side, end in (("a", "l"), ("b", "r")) for column in columns)
    numbered = ", ".join(_case(name) for name in SQL)
    query = f"SELECT {numbered}, count(*) FROM ({sides.format(both)}) WHERE {where} GROUP BY ALL ORDER BY ALL"
    return Counter({_packed(row[:-1]): row[-1] for row in base.execute(query).fetchall()})


def _case(name: str) -> str:
    told = " ".join(f"WHEN {sql} THEN {LEVELS[name].index(level)}" for level, sql in SQL[name].items())
    return f"CASE {told} ELSE {LEVELS[name].index('else')} END"


def _packed(levels: tuple[int, ...]) -> Pattern:
    told = dict(zip(SQL, levels, strict=True))
    return Pattern(False, bytes(told.get(name, NOT_TOLD) & 0xFF for name in COMPARISONS), 0, 0, None)


def ours(base: Any, nodes: int) -> tuple[float, Levels, Levels]:
    """Prior in bits, m and u by comparison and level."""
    met = " OR ".join(BLOCKS)
    candidates, everybody_else = Table.of(patterns(base, met)), Table.of(patterns(base, f"NOT ({met})"))
    start = {name: [RULES.weights[name][level] / 1000 for level in LEVELS[name]] for name in COMPARISONS}
    estimation = Estimation(candidates, everybody_else, people=nodes, organizations=0, start=start, numbers=RULES.numbers)
    found = estimation.run()
    m, u = {}, {}
    for name in SQL:
        matches = np.bincount(candidates.column(name), found.believed * candidates.count, len(LEVELS[name]))
        for level in (*SQL[name], "else"):
            place = LEVELS[name].index(level)
            m[name, level] = float(matches[place] / matches.sum())
            u[name, level] = float(m[name, level] / 2 ** found.weights[name][place])
    return found.person, m, u


def theirs(base: Any) -> tuple[float, Levels, Levels]:
    """The same as Splink finds them. Its prior comes from a strict rule and what we tell it of the recall of that."""
    splink = pytest.importorskip("splink")
    from splink.backends.duckdb import DuckDBAPI

    logging.getLogger("splink").setLevel(logging.ERROR)
    comparisons = [
        {
            "output_column_name": name,
            "comparison_levels": [
                {"sql_condition": "given_l IS NULL", "label_for_charts": "null", "is_null_level": True},
                *({"sql_condition": sql, "label_for_charts": level} for level, sql in SQL[name].items()),
                {"sql_condition": "ELSE", "label_for_charts": "else"},
            ],
        }
        for name in SQL
    ]
    settings = splink.SettingsCreator(
        link_type="dedupe_only", comparisons=comparisons,
        blocking_rules_to_generate_predictions=[splink.block_on("family"), splink.block_on("born")],
    )  # fmt: skip
    linker = splink.Linker(DuckDBAPI(duckdb.connect()).register(base.sql("SELECT * FROM people").df()), settings)
    linker.training.estimate_probability_two_random_records_match([splink.block_on("given", "family", "born")], recall=RECALL)
    linker.training.estimate_u_using_random_sampling(max_pairs=1e8, min_count_per_level=None)  # all pairs
    for rule in ("family", "born"):
        linker.training.estimate_parameters_using_expectation_maximisation(splink.block_on(rule))
    m, u = {}, {}
    model = linker.misc.save_model_to_json()
    for told in model["comparisons"]:
        for level in told["comparison_levels"]:
            if not level.get("is_null_level"):
                m[told["output_column_name"], level["label_for_charts"]] = level["m_probability"]
                u[told["output_column_name"], level["label_for_charts"]] = level["u_probability"]
    return log2(model["probability_two_random_records_match"]), m, u


def truth(base: Any) -> tuple[float, Levels, Levels]:
    """The same, counted by who they are."""
    found: list[Levels] = []
    sizes = []
    for where in ("customer_l = customer_r", "customer_l <> customer_r"):
        seen = Table.of(patterns(base, where))
        sizes.append(seen.count.sum())
        shares = {name: np.bincount(seen.column(name), seen.count, len(LEVELS[name])) / sizes[-1] for name in SQL}
        found.append({(n, level): float(shares[n][LEVELS[n].index(level)]) for n in SQL for level in (*SQL[n], "else")})
    return log2(sizes[0] / sum(sizes)), *found


def bits(one: float, other: float) -> float:
    return abs(log2(one / other))


def test_same_comparisons_give_the_same_estimates(table: Any) -> None:
    nodes = table.execute("SELECT count(*) FROM people").fetchone()[0]
    prior, m, u = ours(table, nodes)
    their_prior, their_m, their_u = theirs(table)
    true_prior, true_m, true_u = truth(table)
    share = 2**prior
    raw = {level: u[level] * (1 - share) + m[level] * share for level in u}  # with the matches put back

    assert max(bits(m[level], their_m[level]) for level in m) < M_APART
    assert max(bits(raw[level], their_u[level]) for level in u) < U_APART
    assert abs(prior - their_prior) < PRIOR_APART
    assert max(bits(m[level], true_m[level]) for level in m) < TRUE_M_APART
    assert max(bits(u[level], true_u[level]) for level in u) < U_APART
    assert abs(prior - true_prior) < U_APART


def test_taking_matches_out_of_chance_is_the_large_difference(table: Any) -> None:
    """A birth date that random pairs share is mostly that of one customer: Splink's u counts them, so its level is worth less."""
    _, _, u = ours(table, table.execute("SELECT count(*) FROM people").fetchone()[0])
    _, _, their_u = theirs(table)
    _, _, true_u = truth(table)
    level = ("birth_date", "exact")
    assert log2(their_u[level] / true_u[level]) == pytest.approx(1.05, abs=0.1)
    assert bits(u[level], true_u[level]) < U_APART
