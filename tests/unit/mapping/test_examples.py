"""Examples beside a mapping pass, or say which field, expression and input are to blame."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import BadMapping
from hub.mapping import ExampleResult, run_examples
from hub.model import Model

MAPPING = """
version: 1
from: customers
to: customer
key: id
when: "status != 'test'"
fields:
  name.given: first
  name.family: upper(last)
  birth_date: {path: born, type: date}
  emails: {each: mails, as: {address: item}}
"""


def run(folder: Path, model: Model, examples: str) -> list[ExampleResult]:
    (folder / "customer.yaml").write_text(MAPPING)
    (folder / "customer.examples.yaml").write_text(examples)
    return run_examples(folder / "customer.examples.yaml", model=model)


@pytest.mark.parametrize(
    "expect",
    [
        "{name: {given: Ana}}",
        "{contains: {name: {given: Ana}}}",
        "{equal: {name: {given: Ana, family: GIL}, emails: [{address: a@b.example}]}}",
        "[{name: {given: Ana}}]",
        "{}",
    ],
)
def test_an_example_passes_when_the_record_is_as_expected(tmp_path: Path, model: Model, expect: str) -> None:
    given = "{id: 1, first: Ana, last: Gil, mails: [a@b.example]}"
    (result,) = run(
        tmp_path, model, f"- {{name: x, given: {given}, expect: {expect}, key: 1, operation: upsert, absent: [status]}}"
    )
    assert result.passed, result


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ("{id: 1, born: nonsense}", "{rejected: date_invalid}"),
        ("{id: 1, born: nonsense}", "{rejected: true}"),
        ("{first: Ana}", "{rejected: key_missing}"),
        ("{id: 1, mails: ['" + "x" * 5000 + "']}", "{rejected: invalid_record}"),
        ("{id: 1, status: test}", "{filtered: true}"),
    ],
)
def test_an_example_can_expect_a_reject_or_the_filter(tmp_path: Path, model: Model, given: str, expect: str) -> None:
    (result,) = run(tmp_path, model, f"- {{name: x, given: {given}, expect: {expect}}}")
    assert result.passed, result


@pytest.mark.parametrize(
    ("given", "expect", "more", "says"),
    [
        (
            "{id: 1, last: Gil}",
            "{name: {family: Gil}}",
            "",
            ["name.family: 'GIL', 'Gil' expected", "upper(last)", "{'last': 'Gil'}"],
        ),
        ("{id: 1, mails: [a@b]}", "{emails: []}", "", ["emails: 1 item(s)", "expression: mails"]),
        ("{id: 1, mails: [a@b]}", "{emails: [{address: x}]}", "", ["emails[0].address: 'a@b', 'x' expected"]),
        ("{id: 1}", "{status: active}", "", ["status: absent", "no field of the mapping makes it"]),
        ("{id: 1, first: A}", "{equal: {}}", "", ["name: {'given': 'A'}, absent expected"]),
        ("{id: 1, first: A}", "{}", ", absent: [name.given]", ["name.given: there, absent expected", "expression: first"]),
        ("{id: 1}", "{}", ", key: 2", ["key: 1, 2 expected"]),
        ("{id: 1, born: x}", "{}", "", ["rejected with date_invalid", "field: birth_date", "expression: born", "{'born': 'x'}"]),
        ("{id: 1}", "{rejected: date_invalid}", "", ["should have been rejected", "made 1 record"]),
        ("{id: 1, born: x}", "{rejected: other}", "", ["not with date_invalid"]),
        ("{id: 1}", "{filtered: true}", "", ["should have been filtered", "status != 'test'"]),
        ("{id: 1, status: test}", "{}", "", ["made 0 record(s), 1 expected"]),
    ],
)
def test_a_failure_names_field_expression_and_input(
    tmp_path: Path, model: Model, given: str, expect: str, more: str, says: list[str]
) -> None:
    (result,) = run(tmp_path, model, f"- {{name: x, given: {given}, expect: {expect}{more}}}")
    assert not result.passed
    assert all(text in str(result) for text in says), str(result)


def test_true_is_not_one(tmp_path: Path, model: Model) -> None:
    (tmp_path / "customer.yaml").write_text("version: 1\nfrom: c\nto: customer\nkey: id\nfields: {ext.erp.vip: vip}\n")
    (tmp_path / "customer.examples.yaml").write_text("- {name: x, given: {id: 1, vip: true}, expect: {ext: {erp: {vip: 1}}}}\n")
    (result,) = run_examples(tmp_path / "customer.yaml", model=model)
    assert not result.passed


@pytest.mark.parametrize(
    "examples",
    ["{}", "- x", "- {given: {}, expect: {}}", "- {name: x, expect: {}}", "- {name: x, given: {}}", "- {name: x, gven: {}}"],
)
def test_an_examples_file_that_shows_nothing_is_refused(tmp_path: Path, model: Model, examples: str) -> None:
    with pytest.raises(BadMapping, match=r"customer\.examples\.yaml:1:"):
        run(tmp_path, model, examples)
