"""The scorer: who is one customer, who is not, and what stays with a person."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.errors import BadModel
from hub.matching.features import features
from hub.matching.rules import half_bits, load_rules, read_rules, read_weights
from hub.matching.scoring import Scorer
from hub.matching.story import waterfall
from hub.model import load_model, shipped_folder

FOLDER = shipped_folder("canonical_model") / "customer"
RAW = load_model().rules("customer", "matching")
WEIGHTS = read_weights(FOLDER / "model.json")
RULES = read_rules(FOLDER)
SCORER = Scorer(RULES)
HOME = {"lines": ["12 Quince Street"], "postal_code": "28013", "locality": "Madrid", "country": "ES"}
AWAY = {"lines": ["8 Harbour Road"], "postal_code": "08001", "locality": "Barcelona", "country": "ES"}


def person(given=None, family=None, born=None, system="erp", **more):
    name = {part: value for part, value in (("given", given), ("family", family), ("suffix", more.pop("suffix", None))) if value}
    data = {"kind": "person", "name": name, "birth_date": born, **more}
    return features(data, system=system, rules=RULES)


def company(name, **more):
    return features({"kind": "organization", "organization": {"legal_name": name}, **more}, system="erp", rules=RULES)


def bits(left, right):
    return SCORER.quick(left, right)[0]


def is_match(left, right):
    return bits(left, right) >= RULES.match_bits


def vat(value, country="ES", **more):
    return {"scheme": "vat", "value": value, "country": country, "verified": True, **more}


# -- one customer --


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (person("Leocadia", "Zurbarán", "1980-02-03"), person("Leocadia", "Zurbaran", "1980-02-03")),
        (
            person("Leocadia", "Zurbarán", "1980-02-03", addresses=[HOME]),
            person("Leocadia", "Zurbaran", "1980-03-02", addresses=[HOME]),
        ),
        (person("Robert", "Quillfeather", addresses=[HOME]), person("Bob", "Quillfeather", addresses=[HOME])),
        (
            person("Quill", "Leocadia", "1980-02-03", addresses=[HOME]),
            person("Leocadia", "Quill", "1980-02-03", addresses=[HOME]),
        ),
        (person("Ana", "Gil", emails=[{"address": "ana.gil@x.es"}]), person("Ana", "Gil", emails=[{"address": "ana.gil@x.es"}])),
        (company("Bodegas Zurbarrieta, S.L.", addresses=[HOME]), company("BODEGAS ZURBARRIETA SL", addresses=[HOME])),
    ],
)
def test_one_customer_in_two_systems_is_a_match(left, right):
    assert is_match(left, right)


def test_a_shared_rare_name_says_more_than_a_shared_common_one():
    assert bits(person("Leocadia", "Quillfeather"), person("Leocadia", "Quillfeather")) > bits(
        person("John", "Smith"), person("John", "Smith")
    )


def test_what_is_missing_says_nothing():
    assert bits(person("Ana", "Gil"), person("Ana", "Gil", "1980-02-03")) == bits(person("Ana", "Gil"), person("Ana", "Gil"))
    assert bits({}, {}) == RULES.prior["person"]


# -- two customers --


def test_namesakes_without_anything_else_are_no_match():
    assert bits(person("John", "Smith"), person("John", "Smith")) < RULES.review_bits


def test_a_node_of_a_common_name_is_weak_even_to_itself():
    smith = person("John", "Smith")
    assert bits(smith, smith) < RULES.match_bits


def test_twins_are_no_match():
    one = person("Anna", "Quillfeather", "1980-02-03", addresses=[HOME], phones=[{"number": "600111222"}])
    other = person("Peter", "Quillfeather", "1980-02-03", addresses=[HOME], phones=[{"number": "600111222"}])
    assert not is_match(one, other)


def test_junior_and_senior_are_no_match():
    senior = person("John", "Quillfeather", suffix="Sr", addresses=[HOME], phones=[{"number": "600111222"}])
    junior = person("John", "Quillfeather", suffix="Jr.", addresses=[HOME], phones=[{"number": "600111222"}])
    assert not is_match(senior, junior)


def test_father_and_son_of_one_name_are_no_match():
    father = person("John", "Quillfeather", "1950-04-05", addresses=[HOME], phones=[{"number": "600111222"}])
    son = person("John", "Quillfeather", "1981-11-27", addresses=[HOME], phones=[{"number": "600111222"}])
    assert not is_match(father, son)


def test_a_couple_with_one_mailbox_is_no_match():
    shared = {"emails": [{"address": "quillfeathers@x.es"}], "addresses": [HOME], "phones": [{"number": "600111222"}]}
    assert not is_match(person("Anna", "Quillfeather", **shared), person("Peter", "Quillfeather", **shared))


def test_two_people_of_one_house_are_far_from_a_match():
    one = person("Anna", "Quillfeather", "1980-02-03", addresses=[HOME])
    other = person("Peter", "Quillfeather", "1955-11-27", addresses=[HOME])
    assert bits(one, other) <= RULES.guards["household"]


def test_two_branches_are_no_match():
    shared = {"phones": [{"number": "600111222"}]}
    one = company("Zurbarrieta Nord", addresses=[HOME], **shared)
    assert not is_match(one, company("Zurbarrieta Hafen Logistik", addresses=[AWAY], **shared))


def test_a_branch_is_not_its_head_office_although_they_share_a_mailbox():
    shared = {"emails": [{"address": "biuro@zurbarrieta.example"}]}
    assert not is_match(
        company("Textiles Zurbarrieta Sp. z o.o.", **shared), company("Textiles Zurbarrieta Oddział Wrocław", **shared)
    )


def test_another_legal_form_stays_with_a_person():
    ltd, plc = company("Zurbarrieta Ltd", addresses=[HOME]), company("Zurbarrieta PLC", addresses=[HOME])
    assert RULES.review_bits <= bits(ltd, plc) < RULES.match_bits
    assert is_match(ltd, company("Zurbarrieta Limited", addresses=[HOME]))
    shared = [{"address": "maria@zurbarrieta.example"}]
    assert is_match({**ltd, "e": company("x", emails=shared)["e"]}, {**plc, "e": company("x", emails=shared)["e"]})


def test_a_legal_form_is_told_with_the_country_of_the_customer():
    assert company("Sunshine Spa", country="IT")["o"] == [["sunshine", "spa", 0]]
    assert company("Sunshine Spa", country="GB")["o"] == [["sunshine spa", "", 0]]


def test_two_companies_of_one_house_stay_with_a_person():
    house = {"addresses": [HOME], "phones": [{"number": "+34911234567"}]}
    hotel, bar = company("Zurbarrieta", **house), company("Quillfeather", **house)
    assert RULES.review_bits <= bits(hotel, bar) < RULES.match_bits


def test_a_family_name_at_an_address_is_a_household_and_not_a_person():
    assert not is_match(person("Helen", "Quillfeather", addresses=[HOME]), person(None, "Quillfeather", addresses=[HOME]))
    assert not is_match(person("Helen", "Quillfeather", addresses=[HOME]), person("H.", "Quillfeather", addresses=[HOME]))


def test_an_initial_suffices_where_something_personal_agrees():
    assert is_match(person("Helen", "Quillfeather", "1980-02-03"), person("H.", "Quillfeather", "1980-02-03"))


def test_a_person_and_an_organization_stay_apart():
    score = SCORER.score(person("Ana", "Gil", addresses=[HOME]), company("Ana Gil", addresses=[HOME]))
    assert score.veto == "different_kind" and score.bits < RULES.match_bits


# -- hard rules --


def test_an_equal_verified_identifier_matches():
    assert (
        SCORER.quick(company("A", identifiers=[vat("ESB12345674")]), company("B", identifiers=[vat("ESB12345674")]))[2]
        == "equal_verified"
    )


def test_an_identifier_that_nobody_verified_matches_nothing_by_rule():
    one = company("A", identifiers=[vat("ESB12345674") | {"verified": False}])
    assert SCORER.quick(one, company("B", identifiers=[vat("ESB12345674")]))[2] is None


def tax(*values, **more):
    return [{"scheme": "tax", "value": value, "country": "ES", "verified": True, **more} for value in values]


@pytest.mark.parametrize(
    ("left", "right", "veto"),
    [
        (tax("1111"), tax("2222"), "different_verified"),
        (tax("1111", "2222"), tax("2222", "3333"), None),
        (tax("1111", valid_to="2019-12-31"), tax("2222", valid_from="2020-01-01"), None),
        (tax("1111", valid_to="2021-12-31"), tax("2222", valid_from="2020-01-01"), "different_verified"),
        (tax("1111"), [tax("2222")[0] | {"country": "FR"}], None),
        ([vat("ESB1")], [vat("ESB2")], None),
    ],
)
def test_a_veto_needs_disjoint_verified_values_valid_together_in_one_country(left, right, veto):
    assert SCORER.quick(person("Ana", "Gil", identifiers=left), person("Ana", "Gil", identifiers=right))[3] == veto


# -- trust --


def test_low_trust_values_are_missing_from_the_second_total():
    sender = person("Ana", "Gil", system="mail", emails=[{"address": "ana.gil@x.es", "type": "sender"}])
    known = person("Ana", "Gil", emails=[{"address": "ana.gil@x.es"}])
    total, trusted, _, _ = SCORER.quick(sender, known)
    assert total >= RULES.match_bits > trusted


def test_a_stewards_record_has_no_bits():
    assert SCORER.quick({"s": 1}, person("Ana", "Gil")) == (0, 0, None, None)


# -- the story --


def test_the_parts_of_a_score_add_up():
    left = person("Ana", "Quillfeather", "1980-02-03", addresses=[HOME], identifiers=tax("11112222"))
    right = person("Peter", "Quillfeather", "1955-11-27", addresses=[HOME], identifiers=tax("11112223"))
    score = SCORER.score(left, right)
    assert sum(part.bits for part in score.parts) == score.bits
    assert score.parts[-1].name == "guard"
    assert "guard" in "\n".join(waterfall(score))


NAMES = st.sampled_from(["", "Ana", "Anna", "Ana María", "Gil", "Ruiz", "Ruis", "John", "J", "Smith"])
SIDES = st.builds(
    lambda given, family, born, emails, homes: person(given, family, born, emails=emails, addresses=homes),
    NAMES,
    NAMES,
    st.sampled_from([None, "1980", "1980-02-03", "1980-03-02", "1955-11-27"]),
    st.lists(st.sampled_from([{"address": "a.gil@x.es"}, {"address": "info@x.es"}, {"address": "ana.ruiz@y.es"}]), max_size=2),
    st.lists(st.sampled_from([HOME, AWAY, {"locality": "Madrid"}]), max_size=2),
)


@settings(derandomize=True, max_examples=300, deadline=None)
@given(SIDES, SIDES)
def test_scores_are_whole_numbers_and_the_same_from_either_side(left, right):
    one, other = SCORER.quick(left, right), SCORER.quick(right, left)
    assert one == other and type(one[0]) is int
    score = SCORER.score(left, right)
    assert (score.bits, score.trusted_bits, score.match, score.veto) == one
    assert sum(part.bits for part in score.parts) == score.bits


COMPANIES = st.builds(
    lambda name, phones, homes: company(name, phones=phones, addresses=homes),
    st.sampled_from(["Zurbarrieta S.L.", "Zurbarrieta Distribuciones", "Acme Ltd", "Acme Trading Ltd, Leeds Branch"]),
    st.lists(st.sampled_from([{"number": "+34600111222"}, {"number": "+34600111223"}]), max_size=2),
    st.lists(st.sampled_from([HOME, AWAY, {"locality": "Madrid"}]), max_size=2),
)
LABELLED = st.builds(
    lambda value, verified, family: person("Ana", family, identifiers=[{"scheme": "vat", "value": value, "verified": verified}]),
    st.sampled_from(["ESB12345674", "ESB99999999"]),
    st.booleans(),
    NAMES,
)
ANYBODY = st.one_of(SIDES, COMPANIES, LABELLED, st.just({"s": 1}))


@settings(derandomize=True, max_examples=500, deadline=None)
@given(ANYBODY, ANYBODY, st.sampled_from([-1, 0, 3, 6]))
def test_what_counts_is_found_without_weighing_what_does_not(left, right, review_bits):
    scorer = Scorer(replace(RULES, review_bits=review_bits * 1000))
    whole = scorer.quick(left, right)
    counts = whole[0] >= review_bits * 1000 or whole[2] is not None
    assert scorer.counted(scorer.ready(left), scorer.ready(right)) == (whole if counts else None)


# -- rules --


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"comparisons": {"email": {"else": 30_000}}}, "outweighs"),
        ({"comparisons": {"emial": {}}}, "did you mean 'email'"),
        ({"comparisons": {"email": {"exakt": 1}}}, "did you mean 'exact'"),
        ({"guards": ["houshold"]}, "did you mean 'household'"),
        ({"match_bits": "many"}, "match_bits"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(change, message):
    with pytest.raises(BadModel, match=message):
        load_rules({**RAW, **change}, WEIGHTS)


def test_a_level_that_older_weights_do_not_know_says_as_much_as_the_next_weaker_one():
    comparisons = {**WEIGHTS["comparisons"], "given": dict(WEIGHTS["comparisons"]["given"])}
    del comparisons["given"]["sound"], comparisons["legal_form"]
    rules = load_rules(RAW, {**WEIGHTS, "comparisons": comparisons})
    assert rules.weights["given"]["sound"] == rules.weights["given"]["weak"]
    assert rules.weights["legal_form"] == {"exact": 0, "else": 0}


def test_the_version_of_the_rules_follows_rules_and_weights():
    assert load_rules(RAW, WEIGHTS).version == RULES.version
    assert load_rules({**RAW, "match_bits": 8}, WEIGHTS).version != RULES.version
    assert load_rules(RAW, {**WEIGHTS, "prior": {"person": -17000, "organization": -13000}}).version != RULES.version


def test_fitting_lets_a_value_that_is_common_here_count_less():
    fitted = RULES.fitted({"family": {"quillfeather": 500, "zurbaran": 500}}, 1000)
    assert fitted.rarity["family"]["quillfeather"] == 1000
    assert fitted.prior["person"] == RULES.prior["person"] + 6000
    assert fitted.version != RULES.version


@pytest.mark.parametrize(("total", "count", "bits"), [(8, 1, 3000), (8, 8, 0), (1000, 500, 1000), (10, 7, 500)])
def test_rarity_in_half_bits(total, count, bits):
    assert half_bits(total, count) == bits
