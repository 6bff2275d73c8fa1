from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest

from hub.errors import BadModel, InvalidRecord
from hub.model import load_model, shipped_folder
from hub.quality import load_quality

MODEL = load_model()
SHIPPED = shipped_folder("canonical_model")
ENTITIES = (*MODEL.entities, *MODEL.golden_entities)
VALID = sorted(SHIPPED.glob("*/examples/*.json"))
INVALID = sorted(SHIPPED.glob("*/examples/invalid/*.json"))


def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


def test_all_entities_of_the_canonical_model_are_there() -> None:
    assert MODEL.entities == tuple(
        "account campaign case consent customer interaction invoice opportunity order product relationship transaction".split()
    )
    assert MODEL.golden_entities == ("golden_customer",)


@pytest.mark.parametrize("entity", ENTITIES)
def test_an_entity_has_examples_titles_and_a_version(entity: str) -> None:
    folder = MODEL.folder(entity)
    assert len(list(folder.glob("examples/*.json"))) >= 2
    assert list(folder.glob("examples/invalid/*.json"))
    assert MODEL.version(entity) == "1.0.0"
    assert MODEL.schema(entity)["$id"] == f"https://goldenhub.example/canonical/{entity}/1.0.0"
    for path in MODEL.properties(entity):
        found = MODEL.property_at(entity, path)
        assert found and found.get("title"), path
        assert found.get("description") != found["title"], path


@pytest.mark.parametrize("path", VALID, ids=lambda p: f"{p.parent.parent.name}-{p.stem}")
def test_a_valid_example_is_valid(path: Path) -> None:
    MODEL.check(path.parent.parent.name, read(path))


@pytest.mark.parametrize("path", INVALID, ids=lambda p: f"{p.parents[2].name}-{p.stem}")
def test_an_invalid_example_breaks_the_rule_it_names(path: Path) -> None:
    example = read(path)
    entity = path.parents[2].name
    assert not MODEL.is_valid(entity, example["data"])
    with pytest.raises(InvalidRecord) as refused:
        MODEL.check(entity, example["data"])
    assert (example["path"], example["rule"]) in [(v["path"], v["rule"]) for v in refused.value.violations]


def test_a_reason_does_not_tell_the_value() -> None:
    with pytest.raises(InvalidRecord) as refused:
        MODEL.check(
            "customer", {"birth_date": "1234-secret", "kind": "secret", "country": "secret", "name": {"given": ["secret"]}}
        )
    assert {v["path"] for v in refused.value.violations} == {"birth_date", "country", "kind", "name.given"}
    assert "secret" not in json.dumps(refused.value.violations) + str(refused.value)


def test_an_unknown_field_is_refused_with_the_nearest_known_one() -> None:
    with pytest.raises(InvalidRecord, match="did you mean 'birth_date'"):
        MODEL.check("customer", {"birthdate": "1980"})


@pytest.mark.parametrize(
    ("odd", "rule"),
    [
        ("half \ud800", "encoding"),
        ("nul \x00", "pattern"),
        ("x" * 1_000_001, "maxLength"),
        (float("nan"), "type"),
        (2**70, "maximum"),
        (object(), "type"),
        ({1: 2}, "type"),
        ({"a\x00": 2}, "type"),
    ],
    ids=lambda value: str(value)[:12] if isinstance(value, str) else type(value).__name__,
)
def test_the_extension_zone_carries_only_what_json_and_a_database_can_hold(odd: Any, rule: str) -> None:
    with pytest.raises(InvalidRecord) as refused:
        MODEL.check("customer", {"ext": {"erp": {"field": [odd]}}})
    assert [v["rule"] for v in refused.value.violations] == [rule]


def test_a_record_nested_without_end_is_refused() -> None:
    deep: list[Any] = []
    for _ in range(5_000):
        deep = [deep]
    with pytest.raises(InvalidRecord, match="nested"):
        MODEL.check("customer", {"ext": {"erp": {"field": deep}}})


