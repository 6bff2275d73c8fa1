"""One name under two romanizations: made-up bearers, spelled by the tables that the module names."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.matching.comparisons import family_level, given_level
from hub.matching.spellings import one_daughter, one_spelling, sons_and_daughters

CHINESE = (
    "hsiaoming xiaoming|chingchu jingzhu|tsetung zedong|kuofeng guofeng|weikuo weiguo|chunhsiung junxiong|yungchang yongchang"
)
KOREAN = "minjun minjoon|jihun jihoon|hyeonu hyunwoo|yeonghui younghee|gyeongsu kyungsoo|seonghun sunghoon|jaeseok jaesuk"
JAPANESE = (
    "taro tarou|ichiro ichirou|yuko yuuko|kenji kenzi|shinji sinzi|junichi zyuniti|kenichi kennichi|jumpei junpei|tatsuya tatuya"
)
CYRILLIC = (
    "iuliia yuliya|aleksei alexey|dmitrii dmitriy|evgeniya yevgenia|jewgenija evgeniia|mikhail mihail|"
    "natalya natalia|maksim maxim"
)
GREEK = (
    "giorgos yiorgos|ioannis yiannis|stylianos stilianos|christos hristos|evangelos evaggelos|"
    "panagiotis panayiotis|charalampos haralambos"
)
ARABIC = (
    "abdulrahman abdurrahman|abdelrahman abdulrahman|abdelkader abdulqadir|salahaldin salaheddine|"
    "nuraldin noureddine|abubakr aboubakr"
)
TA_MARBUTA = "khadija khadidja|khadijah khadijat|fatima fatimah|jamila djamilah"

PAIRS = [
    tuple(pair.split()) for line in (CHINESE, KOREAN, JAPANESE, CYRILLIC, GREEK, ARABIC, TA_MARBUTA) for pair in line.split("|")
]


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_two_romanizations_of_a_name_are_nearly_one(one: str, other: str) -> None:
    assert one_spelling(one, other)
    assert given_level(*sorted((one, other))) in ("exact", "nickname", "near")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("hsiao ming", "xiaoming"),
        ("min jun", "min joon"),
        ("min jun", "minjoon"),
        ("abd al rahman", "abdurrahman"),
        ("abdul rahman", "abdelrahman"),
        ("salah al din", "salaheddine"),
        ("abu bakr", "aboubakr"),
    ],
)
def test_syllables_and_particles_may_stand_apart(one: str, other: str) -> None:
    assert given_level(one, other) == given_level(other, one) == "near"


@pytest.mark.parametrize(
    ("one", "other"),
    [("chen", "shin"), ("wolf", "wulff"), ("anita", "annette"), ("mariya", "mario"), ("minjun", "minji"), ("lai", "lee")],
)
def test_names_of_other_languages_are_not_made_one(one: str, other: str) -> None:
    assert not one_spelling(one, other)


@pytest.mark.parametrize(
    ("one", "other"), [("beljajev", "belyaev"), ("mihhailov", "mikhaylov"), ("shcherbakov", "schtscherbakow")]
)
def test_a_family_name_in_two_romanizations_is_near(one: str, other: str) -> None:
    assert family_level(one, other) == family_level(other, one) == "near"


@pytest.mark.parametrize(
    ("brother", "sister"), [("einarsson", "einarsdottir"), ("jonsson", "jonsdottir"), ("magnusson", "magnusdottir")]
)
def test_a_sister_in_iceland_is_not_her_brother(brother: str, sister: str) -> None:
    assert sons_and_daughters(brother, sister)
    assert sons_and_daughters(sister, brother)
    assert family_level(brother, sister) == "else"


def test_a_daughter_is_written_short() -> None:
    assert one_daughter("jonsd", "jonsdottir")
    assert one_daughter("jonsdottir", "jonsd")
    assert family_level("jonsd", "jonsdottir") == "near"


@pytest.mark.parametrize(("one", "other"), [("johnson", "jonsson"), ("eriksson", "erikson"), ("anderson", "andersson")])
def test_sons_stay_sons(one: str, other: str) -> None:
    assert not sons_and_daughters(one, other)
    assert family_level(one, other) in ("near", "similar")


NAMES = st.one_of(
    st.text("abcdefghijklmnopqrstuvwxyz", max_size=14), st.sampled_from(sorted({name for pair in PAIRS for name in pair}))
)


@given(NAMES, NAMES)
def test_it_is_the_same_from_either_side(one: str, other: str) -> None:
    assert one_spelling(one, other) == one_spelling(other, one)
    assert sons_and_daughters(one, other) == sons_and_daughters(other, one)
    assert one_daughter(one, other) == one_daughter(other, one)
    assert given_level(one, other) == given_level(other, one)
    assert family_level(one, other) == family_level(other, one)
