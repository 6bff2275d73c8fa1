"""What the wires and the database alone can do: the same messages, one record each, consumed and copied into a table."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pika
import psycopg

from hub.services.postgres import plain

_QUEUE, _BATCH = "copied", 500


def consume_and_copy(database: str, bus: str, prefix: str, bodies: Sequence[bytes]) -> float:
    """Records a second, from a quorum queue to a table: a COPY, a commit and one acknowledgement for every 500."""
    queue = f"{prefix}.{_QUEUE}"
    with pika.BlockingConnection(pika.URLParameters(bus)) as connection, psycopg.connect(plain(database)) as store:
        channel = connection.channel()
        channel.queue_declare(queue, durable=True, arguments={"x-queue-type": "quorum"})
        try:
            _fill(channel, queue, bodies)
            store.execute("CREATE TABLE copied (id text PRIMARY KEY, body text NOT NULL)")
            store.commit()
            return len(bodies) / _copy(channel, queue, store, len(bodies))
        finally:
            channel.queue_delete(queue)


def _fill(channel: pika.channel.Channel, queue: str, bodies: Sequence[bytes]) -> None:
    for number, body in enumerate(bodies):
        channel.basic_publish("", queue, body, pika.BasicProperties(delivery_mode=2, message_id=str(number)))
    while channel.queue_declare(queue, passive=True).method.message_count < len(bodies):
        time.sleep(0.1)


def _copy(channel: pika.channel.Channel, queue: str, store: psycopg.Connection, number: int) -> float:
    channel.basic_qos(prefetch_count=2 * _BATCH)
    taken: list[tuple[str, str]] = []
    done, tag, began = 0, 0, time.monotonic()
    for method, properties, body in channel.consume(queue):
        taken.append((properties.message_id, body.decode()))
        tag = method.delivery_tag
        if len(taken) < _BATCH and done + len(taken) < number:
            continue
        with store.cursor() as cursor, cursor.copy("COPY copied (id, body) FROM STDIN") as copy:
            for row in taken:
                copy.write_row(row)
        store.commit()
        channel.basic_ack(tag, multiple=True)
        done += len(taken)
        taken = []
        if done >= number:
            break
    took = time.monotonic() - began
    channel.cancel()
    return took
