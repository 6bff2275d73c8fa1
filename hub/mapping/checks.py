"""Whether a mapping fits the canonical model and its code lists. Used when a mapping is loaded and by lint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import jsonschema_rs

from hub.errors import did_you_mean
from hub.mapping.codes import CodeList
from hub.mapping.expressions import ExpressionInvalid, parse
from hub.mapping.findings import Notes
from hub.mapping.shape import ABSENT, FieldRule, MappingRule
from hub.model import Model

Schema = dict[str, Any]

_MAKES = {
    "text": ("string",),
    "amount": ("string",),
    "date": ("string",),
    "datetime": ("string",),
    "unix_seconds": ("string",),
    "unix_milliseconds": ("string",),
    "integer": ("integer", "number"),
    "number": ("number",),
    "boolean": ("boolean",),
    "list": ("array",),
    "object": ("object",),
}
"""What a `type:` makes, in the words of JSON Schema."""


def check_rule(rule: MappingRule, notes: Notes, model: Model | None, codes: Mapping[str, CodeList]) -> None:
    """Note unknown entities, target fields and code lists, and values that can never fit."""
    _check_lookups(rule.fields, notes, codes)
    if model is None or not rule.entity:
        return
    if rule.entity not in model.entities:
        hint = did_you_mean(rule.entity, model.entities).strip() or f"Known: {', '.join(model.entities)}."
        notes.error("entity_unknown", f"there is no entity {rule.entity!r}.", "to", hint=hint)
        return
    _Targets(notes, model, rule.entity, codes).check(rule.fields, "")


def _check_lookups(fields: Iterable[FieldRule], notes: Notes, codes: Mapping[str, CodeList]) -> None:
    for field in fields:
        if field.lookup and field.lookup not in codes:
            hint = did_you_mean(field.lookup, codes).strip() or f"Make codes/{field.lookup}.yaml beside the mapping."
            notes.error("lookup_unknown", f"there is no code list {field.lookup!r}.", *field.steps, "lookup", hint=hint)
        _check_lookups(field.parts or (), notes, codes)


class _Targets:
    def __init__(self, notes: Notes, model: Model, entity: str, codes: Mapping[str, CodeList]) -> None:
        self._notes, self._model, self._entity, self._codes = notes, model, entity, codes

    def check(self, fields: Iterable[FieldRule], prefix: str) -> None:
        for field in fields:
            self._target(field, prefix + field.target if field.target else prefix.removesuffix("."))

    def _target(self, field: FieldRule, path: str) -> None:
        schema = self._model.property_at(self._entity, path)
        if schema is None:
            near = did_you_mean(path, self._model.properties(self._entity)).strip()
            hint = near or "What no field fits goes to ext.<system>.<name>."
            self._notes.error("target_unknown", f"{self._entity} has no field {path!r}.", *field.steps, hint=hint)
        elif field.parts is None:
            self._value(field, path, schema)
        elif not _may_be(schema, ("array",)):
            self._notes.error("type_mismatch", f"{path!r} is no list, but `each` makes one.", *field.steps)
        else:
            self.check(field.parts, f"{path}[].")

    def _value(self, field: FieldRule, path: str, schema: Schema) -> None:
        if field.type and not _may_be(schema, _MAKES[field.type]):
            message = f"`type: {field.type}` cannot fit {path!r}, which is {_kinds(schema)}."
            self._notes.error("type_mismatch", message, *field.steps, "type")
        if field.default is not ABSENT:
            self._constant(field.default, path, schema, (*field.steps, "default"))
        if field.lookup in self._codes and not field.reverse:
            self._meanings(self._codes[field.lookup], path, schema, field)
        found, constant = _literal(field.expression)
        if found and not field.lookup and not field.type and constant is not None:
            self._constant(constant, path, schema, field.expression_steps)

    def _constant(self, value: Any, path: str, schema: Schema, steps: tuple[str | int, ...]) -> None:
        """A value written in the mapping itself that the schema will refuse for every record."""
        if jsonschema_rs.Draft202012Validator(schema).is_valid(value):
            return
        allowed = [word for word in schema.get("enum", ()) if word is not None]
        code, message, hint = "value_not_allowed", f"{value!r} is not written as {path!r} must be.", ""
        if allowed:
            message = f"{path!r} cannot be {value!r}."
            hint = did_you_mean(str(value), map(str, allowed)).strip() or f"Allowed: {', '.join(map(str, allowed))}."
        elif not _may_be(schema, _type_of(value)):
            code, message = "type_mismatch", f"{value!r} cannot fit {path!r}, which is {_kinds(schema)}."
        self._notes.error(code, message, *steps, hint=hint, offset=None if steps[-1] == "default" else 0)

    def _meanings(self, codes: CodeList, path: str, schema: Schema, field: FieldRule) -> None:
        validator = jsonschema_rs.Draft202012Validator(schema)
        wrong = sorted({str(word) for word in codes.codes.values() if word is not None and not validator.is_valid(word)})
        if wrong:
            message = f"the code list {codes.name!r} means {', '.join(wrong)}, which {path!r} cannot be."
            allowed = ", ".join(str(word) for word in schema.get("enum", ()) if word is not None)
            hint = f"Allowed: {allowed}." if allowed else ""
            self._notes.error("value_not_allowed", message, *field.steps, "lookup", hint=hint)


def _literal(expression: str) -> tuple[bool, Any]:
    """Whether an expression is a constant, and which."""
    try:
        tree = parse(expression) if expression else {"type": ""}
    except ExpressionInvalid:
        return False, None
    return (True, tree["value"]) if tree["type"] == "literal" else (False, None)


def _type_of(value: Any) -> tuple[str, ...]:
    kinds: dict[type, tuple[str, ...]] = {
        bool: ("boolean",),
        str: ("string",),
        int: ("integer", "number"),
        float: ("number",),
        list: ("array",),
        dict: ("object",),
    }
    return kinds.get(type(value), ("null",))


def _may_be(schema: Schema, kinds: tuple[str, ...]) -> bool:
    allowed = schema.get("type")
    if allowed is None:
        return True
    return any(kind in kinds for kind in ([allowed] if isinstance(allowed, str) else allowed))


def _kinds(schema: Schema) -> str:
    allowed = schema.get("type", "anything")
    return allowed if isinstance(allowed, str) else " or ".join(kind for kind in allowed if kind != "null")
