"""Copybooks and fixed-width records: what COBOL writes is what is read."""

from __future__ import annotations

import io
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadSettings
from hub.formats.copybook import parse
from hub.formats.fixed_width import Layout, read
from hub.formats.rows import Flaw, Row


def one(copybook: str, raw: bytes, encoding: str = "cp037") -> Row | Flaw:
    return Layout(parse(copybook), encoding).row(raw, "f#1")


def value(picture: str, raw: bytes, encoding: str = "cp037") -> Any:
    found = one(f"01 R.\n 05 F PIC {picture}.", raw, encoding)
    return found.data["f"] if isinstance(found, Row) else found.code


def packed(number: int, digits: int, sign: str = "") -> bytes:
    text = f"{abs(number):0{digits}d}" + (sign or ("d" if number < 0 else "c"))
    return bytes.fromhex(text.zfill(len(text) + len(text) % 2))


def zoned(number: int, digits: int) -> bytes:
    text = bytes(0xF0 | int(digit) for digit in f"{abs(number):0{digits}d}")
    return text[:-1] + bytes([text[-1] & 0x0F | (0xD0 if number < 0 else 0xC0)])


@given(st.integers(-(10**9) + 1, 10**9 - 1), st.integers(0, 9))
def test_packed_decimals(number: int, scale: int) -> None:
    picture = f"S9({9 - scale})V9({scale})" if 0 < scale < 9 else "S9(9)" if scale == 0 else "SV9(9)"
    expected = Decimal(number).scaleb(-scale) if scale else number
    assert value(f"{picture} COMP-3", packed(number, 9)) == expected


@given(st.integers(-(10**7) + 1, 10**7 - 1))
def test_signed_digits_in_characters(number: int) -> None:
    assert value("S9(7)", zoned(number, 7)) == number
    overpunched = f"{abs(number):07d}"
    last = ("}JKLMNOPQR" if number < 0 else "{ABCDEFGHI")[int(overpunched[-1])]
    assert value("S9(7)", (overpunched[:-1] + last).encode(), "latin-1") == number
    separate = f"{'-' if number < 0 else '+'}{abs(number):07d}"
    assert value("S9(7) SIGN IS LEADING SEPARATE", separate.encode("cp037")) == number
    assert value("S9(7) SIGN TRAILING SEPARATE CHARACTER", (separate[1:] + separate[0]).encode("cp273"), "cp273") == number


@given(st.integers(-(2**31), 2**31 - 1))
def test_binary_numbers(number: int) -> None:
    assert value("S9(9) COMP", number.to_bytes(4, "big", signed=True)) == number


def test_an_unsigned_number_in_characters_keeps_its_zeros() -> None:
    assert value("9(5)", "00042".encode("cp037")) == "00042"


def test_fields_that_were_never_filled_are_null() -> None:
    assert value("9(5)", b"\x40" * 5) is None
    assert value("9(5)", b"\x00" * 5) is None
    assert value("S9(5) COMP-3", b"\x00" * 3) is None


@pytest.mark.parametrize(
    ("picture", "raw"),
    [("9(3)", b"\xf1\xc1\xf2"), ("S9(3) COMP-3", b"\x12\x34"), ("S9(3) COMP-3", b"\x1a\x3c"), ("9(3)", b"abc")],
)
def test_bytes_that_do_not_fit_their_picture_set_the_record_aside(picture: str, raw: bytes) -> None:
    assert value(picture, raw) == "value_invalid"


COPYBOOK = """
000100* a customer of the old host                                      HOST0001
000200 01  CUSTOMER.                                                    HOST0002
000300     05  CUST-NO            PIC 9(6).                             HOST0003
           05  CUST-NAME.
               10  FIRST          PIC X(5).
               10  LAST           PIC X(5).
           05  ADDRESSES OCCURS 2 TIMES.
               10  CITY           PIC X(4).
               10  LINES          PIC X(2) OCCURS 2.
           05  KIND               PIC X.
               88  IS-PERSON      VALUE 'P'.
               88  IS-COMPANY     VALUE 'C' 'F'.
           05  TAX-ID             PIC X(4).
           05  TAX-NUMBER REDEFINES TAX-ID PIC 9(4).
           05  FILLER             PIC X(3) VALUE SPACES.
           05  BALANCE            PIC S9(5)V99 COMP-3 VALUE ZERO.
"""


