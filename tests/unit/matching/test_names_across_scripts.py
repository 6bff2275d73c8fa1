"""Usual names of many cultures against their other spellings: features first, then the level of the comparison."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.cleaning import fold
from hub.cleaning.japanese import japanese_name, romaji
from hub.cleaning.romanizations import one_family_name
from hub.matching import comparisons as compare
from hub.matching.features import features
from hub.matching.rules import read_rules
from hub.matching.sounds import echoes, skeletons
from hub.matching.tokens import plain
from hub.model import shipped_folder

RULES = read_rules(shipped_folder("canonical_model") / "customer")
GOOD = ("exact", "first", "nickname", "near", "similar")


def name_of(**name: Any) -> list[Any]:
    data = {"kind": "person", "name": {key: value for key, value in name.items() if key != "country"}}
    return features({**data, "country": name.get("country")}, system="erp", rules=RULES)["n"][0]


@pytest.mark.parametrize(
    ("native", "given_", "family"),
    [
        ("山田太郎", "Taro", "Yamada"),
        ("田中 花子", "Hanako", "Tanaka"),
        ("鈴木一郎", "Ichirō", "Suzuki"),
        ("髙橋誠", "Makoto", "Takahashi"),
        ("林太郎", "Tarou", "Hayashi"),
        ("たなか ゆうこ", "Yuko", "Tanaka"),
        ("王小明", "Xiaoming", "Wang"),
        ("王小明", "Xiao Ming", "Wang"),
        ("王小明", "Hsiao-ming", "Wang"),
        ("張偉", "Wei", "Chang"),
        ("陳大文", "Dawen", "Chan"),
        ("欧阳娜", "Na", "Ouyang"),
        ("김민준", "Min-jun", "Kim"),
        ("이서연", "Seoyeon", "Yi"),
        ("박지훈", "Jihun", "Bak"),
        ("최은지", "Eun-ji", "Choe"),
        ("Иван Петров", "Ivan", "Petrov"),
        ("Юлия Щербакова", "Julia", "Shcherbakova"),
        ("Сергей Чайковский", "Sergei", "Tchaikovsky"),
        ("Михаил Хрущёв", "Mikhail", "Khrushchev"),
        ("Олександр Шевченко", "Oleksandr", "Szewczenko"),
        ("Γιώργος Παπαδόπουλος", "Giorgos", "Papadopoulos"),
        ("Γεώργιος Οικονόμου", "George", "Oikonomou"),
        ("محمد الحسن", "Mohammed", "Alhassan"),
        ("خالد الفايد", "Khaled", "Fayed"),
        ("יוסף כהן", "Joseph", "Kohen"),
        ("דוד לוי", "David", "Levy"),
    ],
)
def test_a_name_meets_its_latin_form(native: str, given_: str, family: str) -> None:
    theirs = name_of(full=native)
    ours = name_of(given=given_, family=family)
    assert compare.given_level(ours[0], theirs[0]) in GOOD, (ours, theirs)
    assert compare.family_level(ours[1], theirs[1]) in (*GOOD, "weak"), (ours, theirs)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("zhang", "cheung"),
        ("wong", "huang"),
        ("lee", "yi"),
        ("park", "bak"),
        ("choi", "choe"),
        ("van der berg", "vd berg"),
        ("van den berg", "vandenberg"),
        ("al fayed", "fayed"),
        ("alfayed", "el fayed"),
        ("garcia lopez", "garcia"),
        ("da silva", "silva"),
        ("ivanov", "ivanova"),
        ("kowalski", "kowalska"),
        ("o brien", "obrien"),
        ("mueller", "muller"),
        ("khrushchev", "hruschov"),
        ("tchaikovsky", "chaykovskiy"),
        ("haddad", "hadad"),
    ],
)
def test_two_spellings_of_a_family_name_are_at_least_similar(left: str, right: str) -> None:
    assert compare.family_level(left, right) in GOOD


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("aleksandr", "sasha"),
        ("ekaterina", "katya"),
        ("francisco", "paco"),
        ("jose", "pepe"),
        ("johannes", "hans"),
        ("wilhelm", "willi"),
        ("giuseppe", "beppe"),
        ("giovanni", "gianni"),
        ("joao", "joca"),
        ("francisco", "chico"),
        ("willem", "wim"),
        ("hendrik", "henk"),
        ("katarzyna", "kasia"),
        ("malgorzata", "gosia"),
        ("jan", "honza"),
        ("istvan", "pista"),
        ("konstantinos", "kostas"),
        ("karl", "kalle"),
        ("muhammad", "mohamed"),
        ("yitzhak", "isaac"),
        ("mehmet", "memo"),
    ],
)
def test_a_usual_short_form_is_known_in_its_language(left: str, right: str) -> None:
    assert compare.given_level(left, right) == "nickname"
    assert compare.given_level(right, left) == "nickname"


@pytest.mark.parametrize(("left", "right"), [("minho", "min ho"), ("abdulrahman", "abdul rahman"), ("jeanpierre", "jean pierre")])
def test_syllables_written_apart_are_one_name(left: str, right: str) -> None:
    assert compare.given_level(left, right) == "exact"


@pytest.mark.parametrize(("left", "right"), [("berg", "ruiz"), ("tanaka", "suzuki"), ("wang", "zhao"), ("ivanov", "petrov")])
def test_names_with_nothing_in_common_stay_apart(left: str, right: str) -> None:
    assert compare.family_level(left, right) == "else"


@pytest.mark.parametrize("text", ["林", "美玲", "王小明", "東京都", "李娜", "田", ""])
def test_what_may_be_chinese_is_not_read_as_japanese(text: str) -> None:
    assert japanese_name(text) is None


def test_the_country_decides_whose_reading_a_name_has() -> None:
    assert name_of(family="林", given="美玲", country="JP")[:2] == ["mirei", "hayashi"]
    assert name_of(family="林", given="美玲", country="TW")[:2] == ["meiling", "lin"]
    assert name_of(family="鈴木", given="美玲")[:2] == ["mirei", "suzuki"]


def test_the_legal_form_tells_that_a_company_is_japanese() -> None:
    data = {"kind": "organization", "organization": {"legal_name": "山田商事株式会社"}}
    assert features(data, system="erp", rules=RULES)["o"][0][0] == "yamada shoji"


@pytest.mark.parametrize(
    ("kana", "letters"),
    [
        ("ジョン", "jon"),
        ("カーター", "kata"),
        ("ティモシー", "timoshi"),
        ("ヴィクター", "vikuta"),
        ("ﾀﾅｶ", "tanaka"),
        ("はっとり", "hattori"),
        ("いのうえ", "inoue"),
        ("マッチ", "matchi"),
        ("しゅうじ", "shuji"),
    ],
)
def test_kana_are_written_as_in_passports(kana: str, letters: str) -> None:
    assert romaji(kana) == letters


ANY = st.text(max_size=24)
LETTERS = st.text(alphabet="abcdefghijklmnopqrstuvwxyz ", max_size=18).map(lambda text: " ".join(text.split()))


@settings(derandomize=True, max_examples=300, deadline=None)
@given(LETTERS, LETTERS)
def test_sounds_and_levels_do_not_depend_on_the_side(left: str, right: str) -> None:
    assert compare.given_level(left, right) == compare.given_level(right, left)
    assert compare.family_level(left, right) == compare.family_level(right, left)
    assert echoes(left, right, 2) == echoes(right, left, 2)
    assert one_family_name(left, right) == one_family_name(right, left)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(ANY)
def test_any_text_has_plain_letters_that_stay_as_they_are(text: str) -> None:
    found = plain(text)
    assert plain(found) == found
    assert found.isascii() and found == found.lower()
    assert 1 <= len(skeletons(found)) <= 2


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.text(alphabet="abcdeéèüöñçßșłøåAÉÜ -'’", max_size=20))
def test_case_and_accents_do_not_matter(text: str) -> None:
    assert plain(text.upper().lower()) == plain(text.lower())
    assert plain(fold(text)) == plain(text.casefold()) or "ß" in text or "ø" in text or "ł" in text
