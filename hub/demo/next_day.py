"""What happened until the next morning: moves, marriages, corrections, deletions, a merged key, newcomers."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from hub.demo.contacts import numbered, with_account
from hub.demo.entries import entries_of
from hub.demo.names import LATIN
from hub.demo.people import Population
from hub.demo.world import Contact, Customer, Entry, World, dice

_NEW_KEYS = 50000
"""Keys of the second day begin here, far from those of the first."""


def next_day(world: World) -> World:
    """The same world one day later. Its systems hold what changed and what did not."""
    return _Day(world).passes()


class _Day:
    """One day of changes, in an order that chance and the seed decide."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.chance = dice(world.seed, "next day", world.today.date())
        self.today = world.today + timedelta(days=1)
        self.customers = dict(world.customers)
        self.entries = {(entry.system, entry.key): entry for entry in world.entries}
        self.touched: set[str] = set()
        self.people = Population(world.seed, world.knobs, self.customers.values())

    def passes(self) -> World:
        size = len(self.customers)
        for change, share in ((self._moves, 0.01), (self._marries, 0.002), (self._is_corrected, 0.008), (self._leaves, 0.008)):
            for customer in self._some(max(1, round(size * share)), change == self._marries):
                change(customer)
        self._merges_keys(max(1, size // 1000))
        newcomers = {one.id: one for one in self.people.people(max(1, size // 200))}
        new = list(entries_of(newcomers, self.world.seed, self.world.knobs, _NEW_KEYS))
        new = [replace(entry, created_at=self._now(), changed_at=self._now()) for entry in new]
        self.customers |= newcomers
        contacts = [replace(contact, at=self._now()) for contact in with_account(self.customers, new, self.world.seed)]
        registered = self._registers()
        entries = (*self.entries.values(), *new, *registered)
        contacts = [*self._known_now(registered), *numbered(contacts, _NEW_KEYS)]
        return replace(self.world, today=self.today, customers=self.customers, entries=entries, contacts=tuple(contacts))

    def _now(self) -> datetime:
        return self.today - timedelta(minutes=self.chance.randrange(30, 1200))

    def _some(self, count: int, women: bool) -> list[Customer]:
        """Customers to whom nothing happened yet today."""
        suited = [
            one
            for one in self.customers.values()
            if one.id not in self.touched and (not women or (one.gender == "female" and not one.native))
        ]
        chosen = self.chance.sample(suited, min(count, len(suited)))
        self.touched |= {one.id for one in chosen}
        return chosen

    def _entries_of(self, customer: Customer) -> list[Entry]:
        return [
            entry for entry in self.entries.values() if entry.customer == customer.id and not entry.flaw and entry.state == "live"
        ]

    def _rewrite(self, entry: Entry, **values: Any) -> None:
        self.entries[(entry.system, entry.key)] = replace(entry, **values, changed_at=self._now())

    def _told(self, customer: Customer) -> list[Entry]:
        """The systems whom the customer told; a mailbox is told nothing."""
        known = [entry for entry in self._entries_of(customer) if entry.system != "mail"]
        return self.chance.sample(known, min(len(known), self.chance.choice((1, 1, 2))))

    def _moves(self, customer: Customer) -> None:
        address = self.people.address(customer.country)
        self.customers[customer.id] = replace(customer, address=address, former_address=customer.address)
        for entry in self._told(customer):
            self._rewrite(entry, address=address)
            if entry.system == "erp":
                self._date_the_move(entry)

    def _date_the_move(self, before: Entry) -> None:
        """The ERP dates its address rows; two of its three programs leave the time of the header as it is."""
        after = self.entries[(before.system, before.key)]
        header = after.changed_at if int(before.key) % 3 == 0 else before.changed_at
        self.entries[(before.system, before.key)] = replace(after, changed_at=header, moved_at=after.changed_at)

    def _marries(self, customer: Customer) -> None:
        family = self.chance.choice(LATIN[customer.country].family[:40])
        self.customers[customer.id] = replace(customer, family=family, former_family=customer.family)
        for entry in self._told(customer):
            self._rewrite(entry, family=family)

    def _is_corrected(self, customer: Customer) -> None:
        for entry in self._told(customer):
            birth = str(customer.birth) if entry.birth else ""
            self._rewrite(entry, given=customer.given, family=customer.family, birth=birth)

    def _leaves(self, customer: Customer) -> None:
        """Some systems mark what is gone, others simply no longer have it."""
        for entry in self._told(customer)[:1]:
            silent = entry.system == "host" or (entry.system in ("erp", "shop") and self.chance.random() < 0.5)
            self._rewrite(entry, state="removed" if silent else "deleted")

    def _merges_keys(self, wanted: int) -> None:
        """The ERP finds out that it had a customer twice and keeps the older number."""
        seen: dict[str, Entry] = {}
        for entry in list(self.entries.values()):
            if entry.system != "erp" or entry.flaw or entry.state != "live" or not wanted:
                continue
            if first := seen.get(entry.customer):
                self._rewrite(entry, state="merged", merged_into=first.key)
                wanted -= 1
            seen.setdefault(entry.customer, entry)

    def _registers(self) -> list[Entry]:
        """One stranger of the first day opens an account: what waited for that address has a customer now."""
        stranger = next((one for one in self.world.contacts if not one.customer and one.email and not one.flaw), None)
        if stranger is None:
            return []
        known = Customer(
            id="s00001", kind="person", country="GB", address=self.people.address("GB"), since=self.today.date(),
            given="Hester", family="Strange", emails=(stranger.email,),
        )  # fmt: skip
        self.customers[known.id] = known
        return [
            Entry(
                system="shop", key=f"S-{2 * _NEW_KEYS}", customer=known.id, kind="person", created_at=self._now(),
                changed_at=self._now(), given=known.given, family=known.family, email=stranger.email, country=known.country,
            )
        ]  # fmt: skip

    def _known_now(self, registered: list[Entry]) -> list[Contact]:
        by_email = {entry.email: entry.customer for entry in registered}
        return [
            replace(contact, customer=by_email[contact.email]) if contact.email in by_email else contact
            for contact in self.world.contacts
        ]


def counted(before: World, after: World) -> dict[str, int]:
    """How many records changed between two worlds, by what happened to them: for the report and for tests."""
    old = {(entry.system, entry.key): entry for entry in before.entries}
    found = {"new": 0, "changed": 0, "deleted": 0, "removed": 0, "merged": 0}
    for entry in after.entries:
        was = old.get((entry.system, entry.key))
        if was is None:
            found["new"] += 1
        elif was != entry:
            found["changed" if entry.state == "live" else entry.state] += 1
    return found
