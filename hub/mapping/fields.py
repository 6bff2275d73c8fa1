"""One function per field: evaluate, tidy, put it in its place. Built once when a mapping is loaded."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any

from hub.mapping.codes import CodeList
from hub.mapping.expressions import Evaluate, ExpressionInvalid, compile_tree, parse, refuse_riddles
from hub.mapping.failures import Field, Known, Schema, Value
from hub.mapping.findings import Notes
from hub.mapping.functions import FunctionTable, UnknownFunction
from hub.mapping.lists import items_of, list_value, schema_below
from hub.mapping.paths import Paths, paths_of
from hub.mapping.shape import ABSENT, FieldRule
from hub.mapping.tidy import Finish, Flags, convert_then, tidier
from hub.mapping.values import CONVERTERS, from_unix

_TEXT_TYPES = ("", "text", "date", "datetime")
_NULL: dict[str, Any] = {"type": "literal", "value": None, "children": []}


class FieldCompiler:
    """Builds fields with the functions, code lists, schema and time zone of one mapping."""

    def __init__(self, functions: FunctionTable, codes: Mapping[str, CodeList], zone: str, notes: Notes) -> None:
        self._functions, self._codes, self._zone, self._notes = functions, codes, zone, notes

    def evaluate(self, expression: str, steps: Sequence[str | int], scope: Paths) -> tuple[Evaluate, Paths]:
        """The closure and the paths it reads; a fault is noted with its column and answered with null."""
        try:
            tree = parse(expression) if expression else _NULL
            refuse_riddles(tree, expression)
            paths = paths_of(tree, scope)
            self._strangers(paths, steps)
            return compile_tree(tree, self._functions), paths
        except ExpressionInvalid as wrong:
            unquoted = wrong.code == "expression_invalid" and "'" not in expression
            hint = "Text needs quotes inside quotes: \"'text'\"." if unquoted else ""
            message = f"{expression!r}: {wrong.message}."
            self._notes.error(wrong.code, message, *steps, hint=hint, offset=wrong.offset)
        except UnknownFunction as wrong:
            offset = max(expression.find(f"{wrong.name}("), 0)
            self._notes.error(wrong.code, f"{wrong.message}.", *steps, offset=offset)
        return (lambda value: None), Paths()

    def _strangers(self, paths: Paths, steps: Sequence[str | int]) -> None:
        """Inside a list only `item`, `record` and, in a list within a list, `parent` can be seen."""
        for name in sorted(paths.strange):
            seen = ", ".join(sorted(paths.roots))
            hint = f"Write item.{name} for a field of the item, record.{name} for one of the record."
            self._notes.error(
                "root_unknown", f"there is no {name!r} here; an expression in a list sees {seen}.", *steps, hint=hint
            )

    def field(self, rule: FieldRule, schema: Schema, scope: Paths, prefix: str = "", inside: bool = False) -> Field:
        """The field for a rule whose target's schema is known (None: anything goes)."""
        name = prefix + rule.target if rule.target else prefix.removesuffix(".")
        evaluate, paths = self.evaluate(rule.expression, rule.expression_steps, scope)
        if rule.parts is not None:
            value = self._list(rule, schema, evaluate, paths, name, inside)
        else:
            evaluate = self._lookup(rule, evaluate)
            finish, may_be_plain = self._finish(rule, schema, name)
            value = _finished(evaluate, finish)
            if may_be_plain and rule.default is ABSENT and not rule.known_empty:
                field = Field(rule, name, paths, value)
                field.evaluate, field.finish = evaluate, finish
                field.path = () if rule.lookup else paths.plain
                return field
        if rule.known_empty:
            value = _known_empty(value, paths)
        if rule.default is not ABSENT:
            value = _with_default(value, rule.default)
        return Field(rule, name, paths, value)

    def _lookup(self, rule: FieldRule, evaluate: Evaluate) -> Evaluate:
        codes = self._codes.get(rule.lookup) if rule.lookup else None
        if codes is None:
            return evaluate
        find = codes.code if rule.reverse else codes.meaning

        def lookup(source: Any) -> Any:
            found = evaluate(source)
            return None if found is None or found == "" else find(found)

        return lookup

    def _finish(self, rule: FieldRule, schema: Schema, name: str) -> tuple[Finish, bool]:
        """From what an expression gives to a canonical value; and whether plain text may stay as it is."""
        convert = self.converter(rule)
        is_word = bool(rule.lookup) or (schema is not None and any(key in schema for key in ("enum", "const")))
        keep = is_word or rule.keep_placeholders or rule.type not in _TEXT_TYPES
        tidy = tidier(name, keep, _wants_one_line(schema), numbers_as_text=convert is None and _wants_text(schema))
        return (tidy if convert is None else convert_then(convert, tidy)), rule.type in ("", "text")

    def converter(self, rule: FieldRule) -> Callable[[Any], Any] | None:
        """What `type:` asks for."""
        if rule.type in ("unix_seconds", "unix_milliseconds"):
            units = 1 if rule.type == "unix_seconds" else 1000
            return lambda value: from_unix(value, units)
        if rule.type == "amount":
            return self._call("amount")
        if rule.type == "date":
            return self._dates(rule)
        if rule.type == "datetime":
            return self.moments(rule)
        return CONVERTERS.get(rule.type)

    def _call(self, name: str, *others: Any) -> Callable[[Any], Any]:
        function = self._functions.plain(name)
        if function is None:
            raise LookupError(f"the function table has no {name}()")
        return lambda value: function(value if isinstance(value, str) else str(value), *others)

    def _dates(self, rule: FieldRule) -> Callable[[Any], Any]:
        call = self._call("date", list(rule.formats) or None)

        def to_date(value: Any) -> Any:
            is_time = isinstance(value, str) and len(value) > 10 and value[10] == "T" and not rule.formats
            return call(value[:10] if is_time else value)

        return to_date

    def moments(self, rule: FieldRule) -> Callable[[Any], Any]:
        """Anything that tells a time, as an aware moment in UTC; without an offset it is a time of the system's zone."""
        if rule.type.startswith("unix_"):
            return self.converter(rule) or _same
        call = self._call("moment", self._zone, list(rule.formats) or None)

        def to_moment(value: Any) -> Any:
            if isinstance(value, datetime):
                return value
            moment = None if rule.formats else _with_offset(value)
            if moment is not None:
                return moment
            found = call(value)
            return datetime.fromisoformat(found) if isinstance(found, str) else found

        return to_moment

    def _list(self, rule: FieldRule, schema: Schema, evaluate: Evaluate, paths: Paths, name: str, inside: bool) -> Value:
        items, scope = items_of(schema), paths.inside(inside)
        parts = rule.parts or ()
        fields = [self.field(part, schema_below(items, part.target), scope, f"{name}[].", inside=True) for part in parts]
        paths.add(*(field.paths for field in fields))
        return list_value(evaluate, fields, items, inside)


