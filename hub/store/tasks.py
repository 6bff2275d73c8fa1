"""Review tasks: what people are asked, and how each question ended."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from hub.records import RecordRef, ReviewTask
from hub.store import rows
from hub.store.tables import task_goldens, tasks

OPEN, CLOSED = "open", "closed"


@dataclass(frozen=True, slots=True)
class StoredTask:
    """A task with its place in the queue."""

    id: int
    entity: str
    task: ReviewTask
    left_golden: str
    right_golden: str
    state: str
    opened_at: datetime
    changed_at: datetime
    started_by: str | None = None
    closed_by: str | None = None
    closed_why: str | None = None


def open_about(tx: Connection, golden_ids: Iterable[str]) -> list[StoredTask]:
    """Open tasks that ask about one of these golden records."""
    return open_ones(tx, ask_about(tx, golden_ids)())


def ask_about(tx: Connection, golden_ids: Iterable[str]) -> Callable[[], set[int]]:
    """In two steps: the tasks that ask about one of these golden records."""
    found = rows.ask(tx, task_goldens, ("golden_id",), [(one,) for one in golden_ids], told=("task_id",))
    return lambda: {row[0] for row in found()}


def open_ones(tx: Connection, ids: Collection[int]) -> list[StoredTask]:
    """Those of these tasks that are open, in the order in which they were asked."""
    if not ids:
        return []
    wanted = select(tasks).where(rows.among(tx, tasks.c.id, ids), tasks.c.state == OPEN).order_by(tasks.c.id)
    return [_stored(row) for row in tx.execute(wanted).mappings()]


def listed(
    tx: Connection, entity: str, *, state: str = OPEN, kind: str | None = None, after: int = 0, limit: int = 100
) -> list[StoredTask]:
    """A page of the queue."""
    wanted = select(tasks).where(tasks.c.entity == entity, tasks.c.state == state, tasks.c.id > after)
    if kind is not None:
        wanted = wanted.where(tasks.c.kind == kind)
    return [_stored(row) for row in tx.execute(wanted.order_by(tasks.c.id).limit(limit)).mappings()]


def every(tx: Connection, entity: str) -> list[StoredTask]:
    """All open tasks."""
    found: list[StoredTask] = []
    page = listed(tx, entity, limit=1000)
    while page:
        found += page
        page = listed(tx, entity, after=page[-1].id, limit=1000)
    return found


def by_id(tx: Connection, task_id: int) -> StoredTask | None:
    row = tx.execute(select(tasks).where(tasks.c.id == task_id)).mappings().first()
    return _stored(row) if row else None


def count(tx: Connection, entity: str) -> dict[str, int]:
    """Open tasks by kind."""
    wanted = select(tasks.c.kind, func.count()).where(tasks.c.entity == entity, tasks.c.state == OPEN).group_by(tasks.c.kind)
    return {row[0]: row[1] for row in tx.execute(wanted)}


def start(tx: Connection, task_id: int, by: str) -> bool:
    """A person takes a task; False when somebody else has it, or it is closed."""
    free = tasks.c.started_by.is_(None) | (tasks.c.started_by == by)
    done = tx.execute(update(tasks).where(tasks.c.id == task_id, tasks.c.state == OPEN, free).values(started_by=by))
    return done.rowcount == 1


def open_(tx: Connection, entity: str, asked: Sequence[tuple[ReviewTask, Sequence[str]]], at: datetime) -> None:
    """Open tasks, each with the golden records it is about: of its left side, of its right side, and any others."""
    if not asked:
        return
    made = [
        {**_content(task, about), "entity": entity, "state": OPEN, "opened_at": at, "changed_at": at} for task, about in asked
    ]
    ids = list(tx.scalars(insert(tasks).returning(tasks.c.id, sort_by_parameter_order=True), made))
    _link(tx, {number: about for number, (_, about) in zip(ids, asked, strict=True)})


def change(tx: Connection, changed: Mapping[int, tuple[ReviewTask, Sequence[str]]], at: datetime) -> None:
    """Give tasks their content of today; a task may move to other golden records."""
    if not changed:
        return
    rows.update(
        tx, tasks, ("id",), [{**_content(task, about), "id": n, "changed_at": at} for n, (task, about) in changed.items()]
    )
    rows.delete(tx, task_goldens, [{"task_id": number} for number in changed])
    _link(tx, {number: about for number, (_, about) in changed.items()})


def close(tx: Connection, closed: Mapping[int, tuple[str, str]], at: datetime) -> None:
    """End tasks: id -> (by whom, why)."""
    ended = [{"id": n, "state": CLOSED, "closed_by": by, "closed_why": why, "changed_at": at} for n, (by, why) in closed.items()]
    rows.update(tx, tasks, ("id",), ended)
    rows.delete(tx, task_goldens, [{"task_id": number} for number in closed])


def _link(tx: Connection, about: Mapping[int, Sequence[str]]) -> None:
    made = [{"golden_id": golden, "task_id": task} for task, goldens in about.items() for golden in sorted(set(goldens))]
    rows.insert(tx, task_goldens, made)


def _content(task: ReviewTask, about: Sequence[str]) -> rows.Row:
    return {
        "kind": task.kind,
        "left_golden": about[0],
        "right_golden": about[1],
        "left_members": task.left,
        "right_members": task.right,
        "bits": task.bits,
        "reason": task.reason,
        "detail": task.detail,
    }


def _stored(row: Mapping[Any, Any]) -> StoredTask:
    left, right = (tuple(RecordRef(*ref) for ref in row[name]) for name in ("left_members", "right_members"))
    task = ReviewTask(row["kind"], left, right, row["bits"], row["reason"], row["detail"])
    return StoredTask(
        id=row["id"],
        entity=row["entity"],
        task=task,
        left_golden=row["left_golden"],
        right_golden=row["right_golden"],
        state=row["state"],
        opened_at=row["opened_at"],
        changed_at=row["changed_at"],
        started_by=row["started_by"],
        closed_by=row["closed_by"],
        closed_why=row["closed_why"],
    )
