"""A way to the broker that resets every connection in its first moment ends nothing: the line goes on until it opens."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pika
import pytest

from hub.bus import line
from hub.bus.line import Line
from tests.waiting import PATIENCE

AT_ONCE = struct.pack("ii", 1, 0)


class Waits:
    """Hears of one opening."""

    def __init__(self) -> None:
        self.up = threading.Event()

    def opened(self, connection: pika.SelectConnection) -> None:
        self.up.set()

    def lost(self) -> None:
        """It is tried again."""


@pytest.fixture
def hostile(rabbitmq_url: str) -> Iterator[str]:
    """The broker behind a door that slams for two seconds."""
    target = urlsplit(rabbitmq_url)
    until = time.monotonic() + 2
    with socket.create_server(("127.0.0.1", 0), backlog=50) as listener:

        def serve() -> None:
            while True:
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                if time.monotonic() < until:
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
                    client.close()
                else:
                    server = socket.create_connection((target.hostname, target.port or 5672))
                    for ends in ((client, server), (server, client)):
                        threading.Thread(target=pump, args=ends, daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield rabbitmq_url.replace(f":{target.port}", f":{listener.getsockname()[1]}")
        listener.shutdown(socket.SHUT_RDWR)


def pump(source: socket.socket, to: socket.socket) -> None:
    with source, suppress(OSError):
        while piece := source.recv(65536):
            to.sendall(piece)
        to.shutdown(socket.SHUT_WR)


@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")  # pika leaves sockets
def test_a_connection_that_is_reset_in_its_first_moment_is_tried_again(hostile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "_PAUSES", (0.001,))
    heard = [Waits() for _ in range(3)]
    lines = [Line(pika.URLParameters(hostile), f"test {number}", one) for number, one in enumerate(heard)]
    for one in lines:
        one.start()

    opened = [one.up.wait(PATIENCE) for one in heard]

    assert opened == [True, True, True]
    assert not any(one.ended for one in lines)
    for one in lines:
        one.close()
