from __future__ import annotations

import pytest
from babel import Locale

from hub.cleaning import country, currency, language, postal_code, time_zone
from hub.errors import Unclean


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("es", "ES"),
        ("ESP", "ES"),
        ("724", "ES"),
        (724, "ES"),
        ("España", "ES"),
        ("ESPANA", "ES"),
        ("Alemania", "DE"),
        ("United Kingdom", "GB"),
        ("UK", "GB"),
        ("England", "GB"),
        ("U.S.A.", "US"),
        ("Германия", "DE"),
        ("日本", "JP"),
        ("الصين", "CN"),
        ("Ελλάδα", "GR"),
        ("EL", "GR"),
        ("Czech Republic", "CZ"),
        ("The Netherlands", "NL"),
        ("Holland", "NL"),
        ("004", "AF"),
        ("Republic of Korea", "KR"),
        ("Türkiye", "TR"),
        ("Schweiz", "CH"),
        ("Kosovo", "XK"),
    ],
)
def test_a_country_has_one_code(given: str | int, code: str) -> None:
    assert country(given) == code


@pytest.mark.parametrize("name", ["en", "es", "de", "fr", "pl", "el", "bg", "zh", "ja"])
def test_the_countries_of_europe_are_known_by_their_name_in_many_languages(name: str) -> None:
    for code in ("ES", "DE", "FR", "GB", "PL", "GR", "BG", "IT", "PT", "NL", "SE", "JP", "CN"):
        assert country(Locale.parse(name).territories[code]) == code


@pytest.mark.parametrize("given", ["Atlantis", "D", "ZZ", "", "999", "euro"])
def test_no_country_is_guessed(given: str) -> None:
    with pytest.raises(Unclean) as refused:
        country(given)
    assert refused.value.code == "country_unknown"


@pytest.mark.parametrize(
    ("given", "tag"),
    [
        ("es", "es"),
        ("ES", "es"),
        ("pt-br", "pt-BR"),
        ("zh_Hant", "zh-Hant"),
        ("de_DE.UTF-8", "de-DE"),
        ("eng", "en"),
        ("ger", "de"),
        ("Spanish", "es"),
        ("français", "fr"),
        ("Deutsch", "de"),
        ("castellano", "es"),
        ("español", "es"),
        ("日本語", "ja"),
        ("es-419", "es-419"),
    ],
)
def test_a_language_has_one_tag(given: str, tag: str) -> None:
    assert language(given) == tag


@pytest.mark.parametrize("given", ["xx", "klingelisch", "e", "en-", "12"])
def test_no_language_is_guessed(given: str) -> None:
    with pytest.raises(Unclean) as refused:
        language(given)
    assert refused.value.code == "language_unknown"


@pytest.mark.parametrize(
    ("given", "code"),
    [("€", "EUR"), ("eur", "EUR"), ("978", "EUR"), ("US Dollar", "USD"), ("zł", "PLN"), ("£", "GBP"), ("złoty polski", "PLN")],
)
def test_a_currency_has_one_code(given: str, code: str) -> None:
    assert currency(given) == code


@pytest.mark.parametrize("given", ["$", "kr", "money", "000"])
def test_a_sign_of_many_currencies_is_none(given: str) -> None:
    with pytest.raises(Unclean) as refused:
        currency(given)
    assert refused.value.code == "currency_unknown"


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("europe/madrid", "Europe/Madrid"),
        ("America/New York", "America/New_York"),
        ("Romance Standard Time", "Europe/Paris"),
        ("utc", "UTC"),
    ],
)
def test_a_time_zone_has_one_name(given: str, name: str) -> None:
    assert time_zone(given) == name


@pytest.mark.parametrize("given", ["CET", "EST", "+01:00", "Etc/GMT+1"])
def test_an_offset_is_no_time_zone(given: str) -> None:
    with pytest.raises(Unclean) as refused:
        time_zone(given)
    assert refused.value.code == "time_zone_unknown"


@pytest.mark.parametrize(
    ("given", "region", "clean", "flag"),
    [
        ("28 001", "ES", "28001", None),
        ("1234", "ES", "01234", "postal_code_zero_restored"),
        (1067, "DE", "01067", "postal_code_zero_restored"),
        ("D-10115", "DE", "10115", None),
        ("sw1a1aa", "GB", "SW1A 1AA", None),
        ("00950", "PL", "00-950", None),
        ("1234ab", "NL", "1234 AB", None),
        ("1000001", "JP", "100-0001", None),
        ("K1A0B1", "CA", "K1A 0B1", None),
        ("941051234", "US", "94105-1234", None),
        ("94105", "US", "94105", None),
        ("ab 12", None, "AB 12", None),
        ("ab 12", "TO", "AB 12", None),
        ("10557", "GR", "105 57", None),
    ],
)
def test_a_postal_code_is_written_as_its_country_does(given: str | int, region: str | None, clean: str, flag: str | None) -> None:
    found = postal_code(given, region)
    assert (found, found.flag) == (clean, flag)


@pytest.mark.parametrize(("given", "region"), [("abc", "DE"), ("123456", "DE"), ("28001", "GB"), ("", None)])
def test_a_postal_code_of_no_such_shape_is_refused(given: str, region: str | None) -> None:
    with pytest.raises(Unclean) as refused:
        postal_code(given, region)
    assert refused.value.code == "postal_code_invalid"
