"""Keys as text: the same key must read the same in a row, in a deletion and in the cursor."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from hub.records import Data, at_path

_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")


def key_of(data: Data, columns: Sequence[str]) -> str | None:
    """The key of a record, its parts joined by ``-``; None when a part is missing or empty, or has control characters."""
    if len(columns) == 1 and type(only := data.get(columns[0])) is str and only.isprintable():
        return only.strip() or None
    parts = [key_text(data[column] if column in data else at_path(data, column)) for column in columns]
    key = "-".join(parts)
    return key if parts and all(parts) and not _CONTROL.search(key) else None


def key_text(value: Any) -> str:
    """One part of a key. A number that came as decimal or float reads like the whole number that it is."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, (Decimal, float)) and value == int(value):
        return str(int(value))
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, (bytes, bytearray)):
        return value.hex()
    return str(value).strip()


def columns_of(option: Any) -> tuple[str, ...]:
    """The ``key`` option: one name or several."""
    if option is None or option == "":
        return ()
    return (option,) if isinstance(option, str) else tuple(option)
