"""PostgreSQL's arrays as text: one parameter for a whole column, written by a few operations on one long text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy.engine import Dialect
from sqlalchemy.types import UserDefinedType

_BETWEEN, _NULL = "\x1f", "\x1e"
_PLAIN = frozenset((int, type(None)))


class Array(UserDefinedType[Sequence[Any]]):
    """A parameter that is an array. Its type is told (``$1::bigint[]``), so that the database reads it once and not per row."""

    cache_ok = True
    render_bind_cast = True

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def get_col_spec(self, **_told: Any) -> str:
        return f"{self.kind}[]"

    def bind_processor(self, dialect: Dialect) -> Callable[[Sequence[Any] | None], Any]:
        return lambda values: None if values is None else array(self.kind, values)


def array(kind: str, values: Sequence[Any]) -> Any:
    """``{1,2,NULL}`` of values that are as the database takes them; ``kind`` is the type of one."""
    if kind == "text":
        return _texts(values)
    if kind == "bytea":
        return _texts([None if value is None else "\\x" + value.hex() for value in values])
    if kind == "boolean":
        return _plain("NULL" if value is None else "t" if value else "f" for value in values)
    if kind in ("timestamptz", "date"):
        return _plain("NULL" if value is None else value.isoformat() for value in values)
    return "{" + _numbers(values).replace("None", "NULL") + "}"


def fields(kind: str, values: Sequence[Any]) -> Sequence[str]:
    """The same values as ``COPY`` takes them, one by one."""
    if kind == "text":
        return _copied(values)
    if kind == "bytea":
        return ["\\N" if value is None else "\\\\x" + value.hex() for value in values]
    if kind == "boolean":
        return ["\\N" if value is None else "t" if value else "f" for value in values]
    if kind in ("timestamptz", "date"):
        return ["\\N" if value is None else value.isoformat() for value in values]
    return _numbers(values).replace("None", "\\N").split(", ") if values else []


def _numbers(values: Sequence[int | None]) -> str:
    """All numbers in one text, which Python writes faster than one after the other."""
    if not _PLAIN.issuperset(map(type, values)):
        values = [None if one is None else int(one) for one in values]
    return str(list(values))[1:-1]


def _copied(values: Sequence[str | None]) -> Sequence[str]:
    empty = values.count(None)
    whole = _BETWEEN.join([_NULL if value is None else value for value in values])
    if whole.count(_BETWEEN) != len(values) - 1 or whole.count(_NULL) != empty:
        return ["\\N" if value is None else _escaped(value) for value in values]
    told = _escaped(whole)
    return (told.replace(_NULL, "\\N") if empty else told).split(_BETWEEN)


def _escaped(told: str) -> str:
    return told.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


def _plain(told: Iterable[str]) -> str:
    return "{" + ",".join(told) + "}"


def _texts(values: Sequence[str | None]) -> str:
    """All values are put together first, so that what must be escaped is escaped at once and not value by value."""
    if not values:
        return "{}"
    empty = values.count(None)
    whole = _BETWEEN.join([_NULL if value is None else value for value in values])
    if whole.count(_BETWEEN) != len(values) - 1 or whole.count(_NULL) != empty:  # somebody uses our marks
        return _plain(map(_quoted, values))
    told = whole.replace("\\", "\\\\").replace('"', '\\"').replace(_BETWEEN, '","')
    return ('{"' + told + '"}').replace(f'"{_NULL}"', "NULL") if empty else '{"' + told + '"}'


def _quoted(value: str | None) -> str:
    if value is None:
        return "NULL"
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
