"""One record out of parts that arrive in any order: an ERP customer is a header, its addresses and its phones.

A part is one row of the parent or of a child stream. The rule says how child rows find their parent and what tells that a
record is complete: the end of the source's transaction, a quiet period, or a trailer that counts the parts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from hub.errors import BadLandscape
from hub.records import Data, RawRecord, canonical_json

COMPLETED_BY = ("transaction", "quiet", "trailer")


@dataclass(frozen=True, slots=True)
class AssemblyRule:
    """How the rows of several streams become one record."""

    parent: str
    children: Mapping[str, tuple[str, str]]  # child stream -> (its column, the parent's column)
    completed_by: str = "quiet"
    quiet: timedelta = timedelta(seconds=30)
    identity: Mapping[str, str] = field(default_factory=dict)  # stream -> the column that names a row; default: its content

    def __post_init__(self) -> None:
        if self.completed_by not in COMPLETED_BY:
            raise BadLandscape(f"`assemble` is completed by one of {', '.join(COMPLETED_BY)}, not {self.completed_by!r}.")


@dataclass(frozen=True, slots=True)
class Part:
    """One row as it arrived."""

    stream: str
    data: Data
    arrived_at: datetime
    order: str = ""  # sorts the versions of one row; the order of arrival when the source gives none
    transaction: str | None = None
    deleted: bool = False


@dataclass(frozen=True, slots=True)
class Closing:
    """The source says that something is whole: the end of a transaction, or a trailer with the number of parts."""

    transaction: str | None = None
    parts: int | None = None


@dataclass(frozen=True, slots=True)
class Assembled:
    """A complete record, or what it still waits for."""

    record: RawRecord | None
    waits_for: str = ""


def link_value(rule: AssemblyRule, part: Part) -> tuple[str, str] | None:
    """(parent column, value) that ties a part to its record; None when the row does not carry it."""
    column = rule.children[part.stream][0] if part.stream in rule.children else None
    if column is None:
        return None
    value = part.data.get(column)
    return None if value is None else (rule.children[part.stream][1], str(value))


def assemble(rule: AssemblyRule, parts: Sequence[Part], now: datetime, closings: Iterable[Closing] = ()) -> Assembled:
    """Put together the parts of one record. The answer depends on the set of parts, not on the order of their arrival."""
    rows = _latest(rule, parts)
    parents = [part for part in rows if part.stream == rule.parent]
    if not parents:
        return Assembled(None, f"a row of {rule.parent}")
    if missing := _incomplete(rule, parts, now, list(closings)):
        return Assembled(None, missing)
    parent = parents[-1]
    if parent.deleted:
        return Assembled(RawRecord(rule.parent, dict(parent.data), operation="deleted"))
    data = dict(parent.data)
    for stream, (column, parent_column) in sorted(rule.children.items()):
        wanted = str(parent.data.get(parent_column))
        data[stream] = [
            part.data for part in rows if part.stream == stream and not part.deleted and str(part.data.get(column)) == wanted
        ]
    return Assembled(RawRecord(rule.parent, data))


def _latest(rule: AssemblyRule, parts: Sequence[Part]) -> list[Part]:
    """The last version of each row, rows in a fixed order."""
    latest: dict[tuple[str, str], Part] = {}
    for part in sorted(parts, key=lambda part: (part.order, part.arrived_at, canonical_json(part.data))):
        latest[part.stream, _row_name(rule, part)] = part
    return [latest[name] for name in sorted(latest)]


def _row_name(rule: AssemblyRule, part: Part) -> str:
    column = rule.identity.get(part.stream)
    if column is not None and part.data.get(column) is not None:
        return str(part.data[column])
    return "" if part.stream == rule.parent else canonical_json(part.data).decode()


def _incomplete(rule: AssemblyRule, parts: Sequence[Part], now: datetime, closings: list[Closing]) -> str:
    if rule.completed_by == "quiet":
        quiet_since = max(part.arrived_at for part in parts)
        return "" if now - quiet_since >= rule.quiet else "a quiet period"
    if rule.completed_by == "trailer":
        expected = [closing.parts for closing in closings if closing.parts is not None]
        return "" if expected and len(parts) >= max(expected) else "the trailer and all the parts it counts"
    open_ones = {part.transaction for part in parts} - {closing.transaction for closing in closings}
    return f"the end of {len(open_ones)} transaction(s)" if open_ones else ""
