"""What a broker can do, read from the version it tells, never assumed."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hub.errors import BadSettings

OLDEST = (3, 10)
TRIED = ((3, 10),)
"""Versions that the tests of this project ran on. What is said of others was read, not run."""


@dataclass(frozen=True)
class Capability:
    """One difference between brokers that the hub has to know."""

    name: str
    since: tuple[int, int]
    about: str


CAPABILITIES = (
    Capability("keeps_letters", (3, 10), "dead-letters at least once, from quorum queues with a message TTL"),
    Capability(
        "limits_deliveries", (4, 0), "has a delivery limit of its own (20) on quorum queues that set none; the hub sets one"
    ),
    Capability(
        "nack_is_free", (4, 3), "`basic.nack` with requeue no longer counts towards the delivery limit, `basic.reject` does"
    ),
)


@dataclass(frozen=True)
class Broker:
    """The broker at the other end."""

    product: str
    version: tuple[int, int]
    full_version: str

    def can(self, name: str) -> bool:
        """Whether it has a capability."""
        return self.version >= next(one.since for one in CAPABILITIES if one.name == name)

    @property
    def tried(self) -> bool:
        return self.version in TRIED

    def __str__(self) -> str:
        return f"{self.product} {self.full_version}" + ("" if self.tried else " (this project's tests have not run on it)")


def broker(properties: object) -> Broker:
    """Read what a server says of itself; ``BadSettings`` when it is none that the hub can use."""
    told = properties if isinstance(properties, dict) else {}
    product, version = _text(told.get("product")), _text(told.get("version"))
    numbers = re.match(r"(\d+)\.(\d+)", version)
    if product != "RabbitMQ" or not numbers:
        said = f"{product or 'something unknown'} {version}".strip()
        raise BadSettings(f"HUB_BUS_URL leads to {said}; the bus needs RabbitMQ 3.10 or newer.", name="HUB_BUS_URL")
    found = Broker(product, (int(numbers[1]), int(numbers[2])), version)
    if found.version < OLDEST:
        raise BadSettings(f"The broker is {found}; the bus needs RabbitMQ 3.10 or newer.", name="HUB_BUS_URL")
    return found


def _text(value: object) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")
