"""What travels through the hub: raw records, translations, source records, members, golden records.

All are frozen. Canonical data stays a ``dict`` in canonical shape (``canonical_model/<entity>/schema.json``); these
classes hold what the hub knows *about* it. Times are timezone-aware UTC ``datetime``; dates are ``date``.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any, NamedTuple

import orjson

Data = dict[str, Any]

EARLIEST, LATEST = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
"""Moments between which every zone has a year of four digits: a database can keep others, and Python cannot read them again."""


class Operation(StrEnum):
    """What a message says about its record."""

    UPSERT = "upsert"  # the whole record as it is now
    PATCH = "patch"  # only what changed; a field that is null is known empty
    DELETED = "deleted"  # gone at the source: a tombstone
    ENDED = "ended"  # no longer true, still known (a closed account)
    ARCHIVED = "archived"  # kept by the source, out of daily use
    OUT_OF_SCOPE = "out_of_scope"  # exists, but this feed no longer covers it
    MERGED_INTO = "merged_into"  # the source merged it into `target`
    REKEYED = "rekeyed"  # the source gave it the new key `target`
    WITHDRAWN = "withdrawn"  # the hub's own word: translated again, it stands elsewhere


GONE = frozenset({Operation.DELETED, Operation.OUT_OF_SCOPE, Operation.MERGED_INTO, Operation.REKEYED})
"""Operations after which a record is no member of any golden record. Ended and archived customers are still known."""


class RecordRef(NamedTuple):
    """The only permanent identity: who said it, under which key, in which life of that key.

    Refs order by (system, key, generation) in code point order, which is the byte order of UTF-8 (``COLLATE "C"``).
    """

    system: str
    key: str
    generation: int = 0

    def __str__(self) -> str:
        return f"{self.system}:{self.key}" + (f"#{self.generation}" if self.generation else "")


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record in its system's own words, as a connector yields it."""

    stream: str
    data: Data  # {} when only a deletion is known
    where: str = ""  # file and line, message, page: for the person who looks at a reject
    key: str | None = None  # as text, when the connector knows it; else the mapping's `key` decides
    operation: str | None = None  # when the connector itself knows (a sweep found it deleted); else the mapping decides
    position: int | None = None  # place in the source's log or sequence
    updated_at: datetime | None = None  # the system's own time, when the connector knows it
    echoes: Data | None = None  # where `data` holds the hub's own words: what the system itself said before they were written

    @property
    def said(self) -> RawRecord:
        """The record without the hub's own words: what a mapping translates."""
        return replace(self, data={**self.data, **self.echoes}) if self.echoes else self


@dataclass(frozen=True, slots=True)
class Damage:
    """A piece of input that never became a record: a truncated row, a wrong encoding, an unreadable mail."""

    stream: str
    where: str
    code: str  # stable, snake_case: row_too_long, encoding_invalid, truncated, ...
    reason: str  # for a person, without personal data
    excerpt: str = ""  # a little of it, for the rejects page


