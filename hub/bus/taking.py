"""From messages to deliveries: a worker gets records, whatever number of messages they came in.

What comes for the first time is handed out as it came. What the broker delivers again was with a worker that is gone: the store
knows how often, and it is handed out in ever smaller parts, until the record that kills its workers stands alone and is buried.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, Protocol

from hub.bus import MOST_ATTEMPTS, Delivery
from hub.bus.consumer import Consumer, Held
from hub.bus.envelopes import Content, read
from hub.bus.failing import KILLED, Bury, dead_letters
from hub.bus.reading import APP, letter
from hub.errors import HubError, Rejected

_SHRINKS = 2  # bits by which parts shrink each time a worker dies: 500, 125, 31, 7, 1


class Known(Protocol):
    """What the store knows of a message that comes again."""

    @property
    def taken(self) -> int: ...
    @property
    def settled(self) -> Sequence[int]: ...
    @property
    def entity(self) -> str: ...
    @property
    def records(self) -> int: ...


class Flights(Protocol):
    """The store's functions for messages on their way, as far as taking needs them."""

    def standing(self, tx: Any, ids: Sequence[str]) -> Mapping[str, Known]: ...
    def handed(self, tx: Any, ids: Sequence[str], by: int) -> None: ...
    def settle(self, tx: Any, ids: Sequence[str]) -> None: ...
    def settle_places(self, tx: Any, parts: Mapping[str, tuple[Sequence[int], int]]) -> None: ...


@dataclass(eq=False)
class Message:
    """A message that was read, and which of its records are still to be handed out, and to be worked on."""

    held: Held
    content: Content
    to_give: deque[int]
    to_settle: set[int]
    taken: int = 0  # by workers that were not heard of again

    @property
    def id(self) -> str:
        return self.held.envelope.id

    @property
    def total(self) -> int:
        return len(self.content.records)

    @property
    def suspicion(self) -> int:
        """How many workers may have died of it. Given back in peace, ``taken`` went down by one before."""
        return max(0, self.taken + 1) if self.held.redelivered else 0

    @property
    def likeness(self) -> tuple[int, int]:
        return self.content.attempts, self.suspicion


Token = tuple[Message, int]
"""A record of a delivery: its message, and its place in there."""


