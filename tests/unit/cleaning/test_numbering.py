"""Whatever is told by a numbering plan alone is what the library says of the same number."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st
from phonenumbers import PhoneNumberFormat, PhoneNumberType

from hub.cleaning.numbering import usual

REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)
KINDS = sorted(PhoneNumberType.values())


def said_by_library(number: str, region: str) -> str | None:
    try:
        parsed = phonenumbers.parse(number, region or None)
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_valid_number(parsed) or parsed.extension:
        return None
    return str(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))


def example(region: str, kind: int) -> phonenumbers.PhoneNumber:
    return phonenumbers.example_number_for_type(region, kind) or phonenumbers.example_number(region)


@pytest.mark.parametrize("region", REGIONS)
def test_every_kind_of_number_of_every_country_is_as_the_library_has_it(region: str) -> None:
    for kind in KINDS:
        number = example(region, kind)
        digits = phonenumbers.national_significant_number(number)
        for written in (digits, f"+{number.country_code}{digits}", f"{number.country_code}{digits}", f"0{digits}", digits[:-1]):
            assert usual(written, region) in (None, said_by_library(written, region)), written


@given(
    st.sampled_from(REGIONS),
    st.sampled_from(KINDS),
    st.sampled_from(["", "+", "00", "0", "1", "8"]),
    st.booleans(),
    st.lists(st.tuples(st.integers(0, 20), st.sampled_from("0123456789 -.+()x"), st.booleans()), max_size=5),
    st.sampled_from([*REGIONS, ""]),
)
def test_what_is_written_otherwise_is_as_the_library_has_it_or_left_to_it(
    region: str, kind: int, before: str, with_code: bool, changes: list[tuple[int, str, bool]], another: str
) -> None:
    number = example(region, kind)
    signs = list(before + (str(number.country_code) if with_code else "") + phonenumbers.national_significant_number(number))
    for place, sign, instead in changes:
        signs[place : place + instead] = sign
    written = "".join(signs)
    for where in (region, another):
        assert usual(written, where) in (None, said_by_library(written, where)), written


@pytest.mark.parametrize(
    ("given", "region", "found"),
    [
        ("600111222", "ES", "+34600111222"),
        ("600 11-12.22", "ES", "+34600111222"),
        ("+34 600 111 222", "", "+34600111222"),
        ("+34 600 111 222", "DE", "+34600111222"),
        ("600111222", "", None),
        ("0600111222", "ES", None),
        ("600111222", "Atlantis", None),
        ("+999600111222", "", None),
        ("2025550173", "US", None),  # others share its calling code
        ("٦٠٠١١١٢٢٢", "ES", None),
        ("", "ES", None),
        ("+", "ES", None),
    ],
)
def test_ordinary_numbers_are_told_and_others_left_to_the_library(given: str, region: str, found: str | None) -> None:
    assert usual(given, region) == found
