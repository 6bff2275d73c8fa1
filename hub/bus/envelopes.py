"""How a message looks on the wire, and how it is read when a stranger wrote it.

One record or one golden event is CloudEvents 1.0 in binary mode: attributes as headers ``cloudEvents_*``, the body is the data.
Many records are one message of a content type of our own, since the AMQP binding has no batch mode. Reading is strict and
bounded: whatever is wrong becomes a ``Rejected`` with a code, never a crash, and never more memory than the limit.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

import orjson

from hub.bus import stage_of
from hub.errors import Rejected
from hub.records import EARLIEST, LATEST, Data, SourceRecord, canonical_json, content_hash, record_from_told, record_text

BATCH = "application/vnd.goldenhub.batch+json"
JSON = "application/json"
MAJOR = 1
MOST_RECORDS = 500
LIMIT = 16 * 2**20
"""Bytes of one message, as it travels and as it is when inflated."""

PREFIX = "cloudEvents_"
ATTEMPT = "x-hub-attempt"
RECORDS = "x-hub-records"
TRACE = "traceparent"

UNREADABLE = "x-hub-unreadable"
"""A header in the place of headers that cannot be decoded: without it such a message would break every connection."""

_OTHER_PREFIX = "cloudEvents:"  # the AMQP binding allows both
LONGEST_ID = 200
"""Characters of a pushed message's id, and of its source: repetitions are looked up by both."""
LARGE = 2**20
"""Bytes of JSON in one batch, roughly, and beyond which an event travels without its data."""
_WORTH_IT = 2048  # bytes below which deflating costs more than it saves
_NOT_IN_A_KEY = re.compile(r"[^A-Za-z0-9_-]+")
_TYPE = re.compile(r"([a-z][a-z0-9_]*)\.([a-z_]+)\.v(\d{1,4})")
_TRACE = re.compile(r"[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}")
_MOST_ATTEMPTS = 1000
_TEXT = {str}
_LARGEST = 2**63


@dataclass(frozen=True)
class Envelope:
    """A message, ready to be published or as it came."""

    id: str
    key: str  # the routing key
    type: str
    content_type: str
    body: bytes
    encoding: str = ""
    headers: Mapping[str, Any] | None = None
    entity: str = ""
    records: int = 1

    def told(self) -> Data:
        """All but the body, as JSON."""
        return {
            "key": self.key, "type": self.type, "content_type": self.content_type, "encoding": self.encoding,
            "headers": dict(self.headers or {}),
        }  # fmt: skip


class Content(NamedTuple):
    """What a message on a work queue holds."""

    records: tuple[SourceRecord, ...]
    attempts: int
    trace: str


@dataclass(frozen=True)
class RawEnvelope:
    """What a system pushed, in its own words."""

    feed: str
    operation: str
    id: str
    source: str
    data: tuple[Data, ...]
    time: datetime | None
    trace: str


@dataclass(frozen=True)
class Pushed:
    """One message from ``hub.in`` that this process holds."""

    envelope: Envelope
    token: Any
    redelivered: bool


def pack(records: Sequence[SourceRecord], trace: str = "") -> Iterator[Envelope]:
    """Records as messages: of one entity and one system each, in order, none much larger than a megabyte."""
    groups: dict[tuple[str, str], list[SourceRecord]] = {}
    for record in records:
        groups.setdefault((record.entity, record.ref.system), []).append(record)
    for group in groups.values():
        batch: list[SourceRecord] = []
        texts: list[bytes] = []
        size = 0
        for record in group:
            text = record_text(record)
            if batch and (len(batch) == MOST_RECORDS or size + len(text) > LARGE):
                yield _packed(batch, texts, trace)
                batch, texts, size = [], [], 0
            batch.append(record)
            texts.append(text)
            size += len(text)
        yield _packed(batch, texts, trace)


