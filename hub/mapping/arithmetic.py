"""Arithmetic that JMESPath lacks. Numbers that come as text are exact decimals; the answer is a decimal as text.

With a null among them the answer is null. Two whole numbers give a whole number where it is one."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal, DivisionByZero, InvalidOperation, localcontext
from typing import Any

from hub.errors import Unclean

Number = int | float | str | None


def add(left: Number, right: Number) -> Number:
    return _compute(left, right, lambda a, b: a + b)


def subtract(left: Number, right: Number) -> Number:
    return _compute(left, right, lambda a, b: a - b)


def multiply(left: Number, right: Number) -> Number:
    return _compute(left, right, lambda a, b: a * b)


def divide(left: Number, right: Number) -> Number:
    return _compute(left, right, lambda a, b: a / b)


def round_to(value: Number, places: int) -> Number:
    """Half to even, as banks do."""
    return _compute(value, 0, lambda a, _: round(a, int(places)))


def _compute(left: Number, right: Number, rule: Callable[[Decimal, Decimal], Decimal]) -> Number:
    if left is None or right is None:
        return None
    first, second = _decimal(left), _decimal(right)
    with localcontext() as context:
        context.prec = 34
        try:
            result = rule(first, second)
        except (DivisionByZero, InvalidOperation) as wrong:
            raise Unclean("This cannot be computed.", code="arithmetic_invalid") from wrong
    if type(left) is int and type(right) is int and result == result.to_integral_value():
        return int(result)
    return format(result, "f")


def _decimal(value: Any) -> Decimal:
    try:
        number = None if isinstance(value, bool) or value is None else Decimal(str(value))
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite():
        raise Unclean("This is no number.", code="number_invalid")
    return number


ARITHMETIC: dict[str, Callable[..., Any]] = {
    "add": add,
    "subtract": subtract,
    "multiply": multiply,
    "divide": divide,
    "round": round_to,
}
