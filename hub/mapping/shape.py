"""A mapping file as frozen rules. Reading collects every fault it finds with its place; nothing is compiled or run here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from hub.documents import Document, Steps
from hub.errors import did_you_mean
from hub.mapping.findings import Notes
from hub.mapping.values import TYPES

ON_ERROR = ("reject", "flag", "default")
TOP_EXPRESSIONS = ("when", "split", "operation", "generation", "position", "target")
TOP_TIMES = ("updated_at", "valid_from", "valid_to")
TOP_KEYS = (
    *("version", "from", "to", "description", "owner", "key", "fields", "ignore", "on_error"),
    *TOP_EXPRESSIONS,
    *TOP_TIMES,
)
FIELD_KEYS = (
    "path",
    "lookup",
    "of",
    "reverse",
    "each",
    "as",
    "type",
    "formats",
    "default",
    "on_error",
    "empty",
    "placeholders",
    "description",
)


class _Absent:
    def __repr__(self) -> str:
        return "absent"

    def __reduce__(self) -> str:
        return "ABSENT"


ABSENT: Any = _Absent()
"""No default was written: null is a value one could write."""


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One line under `fields:`, or under the `as:` of a list."""

    target: str  # dotted, below the record or below the list item; "" for the items of a plain list
    steps: Steps = ()  # where it stands in the file
    expression: str = ""
    expression_steps: Steps = ()
    type: str = ""
    formats: tuple[str, ...] = ()
    lookup: str = ""
    reverse: bool = False
    default: Any = ABSENT
    on_error: str = "reject"
    known_empty: bool = False
    keep_placeholders: bool = False  # "unknown" and its like are a value here
    parts: tuple[FieldRule, ...] | None = None  # of the items, when the field is a list made with `each`


@dataclass(frozen=True, slots=True)
class MappingRule:
    """A whole file."""

    version: int
    stream: str
    entity: str
    fields: tuple[FieldRule, ...]
    key: tuple[str, ...] = ()
    expressions: Mapping[str, str] = field(default_factory=dict)  # when, split, operation, ...
    times: Mapping[str, FieldRule] = field(default_factory=dict)  # updated_at, valid_from, valid_to
    ignore: tuple[str, ...] = ()
    on_error: str = "reject"


def read_mapping(document: Document, notes: Notes) -> MappingRule:
    """The rules of a file; faults are in ``notes``, and what was faulty is left out."""
    return _Reader(document, notes).mapping()


