from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from hub.model import compare, load_model

MODEL = load_model()
RELEASED = sorted((Path(__file__).parent.parent / "released_schemas").glob("*.json"))
BASE: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": ["string", "null"], "maxLength": 10, "enum": ["a", "b", None]},
        "items": {"type": "array", "items": {"type": "object", "properties": {"key": {"type": "string"}}, "required": ["key"]}},
    },
    "additionalProperties": False,
}


def changed(*path: str, to: Any) -> dict[str, Any]:
    schema = copy.deepcopy(BASE)
    target = schema
    for step in path[:-1]:
        target = target[step]
    if to is None:
        del target[path[-1]]
    else:
        target[path[-1]] = to
    return schema


@pytest.mark.parametrize("path", RELEASED, ids=lambda p: p.stem)
def test_no_schema_breaks_its_last_release(path: Path) -> None:
    """A change within a major version only adds. To release a new major version: an upcaster, and a new file here."""
    released = json.loads(path.read_text(encoding="utf-8"))
    today = MODEL.schema(path.stem)
    if released["$id"].rpartition("/")[2].split(".")[0] == MODEL.version(path.stem).split(".")[0]:
        assert [str(change) for change in compare(released, today) if change.breaking] == []


def test_every_entity_has_a_released_schema() -> None:
    assert [path.stem for path in RELEASED] == sorted((*MODEL.entities, *MODEL.golden_entities))


@pytest.mark.parametrize(
    ("new", "says"),
    [
        (changed("properties", "name", to=None), "name: is gone"),
        (changed("properties", "name", "type", to="string"), "name: may no longer be known empty (null)"),
        (changed("properties", "name", "maxLength", to=5), "name: maxLength was 10, is 5"),
        (changed("properties", "name", "minLength", to=5), "name: minLength was not set, is 5"),
        (changed("properties", "name", "enum", to=["a", None]), "name: the value 'b' is gone"),
        (changed("properties", "name", "pattern", to="^a"), "name: pattern was not set, is ^a"),
        (changed("properties", "items", "items", "required", to=["key", "other"]), "items[].other: became required"),
        (
            changed("properties", "items", "items", "properties", "key", "type", to="integer"),
            "items[].key: may no longer be string",
        ),
        (changed("required", to=["name"]), "name: became required"),
        (changed("properties", "items", "items", "additionalProperties", to=False), "items[]: unknown fields are now refused"),
    ],
)
def test_a_breaking_change_is_named(new: dict[str, Any], says: str) -> None:
    assert f"{says} (breaking)" in [str(change) for change in compare(BASE, new)]


@pytest.mark.parametrize(
    ("new", "says"),
    [
        (changed("properties", "more", to={"type": "string"}), "more: is new"),
        (changed("properties", "name", "maxLength", to=20), "name: maxLength was 10, is 20"),
        (changed("properties", "name", "maxLength", to=None), "name: maxLength was 10, is not set"),
        (changed("properties", "name", "enum", to=["a", "b", "c", None]), "name: the value 'c' is new"),
        (changed("properties", "items", "type", to=["array", "null"]), "items: may now be null"),
        (changed("properties", "items", "items", "required", to=None), "items[].key: is no longer required"),
    ],
)
def test_what_only_adds_breaks_nothing(new: dict[str, Any], says: str) -> None:
    changes = compare(BASE, new)
    assert [str(change) for change in changes] == [says]


def test_titles_are_no_change() -> None:
    assert compare(BASE, changed("properties", "name", "title", to="Name")) == []
