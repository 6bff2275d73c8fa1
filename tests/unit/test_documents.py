from pathlib import Path

import pytest

from hub.documents import read_document
from hub.errors import BadLandscape, BadMapping


def read(text: str):
    return read_document("some.yaml", BadMapping, text)


def test_every_value_knows_its_line_and_column() -> None:
    document = read("a:\n  b: 1\n  c: [x, y]\n")

    assert document.data == {"a": {"b": 1, "c": ["x", "y"]}}
    assert document.place("a", "c", 1) == (3, 10)
    assert document.place("a", "zzz") == (1, 1)


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        ("a:\n\tb: 1\n", 2, "a tab"),
        ("a: 1\nb: 2\na: 3\n", 3, "twice"),
        ("a: !!python/object:os.system x\n", 1, "refused"),
        ("a: [1, 2\nb: 3\n", 2, ""),
        ("{[1]: 2}\n", 1, "plain text"),
    ],
)
def test_what_is_wrong_is_named_with_its_place(text: str, line: int, says: str) -> None:
    with pytest.raises(BadMapping) as caught:
        read(text)

    assert caught.value.line == line
    assert str(caught.value).startswith(f"some.yaml:{line}:")
    assert says in str(caught.value)


def test_aliases_that_multiply_are_refused() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 9)
    )

    with pytest.raises(BadMapping, match="multiply"):
        read(bomb)


def test_dates_and_plain_words_stay_what_was_typed() -> None:
    assert read("born: 1980-02-31\nyes_it_is: yes\nnone: ~\n").data == {"born": "1980-02-31", "yes_it_is": "yes", "none": None}


def test_an_unknown_key_gets_the_nearest_known_one() -> None:
    with pytest.raises(BadLandscape, match=r"some.yaml:1:1: unknown key 'maping' \(did you mean 'mapping'\?\)"):
        read("maping: x").only(BadLandscape, {"mapping", "stream"})


def test_a_file_that_is_no_utf8_says_on_which_line(tmp_path: Path) -> None:
    (tmp_path / "x.yaml").write_bytes(b"a: 1\nb: \xff\n")

    with pytest.raises(BadLandscape, match=r":2:1: not UTF-8"):
        read_document(tmp_path / "x.yaml", BadLandscape)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadLandscape, match="does not exist"):
        read_document(tmp_path / "none.yaml", BadLandscape)
