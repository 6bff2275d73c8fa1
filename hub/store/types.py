"""The column types of the hub: bytes decide about order, times are UTC, JSON is canonical."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, DateTime, Integer, Text
from sqlalchemy.engine import Dialect
from sqlalchemy.types import TypeDecorator, TypeEngine

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z

Key = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared and ordered by its bytes, alike on every database."""

Serial = BigInteger().with_variant(Integer(), "sqlite")
"""A number the database counts up by itself."""


class Moment(TypeDecorator[datetime]):
    """An aware UTC datetime; SQLite keeps it as text without an offset."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class ToldJson(str):
    """A value that is JSON already: it is stored as it stands."""

    __slots__ = ()


class Json(TypeDecorator[Any]):
    """Canonical JSON as text, so that equal values are equal bytes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return told_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return read_json(value)

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        return self


def told_json(value: Any) -> str | None:
    """A value as it is stored."""
    if value is None or type(value) is ToldJson:
        return value
    try:
        return orjson.dumps(value, default=_plain, option=_OPTIONS).decode()
    except TypeError:  # names that are a kind of text, as databases give them: the slower way knows them
        return orjson.dumps(value, default=_plain, option=_OPTIONS | orjson.OPT_NON_STR_KEYS).decode()


def read_json(text: str | None) -> Any:
    """A value as it was stored."""
    return None if text is None else orjson.loads(text)


def _plain(value: Any) -> list[Any]:
    """Refs and other named tuples are lists in JSON."""
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(type(value).__name__)
