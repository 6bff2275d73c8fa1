"""Lists made with `each`: one canonical item per element, left out when what it is about is empty."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from hub.errors import Unclean
from hub.mapping.blocks import Block
from hub.mapping.expressions import Evaluate
from hub.mapping.failures import Field, Schema, Value
from hub.mapping.tidy import Flags

Make = Callable[[dict[str, Any], Flags], Any]


def list_value(evaluate: Evaluate, fields: list[Field], items: Schema, inside: bool) -> Value:
    """A function that gives the items, or nothing when there are none."""
    plain = len(fields) == 1 and not fields[0].rule.target
    make = _plain_item if plain else _item_maker(fields, _subject(fields, items), items)
    block = Block(fields)

    def value(source: Any, flags: Flags) -> Any:
        found = evaluate(source)
        if found is None or found == "":
            return None
        if not isinstance(found, list):
            raise Unclean('`each` gave no list; write "x && [x] || `[]`" for a single value.', code="not_a_list")
        if inside:
            seen = [{"item": item, "record": source["record"], "parent": source["item"]} for item in found]
        else:
            seen = [{"item": item, "record": source} for item in found]
        return [item for one in seen if (item := make(block.make(one, flags), flags)) is not None] or None

    return value


def _plain_item(item: dict[str, Any], flags: Flags) -> Any:
    return item.get("")


def _item_maker(fields: list[Field], subject: str, schema: Schema) -> Make:
    """An item is left out when all that the schema needs of it, or else all that comes from the source, is empty."""
    from_source = [field.rule.target.partition(".")[0] for field in fields if field.paths.from_source]
    needed = set((schema or {}).get("required", ())).intersection(from_source) or set(from_source)

    def make(item: dict[str, Any], flags: Flags) -> Any:
        given, flags.kept = flags.kept, None
        if needed.isdisjoint(item):
            return item if item and not from_source else None
        if given is not None and subject in item:
            item.setdefault("given", given)
        return item

    return make


def _subject(fields: list[Field], schema: Schema) -> str:
    """The one field an item is about, where the schema has a place for how it was given. It will keep what was given."""
    needed = set((schema or {}).get("required", ()))
    about = [field for field in fields if field.rule.target in needed and field.paths.from_source]
    if "given" not in (schema or {}).get("properties", {}) or len(about) != 1:
        return ""
    field = about[0]
    value = field.value

    def keeping(source: Any, flags: Flags) -> Any:
        flags.given = None
        found = value(source, flags)
        flags.kept = flags.given
        return found

    field.value, field.finish, field.path = keeping, None, ()
    return field.rule.target


def items_of(schema: Schema) -> Schema:
    items = (schema or {}).get("items")
    return items if isinstance(items, Mapping) else None


def schema_below(schema: Schema, target: str) -> Schema:
    """The schema of a dotted target below an item; None when it is not known."""
    for step in target.split(".") if target else ():
        schema = (schema or {}).get("properties", {}).get(step)
    return schema
