"""Estimation by EM over agreement patterns: known parameters are found back, and levels keep their order."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import product
from math import e, log2, sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.batch.estimating import FEWEST, FLOORS, Estimated, Estimation, Table, falling
from hub.batch.patterns import COMPARISONS, NOT_TOLD, Pattern, Patterns
from hub.batch.training import buckets, threshold
from hub.matching.rules import LEVELS, read_rules
from hub.model import load_model

NODES, MATCHES = 4_000, 3_000
TRUE = {  # comparison: level: (share among matches, share among all others)
    "given": {"exact": (0.8, 0.01), "near": (0.12, 0.005), "weak": (0.05, 0.06), "else": (0.03, 0.925)},
    "family": {"exact": (0.85, 0.004), "near": (0.1, 0.002), "else": (0.05, 0.994)},
    "birth_date": {"exact": (0.85, 0.0002), "one_digit": (0.1, 0.003), "else": (0.05, 0.9968)},
    "phone": {"exact": (0.6, 0.0001), "near": (0.05, 0.0004), "else": (0.35, 0.9995)},
}
RULES = read_rules(load_model().folder("customer"))
START = {name: [RULES.weights[name][level] / 1000 for level in LEVELS[name]] for name in COMPARISONS}
CLOSE, ERRORS = 0.35, 3.0
"""Bits between what was simulated and what is found, beside so many standard errors of what random pairs tell of a level."""
RANDOM = 100_000


def packed(levels: dict[str, str]) -> Pattern:
    numbers = (LEVELS[name].index(levels[name]) if name in levels else NOT_TOLD for name in COMPARISONS)
    return Pattern(False, bytes(number & 0xFF for number in numbers), 0, 0, None)


def simulated(seed: int) -> tuple[Patterns, Patterns]:
    """Candidates (pairs that agree on something rare, and all matches), and 100,000 random pairs of all others."""
    chance = np.random.default_rng(seed)
    cells = [dict(zip(TRUE, levels, strict=True)) for levels in product(*TRUE.values())]
    m, u = (np.array([np.prod([TRUE[name][level][side] for name, level in cell.items()]) for cell in cells]) for side in (0, 1))
    pairs = NODES * (NODES - 1) // 2
    matches = chance.multinomial(MATCHES, m / m.sum())
    others = chance.multinomial(pairs - MATCHES, u / u.sum())
    unmet = others * np.array([not _met(cell) for cell in cells])
    drawn = chance.multivariate_hypergeometric(unmet, RANDOM, method="marginals")
    seen: Patterns = Counter()
    for cell, match, other in zip(cells, matches.tolist(), others.tolist(), strict=True):
        seen[packed(cell)] = match + (other if _met(cell) else 0)
    return +seen, +Counter({packed(cell): int(times) for cell, times in zip(cells, drawn, strict=True)})


def _met(cell: dict[str, str]) -> bool:
    return cell["family"] in ("exact", "near") or cell["birth_date"] in ("exact", "one_digit") or cell["phone"] == "exact"


def estimated_from(seen: Patterns, drawn: Patterns) -> tuple[Estimated, Estimation]:
    estimation = Estimation(
        Table.of(seen), Table.of(drawn), people=NODES, organizations=0, start=START, numbers=RULES.numbers
    )  # fmt: skip
    return estimation.run(), estimation


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_what_was_simulated_is_found_back(seed: int) -> None:
    seen, drawn = simulated(seed)
    found, _ = estimated_from(seen, drawn)

    assert found.person == pytest.approx(log2(MATCHES / (NODES * (NODES - 1) / 2)), abs=0.05)
    assert found.matches == pytest.approx(MATCHES, rel=0.03)
    for name, levels in TRUE.items():
        for level, (m, u) in levels.items():
            told, evidence = log2(m / u), u * RANDOM
            if m * MATCHES >= 50 and evidence >= 10 and told > FLOORS[name]:
                tolerance = CLOSE + ERRORS * log2(e) / sqrt(evidence)
                assert found.weights[name][LEVELS[name].index(level)] == pytest.approx(told, abs=tolerance), (name, level)


def test_the_order_in_which_patterns_were_counted_makes_no_difference() -> None:
    seen, drawn = simulated(4)
    turned = Counter(dict(reversed(list(seen.items()))))
    one, two = estimated_from(seen, drawn)[0], estimated_from(turned, drawn)[0]
    assert (one.weights, one.person, one.matches) == (two.weights, two.person, two.matches)


def test_what_nobody_tells_keeps_its_weights() -> None:
    found, _ = estimated_from(*simulated(1))
    for name in ("email", "street", "organization", "identifier", "kind", "suffix"):
        assert found.weights[name] == START[name]


@pytest.mark.parametrize("seed", [1, 2])
def test_weaker_levels_do_not_outweigh_stronger_ones_and_no_difference_says_more_than_its_floor(seed: int) -> None:
    found, _ = estimated_from(*simulated(seed))
    for name, bits in found.weights.items():
        assert bits == sorted(bits, reverse=True), name
        assert min(bits) >= min(FLOORS.get(name, -np.inf), *START[name]), name


def test_the_threshold_is_the_lowest_that_the_precision_allows() -> None:
    found, estimation = estimated_from(*simulated(1))
    table = estimation.candidates
    for precision in (0.9, 0.97, 0.99):
        bits = threshold(found, table, precision)
        expected = [_expected(found, table, each) for each in np.arange(0, bits + 0.5, 0.5)]
        sure = [share - 1.64 * sqrt(share * (1 - share) / found.matches) for share in expected]
        assert bits == 6 or sure[-1] >= precision
        assert all(each < precision for each in sure[:-1])


def test_the_fewer_matches_are_expected_the_higher_the_threshold() -> None:
    found, estimation = estimated_from(*simulated(1))
    few = replace(found, matches=40.0)
    assert threshold(few, estimation.candidates, 0.97) > threshold(found, estimation.candidates, 0.97)


def _expected(found: Estimated, table: Table, bits: float) -> float:
    said = found.bits >= bits
    return float((found.believed * table.count)[said].sum() / table.count[said].sum())


def test_hardly_any_match_moves_nothing() -> None:
    """Two matches are no evidence: the prior and all weights stay what they were."""
    seen = Counter({packed({"given": "exact", "family": "exact", "birth_date": "exact", "phone": "exact"}): 2})
    seen[packed({"given": "else", "family": "exact", "birth_date": "else", "phone": "else"})] = 500
    drawn = Counter({packed({"given": "else", "family": "else", "birth_date": "else", "phone": "else"}): 100_000})
    found, _ = estimated_from(seen, drawn)
    assert found.matches < FEWEST
    assert found.weights == START
    assert found.person == -log2(NODES)


NUMBERS = st.floats(-30, 30, allow_nan=False)
STEPS = st.lists(st.tuples(NUMBERS, st.floats(0.01, 1e6)), min_size=1, max_size=9)


@given(STEPS)
def test_falling_never_rises_keeps_the_mean_and_is_done_once(steps: list[tuple[float, float]]) -> None:
    bits, weight = (np.array(column) for column in zip(*steps, strict=True))
    found = falling(bits, weight)

    assert np.all(np.diff(found) <= 1e-9)
    assert np.average(found, weights=weight) == pytest.approx(np.average(bits, weights=weight), abs=1e-6)
    assert falling(found, weight) == pytest.approx(found, abs=1e-9)


@given(STEPS, st.lists(NUMBERS, min_size=9, max_size=9))
def test_no_other_falling_sequence_is_nearer(steps: list[tuple[float, float]], drawn: list[float]) -> None:
    bits, weight = (np.array(column) for column in zip(*steps, strict=True))
    other = np.array(sorted(drawn, reverse=True)[: len(bits)])
    away, farther = (float((weight * (each - bits) ** 2).sum()) for each in (falling(bits, weight), other))
    assert away <= farther * (1 + 1e-9) + 1e-9


@given(st.dictionaries(st.text("abc d", min_size=1, max_size=6).filter(lambda text: text.strip() == text), st.integers(0, 30)))
def test_values_stand_in_buckets_whatever_the_order(steps: dict[str, int]) -> None:
    bits = {value: step * 500 for value, step in steps.items() if "  " not in value}
    turned = dict(reversed(list(bits.items())))
    assert buckets(bits) == buckets(turned)
    assert list(buckets(bits)) == list(buckets(turned))
    read = {
        word.replace("_", " "): round(float(worth) * 1000) for worth, words in buckets(bits).items() for word in words.split()
    }
    assert read == bits


def test_equal_dates_are_counted_where_a_sample_is_too_small_to_tell() -> None:
    seen, drawn = simulated(1)
    exact = LEVELS["birth_date"].index("exact")
    given: dict[str, Any] = {"people": NODES, "organizations": 0, "start": START, "numbers": RULES.numbers}
    sampled = Estimation(Table.of(seen), Table.of(drawn), **given)
    counted = Estimation(Table.of(seen), Table.of(drawn), one_date=50_000, **given)
    assert counted.chance["birth_date"][exact] == 50_000 != sampled.chance["birth_date"][exact]
    among = sum(times for one, times in seen.items() if one.levels[COMPARISONS.index("birth_date")] == exact)
    assert Estimation(Table.of(seen), Table.of(drawn), one_date=1, **given).chance["birth_date"][exact] == among


SITE = {"organization": "exact", "street": "exact", "phone": "exact"}
ELSEWHERE = {**SITE, "street": "else"}


@pytest.mark.parametrize(
    ("one_phone", "another", "apart"),
    [(30, 170, True), (90, 110, False), (3, 1, False), (1, 3, False)],
    ids=["schools", "companies that moved", "too few", "too few to tell"],
)
def test_whether_another_street_is_another_customer_is_told_by_telephones(one_phone: int, another: int, apart: bool) -> None:
    seen: Patterns = Counter({organizations(SITE): 190, organizations({**SITE, "phone": "else"}): 10})
    seen += Counter({organizations(ELSEWHERE): one_phone, organizations({**ELSEWHERE, "phone": "else"}): another})
    rest = Counter({organizations({"organization": "else", "street": "else", "phone": "else"}): RANDOM})
    estimation = Estimation(Table.of(seen), Table.of(rest), people=0, organizations=500, start=START, numbers=RULES.numbers)
    assert estimation.other_sites(estimation.run()) is apart


def organizations(levels: dict[str, str]) -> Pattern:
    return packed(levels)._replace(organizations=True)


def test_what_little_is_learned_leaves_what_was_held() -> None:
    _, estimation = estimated_from(*simulated(1))
    held = np.array(START["country"])
    assert estimation.learned("country", held, np.array([FEWEST / 2, 0.0])) is held
    bits = estimation.learned("phone", np.array(START["phone"]), np.array([90.0, 0.0, 10.0]))
    assert bits[0] > bits[2] >= FLOORS["phone"]
