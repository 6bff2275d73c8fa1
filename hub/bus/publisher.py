"""Publishes with confirms, a window of them at a time: what is published is on disk at the broker, or it is published again.

Producers put messages into a bounded queue; the line's thread sends as long as the window has room. A broker that refuses (its
queue is full) is asked again with growing pauses; one that blocks the connection is waited for; after a broken connection
everything that was not confirmed goes out again under the same id.

A message may itself be what breaks the connection: its headers are larger than a frame, or nothing that the broker can read. When
the broker says that it breaks off for such a reason, what was on its way goes out one by one; what breaks the line again and
again while it is alone on its way is refused, and everything else goes through.
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
from hub.errors import BadSettings, HubError, Rejected, Throttled, Unavailable

WINDOW = 2000
WINDOW_BYTES = 32 * 2**20
PATIENCE = 30.0  # seconds without a single confirm

_PAUSES = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0)
_PIECE = 256 * 2**10  # bytes handed to the connection at once
_USUAL_FRAME = 131_064
_LOOKS = 0.25
_BREAKS = {406: 2, 501: 2, 502: 2, 503: 2, 505: 2, 504: 5, 506: 5, 541: 5}
"""Why a broker closes a channel (406) or a connection when the fault is in what it was sent, and how often it must do so with one
message alone until that message is refused: more often where the fault may be the broker's own."""
_LOSSES = 3  # without a word and without a confirm in between: somebody on the way may have hidden the reason


@dataclass(frozen=True, slots=True)
class Refused:
    """A message that can never be published, and why. What the broker says is not told on, since it may quote the message."""

    message: Outgoing
    code: str
    why: str


@dataclass(slots=True)
class _Ticket:
    """One call's messages: it returns when none is left."""

    left: int = 0
    given_up: bool = False
    refused: list[Refused] = field(default_factory=list)


@dataclass(slots=True)
class _Sent:
    message: Outgoing
    ticket: _Ticket
    suspect: bool = False  # a line broke while it was on its way: it goes out alone
    broke: int = 0  # lines, while it was alone on its way


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
    _losses: int = 0
    _waiting: deque[_Sent] = field(default_factory=deque)
    _unconfirmed: dict[int, _Sent] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self.line = Line(self.parameters, "publisher", self)
        self.line.start()

    def publish(self, messages: Iterable[Outgoing]) -> list[Refused]:
        """Returns when the broker has confirmed every one of them, but for those that can never be published: which these are.

        Raises ``Throttled`` or ``Unavailable`` when nothing was confirmed for as long as its patience lasts. What was confirmed
        until then is not told: publish all of them again, they bear ids.
        """
        ticket, told = _Ticket(), iter(messages)
        try:
            while batch := list(islice(told, self.window)):
                self._await(lambda: len(self._waiting) < self.window)
                with self._changed:
                    ticket.left += len(batch)
                    self._waiting.extend(_Sent(one, ticket) for one in batch)
                    self._schedule()
            self._await(lambda: not ticket.left)
        finally:
            ticket.given_up = True
        return ticket.refused

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
        first = self._waiting[0] if self._waiting else None
        if first is not None and first.suspect and (broke := max(first.broke, self._losses)):  # it may only have a bad moment
            self._pausing = True
            self.line.later(_PAUSES[min(broke, len(_PAUSES)) - 1], self._resume)
        self._drain()

    def _on_channel_closed(self, _channel: Any, reason: Any) -> None:
        code = getattr(reason, "reply_code", 0)
        self._again(code)
        if self._connection is not None and self._connection.is_open:
            if self.line.problem is None and code == 404:
                text = reason.reply_text
                said = f"The broker has no such exchange ({text}). Run goldenhub bus declare, or set HUB_BUS_DECLARE=create."
                self.line.problem = BadSettings(said, name="HUB_BUS_DECLARE")
            self.line.later(_PAUSES[0] if code in _BREAKS else 1.0, self._open_channel)

    def lost(self) -> None:
        self._connection = None
        self.blocked = False
        self._again(0)

    def _again(self, code: int) -> None:
        """Everything that was not confirmed goes out once more, in the order in which it went out first; one by one when some of
        it may be what broke the line.
        """
        with self._changed:
            self._channel = None
            sent = list(self._unconfirmed.values())
            self._losses += bool(sent and not code)
            if code in _BREAKS or self._losses >= _LOSSES:
                for one in sent:
                    one.suspect = True
            if len(sent) == 1 and code in _BREAKS:
                sent[0].broke += 1
                if sent[0].broke >= _BREAKS[code]:
                    self._refuse_for_good(sent.pop(), "broker_refused", _why(code))
            self._waiting.extendleft(reversed(sent))
            self._unconfirmed.clear()
            self._bytes = 0

    def _refuse_for_good(self, one: _Sent, code: str, why: str) -> None:
        one.ticket.refused.append(Refused(one.message, code, why))
        one.ticket.left -= 1
        self._progress += 1
        self._changed.notify_all()

    def _on_blocked(self, *_: Any) -> None:
        self.blocked = True

    def _on_unblocked(self, *_: Any) -> None:
        self.blocked = False
        self._drain()

    def _drain(self) -> None:
        while True:
            with self._changed:
                self._scheduled = False
                if self._channel is None or self.blocked or self._pausing:
                    return
                ready = self._next()
                self._changed.notify_all()
            if not ready:
                return
            if self._largest:
                self._connection._output_marshaled_frames([b"".join([frames for _, frames in ready])])
            else:
                for one, _ in ready:
                    self._channel.basic_publish(one.exchange, one.key, one.body, one.properties)

    def _next(self) -> list[tuple[Outgoing, bytes]]:
        """What goes out now, at once, with its frames. A number is given only to what can be written: the broker counts what it
        gets.
        """
        ready: list[tuple[Outgoing, bytes]] = []
        channel, largest, size = self._channel.channel_number, self._largest or _USUAL_FRAME, 0
        while self._waiting and len(self._unconfirmed) < self.window and self._bytes < WINDOW_BYTES and size < _PIECE:
            if self._unconfirmed and (self._waiting[0].suspect or self._is_probing()):
                break
            one = self._waiting.popleft()
            if one.ticket.given_up:
                continue
            try:
                frames = joined(channel, one.message, largest)
            except Rejected as never:
                self._refuse_for_good(one, never.code, never.message)
                continue
            self._tag += 1
            self._unconfirmed[self._tag] = one
            self._bytes += one.message.size
            size += len(frames)
            ready.append((one.message, frames))
        return ready

    def _is_probing(self) -> bool:
        return len(self._unconfirmed) == 1 and next(iter(self._unconfirmed.values())).suspect

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
        self.refused = self._losses = 0
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


def _why(code: int) -> str:
    told = {
        406: "closes the channel (406: it is too large for the broker, or one of its properties is invalid)",
        501: "breaks off the connection (501, frame error)",
        502: "breaks off the connection (502, syntax error)",
        541: "breaks off the connection (541, internal error)",
    }
    return f"The broker {told.get(code, f'breaks off the connection ({code})')} whenever this message alone is published."
