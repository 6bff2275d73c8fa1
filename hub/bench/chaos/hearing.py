"""A subscriber of the golden events: a durable queue of its own from the beginning, read at the end."""

from __future__ import annotations

import json
import time
from contextlib import suppress

import pika
import pika.exceptions

from hub.bench.chaos.verdict import Heard

_EXCHANGE, _QUEUE, _COMING = "hub.golden", "chaos.listener", "hub.in"
_BOUND = 2.0  # seconds from a queue's declaration to its binding


def listen(url: str) -> None:
    """From now on the broker keeps every golden event for us."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.exchange_declare(_EXCHANGE, "topic", durable=True)
        channel.queue_declare(_QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        channel.queue_bind(_QUEUE, _EXCHANGE, "#")


def wait_for_queue(url: str, patience: float) -> None:
    """Nobody sends before the hub has declared where messages wait: what was sent earlier is set aside as unrouted."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        with suppress(pika.exceptions.AMQPError), pika.BlockingConnection(pika.URLParameters(url)) as connection:
            connection.channel().queue_declare(_COMING, passive=True)
            time.sleep(_BOUND)
            return
        time.sleep(0.2)


def heard(url: str) -> list[Heard]:
    """Everything the broker kept, in order."""
    told: list[Heard] = []
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.basic_qos(prefetch_count=1000)
        for method, properties, body in channel.consume(_QUEUE, inactivity_timeout=2):
            if method is None:
                break
            told.append((str(properties.headers["cloudEvents_subject"]), json.loads(body)))
            channel.basic_ack(method.delivery_tag)
    return told
