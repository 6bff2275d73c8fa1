"""What the hub wrote into systems, and what stood there before: so that its own words are known when they are read back."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from hub.store import rows
from hub.store.tables import written_values

_REMEMBERED = 5  # of one column: a read that is late may still see what was written before the latest


@dataclass(frozen=True, slots=True)
class Written:
    """One column of one record of a system."""

    system: str
    stream: str
    key: str
    column: str
    written: tuple[Any, ...]  # the latest last
    former: Any
    delivery: str
    golden_id: str
    version: int
    at: datetime

    def is_echo(self, value: Any) -> bool:
        return value in self.written

    def is_edit(self, value: Any) -> bool:
        """Whether a value is neither the hub's nor the one from before it wrote: somebody changed it since."""
        return value not in self.written and value != self.former


Columns = Mapping[str, Written]


def of(tx: Connection, system: str, stream: str, keys: Iterable[str]) -> dict[str, dict[str, Written]]:
    """What is known of these records, by key and column."""
    c = written_values.c
    where = (c.system == system, c.stream == stream, rows.among(tx, c.key, keys))
    found: dict[str, dict[str, Written]] = defaultdict(dict)
    for row in tx.execute(select(written_values).where(*where)).mappings():
        found[row["key"]][row["column"]] = Written(**{**row, "written": tuple(row["written"])})
    return found


def any_in(tx: Connection, system: str, stream: str) -> bool:
    """Whether the hub has words anywhere in a stream."""
    told, same = ("stream",), {"stream": stream}
    return bool(rows.find(tx, written_values, ("system",), [(system,)], told=told, fixed=same, where="true LIMIT 1"))


def keep(tx: Connection, notes: Sequence[Written]) -> None:
    made = [{name: getattr(note, name) for name in Written.__slots__} for note in notes]
    for row in made:
        row["written"] = list(row["written"][-_REMEMBERED:])
    rows.insert(tx, written_values, made, known="replace")


def forget(tx: Connection, notes: Iterable[Written]) -> None:
    """The column speaks for itself again."""
    rows.delete(tx, written_values, [{name: getattr(note, name) for name in _KEY} for note in notes])


_KEY = ("system", "stream", "key", "column")
