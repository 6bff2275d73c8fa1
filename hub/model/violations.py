"""Why a record is not right, told without its values: a reject's reason is shown to people who may not see the data."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from math import isfinite
from typing import TYPE_CHECKING, Any, cast

from hub.errors import did_you_mean
from hub.model.schemas import Schema

if TYPE_CHECKING:  # slow to load, and asked only when a record is wrong
    import jsonschema
    from jsonschema.protocols import Validator

Violation = dict[str, str]

MOST_VIOLATIONS = 20
DEEPEST = 32  # lists and objects within one another, in the parts of a record that no schema shapes
LONGEST = 1_000_000  # characters of one text there
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def unspeakable(data: Any, path: str = "", depth: int = 0) -> Iterator[Violation]:
    """What no JSON text can say, and on which the validators stumble instead of judging it."""
    if isinstance(data, str):
        if reason := _bad_text(data):
            yield violation(path, *reason)
    elif isinstance(data, (dict, list)):
        if depth > DEEPEST:
            yield violation(path, "depth", f"is nested deeper than {DEEPEST} levels")
            return
        for step, value in data.items() if isinstance(data, dict) else enumerate(data):
            if isinstance(data, dict) and not (isinstance(step, str) and not _bad_text(step)):
                yield violation(path, "type", "has a key that is no plain text")
                return
            yield from unspeakable(value, f"{path}.{step}" if path else str(step), depth + 1)
    elif isinstance(data, float) and not isfinite(data):
        yield violation(path, "type", "is no finite number")
    elif isinstance(data, int) and not -(2**63) <= data < 2**64:
        yield violation(path, "maximum", "is a whole number of more than 64 bits; carry it as text")
    elif data is not None and not isinstance(data, (bool, int, float)):
        yield violation(path, "type", f"is a {type(data).__name__}, which JSON does not have")


def _bad_text(text: str) -> tuple[str, str] | None:
    if len(text) > LONGEST:
        return "maxLength", f"is longer than {LONGEST}"
    if _CONTROL.search(text):
        return "pattern", "holds a control character"
    return None if _utf8(text) else ("encoding", "holds half a character (a lone surrogate)")


def _utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def explain(schema: Schema, data: Any) -> list[Violation]:
    """Why a record breaks a schema, the first twenty reasons in the order of their paths."""
    found = (_told(error) for error in islice(explainer(schema).iter_errors(data), MOST_VIOLATIONS))
    return sorted(found, key=lambda v: (v["path"], v["rule"])) or [violation("", "schema", "breaks the schema")]


def _told(error: jsonschema.ValidationError) -> Violation:
    """The message names the rule, not the value: a reject's reason is shown to people who may not see the data."""
    path = ".".join(str(step) for step in error.absolute_path)
    rule, wanted = str(error.validator), cast("Any", error.validator_value)
    instance = cast("Any", error.instance)
    known = error.schema.get("properties", {}) if isinstance(error.schema, dict) else {}
    if rule == "additionalProperties":
        return violation(path, rule, "has unknown fields: " + ", ".join(_unknown(instance, known)))
    if rule == "required":
        return violation(path, rule, "lacks " + ", ".join(name for name in wanted if name not in instance))
    if rule == "pattern":
        title = error.schema.get("title", "what is wanted").lower() if isinstance(error.schema, dict) else ""
        return violation(path, rule, _pattern_reason(title, str(instance)))
    says = {"type": "is not of type", "enum": "is none of", "minLength": "is shorter than", "maxLength": "is longer than"}
    shown = ", ".join(map(str, wanted)) if isinstance(wanted, list) else str(wanted)
    return violation(path, rule, f"{says.get(rule, rule)} {shown}")


def _unknown(instance: Any, known: Schema) -> list[str]:
    return [f"{name[:60]!r}{did_you_mean(name, known)}" for name in sorted(set(instance) - set(known))][:5]


def _pattern_reason(title: str, value: str) -> str:
    if _CONTROL.search(value):
        return "holds a control character"
    return f"is not written as a {title} must be"


def violation(path: str, rule: str, message: str) -> Violation:
    return {"path": path, "rule": rule, "message": message}


def explainer(schema: Schema) -> Validator:
    """The library that tells why a record breaks a schema, with patterns as a schema means them."""
    return cast("Validator", _explainer()(schema))


@lru_cache(maxsize=1)
def _explainer() -> Any:
    import jsonschema

    def pattern(validator: Validator, wanted: str, instance: Any, schema: Schema) -> Iterator[jsonschema.ValidationError]:
        """In a schema ``$`` means the very end; Python's would also match before a last line end."""
        if isinstance(instance, str) and not _compiled(wanted).search(instance):
            yield jsonschema.ValidationError("does not match its pattern")

    return jsonschema.validators.extend(  # type: ignore[no-untyped-call]  # the stubs know no signature
        jsonschema.Draft202012Validator, {"pattern": pattern}
    )


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"(?<!\\)\$", r"\\Z", pattern))