@dataclass(frozen=True, slots=True)
class Translation:
    """One canonical record out of one raw record: what a mapping makes."""

    entity: str
    key: str
    operation: Operation
    data: Data
    updated_at: datetime | None = None
    generation: int = 0
    position: int | None = None
    target: str | None = None  # the other key of merged_into and rekeyed
    valid_from: datetime | None = None  # when it was true, where the source knows that
    valid_to: datetime | None = None


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """One version of one record as one system knows it, in canonical shape."""

    entity: str
    ref: RecordRef
    operation: Operation
    data: Data
    extracted_at: datetime
    message_id: str
    feed: str = ""
    run: str = ""
    mapping: str = ""
    updated_at: datetime | None = None
    position: int | None = None  # log position or sequence number, where the feed has one
    delta: bool = False  # folds onto the record held, instead of replacing it
    sequenced: bool = False  # positions of one key have no holes: a hole asks for a full record
    target: str | None = None
    valid_from: datetime | None = None
    valid_to: datetime | None = None
    replayed_at: datetime | None = None  # translated again then, from what came at `extracted_at`
    caused_by: str = field(default="", compare=False)  # the message, or receipt, in whose place it stands: told, not kept
    _version: str = field(default="", init=False, repr=False, compare=False)
    _data_json: bytes = field(default=b"", init=False, repr=False, compare=False)

    @property
    def data_json(self) -> bytes:
        """``data`` as canonical JSON: it is hashed once and stored twice, and told once."""
        if not self._data_json:
            object.__setattr__(self, "_data_json", canonical_json(self.data))
        return self._data_json

    @property
    def effective_at(self) -> datetime:
        """When it became true for the hub: one record dated 9999 must block nobody."""
        return min(self.updated_at, self.extracted_at) if self.updated_at else self.extracted_at

    @property
    def content_hash(self) -> str:
        return content_hash([self.operation.value, orjson.Fragment(self.data_json), self.target])

    @property
    def order(self) -> int:
        """Where its source puts it among the versions of its key: a place in a log, else a time."""
        return self.position if self.position is not None else micros(self.effective_at)

    @property
    def version(self) -> str:
        """Sorts as text in the order of versions: generation, position or time, extraction, content.

        Another translation of what came then sorts right behind the first, and before whatever came later.
        """
        if not self._version:
            object.__setattr__(self, "_version", self._ordered())
        return self._version

    def _ordered(self) -> str:
        place = f"{self.ref.generation:08d}.{self.order:020d}.{micros(self.extracted_at):020d}"
        if self.replayed_at is not None:
            place += f".~{micros(self.replayed_at):020d}"
        return f"{place}.{self.content_hash[:16]}"


@dataclass(frozen=True, slots=True)
class Reject:
    """A piece of input that was set aside with its reason. It arrived, so it counts, and it can be replayed when mended."""

    message_id: str
    feed: str
    code: str  # stable: unmapped_code, invalid_record, truncated, ...
    reason: str  # for a person; names fields, never values
    at: datetime
    run: str = ""
    where: str = ""
    entity: str = ""
    key: str | None = None
    mapping: str = ""
    facts: Data = field(default_factory=dict)  # field, expression, input slice, violations
    payload: Any = None  # what arrived: the raw record, or an excerpt of what could not be read
    system: str = ""
    receipt: str = ""  # under which what arrived is kept raw

    @property
    def about(self) -> str:
        """What in the record it is about, without places in lists; empty: the record as a whole."""
        places = [str(self.facts.get("field") or "")]
        if not places[0]:
            places = [f"{one.get('path') or '(record)'}: {one.get('rule')}" for one in self.facts.get("violations") or ()]
        return ", ".join(sorted({_IN_LIST.sub("[]", place) for place in places}))

    @property
    def fingerprint(self) -> str:
        """What has one cause has one fingerprint: where it came from, what it was to become, what was wrong, and where."""
        return content_hash([self.feed, self.mapping, self.code, self.about])


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A message that no worker could take. It is kept whole, so that it can be replayed when the cause is mended."""

    message_id: str
    stage: str  # resolve | attach | in | unrouted
    lane: str
    entity: str
    records: int
    code: str  # stable: killed_worker, malformed_message, no_queue, the code of an error, ...
    reason: str  # for a person; no values
    attempts: int
    at: datetime
    headers: Data
    content_type: str
    body: bytes
    fingerprint: str  # what has one cause has one fingerprint


@dataclass(frozen=True, slots=True)
class Decision:
    """A steward's answer about two sets of source records, never about golden ids. The latest per pair of sets wins."""

    id: str
    verdict: str  # same | not_same
    left: tuple[RecordRef, ...]
    right: tuple[RecordRef, ...]
    by: str
    at: datetime
    why: str = ""
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ReviewTask:
    """A question for a person about two golden records, or about one that may have to be split."""

    kind: str  # near_match | refused_union | contradiction | evidence_gone | weak_duplicates | oversized | tie
    left: tuple[RecordRef, ...]
    right: tuple[RecordRef, ...]
    bits: int  # the strongest evidence between them, 1/1000 bit
    reason: str
    detail: Data = field(default_factory=dict)


