"""Who the demo's customers really are: persons, households, twins, fathers and sons, namesakes, companies, branches."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from random import Random
from typing import TypeVar

from anyascii import anyascii

from hub.demo import identifiers
from hub.demo.names import BRANDS, LATIN, LEGAL_FORMS, NATIVE, TRADES, Written
from hub.demo.places import COUNTRIES, MAIL_HOSTS, NUMBER_DIGITS
from hub.demo.world import Address, Customer, Knobs, dice

T = TypeVar("T")
_BRANCH = {"ES": "Sucursal", "DE": "Niederlassung", "FR": "Agence", "GB": "Branch", "PL": "Oddział"}
_SIGNS = {"#": "0123456789", "%": "123456789", "@": "ABDEFGHJLNPQRSTUWXYZ"}
_YEAR = 365.25


class Population:
    """Makes customers one after the other, so that numbers and mailboxes are given out once."""

    def __init__(self, seed: int, knobs: Knobs, among: Collection[Customer] = ()) -> None:
        self.knobs = knobs
        self.chance = dice(seed, "people", len(among))
        self._numbers = count(len(among) + 1)
        self._given_out: Counter[str] = Counter(mailbox for one in among for mailbox in one.emails)
        self._given_out.update(dict.fromkeys(COUNTRIES, 4 * len(among)))  # nobody has that many numbers

    def people(self, wanted: int) -> Iterator[Customer]:
        """At least ``wanted`` persons; a group is never cut."""
        made = 0
        while made < wanted:
            group = self._group()
            made += len(group)
            yield from group

    def companies(self, wanted: int) -> Iterator[Customer]:
        made = 0
        while made < wanted:
            head = self._company()
            group = [head]
            if self.chance.random() < self.knobs.branches:
                group = [replace(head, story="branch", group=head.id), self._branch(head)]
            made += len(group)
            yield from group

    # --- persons

    def _group(self) -> list[Customer]:
        """Stories are shares of persons, so a story of two persons starts half as often."""
        knobs, roll = self.knobs, self.chance.random()
        first = self._person(self._country())
        for share, story in (
            (knobs.twins / 2, self._twin),
            (knobs.juniors / 2, self._junior),
            (knobs.namesakes / 2, self._namesake),
            (knobs.households / 2.6, self._household),
        ):
            if roll < share:
                return story(first)
            roll -= share
        return [first]

    def _twin(self, first: Customer) -> list[Customer]:
        pool = LATIN[first.country].women if first.gender == "female" else LATIN[first.country].men
        given = self.chance.choice([name for name in pool if name != first.given])
        other = self._relative(first, given, first.gender, first.birth)
        return _told([first, other], "twin")

    def _junior(self, first: Customer) -> list[Customer]:
        """A son with his father's whole name. Many use Sr and Jr; for the rest the birth date alone tells."""
        father = self._person(first.country, gender="male", born=_between(self.chance, 1940, 1968))
        assert father.birth is not None  # noqa: S101 - persons have one
        born = father.birth + timedelta(days=int(self.chance.uniform(22, 36) * _YEAR))
        son = self._relative(father, father.given, "male", born)
        if father.country == "GB" or self.chance.random() < 0.5:
            father, son = replace(father, suffix="Sr"), replace(son, suffix="Jr")
        return _told([father, son], "junior")

    def _namesake(self, first: Customer) -> list[Customer]:
        other = self._person(first.country, gender=first.gender, name=(first.given, first.family))
        return _told([first, other], "namesake")

    def _household(self, first: Customer) -> list[Customer]:
        assert first.birth is not None  # noqa: S101 - persons have one
        family = [first]
        for _ in range(self.chance.choices((1, 2, 3), (5, 3, 1))[0]):
            gender = self.chance.choice(("female", "male"))
            pool = LATIN[first.country].women if gender == "female" else LATIN[first.country].men
            given = self.chance.choice([name for name in pool if name not in {one.given for one in family}])
            years = self.chance.choice((-4, -2, 1, 3, -28 if first.birth.year > 1965 else 25))
            born = first.birth + timedelta(days=int(years * _YEAR) + self.chance.randrange(1, 360))
            family.append(self._relative(first, given, gender, born))
        return _told(family, "household")

    def _relative(self, first: Customer, given: str, gender: str, born: date | None) -> Customer:
        """Another person at the same address, sharing the fixed line."""
        name = given, _inflected(first.family, first.country, gender)
        other = self._person(first.country, gender=gender, name=name, born=born)
        shared = first.phones[:1] if self.chance.random() < 0.6 else other.phones[:1]
        return replace(other, address=first.address, phones=shared + other.phones[1:], native="", variant="")

    def _person(self, country: str, gender: str = "", name: tuple[str, str] | None = None, born: date | None = None) -> Customer:
        chance = self.chance
        gender = gender or chance.choice(("female", "male"))
        given, family, native, variant = self._called(country, gender, name)
        born = born or _between(chance, 1938, 2005)
        address = self.address(country)
        person = Customer(
            id=f"p{next(self._numbers):05d}", kind="person", country=country, address=address, since=_between(chance, 2012, 2025),
            given=given, family=family, gender=gender, birth=born, native=native, variant=variant,
            national_id=identifiers.national_id(country, born, gender == "female", chance),
            emails=self._mailboxes(address, given, family, born), phones=(self._phone(country), self._phone(country)),
        )  # fmt: skip
        return self._lived(person)

    def _called(self, country: str, gender: str, name: tuple[str, str] | None) -> tuple[str, str, str, str]:
        """Given name, family name, the native spelling and another romanisation."""
        chance = self.chance
        if name:
            return *name, "", ""
        if chance.random() < self.knobs.natives:
            return self._called_elsewhere(gender)
        culture = LATIN[country]
        given = _common(culture.women if gender == "female" else culture.men, chance)
        family = _common(culture.family, chance)
        if country == "ES" and chance.random() < 0.75:
            family += " " + _common(culture.family, chance)
        return given, _inflected(family, country, gender), "", ""

    def _called_elsewhere(self, gender: str) -> tuple[str, str, str, str]:
        culture = NATIVE[self.chance.choice(sorted(NATIVE))]
        given = self.chance.choice(culture.women if gender == "female" else culture.men)
        family = self.chance.choice(culture.family)
        parts = (family.native, given.native) if culture.family_first else (given.native, family.native)
        joined = ("" if culture.family_first else " ").join(parts)
        return _spaced(given).latin, _spaced(family).latin, joined, f"{_spaced(given).variant}|{_spaced(family).variant}"

    def _lived(self, person: Customer) -> Customer:
        """A move and a marriage that some systems slept through."""
        chance, knobs = self.chance, self.knobs
        if chance.random() < knobs.moves:
            person = replace(person, former_address=self.address(person.country))
        if person.gender == "female" and not person.native and chance.random() < knobs.marriages:
            person = replace(person, former_family=_common(LATIN[person.country].family, chance))
        return person

    # --- companies

    def _company(self) -> Customer:
        chance, country = self.chance, self._country()
        name, owner = self._firm(country)
        host = self._once(_slug(name).replace(" ", "-")) + ".example"
        office = {"ES": "info", "DE": "kontakt", "FR": "contact", "GB": "office", "PL": "biuro"}[country]
        company = Customer(
            id=f"c{next(self._numbers):05d}", kind="organization", country=country, address=self.address(country),
            since=_between(chance, 2008, 2025), organization=name, legal_forms=chance.choice(LEGAL_FORMS[country]),
            vat=identifiers.vat(country, chance), emails=(f"{office}@{host}", f"{_slug(owner).split()[0]}@{host}"),
            phones=(self._phone(country), self._phone(country)),
        )  # fmt: skip
        return replace(company, former_address=self.address(country)) if chance.random() < self.knobs.moves / 2 else company

    def _firm(self, country: str) -> tuple[str, str]:
        """A name that no other company has, in whatever order its words stand, as registers see to; and its owner's name."""
        while True:
            brand, trade = self.chance.choice(BRANDS), self.chance.choice(TRADES[country])
            owner = _common(LATIN[country].family, self.chance)
            shapes = (
                f"{trade} {brand}",
                f"{trade} {owner}",
                f"{brand} {trade}",
                f"{brand} & {owner}",
                f"{trade} {owner} {brand}",
            )
            name = self.chance.choice(shapes)
            words = " ".join(sorted(_slug(name).split()))
            self._given_out[words] += 1
            if self._given_out[words] == 1 or self._given_out[words] > 50:  # a very large world runs out of names
                return name, owner

    def _branch(self, head: Customer) -> Customer:
        """A site of its own: it orders and is billed for itself, under the head office's name."""
        address = self.address(head.country, elsewhere=head.address.city)
        host = head.emails[0].partition("@")[2]
        return replace(
            head, id=f"c{next(self._numbers):05d}", story="branch", group=head.id, address=address, former_address=None, vat="",
            organization=f"{head.organization} {_BRANCH[head.country]} {address.city}",
            emails=(f"{_slug(address.city).replace(' ', '')}@{host}", head.emails[0]),
            phones=(self._phone(head.country), head.phones[0]),
        )  # fmt: skip

    # --- addresses, numbers, mailboxes

    def _country(self) -> str:
        return self.chance.choices(list(COUNTRIES), [country.share for country in COUNTRIES.values()])[0]

    def address(self, country: str, elsewhere: str = "") -> Address:
        chance, land = self.chance, COUNTRIES[country]
        city = chance.choice([city for city in land.cities if city.name != elsewhere])
        code = _filled(city.code, chance)
        return Address(chance.choice(land.streets), str(chance.randrange(1, 160)), code, city.name, city.region, country)

    def _phone(self, country: str) -> str:
        """The next free number of the fictional ranges; a very large world gives some out twice."""
        land, digits = COUNTRIES[country], NUMBER_DIGITS[country]
        number = self._given_out[country]
        self._given_out[country] += 1
        scattered = number * 7919 % 10**digits
        return f"+{land.calling}{land.phones[number % len(land.phones)]}{scattered:0{digits}d}"

    def _mailboxes(self, address: Address, given: str, family: str, born: date) -> tuple[str, ...]:
        """Two addresses at two of the many small providers of the country; some families have a domain of their own."""
        first, last = _slug(given).split()[0], _slug(family).split()[0]
        year = f"{born.year % 100:02d}"
        shapes = (
            f"{first}.{last}", f"{first[0]}.{last}", f"{first}{year}", f"{last}.{first}", f"{first}_{last}", f"{first}{last[0]}",
        )  # fmt: skip
        names = self.chance.sample(shapes, 2)
        town = _slug(address.city).replace(" ", "-")
        hosts = [
            f"{town}.{host}" if self.chance.random() < 0.7 else host
            for host in self.chance.sample(MAIL_HOSTS[address.country], 2)
        ]
        if self.chance.random() < 0.1:
            hosts[0] = f"{last}.example"
        return tuple(self._once(f"{name}@{host}") for name, host in zip(names, hosts, strict=True))

    def _once(self, name: str) -> str:
        """The name, with a number when somebody has it already."""
        self._given_out[name] += 1
        taken = self._given_out[name]
        if taken == 1:
            return name
        local, at, host = name.partition("@")
        return f"{local}{taken}{at}{host}"


