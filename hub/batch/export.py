"""Golden records as a table that other programs read: CSV, or Parquet through DuckDB (extra `batch`).

One row per golden record. Scalar values have a column of their own; lists are JSON text; members are `system:key` texts.
"""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from hub.errors import BadSettings
from hub.model import Model
from hub.records import Data, canonical_json
from hub.store import goldens
from hub.store.goldens import Golden
from hub.store.store import Store

ENTITY = "customer"
FIRST = ("id", "version", "as_of", "members")
NOT_SHOWN = frozenset({"source", "flags"})
XREF = ("system", "key", "generation", "golden_id", "valid_from", "valid_to", "state")
Row = Sequence[str]
Tell = Callable[[str, int, int | None], None]


def export_golden(
    store: Store,
    model: Model,
    out: Path,
    xref: Path | None = None,
    *,
    view: Callable[[Connection, Iterable[Golden]], Iterable[Golden]] = lambda tx, found: found,
    hidden: Collection[str] = (),
    tell: Tell = lambda what, done, total: None,
) -> dict[str, int]:
    """Write all golden records to ``out`` and the dated cross-reference to ``xref``; rows written by file.

    ``view`` says what is shown of them; keys of ``hidden`` systems are not in the cross-reference.
    """
    written: dict[str, int] = {}
    columns = columns_of(model)
    with store.read() as tx:
        total = goldens.count(tx, ENTITY).get(goldens.ACTIVE, 0)
        rows = (_row(golden, golden.data, columns) for golden in view(tx, goldens.every(tx, ENTITY)))
        written[str(out)] = write_table(out, (*FIRST, *columns), _told(rows, "golden records", total, tell))
        if xref is not None:
            shown = (one for one in goldens.every_reference(tx, ENTITY) if one.ref.system not in hidden)
            written[str(xref)] = write_table(xref, XREF, _told(_references(shown), xref.name, None, tell))
    return written


def columns_of(model: Model) -> list[str]:
    """Every value of a customer that can stand in a column: values inside objects by their path, lists as a whole."""
    paths = (path.partition("[]")[0] for path in model.properties(ENTITY))
    leaves = list(dict.fromkeys(path for path in paths if path.partition(".")[0] not in NOT_SHOWN))
    return [path for path in leaves if not any(other.startswith(path + ".") for other in leaves)]


def _row(golden: Golden, data: Data, columns: Sequence[str]) -> Row:
    members = " ".join(map(str, golden.members))
    return [golden.id, str(golden.version), golden.as_of.isoformat(), members, *(_cell(data, path) for path in columns)]


def _cell(data: Data, path: str) -> str:
    value: Any = data
    for step in path.split("."):
        value = value.get(step) if isinstance(value, dict) else None
    if value is None:
        return ""
    return canonical_json(value).decode() if isinstance(value, list | dict) else str(value)


def _references(found: Iterable[goldens.CrossReference]) -> Iterator[Row]:
    for one in found:
        ended = one.valid_to.isoformat() if one.valid_to else ""
        yield [
            one.ref.system, one.ref.key, str(one.ref.generation), one.golden_id, one.valid_from.isoformat(), ended, one.state,
        ]  # fmt: skip


def _told(rows: Iterable[Row], what: str, total: int | None, tell: Tell) -> Iterator[Row]:
    number = 0
    for number, row in enumerate(rows, 1):
        yield row
        if number % 1000 == 0:
            tell(what, number, total)
    tell(what, number, total)


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
    """Write rows of text as the suffix says; how many there were. Bounded memory for any number of rows."""
    if path.suffix == ".csv":
        return _write_csv(path, columns, rows)
    if path.suffix == ".parquet":
        return _write_parquet(path, columns, rows)
    raise BadSettings(f"{path.name}: only .csv and .parquet can be written.", name=str(path))


def _write_csv(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        return sum(writer.writerow(row) > 0 for row in rows)


def _write_parquet(path: Path, columns: Sequence[str], rows: Iterable[Row]) -> int:
    try:
        import duckdb
    except ImportError as absent:
        raise BadSettings("Parquet needs the extra `batch`: pip install 'goldenhub[batch]'.", name="batch") from absent
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "rows.csv"
        number = _write_csv(plain, columns, rows)
        with duckdb.connect() as base:
            table = base.read_csv(str(plain), header=True, all_varchar=True, max_line_size=64_000_000)
            table.write_parquet(str(path), compression="zstd")
    return number
