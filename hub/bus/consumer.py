"""Consumes: the line's thread only puts what comes into memory, bounded by the prefetch; workers take it from there.

A channel for each queue. What was taken is acknowledged when its work is committed, many at a time. When a channel or the
connection is lost, the queue is subscribed again; what came over the lost one is never acknowledged on the new one, since the
broker delivers it again. A queue that brings nothing for a while is subscribed again, too: where one is deleted and declared in
one go, RabbitMQ moves the subscription to the new queue, tells nobody, and drops what the new queue then delivers.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import pika

from hub.bus.declaring import refusal
from hub.bus.envelopes import Envelope
from hub.bus.line import Line
from hub.bus.reading import envelope_of
from hub.bus.settling import DONE, NOT_NOW, settle
from hub.errors import BadSettings, HubError, Unavailable

PATIENCE = 30.0
_AGAIN = 0.5  # seconds before a lost channel is opened anew
_LOOKS = 0.25
SILENCE = 30.0  # seconds after which a subscription that brings nothing is made anew


@dataclass(eq=False, slots=True)
class Held:
    """A message that this process holds and nobody else."""

    envelope: Envelope
    queue: str
    generation: int
    tag: int
    redelivered: bool
    app: str = ""  # who published it
    exchange: str = ""


@dataclass(eq=False)
class _Subscription:
    queue: str
    prefetch: int
    generation: int = 0  # grows with every channel
    channel: Any = None
    ready: deque[Held] = field(default_factory=deque)
    outstanding: dict[int, bool] = field(default_factory=dict)  # tag -> its work is done; in the order of delivery
    subscribed: bool = False
    since: float = field(default_factory=time.monotonic)  # it is so
    heard: float = field(default_factory=time.monotonic)  # when something came last
    renewed: bool = False  # it is closed only to be opened at once
    was_subscribed: bool = False
    problem: HubError | None = None


@dataclass
class Consumer:
    """Subscribes queues when they are first asked for."""

    parameters: pika.ConnectionParameters
    patience: float = PATIENCE
    silence: float = SILENCE
    line: Line = field(init=False)
    _connection: Any = None
    _subscriptions: dict[str, _Subscription] = field(default_factory=dict)
    _changed: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self.line = Line(self.parameters, "consumer", self)
        self.line.start()

    def close(self) -> None:
        """What is held and not acknowledged comes back to its queue."""
        self.line.close()

    def subscribe(self, queues: Iterable[tuple[str, int]]) -> None:
        """Have messages of these (queue, prefetch) come; returns when they can."""
        new = []
        with self._changed:
            for queue, prefetch in queues:
                if queue not in self._subscriptions:
                    self._subscriptions[queue] = _Subscription(queue, prefetch)
                    new.append(queue)
        if new:
            self.line.call(partial(self._open, new))
            self._await_subscribed(new)

    def _await_subscribed(self, queues: Sequence[str]) -> None:
        end = time.monotonic() + self.patience
        with self._changed:
            while not all(self._subscriptions[queue].subscribed for queue in queues):
                self._problem(queues)
                if time.monotonic() > end:
                    raise Unavailable("The broker does not answer; is it up, and HUB_BUS_URL right?", system="bus")
                self._changed.wait(_LOOKS)
            self._changed.wait_for(lambda: any(self._subscriptions[queue].ready for queue in queues), 0.1)

    def _problem(self, queues: Iterable[str]) -> None:
        """Raise what a person must change, and what has not passed for longer than patience lasts."""
        subscriptions = [self._subscriptions[queue] for queue in queues]
        for problem in (self.line.problem, *(one.problem for one in subscriptions)):
            if isinstance(problem, BadSettings):
                raise problem
        for one in subscriptions:
            if not one.subscribed and time.monotonic() > one.since + self.patience:
                raise self.line.problem or one.problem or Unavailable("The broker does not answer.", system="bus")
        if self.line.ended:
            raise Unavailable("The line to the broker was closed.", system="bus")

    def wait(self, queues: Sequence[str], seconds: float) -> bool:
        """Whether something came for one of these queues in time."""
        with self._changed:
            self._problem(queues)
            came = self._changed.wait_for(lambda: any(self._subscriptions[one].ready for one in queues), max(0.0, seconds))
            if not came:
                self._problem(queues)
            return came

    def pop(self, queue: str) -> Held | None:
        """The next message of a queue, if one is there."""
        with self._changed:
            ready = self._subscriptions[queue].ready
            return ready.popleft() if ready else None

    def holds(self, held: Held) -> bool:
        """Whether a message is still ours: not if its channel was lost, for then it comes again."""
        return self._subscriptions[held.queue].generation == held.generation

    def done(self, messages: Sequence[Held]) -> None:
        """Their work is committed."""
        if messages:
            self.line.call(partial(self._acknowledge, messages))

    def again(self, messages: Sequence[Held]) -> None:
        """Nothing was done with them: back to their queue."""
        if messages:
            self.line.call(partial(self._give_back, messages))

    # what follows is called in the line's thread

    def opened(self, connection: pika.SelectConnection) -> None:
        self._connection = connection
        self._open(list(self._subscriptions))

    def lost(self) -> None:
        self._connection = None
        for subscription in self._subscriptions.values():
            self._forget(subscription)

    def _open(self, queues: Iterable[str]) -> None:
        if self._connection is None or not self._connection.is_open:
            return  # `opened` comes
        for queue in queues:
            subscription = self._subscriptions[queue]
            if subscription.channel is None:
                subscription.channel = self._connection.channel(on_open_callback=partial(self._on_channel, subscription))

    def _on_channel(self, subscription: _Subscription, channel: Any) -> None:
        with self._changed:
            subscription.channel = channel
            subscription.generation += 1
        generation = subscription.generation
        channel.add_on_close_callback(partial(self._on_closed, subscription))
        channel.add_on_cancel_callback(lambda _: channel.close())  # its queue was deleted or moved: subscribe anew
        channel.basic_qos(prefetch_count=subscription.prefetch)
        channel.basic_consume(
            subscription.queue,
            partial(self._on_message, subscription, generation),
            callback=lambda _: self._on_subscribed(subscription),
        )

    def _on_subscribed(self, subscription: _Subscription) -> None:
        with self._changed:
            subscription.subscribed, subscription.was_subscribed, subscription.problem = True, True, None
            subscription.heard = time.monotonic()
            self._changed.notify_all()
        self._listen(subscription, subscription.generation)

    def _listen(self, subscription: _Subscription, generation: int) -> None:
        """Subscribe anew what was silent for too long; what the broker believes to have delivered comes again."""
        if subscription.generation != generation:
            return  # it is another channel's by now
        left = subscription.heard + self.silence - time.monotonic()
        if left > 0 or subscription.outstanding:
            self.line.later(left if left > 0 else self.silence, partial(self._listen, subscription, generation))
        elif subscription.channel.is_open:
            subscription.renewed = True
            subscription.channel.close()

    def _on_message(
        self, subscription: _Subscription, generation: int, _channel: Any, method: Any, properties: Any, body: bytes
    ) -> None:
        envelope = envelope_of(method.routing_key, properties, body)
        held = Held(
            envelope, subscription.queue, generation, method.delivery_tag, bool(method.redelivered),
            str(properties.app_id or ""), str(method.exchange),
        )  # fmt: skip
        with self._changed:
            subscription.ready.append(held)
            subscription.outstanding[held.tag] = False
            subscription.heard = time.monotonic()
            self._changed.notify_all()

    def _on_closed(self, subscription: _Subscription, _channel: Any, reason: Any) -> None:
        self._forget(subscription)
        code, text = getattr(reason, "reply_code", 0), str(getattr(reason, "reply_text", ""))
        if code in (403, 404, 405):
            refused = refusal("queue", subscription.queue, code, text)
            passes = Unavailable(f"{refused.message} It was there before, so it is tried again.", system="bus")
            subscription.problem = passes if subscription.was_subscribed else refused
        if self._connection is not None and self._connection.is_open:
            self.line.later(0 if subscription.renewed else _AGAIN, partial(self._open, [subscription.queue]))
        subscription.renewed = False

    def _forget(self, subscription: _Subscription) -> None:
        """What came over a lost channel is no longer ours."""
        with self._changed:
            if subscription.subscribed:
                subscription.since = time.monotonic()
            subscription.channel, subscription.subscribed = None, False
            subscription.generation += 1
            subscription.ready.clear()
            subscription.outstanding.clear()
            self._changed.notify_all()

    def _acknowledge(self, messages: Sequence[Held]) -> None:
        for queue in {one.queue for one in messages}:
            subscription = self._subscriptions[queue]
            tags = [one.tag for one in messages if one.queue == queue and one.generation == subscription.generation]
            tags = [tag for tag in tags if tag in subscription.outstanding]
            for tag in tags:
                subscription.outstanding[tag] = True
            self._settle_all(subscription)

    def _settle_all(self, subscription: _Subscription) -> None:
        """The oldest that are done with one word; what is done behind one that is not, singly."""
        channel, oldest, all_done = subscription.channel, 0, True
        for tag, done in list(subscription.outstanding.items()):
            all_done = all_done and done
            if not done:
                continue
            del subscription.outstanding[tag]
            if all_done:
                oldest = tag
            else:
                settle(channel, tag, DONE)
        if oldest:
            settle(channel, oldest, DONE, multiple=True)

    def _give_back(self, messages: Sequence[Held]) -> None:
        for held in messages:
            subscription = self._subscriptions[held.queue]
            if held.generation == subscription.generation and subscription.outstanding.pop(held.tag, None) is not None:
                settle(subscription.channel, held.tag, NOT_NOW)
