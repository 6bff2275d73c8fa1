"""Whether the broker is there and as the hub needs it: its version, what was declared, what waits, whether it takes messages."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hub.bus.capabilities import CAPABILITIES
from hub.bus.declaring import blocking, counts, declare
from hub.bus.topology import Topology, topology
from hub.contract import Probe
from hub.errors import HubError
from hub.settings import Settings

if TYPE_CHECKING:
    from hub.app.hub import Hub

_LISTENS = 0.3  # seconds in which a broker with an alarm says so


def look(hub: Hub) -> list[Probe]:
    """The checks in the order in which one would look; what cannot be reached ends them."""
    settings, wanted = hub.settings, topology(hub.model.entities, hub.settings.bus_prefix)
    try:
        found = declare(replace(settings, bus_declare="none"), wanted)
    except HubError as error:
        return [Probe("broker", "failed", str(error), "passing")]
    able = [one.name for one in CAPABILITIES if found.can(one.name)]
    probes = [Probe("broker", "ok", f"{found}; {', '.join(able)}", "passing")]
    try:
        declare(replace(settings, bus_declare="passive"), wanted)
    except HubError as error:
        return [
            *probes,
            Probe("topology", "failed", f"{error} With HUB_BUS_DECLARE=create the first use declares it.", "settings"),
        ]
    declared = f"{len(wanted.exchanges)} exchanges, {len(wanted.queues)} queues under {settings.bus_prefix!r}"
    return [*probes, Probe("topology", "ok", declared, "settings"), _depth(settings, wanted), _takes(settings)]


def _depth(settings: Settings, wanted: Topology) -> Probe:
    waiting = {name: number for name, number in sorted(counts(settings, wanted).items()) if number}
    told = ", ".join(f"{name} {number:,}" for name, number in waiting.items())
    return Probe("queues", "ok", f"messages ready: {told}" if told else "all empty")


def _takes(settings: Settings) -> Probe:
    """A broker short of memory or disk lets nobody publish, and says so to who tries."""
    blocked: list[Any] = []
    with blocking(settings) as connection:
        connection.add_on_connection_blocked_callback(lambda *told: blocked.append(told))
        connection.channel().basic_publish("", f"{settings.bus_prefix}.nobody", b"")  # to nobody: it is dropped
        connection.process_data_events(_LISTENS)
    if blocked:
        return Probe("alarms", "failed", "It is short of memory or disk and takes no messages: rabbitmqctl status.", "system")
    return Probe("alarms", "ok", "none; it takes messages")
