"""What lint says about a slip: a stable code, the place, the nearest known word."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.documents import MOST_NODES
from hub.errors import BadMapping
from hub.mapping import Finding, lint_folder, load_mapping
from hub.model import Model

HEAD = "version: 1\nfrom: customers\nto: customer\nkey: id\nfields:\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    system = tmp_path / "erp"
    (system / "codes").mkdir(parents=True)
    (system / "codes" / "kind.yaml").write_text("codes: {P: person, C: organization}\n")
    return system


def lint(folder: Path, text: str, model: Model, name: str = "customer.yaml") -> list[Finding]:
    (folder / name).write_text(text, encoding="utf-8")
    return [f for f in lint_folder(folder, model=model) if f.code not in ("example_missing", "code_list_unused")]


SLIPS = [
    ("  name.gven: a", "target_unknown", (6, 3), "did you mean 'name.given'"),
    ("  emails: {each: '[m]', as: {adress: item}}", "target_unknown", (6, 30), "did you mean 'emails[].address'"),
    ("  name.given: 'a ? b'", "expression_invalid", (6, 18), ""),
    ("  name.given: a == ", "expression_invalid", (6, 19), "quotes inside quotes"),
    ("  name.given: uper(a)", "function_unknown", (6, 15), "did you mean 'upper'"),
    ("  name.given: not_null(a, lenght(b))", "function_unknown", (6, 27), "did you mean 'length'"),
    ("  name.given: replace(a)", "function_arguments", (6, 15), "takes 3"),
    ("  kind: {lookup: knd, of: t}", "lookup_unknown", (6, 10), "did you mean 'kind'"),
    ("  name.given: {lookup: kind}", "key_missing", (6, 16), "`lookup` needs `of`"),
    ("  name.given: {paht: a}", "key_unknown", (6, 16), "did you mean 'path'"),
    ("  birth_date: {path: a, type: dat}", "value_invalid", (6, 25), "did you mean 'date'"),
    ("  birth_date: {path: a, on_error: ignore}", "value_invalid", (6, 25), "reject, flag, default"),
    ("  birth_date: {path: a, on_error: default}", "key_missing", (6, 25), "needs a `default`"),
    ("  birth_date: {path: a, type: integer}", "type_mismatch", (6, 25), "which is string"),
    ("  birth_date: {path: a, type: date, formats: ['DD/MM/YYYY']}", "value_invalid", (6, 47), "%d"),
    ("  birth_date: {path: a, formats: ['%d']}", "value_invalid", (6, 25), "needs `type: date`"),
    ("  name.given: {each: a, as: {x: item}}", "type_mismatch", (6, 3), "is no list"),
    ("  kind: \"'persn'\"", "value_not_allowed", (6, 10), "did you mean 'person'"),
    ("  country: {path: cc, default: Spain}", "value_not_allowed", (6, 23), "is not written as"),
    ("  name.given: '`7`'", "type_mismatch", (6, 16), "cannot fit 'name.given'"),
    ("  status: {lookup: kind, of: t, reverse: 'yes'}", "value_invalid", (6, 33), "true or false"),
    ("  gender: {lookup: kind, path: t}", "value_invalid", (6, 12), "do not go together"),
    ("  name: n\n  name.given: a", "target_duplicate", (7, 3), "already made by 'name'"),
    ("  status: {path: a, empty: known, default: x}", "value_invalid", (6, 21), "contradict"),
    ("  status: 7", "value_invalid", (6, 3), "`7`"),
    ("  emails: {each: mails, as: {address: mail}}", "root_unknown", (6, 30), "Write item.mail"),
    ("  status: \"!a.b && 'x'\"", "negation_unclear", (6, 12), "!(a.b)"),
    ("  emails: {each: mails, as: {type: item}}", "required_missing", (6, 3), "requires 'address'"),
    ("  status: a == `test` && 'x' || 'y'", "literal_deprecated", (6, 16), "Write 'test'"),
    ("  status: closed && `null` || s", "and_or_null", (6, 11), "!(closed) && s || `null`"),
    ("  status: \"a || b && x && '' || s\"", "and_or_null", (6, 12), "never"),
    ('  status: "s[?a && `[]` || b] | [0]"', "and_or_null", (6, 12), "never"),
    ("  emails: {each: mails, as: {address: item.off && `false` || item.x}}", "and_or_null", (6, 39), "never"),
    ("  status: {lookup: kind, of: a && `null` || b}", "and_or_null", (6, 30), "never"),
    ("  kind: person", "text_unquoted", (6, 9), "\"'person'\""),
    ("  a..b: x", "target_unknown", (6, 3), "empty step"),
]


@pytest.mark.parametrize(("line", "code", "place", "says"), SLIPS)
def test_a_slip_is_told_with_its_code_place_and_way_out(
    folder: Path, model: Model, line: str, code: str, place: tuple[int, int], says: str
) -> None:
    found = lint(folder, HEAD + line + "\n", model)
    about = next(f for f in found if f.code == code)
    assert (about.line, about.column) == place, about
    assert says in f"{about.message} {about.hint}"
    if about.severity == "error" and code != "required_missing":
        with pytest.raises(BadMapping) as bad:
            load_mapping(folder / "customer.yaml", model=model)
        assert f"customer.yaml:{place[0]}:{place[1]}: " in str(bad.value)


TOP_SLIPS = [
    ("version: 1\nfrom: c\nto: custmer\nfields: {status: s}", "entity_unknown", (3, 1), "did you mean 'customer'"),
    ("version: 1\nform: c\nto: customer\nfields: {status: s}", "key_unknown", (2, 1), "did you mean 'from'"),
    ("version: one\nfrom: c\nto: customer\nfields: {status: s}", "value_invalid", (1, 1), "whole number"),
    ("from: c\nto: customer\nfields: {status: s}", "key_missing", (1, 1), "version: 1"),
    ("version: 1\nfrom: c\nto: customer", "key_missing", (1, 1), "`fields` is missing"),
    ("version: 1\nfrom: c\nto: customer\nsplit: a\nfields: {status: item}", "key_missing", (4, 1), "`split` needs a `key`"),
    ("version: 1\nfrom: c\nto: customer\nkey: [a, 'b(']\nfields: {status: s}", "expression_invalid", (4, 13), ""),
    ("version: 1\nfrom: c\nto: customer\nwhen: true\nfields: {status: s}", "value_invalid", (4, 1), "`true`"),
    (
        "version: 1\nfrom: c\nto: customer\nupdated_at: {path: a, formats: [x]}\nfields: {status: s}",
        "value_invalid",
        (4, 33),
        "%d",
    ),
    ("- a\n- b", "value_invalid", (1, 1), "a mapping file names"),
    ("version: 1\n\tfrom: c", "yaml_invalid", (2, 1), "a tab"),
    ("version: 1\nversion: 2", "yaml_invalid", (2, 1), "twice"),
    ("version: 1\nfrom: \x00", "yaml_invalid", (1, 1), "not readable"),
    ("version: !!python/object:os.system x", "yaml_invalid", (1, 10), "tag"),
    ("a: &a [*a]", "yaml_invalid", (1, 4), "nested too deeply"),
    ("[" * 4000, "yaml_invalid", (1, 1), "nested too deeply"),
]


@pytest.mark.parametrize(("text", "code", "place", "says"), TOP_SLIPS)
def test_a_file_that_is_no_mapping_is_told_where_and_why(
    folder: Path, model: Model, text: str, code: str, place: tuple[int, int], says: str
) -> None:
    about = next(f for f in lint(folder, text, model) if f.code == code)
    assert (about.line, about.column) == place, about
    assert says in f"{about.message} {about.hint}"


@pytest.mark.parametrize("head", ["when: W", "key: W", "key: [id, W]", "updated_at: W", "updated_at: {path: W}"])
def test_expressions_of_the_head_are_looked_at_too(folder: Path, model: Model, head: str) -> None:
    text = "version: 1\nfrom: c\nto: customer\nfields: {status: s}\n" + head.replace("W", '"a && `null` || b"') + "\n"
    assert [f.line for f in lint(folder, text, model) if f.code == "and_or_null"] == [5]


@pytest.mark.parametrize(
    "expression",
    ["a && b || `null`", "m && [m] || `[]`", "a && `null`", "!(a) && b || `null`", "a && (b || `null`) || c", "a && `0` || b"],
)
def test_what_is_empty_at_the_end_is_meant(folder: Path, model: Model, expression: str) -> None:
    assert not [f for f in lint(folder, f"{HEAD}  status: {expression!r}\n", model) if f.code == "and_or_null"]


def test_aliases_that_multiply_are_refused(folder: Path, model: Model) -> None:
    layers = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    layers += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 7)]
    assert MOST_NODES < 10**7
    assert "multiply" in lint(folder, "\n".join(layers), model)[0].message


def test_all_errors_of_a_file_are_told_at_once(folder: Path, model: Model) -> None:
    (folder / "customer.yaml").write_text(HEAD + "  name.gven: a\n  status: uper(b)\n")
    with pytest.raises(BadMapping, match="and 1 more") as bad:
        load_mapping(folder / "customer.yaml", model=model)
    assert [f.code for f in bad.value.findings] == ["function_unknown", "target_unknown"]


def test_every_source_field_is_mapped_or_ignored(folder: Path, model: Model) -> None:
    text = HEAD + "  name.given: frist\n  emails: {each: '[m]', as: {address: item}}\nignore: [pw_*, m]\n"
    (folder / "customer.yaml").write_text(text)
    fields = {("erp", "customers"): ["id", "first", "m", "pw_hash", "phone"]}
    found = {
        (f.code, f.message.split("'")[1], f.hint)
        for f in lint_folder(folder.parent, model=model, fields=fields)
        if "'" in f.message
    }
    assert ("source_unmapped", "phone", "Map it, or list it under `ignore`.") in found
    assert ("source_missing", "frist", "(did you mean 'first'?)") in found
    assert {code for code, name, _ in found if name == "m"} == {"ignore_mapped"}
    assert not any(name in ("id", "pw_hash") for _, name, _ in found)


def test_without_discovered_fields_the_examples_stand_for_the_source(folder: Path, model: Model) -> None:
    (folder / "customer.yaml").write_text(HEAD + "  name.given: first\n  status: state\n")
    (folder / "customer.examples.yaml").write_text("- {name: x, given: {id: 1, frst: Ana, more: 1}, expect: {}}\n")
    found = {f.code: f for f in lint_folder(folder, model=model)}
    assert "'first'" in found["source_missing"].message
    assert "'state'" in found["source_not_in_examples"].message
    assert "'more'" in found["source_unmapped"].message


def test_files_around_a_mapping_are_looked_at_too(folder: Path, model: Model) -> None:
    (folder / "customer.yaml").write_text(HEAD + "  status: s\n")
    (folder / "customer.out.yaml").write_text("version: 1\n")
    (folder / "order.examples.yaml").write_text("- {name: x, given: [], expct: {}}\n")
    (folder / "codes" / "bad.yaml").write_text("code: {A: b}\n")
    codes = {f.code for f in lint_folder(folder, model=model)}
    assert {"example_missing", "key_missing", "mapping_missing", "example_invalid", "code_list_unused"} <= codes
    assert {"key_unknown", "key_missing"} <= codes


def test_a_right_mapping_with_its_example_has_nothing_to_be_said_about(folder: Path, model: Model) -> None:
    (folder / "customer.yaml").write_text(HEAD + "  name.given: first\n  kind: {lookup: kind, of: t}\nignore: [pw]\n")
    (folder / "customer.examples.yaml").write_text(
        "- {name: x, given: {id: 1, first: Ana, t: P, pw: x}, expect: {kind: person}}\n"
    )
    assert lint_folder(folder, model=model) == []
