"""Who may merge, split, pin and correct. Every attempt is written down, refused ones too, before anything else happens."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from hub.errors import Rejected
from hub.store import audit
from hub.store.audit import Attempt
from hub.store.tokens import Token

if TYPE_CHECKING:
    from hub.app.hub import Hub

MERGE = "merge"
"""The right to say who is one customer and who is not, and what is true of one."""

COMMAND_LINE, HTTP = "command line", "http"


@dataclass(frozen=True, slots=True)
class Person:
    """Who asks, through which door, and what he may do."""

    name: str
    door: str
    rights: Collection[str]


def somebody(hub: Hub, name: str) -> Person:
    """Who sits at the command line. Without ``HUB_STEWARDS`` everybody who gets that far may decide."""
    stewards = hub.settings.steward_names
    return Person(name, COMMAND_LINE, {MERGE} if not stewards or name in stewards else ())


def bearer(token: Token) -> Person:
    """Who shows a token."""
    return Person(f"token/{token.name}", HTTP, token.scopes)


def must_be_allowed(hub: Hub, person: Person, action: str, about: Sequence[str]) -> None:
    """Raise ``Rejected`` for who lacks the right; the attempt is kept in a transaction of its own, as nothing else is."""
    if MERGE in person.rights:
        return
    way = "a token with the scope merge" if person.door == HTTP else "somebody named in HUB_STEWARDS"
    said = f"{person.name} may not decide about customers ({action.replace('_', ' ')}): that takes {way}. Nothing changed."
    with hub.store.begin() as tx:
        audit.add(tx, Attempt(hub.clock(), person.name, person.door, action, tuple(about), allowed=False, why=said))
    raise Rejected(said, code="not_allowed")


def note(tx: Connection, hub: Hub, person: Person, action: str, about: Sequence[str], result: str, why: str = "") -> None:
    """Write down what was allowed and done, within the transaction in which it is."""
    audit.add(tx, Attempt(hub.clock(), person.name, person.door, action, tuple(about), allowed=True, result=result, why=why))
