"""How fast messages are published to a quorum queue when every one of them is confirmed, against other clients in the same run.

Messages of 1 kB, persistent, each with an id. The contenders take turns, so that a busy machine slows all of them; the best round
of each counts. pika's blocking channel and kombu wait for each confirm, as their users do; aio-pika has as many on their way as
our window. kombu and aio-pika take part where they are installed.
"""

from __future__ import annotations

import asyncio
import importlib
import os
import platform
import time
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import pika
import pika.exceptions

from hub.app.broker import Send, confirmed
from hub.bench.peers import installed
from hub.errors import Unavailable
from hub.settings import from_environment

LOCAL = "amqp://guest:guest@127.0.0.1:5672/%2F"
HELP = {
    "messages": "How many of ours in a round; a contender that waits for each confirm sends a tenth of it.",
    "size": "Bytes of one message.",
    "rounds": "How often the contenders take turns.",
    "url": "The broker. Default: HUB_BUS_URL, or RabbitMQ on this machine.",
}
_WINDOW = 2000


def run(messages: int = 20_000, size: int = 1024, rounds: int = 3, url: str = "") -> dict[str, Any]:
    """Messages per second of every contender, and how much faster ours are."""
    address = url or from_environment().bus_url.reveal() or LOCAL
    body = os.urandom(size // 2).hex().encode()
    with _queue(address) as (queue, empty, server), _contenders(address) as contenders:
        best = dict.fromkeys(contenders, 0.0)
        processor = dict.fromkeys(contenders, 0.0)
        for _ in range(rounds):
            for name, (send, share) in contenders.items():
                number = max(1, messages // share)
                empty()
                began, used = time.perf_counter(), time.process_time()
                send(queue, body, number)
                rate = number / (time.perf_counter() - began)
                if rate > best[name]:
                    best[name], processor[name] = rate, (time.process_time() - used) / number * 1e6
    return _told(best, processor, size, server)


def _told(best: dict[str, float], processor: dict[str, float], size: int, server: str) -> dict[str, Any]:
    ours = best["goldenhub"]
    figures: dict[str, Any] = {f"{name}_per_second": round(rate) for name, rate in best.items()}
    figures |= {f"{name}_processor_us": round(micros, 1) for name, micros in processor.items()}
    absent = sorted({"kombu", "aio_pika"} - set(best))
    return {
        "name": "publish",
        "figures": figures | {"bytes": size} | ({"absent": ", ".join(absent)} if absent else {}),
        "ratios": {name: round(ours / rate, 2) for name, rate in best.items() if name != "goldenhub"},
        "versions": {
            "python": platform.python_version(),
            "rabbitmq": server,
            **{name: version(name) for name in ("pika", "kombu", "aio-pika") if installed(name)},
        },
    }


@contextmanager
def _queue(url: str) -> Iterator[tuple[str, Callable[[], None], str]]:
    """A quorum queue of our own: its name, how it is emptied, and the broker's version."""
    name = f"goldenhub.bench.{uuid.uuid4().hex[:8]}"
    try:
        connection = pika.BlockingConnection(pika.URLParameters(url))
    except (pika.exceptions.AMQPError, OSError) as error:
        raise Unavailable(
            "No RabbitMQ answers; start one (goldenhub services up), or name one with --url.", system="bus"
        ) from error
    channel = connection.channel()
    channel.queue_declare(name, durable=True, arguments={"x-queue-type": "quorum"})
    try:
        server = connection._impl.server_properties.get("version", b"")
        yield name, lambda: channel.queue_purge(name) and None, server.decode() if isinstance(server, bytes) else str(server)
    finally:
        channel.queue_delete(name)
        connection.close()


@contextmanager
def _contenders(url: str) -> Iterator[dict[str, tuple[Send, int]]]:
    """Name -> how it sends, and what part of the messages it gets."""
    found: dict[str, tuple[Send, int]] = {}
    with confirmed(url, _WINDOW) as ours, _blocking(url) as blocking:
        found["goldenhub"], found["blocking_confirmed"] = (ours, 1), (blocking, 10)
        if installed("kombu"):
            found["kombu"] = (_kombu(url), 10)
        if installed("aio-pika"):
            found["aio_pika"] = (_aio_pika(url), 5)
        yield found


@contextmanager
def _blocking(url: str) -> Iterator[Send]:
    with pika.BlockingConnection(pika.URLParameters(url)) as connection:
        channel = connection.channel()
        channel.confirm_delivery()

        def send(queue: str, body: bytes, number: int) -> None:
            for one in range(number):
                channel.basic_publish("", queue, body, pika.BasicProperties(delivery_mode=2, message_id=str(one)))

        yield send


def _kombu(url: str) -> Send:
    kombu = importlib.import_module("kombu")
    kind = {"content_type": "application/octet-stream", "content_encoding": "binary"}

    def send(queue: str, body: bytes, number: int) -> None:
        with kombu.Connection(url.replace("amqp://", "pyamqp://"), transport_options={"confirm_publish": True}) as connection:
            producer = connection.Producer()
            for one in range(number):
                producer.publish(body, routing_key=queue, message_id=str(one), **kind)

    return send


def _aio_pika(url: str) -> Send:
    def send(queue: str, body: bytes, number: int) -> None:
        loop = asyncio.new_event_loop()
        try:
            loop.run_until_complete(asyncio.ensure_future(_AioPika(url, queue, body, number), loop=loop))
        finally:
            loop.close()

    return send


@dataclass
class _AioPika:
    """As many publications at a time as our window has."""

    url: str
    queue: str
    body: bytes
    number: int

    def __await__(self) -> Generator[Any, Any, None]:
        aio_pika = importlib.import_module("aio_pika")
        persistent = aio_pika.DeliveryMode.PERSISTENT
        connection = yield from aio_pika.connect(self.url).__await__()
        channel = yield from connection.channel(publisher_confirms=True).__await__()
        for start in range(0, self.number, _WINDOW):
            window = (
                channel.default_exchange.publish(
                    aio_pika.Message(self.body, delivery_mode=persistent, message_id=str(one)), self.queue
                )
                for one in range(start, min(start + _WINDOW, self.number))
            )
            yield from asyncio.gather(*window).__await__()
        yield from connection.close().__await__()
