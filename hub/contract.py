"""The contracts between rooms, with their promises in prose.

A connector is one file ``connectors/<kind>.py`` with one class named ``Connector``: a frozen dataclass whose fields are its
settings, each declared with :func:`setting`. The file's name is its ``kind:`` in ``landscape.yaml``. Strangers register
theirs by the entry point group ``goldenhub.connectors``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field
from datetime import timedelta
from typing import Any, Protocol, runtime_checkable

from hub.records import Damage, Data, RawRecord

Cursor = dict[str, Any]
"""Where a read stopped, as JSON. Only the connector that wrote it understands it; the hub only keeps it."""


class Secret:
    """A value whose text is ``***``: it can be used, never shown. ``reveal()`` is the only way to it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "***"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __bool__(self) -> bool:
        return bool(self._value)


def setting(
    help: str,
    *,
    default: Any = MISSING,
    secret: bool = False,
    choices: Sequence[str] = (),
    secrets: Sequence[str] = (),
    database: bool = False,
) -> Any:
    """One setting of a connector. Linter, help and reference docs read this declaration.

    A secret arrives as :class:`Secret`; in ``landscape.yaml`` it may only be a reference (``env:NAME``, ``file:PATH``).
    ``secrets`` names the dotted paths inside a mapping that are secret (``basic.password``).
    ``database`` says that this is the address of one, which may name an SQLite file below the company's folder.
    """
    metadata = {"help": help, "secret": secret, "choices": tuple(choices), "secrets": tuple(secrets), "database": database}
    if isinstance(default, (list, dict)):
        return field(default_factory=lambda: default.copy(), metadata=metadata, repr=not secret)
    return field(default=default, metadata=metadata, repr=not secret)


def duration(value: Any, unit: str = "") -> timedelta:
    """``500ms``, ``90s``, ``5m``, ``26h``, ``730d``, ``2w``. ``unit`` is that of a bare number; without one, or for anything
    else that is no duration, this raises ``ValueError``.
    """
    if isinstance(value, timedelta):
        return value
    found = _DURATION.fullmatch(str(value).strip())
    if not found or not (found[2] or unit):
        raise ValueError(value)
    try:
        return timedelta(seconds=float(found[1]) * _UNITS[found[2] or unit])
    except OverflowError as endless:
        raise ValueError(value) from endless


_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h|d|w)?", re.ASCII)
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


@dataclass(frozen=True, slots=True)
class CursorRule:
    """How a feed without a log finds what changed: keyset on (column, key), inclusive, with a lag window."""

    column: str | None = None
    lag: timedelta = timedelta(minutes=5)  # rows committed late are read again within this window
    sweep: str | None = None  # daily | every_run: look at all keys to find deletes
    children: Mapping[str, str] = field(default_factory=dict)  # child table -> its own time column, moving its parent


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """What one feed asks of its connector."""

    name: str  # the stream: a table, a path below the base URL, a file name, a mailbox folder
    children: Mapping[str, Sequence[str]] = field(default_factory=dict)  # child stream -> [child column, parent column]
    cursor: CursorRule = field(default_factory=CursorRule)
    options: Mapping[str, Any] = field(default_factory=dict)  # kind-specific words under `stream:` in the landscape
    batch_size: int = 500
    accept: bool = False  # a person allows a snapshot that would delete more than its share
    landed: Sequence[str] = ()  # keys that the hub holds from reads that ended before a checkpoint covered them
    max_deleted_share: float = 0.2


@dataclass(frozen=True, slots=True)
class Batch:
    """Records in the order in which they were read."""

    records: Sequence[RawRecord | Damage]


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """Everything yielded before this point is covered by this cursor. The hub keeps it only after all of that was confirmed."""

    cursor: Cursor


@dataclass(frozen=True, slots=True)
class Signal:
    """Something the hub should know that is no record."""

    kind: str  # schema_changed | resync | waiting | log
    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Probe:
    """One step of a check: name resolution, TLS, login, permission, list, sample read."""

    name: str
    state: str  # ok | failed | skipped
    hint: str = ""
    fault: str = ""  # settings | passing | system


@dataclass(frozen=True, slots=True)
class Stream:
    """What a system offers under one name."""

    name: str
    fields: Mapping[str, str]  # field -> type in JSON Schema's words
    key: Sequence[str] = ()
    cursor_candidates: Sequence[str] = ()
    estimated_rows: int | None = None
    writable: bool = False


@dataclass(frozen=True, slots=True)
class WriteTarget:
    """What one delivery may touch of its system, and nothing else."""

    name: str  # the stream: a table, a path below the base URL
    columns: Sequence[str]  # the only ones that may ever be set
    options: Mapping[str, Any] = field(default_factory=dict)  # kind-specific words under `stream:` in the landscape


@dataclass(frozen=True, slots=True)
class WriteCommand:
    """One record of the system as it should be. What ``values`` does not name stays as it is."""

    id: str  # the same for the same wish, however often it is asked: golden id and version
    key: str  # the system's own key, as ``RawRecord.key`` has it
    values: Data
    expected: Data = field(default_factory=dict)  # what must stand there now, or else nothing is written


WRITTEN, UNCHANGED, CONFLICT, RETRY, REFUSED = "written", "unchanged", "conflict", "retry", "refused"


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What became of one command."""

    id: str
    key: str
    state: str  # written | unchanged: it was so before | conflict: not as expected | retry: later | refused: see the answer
    answer: str = ""  # what the system said, where it said something
    version: str | None = None  # the system's own, where it has one
    before: Data = field(default_factory=dict)  # the whole record in the system's words, as it was
    held: Data = field(default_factory=dict)  # as it is now, read back in the transaction that wrote it


@runtime_checkable
class Connector(Protocol):
    """A system of one kind. It speaks only the system's own shapes; translation is the mapping's work.

    Every method may raise ``Unavailable``, ``Throttled`` or ``BadSettings`` and nothing else of the world: foreign exceptions
    are translated and kept in ``__cause__``. No secret appears in an error, a log or a repr.
    """

    def check(self) -> list[Probe]:
        """Named probes in the order a person would try them; after the first failure the rest are ``skipped``. Never raises."""
        ...

    def discover(self) -> list[Stream]:
        """What can be read. Names are what ``StreamRequest.name`` takes."""
        ...

    def read(self, request: StreamRequest, cursor: Cursor | None) -> Iterator[Batch | Checkpoint | Signal]:
        """What is new since ``cursor`` (all, when it is None).

        Promises: no row is skipped, however late it was committed (inclusive lower bound, lag window, upper bound taken at the
        source in the same snapshot); the same read twice yields the same; a damaged piece becomes ``Damage`` and costs only
        itself; memory is bounded by ``batch_size``, not by the input; closing the iterator releases everything.
        """
        ...

    def close(self) -> None: ...


@runtime_checkable
class Writer(Protocol):
    """A connector that can also write. One that lacks these methods cannot, and the landscape says so before any data moves."""

    def look(self, target: WriteTarget, keys: Sequence[str]) -> Mapping[str, Data]:
        """Records as they are now, by key, in the words in which :meth:`Connector.read` gives them; those that are there."""
        ...

    def write(self, target: WriteTarget, commands: Sequence[WriteCommand]) -> Iterator[WriteResult]:
        """One result for each command, in their order, each yielded only after it is committed.

        Promises: asked twice it writes once; what is as it should be already is not touched; a record that is not as
        ``expected`` is not either; one that is refused costs only itself; no column is set that the command does not name, and
        none at all beyond ``target.columns``. When the system goes away, ``Unavailable`` is raised and what has no result yet
        may or may not have been written: asking again finds out.
        """
        ...
