"""Pages of a table in the order of some columns, each page beginning behind the last row of the one before.

Unlike OFFSET it costs the same on every page, and it can be resumed anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, or_
from sqlalchemy.sql import ColumnElement

from hub.formats.rows import MEBIBYTE

PAGE_BYTES = 16 * MEBIBYTE


def pages(
    connection: Connection,
    query: Select[Any],
    order: Sequence[ColumnElement[Any]],
    size: int,
    mark: Sequence[Any] | None = None,
) -> Iterator[list[Row[Any]]]:
    """Rows page by page. The columns of ``order`` must be in the query under their own names and be unique together."""
    names = [column.name for column in order]
    limit = size
    while True:
        behind = query if mark is None else query.where(after(order, mark))
        rows = list(connection.execute(behind.order_by(*order).limit(limit)))
        if rows:
            yield rows
            mark = [rows[-1]._mapping[name] for name in names]
        if len(rows) < limit:
            return
        limit = max(1, min(size, limit * PAGE_BYTES // max(1, weight(rows))))  # heavy rows: fewer at once


def after(order: Sequence[ColumnElement[Any]], mark: Sequence[Any]) -> ColumnElement[bool]:
    """Behind the mark: ``a >= x AND (a > x OR (a = x AND b > y))``. The first term is there for the index."""
    ladder = [
        and_(*(column == value for column, value in zip(order[:step], mark[:step], strict=True)), order[step] > mark[step])
        for step in range(len(order))
    ]
    return and_(order[0] >= mark[0], or_(*ladder))


def weight(rows: Sequence[Row[Any]]) -> int:
    """Bytes of these rows, roughly."""
    return sum(len(value) for row in rows for value in row if isinstance(value, (str, bytes)))