@pytest.mark.parametrize("field", ["name", "emails", "birth_date", "kind", "segments"])
def test_half_a_character_and_a_strange_object_are_refused_anywhere(field: str) -> None:
    for odd in ("\ud800", object(), {"given": "\ud800"}, [{"address": "\ud800"}]):
        assert not MODEL.is_valid("customer", {field: odd})
        with pytest.raises(InvalidRecord):
            MODEL.check("customer", {field: odd})


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("name.given", ["string", "null"]),
        ("emails[].address", "string"),
        ("addresses[].lines", ["array", "null"]),
        ("addresses[].lines[]", "string"),
        ("emails", ["array", "null"]),
        ("name", ["object", "null"]),
        ("ext.erp", "object"),
    ],
)
def test_a_property_is_found_at_its_path(path: str, kind: Any) -> None:
    found = MODEL.property_at("customer", path)
    assert found is not None
    assert found["type"] == kind


def test_anything_may_stand_in_the_extension_zone_of_a_system() -> None:
    assert MODEL.property_at("customer", "ext.erp.sales.rep") == {}


@pytest.mark.parametrize(
    "path", ["nam", "name.givn", "emails.address", "name.given.x", "emails[].adress", "birth_date[]", "name[]", ""]
)
def test_there_is_no_property_at_a_wrong_path(path: str) -> None:
    assert MODEL.property_at("customer", path) is None


def test_an_unknown_entity_is_refused_with_the_nearest_one() -> None:
    with pytest.raises(BadModel, match="did you mean 'customer'"):
        MODEL.schema("custommer")


def test_the_golden_customer_has_every_field_of_a_customer() -> None:
    customer = set(MODEL.schema("customer")["properties"]) - {"source"}
    golden = MODEL.schema("golden_customer")["properties"]
    assert customer <= set(golden)
    assert all(golden[name] == MODEL.schema("customer")["properties"][name] for name in customer)


def test_every_entity_but_the_customer_has_participants() -> None:
    for entity in MODEL.entities:
        assert ("participants" in MODEL.schema(entity)["properties"]) == (entity != "customer"), entity


def test_a_model_pickles_and_keeps_its_hash() -> None:
    again = pickle.loads(pickle.dumps(MODEL))
    assert again.hash == MODEL.hash
    assert again.is_valid("customer", {"kind": "person"})


def test_a_later_folder_overlays_the_shipped_one(tmp_path: Path) -> None:
    own = tmp_path / "customer"
    own.mkdir()
    schema = read(SHIPPED / "customer" / "schema.json")
    schema["properties"]["shoe_size"] = {"type": "integer", "title": "Shoe size"}
    (own / "schema.json").write_text(json.dumps(schema), encoding="utf-8")
    (own / "quality.yaml").write_text("version: 1\nrecords: [{name: barefoot, field: shoe_size}]\n", encoding="utf-8")
    mine = load_model(SHIPPED, tmp_path)
    mine.check("customer", {"shoe_size": 42})
    assert mine.hash != MODEL.hash
    assert mine.entities == MODEL.entities
    assert [rule.name for rule in load_quality(mine.rules("customer", "quality")).records] == ["barefoot"]
    assert mine.rules("customer", "matching") == MODEL.rules("customer", "matching")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("{", "not readable as JSON"),
        ("[]", "must be an object"),
        ('{"type": "object", "type": "array"}', "stands twice"),
        ('{"type": "wrong"}', "no JSON Schema"),
        ('{"properties": {"a": {"$ref": "../shared/nothing.json"}}}', "points at nothing"),
        ('{"properties": {"a": {"$ref": "#"}}}', "leads back to itself"),
        ('{"type": "string", "pattern": "("}', "pattern|no JSON Schema"),
        ('{"properties": {"a": {"$ref": "../shared/values.json#/$defs/text", "maxLength": 5}}}', "maxLength"),
    ],
)
def test_a_broken_schema_is_refused_before_data_moves(tmp_path: Path, text: str, says: str) -> None:
    folder = tmp_path / "thing"
    folder.mkdir()
    (folder / "schema.json").write_text(text, encoding="utf-8")
    with pytest.raises(BadModel, match=says):
        load_model(SHIPPED, tmp_path)


def test_broken_rules_are_refused_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "customer").mkdir()
    (tmp_path / "customer" / "quality.yaml").write_text("version: 1\n\trecords: []\n", encoding="utf-8")
    with pytest.raises(BadModel, match=r"quality\.yaml:2:1: a tab"):
        load_model(SHIPPED, tmp_path).rules("customer", "quality")


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadModel, match="no folder"):
        load_model(tmp_path / "nowhere")