def _packed(batch: Sequence[SourceRecord], texts: Sequence[bytes], trace: str) -> Envelope:
    if len(batch) == 1:
        return _one(batch[0], texts[0], trace)
    first = batch[0]
    kind = f"{first.entity}.batch.v{MAJOR}"
    body, encoding = deflated(b"[" + b",".join(texts) + b"]")
    return Envelope(
        id=content_hash([one.message_id for one in batch]),
        key=f"{first.entity}.{_step(first.ref.system)}.batch.v{MAJOR}",
        type=kind,
        content_type=BATCH,
        body=body,
        encoding=encoding,
        headers={RECORDS: len(batch), **({TRACE: trace} if trace else {})},
        entity=first.entity,
        records=len(batch),
    )


def _one(record: SourceRecord, text: bytes, trace: str) -> Envelope:
    operation = f"{record.operation.value}.v{MAJOR}"
    attributes = {
        "specversion": "1.0",
        "id": record.message_id,
        "source": f"/goldenhub/{record.ref.system}",
        "type": f"{record.entity}.{operation}",
        "subject": record.ref.key,
        "time": (record.updated_at or record.extracted_at).isoformat(),
        "partitionkey": str(record.ref),
        "recordedtime": record.extracted_at.isoformat(),
    }
    if record.run:
        attributes["correlationid"] = record.run
    if record.caused_by:
        attributes["causationid"] = record.caused_by
    body, encoding = deflated(text)
    headers: dict[str, Any] = {PREFIX + name: value for name, value in attributes.items()}
    if trace:
        headers[TRACE] = trace
    key = f"{record.entity}.{_step(record.ref.system)}.{operation}"
    return Envelope(record.message_id, key, attributes["type"], JSON, body, encoding, headers, record.entity)


def event(told: Data) -> Envelope:
    """A golden event, a CloudEvent as a dict, in binary mode. Data of more than a megabyte stay where the feed of changes has
    them, and the event says where that is (``dataref``): brokers are made for many small messages.
    """
    headers = {PREFIX + name: str(value) for name, value in told.items() if name not in ("data", "datacontenttype", TRACE)}
    if trace := told.get(TRACE):
        headers[TRACE] = str(trace)
    content_type, body = str(told.get("datacontenttype", JSON)), canonical_json(told["data"])
    if len(body) > LARGE and "sequence" in told:
        headers[PREFIX + "dataref"] = f"/api/changes?after={int(told['sequence']) - 1}&limit=1"
        body = b""
    return Envelope(told["id"], told["type"], told["type"], content_type, body, headers=headers)


def deflated(body: bytes) -> tuple[bytes, str]:
    """The body and its content encoding: deflated when that pays."""
    if len(body) < _WORTH_IT:
        return body, ""
    small = zlib.compress(body, 1)
    return (small, "deflate") if len(small) < len(body) * 9 // 10 else (body, "")


def inflated(body: bytes, encoding: str, limit: int) -> bytes:
    """The body as it was; never more than ``limit`` bytes, whatever it would become."""
    if len(body) > limit:
        raise Rejected(f"A message of {len(body):,} bytes; the limit is {limit:,} (HUB_MESSAGE_LIMIT).", code="message_too_large")
    if encoding in ("", "identity"):
        return body
    if encoding not in ("deflate", "gzip"):
        raise Rejected("Its content encoding is neither deflate nor gzip.", code="encoding_unknown")
    reader = zlib.decompressobj(zlib.MAX_WBITS | (16 if encoding == "gzip" else 0))
    try:
        whole = reader.decompress(body, limit + 1)
    except zlib.error as wrong:
        raise Rejected(f"It cannot be inflated: {encoding} is not what it is.", code="encoding_invalid") from wrong
    if len(whole) > limit:
        raise Rejected(f"It inflates to more than {limit:,} bytes (HUB_MESSAGE_LIMIT).", code="inflates_too_far")
    if not reader.eof or reader.unused_data:
        raise Rejected("It cannot be inflated to its end, or goes on behind it.", code="encoding_invalid")
    return whole


