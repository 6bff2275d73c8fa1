"""Bugs on purpose, for the run to find: each does in the wrong order what the hub does in the right one.

No switch of the hub leads here: a bug exists only in a process that the run started with it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from sqlalchemy import Connection, delete

from hub.app import hub as building
from hub.records import SourceRecord
from hub.store import sources
from hub.store.sources import Known
from hub.store.tables import record_versions

NO_BUG = "none"
Delivery = Any


def ack_before_commit() -> None:
    """Broker and store are told that the work is done before it begins."""
    _bus_is(_AcknowledgesFirst)


def inbox_before_work() -> None:
    """Messages are known before their work is done, in a transaction of their own: who comes again is taken for done."""
    mine: set[str] = set()
    add, asked = sources.add_versions, sources.ask_known

    def known_to_others(tx: Connection, entity: str, arrived: Collection[SourceRecord]) -> Callable[[], Known]:
        read = asked(tx, entity, arrived)

        def told() -> Known:
            known = read()
            return known._replace(messages=known.messages - mine)

        return told

    def put_again(tx: Connection, versions: Iterable[SourceRecord], states: Mapping[str, str], at: datetime) -> None:
        told = list(versions)
        tx.execute(delete(record_versions).where(record_versions.c.message_id.in_([one.message_id for one in told])))
        add(tx, told, states, at)

    class KnowsFirst(_Wrapped):
        def take(self, *given: Any, **named: Any) -> Delivery | None:
            delivery: Delivery | None = self._bus.take(*given, **named)
            if delivery is not None and given[0] == "resolve":
                records = {one.message_id: one for one in delivery.records}
                with self._hub.store.begin() as tx:
                    fresh = records.keys() - asked(tx, "customer", delivery.records)().messages
                    add(tx, [records[one] for one in sorted(fresh)], dict.fromkeys(fresh, "current"), self._hub.clock())
                mine.update(fresh)
            return delivery

    sources.ask_known, sources.add_versions = known_to_others, put_again
    _bus_is(KnowsFirst)


BUGS: dict[str, Callable[[], None]] = {"ack_before_commit": ack_before_commit, "inbox_before_work": inbox_before_work}


class _Wrapped:
    """A bus whose other promises are kept."""

    def __init__(self, bus: Any, hub: building.Hub) -> None:
        self._bus, self._hub = bus, hub

    def __getattr__(self, name: str) -> Any:
        return getattr(self._bus, name)


class _AcknowledgesFirst(_Wrapped):
    def take(self, *given: Any, **named: Any) -> Delivery | None:
        delivery: Delivery | None = self._bus.take(*given, **named)
        if delivery is not None:
            with self._hub.store.begin() as tx:
                self._bus.settle_in(tx, delivery)
            self._bus.settle(delivery)
        return delivery

    def settle_in(self, tx: Any, delivery: Delivery) -> None:
        """It was, long ago."""

    def settle(self, delivery: Delivery) -> None:
        """It was, long ago."""

    def put_back(self, delivery: Delivery) -> None:
        """There is nothing to put back."""


def _bus_is(wrapped: type[_Wrapped]) -> None:
    right = vars(building.Hub)["bus"].func
    wrong = cached_property(lambda hub: wrapped(right(hub), hub))
    wrong.__set_name__(building.Hub, "bus")
    building.Hub.bus = wrong  # type: ignore[assignment]
