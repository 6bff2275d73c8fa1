"""RabbitMQ for the tests."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from pathlib import Path

import pika
import pika.exceptions

from tests.services.finding import NotAnswering, Recipe
from tests.services.processes import free_port, give, serve, server_user

_SCRIPT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # the one in /usr/sbin changes user and loses our environment


def _probe(url: str) -> str:
    parameters = pika.URLParameters(url)
    parameters.socket_timeout = parameters.stack_timeout = 5
    try:
        pika.BlockingConnection(parameters).close()
    except (pika.exceptions.AMQPError, OSError) as error:
        raise NotAnswering(repr(error)) from error
    return "takes the login"


def _start(folder: Path, port: int, stack: ExitStack) -> None:
    """A broker with its own name server (epmd), so that nothing outlives the tests and no other broker is disturbed."""
    epmd = shutil.which("epmd")
    assert epmd
    user = server_user("rabbitmq")
    give(folder, user)
    names, distribution = free_port(), free_port()
    (folder / "env.conf").touch()
    (folder / "enabled_plugins").write_text("[].\n")
    environment = {
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(names),
        "RABBITMQ_NODENAME": f"goldenhub-{port}@localhost",
        "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(distribution),
        "RABBITMQ_CONF_ENV_FILE": str(folder / "env.conf"),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "logs"),
        "RABBITMQ_PID_FILE": str(folder / "pid"),
    }
    serve([epmd, "-port", str(names), "-address", "127.0.0.1"], folder / "epmd.log", stack, user)
    serve([_SCRIPT], folder / "log", stack, user, environment)


RABBITMQ = Recipe(
    name="RabbitMQ",
    variable="HUB_TEST_RABBITMQ_URL",
    usual=("amqp://guest:guest@127.0.0.1:5672/%2F",),
    url="amqp://guest:guest@127.0.0.1:{port}/%2F",
    package="rabbitmq-server",
    image="docker.io/library/rabbitmq:3.13",
    image_port=5672,
    probe=_probe,
    installed=lambda: _SCRIPT.exists() and shutil.which("epmd") is not None,
    start=_start,
)
