from __future__ import annotations

import pytest

from hub.cleaning import fold, long_text, placeholder, strip_control, text
from hub.errors import Unclean


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        ("  Ana   Gil ", "Ana Gil"),
        ("Ana\tGil\r\n", "Ana Gil"),
        ("Jose\u0301", "José"),
        ("Ana\u00a0Gil", "Ana Gil"),
        ("\ufeffAna\u200b", "Ana"),
        ("Ana\u202eliG", "AnaliG"),
        ("نام\u200cخانوادگی", "نام\u200cخانوادگی"),  # the joiner is part of the spelling
    ],
)
def test_text_has_one_form(given: str, clean: str) -> None:
    assert text(given) == clean


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ("A\x00", "control_character"),
        ("\x1b[31m", "control_character"),
        ("\ud800", "encoding_invalid"),
        ("x" * 1_000_001, "value_too_long"),
    ],
)
def test_what_a_database_cannot_hold_is_refused(given: str, code: str) -> None:
    with pytest.raises(Unclean) as refused:
        text(given)
    assert refused.value.code == code


def test_a_body_keeps_its_lines() -> None:
    assert long_text(" a \r\n\r\n\r\n\r\nb\rc\n") == "a\n\nb\nc"
    with pytest.raises(Unclean):
        long_text("a\x00b")


def test_control_characters_can_be_taken_out_on_purpose() -> None:
    assert strip_control("A\x00na\x1b Gil") == "Ana Gil"


@pytest.mark.parametrize(
    "given",
    [
        "",
        "  ",
        "-",
        "--",
        "?",
        "...",
        "N/A",
        "n/a",
        "#N/A",
        "NULL",
        "None",
        "unknown",
        "Unknown",
        "(unknown)",
        "UNBEKANNT",
        "k. A.",
        "xxx",
        "XX",
        "000000",
        "999999",
        "9999999999",
        "123456789",
        "test",
        "Test Test",
        "desconocido",
        "No consta",
        "sin datos",
        "inconnue",
        "non renseigné",
        "brak",
        "Неизвестно",
        "άγνωστο",
        "不明",
        "未知",
        "미상",
        "غير معروف",
        "לא ידוע",
        "asdf",
        "none@none.com",
        "noemail@shop.example",
        "TBD",
    ],
)
def test_words_for_not_known_are_placeholders(given: str) -> None:
    assert placeholder(given)


@pytest.mark.parametrize(
    "given",
    [
        "Ana",
        "Null",
        "Na",
        "III",
        "X",
        "12345",
        "00501",
        "11111",
        "Nguyen",
        "No",
        "ana@test.example",
        "info@none.example",
        "A",
        "AAA",
        "王",
        "Nadie Sosa",
        "1",
    ],
)
def test_real_values_are_none(given: str) -> None:
    assert not placeholder(given)


def test_folding_takes_case_and_accents_and_leaves_other_letters() -> None:
    assert fold("ÜRÜN Straße Łódź") == "urun strasse łodz"
    assert fold("Юлия") == "юлия"
