"""The names of the fields that a source shows, and a word when there are new ones."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from hub.contract import Signal
from hub.formats.rows import Flaw, Row
from hub.records import Data

_MOST = 1000
"""Names above this are not watched: a source that names its fields by its data would fill the cursor."""


class NameWatch:
    """Watches rows go by. The first read only learns."""

    def __init__(self, before: Sequence[str] | None) -> None:
        self._before = None if before is None else frozenset(before)
        self._names = set(before or ())
        self._shape: tuple[str, ...] = ()

    def watch(self, pieces: Iterable[Row | Flaw]) -> Iterator[Row | Flaw]:
        for piece in pieces:
            if isinstance(piece, Row):
                self.see(piece.data)
            yield piece

    def see(self, data: Data) -> None:
        shape = tuple(data)
        if shape != self._shape:  # rows of one kind come in a row, so this is seldom
            self._shape = shape
            self._names.update(shape[:_MOST])

    def signals(self) -> list[Signal]:
        new = sorted(self._names - self._before) if self._before is not None else []
        return [changed(new, [])] if new else []

    def state(self) -> dict[str, Any]:
        return {"fields": sorted(self._names)[:_MOST]}


def changed(new: Sequence[str], gone: Sequence[str]) -> Signal:
    said = [f"new: {', '.join(new)}"] if new else []
    said += [f"gone: {', '.join(gone)}"] if gone else []
    return Signal(
        "schema_changed", f"The fields of the source changed; {'; '.join(said)}.", {"new": list(new), "gone": list(gone)}
    )


def types_of(samples: Iterable[Data]) -> dict[str, str]:
    """Field -> type in JSON Schema's words, from a few records."""
    found: dict[str, str] = {}
    for data in samples:
        for name, value in data.items():
            kind = json_type(value)
            found[name] = kind if found.get(name, "null") in {"null", kind} else found[name] if kind == "null" else "string"
    return found


def json_type(value: Any) -> str:
    if value is None:
        return "null"
    for kinds, word in ((bool, "boolean"), (int, "integer"), (float, "number"), (dict, "object"), (list, "array")):
        if isinstance(value, kinds):
            return word
    return "string"
