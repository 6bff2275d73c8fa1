from __future__ import annotations

import pytest

from hub.cleaning import latin, script


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("Ana", "Latn"),
        ("Łukasz Żółć", "Latn"),
        ("Юлия", "Cyrl"),
        ("Γιώργος", "Grek"),
        ("محمد", "Arab"),
        ("דוד", "Hebr"),
        ("王小明", "Hani"),
        ("たなか", "Jpan"),
        ("田中タロウ", "Jpan"),
        ("김민준", "Kore"),
        ("ไทย", "Thai"),
        ("देव", "Deva"),
        ("Հայաստան", "Armn"),
        ("საქართველო", "Geor"),
        ("123 - ?", "Zyyy"),
        ("", "Zyyy"),
        ("Юлия A.", "Cyrl"),
    ],
)
def test_the_script_of_most_letters_is_told(given: str, name: str) -> None:
    assert script(given) == name


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("José Łukasz Müller-Straße", "Jose Lukasz Muller-Strasse"),
        ("Юлия Щербакова", "Yuliya Shcherbakova"),
        ("Γεώργιος Παπαδόπουλος", "Georgios Papadopoulos"),
        ("Ευάγγελος Μπάμπης", "Evangelos Bampis"),
        ("محمد بن سلمان", "Muhammad bin Salman"),
        ("يوسف", "Yusuf"),
        ("محمَّد", "Muhammad"),
        ("דוד לוי", "David Levi"),
        ("אורי", "Uri"),
        ("王小明", "Wang Xiaoming"),
        ("欧阳修", "Ouyang Xiu"),
        ("吕布", "Lyu Bu"),
        ("北京 大学", "Beijing Daxue"),
        ("たなか タロウ", "Tanaka Taro"),
        ("김민준", "Kim Minjun"),
        ("박", "Park"),
        ("서울 강남구", "Seoul Gangnamgu"),
        ("Георги Йорданов", "Georgi Yordanov"),
    ],
)
def test_a_name_of_any_script_has_latin_letters(given: str, written: str) -> None:
    assert latin(given) == written
    assert latin(given).given == given


def test_what_is_latin_without_accents_stays_as_it_is() -> None:
    assert latin("O'Brien & Co.") == "O'Brien & Co."
