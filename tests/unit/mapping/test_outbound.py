"""Outbound mappings: golden records in a system's words, compiled by the same engine, held to the golden schema."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from hub.errors import BadMapping, MappingFailed
from hub.mapping import lint_folder, load_outbound, run_examples
from hub.mapping.outbound import OutboundMapping
from hub.model import load_model

MODEL = load_model()
GOLDEN = {"id": "g1", "version": 2, "kind": "organization", "emails": [{"address": "a@b.example"}], "country": "ES"}


def outbound(tmp_path: Path, fields: str, **more: str) -> OutboundMapping:
    return load_outbound(written(tmp_path, fields, **more), model=MODEL)


def written(tmp_path: Path, fields: str, **more: str) -> Path:
    folder = tmp_path / "erp"
    (folder / "codes").mkdir(parents=True, exist_ok=True)
    (folder / "codes" / "kinds.yaml").write_text("codes: {P: person, C: organization}\n")
    top = {"version": "1", "from": "customer", "to": "customers", **more}
    path = folder / "customer.out.yaml"
    lines = [f"{name}: {value}" for name, value in top.items()]
    path.write_text("\n".join([*lines, "fields:", *(f"  {line}" for line in dedent(fields).strip().splitlines())]) + "\n")
    return path


def test_columns_are_made_of_the_golden_record_its_key_and_what_the_system_says_itself(tmp_path: Path) -> None:
    made = outbound(tmp_path, 'hub_id: id\nno: key\nmail: "!(own.emails) && emails[0].address || `null`"\ncc: country')

    assert made.columns == ("hub_id", "no", "mail", "cc")
    assert made.render(GOLDEN, "7") == {"hub_id": "g1", "no": "7", "mail": "a@b.example", "cc": "ES"}
    assert made.render(GOLDEN, "7", {"emails": [{"address": "own@b.example"}]}) == {"hub_id": "g1", "no": "7", "cc": "ES"}


def test_code_lists_are_looked_up_the_way_back(tmp_path: Path) -> None:
    made = outbound(tmp_path, "type_code: {lookup: kinds, of: kind, reverse: true}")
    assert made.render(GOLDEN, "7") == {"type_code": "C"}
    with pytest.raises(MappingFailed) as failed:
        made.render({**GOLDEN, "kind": "household"}, "7")
    assert failed.value.code == "unmapped_code"


def test_what_is_absent_is_not_written_and_what_is_known_empty_clears(tmp_path: Path) -> None:
    made = outbound(tmp_path, "born: birth_date\ndied: {path: death_date, empty: known}")
    assert made.render(GOLDEN, "7") == {}
    assert made.render({**GOLDEN, "death_date": None}, "7") == {"died": None}


def test_when_leaves_a_record_out(tmp_path: Path) -> None:
    made = outbound(tmp_path, "hub_id: id", when="\"kind == 'person'\"")
    assert made.render(GOLDEN, "7") is None


def test_flags_of_the_engine_are_no_column(tmp_path: Path) -> None:
    made = outbound(tmp_path, "n: {path: country, type: integer, on_error: flag}\nhub_id: id")
    assert made.render(GOLDEN, "7") == {"hub_id": "g1"}


@pytest.mark.parametrize(
    ("fields", "more", "code"),
    [
        ("mail: email", {}, "golden_unknown"),
        ("mail: emails[0].adress", {}, "golden_unknown"),
        ("mail: own.mail", {}, "golden_unknown"),
        ("mail: name.given", {"split": "emails"}, "key_unknown"),
        ("mail: name.given", {"key": "id"}, "key_unknown"),
        ("mail: name.given", {"from": "custmer"}, "entity_unknown"),
        ("mail: {lookup: kind, of: kind}", {}, "lookup_unknown"),
    ],
)
def test_what_can_never_work_is_refused_when_it_is_loaded(tmp_path: Path, fields: str, more: dict[str, str], code: str) -> None:
    with pytest.raises(BadMapping) as bad:
        outbound(tmp_path, fields, **more)
    assert code in {finding.code for finding in bad.value.facts["findings"]}


def test_lint_reads_them_and_asks_for_an_example(tmp_path: Path) -> None:
    written(tmp_path, "hub_id: idd\ntype_code: {lookup: kinds, of: kind, reverse: true}")
    found = {finding.code: str(finding) for finding in lint_folder(tmp_path, model=MODEL)}
    assert found.keys() == {"golden_unknown", "example_missing"}
    assert "customer.out.yaml:5:" in found["golden_unknown"]


def test_examples_run_beside_them(tmp_path: Path) -> None:
    path = written(tmp_path, "hub_id: id\nmail: emails[0].address")
    beside = path.with_name("customer.out.examples.yaml")
    beside.write_text("- name: right\n  given: {id: g1, key: 7}\n  expect: {equal: {hub_id: g1}}\n"
                      "- name: wrong\n  given: {id: g1}\n  expect: {mail: x}\n")  # fmt: skip
    assert [result.passed for result in run_examples(beside, model=MODEL)] == [True, False]
    assert not lint_folder(tmp_path / "erp", model=None)[1:]
