from __future__ import annotations

import pytest

from hub.cleaning import organization_name
from hub.cleaning.legal_form_table import TABLE
from hub.cleaning.legal_forms import countries, trailing_forms
from hub.errors import Unclean


def test_the_table_knows_the_forms_of_more_than_forty_countries() -> None:
    assert len(countries()) >= 80
    assert len(trailing_forms()) > 400


@pytest.mark.parametrize(
    ("given", "name", "form"),
    [
        ("Bodegas Ruiz, S.L.", "Bodegas Ruiz", "S.L."),
        ("Bodegas Ruiz SL", "Bodegas Ruiz", "S.L."),
        ("BODEGAS RUIZ S. L.", "BODEGAS RUIZ", "S.L."),
        ("Bodegas Ruiz Sociedad Limitada", "Bodegas Ruiz", "S.L."),
        ("Siemens Aktiengesellschaft", "Siemens", "AG"),
        ("ACME GmbH & Co. KG", "ACME", "GmbH & Co. KG"),
        ("Müller & Co. KG", "Müller & Co.", "KG"),
        ("Casa S A", "Casa", "S.A."),
        ("Acme, Inc.", "Acme", "Inc."),
        ("Smith Pty Ltd", "Smith", "Pty Ltd"),
        ("The Company Co., Ltd.", "The Company", "Co. Ltd"),
        ("Bank of Somewhere, N.A.", "Bank of Somewhere", "N.A."),
        ("ACME Sp. z o.o.", "ACME", "Sp. z o.o."),
        ("ACME spółka z ograniczoną odpowiedzialnością", "ACME", "Sp. z o.o."),
        ("Kovács Kft.", "Kovács", "Kft."),
        ("Škoda a.s.", "Škoda", "a.s."),
        ("Nordic Oy", "Nordic", "Oy"),
        ("UAB Vilnius", "Vilnius", "UAB"),
        ("ООО «Ромашка»", "Ромашка", "ООО"),
        ("Ромашка, ООО", "Ромашка", "ООО"),
        ("Общество с ограниченной ответственностью «Ромашка»", "Ромашка", "ООО"),
        ("Ελληνική Εταιρεία Α.Ε.", "Ελληνική Εταιρεία", "Α.Ε."),
        ("Роза ЕООД", "Роза", "ЕООД"),
        ("山田商事株式会社", "山田商事", "株式会社"),
        ("㈱山田", "山田", "株式会社"),
        ("华兴技术有限公司", "华兴技术", "有限公司"),
        ("한빛전자(주)", "한빛전자", "주식회사"),
        ('אורות בע"מ', "אורות", 'בע"מ'),
        ("Örnek Tekstil San. ve Tic. A.Ş.", "Örnek Tekstil", "San. ve Tic. A.Ş."),
    ],
)
def test_the_legal_form_is_told_from_the_name(given: str, name: str, form: str) -> None:
    assert organization_name(given) == {"name": name, "legal_form": form}


@pytest.mark.parametrize("given", ["GmbH", "Ayuntamiento de Madrid", "S.A.", "株式会社", "Incorporated Ideas"])
def test_a_name_without_a_form_stays_as_it_is(given: str) -> None:
    assert organization_name(given) == {"name": given}


@pytest.mark.parametrize(
    ("given", "country", "form"),
    [
        ("Sunshine Spa", None, None),
        ("HOTEL SPA", None, None),
        ("Sunshine Spa", "IT", "S.p.A."),
        ("Ferro SpA", None, "S.p.A."),
        ("Ferro S.p.A.", None, "S.p.A."),
        ("Ferro SPA", None, "S.p.A."),
        ("You Too", None, None),
        ("Nordlys AS", None, "AS"),
        ("Mine as", None, None),
    ],
)
def test_a_form_that_is_also_a_word_must_be_written_as_the_form(given: str, country: str | None, form: str | None) -> None:
    assert organization_name(given, country).get("legal_form") == form


def test_signs_without_letters_are_no_name() -> None:
    with pytest.raises(Unclean):
        organization_name("...")


LINES = [line.split("|") for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize("line", LINES, ids="-".join)
def test_every_spelling_of_a_form_is_told_from_the_name(line: list[str]) -> None:
    country, *spellings = line
    for spelling in spellings:
        name = "한빛전자" if country == "KR" else "Zurbarrieta"
        for written in (f"{name} {spelling}", f"{name}, {spelling}"):
            found = organization_name(written, country)
            assert found["name"] == name, written
            assert found["legal_form"], written


@pytest.mark.parametrize("form", ["S.L.", "S.A.", "GmbH", "Ltd", "Sp. z o.o.", "d.o.o.", "s.r.o.", "B.V.", "N.V.", "ООО", "Α.Ε."])
def test_dots_case_and_spaces_of_a_form_do_not_matter(form: str) -> None:
    plain = form.replace(".", "").replace(" ", "")
    variants = {form, plain, form.upper(), form.lower(), " ".join(plain)} if "." in form else {form, form.upper(), form.lower()}
    assert len({organization_name(f"Zurbarrieta {written}")["legal_form"] for written in variants}) == 1


@pytest.mark.parametrize("name", ["Pius VI", "Studio RA", "Uncle Sam", "Radio BA"])
def test_a_short_form_of_another_country_is_a_word(name: str) -> None:
    assert organization_name(name) == {"name": name}
