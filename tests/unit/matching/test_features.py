"""Features: equal for records that mean the same, plain JSON, and nothing where nothing is known."""

from __future__ import annotations

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.matching.features import feature_hash, features
from hub.matching.rules import read_rules
from hub.model import shipped_folder

RULES = read_rules(shipped_folder("canonical_model") / "customer")


def made(data, system="erp"):
    return features(data, system=system, rules=RULES)


def person(**data):
    return {"kind": "person", **data}


def test_spelling_case_accents_and_order_of_lists_do_not_matter():
    one = person(name={"given": "José", "family": "Núñez"}, emails=[{"address": "a@x.es"}, {"address": "b@x.es"}])
    other = person(name={"given": "JOSE", "family": "Nunez"}, emails=[{"address": "B@X.es"}, {"address": "a@x.es"}])
    assert made(one) == made(other)
    assert feature_hash(made(one)) == feature_hash(made(other))


def test_what_is_not_known_is_not_carried():
    assert made({"kind": None, "name": None, "emails": None, "birth_date": None}) == {}
    assert made(person()) == {"k": "p"}


def test_a_stewards_record_has_no_features():
    assert made(person(name={"given": "Ana", "family": "Gil"}), system="steward") == {"s": 1}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ({"given": "John", "family": "Smith", "suffix": "Jr."}, ["john", "smith", "2", 0]),
        ({"given": "John", "family": "Smith Jr"}, ["john", "smith", "2", 0]),
        ({"full": "Dr. Ana María Gil"}, ["ana maria", "gil", "", 0]),
        ({"full": "Smith, John"}, ["john", "smith", "", 0]),
        ({"given": "Ana", "family": "Gil", "full": "Ana María Gil"}, ["ana maria", "gil", "", 0]),
        ({"full": "XXX Müller"}, ["", "muller", "", 0]),
        ({"family": "Müller"}, ["", "muller", "", 0]),
        ({"given": "Владимир", "family": "Иванов"}, ["vladimir", "ivanov", "", 0]),
    ],
)
def test_names_become_plain_tokens(name, expected):
    assert made(person(name=name))["n"] == [expected]


def test_a_former_name_is_another_name_of_the_person():
    names = made(person(name={"given": "Ana", "family": "Gil", "former": "Ruiz"}))["n"]
    assert names == [["ana", "gil", "", 0], ["ana", "ruiz", "", 0]]


def test_the_legal_form_is_taken_off_the_name_of_an_organization():
    one = made({"kind": "organization", "organization": {"legal_name": "Bodegas Ruiz, S.L."}})
    other = made({"kind": "organization", "organization": {"legal_name": "BODEGAS RUIZ SL"}})
    assert one["o"] == other["o"] == [["bodegas ruiz", "sl", 0]]


def test_an_address_in_two_spellings_is_one():
    def at(line):
        return made(person(addresses=[{"lines": [line], "postal_code": "10 115", "locality": "Berlin", "country": "DE"}]))

    assert at("Hauptstr. 5") == at("Hauptstraße 5")


def test_a_value_of_low_trust_is_marked():
    found = made(person(emails=[{"address": "a@x.es", "type": "sender"}, {"address": "b@x.es", "type": "main"}]), system="mail")
    assert found["e"] == [["a@x.es", 1], ["b@x.es", 0]]


def test_the_last_nine_digits_of_a_telephone_number_count():
    found = made(person(phones=[{"number": "+34600111222"}, {"number": "600 111 222"}, {"number": "12"}]))
    assert found["t"] == [["600111222", 0]]


def test_lists_have_an_end():
    many = [{"address": f"a{i}@x.es"} for i in range(1000)]
    assert len(made(person(emails=many))["e"]) == 12


TEXTS = st.text(max_size=30)
ANY = st.fixed_dictionaries(
    {},
    optional={
        "kind": st.sampled_from(["person", "organization", "unknown", None]),
        "name": st.dictionaries(
            st.sampled_from(["full", "given", "middle", "family", "suffix", "native", "latin", "former"]), TEXTS
        ),
        "organization": st.dictionaries(st.sampled_from(["legal_name", "native", "latin"]), TEXTS),
        "birth_date": st.sampled_from(["1980", "1980-02", "1980-02-03", None]),
        "gender": TEXTS,
        "emails": st.lists(st.fixed_dictionaries({"address": TEXTS}), max_size=3),
        "phones": st.lists(st.fixed_dictionaries({"number": TEXTS}), max_size=3),
        "addresses": st.lists(st.fixed_dictionaries({"lines": st.lists(TEXTS, max_size=2), "locality": TEXTS}), max_size=3),
        "identifiers": st.lists(st.fixed_dictionaries({"scheme": st.just("vat"), "value": TEXTS}), max_size=3),
    },
)


@settings(derandomize=True, max_examples=150, deadline=None)
@given(ANY)
def test_features_of_anything_are_json_and_the_same_again(data):
    found = made(data)
    assert orjson.loads(orjson.dumps(found)) == found
    assert made(data) == found
