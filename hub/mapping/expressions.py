"""JMESPath expressions as closures: parsed once by ``jmespath``, then one small Python function per node.

``jmespath`` decides what an expression means. Its parser makes the tree, its function table checks and runs the standard
functions, and whatever node is not known here runs in its own interpreter. Property tests and the JMESPath compliance suite
hold both to the same answer. No text of a mapping is ever executed.
"""

from __future__ import annotations

import operator
import warnings
from collections.abc import Callable, Mapping
from numbers import Number
from typing import Any, cast

import jmespath
from jmespath import exceptions

from hub.mapping.functions import FunctionTable

Evaluate = Callable[[Any], Any]
Node = dict[str, Any]


class ExpressionInvalid(ValueError):
    """An expression cannot be used. ``offset`` is the place of the fault in its text, from 0."""

    def __init__(self, code: str, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.code, self.message, self.offset = code, message, offset


def parse(expression: str) -> Node:
    """The tree of an expression, as ``jmespath`` reads it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", PendingDeprecationWarning)  # `word` for 'word'; lint says so
            tree = cast(Node, jmespath.compile(expression).parsed)
    except exceptions.EmptyExpressionError as empty:
        raise ExpressionInvalid("expression_invalid", "the expression is empty") from empty
    except exceptions.IncompleteExpressionError as short:
        raise ExpressionInvalid("expression_invalid", "the expression ends too early", len(expression)) from short
    except exceptions.LexerError as wrong:
        raise ExpressionInvalid("expression_invalid", wrong.message, wrong.lexer_position) from wrong
    except exceptions.ParseError as wrong:
        raise ExpressionInvalid("expression_invalid", f"{wrong.token_value!r} does not fit here", wrong.lex_position) from wrong
    except exceptions.JMESPathError as wrong:
        raise ExpressionInvalid("expression_invalid", str(wrong)) from wrong
    except RecursionError as deep:
        raise ExpressionInvalid("expression_invalid", "the expression is nested too deeply") from deep
    return tree


def refuse_riddles(node: Node, expression: str) -> None:
    """`!a.b` is read as `(!a).b`, which is always null: nobody means that."""
    children = node["children"]
    if node["type"] == "subexpression" and children[0]["type"] == "not_expression":
        message = "`!a.b` negates `a` and then looks for `b` in true or false; write `!(a.b)`"
        raise ExpressionInvalid("negation_unclear", message, max(expression.find("!"), 0))
    for child in children:
        if isinstance(child, dict):
            refuse_riddles(child, expression)


def has_dead_branch(expression: str) -> bool:
    """``a && `null` || b`` always gives ``b``, whatever ``a`` is: what is empty cannot win against another branch."""
    try:
        return _has_dead_branch(parse(expression))
    except ExpressionInvalid:
        return False


def _has_dead_branch(node: Node) -> bool:
    if node["type"] == "or_expression":
        *others, _ = _operands(node, "or_expression")
        parts = (part for other in others if other["type"] == "and_expression" for part in _operands(other, "and_expression"))
        if any(part["type"] == "literal" and is_false(part["value"]) for part in parts):
            return True
    return any(_has_dead_branch(child) for child in node["children"] if isinstance(child, dict))


def _operands(node: Node, kind: str) -> list[Node]:
    """Those of ``a || b || c``, however they are grouped."""
    return [part for child in node["children"] for part in _operands(child, kind)] if node["type"] == kind else [node]


def compile_expression(expression: str, functions: FunctionTable) -> Evaluate:
    """A function that gives what ``jmespath`` would give for the same text and the same functions."""
    return compile_tree(parse(expression), functions)


def compile_tree(node: Node, functions: FunctionTable) -> Evaluate:
    return _Compiler(functions).build(node)


class _Expression:
    """An expression handed to a function (``&name``). ``jmespath`` looks at the class name, so it has to be this one."""

    __slots__ = ("expression",)

    def __init__(self, expression: Evaluate) -> None:
        self.expression = expression

    def visit(self, expression: Evaluate, value: Any) -> Any:
        return expression(value)


class _Compiler:
    def __init__(self, functions: FunctionTable) -> None:
        self._functions = functions

    def build(self, node: Node) -> Evaluate:
        make = getattr(self, f"_{node['type']}", None)
        return make(node) if make else self._left_to_jmespath(node)

    def _children(self, node: Node) -> list[Evaluate]:
        return [self.build(child) for child in node["children"]]

    def _left_to_jmespath(self, node: Node) -> Evaluate:
        interpreter = self._functions.interpreter()
        return lambda value: interpreter.visit(cast(Any, node), value)

    def _field(self, node: Node) -> Evaluate:
        name = node["value"]

        def field(value: Any) -> Any:
            try:
                return value.get(name)
            except AttributeError:
                return None

        return field

    def _subexpression(self, node: Node) -> Evaluate:
        names = [child["value"] for child in node["children"] if child["type"] == "field"]
        if len(names) == len(node["children"]) == 2:
            return _two_fields(*names)
        return _chain(self._children(node))

    def _pipe(self, node: Node) -> Evaluate:
        return _chain(self._children(node))

    _index_expression = _pipe

    def _current(self, node: Node) -> Evaluate:
        return lambda value: value

    _identity = _current

    def _literal(self, node: Node) -> Evaluate:
        literal = node["value"]
        return lambda value: literal

    def _index(self, node: Node) -> Evaluate:
        index = node["value"]

        def at(value: Any) -> Any:
            if not isinstance(value, list):
                return None
            try:
                return value[index]
            except IndexError:
                return None

        return at

    def _slice(self, node: Node) -> Evaluate:
        part = slice(*node["children"])
        return lambda value: value[part] if isinstance(value, list) else None

    def _or_expression(self, node: Node) -> Evaluate:
        left, right = self._children(node)
        if node["children"][1]["type"] == "literal":
            otherwise = node["children"][1]["value"]

            def either_or_constant(value: Any) -> Any:
                found = left(value)
                return found if found or not is_false(found) else otherwise

            return either_or_constant

        def either(value: Any) -> Any:
            found = left(value)
            return found if found or not is_false(found) else right(value)

        return either

    def _and_expression(self, node: Node) -> Evaluate:
        left, right = self._children(node)

        def both(value: Any) -> Any:
            found = left(value)
            return right(value) if found or not is_false(found) else found

        return both

    def _not_expression(self, node: Node) -> Evaluate:
        (inner,) = self._children(node)

        def negate(value: Any) -> bool:
            found = inner(value)
            return not (found or (isinstance(found, Number) and not isinstance(found, bool)))

        return negate

    def _comparator(self, node: Node) -> Evaluate:
        left, right = self._children(node)
        name = node["value"]
        if name == "eq":
            text = node["children"][1].get("value")
            if node["children"][1]["type"] == "literal" and type(text) is str:
                return _field_is(node["children"][0], text) or (lambda value: bool(left(value) == text))
            return lambda value: equals(left(value), right(value))
        if name == "ne":
            return lambda value: not equals(left(value), right(value))
        compare = _ORDER[name]

        def ordered(value: Any) -> Any:
            first, second = left(value), right(value)
            return compare(first, second) if _has_order(first) and _has_order(second) else None

        return ordered

    def _flatten(self, node: Node) -> Evaluate:
        (inner,) = self._children(node)

        def flatten(value: Any) -> Any:
            found = inner(value)
            if not isinstance(found, list):
                return None
            merged: list[Any] = []
            for element in found:
                if isinstance(element, list):
                    merged.extend(element)
                else:
                    merged.append(element)
            return merged

        return flatten

    def _projection(self, node: Node) -> Evaluate:
        source, each = self._children(node)

        def project(value: Any) -> Any:
            found = source(value)
            return _collect(each, found) if isinstance(found, list) else None

        return project

    def _value_projection(self, node: Node) -> Evaluate:
        source, each = self._children(node)

        def project(value: Any) -> Any:
            found = source(value)
            try:
                elements = found.values()
            except AttributeError:
                return None
            return _collect(each, elements)

        return project

    def _filter_projection(self, node: Node) -> Evaluate:
        source, each, condition = self._children(node)

        def select(value: Any) -> Any:
            found = source(value)
            if not isinstance(found, list):
                return None
            return _collect(each, [element for element in found if not is_false(condition(element))])

        return select

    def _multi_select_list(self, node: Node) -> Evaluate:
        parts = self._children(node)
        return lambda value: None if value is None else [part(value) for part in parts]

    def _multi_select_dict(self, node: Node) -> Evaluate:
        parts = [(child["value"], self.build(child["children"][0])) for child in node["children"]]
        return lambda value: None if value is None else {name: part(value) for name, part in parts}

    def _expref(self, node: Node) -> Evaluate:
        held = _Expression(self.build(node["children"][0]))
        return lambda value: held

    def _function_expression(self, node: Node) -> Evaluate:
        arguments = self._children(node)
        call = self._functions.bind(node["value"], len(arguments))
        if len(arguments) == 1:
            (only,) = arguments
            return lambda value: call(only(value))
        return lambda value: call(*[argument(value) for argument in arguments])


_ORDER: Mapping[str, Callable[[Any, Any], Any]] = {
    "lt": operator.lt,
    "gt": operator.gt,
    "lte": operator.le,
    "gte": operator.ge,
}


def is_false(value: Any) -> bool:
    """What counts as false in JMESPath: null, false, and empty text, list or object. Zero is true."""
    return value is None or value is False or (not value and (value == "" or value == [] or value == {}))


def equals(left: Any, right: Any) -> bool:
    """Equality of JMESPath: a boolean is never a number."""
    if isinstance(left, bool) is not isinstance(right, bool) and (isinstance(left, Number) and isinstance(right, Number)):
        return False
    return bool(left == right)


def _has_order(value: Any) -> bool:
    return isinstance(value, (str, Number)) and not isinstance(value, bool)


def _field_is(node: Node, text: str) -> Evaluate | None:
    """`status == 'test'`, the usual condition."""
    name = node.get("value")

    def field_is(value: Any) -> bool:
        try:
            return bool(value.get(name) == text)
        except AttributeError:
            return False

    return field_is if node["type"] == "field" else None


def _two_fields(first: str, second: str) -> Evaluate:
    def fields(value: Any) -> Any:
        try:
            return value.get(first).get(second)
        except AttributeError:
            return None

    return fields


def _chain(steps: list[Evaluate]) -> Evaluate:
    if len(steps) == 2:
        first, second = steps
        return lambda value: second(first(value))

    def chain(value: Any) -> Any:
        for step in steps:
            value = step(value)
        return value

    return chain


def _collect(each: Evaluate, elements: Any) -> list[Any]:
    collected = []
    for element in elements:
        found = each(element)
        if found is not None:
            collected.append(found)
    return collected
