"""Schema files: read, checked, and resolved so that no ``$ref`` is left."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import jsonschema_rs

from hub.errors import BadModel

Schema = dict[str, Any]

_ANNOTATIONS = frozenset({"title", "description", "examples", "deprecated", "$comment"})


def read_schema(path: Path) -> Schema:
    try:
        schema = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_without_twins)
    except (ValueError, OSError) as wrong:
        line = getattr(wrong, "lineno", 1)
        raise BadModel(f"{path}:{line}: not readable as JSON: {wrong}", path=str(path), line=line) from wrong
    if not isinstance(schema, dict):
        raise BadModel(f"{path}:1: a schema must be an object.", path=str(path), line=1)
    return schema


def _without_twins(pairs: list[tuple[str, Any]]) -> Schema:
    if len({key for key, _ in pairs}) != len(pairs):
        twin = next(key for index, (key, _) in enumerate(pairs) if key in dict(pairs[:index]))
        raise ValueError(f"the key {twin!r} stands twice in one object")
    return dict(pairs)


def checked(schema: Schema, path: Path) -> Schema:
    """The schema, or :class:`BadModel` that says where it is none. The fast library asks, the telling one explains."""
    if jsonschema_rs.meta.is_valid(schema):
        return schema
    import jsonschema  # slow to load, and rarely asked
    from jsonschema.exceptions import best_match

    wrong = best_match(jsonschema.Draft202012Validator(jsonschema.Draft202012Validator.META_SCHEMA).iter_errors(schema))
    where = ".".join(map(str, wrong.absolute_path)) if wrong else ""
    why = wrong.message if wrong else "not JSON Schema 2020-12"
    raise BadModel(f"{path}: no JSON Schema at {where or 'the top'}: {why}", path=str(path), hint=where)


def resolve(raw: Mapping[str, Schema], file: str, node: Any, met: tuple[str, ...] = ()) -> Any:
    """The same schema with what its ``$ref`` point at written in their place."""
    if isinstance(node, list):
        return [resolve(raw, file, item, met) for item in node]
    if not isinstance(node, dict):
        return node
    here = {key: resolve(raw, file, value, met) for key, value in node.items() if key not in ("$ref", "$defs")}
    if "$ref" not in node:
        return here
    target, piece = _pointed_at(raw, file, str(node["$ref"]))
    address = f"{target}#{id(piece)}"
    if address in met:
        raise BadModel(f"{file}: {node['$ref']} leads back to itself; a record cannot be nested without end.", path=file)
    return _merged(resolve(raw, target, piece, (*met, address)), here)


def _pointed_at(raw: Mapping[str, Schema], file: str, ref: str) -> tuple[str, Any]:
    place, _, pointer = ref.partition("#")
    steps = [part for part in f"{file.rpartition('/')[0]}/{place}".split("/") if part != "."] if place else file.split("/")
    while ".." in steps:
        steps[max(steps.index("..") - 1, 0) : steps.index("..") + 1] = []
    target = "/".join(steps)
    piece: Any = raw.get(target)
    for step in pointer.strip("/").split("/") if pointer else ():
        piece = piece.get(step) if isinstance(piece, dict) else None
    if piece is None:
        raise BadModel(f"{file}: {ref} points at nothing.", path=file, hint="relative to the file it stands in")
    return target, piece


def _merged(piece: Schema, here: Schema) -> Schema:
    """Both hold. A title here replaces the piece's; a narrower type here narrows it; anything else would be a riddle."""
    both = {key: value for key, value in piece.items() if key not in ("$schema", "$id")}
    for key, value in here.items():
        if key == "type" and key in both:
            types = both[key] if isinstance(both[key], list) else [both[key]]
            both[key] = value if value in types or value == types else types
            if value not in types and value != types:
                raise BadModel(f"type {value} does not narrow {types} of what it refers to.", hint="name one of them")
        elif key in both and key not in _ANNOTATIONS and both[key] != value:
            raise BadModel(f"{key!r} stands both beside a $ref and in what it refers to.", hint="keep one of them")
        else:
            both[key] = value
    return both


def member_of(schema: Schema, name: str) -> Schema | None:
    known = schema.get("properties", {})
    if name in known:
        return dict(known[name])
    others = schema.get("additionalProperties", "properties" not in schema and _is_open(schema))
    if isinstance(others, dict):
        return others
    return {} if others else None


def _is_open(schema: Schema) -> bool:
    kind = schema.get("type", "object")
    return kind == "object" or "object" in kind


def item_of(schema: Schema) -> Schema | None:
    items = schema.get("items")
    return items if isinstance(items, dict) else None


def paths_of(schema: Schema, prefix: str = "") -> Iterator[str]:
    """Every path, containers before what they hold."""
    for name, inner in schema.get("properties", {}).items():
        path = f"{prefix}{name}"
        yield path
        yield from paths_of(inner, f"{path}.")
        if (item := item_of(inner)) is not None:
            yield from paths_of(item, f"{path}[].")
