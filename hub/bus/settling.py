"""What a broker is told about a message it delivered, in one place: the words changed their meaning between versions."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from pika import exceptions

DONE, NOT_NOW = "done", "not_now"


def settle(channel: Any, tag: int, outcome: str, *, multiple: bool = False) -> None:
    """In the line's thread. A channel that is closing settles nothing: the broker delivers again.

    ``not_now`` is ``basic.nack`` with requeue: up to RabbitMQ 4.2 it counts towards the delivery limit, which is why the hub's
    limit is far above its own five attempts; from 4.3 it is free, and only ``basic.reject``, which the hub never sends, counts.
    """
    if channel is None or not channel.is_open:
        return
    with suppress(exceptions.ChannelWrongStateError, exceptions.ConnectionWrongStateError):
        if outcome == DONE:
            channel.basic_ack(tag, multiple=multiple)
        else:
            channel.basic_nack(tag, multiple=multiple, requeue=True)
