"""A subscriber of the golden events: a durable queue of its own from the beginning, read at the end."""

from __future__ import annotations

import json

import pika

from hub.bench.chaos.verdict import Heard

_EXCHANGE, _QUEUE = "hub.golden", "chaos.listener"


def listen(url: str) -> None:
    """From now on the broker keeps every golden event for us."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.exchange_declare(_EXCHANGE, "topic", durable=True)
        channel.queue_declare(_QUEUE, durable=True, arguments={"x-queue-type": "quorum"})
        channel.queue_bind(_QUEUE, _EXCHANGE, "#")


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
