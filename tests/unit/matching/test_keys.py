"""Blocking keys: many narrow kinds, the same for both sides of a slip."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hub.errors import BadModel
from hub.matching.features import features
from hub.matching.keys import PER_KIND, blocking_keys, check_blocking, key_numbers
from hub.matching.rules import load_rules, read_rules, read_weights
from hub.model import load_model, shipped_folder

FOLDER = shipped_folder("canonical_model") / "customer"
RULES = read_rules(FOLDER)


def keys(**data):
    return set(blocking_keys(features({"kind": "person", **data}, system="erp", rules=RULES), RULES))


def organization(name):
    data = {"kind": "organization", "organization": {"legal_name": name}}
    return set(blocking_keys(features(data, system="erp", rules=RULES), RULES))


ANA = {"given": "Ana", "family": "Ruiz"}


def test_keys_are_sorted_distinct_and_sixteen_hex_digits():
    found = blocking_keys(features({"name": ANA, "birth_date": "1980-02-03"}, system="erp", rules=RULES), RULES)
    assert found == sorted(set(found)) and found
    assert all(len(key) == 16 and int(key, 16) >= 0 for key in found)


def test_nothing_known_gives_no_keys():
    assert keys() == set()
    assert blocking_keys({"s": 1}, RULES) == []


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": ANA, "birth_date": "1980-02-03"}, {"name": {"given": "Anna", "family": "Ruis"}, "birth_date": "1980-02-03"}),
        ({"name": ANA, "birth_date": "1980-02-03"}, {"name": {"given": "Ruiz", "family": "Ana"}, "birth_date": "1980-02-03"}),
        ({"name": ANA, "birth_date": "1980-02-03"}, {"name": ANA, "birth_date": "1980-03-02"}),
        ({"name": ANA, "birth_date": "1980-02-03"}, {"name": ANA, "birth_date": "1981-02-03"}),
        ({"phones": [{"number": "600111222"}]}, {"phones": [{"number": "699111222"}]}),
        (
            {"identifiers": [{"scheme": "vat", "value": "ESB12345674"}]},
            {"identifiers": [{"scheme": "vat", "value": "ESB12345699"}]},
        ),
        ({"emails": [{"address": "ana.ruiz@x.es"}]}, {"emails": [{"address": "ana.ruiz@y.es"}]}),
    ],
)
def test_records_with_a_slip_meet(one, other):
    assert keys(**one) & keys(**other)


def test_organizations_meet_over_one_rare_word():
    assert organization("Bodegas Zurbarrieta S.L.") & organization("Zurbarrieta Distribuciones")


def test_people_with_nothing_in_common_do_not_meet():
    assert not keys(name=ANA, birth_date="1980-02-03") & keys(name={"given": "Olaf", "family": "Berg"}, birth_date="1955-11-30")


def test_a_long_list_gives_a_bounded_number_of_keys():
    many = [{"number": f"6001{i:05d}"} for i in range(500)]
    assert len(keys(phones=many)) <= 4 * PER_KIND


def test_an_unknown_piece_is_refused():
    raw = {**load_model().rules("customer", "matching"), "blocking": [["emial"]]}
    with pytest.raises(BadModel, match="did you mean 'email'"):
        check_blocking(load_rules(raw, read_weights(FOLDER / "model.json")))


def test_colleagues_of_one_domain_meet_by_the_sound_of_a_name_and_customers_of_a_provider_do_not():
    kind = replace(RULES, blocking=(("email_domain_sound", "name_any_sound"),))
    one, other = (
        {"n": [["ana", "ruiz", "", 0]], "e": [[f"a@{domain}", 0]]} for domain in ("bodegas-ruiz.es", "bodegas-ruis.com")
    )
    assert set(key_numbers(one, kind)) & set(key_numbers(other, kind))
    assert key_numbers({"n": [["ana", "ruiz", "", 0]], "e": [["a@gmail.com", 0]]}, kind) == []


def test_one_birth_date_meets_by_two_letters_of_either_name():
    kind = replace(RULES, blocking=(("birth_date", "name_any_start"),))
    one, other = {"n": [["ana", "", "", 0]], "b": "1980-02-03"}, {"n": [["lopez", "anaya", "", 0]], "b": "1980-03-02"}
    assert set(key_numbers(one, kind)) & set(key_numbers(other, kind))
    assert not set(key_numbers(one, kind)) & set(key_numbers({**other, "b": "1980-03-03"}, kind))