def _inflected(family: str, country: str, gender: str) -> str:
    """A Polish woman of the Kowalski family is called Kowalska."""
    if country != "PL" or family[-2:] not in ("ki", "ka"):
        return family
    return family[:-1] + ("a" if gender == "female" else "i")


def _told(group: list[Customer], story: str) -> list[Customer]:
    """Every member knows the story, and its group by the first one's number."""
    return [replace(one, story=story, group=group[0].id) for one in group]


def _common(names: Sequence[T], chance: Random) -> T:
    """Early names are more common, roughly as Zipf saw it."""
    return names[int(len(names) * chance.random() ** 1.5)]


def _between(chance: Random, first: int, last: int) -> date:
    return date(first, 1, 1) + timedelta(days=chance.randrange(int((last - first + 1) * _YEAR) - 1))


def _filled(pattern: str, chance: Random) -> str:
    return "".join(chance.choice(_SIGNS[sign]) if sign in _SIGNS else sign for sign in pattern)


def _spaced(name: Written) -> Written:
    return Written(*(part.replace("_", " ") for part in name))


def _slug(text: str) -> str:
    """Lower case ASCII words."""
    plain = anyascii(text).lower().replace("-", " ")
    return " ".join("".join(sign for sign in word if sign.isalnum()) for word in plain.split() if any(map(str.isalnum, word)))