def canonical_json(value: Any) -> bytes:
    """Bytes that are equal exactly when the values are: keys sorted, no spaces, dates in RFC 3339."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z | orjson.OPT_NON_STR_KEYS)


def content_hash(value: Any) -> str:
    """BLAKE2b (RFC 7693), 128 bits, in hex."""
    return hashlib.blake2b(canonical_json(value), digest_size=16).hexdigest()


def micros(moment: datetime) -> int:
    """Whole microseconds since the year 1, for ordering without floats."""
    delta = moment.replace(tzinfo=None) - (moment.utcoffset() or _ZERO) - _YEAR_ONE
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


_YEAR_ONE = datetime(1, 1, 1)  # noqa: DTZ001 - naive on purpose: only a difference is taken
_ZERO = _YEAR_ONE - _YEAR_ONE


def at_path(data: Mapping[str, Any], path: str) -> Any:
    """The value at a dotted path of a canonical record, or None."""
    value: Any = data
    for step in path.split("."):
        if type(value) is not dict and (value is None or not isinstance(value, Mapping)):
            return None
        value = value.get(step)
    return value


def record_to_json(record: SourceRecord) -> Data:
    """A source record as JSON, for messages and logs; :func:`record_from_json` reads it back as it was."""
    told: Data = {"entity": record.entity, "ref": list(record.ref), "operation": record.operation.value, "data": record.data}
    for name in _PLAIN:
        if (value := getattr(record, name)) or type(value) is int:
            told[name] = value.isoformat() if isinstance(value, datetime) else value
    return told


def record_text(record: SourceRecord) -> bytes:
    """:func:`record_to_json` as canonical JSON. What the records of a batch have in common is written once for all of them."""
    unusual = record.position, record.target, record.valid_from, record.valid_to, record.replayed_at
    if unusual != _NOTHING or record.caused_by or not record.message_id:
        return canonical_json(record_to_json(record))
    system, key, generation = record.ref
    after_data, after_time, after_id, after_ref = _in_common(
        record.entity, system, record.operation.value, record.feed, record.mapping, record.run, record.delta, record.sequenced
    )
    updated = f',"updated_at":"{record.updated_at.isoformat()}"' if record.updated_at is not None else ""
    dumps = orjson.dumps
    return b"".join(
        (
            b'{"data":', record.data_json, after_data, record.extracted_at.isoformat().encode(), after_time,
            dumps(record.message_id), after_id, dumps(key), f",{generation}]".encode(), after_ref, updated.encode(), b"}",
        )
    )  # fmt: skip


@lru_cache(maxsize=256)
def _in_common(
    entity: str, system: str, operation: str, feed: str, mapping: str, run: str, delta: bool, sequenced: bool
) -> tuple[bytes, bytes, bytes, bytes]:
    """What stands behind the data, the time, the message id and the key, in the order of their names."""

    def told(name: str, value: str | bool) -> bytes:
        return b',"' + name.encode() + b'":' + orjson.dumps(value) if value else b""

    return (
        told("delta", delta) + b',"entity":' + orjson.dumps(entity) + b',"extracted_at":"',
        b'"' + told("feed", feed) + told("mapping", mapping) + b',"message_id":',
        told("operation", operation) + b',"ref":[' + orjson.dumps(system) + b",",
        told("run", run) + told("sequenced", sequenced),
    )


def record_from_json(text: str | bytes) -> SourceRecord:
    """The source record that :func:`record_to_json` told, from its text."""
    return record_from_told(orjson.loads(text))


def record_from_told(told: Data) -> SourceRecord:
    """The source record that :func:`record_to_json` told. ``told`` is used up."""
    system, key, generation = told.pop("ref")
    for name in MOMENTS:
        if name in told:
            told[name] = datetime.fromisoformat(told[name])
    told["operation"] = Operation(told["operation"])
    return SourceRecord(ref=RecordRef(system, key, generation), **told)


_IN_LIST = re.compile(r"\.\d+(?=\.|:|$)|\[\d+\]")
MOMENTS = ("extracted_at", "updated_at", "valid_from", "valid_to", "replayed_at")
_NOTHING = (None,) * 5
_PLAIN = (*MOMENTS, "message_id", "feed", "run", "mapping", "position", "delta", "sequenced", "target", "caused_by")


def receipt_of(message_id: str) -> str:
    """The receipt of the raw record a message came from: further outcomes of one record have a number behind a dot."""
    return message_id.partition(".")[0]


def refs_text(refs: Sequence[RecordRef]) -> str:
    return ", ".join(map(str, refs))
