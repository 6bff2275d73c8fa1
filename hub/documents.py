"""The YAML files people write, read strictly and with the place of every key, so that a message can point at it.

Refused with line and column: tabs, duplicate keys, aliases that multiply (YAML bombs), tags, files above 5 MB.
Dates stay text (``2026-03-01`` is what the analyst typed), so that a mapping example reads like the source's own answer.
Only what JSON knows is more than text: true, false, null and plain numbers. Norway's ``NO`` and the code ``07`` stay text.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from hub.errors import Misconfigured, did_you_mean

LARGEST = 5_000_000
MOST_NODES = 200_000
DEEPEST = 100

Steps = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """What a file says and where it says it: ``places`` maps the steps to a value to its (line, column), from 1.

    The place of a value in a mapping is that of its key; ``starts`` has the place of the first character of the value itself.
    """

    path: str
    data: Any
    places: dict[Steps, tuple[int, int]] = field(repr=False)
    starts: dict[Steps, tuple[int, int]] = field(repr=False, default_factory=dict)

    def place(self, *steps: str | int) -> tuple[int, int]:
        """Line and column of the value at these steps, or of the nearest thing around it."""
        wanted: Steps = steps
        while wanted and wanted not in self.places:
            wanted = wanted[:-1]
        return self.places.get(wanted, (1, 1))

    def complain(self, error: type[Misconfigured], message: str, *steps: str | int, **facts: Any) -> Misconfigured:
        """An error of that class that begins with ``file:line:column``."""
        line, column = self.place(*steps)
        return error(f"{self.path}:{line}:{column}: {message}", path=self.path, line=line, column=column, **facts)

    def only(self, error: type[Misconfigured], known: set[str], *steps: str | int) -> None:
        """Raise when the mapping at these steps has a key that is not known."""
        value = self.data
        for step in steps:
            value = value[step]
        if not isinstance(value, dict):
            raise self.complain(error, f"{'.'.join(map(str, steps)) or 'the file'} must be a mapping of names to values.", *steps)
        for key in value:
            if key not in known:
                hint = did_you_mean(str(key), known) or f" (known: {', '.join(sorted(known))})"
                raise self.complain(error, f"unknown key {key!r}{hint}.", *steps, key)


def read_document(path: Path | str, error: type[Misconfigured], text: str | None = None) -> Document:
    """Read a YAML file strictly. Every complaint is an ``error`` that begins with ``file:line:column``."""
    shown = str(path)
    if text is None:
        text = _text(Path(path), error)
    try:
        node = yaml.compose(text, Loader=_Loader)
    except yaml.MarkedYAMLError as broken:
        raise _syntax(shown, broken, text, error) from broken
    except RecursionError as deep:
        raise error(f"{shown}:1:1: nested too deeply to be written by hand.", path=shown, line=1, column=1) from deep
    except yaml.YAMLError as broken:
        raise error(f"{shown}:1:1: not readable as YAML: {str(broken).splitlines()[0]}", path=shown, line=1, column=1) from broken
    places: dict[Steps, tuple[int, int]] = {}
    builder = _Builder(shown, error, places)
    data = builder.build(node, ()) if node is not None else None
    return Document(shown, data, places, builder.starts)


def _text(path: Path, error: type[Misconfigured]) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise error(
                f"{path}:1:1: larger than {LARGEST:,} bytes, too large to be written by hand.", path=str(path), line=1, column=1
            )
        return path.read_text(encoding="utf-8")
    except FileNotFoundError as missing:
        raise error(f"{path} does not exist.", path=str(path), line=1, column=1) from missing
    except UnicodeDecodeError as wrong:
        line = path.read_bytes()[: wrong.start].count(b"\n") + 1
        raise error(f"{path}:{line}:1: not UTF-8 text; save the file as UTF-8.", path=str(path), line=line, column=1) from wrong
    except OSError as closed:
        raise error(f"{path} cannot be read: {closed.strerror}.", path=str(path), line=1, column=1) from closed


def _syntax(shown: str, broken: yaml.MarkedYAMLError, text: str, error: type[Misconfigured]) -> Misconfigured:
    mark = broken.problem_mark or broken.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    written = text.splitlines()[line - 1] if 0 < line <= len(text.splitlines()) else ""
    if "\t" in written[: len(written) - len(written.lstrip())] or (broken.problem and "'\\t'" in broken.problem):
        return error(f"{shown}:{line}:{column}: a tab; YAML is indented with spaces.", path=shown, line=line, column=column)
    return error(f"{shown}:{line}:{column}: {broken.problem or 'not readable as YAML'}.", path=shown, line=line, column=column)


class _Loader(yaml.SafeLoader):
    """Only reads the structure; which plain words are more than text follows JSON, not YAML 1.1."""


_Loader.yaml_implicit_resolvers = {}
for _kind, _pattern, _first in (
    ("bool", r"^(?:true|false)$", "tf"),
    ("null", r"^(?:null|~|)$", ["n", "~", ""]),
    ("int", r"^-?(?:0|[1-9][0-9]{0,18})$", "-0123456789"),
    ("float", r"^-?(?:0|[1-9][0-9]*)\.[0-9]+(?:[eE][-+]?[0-9]+)?$", "-0123456789"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_kind}", re.compile(_pattern), list(_first))


class _Builder:
    def __init__(self, path: str, error: type[Misconfigured], places: dict[Steps, tuple[int, int]]) -> None:
        self._path, self._error, self._places = path, error, places
        self._count = 0
        self.starts: dict[Steps, tuple[int, int]] = {}

    def build(self, node: yaml.Node, steps: Steps) -> Any:
        self._count += 1
        if self._count > MOST_NODES:
            raise self._complain(node, "too many values; aliases that multiply are refused")
        if len(steps) > DEEPEST:
            raise self._complain(node, "nested too deeply; an alias that holds itself is refused")
        quoted = isinstance(node, yaml.ScalarNode) and node.style in ("'", '"')
        self._places[steps] = (node.start_mark.line + 1, node.start_mark.column + 1)
        self.starts[steps] = (node.start_mark.line + 1, node.start_mark.column + 1 + quoted)
        if isinstance(node, yaml.MappingNode):
            return self._mapping(node, steps)
        if isinstance(node, yaml.SequenceNode):
            return [self.build(item, (*steps, index)) for index, item in enumerate(node.value)]
        return self._scalar(node)

    def _mapping(self, node: yaml.MappingNode, steps: Steps) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                raise self._complain(key_node, "a key must be plain text")
            key = key_node.value
            if key in found:
                raise self._complain(key_node, f"the key {key!r} stands here twice")
            found[key] = self.build(value_node, (*steps, key))
            self._places[(*steps, key)] = (key_node.start_mark.line + 1, key_node.start_mark.column + 1)
        return found

    def _scalar(self, node: yaml.Node) -> Any:
        kind = node.tag.removeprefix("tag:yaml.org,2002:")
        if kind in ("str", "timestamp", "value", "merge"):
            return node.value
        if kind in ("null", "bool", "int", "float"):
            try:
                return _SCALARS.construct_object(node)
            except ValueError as wrong:
                raise self._complain(node, f"{node.value!r} is no {kind}") from wrong
        raise self._complain(node, f"the tag {node.tag!r} is refused; plain values only")

    def _complain(self, node: yaml.Node, message: str) -> Misconfigured:
        line, column = node.start_mark.line + 1, node.start_mark.column + 1
        return self._error(f"{self._path}:{line}:{column}: {message}.", path=self._path, line=line, column=column)


_SCALARS = yaml.constructor.SafeConstructor()
