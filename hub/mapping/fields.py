"""One function per field: evaluate, tidy, put it in its place. Built once when a mapping is loaded.

What an expression gives becomes a canonical value here: empty text and placeholders are absent, text is NFC without control
characters, a cleaned value leaves its flag, an item of a list keeps what was given.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from hub.errors import Unclean
from hub.mapping.codes import CodeList
from hub.mapping.expressions import Evaluate, ExpressionInvalid, compile_tree, parse
from hub.mapping.findings import Notes
from hub.mapping.functions import FunctionTable, UnknownFunction
from hub.mapping.paths import Paths, paths_of
from hub.mapping.shape import ABSENT, FieldRule
from hub.mapping.values import CONVERTERS, clean_text, from_unix, shown_time

Run = Callable[[Any, dict[str, Any], "Flags"], None]
Schema = Mapping[str, Any] | None
Finish = Callable[[Any, "Flags"], Any]

FAULTS = (Unclean, ValueError, TypeError, ArithmeticError, LookupError, AttributeError, RecursionError)
"""What a wrong value can raise inside an expression or a function."""
_SCALARS = frozenset({int, bool, float})
LONGEST_PLACEHOLDER = 30
MOST_REMEMBERED = 10_000


class Known:
    """Known empty: the source carries the field and says that it has no value."""


class Flags(list[dict[str, Any]]):
    """What was not sure or left out, for `flags` of the record; and how the last cleaned value was given."""

    __slots__ = ("given",)
    given: str | None


class FieldFailed(Exception):
    """A field inside a list failed; which one and on what, for the reject."""

    def __init__(self, field: Field, cause: BaseException, source: Any) -> None:
        super().__init__(field.rule.target)
        self.field, self.cause, self.source = field, cause, source


class Field:
    """A compiled rule: ``run`` puts its value into a record."""

    __slots__ = ("inside", "name", "paths", "rule", "run")

    def __init__(self, rule: FieldRule, name: str, run: Run, paths: Paths, inside: bool) -> None:
        self.rule, self.name, self.run, self.paths, self.inside = rule, name, run, paths, inside


class FieldCompiler:
    """Builds fields with the functions, code lists, schema and time zone of one mapping."""

    def __init__(self, functions: FunctionTable, codes: Mapping[str, CodeList], zone: str, notes: Notes) -> None:
        self._functions, self._codes, self._zone, self._notes = functions, codes, zone, notes
        self._placeholder: Callable[[str], bool] = word_placeholder(functions.plain("placeholder") or _never)

    def evaluate(self, expression: str, steps: Sequence[str | int], scope: Paths) -> tuple[Evaluate, Paths]:
        """The closure and the paths it reads; a fault is noted with its column and answered with null."""
        try:
            tree = parse(expression) if expression else {"type": "literal", "value": None, "children": []}
            return compile_tree(tree, self._functions), paths_of(tree, scope)
        except ExpressionInvalid as wrong:
            hint = "Text needs quotes inside quotes: \"'text'\"." if "'" not in expression else ""
            message = f"{expression!r}: {wrong.message}."
            self._notes.error(wrong.code, message, *steps, hint=hint, offset=wrong.offset)
        except UnknownFunction as wrong:
            offset = max(expression.find(f"{wrong.name}("), 0)
            self._notes.error(wrong.code, f"{wrong.message}.", *steps, offset=offset)
        return (lambda value: None), Paths()

    def field(self, rule: FieldRule, schema: Schema, scope: Paths, prefix: str = "", inside: bool = False) -> Field:
        """The field for a rule whose target's schema is known (None: anything goes)."""
        name = prefix + rule.target if rule.target else prefix.removesuffix(".")
        evaluate, paths = self.evaluate(rule.expression, rule.expression_steps, scope)
        if rule.parts is not None:
            value = self._list(rule, schema, evaluate, paths, name, inside)
        else:
            value = self._value(rule, evaluate, self.finish(rule, schema, name))
        if rule.known_empty:
            value = _known_empty(value, paths, inside)
        if rule.default is not ABSENT:
            value = _with_default(value, rule.default)
        return Field(rule, name, _put(rule.target, value), paths, inside)

    def _value(self, rule: FieldRule, evaluate: Evaluate, finish: Finish) -> Callable[[Any, Flags], Any]:
        if rule.lookup:
            evaluate = self._lookup(rule, evaluate)

        def value(source: Any, flags: Flags) -> Any:
            found = evaluate(source)
            return None if found is None else finish(found, flags)

        return value

    def _lookup(self, rule: FieldRule, evaluate: Evaluate) -> Evaluate:
        codes = self._codes.get(rule.lookup)
        if codes is None:
            return lambda source: None
        find = codes.code if rule.reverse else codes.meaning

        def lookup(source: Any) -> Any:
            found = evaluate(source)
            return None if found is None or found == "" else find(found)

        return lookup

    def finish(self, rule: FieldRule, schema: Schema, name: str) -> Finish:
        """From what an expression gives to a canonical value."""
        convert = self.converter(rule)
        if convert is None and _wants_text(schema):
            convert = _number_as_text
        is_word = bool(rule.lookup) or (schema is not None and any(key in schema for key in ("enum", "const")))
        keep = is_word or rule.keep_placeholders or rule.type not in ("", "text", "date", "datetime")
        tidy = _Tidy(name, _never if keep else self._placeholder).tidy
        if convert is None:
            return tidy
        return _convert_then(convert, tidy)

    def converter(self, rule: FieldRule) -> Callable[[Any], Any] | None:
        if rule.type in ("unix_seconds", "unix_milliseconds"):
            units = 1 if rule.type == "unix_seconds" else 1000
            return lambda value: from_unix(value, units)
        if rule.type in CONVERTERS:
            return CONVERTERS[rule.type]
        return {
            "amount": lambda: self._call("amount"),
            "date": lambda: self._dates(rule),
            "datetime": lambda: self.moments(rule),
        }.get(rule.type, lambda: None)()

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
            if isinstance(value, str) and not rule.formats:
                try:
                    moment = datetime.fromisoformat(value)
                except ValueError:
                    return call(value)
                if moment.tzinfo is not None:
                    return moment.astimezone(UTC)
            return call(value)

        return to_moment

    def _keep_given(self, fields: list[Field], schema: Schema) -> None:
        """Let the field an item is about write what was given beside it."""
        field = _subject(fields, schema)
        if field is None or field.rule.lookup or "." in field.rule.target:
            return
        run, target = field.run, field.rule.target

        def put(source: Any, data: dict[str, Any], flags: Flags) -> None:
            flags.given = None
            run(source, data, flags)
            if flags.given is not None and target in data:
                data.setdefault("given", flags.given)

        field.run = put

    def _list(
        self, rule: FieldRule, schema: Schema, evaluate: Evaluate, paths: Paths, name: str, inside: bool
    ) -> Callable[[Any, Flags], Any]:
        items = _items(schema)
        assert rule.parts is not None  # noqa: S101 - the caller looked
        scope = paths.inside(inside)
        fields = [self.field(part, _below(items, part.target), scope, f"{name}[].", inside=True) for part in rule.parts]
        paths.add(*(field.paths for field in fields))
        plain = len(rule.parts) == 1 and not rule.parts[0].target
        make = _plain_item if plain else _item_maker(fields, items)
        self._keep_given(fields, items)

        def value(source: Any, flags: Flags) -> Any:
            found = evaluate(source)
            if found is None or found == "":
                return None
            if not isinstance(found, list):
                raise Unclean('`each` gave no list; write "x && [x] || `[]`" for a single value.', code="not_a_list")
            made = [_run_item(fields, make, {"item": item, **_outer(source, inside)}, flags) for item in found]
            return [item for item in made if item is not None] or None

        return value


