"""The bus: what travels between the stages, and the promises that every bus keeps.

    publish_in -> (commit) -> forward -> take -> work and settle_in in one transaction -> (commit) -> settle

What is published is part of a transaction of the store's: it exists when that commits, together with what was counted. On the
bus built into the store (``embedded``) that row is the message; on RabbitMQ (``rabbit``) it is what must still be brought to the
broker, and it stays until the consumer's own transaction takes it away. So whatever is killed at whatever moment,
nothing is lost, a repetition is recognised by its message ids, and what is on its way can be counted exactly.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from hub.records import Data, SourceRecord

if TYPE_CHECKING:
    from hub.bus.envelopes import Pushed

RESOLVE, ATTACH = "resolve", "attach"
STAGES = (RESOLVE, ATTACH)
"""The stages that take canonical records: customers are resolved, everything else is attached to them."""

GOLDEN = "golden"
"""What is announced: the stage of a dead letter that is no record but an event the broker did not take."""

LIVE, BULK, REPLAY = "live", "bulk", "replay"
LANES = (LIVE, BULK, REPLAY)
"""In the order in which a worker looks for work. A load of millions does not delay a live record."""

MOST_ATTEMPTS = 5
"""What failed so often is buried: ``attempts`` of a delivery are earlier ones, so the fifth is the last."""

QUEUE_LIMIT = 1_000_000
NO_WAIT = timedelta()


def stage_of(entity: str) -> str:
    """Which stage takes records of this entity."""
    return RESOLVE if entity == "customer" else ATTACH


@dataclass(frozen=True)
class Delivery:
    """A batch that one worker holds: settle it after its work is committed, or give it back."""

    records: tuple[SourceRecord, ...]
    tokens: tuple[Any, ...]  # what the bus knows each record's message by
    lease: str
    attempts: tuple[int, ...]  # earlier ones of each record, which did not end well
    lane: str = LIVE
    redelivered: bool = False  # a worker had it before and may have died of it
    traces: tuple[str, ...] = ()  # the traceparents of the messages in it

    def only(self, places: Sequence[int]) -> Delivery:
        """The records at these places, under the same lease."""
        return Delivery(
            tuple(self.records[place] for place in places),
            tuple(self.tokens[place] for place in places),
            self.lease,
            tuple(self.attempts[place] for place in places),
            self.lane,
            self.redelivered,
            self.traces,
        )

    def halves(self) -> Iterator[Delivery]:
        """Two parts: how a batch that fails is searched for the record that makes it fail."""
        middle = len(self.records) // 2
        yield self.only(range(middle))
        yield self.only(range(middle, len(self.records)))


class Bus(Protocol):
    """What every bus promises. ``tx`` is a transaction of the store's that the caller commits."""

    def publish_in(self, tx: Any, records: Sequence[SourceRecord], lane: str = LIVE) -> None:
        """Publish these records when the transaction commits. A message id that waits already is not put twice.

        Raises ``Throttled`` when too much waits already: readers slow down before anything fills up.
        """
        ...

    def forward(self) -> int:
        """Bring what was committed to the broker, window by window, and return when it confirmed; how many messages. What breaks
        the connection whenever it is published becomes dead letters, and everything else goes through.

        Raises ``Throttled`` when the broker refuses for longer than its patience (queues full, memory or disk alarm) and
        ``Unavailable`` when it is away: nothing is lost, call again. On the embedded bus there is nothing to do.
        """
        ...

    def take(self, stage: str, limit: int, wait: timedelta = NO_WAIT, lanes: Sequence[str] = LANES) -> Delivery | None:
        """The next batch for a stage, all of one lane: the first of ``lanes`` that has something.

        None when nothing came within ``wait``. What a worker died of comes in ever smaller deliveries, until it stands alone;
        what kills ``MOST_ATTEMPTS`` workers alone is buried without further ado. A retry always comes alone. Work on the
        records in their order: the first that is not settled is the one a worker died of.
        """
        ...

    def settle_in(self, tx: Any, delivery: Delivery) -> None:
        """Within the transaction that holds the delivery's work: it is no longer on its way."""
        ...

    def settle(self, delivery: Delivery) -> None:
        """The work is committed: never deliver this again. What the broker sends twice all the same is known by its ids."""
        ...

    def retry_in(self, tx: Any, delivery: Delivery, why: str) -> None:
        """Within the transaction that leaves these records out: they come again later, alone, on the next rung of the ladder.

        ``settle_in`` follows in the same transaction, ``forward`` after its commit, ``settle`` after that. Of a record with
        ``MOST_ATTEMPTS - 1`` earlier attempts this was the last one: bury it.
        """
        ...

    def bury_in(self, tx: Any, delivery: Delivery, code: str, why: str) -> None:
        """Within a transaction: these records can never pass. They become dead letters; ``settle_in`` follows."""
        ...

    def put_back(self, delivery: Delivery) -> None:
        """Nothing was done (the worker stops, the store is away): it is there again at once, and no attempt is counted."""
        ...

    def announce(self, events: Sequence[Data], tx: Any = None) -> None:
        """Publish golden events (CloudEvents as dicts), in order; returns when all are confirmed. What the broker can never take
        is kept as dead letters in ``tx``, or in a transaction of its own.
        """
        ...

    def take_raw(self, limit: int, wait: timedelta = NO_WAIT) -> list[Pushed]:
        """What systems pushed to the bus in their own words; one alone when it was with a worker before."""
        ...

    def settle_raw(self, pushed: Sequence[Pushed]) -> None:
        """They are landed, or buried, and that is committed."""
        ...

    def put_back_raw(self, pushed: Sequence[Pushed]) -> None:
        """Nothing was done with them."""
        ...

    def bury_raw_in(self, tx: Any, pushed: Pushed, code: str, why: str) -> None:
        """Within a transaction: this can never be landed. ``settle_raw`` follows its commit."""
        ...

    def collect_dead(self, limit: int = 100) -> int:
        """Keep as dead letters what the broker itself gave up on, or found no queue for; how many messages."""
        ...

    def recall(self) -> int:
        """Publish again what the broker lost; how many messages. Of a repetition the ids tell."""
        ...

    def depth(self) -> dict[str, dict[str, int]]:
        """Stage -> lane -> how many records wait. What is dead stands in the store's dead letters."""
        ...

    def close(self) -> None:
        """Give back what is held and let go of connections; quick, and loses nothing."""
        ...
