"""Fields that are made together, of a record or of an item of a list. This loop is where a mapping spends its time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hub.mapping.failures import FAULTS, Field, FieldFailed, Known, instead
from hub.mapping.tidy import USUAL, Finish, Flags
from hub.mapping.values import as_value

Member = tuple[str, int, str, Finish, Field]


class Block:
    """Makes an object out of a source. Dotted targets become nested objects, each made once."""

    def __init__(self, fields: Sequence[Field]) -> None:
        places: dict[str, int] = {"": 0}
        for field in fields:
            _add_place(places, field.rule.target.rpartition(".")[0])
        self._count = len(places)
        self._plain = _plain_groups(fields, places)
        self._others = [_step(field, places) for field in fields if not field.path]
        self._nested = [
            (places[outer], name, places[path])
            for path in sorted(places, key=lambda path: -path.count("."))
            if path
            for outer, _, name in [path.rpartition(".")]
        ]

    def make(self, source: Any, flags: Flags) -> dict[str, Any]:
        """The object; a field that is absent is not in it."""
        objects: list[dict[str, Any]] = [{}] if self._count == 1 else [{} for _ in range(self._count)]
        for parent, members in self._plain:
            base = source if parent is None else source.get(parent)
            if type(base) is not dict and base is not None:
                base = _unusual(base, members[0][4], source)
            if type(base) is not dict:
                continue
            get = base.get
            for step, place, name, finish, field in members:
                found = get(step)
                if type(found) is not str or found not in USUAL:
                    if found is None:
                        continue
                    try:
                        found = finish(found if type(found) is str else as_value(found), flags)
                    except FAULTS as fault:
                        found = instead(field, fault, source, flags)
                    if found is None:
                        continue
                objects[place][name] = found
        for evaluate, finish, place, name, field in self._others:
            try:
                if finish is None:
                    found = field.value(source, flags)
                else:
                    found = evaluate(source)
                    if found is not None and (type(found) is not str or found not in USUAL):
                        found = finish(found, flags)
                if found is None:
                    continue
            except (FieldFailed, *FAULTS) as fault:
                found = instead(field, fault, source, flags)
                if found is None:
                    continue
            objects[place][name] = found if found is not Known else None
        for outer, name, inner in self._nested:
            if objects[inner]:
                objects[outer][name] = objects[inner]
        return objects[0]


def _unusual(base: Any, field: Field, source: Any) -> Any:
    """What a driver gives where an object is expected may be one of its own kinds of mapping."""
    try:
        return as_value(base)
    except FAULTS as fault:
        raise FieldFailed(field, fault, source) from fault


def _plain_groups(fields: Sequence[Field], places: dict[str, int]) -> list[tuple[str | None, list[Member]]]:
    """Fields with a plain path, by the object of the source they stand in."""
    groups: dict[str | None, list[Member]] = {}
    for field in fields:
        if field.path and field.finish is not None:
            outer, _, name = field.rule.target.rpartition(".")
            parent = field.path[0] if len(field.path) == 2 else None
            groups.setdefault(parent, []).append((field.path[-1], places[outer], name, field.finish, field))
    return list(groups.items())


def _step(field: Field, places: dict[str, int]) -> tuple[Any, Any, int, str, Field]:
    outer, _, name = field.rule.target.rpartition(".")
    return field.evaluate, field.finish, places[outer], name, field


def _add_place(places: dict[str, int], path: str) -> None:
    if path not in places:
        _add_place(places, path.rpartition(".")[0])
        places[path] = len(places)
