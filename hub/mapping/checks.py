"""Whether a mapping fits the canonical model and its code lists. Used when a mapping is loaded and by lint."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from hub.errors import did_you_mean
from hub.mapping.codes import CodeList
from hub.mapping.findings import Notes
from hub.mapping.shape import FieldRule
from hub.model import Model

if TYPE_CHECKING:
    from hub.mapping.engine import Mapping as CompiledMapping


def check_rule(mapping: CompiledMapping, notes: Notes, model: Model | None, codes: Mapping[str, CodeList]) -> None:
    """Note unknown entities, target fields and code lists."""
    rule = mapping.rule
    _check_lookups(rule.fields, notes, codes)
    if model is None or not rule.entity:
        return
    if rule.entity not in model.entities:
        hint = did_you_mean(rule.entity, model.entities).strip() or f"Known: {', '.join(model.entities)}."
        notes.error("entity_unknown", f"there is no entity {rule.entity!r}.", "to", hint=hint)
        return
    for field in rule.fields:
        _check_target(field, field.target, notes, model, rule.entity)


def _check_lookups(fields: Iterable[FieldRule], notes: Notes, codes: Mapping[str, CodeList]) -> None:
    for field in fields:
        if field.lookup and field.lookup not in codes:
            hint = did_you_mean(field.lookup, codes).strip() or f"Make codes/{field.lookup}.yaml beside the mapping."
            notes.error("lookup_unknown", f"there is no code list {field.lookup!r}.", *field.steps, "lookup", hint=hint)
        _check_lookups(field.parts or (), notes, codes)


def _check_target(field: FieldRule, path: str, notes: Notes, model: Model, entity: str) -> None:
    found = model.property_at(entity, path)
    if found is None:
        hint = did_you_mean(path, _targets(model, entity)).strip() or "What no field fits goes to ext.<system>.*"
        notes.error("target_unknown", f"{entity} has no field {path!r}.", *field.steps, hint=hint)
        return
    if field.parts is None:
        return
    if not _may_be(found, "array"):
        notes.error("type_mismatch", f"{path!r} is no list, but `each` makes one.", *field.steps)
        return
    for part in field.parts:
        if part.target:
            _check_target(part, f"{path}[].{part.target}", notes, model, entity)


def _targets(model: Model, entity: str) -> list[str]:
    return list(model.properties(entity))


def _may_be(schema: Mapping[str, Any], kind: str) -> bool:
    kinds = schema.get("type")
    return kinds is None or kind == kinds or (isinstance(kinds, list) and kind in kinds)
