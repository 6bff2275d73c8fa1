"""What changed between two versions of a schema, and which change breaks those who rely on the older one.

Within a major version a change may only add: a record that was right stays right.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: ``emails[].address: became required``."""

    path: str
    what: str
    breaking: bool

    def __str__(self) -> str:
        return f"{self.path or 'the record'}: {self.what}" + (" (breaking)" if self.breaking else "")


def compare(old: Schema, new: Schema) -> list[Change]:
    """The changes from one resolved schema to another, in the order of the older one."""
    return list(_changes(old, new, ""))


def _changes(old: Schema, new: Schema, path: str) -> Iterator[Change]:
    yield from _types(old, new, path)
    yield from _values(old, new, path)
    yield from _limits(old, new, path)
    yield from _members(old, new, path)
    if isinstance(old.get("items"), dict) and isinstance(new.get("items"), dict):
        yield from _changes(old["items"], new["items"], f"{path}[]")


def _types(old: Schema, new: Schema, path: str) -> Iterator[Change]:
    before, after = _listed(old.get("type")), _listed(new.get("type"))
    for lost in [kind for kind in before if kind not in after and after]:
        yield Change(path, f"may no longer be {'known empty (null)' if lost == 'null' else lost}", True)
    if after and not before:
        yield Change(path, f"must now be {', '.join(after)}", True)
    for won in [kind for kind in after if before and kind not in before]:
        yield Change(path, f"may now be {won}", False)


def _values(old: Schema, new: Schema, path: str) -> Iterator[Change]:
    before, after = old.get("enum"), new.get("enum")
    if before == after:
        return
    if before is None:
        yield Change(path, "is now limited to a list of values", True)
    elif after is None:
        yield Change(path, "is no longer limited to a list of values", False)
    else:
        yield from (Change(path, f"the value {value!r} is gone", True) for value in before if value not in after)
        yield from (Change(path, f"the value {value!r} is new", False) for value in after if value not in before)


_TIGHTER_WHEN_GREATER = ("minLength", "minItems", "minimum", "minProperties")
_TIGHTER_WHEN_SMALLER = ("maxLength", "maxItems", "maximum", "maxProperties")


def _limits(old: Schema, new: Schema, path: str) -> Iterator[Change]:
    for rule in (*_TIGHTER_WHEN_GREATER, *_TIGHTER_WHEN_SMALLER):
        before, after = old.get(rule), new.get(rule)
        if before != after:
            tighter = after is not None and (before is None or (after > before) == (rule in _TIGHTER_WHEN_GREATER))
            yield Change(path, f"{rule} was {_shown(before)}, is {_shown(after)}", tighter)
    for rule in ("pattern", "format", "propertyNames", "const"):
        before, after = old.get(rule), new.get(rule)
        if before != after:
            yield Change(path, f"{rule} was {_shown(before)}, is {_shown(after)}", after is not None)


def _members(old: Schema, new: Schema, path: str) -> Iterator[Change]:
    before, after = old.get("properties", {}), new.get("properties", {})
    required = set(new.get("required", ())) - set(old.get("required", ()))
    for name, schema in before.items():
        inner = f"{path}.{name}" if path else name
        if name not in after:
            yield Change(inner, "is gone", True)
        else:
            yield from _changes(schema, after[name], inner)
    for name in sorted(set(after) - set(before)):
        yield Change(f"{path}.{name}" if path else name, "is new", False)
    for name in sorted(required):
        yield Change(f"{path}.{name}" if path else name, "became required", True)
    for name in sorted(set(old.get("required", ())) - set(new.get("required", ()))):
        yield Change(f"{path}.{name}" if path else name, "is no longer required", False)
    if old.get("additionalProperties", True) is not False and new.get("additionalProperties", True) is False and before:
        yield Change(path, "unknown fields are now refused", True)


def _listed(value: Any) -> list[str]:
    if value is None:
        return []
    return [value] if isinstance(value, str) else list(value)


def _shown(value: Any) -> str:
    return "not set" if value is None else str(value)
