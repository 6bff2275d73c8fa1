"""Comparisons: two values, one level."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.matching import comparisons as compare
from hub.matching.organizations import overlap
from hub.matching.rarity import word_bits
from hub.matching.rules import read_rules
from hub.matching.tokens import plain, sound
from hub.model import shipped_folder

RULES = read_rules(shipped_folder("canonical_model") / "customer")
WORTH = word_bits(RULES)


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("ana", "ana", "exact"),
        ("ana", "ana maria", "first"),
        ("john a", "john allan", "first"),
        ("john allan", "john peter", "similar"),
        ("robert", "bob", "nickname"),
        ("katherine", "katharine", "near"),
        ("hans peter", "hans", "first"),
        ("maria jose", "jose", "similar"),
        ("j", "john", "initial"),
        ("k", "john", "else"),
        ("katy", "cody", "sound"),
        ("john", "mary", "else"),
        ("", "mary", None),
    ],
)
def test_given_names(left, right, level):
    assert compare.given_level(left, right) == level


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("ruiz", "ruiz", "exact"),
        ("o brien", "obrien", "exact"),
        ("ruiz", "ruis", "near"),
        ("garcia", "garcia lopez", "near"),
        ("schmidt", "smith", "similar"),
        ("meyer", "maier", "similar"),
        ("ruiz", "berg", "else"),
        ("ruiz", "", None),
    ],
)
def test_family_names(left, right, level):
    assert compare.family_level(left, right) == level


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("1980-02-03", "1980-02-03", ("birth_date", "exact")),
        ("1980-02-03", "1980-03-02", ("birth_date", "one_digit")),
        ("1980-02-03", "1980-02-08", ("birth_date", "one_digit")),
        ("1980-02-03", "1980-11-03", ("birth_date", "two_parts")),
        ("1980-02-03", "1980-11-27", ("birth_date", "same_year")),
        ("1980-02-03", "1981-11-27", ("birth_date", "close")),
        ("1980-02-03", "1955-11-27", ("birth_date", "else")),
        ("1980", "1980-11-27", ("birth_part", "same_year")),
        ("1980-11", "1980-11-27", ("birth_part", "same_month")),
        ("1981", "1980-11-27", ("birth_part", "else")),
    ],
)
def test_dates(left, right, level):
    assert compare.date_level(left, right) == level


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("ana.ruiz@x.es", "ana.ruiz@x.es", "exact"),
        ("info@x.es", "info@x.es", "generic"),
        ("ana.ruiz@x.es", "ana.ruis@x.es", "near"),
        ("ana.ruiz@gmail.com", "ana.ruiz2@gmail.com", "else"),
        ("ana.ruiz@x.es", "ana.ruiz@gmail.com", "same_local_part"),
        ("ana.ruiz@bodegas.es", "jefe@bodegas.es", "same_domain"),
        ("ana.ruiz@gmail.com", "jefe99@gmail.com", "else"),
    ],
)
def test_emails(left, right, level):
    assert compare.email_level(left, right) == level


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("hauptstrasse 5", "hauptstrasse 5", "exact"),
        ("5 hauptstrasse", "hauptstrasse 5", "near"),
        ("hauptstrasse 5", "hauptstrasse 7", "other_number"),
        ("avenida de la constitucion 5 escalera b", "constitucion 5", "contained"),
        ("2 highfield road", "2 highfeild road", "near"),
        ("hauptstrasse 5", "bahnhofsweg 9", "else"),
        ("", "bahnhofsweg 9", None),
    ],
)
def test_streets(left, right, level):
    assert compare.street_level(left, right) == level


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("gmbh", "gmbh", "exact"),
        ("llc", "ltd", "else"),
        ("co ltd", "ltd", None),
        ("gmbh", "gmbh co kg", None),
        ("ag", "gmbh co kg", "else"),
        ("", "ltd", None),
    ],
)
def test_legal_forms(left, right, level):
    assert compare.legal_form_level(left, right) == compare.legal_form_level(right, left) == level


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("600111222", "600111222", "exact"),
        ("600111222", "0111222", "exact"),
        ("600111222", "600111223", "near"),
        ("600111222", "911555444", "else"),
    ],
)
def test_telephones(left, right, level):
    assert compare.phone_level(left, right) == level


@pytest.mark.parametrize(
    ("left", "right", "level"),
    [
        ("bodegas ruiz", "bodegas ruiz", "exact"),
        ("ruiz bodegas", "bodegas ruiz", "exact"),
        ("data bank", "databank", "exact"),
        ("zurbarrieta distribuciones", "zurbarieta distribuciones", "near"),
        ("bodegas zurbarrieta", "panaderia quintanilla", "else"),
    ],
)
def test_names_of_organizations(left, right, level):
    assert overlap(left, right, WORTH).level == level


def test_a_rare_word_is_worth_more_than_a_common_one():
    assert overlap("zurbarrieta", "zurbarrieta", WORTH).shared > overlap("international", "international", WORTH).shared


def test_words_that_sound_alike_have_one_sound():
    assert sound("schmidt") == sound("schmitt")
    assert sound("philip") == sound("filip")
    assert sound("catherine") == sound("katharina")[: len(sound("catherine"))]


def test_plain_text_is_latin_and_without_marks():
    assert plain("  O’Brien-Núñez ") == "obrien nunez"


WORDS = st.text(alphabet="abcdeijklmnorstu 0123456789", max_size=16).map(lambda text: " ".join(text.split()))


@settings(derandomize=True, max_examples=300, deadline=None)
@given(WORDS, WORDS)
def test_every_comparison_is_symmetric(left, right):
    for level in (compare.given_level, compare.family_level, compare.street_level, compare.postal_level, compare.locality_level):
        assert level(left, right) == level(right, left)
    if left and right:
        assert compare.phone_level(left, right) == compare.phone_level(right, left)
        assert compare.identifier_level(left, right) == compare.identifier_level(right, left)
        assert compare.email_level(f"{left}@x", f"{right}@y") == compare.email_level(f"{right}@y", f"{left}@x")
        assert overlap(left, right, WORTH) == overlap(right, left, WORTH)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.dates(), st.dates())
def test_dates_compare_the_same_from_either_side(left, right):
    assert compare.date_level(left.isoformat(), right.isoformat()) == compare.date_level(right.isoformat(), left.isoformat())
