"""Invented addresses in the formats of many countries: each in two spellings that are one line."""

from __future__ import annotations

import pytest

from hub.cleaning import address_line

SAME = [
    ("ES", "C/ Mayor, 5 - 2º B", "Calle Mayor nº 5, 2B"),
    ("MX", "Juárez No. 5 Int. 3 Col. Centro", "Juárez 5 interior 3 colonia Centro"),
    ("CO", "Cra. 7 # 12-34", "Carrera 7 No 12-34"),
    ("FR", "12, r. de la Paix", "12 RUE DE LA PAIX"),
    ("BE", "Rue Haute 7 bte 3", "Rue Haute 7 boîte 3"),
    ("DE", "Hauptstr. 5", "Hauptstraße 5"),
    ("AT", "Ringstr. 5/2/3", "Ringstraße 5-2-3"),
    ("CH", "Bahnhofstr. 5", "Bahnhofstrasse 5"),
    ("GB", "Flat 2, 14 High St", "Flat 2 14 High Street"),
    ("IE", "14 Main St.", "14 Main Street"),
    ("US", "100 N Main St Apt 4B", "100 North Main Street Apartment 4B"),
    ("CA", "14 rue Saint-Denis app. 3", "14 Rue St-Denis, appartement 3"),
    ("AU", "3/14 George St", "3-14 George Street"),
    ("IN", "Flat No. 12, 3rd Flr, M.G. Rd", "Flat 12 3 Floor MG Road"),
    ("IT", "P.za Garibaldi, 3", "Piazza Garibaldi 3"),
    ("PT", "R. Augusta, 24 - 3º Esq", "Rua Augusta 24 3 Esquerdo"),
    ("BR", "Av. Paulista, 1000 - apto 52", "Avenida Paulista nº 1000 apartamento 52"),
    ("NL", "Dorpsstr. 7-II", "Dorpsstraat 7 II"),
    ("PL", "ul. Długa 5/3", "ulica Długa 5 3"),
    ("CZ", "nám. Míru 5", "náměstí Míru 5"),
    ("HU", "Kossuth u. 5. II. em. 3", "Kossuth utca 5 II emelet 3"),
    ("RO", "Str. Unirii nr. 5, bl. A2, sc. B, et. 3", "Strada Unirii 5 bloc A2 scara B etaj 3"),
    ("BG", "ул. Шипка № 5", "улица Шипка 5"),
    ("HR", "Ul. Lipa 5", "Ulica Lipa 5"),
    ("RU", "ул. Ленина, д. 5, кв. 3", "улица Ленина дом 5 квартира 3"),
    ("UA", "вул. Садова, буд. 5, кв. 3", "вулиця Садова будинок 5 квартира 3"),
    ("TR", "Lale Cad. No:5 D:3", "Lale Caddesi 5 Daire 3"),
    ("DK", "Bredgade 5, 2. tv.", "Bredgade 5 2 tv"),
    ("NO", "Storgt. 5", "Storgata 5"),
    ("VN", "12 Đ. Lê Lợi", "12 Đường Lê Lợi"),
    ("ID", "Jl. Melati No. 5", "Jalan Melati 5"),
    ("MY", "No. 5, Jln Melur", "5 Jalan Melur"),
    ("IL", "רח' הרצל 5", "רחוב הרצל 5"),
    ("EG", "5 ش التحرير", "5 شارع التحرير"),
    ("AE", "P.O. Box 123", "PO Box 123"),
    ("JP", "東京都千代田区丸の内1-2-3", "東京都千代田区丸の内１丁目２番３号"),
    ("CN", "北京市朝阳区建国路88号", "北京市朝阳区建国路88"),
    ("KR", "서울특별시 강남구 테헤란로 152", "서울시 강남구 테헤란로 152"),
]


def test_the_formats_of_more_than_thirty_countries_are_tried() -> None:
    assert len({country for country, *_ in SAME}) > 30


@pytest.mark.parametrize(("country", "one", "other"), SAME)
def test_two_spellings_of_an_address_are_one_line(country: str, one: str, other: str) -> None:
    assert address_line(one, country) == address_line(other, country)
    assert address_line(one.upper(), country) == address_line(one, country)
    assert address_line(address_line(one, country), country) == address_line(one, country)