class _Reader:
    def __init__(self, document: Document, notes: Notes) -> None:
        self._data, self._notes = document.data, notes
        self._on_error = "reject"

    def mapping(self) -> MappingRule:
        if not isinstance(self._data, dict):
            self._notes.error("value_invalid", "a mapping file names `version`, `from`, `to`, `key` and `fields`.")
            return MappingRule(1, "", "", ())
        self._only(self._data, TOP_KEYS)
        self._on_error = self._choice(self._data, "on_error", ON_ERROR, "reject")
        return MappingRule(
            version=self._version(),
            stream=self._required_text("from"),
            entity=self._required_text("to"),
            fields=self._fields(),
            key=self._key(),
            expressions={name: self._text(name) for name in TOP_EXPRESSIONS if name in self._data},
            times={name: self._time(name) for name in TOP_TIMES if name in self._data},
            ignore=self._texts(self._data, "ignore"),
            on_error=self._on_error,
        )

    def _only(self, data: Mapping[str, Any], known: Iterable[str], *steps: str | int) -> None:
        for key in data:
            if key not in known:
                hint = did_you_mean(key, known).strip() or f"Known: {', '.join(known)}."
                self._notes.error("key_unknown", f"unknown key {key!r}.", *steps, key, hint=hint)

    def _version(self) -> int:
        version = self._data.get("version")
        if version is None:
            self._notes.error("key_missing", "`version` is missing; write `version: 1`.")
        elif type(version) is not int or version < 1:
            self._notes.error("value_invalid", "`version` must be a whole number from 1.", "version")
        return version if type(version) is int else 1

    def _required_text(self, name: str) -> str:
        if name not in self._data:
            meaning = {"from": "the stream it reads", "to": "the entity it makes"}[name]
            self._notes.error("key_missing", f"`{name}` is missing: {meaning}.")
            return ""
        return self._text(name)

    def _text(self, name: str) -> str:
        return self._expression(self._data[name], (name,))

    def _expression(self, value: Any, steps: Steps) -> str:
        """Text of an expression. A bare number is a slip: the text of a number would be a path that cannot be."""
        if isinstance(value, str) and value.strip():
            return value
        shown = "true" if value is True else "false" if value is False else value
        hint = f'For the value itself write "`{shown}`".' if isinstance(value, (bool, int, float)) else ""
        self._notes.error("value_invalid", f"`{steps[-1]}` must be a path or an expression.", *steps, hint=hint)
        return ""

    def _texts(self, data: Mapping[str, Any], name: str, *steps: str | int) -> tuple[str, ...]:
        value = data.get(name, [])
        listed = [value] if isinstance(value, str) else value
        if not isinstance(listed, list) or not all(isinstance(item, str) for item in listed):
            self._notes.error("value_invalid", f"`{name}` must be a list of texts.", *steps, name)
            return ()
        return tuple(listed)

    def _choice(self, data: Mapping[str, Any], name: str, known: tuple[str, ...], default: str, *steps: str | int) -> str:
        value = data.get(name, default)
        if value not in known:
            hint = did_you_mean(str(value), known).strip()
            message = f"`{name}` must be one of {', '.join(known)}, not {value!r}."
            self._notes.error("value_invalid", message, *steps, name, hint=hint)
            return default
        return str(value)

    def _key(self) -> tuple[str, ...]:
        value = self._data.get("key")
        if value is None:
            if "split" in self._data:
                self._notes.error("key_missing", "`split` needs a `key`, so that every part has its own.", "split")
            return ()
        if isinstance(value, list) and value:
            return tuple(self._expression(part, ("key", index)) for index, part in enumerate(value))
        return (self._expression(value, ("key",)),)

    def _time(self, name: str) -> FieldRule:
        rule = self._field(name, self._data[name], (name,))
        if rule.parts is not None or rule.lookup:
            self._notes.error("value_invalid", f"`{name}` is a time: write a path, or `path`, `type` and `formats`.", name)
        return rule

    def _fields(self) -> tuple[FieldRule, ...]:
        fields = self._data.get("fields")
        if not isinstance(fields, dict) or not fields:
            self._notes.error("key_missing", "`fields` is missing: which canonical field comes from which path.", "fields")
            return ()
        rules = tuple(self._field(target, spec, ("fields", target)) for target, spec in fields.items())
        self._overlaps(rules)
        return rules

    def _overlaps(self, rules: tuple[FieldRule, ...]) -> None:
        targets = {rule.target: rule for rule in rules}
        for rule in rules:
            parts = rule.target.split(".")
            around = next((".".join(parts[:n]) for n in range(1, len(parts)) if ".".join(parts[:n]) in targets), None)
            if around is not None:
                message = f"{rule.target!r} is already made by {around!r}."
                self._notes.error("target_duplicate", message, *rule.steps, hint="Keep one of them.")

    def _field(self, target: str, spec: Any, steps: Steps) -> FieldRule:
        if target and not all(target.split(".")):
            self._notes.error("target_unknown", f"{target!r} is no field: an empty step between dots.", *steps)
        if not isinstance(spec, dict):
            return FieldRule(target, steps, self._expression(spec, steps), steps, on_error=self._default_handling({}))
        self._only(spec, FIELD_KEYS, *steps)
        return self._written_out(target, spec, steps)

    def _written_out(self, target: str, spec: dict[str, Any], steps: Steps) -> FieldRule:
        where = next((key for key in ("path", "of", "each") if key in spec), "")
        self._one_source(spec, steps)
        on_error = self._choice(spec, "on_error", ON_ERROR, self._default_handling(spec), *steps)
        if on_error == "default" and "default" not in spec:
            self._notes.error("key_missing", "`on_error: default` needs a `default`.", *steps, "on_error")
        return FieldRule(
            target=target,
            steps=steps,
            expression=self._expression(spec[where], (*steps, where)) if where else "",
            expression_steps=(*steps, where) if where else steps,
            type=self._choice(spec, "type", TYPES, "", *steps) if "type" in spec else "",
            formats=self._formats(spec, steps),
            lookup=str(spec.get("lookup", "")),
            reverse=self._reverse(spec, steps),
            default=spec.get("default", ABSENT),
            on_error=on_error,
            known_empty=self._empty(spec, steps),
            keep_placeholders=self._choice(spec, "placeholders", ("drop", "keep"), "drop", *steps) == "keep",
            parts=self._parts(spec, steps, on_error) if "each" in spec else None,
        )

    def _default_handling(self, spec: Mapping[str, Any]) -> str:
        """What the mapping says; `default` there means: the fields that have one."""
        if self._on_error == "default" and "default" not in spec:
            return "reject"
        return self._on_error

    def _one_source(self, spec: Mapping[str, Any], steps: Steps) -> None:
        given = [key for key in ("path", "lookup", "each") if key in spec]
        if len(given) > 1:
            self._notes.error("value_invalid", f"`{given[0]}` and `{given[1]}` do not go together.", *steps, given[1])
        elif not given and "default" not in spec:
            self._notes.error("key_missing", "a field needs `path`, `lookup` and `of`, `each` and `as`, or a `default`.", *steps)
        for key, partner in (("lookup", "of"), ("of", "lookup"), ("each", "as"), ("as", "each"), ("reverse", "lookup")):
            if key in spec and partner not in spec:
                self._notes.error("key_missing", f"`{key}` needs `{partner}` beside it.", *steps, key)
        if "lookup" in spec and not (isinstance(spec["lookup"], str) and spec["lookup"]):
            self._notes.error("value_invalid", "`lookup` must name a code list.", *steps, "lookup")

    def _formats(self, spec: Mapping[str, Any], steps: Steps) -> tuple[str, ...]:
        formats = self._texts(spec, "formats", *steps)
        if formats and spec.get("type") not in ("date", "datetime") and steps[0] not in TOP_TIMES:
            self._notes.error("value_invalid", "`formats` needs `type: date` or `type: datetime`.", *steps, "formats")
        for index, text in enumerate(formats):
            if "%" not in text:
                self._notes.error(
                    "value_invalid",
                    f"{text!r} has no part like %d.",
                    *steps,
                    "formats",
                    index,
                    hint="Write %d/%m/%Y, %Y%m%d, ...",
                )
        return formats

    def _reverse(self, spec: Mapping[str, Any], steps: Steps) -> bool:
        value = spec.get("reverse", False)
        if not isinstance(value, bool):
            self._notes.error("value_invalid", "`reverse` is true or false.", *steps, "reverse")
        return value is True

    def _empty(self, spec: Mapping[str, Any], steps: Steps) -> bool:
        if "empty" not in spec:
            return False
        known = self._choice(spec, "empty", ("known", "absent"), "absent", *steps) == "known"
        if known and "default" in spec:
            self._notes.error("value_invalid", "`empty: known` and `default` contradict each other.", *steps, "empty")
        return known

    def _parts(self, spec: Mapping[str, Any], steps: Steps, on_error: str) -> tuple[FieldRule, ...]:
        """The parts handle failures as their list does, unless they say otherwise."""
        outer, self._on_error = self._on_error, on_error
        try:
            return self._item_parts(spec.get("as"), steps)
        finally:
            self._on_error = outer

    def _item_parts(self, made: Any, steps: Steps) -> tuple[FieldRule, ...]:
        if isinstance(made, dict) and made and not _is_field(made):
            rules = tuple(self._field(target, part, (*steps, "as", target)) for target, part in made.items())
            self._overlaps(rules)
            return rules
        return (self._field("", made, (*steps, "as")) if isinstance(made, dict) else self._plain_item(made, (*steps, "as")),)

    def _plain_item(self, made: Any, steps: Steps) -> FieldRule:
        return FieldRule("", steps, self._expression(made, steps), steps, on_error=self._default_handling({}))


def _is_field(made: Mapping[str, Any]) -> bool:
    """`as: {path: item, type: date}` makes a list of plain values; any other mapping names the fields of an item."""
    named = set(made)
    return ("path" in named and named <= set(FIELD_KEYS)) or {"lookup", "of"} <= named