def _finished(evaluate: Evaluate, finish: Finish) -> Value:
    def value(source: Any, flags: Flags) -> Any:
        found = evaluate(source)
        return None if found is None else finish(found, flags)

    return value


def _with_default(value: Value, default: Any) -> Value:
    def or_default(source: Any, flags: Flags) -> Any:
        found = value(source, flags)
        return deepcopy(default) if found is None else found

    return or_default


def _known_empty(value: Value, paths: Paths) -> Value:
    def or_known(source: Any, flags: Flags) -> Any:
        found = value(source, flags)
        return Known if found is None and paths.carried(source) else found

    return or_known


def _with_offset(value: Any) -> datetime | None:
    """The moment that ISO text with an offset tells; the usual case, and quick."""
    try:
        moment = datetime.fromisoformat(value)
        return None if moment.tzinfo is None else moment.astimezone(UTC)
    except (TypeError, ValueError, OverflowError):
        return None


def _same(value: Any) -> Any:
    return value


def _wants_one_line(schema: Schema) -> bool:
    """Whether the schema's pattern refuses line ends: then they become spaces."""
    pattern = (schema or {}).get("pattern")
    return isinstance(pattern, str) and re.search(pattern, "a b") is not None and re.search(pattern, "a\nb") is None


def _wants_text(schema: Schema) -> bool:
    kinds = (schema or {}).get("type")
    return kinds == "string" or (isinstance(kinds, list) and set(kinds) <= {"string", "null"})
