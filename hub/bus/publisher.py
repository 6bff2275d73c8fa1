"""Publishes with confirms, a window of them at a time: what is published is on disk at the broker, or it is published again.

Producers put messages into a bounded queue; the line's thread sends as long as the window has room. A broker that refuses (its
queue is full) is asked again with growing pauses; one that blocks the connection is waited for; after a broken connection
everything that was not confirmed goes out again under the same id.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Any

import pika
from pika import spec

from hub.bus.frames import Outgoing, can_join, joined
from hub.bus.line import Line
from hub.errors import BadSettings, HubError, Throttled, Unavailable

WINDOW = 2000
WINDOW_BYTES = 32 * 2**20
PATIENCE = 30.0  # seconds without a single confirm

_PAUSES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
_PIECE = 256 * 2**10  # bytes handed to the connection at once
_LOOKS = 0.25


@dataclass(slots=True)
class _Ticket:
    """One call's messages: it returns when none is left."""

    left: int = 0
    given_up: bool = False


@dataclass(slots=True)
class _Sent:
    message: Outgoing
    ticket: _Ticket


@dataclass
class Publisher:
    """Takes messages from any thread."""

    parameters: pika.ConnectionParameters
    window: int = WINDOW
    patience: float = PATIENCE
    join: bool = True
    line: Line = field(init=False)
    blocked: bool = False
    refused: int = 0  # nacks since the last ack
    _channel: Any = None
    _connection: Any = None
    _largest: int = 0  # body bytes of one frame; 0: pika's own way
    _tag: int = 0
    _bytes: int = 0
    _pausing: bool = False
    _scheduled: bool = False
    _progress: int = 0
    _waiting: deque[_Sent] = field(default_factory=deque)
    _unconfirmed: dict[int, _Sent] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self.line = Line(self.parameters, "publisher", self)
        self.line.start()

    def publish(self, messages: Iterable[Outgoing]) -> int:
        """Returns when the broker has confirmed every one of them; how many there were.

        Raises ``Throttled`` or ``Unavailable`` when nothing was confirmed for as long as its patience lasts. What was confirmed
        until then is not told: publish all of them again, they bear ids.
        """
        ticket, told, number = _Ticket(), iter(messages), 0
        try:
            while batch := list(islice(told, self.window)):
                number += len(batch)
                self._await(lambda: len(self._waiting) < self.window)
                with self._changed:
                    ticket.left += len(batch)
                    self._waiting.extend(_Sent(one, ticket) for one in batch)
                    self._schedule()
            self._await(lambda: not ticket.left)
        finally:
            ticket.given_up = True
        return number

    def close(self) -> None:
        self.line.close()

    def _await(self, done: Callable[[], bool]) -> None:
        with self._changed:
            progress, end = self._progress, time.monotonic() + self.patience
            while not done():
                self._changed.wait(_LOOKS)
                if self._progress != progress:
                    progress, end = self._progress, time.monotonic() + self.patience
                problem = self.line.problem
                if isinstance(problem, BadSettings):
                    raise problem
                if self.line.ended or time.monotonic() > end:
                    raise self._impatient(problem)

    def _impatient(self, problem: HubError | None) -> HubError:
        if problem or self.line.ended:
            return problem or Unavailable("The line to the broker was closed.", system="bus")
        if self.blocked:
            said = "The broker takes no messages until it has memory and disk again (connection.blocked)."
        elif self.refused:
            said = "The broker's queues are full: it goes on when workers have taken some."
        else:
            return Unavailable(f"The broker confirms nothing for {self.patience:g} seconds; it is tried again.", system="bus")
        return Throttled(said, wait=self.patience)

    def _schedule(self) -> None:
        """One drain at a time, however many messages came."""
        if not self._scheduled:
            self._scheduled = True
            self.line.call(self._drain)

    # what follows is called in the line's thread

    def opened(self, connection: pika.SelectConnection) -> None:
        self._connection = connection
        connection.add_on_connection_blocked_callback(self._on_blocked)
        connection.add_on_connection_unblocked_callback(self._on_unblocked)
        self._open_channel()

    def _open_channel(self) -> None:
        if self._connection is not None and self._connection.is_open:
            self._connection.channel(on_open_callback=self._on_channel)

    def _on_channel(self, channel: Any) -> None:
        channel.add_on_close_callback(self._on_channel_closed)
        channel.confirm_delivery(self._on_confirm, callback=lambda _: self._on_ready(channel))

    def _on_ready(self, channel: Any) -> None:
        self._channel, self._tag, self._pausing = channel, 0, False
        self.line.problem = None
        self._largest = self._connection._body_max_length if self.join and can_join(self._connection) else 0
        self._drain()

    def _on_channel_closed(self, _channel: Any, reason: Any) -> None:
        self._again()
        if self._connection is not None and self._connection.is_open:
            if self.line.problem is None and getattr(reason, "reply_code", 0) == 404:
                text = reason.reply_text
                said = f"The broker has no such exchange ({text}). Run goldenhub bus declare, or set HUB_BUS_DECLARE=create."
                self.line.problem = BadSettings(said, name="HUB_BUS_DECLARE")
            self.line.later(1.0, self._open_channel)

    def lost(self) -> None:
        self._connection = None
        self.blocked = False
        self._again()

    def _again(self) -> None:
        """Everything that was not confirmed goes out once more, in the order in which it went out first."""
        with self._changed:
            self._channel = None
            self._waiting.extendleft(reversed(self._unconfirmed.values()))
            self._unconfirmed.clear()
            self._bytes = 0

    def _on_blocked(self, *_: Any) -> None:
        self.blocked = True

    def _on_unblocked(self, *_: Any) -> None:
        self.blocked = False
        self._drain()

    def _drain(self) -> None:
        with self._changed:
            self._scheduled = False
            if self._channel is None or self.blocked or self._pausing:
                return
            ready = self._next()
            self._changed.notify_all()
        if self._largest:
            self._send_joined(ready)
        else:
            for one in ready:
                self._channel.basic_publish(one.exchange, one.key, one.body, one.properties)

    def _next(self) -> list[Outgoing]:
        ready = []
        while self._waiting and len(self._unconfirmed) < self.window and self._bytes < WINDOW_BYTES:
            one = self._waiting.popleft()
            if one.ticket.given_up:
                continue
            self._tag += 1
            self._unconfirmed[self._tag] = one
            self._bytes += one.message.size
            ready.append(one.message)
        return ready

    def _send_joined(self, ready: list[Outgoing]) -> None:
        number, pieces, size = self._channel.channel_number, [], 0
        for one in ready:
            pieces.append(piece := joined(number, one, self._largest))
            size += len(piece)
            if size > _PIECE:
                self._connection._output_marshaled_frames([b"".join(pieces)])
                pieces, size = [], 0
        if pieces:
            self._connection._output_marshaled_frames([b"".join(pieces)])

    def _on_confirm(self, told: Any) -> None:
        method = told.method
        with self._changed:
            if method.multiple:
                tags = list(takewhile(lambda tag: tag <= method.delivery_tag or not method.delivery_tag, self._unconfirmed))
            else:
                tags = [method.delivery_tag] if method.delivery_tag in self._unconfirmed else []
            settled = [self._unconfirmed.pop(tag) for tag in tags]
            self._bytes -= sum(one.message.size for one in settled)
            if isinstance(method, spec.Basic.Nack):
                self._refuse(settled)
            else:
                self._accept(settled)
        self._drain()

    def _accept(self, settled: list[_Sent]) -> None:
        self.refused = 0
        self._progress += 1
        for one in settled:
            one.ticket.left -= 1

    def _refuse(self, settled: list[_Sent]) -> None:
        self._waiting.extendleft(reversed(settled))
        if not self._pausing:
            self._pausing = True
            self.line.later(_PAUSES[min(self.refused, len(_PAUSES) - 1)], self._resume)
            self.refused += 1

    def _resume(self) -> None:
        self._pausing = False
        self._drain()
