from __future__ import annotations

from typing import Any

import pytest

from hub.cleaning import FUNCTIONS
from hub.errors import Unclean


@pytest.mark.parametrize(
    ("name", "arguments", "result"),
    [
        ("lower", ["ÁB"], "áb"),
        ("upper", ["áb"], "ÁB"),
        ("trim", [" a b "], "a b"),
        ("title", ["JEAN-PIERRE O'NEIL DE LA CRUZ"], "Jean-Pierre O'Neil de la Cruz"),
        ("digits", ["a1-2 b3"], "123"),
        ("digits", ["abc"], None),
        ("concat", ["a", None, 1], "a1"),
        ("concat", [None, None], None),
        ("join_words", [" ", ["Ana", None, "", " Gil "]], "Ana Gil"),
        ("split", ["a; b;;c", ";"], ["a", "b", "c"]),
        ("split", [None, ";"], []),
        ("replace", ["a-b", "-", "+"], "a+b"),
        ("pad", [7, 5], "00007"),
        ("default", [None, "x"], "x"),
        ("default", ["", "x"], ""),
        ("if_empty", ["  ", "x"], "x"),
        ("if_empty", ["a", "x"], "a"),
        ("left", ["abc", 2], "ab"),
        ("right", ["abc", 2], "bc"),
        ("right", ["abc", 0], ""),
        ("between", ["abcdef", 2, 4], "bcd"),
        ("lower", [7], "7"),
        ("email", ["n/a"], None),
        ("email", ["ANA@b.es"], "ana@b.es"),
        ("moment", ["2026-03-01T10:00:00", "Europe/Madrid"], "2026-03-01T09:00:00Z"),
        ("person_name", ["Ana Gil"], {"full": "Ana Gil", "given": "Ana", "family": "Gil"}),
        ("nicknames", [None], []),
        ("placeholder", ["-"], True),
    ],
)
def test_a_function_does_what_its_name_says(name: str, arguments: list[Any], result: Any) -> None:
    assert FUNCTIONS[name](*arguments) == result


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("lower", [[]]),
        ("left", ["a", -1]),
        ("pad", ["a", 10**9]),
        ("replace", ["a" * 2_000, "a", "b" * 2_000]),
        ("lower", [True]),
    ],
)
def test_what_cannot_be_or_would_grow_without_end_is_refused(name: str, arguments: list[Any]) -> None:
    with pytest.raises(Unclean):
        FUNCTIONS[name](*arguments)


def test_no_function_hides_one_of_jmespath() -> None:
    from jmespath.functions import Functions

    assert not set(Functions.FUNCTION_TABLE) & set(FUNCTIONS)
