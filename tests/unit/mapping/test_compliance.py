"""JMESPath's own compliance suite. Its files stand beside the project, not in it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.mapping.expressions import ExpressionInvalid, compile_expression
from hub.mapping.functions import FunctionTable, UnknownFunction

FEWEST = 800  # the suite has nearly 900 cases: reading none of them must not pass


def cases(folder: Path) -> Iterator[tuple[str, Any, dict[str, Any]]]:
    for path in sorted(folder.glob("*.json")):
        for suite in json.loads(path.read_text(encoding="utf-8")):
            for case in suite["cases"]:
                yield path.stem, suite["given"], case


def answer(expression: str, given: Any) -> Any:
    try:
        return compile_expression(expression, FunctionTable({}))(given)
    except (ExpressionInvalid, UnknownFunction, ValueError, TypeError):
        return "an error"


@pytest.mark.data
def test_every_case_of_the_compliance_suite_has_the_answer_it_asks_for(data_folder: Path) -> None:
    seen, wrong = 0, []
    for name, given, case in cases(data_folder / "jmespath"):
        seen += 1
        found = answer(case["expression"], given)
        wanted = "an error" if "error" in case else case.get("result", found)
        if json.dumps(found, sort_keys=True, default=str) != json.dumps(wanted, sort_keys=True):
            wrong.append(f"{name}: {case['expression']}: {found!r}, not {wanted!r}")
    assert wrong == []
    assert seen > FEWEST
