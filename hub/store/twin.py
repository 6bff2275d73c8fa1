"""A twin: all that the resolver works with, copied into a database of its own, where anything may be tried.

What the resolver makes itself (nodes, keys, evidence) is not copied, and of what is over (closed tasks, ended references, the
history of versions) nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, Select, func, select

from hub.store import rows
from hub.store.passing import passing_folder
from hub.store.store import Store, open_store
from hub.store.tables import (
    active_rules,
    decision_members,
    decisions,
    former_members,
    goldens,
    metadata,
    pins,
    records,
    task_goldens,
    tasks,
    xref,
)

_PAGE = 1000
_WHOLE = (active_rules, records, goldens, former_members, decisions, decision_members, pins)

Told = Callable[[int, int], None]
"""How many rows are copied, of how many."""


@contextmanager
def twin(tx: Connection, entity: str, tell: Told) -> Iterator[Store]:
    """An SQLite database with one entity as this transaction sees it. It is gone with its folder when the block ends."""
    with passing_folder("twin") as folder:
        store = open_store(f"sqlite:///{folder / 'twin.db'}")
        try:
            with store.begin() as into:
                metadata.create_all(into)
            _copy(tx, store, entity, tell)
            yield store
        finally:
            store.close()


def _copy(tx: Connection, store: Store, entity: str, tell: Told) -> None:
    wanted = [(table, select(table).where(table.c.entity == entity)) for table in _WHOLE]
    wanted.append((xref, select(xref).where(xref.c.entity == entity, xref.c.valid_to.is_(None))))
    asked = select(tasks).where(tasks.c.entity == entity, tasks.c.state == "open")
    wanted += [(tasks, asked), (task_goldens, select(task_goldens))]
    total, done = sum(_count(tx, one) for _, one in wanted), 0
    for table, one in wanted:
        with store.begin() as into:
            for page in tx.execute(one, execution_options={"yield_per": _PAGE}).mappings().partitions():
                rows.insert(into, table, [dict(row) for row in page])
                done += len(page)
                tell(done, total)


def _count(tx: Connection, wanted: Select[tuple[object, ...]]) -> int:
    return tx.scalar(select(func.count()).select_from(wanted.subquery())) or 0
