"""Two libraries, one verdict: the fast one decides, the telling one explains."""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import InvalidRecord
from hub.model import load_model, shipped_folder
from hub.model.violations import explain, explainer

MODEL = load_model()
ENTITIES = (*MODEL.entities, *MODEL.golden_entities)
EXAMPLES = {
    entity: [
        json.loads(p.read_text(encoding="utf-8"))
        for p in sorted((shipped_folder("canonical_model") / entity).glob("examples/*.json"))
    ]
    for entity in ENTITIES
}
ODD: list[Any] = [
    None,
    "",
    "x",
    "x\n",
    "2026-02-30",
    "12.50",
    "-0",
    "ES",
    "é́",
    "\U0001f600" * 3,
    0,
    -1,
    1.0,
    1.5,
    True,
    [],
    {},
    [None],
]
ODD += [{"a": 1}, "a" * 5_000, "9" * 41, " x", "x ", "2024-02-29T10:00:00Z", "2024-02-29T24:00:00Z", "zh-Hant", "٣"]
values = st.recursive(
    st.one_of(st.sampled_from(ODD), st.text(max_size=12), st.integers(-5, 10**6)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(["type", "given", "a", "address"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def agree(entity: str, data: dict[str, Any]) -> None:
    told = explainer(MODEL.schema(entity)).is_valid(data)
    assert MODEL.is_valid(entity, data) == told, data
    if told:
        MODEL.check(entity, data)
    else:
        with pytest.raises(InvalidRecord):
            MODEL.check(entity, data)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    steps = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for step, inner in steps for found in places(inner, (*path, step)))]


def put(data: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    changed = copy.deepcopy(data)
    target: Any = changed
    for step in path[:-1]:
        target = target[step]
    target[path[-1]] = value
    return changed


@pytest.mark.parametrize("entity", ENTITIES)
def test_both_agree_on_examples_with_any_one_value_changed(entity: str) -> None:
    chance = random.Random(7)
    for example in EXAMPLES[entity]:
        for path in [p for p in places(example) if p and p[0] != "ext"]:
            for odd in chance.sample(ODD, 8):
                agree(entity, put(example, path, odd))


@pytest.mark.parametrize("entity", ENTITIES)
@settings(max_examples=40)
@given(data=st.data())
def test_both_agree_on_generated_records(entity: str, data: st.DataObject) -> None:
    names = [name for name in MODEL.schema(entity)["properties"] if name != "ext"]
    agree(entity, data.draw(st.dictionaries(st.sampled_from([*names, "nonsense"]), values, max_size=4)))


def test_the_explanation_is_never_empty_for_what_is_not_valid() -> None:
    assert explain(MODEL.schema("customer"), {"kind": 7})
    assert jsonschema.Draft202012Validator(MODEL.schema("customer")).is_valid({"country": "ES\n"}), (
        "why the explainer has its own pattern"
    )
    assert not explainer(MODEL.schema("customer")).is_valid({"country": "ES\n"})
