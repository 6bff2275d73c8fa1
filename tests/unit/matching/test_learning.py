"""What stewards' answers teach."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from hub.matching.learning import FEWEST, KNOWN, Answer, moved, relearn, rising, thresholds

EXACT, ELSE = (("email", "exact"),), (("email", "else"),)


def same(levels: tuple[tuple[str, str], ...], number: int, bits: int = 4000) -> list[Answer]:
    return [Answer(levels, bits, True)] * number


def test_too_few_answers_about_a_comparison_leave_it_as_it_is() -> None:
    assert relearn(same(ELSE, FEWEST - 1), [EXACT] * 90) == {}


def test_a_level_that_answers_show_oftener_weighs_more_and_the_others_less() -> None:
    found = relearn(same(ELSE, 50), [EXACT] * 900 + [ELSE] * 100)["email"]

    assert found.answers == 50
    assert found.by_level["else"] > 1000
    assert found.by_level["exact"] < 0


def test_what_was_known_counts_like_a_hundred_answers() -> None:
    """Before: nine of ten exact. As many answers again, half of them exact, lead half way."""
    found = relearn(same(EXACT, KNOWN // 2) + same(ELSE, KNOWN // 2), [EXACT] * 9000 + [ELSE] * 1000)["email"]

    assert found.by_level["exact"] == -400  # log2(0.7 / 0.9)
    assert found.by_level["else"] == 1600  # log2(0.3 / 0.1)


def test_answers_that_two_are_not_one_say_nothing_about_m() -> None:
    assert relearn([Answer(ELSE, 4000, False)] * 90, [EXACT] * 90) == {}


def test_the_stronger_level_stays_the_stronger() -> None:
    comparisons = {"email": {"exact": 5000, "near": 4900, "else": -1000}}
    moves = relearn(same((("email", "near"),), 60), [EXACT] * 95 + [(("email", "near"),)] * 5)

    levels = moved(comparisons, moves)["email"]

    assert levels["exact"] >= levels["near"] >= levels["else"]
    assert levels["near"] > 4900


@given(st.lists(st.tuples(st.integers(-50, 50), st.integers(1, 5)), min_size=1, max_size=30))
def test_isotonic_regression_never_falls_and_keeps_the_mean(given: list[tuple[int, int]]) -> None:
    values, weights = [one for one, _ in given], [one for _, one in given]
    fitted = rising(values, weights)

    assert all(one <= other + 1e-9 for one, other in pairwise(fitted))
    assert abs(sum(f * w for f, w in zip(fitted, weights, strict=True)) - sum(v * w for v, w in given)) < 1e-6


def banded(*bands: tuple[int, int, int]) -> list[Answer]:
    """(bits, same, not the same)"""
    return [Answer((), bits, one) for bits, yes, no in bands for one in [True] * yes + [False] * no]


def test_a_match_begins_where_nearly_all_are_the_same_and_a_question_where_some_are() -> None:
    answers = banded((3000, 0, 30), (3500, 3, 17), (4600, 12, 8), (5200, 40, 0))

    found = thresholds(answers, 3000, 6000)

    assert (found.review_bits, found.match_bits) == (3500, 5200)


def test_a_guard_that_sends_pairs_to_a_person_still_does() -> None:
    answers = banded((3000, 0, 30), (3500, 3, 17), (4600, 40, 0))

    found = thresholds(answers, 3000, 6000, ceilings=[5000, 2000])

    assert (found.review_bits, found.match_bits) == (3500, 5100)


def test_thresholds_stay_where_answers_are_few_or_all_alike_or_never_sure() -> None:
    for answers in (banded((4000, 20, 20)), banded((4000, 60, 5)), banded((3000, 20, 20), (5900, 30, 10))):
        found = thresholds(answers, 3000, 6000)
        assert (found.review_bits, found.match_bits) == (3000, 6000)