@dataclass
class Taking:
    """Turns what a consumer holds into deliveries."""

    begin: Callable[[], AbstractContextManager[Any]]
    flights: Flights
    bury: Bury
    clock: Callable[[], datetime]
    consumer: Consumer
    message_limit: int
    _open: dict[str, deque[Message]] = field(default_factory=lambda: defaultdict(deque))

    def delivery(self, queue: str, stage: str, lane: str, limit: int) -> Delivery | None:
        """The next records of a queue."""
        while first := self._first(queue, stage, lane):
            if first.suspicion >= MOST_ATTEMPTS:
                self._bury_first(first, lane)
                continue
            attempts, suspicion = first.likeness
            size = 1 if attempts or suspicion == MOST_ATTEMPTS - 1 else max(1, limit >> (_SHRINKS * suspicion))
            return self._made(self._tokens(queue, stage, lane, first, size), lane)
        return None

    def _first(self, queue: str, stage: str, lane: str) -> Message | None:
        """The oldest message that is ours and has records to hand out."""
        waiting = self._open[queue]
        while waiting and not (waiting[0].to_give and self.consumer.holds(waiting[0].held)):
            waiting.popleft()
        while not waiting:
            held = self.consumer.pop(queue)
            if held is None:
                return None
            if message := self._read(held, stage, lane):
                waiting.append(message)
        return waiting[0]

    def _tokens(self, queue: str, stage: str, lane: str, first: Message, size: int) -> list[Token]:
        tokens: list[Token] = []
        message: Message | None = first
        while message and len(tokens) < size and message.likeness == first.likeness:
            if len(tokens) + len(message.to_give) > size and tokens and not first.suspicion:
                break  # a message that comes for the first time is not parted without need
            while message.to_give and len(tokens) < size:
                tokens.append((message, message.to_give.popleft()))
            if message.to_give or first.content.attempts:
                break
            message = self._first(queue, stage, lane)
        return tokens

    def _made(self, tokens: Sequence[Token], lane: str) -> Delivery:
        again = _messages(message for message, _ in tokens if message.held.redelivered)
        if again:
            with self.begin() as tx:
                self.flights.handed(tx, [one.id for one in again], 1)
            for one in again:
                one.taken += 1
        return Delivery(
            tuple(message.content.records[place] for message, place in tokens),
            tuple(tokens),
            "",
            tuple(message.content.attempts for message, _ in tokens),
            lane,
            redelivered=bool(again),
            traces=tuple(sorted({message.content.trace for message, _ in tokens if message.content.trace})),
        )

    def _read(self, held: Held, stage: str, lane: str) -> Message | None:
        """The records of a message; None when it is buried unread, or was worked on before and only not acknowledged."""
        try:
            content = read(held.envelope, self.message_limit, stage)
        except Rejected as wrong:
            self._bury_unread(held, stage, lane, wrong)
            return None
        places = range(len(content.records))
        message = Message(held, content, deque(places), set(places))
        if held.redelivered:
            with self.begin() as tx:
                known = self.flights.standing(tx, [message.id]).get(message.id)
            if known is None and held.app == APP:
                self.consumer.done([held])
                return None
            if known is not None:
                message.taken = known.taken
                message.to_settle -= set(known.settled)
                message.to_give = deque(sorted(message.to_settle))
        return message

    def _bury_unread(self, held: Held, stage: str, lane: str, wrong: Rejected) -> None:
        made = letter(held.envelope, stage, lane, wrong.code, wrong.message, self.clock(), self.message_limit)
        ids = [held.envelope.id] if held.app == APP else []  # a stranger's id may be that of one of ours
        with self.begin() as tx:
            known = self.flights.standing(tx, ids).get(held.envelope.id)
            self.bury(tx, [replace(made, entity=known.entity, records=known.records) if known else made])
            self.flights.settle(tx, ids)
        self.consumer.done([held])

    def _bury_first(self, message: Message, lane: str) -> None:
        """Its workers died, one after the other: the first record that was not settled is what they died of."""
        place = message.to_give.popleft()
        alone = Delivery((message.content.records[place],), ((message, place),), "", (message.content.attempts,), lane)
        with self.begin() as tx:
            self.bury(tx, dead_letters(alone, *KILLED, self.clock()))
            self.settle_in(tx, alone)
        message.taken -= 1
        self.settle(alone)

    def settle_in(self, tx: Any, delivery: Delivery) -> None:
        places: dict[Message, list[int]] = defaultdict(list)
        for message, place in delivery.tokens:
            places[message].append(place)
        whole = [message.id for message, its in places.items() if len(its) == message.total]
        parts = {message.id: (its, message.total) for message, its in places.items() if len(its) < message.total}
        if whole:
            self.flights.settle(tx, whole)
        if parts:
            self.flights.settle_places(tx, parts)

    def settle(self, delivery: Delivery) -> None:
        for message, place in delivery.tokens:
            message.to_settle.discard(place)
        messages = _messages(message for message, _ in delivery.tokens)
        for message in messages:
            if message.to_settle and message.held.redelivered:
                message.taken -= 1  # as the store counts: this part ended well
        self.consumer.done([message.held for message in messages if not message.to_settle])

    def put_back(self, delivery: Delivery) -> None:
        messages = _messages(message for message, _ in delivery.tokens)
        with suppress(HubError), self.begin() as tx:
            self.flights.handed(tx, [one.id for one in messages], -1)
        for one in messages:
            one.to_give.clear()
        self.consumer.again([one.held for one in messages])


def _messages(given: Iterable[Message]) -> list[Message]:
    return list(dict.fromkeys(given))
