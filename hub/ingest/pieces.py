"""What goes through ingest: plans of feeds, what came, what landed, and the report."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from hub.contract import Cursor, Signal
from hub.errors import MappingFailed
from hub.records import Damage, Data, RawRecord, Reject, SourceRecord, Translation

Item = RawRecord | Damage
Made = SourceRecord | Reject


@dataclass(frozen=True, slots=True)
class Origin:
    """What is translated once more: the receipt under which it is kept, and the moment when it came."""

    receipt: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Again:
    """Records that are kept, to be translated once more, each as of the moment when it came: nothing younger is overtaken."""

    records: Sequence[Item]
    origins: Sequence[Origin]
    at: datetime  # the moment of the replay
    edited: bool = False  # a person changed them: they are no longer what the origin keeps


@dataclass(frozen=True, slots=True)
class Came:
    """One piece of input as it came, and under which receipt. Its messages are ``id``, ``id.2``, ... up to ``id.<made>``."""

    id: str
    at: datetime
    item: Item
    entity: str
    key: str | None  # of the source record it is about, as far as anybody knows it
    made: int
    origin: str | None = None  # of a replay: the receipt it began with
    edited: bool = False  # what came is not what the origin keeps


class Translator(Protocol):
    """A compiled mapping, as this stage needs it."""

    @property
    def name(self) -> str: ...
    @property
    def entity(self) -> str: ...
    def apply(self, raw: RawRecord) -> Sequence[Translation | MappingFailed]: ...
    def keys(self, raw: RawRecord) -> set[str]: ...


Check = Callable[[str, dict[str, Any]], None]
"""(entity, data): raises a ``Rejected`` when the record breaks the canonical schema or a quality rule; may add flags to data."""


@dataclass(frozen=True)
class FeedPlan:
    """One feed, ready to run: who says it, and what makes canonical records of it."""

    name: str
    system: str
    translators: Sequence[Translator]
    check: Check
    held: Callable[[Sequence[tuple[str, str]]], Collection[tuple[str, str]]] = lambda keys: ()
    """Which of these (entity, key) of this system the hub holds as current."""
    former: Callable[[Sequence[str]], Mapping[str, Sequence[SourceRecord]]] = lambda receipts: {}
    """What the latest translations of these receipts said: a replay may have to take it back."""
    delta: bool = False
    order_by: str = "updated_at"  # log_position | sequence | updated_at | read_position
    echoes: Callable[[Sequence[Item]], Sequence[Item]] = lambda items: items
    """The same records; those that hold what the hub itself wrote know what their system said before."""
    own: Callable[[Translation], Data] = lambda made: made.data
    """What of a translated record is its system's own word; raises a ``Rejected`` when none of it is."""


@dataclass
class RunReport:
    """What one run of one feed did, in numbers that add up: arrived = published + rejected + filtered."""

    feed: str
    run: str
    read: int = 0
    arrived: Counter[str] = field(default_factory=Counter)  # by entity
    filtered: Counter[str] = field(default_factory=Counter)
    published: int = 0
    echoes: int = 0  # records that held what the hub itself wrote there
    rejected: Counter[str] = field(default_factory=Counter)  # by code
    signals: list[Signal] = field(default_factory=list)
    state: str = "done"  # done | failed: later again | held: a person looks | stopped: a person changes something
    message: str = ""

    def as_dict(self) -> dict[str, Any]:
        return {
            "feed": self.feed,
            "run": self.run,
            "state": self.state,
            "message": self.message,
            "read": self.read,
            "arrived": self.arrived.total(),
            "published": self.published,
            "filtered": self.filtered.total(),
            "echoes": self.echoes,
            "rejected": dict(sorted(self.rejected.items())),
            "signals": [{"kind": signal.kind, "message": signal.message} for signal in self.signals],
        }


@dataclass(frozen=True)
class Landed:
    """What one batch came to: records for the bus, counts by entity, rejects, and all as it came; or how far the feed is."""

    records: Sequence[SourceRecord]
    arrived: Mapping[str, int]
    filtered: Mapping[str, int]
    rejects: Sequence[Reject]
    cursor: Cursor | None
    came: Sequence[Came] = ()


Land = Callable[[Landed], None]
"""Returns when the bus has confirmed the records and counts, rejects and cursor are kept; raises otherwise."""
