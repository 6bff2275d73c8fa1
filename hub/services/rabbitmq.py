"""A private RabbitMQ in a folder of its own, from Debian's package.

It has its own name server (epmd), so that no other broker is disturbed, and nothing outlives it.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pika
import pika.exceptions

from hub.errors import Unavailable
from hub.services import debian
from hub.services.folders import give
from hub.services.processes import Process, Program, free_port, listening, run, server_user, start, wait_until

PACKAGE = "rabbitmq-server"
_SCRIPT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # the one in /usr/sbin changes user and loses our environment
_CONTROL = Path("/usr/lib/rabbitmq/bin/rabbitmqctl")
_NODE = "goldenhub@localhost"  # the data belong to this name: it stays the same whatever the ports are


@dataclass
class RabbitServer:
    """Its first start makes the login and the virtual host; later ones find them."""

    folder: Path
    port: int
    user: str = "guest"
    password: str = "guest"  # noqa: S105 - what RabbitMQ itself begins with, on this machine only
    vhost: str = "/"
    process: Process | None = None
    names: Process | None = None  # epmd
    _ports: tuple[int, int] = (0, 0)

    name = "RabbitMQ"

    @property
    def log(self) -> Path:
        return self.folder / "log"

    def url(self) -> str:
        return f"amqp://{self.user}:{quote(self.password, safe='')}@127.0.0.1:{self.port}/{quote(self.vhost, safe='')}"

    def start(self) -> str:
        """Returns when it takes the login, with a few words about it."""
        debian.need(PACKAGE, installed)
        user = server_user("rabbitmq")
        give(self.folder, user)
        names, distribution = self._ports = free_port(), free_port()
        self._configure(user)
        epmd = shutil.which("epmd") or "epmd"
        self.names = start(Program([epmd, "-port", str(names), "-address", "127.0.0.1"], self.folder / "epmd.log", user))
        wait_until(lambda: listening(names), self.names, self.folder / "epmd.log", "epmd")
        self.process = start(Program([_SCRIPT], self.log, user, self._environment(names, distribution)))
        return wait_until(self.probe, self.process, self.log, self.name)

    def stop(self) -> None:
        for process in (self.process, self.names):
            if process:
                process.stop(patience=60)

    def kill(self) -> None:
        for process in (self.process, self.names):
            if process:
                process.kill()

    def probe(self) -> str:
        return probe(self.url())

    def queues(self) -> dict[str, int]:
        """How many messages each queue of the virtual host has ready, as the broker itself counts them.

        The queues are asked one by one: the list tells the numbers of some seconds ago.
        """
        told = self._control("list_queues", "--vhost", self.vhost, "name", "--formatter", "json")
        names = [one["name"] for one in json.loads(told)]
        with pika.BlockingConnection(pika.URLParameters(self.url())) as connection:
            channel = connection.channel()
            return {name: channel.queue_declare(name, passive=True).method.message_count for name in sorted(names)}

    def limit(self, policy: Mapping[str, Any]) -> None:
        """Set a policy where none of its name is: one that an operator changed stays. Only by whoever started the server."""
        place = ["--vhost", policy["vhost"]]
        if policy["name"] in {one["name"] for one in json.loads(self._control("list_policies", *place, "--formatter", "json"))}:
            return
        words = ["--apply-to", policy["apply-to"], policy["name"], policy["pattern"], json.dumps(policy["definition"])]
        self._control("set_policy", *place, *words)

    def _control(self, *words: str) -> str:
        return run([_CONTROL, *words, "--silent"], server_user("rabbitmq"), self._environment(*self._ports))

    def _configure(self, user: str | None) -> None:
        login = {"default_user": self.user, "default_pass": self.password, "default_vhost": self.vhost}
        settings = {**login, "listeners.tcp.1": f"127.0.0.1:{self.port}"}
        written = {
            "env.conf": "",
            "rabbitmq.conf": "".join(f"{name} = {value}\n" for name, value in settings.items()),
            "enabled_plugins": "[].\n",
        }
        for name, text in written.items():
            path = self.folder / name
            path.touch(mode=0o600)
            path.write_text(text, encoding="utf-8")
            if user:
                shutil.chown(path, user)

    def _environment(self, names: int, distribution: int) -> dict[str, str]:
        return {
            "HOME": str(self.folder),
            "ERL_EPMD_PORT": str(names),
            "RABBITMQ_NODENAME": _NODE,
            "RABBITMQ_DIST_PORT": str(distribution),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "env.conf"),
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder / "logs"),
            "RABBITMQ_PID_FILE": str(self.folder / "pid"),
        }


def installed() -> bool:
    return _SCRIPT.exists() and shutil.which("epmd") is not None


def probe(url: str) -> str:
    """A few words about the broker there; ``Unavailable`` when nobody is, or nobody who takes this login."""
    parameters = pika.URLParameters(url)
    listening(parameters.port)  # pika complains aloud when nobody is there
    parameters.socket_timeout = parameters.stack_timeout = 5
    try:
        pika.BlockingConnection(parameters).close()
    except (pika.exceptions.AMQPError, OSError) as error:
        raise Unavailable(repr(error), system="rabbitmq") from error
    return "takes the login"
