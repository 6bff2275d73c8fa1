"""A large made-up population: persons and companies with long-tailed names, households, namesakes, slips, several systems.

The same seed gives the same records. Names are made of syllables, so that there are as many as in a real country and a few of
them are common, as Zipf saw it. Nobody in it exists.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator, Sequence
from itertools import accumulate
from random import Random
from typing import Any, NamedTuple

from hub.records import Data

SYSTEMS = ("erp", "crm", "shop", "mail")
_SHARES = (4, 3, 2, 1)
_COPIES = (1, 2, 3, 4, 5, 8, 13, 21)
_COPY_SHARES = (620, 240, 90, 30, 12, 5, 2, 1)
_SYLLABLES = "ba be bo ca ce ci da de do fa fe ga gi go ha he jo ka ke ki la le li lo ma me mi mo na ne ni no pa pe po ra re ri ro sa se si so ta te ti to va ve vi wa we za ze zo bra cre dri fran gro kla pli sta tri".split()  # noqa: E501
_ENDS = "s n r l z  t nd rt ck lm ns x".split(" ")
_TRADES = "Textil Motor Vinos Optica Seguros Muebles Granja Puertas Datos Viajes Ferreteria Clinica Papel Energia Obras".split()
_FORMS = ("SL", "SA", "GmbH", "Ltd", "")
_HOSTS = tuple(f"{word}.example" for word in "post mail correo web net home box letter inbox free".split())


class Row(NamedTuple):
    """What one system says about one customer; ``truth`` is who it is."""

    system: str
    key: str
    truth: int
    given: str
    family: str
    company: str
    born: str
    email: str
    phone: str
    street: str
    code: str
    town: str


class _Pool:
    """Made-up words of which the first ones are common."""

    def __init__(self, words: Sequence[str], flatness: float) -> None:
        self.words = words
        self._sums = list(accumulate(1 / (place + flatness) for place in range(1, len(words) + 1)))

    def draw(self, chance: Random) -> str:
        return self.words[bisect(self._sums, chance.random() * self._sums[-1])]


def _made(chance: Random, number: int, syllables: tuple[int, int]) -> list[str]:
    found: dict[str, None] = {}
    while len(found) < number:
        parts = [chance.choice(_SYLLABLES) for _ in range(chance.randint(*syllables))]
        found["".join(parts).capitalize() + chance.choice(_ENDS)] = None
    return list(found)


def rows(records: int, seed: int = 1) -> Iterator[Row]:
    """``records`` rows, a customer's own one after the other."""
    world, made, truth = _World(Random(seed)), 0, 0  # noqa: S311 - nothing secret is drawn here
    while made < records:
        for customer in world.customers():
            truth += 1
            for row in world.told(customer, truth):
                if made < records:
                    made += 1
                    yield row._replace(key=f"{made:08d}")


class _World:
    def __init__(self, chance: Random) -> None:
        self.chance = chance
        self.given = _Pool(_made(chance, 3_000, (2, 3)), 12)
        self.family = _Pool(_made(chance, 60_000, (2, 3)), 40)
        towns = _made(chance, 4_000, (2, 4))
        self.towns = _Pool([f"{town}|{chance.randrange(10, 99)}" for town in towns], 15)
        self.streets = _Pool([f"Calle {word}" for word in _made(chance, 8_000, (2, 3))], 60)

    def customers(self) -> list[Row]:
        """One company, one person, or a household."""
        chance = self.chance
        if chance.random() < 0.08:
            return [self._company()]
        first = self._person(self.family.draw(chance))
        if chance.random() > 0.25:
            return [first]
        others = [self._person(first.family) for _ in range(chance.choice((1, 1, 2, 3)))]
        shared: dict[str, Any] = {"street": first.street, "code": first.code, "town": first.town}
        return [first, *(one._replace(phone=first.phone if chance.random() < 0.3 else one.phone, **shared) for one in others)]

    def told(self, truth: Row, number: int) -> Iterator[Row]:
        """What the systems say about a customer: the first copy is clean, others may have slips and gaps."""
        for copy in range(self.chance.choices(_COPIES, _COPY_SHARES)[0]):
            system = self.chance.choices(SYSTEMS, _SHARES)[0]
            yield (self._slipped(truth) if copy else truth)._replace(system=system, truth=number)

    def _person(self, family: str) -> Row:
        chance = self.chance
        given = self.given.draw(chance)
        born = f"{chance.randrange(1936, 2007)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"
        mail = f"{given}.{family}{chance.randrange(100)}@{chance.choice(_HOSTS)}".lower() if chance.random() < 0.6 else ""
        return Row("", "", 0, given, family, "", born if chance.random() < 0.8 else "", mail, self._phone(), *self._place())

    def _company(self) -> Row:
        chance = self.chance
        name = f"{self.family.draw(chance)} {chance.choice(_TRADES)} {chance.choice(_FORMS)}".strip()
        mail = f"info@{name.split()[0].lower()}{chance.randrange(100)}.example"
        return Row("", "", 0, "", "", name, "", mail, self._phone(), *self._place())

    def _phone(self) -> str:
        return f"+346{self.chance.randrange(10**8):08d}" if self.chance.random() < 0.7 else ""

    def _place(self) -> tuple[str, str, str]:
        town, code = self.towns.draw(self.chance).split("|")
        street = f"{self.streets.draw(self.chance)} {self.chance.randrange(1, 200)}"
        return street, f"{code}{self.chance.randrange(1000):03d}", town

    def _slipped(self, row: Row) -> Row:
        chance = self.chance
        changes: dict[str, Any] = {}
        for name in ("given", "family", "company", "born", "email", "phone", "street"):
            value, roll = getattr(row, name), chance.random()
            if value and roll < 0.05:
                changes[name] = _typed(value, chance)
            elif value and roll < 0.12 and name in ("born", "email", "phone", "street"):
                changes[name] = ""
        if row.given and chance.random() < 0.04:
            changes["given"] = row.given[:1]
        if chance.random() < 0.08:
            changes["street"], changes["code"], changes["town"] = self._place()
        return row._replace(**changes)


def _typed(text: str, chance: Random) -> str:
    """One slip: a sign too few, twice, or another digit."""
    place = chance.randrange(len(text))
    if text[place].isdigit():
        return f"{text[:place]}{(int(text[place]) + chance.randrange(1, 10)) % 10}{text[place + 1 :]}"
    return text[:place] + text[place + 1 :] if chance.random() < 0.5 else text[:place] + text[place] + text[place:]


def canonical(row: Row) -> Data:
    """The row as a canonical customer."""
    address = {"lines": [row.street], "postal_code": row.code, "locality": row.town, "country": "ES"}
    data: Data = {"addresses": [{name: value for name, value in address.items() if value and value != [""]}], "country": "ES"}
    if row.company:
        data |= {"kind": "organization", "organization": {"legal_name": row.company}}
    else:
        data |= {"kind": "person", "name": {"given": row.given, "family": row.family}}
    if (
        row.born
        and row.born[5:7] <= "12"
        and row.born[8:] <= "28"
        and len(row.born) == 10
        and row.born[5:7] > "00" < row.born[8:]
    ):
        data["birth_date"] = row.born
    if row.email:
        data["emails"] = [{"address": row.email}]
    if row.phone:
        data["phones"] = [{"number": row.phone}]
    return data