def read(envelope: Envelope, limit: int = LIMIT, stage: str = "") -> Content:
    """The records of a message from a work queue; those of one stage alone, where it is named."""
    headers = _headers(envelope.headers)
    attempts = _number(headers, ATTEMPT)
    trace = _trace(headers)
    if envelope.content_type == BATCH:
        _known(envelope.type, headers, "batch")
        told = _json(inflated(envelope.body, envelope.encoding, limit))
        if not isinstance(told, list) or not told:
            raise Rejected("A batch is a list of records, with one at least.", code="malformed_message")
        records = tuple(_record(one) for one in told)
    elif envelope.content_type == JSON:
        attributes = attributes_of(headers)
        _required(attributes)
        _known(attributes["type"], headers)
        records = (_record(_json(inflated(envelope.body, envelope.encoding, limit))),)
        if records[0].message_id != attributes["id"]:
            raise Rejected("The record bears another id than its message.", code="malformed_message")
    else:
        raise Rejected(f"Its content type is neither {JSON} nor {BATCH}.", code="type_unknown")
    if len({stage_of(one.entity) for one in records} | ({stage} if stage else set())) > 1:
        raise Rejected("Its records belong to more than one stage, or to another.", code="malformed_message")
    return Content(records, attempts, trace)


def read_raw(envelope: Envelope, limit: int = LIMIT) -> RawEnvelope:
    """What a system pushed to ``hub.in``; the routing key ``<feed>.<operation>.v1`` says what it is."""
    feed, operation = _addressed(envelope.key)
    headers = _headers(envelope.headers)
    if not envelope.body and (PREFIX + "dataref" in headers or _OTHER_PREFIX + "dataref" in headers):
        raise Rejected(
            "Its data are elsewhere (`dataref`): this hub fetches nothing from addresses in messages.", code="by_reference"
        )
    structured = envelope.content_type.startswith("application/cloudevents+json")
    told = _json(inflated(envelope.body, envelope.encoding, limit))
    attributes = attributes_of(headers)
    if structured:
        if not isinstance(told, dict) or "data" not in told:
            raise Rejected("A structured CloudEvent is an object with `data`.", code="malformed_message")
        attributes = {name: value for name, value in told.items() if isinstance(value, str)}
        told = told["data"]
    elif not envelope.content_type.startswith(JSON):
        raise Rejected(f"Its content type is not {JSON}.", code="type_unknown")
    if attributes and attributes.get("specversion", "1.0") != "1.0":
        raise Rejected("Its CloudEvents specversion is not 1.0.", code="version_unknown")
    identity = attributes.get("id") or envelope.id
    if not identity:
        raise Rejected("It bears no id: neither `cloudEvents_id` nor `message_id`; repetitions could not be told.", code="no_id")
    source = attributes.get("source", feed)
    if max(len(identity), len(source)) > LONGEST_ID or "\x00" in identity + source:
        said = f"Its id or its source is longer than {LONGEST_ID} characters, or has a NUL in it."
        raise Rejected(said, code="headers_invalid")
    data = told if isinstance(told, list) else [told]
    if not data or not all(isinstance(one, dict) and one for one in data):
        raise Rejected("It is neither a record nor a list of records.", code="malformed_message")
    time = _moment(attributes["time"]) if "time" in attributes else None
    return RawEnvelope(feed, operation, identity, source, tuple(data), time, _trace(headers))


def attributes_of(headers: Mapping[str, Any]) -> dict[str, str]:
    """The CloudEvents attributes among the headers. All of them are text."""
    found = {}
    for name, value in headers.items():
        if name.startswith((PREFIX, _OTHER_PREFIX)):
            if not isinstance(value, str):
                raise Rejected(f"The header {name[:60]} is no text.", code="headers_invalid")
            found[name[len(PREFIX) :]] = value
    return found


def _headers(headers: object) -> Mapping[str, Any]:
    if headers is None:
        return {}
    if not isinstance(headers, Mapping) or UNREADABLE in headers or not all(isinstance(name, str) for name in headers):
        raise Rejected("Its headers cannot be read.", code="headers_invalid")
    return headers


