"""A raw record as bytes and back, exactly: whatever a connector may yield, and JSON alone would change.

What JSON has a word for is JSON. Everything else is ``{"$": kind, "v": text}``: bytes, decimals, dates, times, tuples, sets, keys
that are no text, numbers beyond 64 bits, text that is no Unicode. What no kind is known for is kept as the text it shows.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from math import isfinite
from typing import Any
from uuid import UUID

import orjson

from hub.records import Damage, RawRecord

_MARK = "$"
_OPTIONS = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS
_LEAST, _MOST = -(2**63), 2**64
_SMALL = 512  # bytes: below, deflating costs more than everything else of keeping a record, and saves a quarter of little
_PLAIN, _PACKED = b"\x00", b"\x01"
_NAMES = frozenset({str})
_AS_IT_IS = frozenset({str, int, bool, type(None), datetime, date, time, Decimal, bytes})
"""What one pass of the JSON library writes, with a word of ours for some."""


def pack(item: RawRecord | Damage) -> bytes:
    """The bytes of one piece of input."""
    if isinstance(item, RawRecord):
        data = _data(item.data)
        whole: list[Any] = ["record", data, item.key, item.operation, item.position, item.updated_at, item.where]
        whole += [item.echoes] if item.echoes else []
    else:
        whole = ["damage", item.code, item.reason, item.excerpt, item.where]
    try:
        told = orjson.dumps(whole, default=_tagged, option=_OPTIONS)
    except (TypeError, RecursionError):  # text that is no Unicode, numbers beyond 64 bits: the slower way knows them
        told = _slowly(whole)
    if len(told) < _SMALL:
        return _PLAIN + told
    made = zlib.compressobj(1, zlib.DEFLATED, -12, 5)
    return _PACKED + made.compress(told) + made.flush()


def _data(data: dict[str, Any]) -> Any:
    try:
        return data if _is_plain(data) else _told(data)
    except RecursionError:
        return _deep(data)


def _slowly(whole: list[Any]) -> bytes:
    """What one pass cannot write. Nested deeper than our library goes, data is kept as text; deeper still, not at all."""
    try:
        return orjson.dumps([_told(one) for one in whole], default=_tagged, option=_OPTIONS)
    except (TypeError, RecursionError):
        return orjson.dumps([_told(one) if type(one) is not dict else _deep(one) for one in whole], default=_tagged)


def _deep(data: dict[str, Any]) -> dict[str, Any]:
    try:
        return _marked("json", json.dumps(data))
    except (TypeError, ValueError, RecursionError):
        return {
            name: "(nested too deeply to be kept)" if isinstance(one, dict | list) else _told(one) for name, one in data.items()
        }


def unpack(packed: bytes, stream: str) -> RawRecord | Damage:
    """The piece of input that these bytes are."""
    told = packed[1:] if packed[:1] == _PLAIN else zlib.decompress(packed[1:], -12)
    whole = orjson.loads(told)
    if b'"$"' in told:
        whole = _heard(whole)
    if whole[0] == "record":
        _, data, key, operation, position, updated_at, where, *echoes = whole
        return RawRecord(stream, data, where, key, operation, position, updated_at, *echoes)
    _, code, reason, excerpt, where = whole
    return Damage(stream, where, code, reason, excerpt)


def _is_plain(value: Any) -> bool:
    """Whether one pass writes it without changing anything."""
    kind = type(value)
    if kind in _AS_IT_IS:
        return True
    if kind is dict:
        if _AS_IT_IS.issuperset(map(type, value.values())) and _NAMES.issuperset(map(type, value)):
            return _MARK not in value
        for name, one in value.items():
            if type(name) is not str or name == _MARK or not (type(one) in _AS_IT_IS or _is_plain(one)):
                return False
        return True
    if kind is list:
        return all(type(one) in _AS_IT_IS or _is_plain(one) for one in value)
    return kind is float and isfinite(value)


def _marked(kind: str, value: Any) -> dict[str, Any]:
    return {_MARK: kind, "v": value}


def _tagged(value: Any) -> dict[str, Any]:
    """What the JSON library does not write by itself."""
    kind = type(value)
    if kind in _TEXTS:
        name, tell = _TEXTS[kind]
        return _marked(name, tell(value))
    raise TypeError(kind.__name__)


def _base64(value: Any) -> str:
    return base64.b64encode(bytes(value)).decode()


_TEXTS: dict[type, tuple[str, Callable[[Any], Any]]] = {
    datetime: ("datetime", datetime.isoformat),
    date: ("date", date.isoformat),
    time: ("time", time.isoformat),
    timedelta: ("timedelta", lambda value: [value.days, value.seconds, value.microseconds]),
    Decimal: ("decimal", str),
    bytes: ("bytes", _base64),
    bytearray: ("bytes", _base64),
    memoryview: ("bytes", _base64),
    UUID: ("uuid", str),
}
_READ: dict[str, Callable[[Any], Any]] = {
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "time": time.fromisoformat,
    "timedelta": lambda value: timedelta(*value),
    "decimal": Decimal,
    "bytes": base64.b64decode,
    "uuid": UUID,
    "json": json.loads,
    "int": int,
    "float": float,
    "odd": lambda value: base64.b64decode(value).decode("utf-16-le", "surrogatepass"),
    "text": str,
    "tuple": lambda value: tuple(map(_heard, value)),
    "set": lambda value: set(map(_heard, value)),
    "map": lambda value: {_heard(name): _heard(one) for name, one in value},
}


def _told(value: Any) -> Any:
    """The same with words of ours for all that JSON would change."""
    kind = type(value)
    if kind is UUID:
        return _marked("uuid", str(value))  # the JSON library would write it as mere text
    if kind in _TEXTS or value is None or kind is bool:
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, Enum):
        return _told(value.value)
    if isinstance(value, int):
        return int(value) if _LEAST <= value < _MOST else _marked("int", str(int(value)))
    if isinstance(value, float):
        return float(value) if isfinite(value) else _marked("float", repr(float(value)))
    return _several(value)


def _several(value: Any) -> Any:
    if isinstance(value, Mapping):
        if all(isinstance(name, str) and name != _MARK and _is_unicode(name) for name in value):
            return {str(name): _told(one) for name, one in value.items()}
        return _marked("map", [[_told(name), _told(one)] for name, one in value.items()])
    if isinstance(value, list):
        return [_told(one) for one in value]
    if isinstance(value, tuple):
        return _marked("tuple", [_told(one) for one in value])
    if isinstance(value, set | frozenset):
        return _marked("set", [_told(one) for one in value])
    for known, (name, tell) in _TEXTS.items():
        if isinstance(value, known):
            return _marked(name, tell(value))
    return _marked("text", _text(str(value)))


def _text(value: str) -> Any:
    plain = str.__str__(value)
    return plain if _is_unicode(plain) else _marked("odd", _base64(plain.encode("utf-16-le", "surrogatepass")))


def _is_unicode(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _heard(value: Any) -> Any:
    """The values that :func:`_told` told."""
    if isinstance(value, dict):
        if _MARK in value:
            return _READ[value[_MARK]](value["v"])
        return {name: _heard(one) for name, one in value.items()}
    if isinstance(value, list):
        return [_heard(one) for one in value]
    return value
