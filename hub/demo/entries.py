"""What each system believes about the customers it knows: with gaps, old data and mistakes of its own.

A system's :class:`Habit` says which customers it knows and which fields it asks for; the mistakes come from the knobs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from random import Random

from hub.demo import mistakes
from hub.demo.places import COUNTRIES
from hub.demo.world import DAY_ONE, SYSTEMS, Address, Customer, Entry, Knobs, dice

_SYSTEM_COUNT = ((1, 2, 3, 4, 5, 6), (14, 20, 25, 22, 14, 5))


@dataclass(frozen=True, slots=True)
class Habit:
    """How one system looks at customers. Shares say how often it has a field at all."""

    persons: float  # how likely it is among the systems of a person
    companies: float
    birth: float = 0.0
    email: float = 0.0
    phone: float = 0.0
    address: float = 0.0
    vat: float = 0.0
    national_id: float = 0.0
    native: float = 0.0  # how often people may write their name in their own script
    loose: float = 0.0  # how often names and streets are written loosely: nicknames, initials, abbreviations
    upkeep: float = 0.5  # how likely it heard of a move or a marriage
    rekeyed: bool = False  # whether a customer can be in it twice


HABITS: dict[str, Habit] = {
    "erp": Habit(
        8, 10, birth=0.8, email=0.75, phone=0.85, address=0.96, vat=0.95, national_id=0.6, loose=0.12, upkeep=0.7, rekeyed=True
    ),
    "billing": Habit(6, 8, email=0.96, phone=0.4, address=0.85, vat=0.85, native=0.3, loose=0.1, upkeep=0.8),
    "shop": Habit(7, 3, birth=0.4, email=1.0, phone=0.5, address=0.9, native=0.5, loose=0.3, upkeep=0.85, rekeyed=True),
    "mail": Habit(4, 4, email=1.0, phone=0.75, address=0.3, native=0.6, loose=0.3, upkeep=0.9),
    "legacy": Habit(4, 4, birth=0.75, phone=0.75, address=0.95, vat=0.4, loose=0.15, upkeep=0.35),
    "host": Habit(4, 0, birth=0.92, phone=0.3, address=0.85, loose=0.05, upkeep=0.5),
}


_CLERKS = frozenset({"erp", "legacy", "host"})
"""Where somebody else types what a customer says, and fills in something when he says nothing."""


def entries_of(customers: Mapping[str, Customer], seed: int, knobs: Knobs, first: int = 0) -> Iterator[Entry]:
    """Every record of every system, customer after customer; numbers begin after ``first``."""
    numbers = dict.fromkeys(SYSTEMS, first)
    for customer in customers.values():
        chance = dice(seed, "entries", customer.id)
        for system in _known_to(customer, chance):
            again = HABITS[system].rekeyed and chance.random() < knobs.duplicates
            for nth in range(2 if again else 1):
                numbers[system] += 1
                yield _Clerk(system, customer, knobs, chance).writes(numbers[system], nth)


def _known_to(customer: Customer, chance: Random) -> list[str]:
    """Between one and six systems, the likely ones first."""
    weights = {system: habit.persons if customer.kind == "person" else habit.companies for system, habit in HABITS.items()}
    count = chance.choices(*_SYSTEM_COUNT)[0]
    chosen: list[str] = []
    for _ in range(min(count, sum(weight > 0 for weight in weights.values()))):
        system = chance.choices(list(weights), list(weights.values()))[0]
        weights[system] = 0
        chosen.append(system)
    return sorted(chosen, key=SYSTEMS.index)


class _Clerk:
    """Somebody who writes one customer into one system."""

    def __init__(self, system: str, customer: Customer, knobs: Knobs, chance: Random) -> None:
        self.system, self.customer, self.knobs, self.chance = system, customer, knobs, chance
        self.habit = HABITS[system]
        self.heard = chance.random() < self.habit.upkeep  # of the move, of the marriage

    def writes(self, number: int, nth: int) -> Entry:
        customer, chance = self.customer, self.chance
        given, family, native = self._names()
        created = datetime.combine(customer.since, time(8), UTC) + timedelta(minutes=chance.randrange(400 * 1440))
        created = min(created, DAY_ONE - timedelta(days=30))
        span = int((DAY_ONE - created).total_seconds() // 60) - 1440
        changed = created + timedelta(minutes=int(span * (chance.uniform(0.5, 1) if self.heard else chance.uniform(0, 0.5))))
        return Entry(
            system=self.system, key=key_of(self.system, number, customer), customer=customer.id, kind=customer.kind,
            created_at=created, changed_at=changed.replace(second=0, microsecond=0),
            given=given, family=family, suffix=customer.suffix if chance.random() < 0.8 else "", native=native,
            gender=customer.gender, company=self._company(), birth=self._birth(), email=self._email(nth), phones=self._phones(),
            address=self._address(), vat=self._has(self.habit.vat) * customer.vat,
            national_id=self._has(self.habit.national_id) * customer.national_id, country=customer.country,
        )  # fmt: skip

    def _has(self, share: float) -> bool:
        """The system has the field, and nobody left it empty."""
        return self.chance.random() < share * (1 - self.knobs.missing / 2)

    def _slips(self) -> bool:
        return self.chance.random() < self.knobs.typing_errors

    def _placeholder(self, name: str) -> str:
        return self.chance.choice(mistakes.PLACEHOLDERS[name]) if self.chance.random() < self.knobs.placeholders else ""

    def _names(self) -> tuple[str, str, str]:
        customer, chance = self.customer, self.chance
        if customer.kind == "organization":
            return "", "", ""
        given, family = customer.given, customer.family
        if customer.former_family and not self.heard:
            family = customer.former_family
        if customer.variant and chance.random() < 0.3:
            given, family = customer.variant.split("|")
        elif chance.random() < self.habit.loose:
            given, family = mistakes.given_name(given, chance), self._loose_family(family)
        native = customer.native if chance.random() < self.habit.native else ""
        nothing = self._placeholder("given") if self.system in _CLERKS else ""  # nobody calls himself xxx
        return nothing or self._misspelt(given), self._misspelt(family), native

    def _loose_family(self, family: str) -> str:
        """Spaniards often leave the second family name out."""
        return family.split()[0] if self.customer.country == "ES" and self.chance.random() < 0.6 else family

    def _misspelt(self, text: str) -> str:
        return mistakes.typed_badly(text, self.chance) if self._slips() else text

    def _company(self) -> str:
        customer, chance = self.customer, self.chance
        if customer.kind == "person":
            return ""
        form = chance.choice(customer.legal_forms) if chance.random() < 0.3 else customer.legal_forms[0]
        name = self._misspelt(customer.organization)
        return name if chance.random() < self.habit.loose else f"{name} {form}"

    def _birth(self) -> str:
        born = self.customer.birth
        if not born or not self._has(self.habit.birth):
            return ""
        iso = mistakes.date_slip(born.isoformat(), self.chance) if self._slips() else born.isoformat()
        return self._placeholder("birth") or iso

    def _email(self, nth: int) -> str:
        emails = self.customer.emails
        if not self._has(self.habit.email) and self.habit.email < 1:
            return ""
        email = emails[1] if nth or self.chance.random() < 0.15 else emails[0]
        if self.system == "mail":
            return emails[0]  # a sender's address is never mistyped
        if self.system == "erp" and (nothing := self._placeholder("email")):
            return nothing
        local, _, host = email.partition("@")
        slip = self.chance.random() < self.knobs.typing_errors / 2
        return f"{mistakes.typed_badly(local, self.chance)}@{host}" if slip else email

    def _phones(self) -> tuple[str, ...]:
        if not self._has(self.habit.phone):
            return ()
        if self.system in _CLERKS and (nothing := self._placeholder("phone")):
            return (nothing,)
        first, second = self.customer.phones[:2]
        both = self.system == "erp" and self.chance.random() < 0.4
        known = (first, second) if both else (self.chance.choice((first, first, second)),)
        calling = COUNTRIES[self.customer.country].calling
        slipped = (mistakes.digit_slip(number, self.chance) if self._slips() else number for number in known)
        abroad = self.system == "mail" and self.chance.random() < 0.8  # who writes to strangers begins with a +
        return tuple(mistakes.phone_text(number, calling, self.chance, abroad=abroad) for number in slipped)

    def _address(self) -> Address | None:
        customer, chance = self.customer, self.chance
        if not self._has(self.habit.address):
            return None
        address = customer.address if self.heard or not customer.former_address else customer.former_address
        if self._slips():
            address = replace(address, street=mistakes.typed_badly(address.street, chance))
        if self._slips():
            address = replace(address, postal_code=mistakes.digit_slip(address.postal_code, chance))
        return replace(address, street=mistakes.street_line(address.street, chance)) if chance.random() < 0.35 else address


def key_of(system: str, number: int, customer: Customer) -> str:
    """How each system numbers its customers; a mailbox knows them by their address only."""
    if system == "mail":
        return customer.emails[0]
    if system == "billing":
        return f"cus_{(number * 2654435761) % 2**32:08x}"
    starts = {"erp": 100000, "shop": 7000, "legacy": 20000, "host": 550000000}
    return ("S-" if system == "shop" else "") + str(starts[system] + number)
