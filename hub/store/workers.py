"""Who works: a row for each worker process, renewed while it lives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, select

from hub.store import rows
from hub.store.store import forgettable
from hub.store.tables import workers


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker process, as it last said of itself."""

    name: str  # host/pid/stage
    stage: str
    host: str
    pid: int
    started_at: datetime
    beat_at: datetime
    live_at: datetime | None  # when it last took a live record
    records: int  # worked on since it began
    state: str  # working | waiting | the reason why it cannot work


def beat(tx: Connection, worker: Worker) -> None:
    """It lives."""
    forgettable(tx)
    rows.insert(tx, workers, [asdict(worker)], known="replace")


def leave(tx: Connection, names: Iterable[str]) -> None:
    """These ended, or are known to be dead."""
    tx.execute(delete(workers).where(workers.c.name.in_(list(names))))


def listed(tx: Connection) -> list[Worker]:
    """All who said they work and did not say that they ended, by stage."""
    return [Worker(**row) for row in tx.execute(select(workers).order_by(workers.c.stage, workers.c.name)).mappings()]


def live_since(tx: Connection, at: datetime, lately: timedelta) -> bool:
    """Whether any worker took a live record lately."""
    seen: datetime | None = tx.scalar(select(func.max(workers.c.live_at)))
    return seen is not None and at - seen < lately
