from __future__ import annotations

import pytest

from hub.cleaning import email, phone
from hub.errors import Unclean


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("Ana@B.es", "ana@b.es"),
        (" Maria Ruiz <MARIA@X.example> ", "maria@x.example"),
        ("mailto:a@b.com?subject=x", "a@b.com"),
        ("o'neil@b.com", "o'neil@b.com"),
        ("a+tag@b.co.uk", "a+tag@b.co.uk"),
        ("a@MÜNCHEN.de", "a@münchen.de"),
        ("a@xn--mnchen-3ya.de", "a@münchen.de"),
        ("josé@b.es", "josé@b.es"),
    ],
)
def test_an_address_has_one_spelling(given: str, clean: str) -> None:
    assert email(given) == clean
    assert email(given).given == given


@pytest.mark.parametrize(
    "given",
    [
        "a@b",
        "a b@c.de",
        "a..b@c.de",
        ".a@b.de",
        "a@-b.de",
        "a@b..de",
        "@b.de",
        "a@",
        "a@b@c.de",
        "x" * 65 + "@b.de",
        "a@" + "b" * 64 + ".de",
    ],
)
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(Unclean) as refused:
        email(given)
    assert refused.value.code == "email_invalid"
    assert given not in str(refused.value)


@pytest.mark.parametrize(
    ("given", "country", "clean", "flag"),
    [
        ("600 111 222", "ES", "+34600111222", None),
        ("600 111 222", "España", "+34600111222", None),
        ("+34 600-111-222", None, "+34600111222", None),
        ("0034600111222", None, "+34600111222", None),
        ("tel:+34600111222", None, "+34600111222", None),
        ("(030) 23125-0", "DE", "+4930231250", None),
        ("٦٠٠١١١٢٢٢", "ES", "+34600111222", None),
        ("+1 202 555 0173 ext. 5", None, "+12025550173;ext=5", None),
        ("600 111 222", None, "600 111 222", "phone_country_unknown"),
        ("600 111 222", "Atlantis", "600 111 222", "phone_country_unknown"),
        ("555-1234", "US", "+15551234", "phone_unlikely"),
    ],
)
def test_a_number_is_read_in_its_country_and_never_in_a_guessed_one(
    given: str, country: str | None, clean: str, flag: str | None
) -> None:
    found = phone(given, country)
    assert (found, found.flag, found.given) == (clean, flag, given)


@pytest.mark.parametrize("given", ["abc", "12", "000000", "+999 1234567", "1" * 61])
def test_what_is_no_number_is_refused(given: str) -> None:
    with pytest.raises(Unclean) as refused:
        phone(given, "DE")
    assert refused.value.code == "phone_invalid"
