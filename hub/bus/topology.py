"""What the hub needs on a broker, declared once: exchanges, queues, bindings, and the limits that operators may change.

The program declares from it, ``goldenhub bus definitions`` and ``goldenhub bus asyncapi`` print it, and the tests compare.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from hub.bus import LANES, LIVE, STAGES, stage_of
from hub.bus.failing import RUNGS

TOPIC, FANOUT = "topic", "fanout"
DELIVERY_LIMIT = 1000
"""Far above our own five attempts: the broker counts whatever a dying worker held, the innocent too. It is the last net only."""
DELIVERY_LIMIT_IN = 100
QUEUE_BYTES = 2 * 2**30

_QUORUM = {"x-queue-type": "quorum"}
_WAITS_FOR_ITS_LETTERS = {"x-dead-letter-strategy": "at-least-once", "x-overflow": "reject-publish"}
"""``drop-head``, what brokers do by default, silently loses the oldest; at-least-once needs the other."""


@dataclass(frozen=True)
class Names:
    """What everything is called. The prefix parts hubs that share a virtual host."""

    prefix: str = "hub"

    @property
    def coming(self) -> str:
        return f"{self.prefix}.in"

    @property
    def golden(self) -> str:
        return f"{self.prefix}.golden"

    @property
    def dead(self) -> str:
        return f"{self.prefix}.dead"

    @property
    def unrouted(self) -> str:
        return f"{self.prefix}.unrouted"

    def records(self, lane: str) -> str:
        return f"{self.prefix}.records" + ("" if lane == LIVE else f".{lane}")

    def work(self, stage: str, lane: str) -> str:
        return f"{self.prefix}.{stage}.{lane}"

    def retry(self, wait: timedelta) -> str:
        return f"{self.prefix}.retry.{spoken(wait)}"


@dataclass(frozen=True)
class Exchange:
    """Where messages are published."""

    name: str
    kind: str
    about: str
    alternate: str = ""  # where a message goes that no binding fits

    @property
    def arguments(self) -> dict[str, Any]:
        return {"alternate-exchange": self.alternate} if self.alternate else {}


@dataclass(frozen=True)
class Queue:
    """Where messages wait. All are quorum queues: what they confirmed survives a node."""

    name: str
    about: str
    more: dict[str, Any] = field(default_factory=dict)

    @property
    def arguments(self) -> dict[str, Any]:
        return _QUORUM | self.more


@dataclass(frozen=True)
class Binding:
    """Which messages of an exchange go to a queue."""

    exchange: str
    key: str
    queue: str


@dataclass(frozen=True)
class Topology:
    """All of it. ``entities`` are those of the canonical model: each is bound to the stage that takes it."""

    names: Names
    entities: tuple[str, ...]
    rungs: tuple[timedelta, ...] = RUNGS

    @property
    def exchanges(self) -> list[Exchange]:
        names = self.names
        return [
            Exchange(names.unrouted, FANOUT, "What no queue wanted."),
            Exchange(names.dead, TOPIC, "What no worker could take."),
            Exchange(names.coming, TOPIC, "What systems push, in their own words: `<feed>.<operation>.v1`.", names.unrouted),
            *(Exchange(names.records(lane), TOPIC, f"Canonical records, lane {lane}.", names.unrouted) for lane in LANES),
            Exchange(names.golden, TOPIC, "What changed in golden records. Subscribers bind queues of their own."),
            *(
                Exchange(names.retry(rung), FANOUT, f"Comes back after {spoken(rung)} to the queue that the routing key names.")
                for rung in self.rungs
            ),
        ]

    @property
    def queues(self) -> list[Queue]:
        names = self.names
        return [
            Queue(names.unrouted, "What no queue wanted, until it is kept as dead letters."),
            Queue(names.dead, "What no worker could take, until it is kept as dead letters."),
            *(Queue(name, about, self._work_arguments(limit)) for name, about, limit in self._work_queues()),
            *(
                Queue(
                    names.retry(rung),
                    f"Waits {spoken(rung)}.",
                    {"x-message-ttl": millis(rung), "x-dead-letter-exchange": "", **_WAITS_FOR_ITS_LETTERS},
                )
                for rung in self.rungs
            ),
        ]

    def _work_queues(self) -> Iterator[tuple[str, str, int]]:
        yield self.names.coming, "Raw records for the stage `ingest`.", DELIVERY_LIMIT_IN
        for stage in STAGES:
            for lane in LANES:
                yield self.names.work(stage, lane), f"Canonical records for the stage `{stage}`, lane {lane}.", DELIVERY_LIMIT

    def _work_arguments(self, limit: int) -> dict[str, Any]:
        return {"x-delivery-limit": limit, "x-dead-letter-exchange": self.names.dead, **_WAITS_FOR_ITS_LETTERS}

    @property
    def bindings(self) -> list[Binding]:
        names = self.names
        return [
            Binding(names.unrouted, "", names.unrouted),
            Binding(names.dead, "#", names.dead),
            Binding(names.coming, "#", names.coming),
            *(
                Binding(names.records(lane), f"{entity}.#", names.work(stage_of(entity), lane))
                for lane in LANES
                for entity in self.entities
            ),
            *(Binding(names.retry(rung), "", names.retry(rung)) for rung in self.rungs),
        ]

    def definitions(self, vhost: str = "/") -> dict[str, Any]:
        """What ``rabbitmqctl import_definitions`` takes, with the limits as a policy."""
        place = {"vhost": vhost}
        durable = {"durable": True, "auto_delete": False}
        return {
            "exchanges": [
                {"name": one.name, **place, "type": one.kind, **durable, "internal": False, "arguments": one.arguments}
                for one in self.exchanges
            ],
            "queues": [{"name": one.name, **place, **durable, "arguments": one.arguments} for one in self.queues],
            "bindings": [
                {
                    "source": one.exchange, **place, "destination": one.queue, "destination_type": "queue",
                    "routing_key": one.key, "arguments": {},
                }
                for one in self.bindings
            ],
            "policies": [self.limits(vhost)],
        }  # fmt: skip

    def limits(self, vhost: str = "/") -> dict[str, Any]:
        """How full each queue may be: a policy, so that operators can change it while everything runs.

        What has no room is refused: it stays with whoever brings it, or in the queue that gives it up.
        """
        queues = "|".join(["in", "dead", "unrouted", "retry\\.[^.]+", *(f"{stage}\\.[a-z]+" for stage in STAGES)])
        return {
            "vhost": vhost,
            "name": f"{self.names.prefix}-limits",
            "pattern": f"^{_literal(self.names.prefix)}\\.({queues})$",
            "apply-to": "queues",
            "priority": 0,
            "definition": {"max-length-bytes": QUEUE_BYTES, "overflow": "reject-publish"},
        }


def topology(entities: Iterable[str], prefix: str = "hub", rungs: Sequence[timedelta] = RUNGS) -> Topology:
    """The topology of one hub."""
    return Topology(Names(prefix), tuple(sorted(entities)), tuple(rungs))


def spoken(wait: timedelta) -> str:
    """A wait as the names of the rungs spell it: 5s, 30s, 5m, 1h."""
    seconds = wait.total_seconds()
    for size, unit in ((3600, "h"), (60, "m"), (1, "s")):
        if seconds >= size and seconds % size == 0:
            return f"{int(seconds // size)}{unit}"
    return f"{millis(wait)}ms"


def millis(wait: timedelta) -> int:
    return round(wait.total_seconds() * 1000)


def _literal(text: str) -> str:
    return text.replace(".", "\\.")
