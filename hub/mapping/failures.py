"""A compiled field, and what happens when it fails: its default, a flag, or the whole record set aside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

from hub.errors import Unclean
from hub.mapping.expressions import Evaluate
from hub.mapping.paths import Paths
from hub.mapping.shape import ABSENT, FieldRule
from hub.mapping.tidy import Finish, Flags

Value = Callable[[Any, Flags], Any]
Schema = Mapping[str, Any] | None

FAULTS = (Unclean, ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What a wrong value can raise inside an expression or a function."""
MEANS_NOTHING = "date_placeholder"
"""The code of a value that is no fault: the source wrote its own word for 'not known'."""
LONGEST_GIVEN = 200


class Known:
    """Known empty: the source carries the field and says that it has no value."""


class Field:
    """A compiled rule. ``value`` gives its canonical value; None is absent.

    Where ``finish`` is set, ``evaluate`` gives something that is often plain text, which needs no finishing;
    where ``path`` is set too, all that ``evaluate`` does is to follow these one or two steps.
    """

    __slots__ = ("evaluate", "finish", "name", "path", "paths", "rule", "value")

    def __init__(self, rule: FieldRule, name: str, paths: Paths, value: Value) -> None:
        self.rule, self.name, self.paths, self.value = rule, name, paths, value
        self.evaluate: Evaluate | None = None
        self.finish: Finish | None = None
        self.path: tuple[str, ...] = ()


class FieldFailed(Exception):
    """A field failed and wants the record set aside: which one and on what, for the reject."""

    def __init__(self, field: Field, cause: BaseException, source: Any) -> None:
        super().__init__(field.name)
        self.field, self.cause, self.source = field, cause, source


def instead(field: Field, fault: BaseException, source: Any, flags: Flags) -> Any:
    """The value of a field that failed, as its rule says: a default, or absent; or the record is set aside."""
    rule = field.rule
    cause = fault.cause if isinstance(fault, FieldFailed) else fault
    code = code_of(cause)
    if rule.default is not ABSENT and (rule.on_error == "default" or code == MEANS_NOTHING):
        return deepcopy(rule.default)
    if code == MEANS_NOTHING:
        return None
    if isinstance(fault, FieldFailed):
        raise fault  # a part of a list: it has had its say
    if rule.on_error == "flag":
        flags.append({"field": field.name, "code": code, **_given(field, source)})
        return (cause.left or None) if rule.type == "date" and isinstance(cause, Unclean) else None
    raise FieldFailed(field, fault, source) from fault


def code_of(fault: BaseException) -> str:
    """The stable code of a failure."""
    if isinstance(fault, Unclean):
        return str(fault.facts.get("code", "unclean"))
    if type(fault).__name__ == "JMESPathTypeError":
        return "type_mismatch"
    return "expression_failed"


def _given(field: Field, source: Any) -> dict[str, str]:
    """What stood in the source, when the field reads one plain value."""
    values = field.paths.values(source)
    (value,) = values.values() if len(values) == 1 else (None,)
    return {"given": value[:LONGEST_GIVEN]} if isinstance(value, str) and value.isprintable() else {}


def value_of(field: Field, source: Any) -> Any:
    """The value of a field that stands on its own: a key, an operation."""
    try:
        return field.value(source, Flags())
    except FAULTS as fault:
        raise FieldFailed(field, fault, source) from fault
