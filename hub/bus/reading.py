"""From what pika delivers to an envelope, and from an unreadable one to a dead letter: whatever a stranger put into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson
from pika import spec

from hub.bus import stage_of
from hub.bus.envelopes import ATTEMPT, JSON, Content, Envelope
from hub.bus.frames import Outgoing
from hub.records import Data, DeadLetter, canonical_json, content_hash, record_text

_MOST_TEXT = 500
_MOST_HEADERS = 64 * 2**10
_KEPT_OF_TOO_LARGE = 2**20
PERSISTENT = 2
APP = "goldenhub"
"""Who published a message of ours: its row in the store is gone exactly when its work is committed."""


def envelope_of(key: Any, properties: Any, body: bytes) -> Envelope:
    """What came, as it came; text that is no UTF-8 is made readable."""
    return Envelope(
        id=_text(properties.message_id),
        key=_text(key),
        type=_text(properties.type),
        content_type=_text(properties.content_type),
        body=body,
        encoding=_text(properties.content_encoding),
        headers=properties.headers,
    )


def outgoing(exchange: str, envelope: Envelope, attempts: int = 0, key: str | None = None) -> Outgoing:
    """An envelope on its way out, persistent, as this hub's."""
    headers = dict(envelope.headers or {})
    if attempts:
        headers[ATTEMPT] = attempts
    properties = spec.BasicProperties(
        content_type=envelope.content_type,
        content_encoding=envelope.encoding or None,
        headers=headers or None,
        delivery_mode=PERSISTENT,
        message_id=envelope.id[:255],
        type=envelope.type[:255],
        app_id=APP,
    )
    return Outgoing(exchange, envelope.key if key is None else key, envelope.id, properties, envelope.body)


def letter(envelope: Envelope, stage: str, lane: str, code: str, why: str, at: datetime, limit: int) -> DeadLetter:
    """A message that cannot be read, kept as it came; of one beyond the limit only the beginning."""
    told = plain(envelope)
    body = envelope.body if len(envelope.body) <= limit else envelope.body[:_KEPT_OF_TOO_LARGE]
    if len(body) < len(envelope.body):
        why += " Only its beginning is kept."
    return DeadLetter(
        message_id=envelope.id.replace("\x00", "") or content_hash([told, _shown(envelope.content_type), body.hex()]),
        stage=stage,
        lane=lane,
        entity="",
        records=1,
        code=code,
        reason=why,
        attempts=_attempts(envelope.headers),
        at=at,
        headers=told,
        content_type=_shown(envelope.content_type),
        body=body,
        fingerprint=f"{stage}/{code}/{_shown(envelope.key)}",
    )


def letters(content: Content, lane: str, code: str, why: str, at: datetime, settled: Sequence[int] = ()) -> list[DeadLetter]:
    """A message that can be read, record by record, as each would be published again."""
    return [
        DeadLetter(
            message_id=record.message_id,
            stage=stage_of(record.entity),
            lane=lane,
            entity=record.entity,
            records=1,
            code=code,
            reason=why,
            attempts=content.attempts,
            at=at,
            headers={},
            content_type=JSON,
            body=record_text(record),
            fingerprint=f"{stage_of(record.entity)}/{code}/{record.feed or record.entity}",
        )
        for place, record in enumerate(content.records)
        if place not in set(settled)
    ]


def plain(envelope: Envelope) -> Data:
    """The headers and addresses of a message, as JSON can keep them."""
    told = {"key": _shown(envelope.key), "type": _shown(envelope.type), "encoding": _shown(envelope.encoding)}
    try:
        headers = orjson.loads(orjson.dumps(_plain(envelope.headers), option=orjson.OPT_NON_STR_KEYS))
    except (TypeError, ValueError, RecursionError):
        headers = {}
    if not isinstance(headers, dict) or len(canonical_json(headers)) > _MOST_HEADERS:
        headers = {}
    return {**told, "headers": headers}


def _plain(value: Any, depth: int = 0) -> Any:
    if depth > 10:
        return "..."
    if isinstance(value, Mapping):
        return {_text(name): _plain(one, depth + 1) for name, one in value.items()}
    if isinstance(value, list):
        return [_plain(one, depth + 1) for one in value]
    if isinstance(value, bool | int | float) or value is None:
        return value
    return _text(value)


def _attempts(headers: object) -> int:
    value = headers.get(ATTEMPT) if isinstance(headers, Mapping) else 0
    return value if isinstance(value, int) and 0 <= value < 1000 else 0


def _text(value: Any) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return "" if value is None else str(value)


def _shown(text: str) -> str:
    return text.replace("\x00", "")[:_MOST_TEXT]
