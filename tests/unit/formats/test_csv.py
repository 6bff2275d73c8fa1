"""CSV: what a writer wrote is what is read, whatever stands in the values; where it breaks, only that row is lost."""

from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from hub.formats.csv import CsvFormat, header, read
from hub.formats.rows import Flaw, Row

CELLS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\r"), max_size=12)


def rows(content: bytes, form: CsvFormat | None = None) -> list[Row | Flaw]:
    return list(read(io.BytesIO(content), "f.csv", form or CsvFormat()))


@given(st.lists(st.tuples(CELLS, CELLS), max_size=8), st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]))
def test_what_was_written_is_read(table: list[tuple[str, str]], quoting: int) -> None:
    text = io.StringIO()
    writer = csv.writer(text, quoting=quoting)  # type: ignore[arg-type]
    writer.writerows([("a", "b"), *table])
    found = rows(text.getvalue().encode())
    assert [tuple(row.data.values()) for row in found if isinstance(row, Row)] == table
    assert not [flaw for flaw in found if isinstance(flaw, Flaw)]


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(content: bytes) -> None:
    for row in rows(b"a,b\n" + content):
        assert row.where.startswith("f.csv:")


@given(st.lists(st.sampled_from(['1,"a"', "2,b", '3,"c', '4,d"', '"5,e', "6"]), max_size=12))
def test_a_sound_row_behind_broken_ones_is_found_again(lines: list[str]) -> None:
    found = rows("\n".join(["k,v", *lines, "9,z", ""]).encode())
    assert {"k": "9", "v": "z"} in [row.data for row in found if isinstance(row, Row)]


def test_places_are_the_lines_of_the_file() -> None:
    found = rows(b'k,v\n1,"two\nlines"\n2,b\n3\n')
    assert [row.where for row in found] == ["f.csv:2", "f.csv:4", "f.csv:5"]


def test_a_file_without_a_header_takes_its_columns_from_the_format() -> None:
    form = CsvFormat(columns=("k", "v"), delimiter=";", skip=1)
    assert [row.data for row in rows(b"report of today\n1;a\n", form)] == [{"k": "1", "v": "a"}]
    assert header(io.BytesIO(b""), form) == ["k", "v"]


def test_a_row_above_the_limit_names_its_key_all_the_same() -> None:
    found = rows(b'k,v\n1,"' + b"x" * 5000 + b'"\n2,b\n', CsvFormat(longest=1000))
    assert isinstance(found[0], Flaw)
    assert found[0].code == "record_too_long"
    assert (found[0].data or {})["k"] == "1"
    assert found[1].data == {"k": "2", "v": "b"}


def test_other_encodings() -> None:
    assert rows("k,v\n1,Żółć\n".encode("cp1250"), CsvFormat("cp1250"))[0].data == {"k": "1", "v": "Żółć"}
    assert rows("k,v\n1,ż\n".encode("utf-16"), CsvFormat("utf-16"))[0].data == {"k": "1", "v": "ż"}
