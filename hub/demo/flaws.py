"""What is broken on purpose: about twenty pieces of which the hub must say what it did with each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import TypeVar

from hub.demo.world import DAY_ONE, Contact, Entry, Knobs, dice

Piece = TypeVar("Piece", Entry, Contact)


@dataclass(frozen=True, slots=True)
class Flaw:
    """One way in which input is broken, and what should become of it."""

    name: str
    where: str  # a system, or a kind of contact
    count: int
    outcome: str  # rejected | flagged | filtered | accepted
    told: str  # for people


FLAWS = (
    Flaw("code_unmapped", "erp", 3, "rejected", "a customer type that no code list knows"),
    Flaw("control_character", "erp", 1, "rejected", "a name with a control character"),
    Flaw("birth_impossible", "erp", 3, "flagged", "born on 31 February"),
    Flaw("year_9999", "erp", 1, "accepted", "a row changed in the year 9999"),
    Flaw("email_invalid", "billing", 2, "rejected", "an email address with two @"),
    Flaw("duplicated", "shop", 2, "accepted", "an account exported twice"),
    Flaw("number_garbled", "legacy", 2, "rejected", "a dBASE number with letters in it"),
    Flaw("packed_garbled", "host", 2, "rejected", "a packed decimal that is none"),
    Flaw("line_truncated", "order", 1, "rejected", "half a JSON line"),
    Flaw("line_truncated", "form", 1, "rejected", "half a JSON line"),
    Flaw("without_headers", "mail", 2, "rejected", "a mail without headers"),
)
TEST_ROWS = Flaw("test_row", "erp", 3, "filtered", "a row marked as a test")
LOST = frozenset(flaw.name for flaw in (*FLAWS, TEST_ROWS) if flaw.outcome in ("rejected", "filtered"))
"""Flaws that cost their record."""


def break_some(
    entries: Sequence[Entry], contacts: Sequence[Contact], seed: int, knobs: Knobs
) -> tuple[tuple[Entry, ...], tuple[Contact, ...]]:
    """The same records, some of them broken, and a few that should never have been there."""
    chance = dice(seed, "flaws")
    broken, spoilt = list(entries), list(contacts)
    for flaw in FLAWS:
        count = round(flaw.count * knobs.broken)
        if flaw.where in ("order", "form", "mail"):
            _mark(spoilt, partial(_spoils, flaw), flaw, count, chance)
        else:
            _mark(broken, partial(_suits, flaw), flaw, count, chance)
    tests = (_test_row(nth) for nth in range(round(TEST_ROWS.count * knobs.broken)))
    return (*broken, *tests), tuple(spoilt)


def _mark(pieces: list[Piece], suits: Callable[[Piece], bool], flaw: Flaw, count: int, chance: Random) -> None:
    places = [at for at, piece in enumerate(pieces) if not piece.flaw and suits(piece)]
    for at in chance.sample(places, min(count, len(places))):
        pieces[at] = replace(pieces[at], flaw=flaw.name)


def _suits(flaw: Flaw, entry: Entry) -> bool:
    """A flaw needs something that can be broken."""
    needs = {"birth_impossible": entry.birth, "control_character": entry.family, "email_invalid": entry.email}
    return entry.system == flaw.where and bool(needs.get(flaw.name, True))


def _spoils(flaw: Flaw, contact: Contact) -> bool:
    """A mail with a signature is spared: it is what its sender is known by."""
    return contact.kind == flaw.where and not contact.signature


def _test_row(nth: int) -> Entry:
    created = DAY_ONE - timedelta(days=400 + nth)
    return Entry(
        system="erp", key=str(900001 + nth), customer="", kind="person", created_at=created, changed_at=created,
        given="Test", family="Test", country="ES", flaw="test_row",
    )  # fmt: skip
