"""What doors ask about the broker: its topology as files, whether it is there, and a confirmed publisher to measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hub.contract import Secret
from hub.errors import BadSettings
from hub.settings import Settings

if TYPE_CHECKING:
    from hub.app.hub import Hub
    from hub.bus.topology import Topology

Send = Callable[[str, bytes, int], None]
"""(queue, body, how many times): returns when the broker has confirmed all of them."""


def topology_of(hub: Hub) -> Topology:
    """What this hub needs at a broker."""
    from hub.bus.topology import topology  # pika is loaded when a broker is asked for

    return topology(hub.model.entities, hub.settings.bus_prefix)


def definitions(hub: Hub, vhost: str) -> dict[str, Any]:
    """For `rabbitmqctl import_definitions`."""
    return topology_of(hub).definitions(vhost)


def limits(settings: Settings, vhost: str = "/") -> dict[str, Any]:
    """How full each queue may be, as a policy of the broker's."""
    from hub.bus.topology import topology

    return topology((), settings.bus_prefix).limits(vhost)


def limit(settings: Settings, management: str) -> dict[str, Any]:
    """Set that policy at the broker, over its management interface; the policy."""
    from hub.bus.limiting import limit as limited
    from hub.bus.topology import topology

    return limited(_with_broker(settings), topology((), settings.bus_prefix), management)


def asyncapi(hub: Hub) -> dict[str, Any]:
    """The bus as an AsyncAPI 3 document."""
    from hub.bus.asyncapi import document

    return document(topology_of(hub))


def declare(hub: Hub) -> str:
    """Do what HUB_BUS_DECLARE says; a few words about the broker."""
    from hub.bus.declaring import declare as declared

    return str(declared(_with_broker(hub.settings), topology_of(hub)))


def status(hub: Hub) -> dict[str, Any]:
    """The broker, its queues with what is ready in each, and what the store knows to be on its way."""
    from hub.bus.declaring import counts
    from hub.bus.declaring import declare as declared

    settings = _with_broker(hub.settings)
    found = declared(replace(settings, bus_declare="none"), topology_of(hub))
    return {
        "broker": str(found),
        "tried": found.tried,
        "queues": counts(settings, topology_of(hub)),
        "on_their_way": hub.bus.depth(),
    }


@contextmanager
def confirmed(url: str, window: int | None = None) -> Iterator[Send]:
    """The hub's own way to publish, for measuring it."""
    from hub.bus.line import parameters
    from hub.bus.measuring import send
    from hub.bus.publisher import WINDOW, Publisher

    publisher = Publisher(parameters(Settings(bus_url=Secret(url))), window=window or WINDOW)
    try:
        yield lambda queue, body, number: send(publisher, queue, body, number)
    finally:
        publisher.close()


def _with_broker(settings: Settings) -> Settings:
    if not settings.bus_url.reveal():
        said = "HUB_BUS_URL is not set: the bus is built into the store, and there is no broker to ask."
        raise BadSettings(said, name="HUB_BUS_URL")
    return settings
