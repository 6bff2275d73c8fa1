"""The demo's world: the same from the same seed, complete in its truth, hard in the ways its knobs say."""

from __future__ import annotations

from collections import Counter
from dataclasses import fields, replace

import phonenumbers
import pytest
from stdnum.es import dni
from stdnum.eu import vat as eu_vat
from stdnum.gb import vat as gb_vat
from stdnum.pl import pesel

from hub.demo.flaws import FLAWS, LOST, TEST_ROWS
from hub.demo.generate import generate
from hub.demo.places import COUNTRIES, NUMBER_DIGITS
from hub.demo.systems import truth_of
from hub.demo.world import SYSTEMS, Knobs, World
from hub.errors import BadSettings


@pytest.fixture(scope="module")
def world() -> World:
    return generate(seed=3, customers=600)


def test_the_same_seed_gives_the_same_world(world: World) -> None:
    assert generate(seed=3, customers=600) == world


def test_another_seed_gives_another_world(world: World) -> None:
    assert generate(seed=4, customers=600).entries != world.entries


def test_there_are_about_as_many_customers_as_asked_for(world: World) -> None:
    assert 600 <= len(world.customers) <= 606


def test_every_country_every_story_and_several_scripts_occur(world: World) -> None:
    people = world.customers.values()
    assert {one.country for one in people} == set(COUNTRIES)
    assert {one.story for one in people} == {"plain", "household", "twin", "junior", "namesake", "branch"}
    scripts = {sign for one in people for sign in one.native if ord(sign) > 0x300}
    assert any("\u0370" <= sign <= "\u03ff" for sign in scripts)
    assert any("\u0400" <= sign <= "\u04ff" for sign in scripts)
    assert any("\u0600" <= sign <= "\u06ff" for sign in scripts)
    assert any("\u4e00" <= sign <= "\u9fff" for sign in scripts)


def test_keys_are_unique_within_a_system(world: World) -> None:
    keys = [(entry.system, entry.key) for entry in world.entries]
    assert len(keys) == len(set(keys))
    contacts = [(contact.system, contact.kind, contact.key) for contact in world.contacts]
    assert len(contacts) == len(set(contacts))


def test_the_truth_covers_every_readable_record_and_contact(world: World) -> None:
    truth = truth_of(world)
    readable = {f"{entry.system}:{entry.key}" for entry in world.entries if entry.flaw not in LOST}
    assert set(truth["records"]) == readable
    assert set(truth["records"].values()) <= set(truth["customers"])
    cards = sum(entry.system == "host" and entry.flaw not in LOST for entry in world.entries)
    assert len(truth["contacts"]) == sum(contact.flaw not in LOST for contact in world.contacts) + cards


def test_most_customers_are_known_to_several_systems(world: World) -> None:
    known = Counter(entry.customer for entry in world.entries if entry.customer)
    assert set(known) == set(world.customers)
    assert 2.7 < sum(known.values()) / len(known) < 3.7
    assert {entry.system for entry in world.entries} == set(SYSTEMS)


def test_members_of_a_group_are_different_customers_of_one_story(world: World) -> None:
    groups: dict[str, set[str]] = {}
    for one in world.customers.values():
        if one.group:
            groups.setdefault(one.group, set()).add(one.story)
    assert groups
    assert all(len(stories) == 1 for stories in groups.values())


def test_twins_share_birth_and_address_and_juniors_share_a_name(world: World) -> None:
    for one in world.customers.values():
        other = world.customers[one.group or one.id]
        if one.story == "twin":
            assert (one.birth, one.address) == (other.birth, other.address)
        if one.story == "junior":
            assert (one.given, one.family) == (other.given, other.family)


def test_numbers_have_valid_check_digits(world: World) -> None:
    for one in world.customers.values():
        if one.vat:
            assert gb_vat.is_valid(one.vat[2:]) if one.country == "GB" else eu_vat.is_valid(one.vat)
        if one.national_id:
            assert dni.is_valid(one.national_id) if one.country == "ES" else pesel.is_valid(one.national_id)


def test_every_telephone_range_is_valid() -> None:
    for code, country in COUNTRIES.items():
        for start in country.phones:
            number = phonenumbers.parse(f"+{country.calling}{start}{'7' * NUMBER_DIGITS[code]}")
            assert phonenumbers.is_valid_number(number)


def test_every_mail_address_ends_in_example(world: World) -> None:
    addresses = {mail for one in world.customers.values() for mail in one.emails}
    assert all(address.endswith(".example") for address in addresses)


def test_what_is_broken_on_purpose_is_counted(world: World) -> None:
    expected: Counter[str] = Counter()
    for flaw in (*FLAWS, TEST_ROWS):
        expected[flaw.name] += flaw.count
    assert world.flaws() == dict(sorted(expected.items()))


def test_nothing_is_broken_when_the_knob_is_zero() -> None:
    assert generate(seed=3, customers=100, knobs=Knobs(broken=0)).flaws() == {}


def test_without_errors_every_record_tells_the_truth() -> None:
    knobs = Knobs(typing_errors=0, missing=0, placeholders=0, duplicates=0, broken=0, moves=0, natives=0, marriages=0)
    world = generate(seed=5, customers=150, knobs=knobs)
    for entry in world.entries:
        one = world.customers[entry.customer]
        assert entry.birth in ("", str(one.birth))
        assert entry.email in ("", *one.emails)
        assert entry.native == ""
        assert not entry.address or entry.address.postal_code == one.address.postal_code


@pytest.mark.parametrize("knob", ["households", "twins", "juniors", "namesakes"])
def test_a_knob_at_zero_removes_its_story(knob: str) -> None:
    story = knob.removesuffix("s")
    world = generate(seed=5, customers=200, knobs=replace(Knobs(), **{knob: 0.0}))
    assert story not in {one.story for one in world.customers.values()}


def test_more_typing_errors_leave_fewer_true_names() -> None:
    def wrong(rate: float) -> int:
        world = generate(seed=5, customers=200, knobs=Knobs(typing_errors=rate, marriages=0, natives=0, broken=0))
        return sum(entry.family not in world.customers[entry.customer].family for entry in world.entries if entry.family)

    assert wrong(0) < wrong(0.1) < wrong(0.4)


def test_knobs_are_turned_by_name() -> None:
    assert Knobs().turned(["twins=0.5", "broken=3"]) == Knobs(twins=0.5, broken=3)


@pytest.mark.parametrize("text", ["twin=0.5", "twins", "twins=many", "twins=2"])
def test_a_knob_that_does_not_exist_or_fit_is_refused_with_a_way_out(text: str) -> None:
    with pytest.raises(BadSettings) as caught:
        Knobs().turned([text])
    assert "twins" in str(caught.value)


def test_every_knob_is_explained() -> None:
    assert all(knob.metadata["help"] for knob in fields(Knobs))
