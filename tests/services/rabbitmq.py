"""RabbitMQ for the tests."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from hub.services.rabbitmq import PACKAGE, RabbitServer, installed, probe
from tests.services.finding import Recipe, answering


def _start(folder: Path, port: int, stack: ExitStack) -> None:
    server = RabbitServer(folder / "rabbitmq", port)
    stack.callback(server.stop)
    server.start()


RABBITMQ = Recipe(
    name="RabbitMQ",
    variable="HUB_TEST_RABBITMQ_URL",
    usual=("amqp://guest:guest@127.0.0.1:5672/%2F",),
    url="amqp://guest:guest@127.0.0.1:{port}/%2F",
    package=PACKAGE,
    image="docker.io/library/rabbitmq:3.13",
    image_port=5672,
    probe=answering(probe),
    installed=installed,
    start=_start,
)
