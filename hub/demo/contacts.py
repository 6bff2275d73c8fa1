"""What happens between the company and its customers: orders, invoices, mails, forms. Some come from strangers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random

from hub.demo.places import COUNTRIES
from hub.demo.world import DAY_ONE, Contact, Customer, Entry, dice

_STRANGERS = 0.01  # of all customers, per kind of contact that needs no account


def contacts_of(customers: Mapping[str, Customer], entries: Iterable[Entry], seed: int) -> Iterator[Contact]:
    """All contacts, oldest first within a kind; keys are counted per kind."""
    made = with_account(customers, entries, seed)
    made += _without_account(customers, dice(seed, "guests"))
    made += _strangers(len(customers), dice(seed, "strangers"))
    return numbered(made)


def with_account(customers: Mapping[str, Customer], entries: Iterable[Entry], seed: int) -> list[Contact]:
    """What customers do in the systems that know them."""
    made: list[Contact] = []
    for entry in entries:
        chance = dice(seed, "contacts", entry.system, entry.key)
        customer = customers[entry.customer]
        if entry.system == "billing":
            made += _invoices(entry, customer, chance)
        elif entry.system == "shop":
            made += _orders(entry, customer, chance)
        elif entry.system == "mail":
            made += _mails(entry, customer, chance)
    return made


def numbered(contacts: list[Contact], first: int = 10000) -> Iterator[Contact]:
    """Contacts with keys, oldest first within a kind."""
    prefixes = {"order": "W", "invoice": "R", "mail": "m", "form": "F"}
    counts = dict.fromkeys(prefixes, first)
    for contact in sorted(contacts, key=lambda one: (one.kind, one.at, one.email, one.by_key)):
        counts[contact.kind] += 1
        yield replace(contact, key=f"{prefixes[contact.kind]}{counts[contact.kind]}")


def _at(chance: Random, days: int = 700) -> datetime:
    return DAY_ONE - timedelta(minutes=chance.randrange(2880, days * 1440))


def _sold(kind: str, system: str, customer: Customer, chance: Random) -> Contact:
    land = COUNTRIES[customer.country]
    factor = 12 if customer.kind == "organization" else 1
    return Contact(
        system, kind, "", customer.id, _at(chance), amount=factor * chance.randrange(490, 45000), currency=land.currency,
        language=land.language, subject=chance.randrange(1000),
    )  # fmt: skip


def _invoices(entry: Entry, customer: Customer, chance: Random) -> Iterator[Contact]:
    for _ in range(chance.choices((0, 1, 2, 3), (30, 40, 20, 10))[0]):
        yield replace(_sold("invoice", "billing", customer, chance), by_key=entry.key)


def _orders(entry: Entry, customer: Customer, chance: Random) -> Iterator[Contact]:
    for _ in range(chance.choices((0, 1, 2, 3), (20, 40, 25, 15))[0]):
        yield replace(_sold("order", "shop", customer, chance), by_key=entry.key, email=entry.email, name=entry.name)


def _mails(entry: Entry, customer: Customer, chance: Random) -> Iterator[Contact]:
    """At least one mail, or nobody would know the sender. About two of three end with a signature."""
    for nth in range(chance.choices((1, 2, 3), (60, 30, 10))[0]):
        yield replace(
            _sold("mail", "mail", customer, chance), by_key=entry.key, email=entry.email, name=entry.name, native=entry.native,
            phone=entry.phones[0] if entry.phones else "", signature=nth == 0 or chance.random() < 0.5,
        )  # fmt: skip


def _without_account(customers: Mapping[str, Customer], chance: Random) -> Iterator[Contact]:
    """Guest orders and contact forms of customers: only an address, or only a telephone number, tells who it is."""
    for customer in customers.values():
        if chance.random() < 0.06:
            yield replace(_sold("order", "shop", customer, chance), email=customer.emails[0], name=customer.name)
        if chance.random() < 0.1:
            form = replace(_sold("form", "shop", customer, chance), name=customer.name)
            by_phone = chance.random() < 0.25
            yield replace(form, phone=customer.phones[0]) if by_phone else replace(form, email=customer.emails[0])


def _strangers(size: int, chance: Random) -> Iterator[Contact]:
    """People nobody has in a file: what they send waits for them."""
    for nth in range(max(1, round(size * _STRANGERS))):
        email = f"stranger{nth + 1}@elsewhere.example"
        for kind, system in (("order", "shop"), ("mail", "mail"), ("form", "shop")):
            yield Contact(
                system, kind, "", "", _at(chance), email=email, name=f"Stranger {nth + 1}", amount=chance.randrange(900, 9000)
            )
