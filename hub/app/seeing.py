"""Golden records as one consumer may see them: some fields, contact points with consent, and nothing of systems it may not see.

What only a hidden system says is not there for such a reader: values are computed once more without it, and a customer that
nobody else knows is no customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from hub.app.stages import ENTITY
from hub.errors import BadModel, did_you_mean
from hub.records import Data, RecordRef, SourceRecord
from hub.resolve.settling import pins_of
from hub.store import references, sources
from hub.store.goldens import Golden
from hub.store.sources import SourceKey
from hub.survivorship import Pin, survive, view
from hub.survivorship.views import CONSENT, asks_consent, hidden_from

if TYPE_CHECKING:
    from hub.app.hub import Hub

_TOGETHER = 500


@dataclass(slots=True)
class Sight:
    """What a view shows of some golden records; what it takes to know that was looked up for all of them at once."""

    hub: Hub
    name: str
    hidden: frozenset[str]
    contents: Mapping[RecordRef, SourceRecord] = field(default_factory=dict)
    pins: Mapping[RecordRef, Sequence[Pin]] = field(default_factory=dict)
    consents: Mapping[SourceKey, Sequence[Data]] = field(default_factory=dict)

    def members(self, refs: Iterable[RecordRef]) -> tuple[RecordRef, ...]:
        return tuple(ref for ref in refs if ref.system not in self.hidden)

    def data(self, data: Data, refs: Iterable[RecordRef], as_of: date) -> Data:
        """The values of a golden record with these members, as far as they are shown."""
        every = tuple(refs)
        if self.hidden and any(ref.system in self.hidden for ref in every):
            held = [self.contents[ref] for ref in self.members(every) if ref in self.contents]
            pins = [pin for ref in self.members(every) for pin in self.pins.get(ref, ())]
            data = survive(held, self.hub.rules.survivorship, as_of, pins).data
        said = [consent for ref in every for consent in self.consents.get(ref[:2], ())]
        return view(data, self.hub.rules.survivorship, self.name, said, self.hub.as_of)

    def golden(self, golden: Golden) -> Golden:
        """A golden record without what is hidden; where each value comes from is told to nobody who sees less than all."""
        data = self.data(golden.data, golden.members, golden.as_of)
        return replace(golden, data=data, members=self.members(golden.members), provenance={})


def sight(hub: Hub, tx: Connection, name: str, refs: Iterable[RecordRef]) -> Sight:
    """How these records look through a view."""
    rules = hub.rules.survivorship
    hidden, listed = hidden_from(rules, name), set(refs)
    seen = {ref for ref in listed if ref.system not in hidden}
    return Sight(
        hub,
        name,
        hidden,
        sources.contents(tx, ENTITY, seen) if hidden else {},
        pins_of(tx, ENTITY, seen) if hidden else {},
        references.said_about(tx, CONSENT, {ref[:2] for ref in listed}) if asks_consent(rules, name) else {},
    )


def seen_through(hub: Hub, tx: Connection, found: Iterable[Golden], *, name: str) -> Iterator[Golden]:
    """Golden records as a view shows them, without those of which it shows nobody."""
    source = iter(found)
    while some := list(islice(source, _TOGETHER)):
        looks = sight(hub, tx, name, (ref for golden in some for ref in golden.members))
        yield from (looks.golden(golden) for golden in some if looks.members(golden.members) or not golden.live)


def must_be_a_view(hub: Hub, view: str | None) -> None:
    """Refuse a view that nobody declared, before anything is read."""
    views = hub.rules.survivorship.views
    if view is not None and view not in views:
        raise BadModel(f"There is no view {view!r}{did_you_mean(view, views)}.", hint=", ".join(views))
    unknown = sorted(hidden_from(hub.rules.survivorship, view) - hub.landscape.systems.keys()) if view is not None else []
    if unknown:  # a mistyped name would hide nothing
        raise BadModel(
            f"View {view!r} is without {unknown[0]!r}{did_you_mean(unknown[0], hub.landscape.systems)}, which is no system."
        )
