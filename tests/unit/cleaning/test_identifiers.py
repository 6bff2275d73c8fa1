from __future__ import annotations

import pytest

from hub.cleaning import identifier, vat
from hub.errors import Unclean


@pytest.mark.parametrize(
    ("given", "country", "clean"),
    [
        ("ES B-12345674", "ES", "ESB12345674"),
        ("b12345674", "España", "ESB12345674"),
        ("DE136695976", None, "DE136695976"),
        ("136 695 976", "DE", "DE136695976"),
        ("GR094259216", None, "EL094259216"),
        ("094259216", "GR", "EL094259216"),
        ("GB 980 7806 84", None, "GB980780684"),
        ("CHE-107.787.577 IVA", "CH", "CHE107787577IVA"),
    ],
)
def test_a_vat_number_has_one_spelling(given: str, country: str | None, clean: str) -> None:
    assert vat(given, country) == clean


@pytest.mark.parametrize(
    ("given", "country"),
    [("ESB12345675", None), ("B12345674", None), ("XX123", None), ("123", "DE"), ("", "ES"), ("DE136695976", "AQ0")],
)
def test_a_vat_number_with_a_wrong_check_digit_or_no_country_is_refused(given: str, country: str | None) -> None:
    with pytest.raises(Unclean):
        vat(given, country)


@pytest.mark.parametrize(
    ("scheme", "given", "country", "clean"),
    [
        ("national_id", "12.345.678-z", "ES", "12345678Z"),
        ("national_id", "X5253868R", "ES", "X5253868R"),
        ("national_id", "44051401359", "PL", "44051401359"),
        ("vat", "B12345674", "ES", "ESB12345674"),
        ("lei", "2138 00KUD8LAJWSQ9D15", None, "213800KUD8LAJWSQ9D15"),
        ("duns", "12-345-6789", None, "123456789"),
        ("iban", "es91 2100 0418 4502 0005 1332", None, "ES9121000418450200051332"),
        ("passport", " ab 123 ", None, "AB 123"),
        ("loyalty", "c-901", None, "C-901"),
        ("company_register", "HRB 1234", "DE", "HRB 1234"),
    ],
)
def test_an_identifier_is_normalised_by_its_scheme(scheme: str, given: str, country: str | None, clean: str) -> None:
    assert identifier(scheme, given, country) == clean


@pytest.mark.parametrize(
    ("scheme", "given", "country"),
    [
        ("national_id", "12345678A", "ES"),
        ("lei", "213800KUD8LAJWSQ9D16", None),
        ("duns", "1234", None),
        ("iban", "ES00", None),
        ("loyalty", "--", None),
    ],
)
def test_a_wrong_check_digit_is_refused(scheme: str, given: str, country: str | None) -> None:
    with pytest.raises(Unclean) as refused:
        identifier(scheme, given, country)
    assert refused.value.code == "identifier_invalid"
