"""Compiled expressions mean what ``jmespath`` says, for all documents and expressions."""

from __future__ import annotations

from typing import Any

import jmespath
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hub.mapping.expressions import ExpressionInvalid, compile_expression, parse
from hub.mapping.functions import FunctionTable, UnknownFunction

FUNCTIONS = FunctionTable({})
NAMES = ("a", "b", "c", "item", "long name")
FAULTS = (ValueError, TypeError, AttributeError, ArithmeticError, LookupError)

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, 1, -1, 2, 0.0, 1.0, 1.5]),
    st.sampled_from(["", "a", "b", "0", "1", "true", "Ünï", " "]),
)
documents = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)

fields = st.sampled_from(["a", "b", "c", "item", '"long name"', "@"])
literals = st.sampled_from(
    ["`0`", "`1`", "`1.0`", "`true`", "`false`", "`null`", "`[]`", "`{}`", "`[0, true]`", "'a'", "''", "'1'", '`""`']
)
ONE = ("abs", "avg", "ceil", "floor", "keys", "values", "length", "max", "min", "reverse", "sort", "sum", "to_array", "to_number")
ONE += ("to_string", "type", "not_null", "merge")
TWO = ("contains", "ends_with", "starts_with", "join", "not_null", "merge")


def grown(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    """Larger expressions out of smaller ones: every form of the grammar."""
    pair = st.tuples(inner, inner)
    steps = st.sampled_from(["a", "b", "c", '"long name"', "*", "[a, b]", "{x: a, y: @}", "length(@)", "to_string(@)"])
    brackets = st.sampled_from(
        ["[0]", "[-1]", "[5]", "[]", "[*]", "[1:]", "[::-1]", "[:2]", "[?@]", "[?a == b]", "[?a > `0`]", "[?!b]"]
    )
    return st.one_of(
        st.tuples(inner, steps).map(lambda p: f"{p[0]}.{p[1]}"),
        st.tuples(inner, brackets).map("".join),
        pair.map(lambda p: f"({p[0]}) || ({p[1]})"),
        pair.map(lambda p: f"{p[0]} && {p[1]}"),
        pair.map(lambda p: f"{p[0]} | {p[1]}"),
        st.tuples(inner, st.sampled_from(["==", "!=", "<", "<=", ">", ">="]), inner).map(lambda p: f"({p[0]}) {p[1]} ({p[2]})"),
        inner.map(lambda e: f"!({e})"),
        pair.map(lambda p: f"[{p[0]}, {p[1]}]"),
        pair.map(lambda p: f"{{x: {p[0]}, y: {p[1]}}}"),
        st.tuples(inner, inner).map(lambda p: f"({p[0]})[?{p[1]}]"),
        st.tuples(st.sampled_from(ONE), inner).map(lambda p: f"{p[0]}({p[1]})"),
        st.tuples(st.sampled_from(TWO), inner, inner).map(lambda p: f"{p[0]}({p[1]}, {p[2]})"),
        st.tuples(inner, inner).map(lambda p: f"map(&{p[0]}, {p[1]})"),
        st.tuples(st.sampled_from(["sort_by", "min_by", "max_by"]), inner, inner).map(lambda p: f"{p[0]}({p[1]}, &{p[2]})"),
    )


expressions = st.recursive(fields | literals, grown, max_leaves=6)


def exact(value: Any) -> Any:
    """A value with the type of everything in it: 1, 1.0 and true are three values."""
    if isinstance(value, list):
        return [exact(item) for item in value]
    if isinstance(value, dict):
        return {key: exact(item) for key, item in value.items()}
    return type(value).__name__, value


def by_jmespath(expression: str, document: Any) -> Any:
    try:
        return exact(jmespath.search(expression, document))
    except FAULTS:
        return "an error"


def by_us(expression: str, document: Any) -> Any:
    try:
        return exact(compile_expression(expression, FUNCTIONS)(document))
    except FAULTS:
        return "an error"


@settings(max_examples=600)
@given(expressions, documents)
@example("a == b", {"a": 1, "b": True})
@example("a == b", {"a": [1], "b": [True]})
@example("a || b", {"a": 0, "b": 1})
@example("!a", {"a": 0})
@example("a < b", {"a": "x", "b": 1})
@example("a[?b > `0`]", {"a": [{"b": True}, {"b": None}, {"b": 0.5}, {"b": "1"}]})
@example("`[]` || a", {"a": {}})
def test_an_expression_gives_exactly_what_jmespath_gives(expression: str, document: Any) -> None:
    assert by_us(expression, document) == by_jmespath(expression, document)


@given(st.text(max_size=40))
def test_any_text_is_an_expression_or_refused_like_jmespath_refuses_it(text: str) -> None:
    try:
        parse(text)
    except ExpressionInvalid as wrong:
        assert 0 <= wrong.offset <= len(text)
        with pytest.raises(ValueError):
            jmespath.compile(text)


@pytest.mark.parametrize(
    ("expression", "offset"),
    [("", 0), ("a.", 2), ("a ==", 4), ("a b", 2), ("name.'x'", 5), ("`{", 0), ("foo(", 4), ("a ? b", 2)],
)
def test_a_fault_is_found_where_it_is(expression: str, offset: int) -> None:
    with pytest.raises(ExpressionInvalid) as wrong:
        parse(expression)
    assert wrong.value.offset == offset


def test_an_expression_nested_without_end_is_refused() -> None:
    with pytest.raises(ExpressionInvalid, match="deep"):
        compile_expression("(" * 5000 + "a" + ")" * 5000, FUNCTIONS)


@pytest.mark.parametrize(
    ("call", "code", "message"),
    [
        ("lenght(a)", "function_unknown", "did you mean 'length'"),
        ("length(a, b)", "function_arguments", r"takes 1 argument\(s\), not 2"),
        ("not_null()", "function_arguments", "at least 1"),
    ],
)
def test_a_wrong_call_is_refused_when_the_expression_is_compiled(call: str, code: str, message: str) -> None:
    with pytest.raises(UnknownFunction, match=message) as wrong:
        compile_expression(call, FUNCTIONS)
    assert wrong.value.code == code


def test_an_added_function_of_nothing_gives_nothing() -> None:
    table = FunctionTable({"shout": lambda text: text.upper() + "!"})
    shout = compile_expression("shout(a)", table)
    assert [shout({"a": "x"}), shout({"a": None}), shout({"a": ""}), shout({})] == ["X!", None, None, None]
