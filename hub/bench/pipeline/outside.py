"""The world outside: who listens to golden events, and a system that pushes single records."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pika


def forget(url: str, bus: Any) -> None:
    """Take away what the hub of this run declared at a broker that others use, too."""
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        for queue in bus.topology.queues:
            channel.queue_delete(queue.name)
        for exchange in bus.topology.exchanges:
            channel.exchange_delete(exchange.name)


@dataclass
class Listener:
    """A subscriber of all golden events. It counts them; asked to, it also notes when a source key turned up in one."""

    url: str
    prefix: str
    heard: int = 0
    reached: int = 0  # the place in the feed of the latest one
    last: float = 0.0
    wanted: dict[str, float] = field(default_factory=dict)  # keys -> when they were sent
    took: list[float] = field(default_factory=list)  # seconds from there to here
    looks: bool = False
    _stop: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        ready = threading.Event()
        thread = threading.Thread(target=self._listen, args=(ready,), daemon=True, name="listener")
        thread.start()
        ready.wait(30)
        try:
            yield self
        finally:
            self._stop.set()
            thread.join(10)

    def _listen(self, ready: threading.Event) -> None:
        with pika.BlockingConnection(pika.URLParameters(self.url)) as connection:
            channel = connection.channel()
            queue = channel.queue_declare("", exclusive=True).method.queue
            channel.queue_bind(queue, f"{self.prefix}.golden", "#")
            channel.basic_consume(queue, self._hear, auto_ack=True)
            ready.set()
            while not self._stop.is_set():
                connection.process_data_events(time_limit=0.2)

    def _hear(self, _channel: Any, _method: Any, properties: Any, body: bytes) -> None:
        self.heard += 1
        self.reached = int(properties.headers["cloudEvents_sequence"])
        self.last = time.time()
        if self.looks:
            for member in json.loads(body)["members"]:
                if (sent := self.wanted.pop(member["key"], None)) is not None:
                    self.took.append(self.last - sent)


@dataclass
class Pusher:
    """Sends single records to ``hub.in``, each as its own message, at a steady rate."""

    url: str
    prefix: str
    _number: int = 0

    def push(self, records: list[dict[str, str]], rate: float, listener: Listener) -> float:
        """Send these, so many a second (0: as fast as it goes); how many seconds that took."""
        began = time.monotonic()
        with pika.BlockingConnection(pika.URLParameters(self.url)) as connection:
            channel = connection.channel()
            for place, record in enumerate(records):
                if rate:
                    self._wait(connection, began + place / rate)
                self._number += 1
                listener.wanted[record["id"]] = time.time()
                kept = pika.BasicProperties(
                    content_type="application/json", delivery_mode=2, message_id=f"{record['id']}-{self._number}"
                )
                channel.basic_publish(f"{self.prefix}.in", "app.people.upsert.v1", json.dumps(record).encode(), kept)
        return time.monotonic() - began

    def _wait(self, connection: Any, until: float) -> None:
        while (left := until - time.monotonic()) > 0:
            connection.process_data_events(time_limit=0) if left < 0.002 else time.sleep(min(left, 0.2))
