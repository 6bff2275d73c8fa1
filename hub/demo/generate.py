"""Make a whole world from a seed: the same seed, size and knobs always give the same world."""

from __future__ import annotations

from hub.demo.contacts import contacts_of
from hub.demo.entries import entries_of
from hub.demo.flaws import break_some
from hub.demo.people import Population
from hub.demo.world import DAY_ONE, Knobs, World


def generate(seed: int = 1, customers: int = 2000, knobs: Knobs | None = None) -> World:
    """About ``customers`` customers (groups are never cut), what six sources say about them, and what they bought and wrote."""
    knobs = knobs or Knobs()
    population = Population(seed, knobs)
    companies = round(customers * knobs.companies)
    everybody = {one.id: one for one in (*population.people(customers - companies), *population.companies(companies))}
    entries = tuple(entries_of(everybody, seed, knobs))
    contacts = tuple(contacts_of(everybody, entries, seed))
    return World(seed, knobs, DAY_ONE, everybody, *break_some(entries, contacts, seed, knobs))