def _outer(source: Any, inside: bool) -> dict[str, Any]:
    """What an expression in `each` sees beside its item: the record, and the item of the list around it."""
    return {"record": source["record"], "parent": source["item"]} if inside else {"record": source}


def _run_item(fields: list[Field], make: Callable[[dict[str, Any]], Any], scope: dict[str, Any], flags: Flags) -> Any:
    item: dict[str, Any] = {}
    for field in fields:
        try:
            field.run(scope, item, flags)
        except FieldFailed:
            raise
        except FAULTS as fault:
            handle(field, fault, scope, item, flags)
    return make(item)


def handle(field: Field, fault: BaseException, source: Any, data: dict[str, Any], flags: Flags) -> None:
    """What the rule says about a failure: its default, a flag, or the whole record set aside."""
    rule = field.rule
    if rule.on_error == "default":
        _put(rule.target, lambda source, flags: rule.default)(source, data, flags)
    elif rule.on_error == "flag":
        flags.append({"field": field.name, "code": code_of(fault), **_given(field, source)})
    else:
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
    return {"given": value[:200]} if isinstance(value, str) and value.isprintable() else {}


def _plain_item(item: dict[str, Any]) -> Any:
    return item.get("")


def _item_maker(fields: list[Field], schema: Schema) -> Callable[[dict[str, Any]], Any]:
    """An item is left out when what it is about is empty: all fields that come from the source, or those the schema needs."""
    from_source = [field.rule.target.partition(".")[0] for field in fields if field.paths.read]
    needed = set((schema or {}).get("required", ())).intersection(from_source) or set(from_source)

    def make(item: dict[str, Any]) -> Any:
        if any(name in item for name in needed):
            return item
        return item if item and not from_source else None

    return make


