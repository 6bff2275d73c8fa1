"""A simulation as files: every change as a line, and the numbers. Values of customers only where they are asked for."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import orjson

from hub.app.modelling.changes import Group
from hub.app.modelling.simulating import Simulation
from hub.records import RecordRef


def write_simulation(folder: Path, found: Simulation, *, values: bool, each: int) -> dict[str, int]:
    """Lines by file. The folder is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    told = found.numbers() | {"examples": [example(group) for group in found.examples(each)]}
    (folder / "summary.json").write_bytes(orjson.dumps(told, option=orjson.OPT_INDENT_2) + b"\n")
    return {
        "customers.csv": _write(folder / "customers.csv", _CUSTOMERS, map(_customers, found.groups)),
        "records.csv": _write(folder / "records.csv", _RECORDS, ([*_ref(ref), old, new] for ref, old, new in found.moved)),
        "golden.csv": _write(folder / "golden.csv", _GOLDEN, _golden(found, values)),
        "tasks.csv": _write(folder / "tasks.csv", _TASKS, _tasks(found)),
    }


def example(group: Group) -> dict[str, Any]:
    """One change as an object: ids, records and bits, and nothing about a person."""
    left, right = group.pair or (None, None)
    return {
        "change": group.kind,
        "cause": group.cause,
        "before": {golden: list(map(str, members)) for golden, members in group.before.items()},
        "after": {golden: list(map(str, members)) for golden, members in group.after.items()},
        "pair": [str(left), str(right)] if group.pair else None,
        "bits": [one / 1000 for one in group.bits] if group.bits else None,
        "shifts": [[shift.cause, shift.bits / 1000] for shift in group.shifts],
    }


_CUSTOMERS = ("change", "cause", "before", "after", "records", "pair", "bits_before", "bits_after", "shifts")
_RECORDS = ("system", "key", "generation", "golden_before", "golden_after")
_GOLDEN = ("golden_id", "announced", "fate", "into", "members_before", "members_after", "fields", "values")
_TASKS = ("change", "kind", "left", "right", "bits", "reason")


def _customers(group: Group) -> Sequence[str]:
    bits = [f"{one / 1000:.3f}" for one in group.bits] if group.bits else ["", ""]
    records = sum(map(len, group.before.values()))
    shifts = " ".join(f"{shift.cause.replace(' ', '_')}{shift.bits / 1000:+.3f}" for shift in group.shifts)
    return [
        group.kind, group.cause, " ".join(group.before), " ".join(group.after), str(records),
        _refs(group.pair or ()), *bits, shifts,
    ]  # fmt: skip


def _golden(found: Simulation, values: bool) -> Iterable[Sequence[str]]:
    for one in found.golden:
        told = orjson.dumps(one.values, option=orjson.OPT_SORT_KEYS).decode() if values else ""
        yield [
            one.id, one.kind, one.fate, one.into or "", _refs(one.before), _refs(one.after), " ".join(one.changed), told,
        ]  # fmt: skip


def _tasks(found: Simulation) -> Iterable[Sequence[str]]:
    for one in found.tasks:
        task = one.task
        yield [one.change, task.kind, _refs(task.left), _refs(task.right), f"{task.bits / 1000:.3f}", task.reason]


def _refs(refs: Iterable[RecordRef]) -> str:
    return " ".join(map(str, refs))


def _ref(ref: RecordRef) -> list[str]:
    return [ref.system, ref.key, str(ref.generation)]


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[str]]) -> int:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        return sum(writer.writerow(row) > 0 for row in rows)
