"""Plain messages for a bench: as the publisher sends them, without a store."""

from __future__ import annotations

from pika import spec

from hub.bus.frames import Outgoing
from hub.bus.publisher import Publisher
from hub.bus.reading import PERSISTENT


def send(publisher: Publisher, queue: str, body: bytes, number: int) -> None:
    """Returns when the broker has confirmed all of them. Each bears an id, as every message of the hub does."""
    kind = "application/octet-stream"
    publisher.publish(
        Outgoing(
            "", queue, str(one), spec.BasicProperties(content_type=kind, delivery_mode=PERSISTENT, message_id=str(one)), body
        )
        for one in range(number)
    )  # fmt: skip