def _subject(fields: list[Field], schema: Schema) -> Field | None:
    """The one field a list item is about, where the schema has a place for how it was given."""
    if "given" not in (schema or {}).get("properties", {}):
        return None
    needed = set((schema or {}).get("required", ()))
    about = [field for field in fields if field.rule.target in needed and field.paths.read]
    return about[0] if len(about) == 1 else None


def _with_default(value: Callable[[Any, Flags], Any], default: Any) -> Callable[[Any, Flags], Any]:
    def or_default(source: Any, flags: Flags) -> Any:
        found = value(source, flags)
        return default if found is None else found

    return or_default


def _known_empty(value: Callable[[Any, Flags], Any], paths: Paths, inside: bool) -> Callable[[Any, Flags], Any]:
    def or_known(source: Any, flags: Flags) -> Any:
        found = value(source, flags)
        return Known if found is None and paths.carried(source) else found

    return or_known


def _put(target: str, value: Callable[[Any, Flags], Any]) -> Run:
    """A function that writes a value below its dotted target. Absent writes nothing, known empty writes null."""
    first, _, rest = target.partition(".")
    if rest:
        return _put_below(target.split("."), value)

    def put(source: Any, data: dict[str, Any], flags: Flags) -> None:
        found = value(source, flags)
        if found is not None:
            data[first] = found if found is not Known else None

    return put


def _put_below(steps: list[str], value: Callable[[Any, Flags], Any]) -> Run:
    *outer, last = steps

    def put(source: Any, data: dict[str, Any], flags: Flags) -> None:
        found = value(source, flags)
        if found is None:
            return
        for step in outer:
            inner = data.get(step)
            if inner is None:
                inner = data[step] = {}
            data = inner
        data[last] = found if found is not Known else None

    return put


class _Tidy:
    """Makes any value canonical, depth first."""

    def __init__(self, name: str, placeholder: Callable[[str], bool]) -> None:
        self._name, self._placeholder = name, placeholder

    def tidy(self, value: Any, flags: Flags) -> Any:
        kind = type(value)
        if kind is str:
            text = clean_text(value)
            return None if not text or self._placeholder(text) else text
        if value is None or kind in _SCALARS:
            return value
        if isinstance(value, str):
            return self._cleaned(value, flags)
        if isinstance(value, list):
            kept = (self.tidy(item, flags) for item in value)
            return [item for item in kept if item is not None] or None
        if isinstance(value, dict):
            return self._object(value, flags)
        if isinstance(value, datetime):
            return shown_time(value)
        raise Unclean(f"A {kind.__name__} is no value of a record.", code="type_mismatch")

    def _cleaned(self, value: str, flags: Flags) -> Any:
        flag, given = getattr(value, "flag", None), getattr(value, "given", None)
        if given is not None and given != value:
            flags.given = given
        if flag:
            flags.append({"field": self._name, "code": flag})
        return str(value) or None

    def _object(self, value: dict[str, Any], flags: Flags) -> Any:
        made = {}
        for name, inner in value.items():
            found = self.tidy(inner, flags)
            if found is not None:
                made[name] = found
        return made or None


def _convert_then(convert: Callable[[Any], Any], tidy: Finish) -> Finish:
    def finish(value: Any, flags: Flags) -> Any:
        if isinstance(value, str):
            value = tidy(value, flags)
        return None if value is None else tidy(convert(value), flags)

    return finish


def _same(value: Any) -> Any:
    return value


def _never(text: str) -> bool:
    return False


def word_placeholder(placeholder: Callable[[str], bool]) -> Callable[[str], bool]:
    """Placeholders that are words. Digits are left alone here: 12345678 can be an invoice; `phone` and its like know better."""
    known: dict[str, bool] = {}

    def is_placeholder(text: str) -> bool:
        if len(text) > LONGEST_PLACEHOLDER:
            return False
        found = known.get(text)
        if found is None:
            if len(known) >= MOST_REMEMBERED:
                known.clear()
            found = known[text] = not text.isdigit() and placeholder(text)
        return found

    return is_placeholder


def _number_as_text(value: Any) -> Any:
    return str(value) if type(value) is int else value


def _wants_text(schema: Schema) -> bool:
    kinds = (schema or {}).get("type")
    return kinds == "string" or (isinstance(kinds, list) and set(kinds) <= {"string", "null"})


def _items(schema: Schema) -> Schema:
    items = (schema or {}).get("items")
    return items if isinstance(items, Mapping) else None


def _below(schema: Schema, target: str) -> Schema:
    """The schema of a dotted target below an item; None when it is not known."""
    for step in target.split(".") if target else ():
        schema = (schema or {}).get("properties", {}).get(step)
    return schema
