from __future__ import annotations

import pytest

from hub.cleaning import address_line


@pytest.mark.parametrize(
    ("country", "spellings"),
    [
        (
            "ES",
            [
                "Calle Mayor 5, 2º B",
                "C/ Mayor, 5 - 2º B",
                "c. mayor nº 5 2ºB",
                "CALLE MAYOR, 5, 2-B",
                "Cl Mayor 5 2 b",
                "calle  Mayor #5, 2B",
            ],
        ),
        ("ES", ["Avenida de la Constitución s/n", "Avda. de la Constitucion, S/N", "AVDA DE LA CONSTITUCIÓN sin número"]),
        ("DE", ["Hauptstraße 5a", "Hauptstr. 5 a", "HAUPTSTRASSE 5A", "Hauptstr 5a"]),
        ("US", ["123 North Main Street Apartment 4", "123 N. Main St., Apt. 4", "123 N MAIN ST APT #4"]),
        ("GB", ["12 Saint John Road", "12 St John Rd.", "12, St. John Road"]),
        ("FR", ["12 boulevard Saint Michel", "12, bd Saint Michel", "12 Bd. Saint-Michel"]),
        ("RU", ["ул. Ленина, д. 5", "улица Ленина дом 5", "Ulitsa Lenina, dom 5"]),
        ("PL", ["ul. Długa 5", "ulica Długa 5", "UL. DLUGA 5"]),
        ("IT", ["Piazza Navona 3", "P.za Navona, 3"]),
        ("NL", ["Dorpsstraat 3", "Dorpsstr. 3"]),
    ],
)
def test_one_address_in_many_spellings_is_one(country: str, spellings: list[str]) -> None:
    assert len({str(address_line(line, country)) for line in spellings}) == 1, [
        str(address_line(line, country)) for line in spellings
    ]


@pytest.mark.parametrize(
    ("one", "other", "country"),
    [
        ("Calle Mayor 5", "Calle Mayor 15", "ES"),
        ("Calle Mayor 5, 2º B", "Calle Mayor 5, 2º A", "ES"),
        ("12 North Street", "12 South Street", "GB"),
        ("Hauptstraße 5", "Hauptplatz 5", "DE"),
        ("5 Main St", "5 Main Ave", "US"),
    ],
)
def test_two_addresses_stay_two(one: str, other: str, country: str) -> None:
    assert address_line(one, country) != address_line(other, country)


@pytest.mark.parametrize(
    ("line", "clean"),
    [
        ("St John St 5", "saint john street 5"),
        ("P.O. Box 12", "po box 12"),
        ("Hauptstr. 5", "hauptstrasse 5"),
        ("123 Main St", "123 main street"),
    ],
)
def test_without_a_country_only_what_means_one_thing_is_written_out(line: str, clean: str) -> None:
    assert address_line(line) == clean