def test_a_whole_copybook() -> None:
    text = "000042Ana  Gil  Lugoaabb    ccdd" + "P" + "A123" + "   "
    found = one(COPYBOOK, text.encode("cp273") + packed(-12345, 7), "cp273")
    assert isinstance(found, Row)
    assert found.data == {
        "cust_no": "000042",
        "cust_name": {"first": "Ana", "last": "Gil"},
        "addresses": [{"city": "Lugo", "lines": ["aa", "bb"]}, {"city": "", "lines": ["cc", "dd"]}],
        "kind": "P",
        "tax_id": "A123",
        "tax_number": None,  # described twice: the description that does not fit is null
        "balance": Decimal("-123.45"),
    }


def test_free_form_copybooks() -> None:
    found = parse("01 A.\n  05 B PIC X(3). *> a comment\n  05 C PICTURE IS 99 USAGE IS COMP-3.\n")
    assert [(item.name, item.offset, item.width) for item in found.items] == [("b", 0, 3), ("c", 3, 2)]


def test_fields_without_a_record_above_them() -> None:
    assert [item.name for item in parse("05 A PIC X.\n05 B PIC X.").items] == ["a", "b"]


@pytest.mark.parametrize(
    ("copybook", "says"),
    [
        ("01 A.\n 05 B PIC 9 OCCURS 1 TO 5 DEPENDING ON C.", "DEPENDING"),
        ("01 A.\n 05 B COMP-1.", "COMP-1"),
        ("01 A.\n 05 B.", "neither a PIC nor fields"),
        ("01 A.\n 05 B REDEFINES X PIC X.", "redefines x"),
        ("01 A.\n 05 B PIC X.\n01 C.\n 05 D PIC X.", "records a, c"),
        ("01 A.\n 05 B PIC 9PP.", "P in a PIC"),
        ("", "records none"),
    ],
)
def test_what_is_not_understood_is_said(copybook: str, says: str) -> None:
    with pytest.raises(BadSettings, match=says):
        parse(copybook)


def test_one_of_several_records_can_be_chosen() -> None:
    assert parse("01 A.\n 05 B PIC X.\n01 C-D.\n 05 E PIC X.", record="C-D").items[0].name == "e"


@pytest.mark.parametrize(
    ("form", "content"),
    [
        ("fixed", b"abcdef"),
        ("fixed", b"abcdef\x1a"),
        ("lines", b"abc\ndef\r\n"),
        ("lines", b"abc\n\ndef"),
        ("variable", b"\0\7\0\0abc\0\7\0\0def"),
    ],
)
def test_ways_to_part_records(form: str, content: bytes) -> None:
    layout = Layout(parse("01 R.\n 05 F PIC X(3)."), "latin-1")
    assert [row.data for row in read(io.BytesIO(content), "f", layout, form)] == [{"f": "abc"}, {"f": "def"}]


@pytest.mark.parametrize(("form", "content"), [("fixed", b"abcd"), ("variable", b"\0\7\0\0abc\0\7\0\0d"), ("lines", b"abc\nd")])
def test_a_torn_end_is_said(form: str, content: bytes) -> None:
    layout = Layout(parse("01 R.\n 05 F PIC X(3)."), "latin-1")
    found = list(read(io.BytesIO(content), "f", layout, form))
    assert [isinstance(row, Flaw) and row.code for row in found] == [False, "truncated"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "no-such"])
def test_only_single_byte_encodings_can_be_laid_out(encoding: str) -> None:
    with pytest.raises(BadSettings, match="cp037"):
        Layout(parse("01 R.\n 05 F PIC X(3)."), encoding)
