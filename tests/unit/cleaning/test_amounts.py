from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given as for_any
from hypothesis import strategies as st

from hub.cleaning import amount
from hub.errors import Unclean


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("1.234,50 €", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1'234.50", "1234.50"),
        ("1.234.567", "1234567"),
        ("12,5", "12.5"),
        ("0,125", "0.125"),
        ("(12.00)", "-12.00"),
        ("12,00-", "-12.00"),
        ("-12", "-12"),
        ("EUR 5", "5"),
        ("5 EUR", "5"),
        ("12,-", "12"),
        ("12.00 CR", "-12.00"),
        ("007", "7"),
        ("-0", "0"),
        ("12,34,567.89", "1234567.89"),
        ("₹ 1,00,000", "100000"),
        (5, "5"),
        (1.5, "1.5"),
        (1e-7, "0.0000001"),
        ("٣,٥", "3.5"),
    ],
)
def test_an_amount_is_a_decimal_number_in_text(given: str | float, clean: str) -> None:
    assert amount(given) == clean


@pytest.mark.parametrize(("decimal", "clean"), [(",", "1234"), (".", "1.234")])
def test_one_mark_before_three_digits_is_read_as_the_mapping_says(decimal: str, clean: str) -> None:
    with pytest.raises(Unclean) as refused:
        amount("1.234")
    assert refused.value.code == "amount_ambiguous"
    assert amount("1.234", decimal) == clean


@pytest.mark.parametrize(
    "given", ["abc", "1.2.3", "1,2,3", "--1", "1e5", "12 a", "", "(12", "1.23,45,6", float("nan"), float("inf"), "9" * 30]
)
def test_what_is_no_amount_is_refused(given: str | float) -> None:
    with pytest.raises(Unclean) as refused:
        amount(given)
    assert refused.value.code == "amount_invalid"


@for_any(st.decimals(min_value=-(10**12), max_value=10**12, places=2))
def test_an_amount_keeps_its_value_in_the_ways_of_three_countries(value: Decimal) -> None:
    plain = f"{value:,.2f}"
    for written in (plain, plain.replace(",", "_").replace(".", ",").replace("_", "."), plain.replace(",", "'")):
        assert Decimal(amount(written)) == value
