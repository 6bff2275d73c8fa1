"""What a rule expects of a record: JMESPath with a comparison of dates; the simple ones as Python, for all records pass them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions, signature
from jmespath.parser import ParsedResult


class _Comparing(Functions):
    """What a rule about dates needs and JMESPath lacks: its ``<`` compares numbers only."""

    @signature({"types": ["string", "null"]}, {"types": ["string", "null"]})
    def _func_before(self, left: str | None, right: str | None) -> bool | None:
        """Whether one date lies before another, as far as both are known; null when one is not."""
        return _before(left, right)


def _before(left: str | None, right: str | None) -> bool | None:
    if not left or not right:
        return None
    shared = min(len(left), len(right))
    return left[:shared] < right[:shared]


_OPTIONS = jmespath.Options(custom_functions=_Comparing())


def holds(expression: ParsedResult, data: Mapping[str, Any]) -> bool:
    """Truth as JMESPath has it. A rule that stumbles over a record does not hold for it."""
    try:
        found = expression.search(data, options=_OPTIONS)
    except JMESPathError:
        return False
    return _is_true(found)


def _is_true(found: Any) -> bool:
    return not (found is None or found is False or found in ("", [], {}))


def test_of(expression: ParsedResult) -> Callable[[Mapping[str, Any]], bool]:
    """The test as Python functions, since every record passes it; by JMESPath itself what is made of more than a few things."""
    value = _value_of(expression.parsed)
    if value is None:
        return partial(holds, expression)

    def test(data: Mapping[str, Any]) -> bool:
        try:
            return _is_true(value(data))
        except TypeError:
            return False

    return test


def _value_of(node: Mapping[str, Any]) -> Callable[[Mapping[str, Any]], Any] | None:
    """``field``, ``'text'``, ``!x``, ``x || y`` and ``before(x, y)``; None for anything else."""
    kind, word = node["type"], node.get("value")
    if kind == "field" and isinstance(word, str):
        return lambda data: data.get(word)
    if kind == "literal" and isinstance(word, str):
        return lambda data: word
    parts = [part for child in node["children"] if (part := _value_of(child)) is not None]
    if len(parts) != len(node["children"]):
        return None
    if kind == "not_expression":
        return lambda data: not _is_true(parts[0](data))
    if kind == "or_expression":
        return lambda data: found if _is_true(found := parts[0](data)) else parts[1](data)
    if kind == "function_expression" and word == "before" and len(parts) == 2:  # left and right
        return lambda data: _before(_text(parts[0](data)), _text(parts[1](data)))
    return None


def _text(found: Any) -> str | None:
    if found is None or isinstance(found, str):
        return found
    raise TypeError
