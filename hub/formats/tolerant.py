"""JSON as systems send it: one record that JSON has no word for must not cost the whole page.

Strict and fast first; where that fails, Python's own parser reads on over lone surrogates, wrong bytes, NaN and numbers beyond
every limit. What it let pass is found again record by record, since no strict writer takes it.
"""

from __future__ import annotations

import json
from collections import UserString
from math import isfinite
from typing import Any

import orjson

_LEAST, _LARGEST = -(2**63), 2**64


class NoNumber(UserString):
    """A number that no JSON holds, as it was written: NaN, Infinity, 1e400. No strict writer takes it."""


def parse(raw: bytes, encoding: str = "") -> Any:
    """The value of a JSON text. ``ValueError`` when it is none, with a message that shows nothing of it."""
    try:
        return orjson.loads(raw.decode(encoding) if encoding else raw)
    except ValueError:
        text = raw.decode(encoding or json.detect_encoding(raw), "surrogateescape")
    try:
        return json.loads(text, parse_constant=NoNumber, parse_float=_number, parse_int=_whole)
    except json.JSONDecodeError as error:
        raise ValueError(f"{error.msg.partition(':')[0]}, at line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise ValueError("it nests too deep") from None


def _number(text: str) -> float | NoNumber:
    return number if isfinite(number := float(text)) else NoNumber(text)


def _whole(text: str) -> int | float | NoNumber:
    """As the strict parser has it: beyond 64 bits a whole number is an approximate one."""
    if len(text) <= len(str(_LARGEST)) and _LEAST <= int(text) < _LARGEST:
        return int(text)
    return _number(text)


def is_strict(value: Any) -> bool:
    """Can strict JSON hold this?"""
    try:
        orjson.dumps(value)
    except TypeError:
        return False
    return True
