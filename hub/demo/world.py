"""What the demo company's world consists of: who its customers really are, and what each system believes about them.

A :class:`Customer` is the truth. An :class:`Entry` is one record of one system about one customer, with that system's gaps,
age and mistakes; the writers give it the system's true format. A :class:`Contact` is an order, an invoice, a mail or a form.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, date, datetime
from itertools import chain

from hub.errors import BadSettings, did_you_mean

DAY_ONE = datetime(2026, 3, 2, 6, 0, tzinfo=UTC)
"""The morning on which the company connects its systems. Fixed, so that the same seed gives the same bytes."""

SYSTEMS = ("erp", "billing", "shop", "mail", "legacy", "host")
"""The legacy department counts as one of five systems and keeps two files: a dBASE card index and an extract of its host."""


def dice(seed: int, *topic: object) -> random.Random:
    """Chance that depends on the seed and the topic only: another knob does not reshuffle everything else."""
    return random.Random(":".join(map(str, (seed, *topic))))  # noqa: S311 - a demo, not a secret


@dataclass(frozen=True, slots=True)
class Knobs:
    """How hard the world is. Rates are shares between 0 and 1; ``broken`` multiplies the few unreadable pieces."""

    companies: float = field(default=0.18, metadata={"help": "customers that are companies"})
    households: float = field(default=0.22, metadata={"help": "persons who share an address, a name and often a telephone"})
    twins: float = field(default=0.01, metadata={"help": "persons born on one day at one address"})
    juniors: float = field(default=0.012, metadata={"help": "fathers and sons of one name at one address"})
    namesakes: float = field(default=0.04, metadata={"help": "persons of one name who have nothing to do with each other"})
    branches: float = field(default=0.12, metadata={"help": "companies that have a branch in another city"})
    natives: float = field(default=0.07, metadata={"help": "persons whose name is written in another script at home"})
    moves: float = field(default=0.12, metadata={"help": "customers who moved, while some systems keep the old address"})
    marriages: float = field(default=0.04, metadata={"help": "women who took another name, while some systems keep the former"})
    typing_errors: float = field(default=0.05, metadata={"help": "names and contact data with a typing error"})
    missing: float = field(default=0.1, metadata={"help": "fields left empty"})
    placeholders: float = field(default=0.02, metadata={"help": "fields filled with n/a, unknown, 01/01/1900 and the like"})
    duplicates: float = field(default=0.04, metadata={"help": "customers entered twice in one system"})
    broken: float = field(default=1.0, metadata={"help": "multiplies the pieces that cannot be read (about twenty)"})

    def __post_init__(self) -> None:
        for knob in fields(self):
            if not 0 <= getattr(self, knob.name) <= (1000 if knob.name == "broken" else 1):
                raise BadSettings(f"The knob {knob.name} is a share between 0 and 1.", name=knob.name)

    def turned(self, settings: Iterable[str]) -> Knobs:
        """The same knobs with some of them set: ``typing_errors=0.2``."""
        return replace(self, **dict(_knob(text) for text in settings))


def _knob(text: str) -> tuple[str, float]:
    name, equals, value = text.partition("=")
    known = [knob.name for knob in fields(Knobs)]
    if name not in known:
        raise BadSettings(f"There is no knob {name!r}{did_you_mean(name, known)}. Knobs: {', '.join(known)}.", name=name)
    try:
        return name, float(value)
    except ValueError:
        raise BadSettings(f"The knob {name} needs a number: {name}=0.1{'' if equals else ' (with =)'}.", name=name) from None


@dataclass(frozen=True, slots=True)
class Address:
    """Where somebody lives or works."""

    street: str
    number: str
    postal_code: str
    city: str
    region: str
    country: str

    @property
    def line(self) -> str:
        """Street and number as people of that country write them."""
        if self.country == "ES":
            return f"{self.street}, {self.number}"
        if self.country in ("FR", "GB"):
            return f"{self.number} {self.street}"
        return f"{self.street} {self.number}"


@dataclass(frozen=True, slots=True)
class Customer:
    """One real customer: the truth that no system knows completely."""

    id: str
    kind: str  # person | organization
    country: str
    address: Address
    since: date
    given: str = ""
    family: str = ""
    suffix: str = ""
    gender: str = ""
    birth: date | None = None
    former_family: str = ""  # before a marriage
    native: str = ""  # the whole name in its own script
    variant: str = ""  # "given|family" in another romanisation
    organization: str = ""  # without its legal form
    legal_forms: tuple[str, ...] = ()  # the official one first
    vat: str = ""
    national_id: str = ""
    former_address: Address | None = None
    emails: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()  # national digits with the calling code: +34...
    story: str = "plain"  # plain | household | twin | junior | namesake | branch
    group: str = ""  # who belongs to the same household, twins, ... (never the same customer)

    @property
    def name(self) -> str:
        """The name as its bearer would say it."""
        if self.kind == "organization":
            return f"{self.organization} {self.legal_forms[0]}"
        return " ".join(part for part in (self.given, self.family, self.suffix) if part)


@dataclass(frozen=True, slots=True)
class Entry:
    """One record of one system about one customer."""

    system: str
    key: str
    customer: str  # whom it is really about
    kind: str
    created_at: datetime
    changed_at: datetime
    given: str = ""
    family: str = ""
    suffix: str = ""
    gender: str = ""
    native: str = ""
    company: str = ""
    birth: str = ""  # ISO, or what somebody typed
    email: str = ""
    phones: tuple[str, ...] = ()
    address: Address | None = None
    moved_at: datetime | None = None  # when its address changed, where a system dates that by itself
    vat: str = ""
    national_id: str = ""
    country: str = ""
    state: str = "live"  # live | deleted (marked) | removed (gone without a word) | merged
    merged_into: str = ""
    flaw: str = ""  # what is broken about it on purpose

    @property
    def name(self) -> str:
        return self.company or " ".join(part for part in (self.given, self.family, self.suffix) if part)


@dataclass(frozen=True, slots=True)
class Contact:
    """An order, an invoice, a mail or a form."""

    system: str
    kind: str  # order | invoice | mail | form
    key: str
    customer: str  # whom it is really about; "" for a stranger
    at: datetime
    by_key: str = ""  # the customer key in its own system, when it has one
    email: str = ""
    phone: str = ""
    name: str = ""
    native: str = ""
    amount: int = 0  # cents
    currency: str = "EUR"
    language: str = "en"
    subject: int = 0  # which of the writer's texts
    signature: bool = False
    flaw: str = ""


@dataclass(frozen=True, slots=True)
class World:
    """The truth, what every system believes on one day, and what was broken on purpose."""

    seed: int
    knobs: Knobs
    today: datetime
    customers: dict[str, Customer]
    entries: tuple[Entry, ...]
    contacts: tuple[Contact, ...]

    def of(self, system: str) -> list[Entry]:
        return [entry for entry in self.entries if entry.system == system]

    def contacts_of(self, kind: str) -> list[Contact]:
        return [contact for contact in self.contacts if contact.kind == kind]

    def flaws(self) -> dict[str, int]:
        """How many pieces of each kind were broken on purpose."""
        found: dict[str, int] = {}
        flaws = chain((entry.flaw for entry in self.entries), (contact.flaw for contact in self.contacts))
        for flaw in filter(None, flaws):
            found[flaw] = found.get(flaw, 0) + 1
        return dict(sorted(found.items()))
