"""Code lists say what codes mean, both ways, and never guess."""

from __future__ import annotations

from pathlib import Path

import pytest

from hub.errors import BadMapping, Unclean
from hub.mapping import CodeList, load_code_list, load_code_lists


def read(folder: Path, text: str) -> CodeList:
    path = folder / "kind.yaml"
    path.write_text(text)
    return load_code_list(path)


def test_codes_mean_what_is_written_even_where_yaml_would_read_more_into_them(tmp_path: Path) -> None:
    codes = read(tmp_path, "codes: {NO: Norway, 07: seven, 1: one, yes: no, 1.0: decimal}\n")
    assert [codes.meaning(code) for code in ("NO", "07", 1, "yes", " 1 ", 1.0)] == [
        "Norway",
        "seven",
        "one",
        "no",
        "one",
        "decimal",
    ]


def test_the_way_back_is_found_where_one_code_has_the_meaning(tmp_path: Path) -> None:
    codes = read(tmp_path, "codes: {M: mobile, C: mobile, F: home, X: null}\nreverse: {mobile: M}\n")
    assert (codes.code("mobile"), codes.code("home")) == ("M", "F")
    assert codes.meaning("X") is None
    undecided = read(tmp_path, "codes: {M: mobile, C: mobile}\n")
    with pytest.raises(Unclean):
        undecided.code("mobile")


def test_an_unknown_code_is_refused_and_named(tmp_path: Path) -> None:
    with pytest.raises(Unclean) as unknown:
        read(tmp_path, "codes: {P: person}\n").meaning("Z")
    assert unknown.value.facts == {"code": "unmapped_code", "list": "kind", "value": "Z"}


@pytest.mark.parametrize("value", [[], {}, ["P"]])
def test_only_one_value_can_be_a_code(tmp_path: Path, value: object) -> None:
    with pytest.raises(Unclean) as wrong:
        read(tmp_path, "codes: {P: person}\n").meaning(value)
    assert wrong.value.facts["code"] == "code_invalid"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[]", "kind.yaml:1:1: a code list is a mapping"),
        ("owner: x", "kind.yaml:1:1: a code list needs `codes`"),
        ("codes: [a]", "kind.yaml:1:1: `codes` must be a mapping"),
        ("codes: {a: [b]}", "kind.yaml:1:9: the meaning of 'a' must be one value"),
        ("codes: {a: b}\nownr: x", "kind.yaml:2:1: unknown key 'ownr'"),
        ("codes: {a: b}\nname: kinds", "kind.yaml:2:1: the name must be the file's name"),
        ("codes: {a: b}\nversion: x", "kind.yaml:2:1: the version must be a whole number"),
        ("codes: {a: b}\nvalid_from: 2026-01-01", "kind.yaml:2:1: `valid_from` would change nothing"),
        ("valid_to: 2026-01-01\ncodes: {a: b}", "kind.yaml:1:1: `valid_to` would change nothing"),
        ("codes: {a: b}\nreverse: {b: c}", "kind.yaml:2:11: 'c' is no code of this list"),
        ("codes: {a: b}\nreverse: {c: a}", "kind.yaml:2:11: no code means 'c'"),
        ("codes: {a: b, a: c}", "kind.yaml:1:15: the key 'a' stands here twice"),
    ],
)
def test_a_wrong_list_is_told_where_and_why(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(BadMapping) as bad:
        read(tmp_path, text)
    assert says in str(bad.value)


def test_the_lists_of_a_folder_are_known_by_their_names(tmp_path: Path) -> None:
    read(tmp_path, "name: kind\nowner: sales\nversion: 2\ncodes: {a: b}\n")
    (found,) = load_code_lists(tmp_path).values()
    assert (found.name, found.owner, found.version) == ("kind", "sales", 2)
    assert load_code_lists(tmp_path / "nowhere") == {}
