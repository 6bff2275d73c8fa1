"""Values on their way in and out: what a source gives becomes JSON, what an expression gives becomes clean canonical values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any
from unicodedata import is_normalized, normalize
from uuid import UUID

from hub.errors import Unclean

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
LARGEST_INTEGER = 2**63 - 1
LARGEST_TEXT = 1_000_000
DEEPEST = 50


def as_json(data: Mapping[str, Any], watched: Iterable[str] | None) -> dict[str, Any]:
    """A record of a source whose ``watched`` fields (None: all) are in JSON's types: dates and decimals become text.

    Only what expressions look into has to be converted beforehand; a plain path is converted when it is copied.
    """
    record = data if type(data) is dict else {str(name): value for name, value in data.items()}
    for name in list(record) if watched is None else watched:
        value = record.get(name)
        if type(value) is not str and value is not None:
            converted = as_value(value)
            if converted is not value:
                record = {**record, name: converted}
    return record


def as_value(value: Any) -> Any:
    """The same value, or a converted copy of one that holds what JSON lacks; what cannot be converted is refused."""
    kind = type(value)
    if kind is bool or (kind is int and -LARGEST_INTEGER <= value <= LARGEST_INTEGER):
        return value
    if (kind is dict or kind is list) and _is_json(value, 0):
        return value
    return _json(value, 0)


def _is_json(value: dict[Any, Any] | list[Any], depth: int) -> bool:
    """Whether nothing has to be changed: the usual case, found without copying."""
    if depth > DEEPEST:
        return False
    if type(value) is dict:
        for name in value:
            if type(name) is not str:
                return False
        inner: Any = value.values()
    else:
        inner = value
    for item in inner:
        kind = type(item)
        if kind is str or item is None:
            continue
        if kind is dict or kind is list:
            if not _is_json(item, depth + 1):
                return False
        elif kind is not bool and (kind is not int or abs(item) > LARGEST_INTEGER):
            return False
    return True


def _json(value: Any, depth: int) -> Any:
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return value
    if depth > DEEPEST:
        raise Unclean(f"The record is nested deeper than {DEEPEST} levels.", code="nested_too_deeply")
    if kind is dict or isinstance(value, Mapping):
        return {str(name): _json(inner, depth + 1) for name, inner in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_json(inner, depth + 1) for inner in value]
    return _scalar(value)


def _scalar(value: Any) -> Any:
    if isinstance(value, Enum):
        return _json(value.value, 0)
    if isinstance(value, int):
        return int(value) if abs(value) <= LARGEST_INTEGER else str(value)
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, Decimal):
        return format(value, "f") if value.is_finite() else None
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, (str, UUID)):
        return str(value)
    if isinstance(value, (bytes, bytearray, memoryview)):
        return _decoded(bytes(value))
    raise Unclean(f"A value of type {type(value).__name__} cannot be read; convert it in the source.", code="type_unknown")


def _decoded(value: bytes) -> str:
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError as wrong:
        raise Unclean("Bytes that are no UTF-8 text; convert them in the source.", code="encoding_invalid") from wrong


def clean_text(value: str) -> str:
    """NFC, without spaces around it. Line ends and tabs inside are kept, other control characters refused."""
    if len(value) <= LARGEST_TEXT and value.isascii() and value.isprintable():
        return value if value[:1] != " " and value[-1:] != " " else value.strip()
    if not value.isprintable() and _CONTROL.search(value):
        raise Unclean("A control character or half a character is in the text.", code="control_character")
    if len(value) > LARGEST_TEXT:
        raise Unclean(f"The text is longer than {LARGEST_TEXT:,} characters.", code="text_too_long")
    text = value if is_normalized("NFC", value) else normalize("NFC", value)
    return text.replace("\r\n", "\n").strip()


def shown_time(moment: datetime) -> str:
    """RFC 3339 with an offset."""
    return moment.isoformat().replace("+00:00", "Z")


def to_text(value: Any) -> Any:
    """Numbers and booleans as text."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return format(Decimal(repr(value)), "f")
    if isinstance(value, int):
        return str(value)
    return _text_only(value)


def _text_only(value: Any) -> str:
    if not isinstance(value, str):
        raise Unclean("This should be text.", code="type_mismatch")
    return value


def to_integer(value: Any) -> int:
    if isinstance(value, str) and re.fullmatch(r"\s*[-+]?[0-9]{1,18}\s*", value):
        return int(value)
    if isinstance(value, float) and value.is_integer() and abs(value) <= LARGEST_INTEGER:
        return int(value)
    if type(value) is int:
        return value
    raise Unclean("This is no whole number.", code="integer_invalid")


def to_number(value: Any) -> int | float:
    if isinstance(value, str) and re.fullmatch(r"\s*[-+]?[0-9]{1,18}(\.[0-9]{1,18})?\s*", value):
        return float(value) if "." in value else int(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return value
    raise Unclean("This is no number.", code="number_invalid")


_TRUE = frozenset({"true", "t", "yes", "y", "1"})
_FALSE = frozenset({"false", "f", "no", "n", "0"})


def to_boolean(value: Any) -> bool:
    word = str(value).strip().lower() if isinstance(value, (str, int)) else ""
    if word in _TRUE or word in _FALSE:
        return word in _TRUE
    raise Unclean("This is neither true nor false; use a lookup for other words.", code="boolean_invalid")


def to_list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise Unclean("This should be a list.", code="not_a_list")
    return value


def to_object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unclean("This should be an object.", code="type_mismatch")
    return value


def from_unix(value: Any, units: int) -> datetime:
    """Seconds or milliseconds since 1970 as a time in UTC."""
    try:
        return datetime.fromtimestamp(float(to_number(value)) / units, UTC)
    except (OverflowError, OSError, ValueError) as wrong:
        raise Unclean("This is no time since 1970.", code="time_invalid") from wrong


CONVERTERS: Mapping[str, Callable[[Any], Any]] = {
    "text": to_text,
    "integer": to_integer,
    "number": to_number,
    "boolean": to_boolean,
    "list": to_list,
    "object": to_object,
}
TYPES = (*CONVERTERS, "amount", "date", "datetime", "unix_seconds", "unix_milliseconds")
"""What `type:` can say."""
