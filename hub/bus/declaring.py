"""Brings a topology to a broker, or looks whether it is there: ``HUB_BUS_DECLARE=create | passive | none``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import pika
from pika import exceptions
from pika.adapters.blocking_connection import BlockingChannel

from hub.bus.capabilities import Broker, broker
from hub.bus.line import parameters, why
from hub.bus.topology import Topology
from hub.errors import BadSettings, HubError
from hub.settings import Settings

_UNEQUAL = re.compile(r"inequivalent arg '([^']+)'.*?: received (.*?) but current is (.*)", re.DOTALL)


@contextmanager
def blocking(settings: Settings) -> Iterator[pika.BlockingConnection]:
    """A connection for the few things that are done once. What goes wrong is told in the hub's words."""
    given = parameters(settings)
    try:
        connection = pika.BlockingConnection(given)
    except (exceptions.AMQPError, OSError) as error:
        raise why(error) from error
    except ValueError as error:  # what pika says of a connection that is reset in its first moment
        raise why(ConnectionResetError(str(error))) from error
    try:
        yield connection
    except (exceptions.ConnectionClosed, exceptions.StreamLostError, OSError) as error:
        raise why(error) from error
    finally:
        if connection.is_open:
            connection.close()


def declare(settings: Settings, topology: Topology) -> Broker:
    """Do what the mode says; the broker that was met."""
    mode = settings.bus_declare
    with blocking(settings) as connection:
        found = broker(connection._impl.server_properties)
        if mode != "none":
            _declare(connection, topology, passive=mode == "passive")
    return found


def _declare(connection: pika.BlockingConnection, topology: Topology, passive: bool) -> None:
    for exchange in topology.exchanges:
        with _tried(connection, "exchange", exchange.name) as channel:
            channel.exchange_declare(
                exchange.name, exchange.kind, durable=True, passive=passive, arguments=exchange.arguments
            )  # fmt: skip
    for queue in topology.queues:
        with _tried(connection, "queue", queue.name) as channel:
            channel.queue_declare(queue.name, durable=True, passive=passive, arguments=queue.arguments)
    for binding in [] if passive else topology.bindings:
        with _tried(connection, "queue", binding.queue) as channel:
            channel.queue_bind(binding.queue, binding.exchange, binding.key)


@contextmanager
def _tried(connection: pika.BlockingConnection, kind: str, name: str) -> Iterator[BlockingChannel]:
    channel = connection.channel()
    try:
        yield channel
    except exceptions.ChannelClosedByBroker as refused:
        raise refusal(kind, name, refused.reply_code, refused.reply_text) from refused
    channel.close()


def refusal(kind: str, name: str, code: int, text: str) -> HubError:
    """Why a broker does not give an exchange or a queue, and what to do."""
    if code == 406:
        return _unequal(kind, name, text)
    if code == 404:
        said = (
            f"The broker has no {kind} {name}. Declare it (goldenhub bus definitions shows how), or set HUB_BUS_DECLARE=create."
        )
    elif code == 403:
        said = (
            f"The broker does not let this login declare or use the {kind} {name}. Give it the right to, or have it declared "
            "for you (goldenhub bus definitions) and set HUB_BUS_DECLARE=passive."
        )
    elif code == 405:
        said = f"The {kind} {name} belongs to another connection alone (exclusive). Delete it, or choose another HUB_BUS_PREFIX."
    else:
        said = f"The broker refuses the {kind} {name}: {text} Correct it there, or choose another HUB_BUS_PREFIX."
    return BadSettings(said, name="HUB_BUS_DECLARE", object=name)


def _unequal(kind: str, name: str, text: str) -> HubError:
    found = _UNEQUAL.search(text)
    argument, ours, theirs = found.groups() if found else ("its arguments", "", "")
    values = f"the hub wants {_value(ours)}, there it is {_value(theirs)}" if found else text
    said = (
        f"The {kind} {name} exists with another {argument}: {values}. Delete it once it is empty, then run goldenhub bus "
        "declare; or take it as it is with HUB_BUS_DECLARE=passive; or choose another HUB_BUS_PREFIX."
    )
    return BadSettings(said, name="HUB_BUS_DECLARE", object=name, argument=argument, wanted=_value(ours), found=_value(theirs))


def _value(told: str) -> str:
    """`the value 'quorum' of type 'longstr'` -> quorum; `none` and plain words stay."""
    quoted = re.search(r"'([^']*)'", told)
    return quoted[1] if quoted else told.strip() or "unknown"


def counts(settings: Settings, topology: Topology) -> dict[str, int | None]:
    """Queue -> how many messages are ready there; None where there is none."""
    found: dict[str, int | None] = {}
    with blocking(settings) as connection:
        for queue in topology.queues:
            channel = connection.channel()
            try:
                found[queue.name] = channel.queue_declare(queue.name, passive=True).method.message_count
                channel.close()
            except exceptions.ChannelClosedByBroker:
                found[queue.name] = None
    return found
