"""Writing back: deliveries made ready from the landscape, and run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from hub.app.outcome import Tell, Work
from hub.app.raw import opened_bodies
from hub.contract import Writer, WriteTarget
from hub.deliver import Delivered, DeliveryPlan, deliver, is_due, tell_echoes
from hub.errors import BadLandscape, Misconfigured
from hub.ingest import Item, Translator
from hub.landscape import Delivery, standing
from hub.mapping import OutboundMapping, load_code_lists, load_outbound
from hub.records import Data, RawRecord
from hub.store import deliveries, raw, written

if TYPE_CHECKING:
    from hub.app.hub import Hub


_REST = timedelta(seconds=30)
"""So long a worker leaves a delivery alone that could not go on."""


def run(hub: Hub, names: Sequence[str], tell: Tell, *, again: bool = False) -> list[Delivered]:
    """Run deliveries, all of them unless named. ``again``: also what waits for a later attempt."""
    return [_run(hub, hub.landscape.delivery(name), tell, again) for name in names or hub.landscape.deliveries]


def _run(hub: Hub, delivery: Delivery, tell: Tell, again: bool) -> Delivered:
    try:
        made = plan(hub, delivery)
    except Misconfigured as wrong:
        return Delivered(delivery.name, state="stopped", message=wrong.message)
    if again:
        with hub.store.begin() as tx:
            deliveries.hurry(tx, delivery.name, hub.clock())
    done = _with_writer(hub, delivery, made)
    tell(f"deliver {delivery.name}", done.results.total(), None)
    return done


def _with_writer(hub: Hub, delivery: Delivery, made: DeliveryPlan) -> Delivered:
    try:
        connector = hub.connect(delivery.system)
    except Misconfigured as wrong:
        return Delivered(delivery.name, state="stopped", message=wrong.message)
    with closing(connector):
        if not isinstance(connector, Writer):
            return Delivered(delivery.name, state="stopped", message=cannot(hub, delivery))
        return deliver(made, connector, hub.store.begin, hub.clock)


@dataclass
class WriteTurns:
    """What a worker of this stage does: every delivery in turn. What one of them cannot do now delays no other."""

    hub: Hub
    say: Callable[[str], None]
    _plans: dict[str, DeliveryPlan] = field(default_factory=dict, repr=False)
    _said: dict[str, str] = field(default_factory=dict, repr=False)
    _rests: dict[str, datetime] = field(default_factory=dict, repr=False)

    def turn(self) -> Work | None:
        """Whatever is due anywhere; None when nothing was done."""
        written = sum(self._one(delivery) for delivery in self.hub.landscape.deliveries.values())
        return Work(records=written) if written else None

    def _one(self, delivery: Delivery) -> int:
        now = self.hub.clock()
        if self._rests.get(delivery.name, now) > now:
            return 0
        try:
            if delivery.name not in self._plans:
                self._plans[delivery.name] = plan(self.hub, delivery)
            with self.hub.store.read() as tx:
                if not is_due(tx, self._plans[delivery.name], now):
                    return 0
            done = _with_writer(self.hub, delivery, self._plans[delivery.name])
        except Misconfigured as wrong:
            done = Delivered(delivery.name, state="stopped", message=wrong.message)
        if done.message != self._said.get(delivery.name, ""):
            self._said[delivery.name] = done.message
            self.say(f"{delivery.name}: {done.message or 'goes on'}")
        if done.message:
            self._rests[delivery.name] = now + _REST
        return done.results.total()


def plan(hub: Hub, delivery: Delivery) -> DeliveryPlan:
    """A delivery ready to run: its mapping compiled, and held to what the landscape says."""
    with standing(delivery.place):
        mapping = outbound(hub, delivery)
        if mapping.entity != delivery.entity:
            raise BadLandscape(f"delivery {delivery.name!r} is about {delivery.entity}, its mapping about {mapping.entity}.")
        stream = delivery.stream or mapping.stream
        if stream != mapping.stream:
            said = f"delivery {delivery.name!r} goes to {stream!r}, its mapping to {mapping.stream!r}: write the same in both."
            raise BadLandscape(said)
        columns = [name for name in mapping.columns if name not in delivery.owns]
        if not columns:
            raise BadLandscape(f"delivery {delivery.name!r} has nothing to write: the system owns every column of its mapping.")
    target = WriteTarget(stream, columns, delivery.options)
    last_read = partial(_last_read, hub, delivery.entity, delivery.system, stream)
    return DeliveryPlan(delivery.name, delivery.system, delivery.entity, mapping, target, last_read)


def _last_read(hub: Hub, entity: str, system: str, stream: str, tx: Connection, keys: Sequence[str]) -> dict[str, Data]:
    """The records of a stream as they came last, as far as they are still kept."""
    messages = raw.latest(tx, entity, system, stream, keys)
    opened = opened_bodies(tx, hub, [one for one in messages if one.body is not None])
    items = [(one.key, opened.get(one.id)) for one in messages]
    return {key: item.data for key, item in items if key is not None and isinstance(item, RawRecord) and item.data}


def outbound(hub: Hub, delivery: Delivery) -> OutboundMapping:
    path = hub.mapping_path(delivery.mapping)
    zone = hub.landscape.systems[delivery.system].time_zone
    return load_outbound(path, model=hub.model, code_lists=load_code_lists(path.parent / "codes"), time_zone=zone)


def cannot(hub: Hub, delivery: Delivery) -> str:
    """Why it cannot run: only some kinds of systems can be written to."""
    kind = hub.landscape.system(delivery.system).kind
    return (
        f"delivery {delivery.name!r}: a system of the kind {kind!r} cannot be written to; `goldenhub connectors` says which can."
    )


def echoes(
    hub: Hub,
    system: str,
    stream: str,
    items: Sequence[Item],
    translators: Sequence[Translator] = (),
    tx: Connection | None = None,
) -> Sequence[Item]:
    """Raw records of a stream, each with what its system said before the hub wrote there; within a transaction, if one is given.

    What a system pushes has no key of a connector: there its mapping tells which record it is.
    """
    with nullcontext(tx) if tx is not None else hub.store.read() as reading:
        if not written.any_in(reading, system, stream):
            return items
        keys = [_key_of(item, translators) for item in items]
        notes = written.of(reading, system, stream, {key for key in keys if key is not None})
    if not notes:
        return items
    told, edited = tell_echoes(items, keys, notes)
    if edited:
        with nullcontext(tx) if tx is not None else hub.store.begin() as writing:
            written.forget(writing, edited)
    return told


def _key_of(item: Item, translators: Sequence[Translator]) -> str | None:
    if not isinstance(item, RawRecord) or item.key is not None:
        return item.key if isinstance(item, RawRecord) else None
    return next((key for translator in translators for key in sorted(translator.keys(item))), None)