def _required(attributes: Mapping[str, str]) -> None:
    missing = [name for name in ("specversion", "id", "source", "type") if not attributes.get(name)]
    if missing:
        raise Rejected(f"It is no CloudEvent: {', '.join(missing)} is missing.", code="malformed_message")
    if attributes["specversion"] != "1.0":
        raise Rejected("Its CloudEvents specversion is not 1.0.", code="version_unknown")


def _known(kind: str, headers: Mapping[str, Any], operation: str = "") -> None:
    found = _TYPE.fullmatch(kind or "")
    if not found or (operation and found[2] != operation):
        raise Rejected("Its type is not <entity>.<operation>.v<major>.", code="type_unknown")
    if int(found[3]) != MAJOR:
        raise Rejected(f"Its type is of major version {int(found[3])}; this hub reads {MAJOR}.", code="version_unknown")


def _addressed(key: str) -> tuple[str, str]:
    steps = key.split(".")
    if len(steps) < 4 or not all(steps):
        raise Rejected("Its routing key is not <system>.<stream>.<operation>.v1.", code="routing_key_invalid")
    if steps[-1] != f"v{MAJOR}":
        raise Rejected(f"Its routing key does not end with v{MAJOR}.", code="version_unknown")
    return ".".join(steps[:-2]), steps[-2]


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except (orjson.JSONDecodeError, RecursionError) as wrong:
        raise Rejected("Its body is not JSON.", code="not_json") from wrong


def _record(told: Any) -> SourceRecord:
    try:
        record = record_from_told(dict(told))
    except (KeyError, TypeError, ValueError, AttributeError) as wrong:
        raise Rejected("A record in it lacks something or is of a wrong shape.", code="record_invalid") from wrong
    if not _well_formed(record):
        raise Rejected(
            "A record in it is of a wrong shape, or a time in it has no offset or no year of ours.", code="record_invalid"
        )
    return record


def _well_formed(record: SourceRecord) -> bool:
    """Whether every field is of the type it should be. Every record on the bus comes by here, hence no loop."""
    ref, position, target = record.ref, record.position, record.target
    texts = (record.entity, ref.system, ref.key, record.message_id, record.feed, record.run, record.mapping, record.caused_by)
    return (
        set(map(type, texts)) == _TEXT
        and "\x00" not in "".join(texts)
        and bool(record.entity and record.message_id)
        and type(ref.generation) is int
        and 0 <= ref.generation < _LARGEST
        and (position is None or (type(position) is int and -_LARGEST <= position < _LARGEST))
        and type(record.data) is dict
        and (target is None or type(target) is str)
        and type(record.delta) is bool
        and type(record.sequenced) is bool
        and _keepable(record.extracted_at)
        and (record.updated_at is None or _keepable(record.updated_at))
        and (record.valid_from is None or _keepable(record.valid_from))
        and (record.valid_to is None or _keepable(record.valid_to))
        and (record.replayed_at is None or _keepable(record.replayed_at))
    )


def _keepable(moment: datetime) -> bool:
    return moment.tzinfo is not None and EARLIEST <= moment <= LATEST


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as wrong:
        raise Rejected("Its time is no RFC 3339 time.", code="headers_invalid") from wrong
    if not _keepable(moment):
        raise Rejected("Its time has no offset, or lies before the year 1 or after 9999.", code="headers_invalid")
    return moment


def _number(headers: Mapping[str, Any], name: str) -> int:
    value = headers.get(name, 0)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= _MOST_ATTEMPTS:
        raise Rejected(f"The header {name} is no count.", code="headers_invalid")
    return value


def _trace(headers: Mapping[str, Any]) -> str:
    value = headers.get(TRACE, "")
    return value if isinstance(value, str) and _TRACE.fullmatch(value) else ""  # a broken trace stops no record


def _step(name: str) -> str:
    """A name as one step of a routing key."""
    return _NOT_IN_A_KEY.sub("-", name)[:80] or "-"
