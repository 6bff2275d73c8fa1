"""Lint: everything about a folder of mappings that can be said without a system at hand.

Errors are what stops a mapping from being loaded; warnings are what is most likely a slip; infos are worth knowing. Every
finding has a stable code (docs/mappings.md lists them), a file, a line, a column, and where it can a hint.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from collections.abc import Mapping as Table
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from hub.documents import Steps, read_document
from hub.errors import BadMapping
from hub.mapping.codes import CodeList, load_code_list
from hub.mapping.coverage import coverage, fields_of
from hub.mapping.engine import Mapping, compile_mapping
from hub.mapping.examples import SUFFIX, both_paths, check_examples
from hub.mapping.expressions import has_dead_branch
from hub.mapping.findings import INFO, Finding, Notes, from_error
from hub.mapping.functions import Function, FunctionTable, function_table
from hub.mapping.outbound import compile_outbound, is_outbound
from hub.mapping.shape import FieldRule
from hub.model import Model

SourceFields = Table[tuple[str, str], Iterable[str]]


def lint_folder(
    folder: Path,
    *,
    model: Model | None,
    fields: SourceFields | None = None,
    functions: Table[str, Function] | None = None,
) -> list[Finding]:
    """Findings about every mapping, code list and examples file below ``mappings/`` or one system's folder, in order.

    ``fields`` are the fields of a stream as discovered, by (system, stream); without them the examples stand for the source.
    """
    root = Path(folder)
    systems = [root] if any(root.glob("*.yaml")) else sorted(path for path in root.iterdir() if path.is_dir())
    table = function_table(functions)
    found = [finding for system in systems for finding in _System(system, model, fields or {}, table).findings()]
    return sorted(found, key=lambda finding: (finding.path, finding.line, finding.column, finding.code))


class _System:
    """The folder of one system."""

    def __init__(self, folder: Path, model: Model | None, fields: SourceFields, functions: FunctionTable) -> None:
        self._folder, self._model, self._fields, self._functions = folder, model, fields, functions
        self._codes: dict[str, CodeList] = {}
        self._used: set[str] = set()

    def findings(self) -> Iterator[Finding]:
        yield from self._read_codes()
        for path in sorted(self._folder.glob("*.yaml")):
            if path.name.endswith(SUFFIX):
                yield from self._examples(path)
            elif is_outbound(path):
                yield from self._outbound(path)
            else:
                yield from self._mapping(path)
        for name in sorted(set(self._codes) - self._used):
            place = self._codes[name].path
            yield Finding("code_list_unused", INFO, place, 1, 1, f"no mapping of this system looks anything up in {name!r}.")

    def _read_codes(self) -> Iterator[Finding]:
        for path in sorted((self._folder / "codes").glob("*.yaml")):
            try:
                self._codes[path.stem] = load_code_list(path)
            except BadMapping as bad:
                yield from from_error(bad)
                self._codes[path.stem] = CodeList(path.stem, {}, path=str(path))

    def _examples(self, path: Path) -> Iterator[Finding]:
        mapping_path, _ = both_paths(path)
        if not mapping_path.exists():
            yield Finding("mapping_missing", "error", str(path), 1, 1, f"there is no {mapping_path.name} beside these examples.")
        try:
            document = read_document(path, BadMapping)
        except BadMapping as bad:
            yield from from_error(bad)
            return
        notes = Notes(document)
        check_examples(document, notes)
        yield from notes.found

    def _mapping(self, path: Path) -> Iterator[Finding]:
        try:
            document = read_document(path, BadMapping)
        except BadMapping as bad:
            yield from from_error(bad)
            return
        notes = Notes(document)
        mapping = compile_mapping(document, notes, self._model, self._codes, "UTC", self._functions)
        self._used |= set(_lookups(mapping.rule.fields))
        _look_at_expressions(mapping, notes)
        given = _look_at_examples(path, notes)
        self._look_at_source(mapping, notes, given)
        if self._model is not None:
            _look_at_required(mapping, notes, self._model)
        yield from notes.found

    def _outbound(self, path: Path) -> Iterator[Finding]:
        """The way back. What it reads is held to the golden schema when it is compiled; its columns only the system knows."""
        try:
            document = read_document(path, BadMapping)
        except BadMapping as bad:
            yield from from_error(bad)
            return
        notes = Notes(document)
        if self._model is not None:
            mapping = compile_outbound(document, notes, self._model, self._codes, "UTC", self._functions)
            self._used |= set(_lookups(mapping.inner.rule.fields))
            _look_at_expressions(mapping.inner, notes)
        _look_at_examples(path, notes)
        yield from notes.found

    def _look_at_source(self, mapping: Mapping, notes: Notes, given: list[dict[str, Any]]) -> None:
        """Source fields that nobody mapped, and paths that lead nowhere."""
        discovered = self._fields.get((mapping.system, mapping.stream))
        from_examples = {path for record in given for path in fields_of(record)}
        known = set(discovered) if discovered is not None else from_examples
        if not known:
            return
        seen = coverage(mapping, known)
        for name in seen.unmapped:
            hint = "Map it, or list it under `ignore`."
            notes.warning("source_unmapped", f"the source field {name!r} is neither mapped nor ignored.", "fields", hint=hint)
        for path in seen.missing:
            self._missing(path, known, discovered is not None, mapping, notes)
        for index, name in enumerate(mapping.rule.ignore):
            if name in seen.mapped:
                notes.warning("ignore_mapped", f"{name!r} is ignored and mapped; keep one.", "ignore", index)

    def _missing(self, path: str, known: set[str], discovered: bool, mapping: Mapping, notes: Notes) -> None:
        near = get_close_matches(path, known, n=1, cutoff=0.8)
        hint = f"(did you mean {near[0]!r}?)" if near else ""
        steps = _where_read(mapping, path)
        if discovered:
            notes.warning("source_missing", f"the source has no field {path!r}.", *steps, hint=hint)
        elif near and near[0] not in mapping.paths:
            notes.warning("source_missing", f"no example has a field {path!r}.", *steps, hint=hint)
        else:
            notes.info("source_not_in_examples", f"no example shows what becomes of {path!r}.", *steps)


def _look_at_examples(path: Path, notes: Notes) -> list[dict[str, Any]]:
    """What the examples beside a mapping give; a mapping without any shows nobody what it does."""
    given = list(_given(path))
    if not given:
        hint = f"Write {path.stem}{SUFFIX} beside it: name, given, expect."
        notes.warning("example_missing", "no example shows what this mapping does.", hint=hint)
    return given


def _lookups(fields: Iterable[FieldRule]) -> Iterator[str]:
    for field in fields:
        if field.lookup:
            yield field.lookup
        yield from _lookups(field.parts or ())


def _given(path: Path) -> Iterator[dict[str, Any]]:
    """What the examples of a mapping give; faulty examples are told elsewhere."""
    _, examples = both_paths(path)
    if not examples.exists():
        return
    try:
        document = read_document(examples, BadMapping)
    except BadMapping:
        return
    for example in check_examples(document, Notes(document)):
        yield example["given"]


def _where_read(mapping: Mapping, path: str) -> tuple[str | int, ...]:
    """The first line that reads a path, for the place of a finding."""
    return next((steps for steps, read in mapping.reads if path in read), ("fields",))


def _rules(fields: Iterable[FieldRule]) -> Iterator[FieldRule]:
    for field in fields:
        yield field
        yield from _rules(field.parts or ())


_LITERAL = re.compile(r"`((?:[^`\\]|\\.)*)`")


def _look_at_expressions(mapping: Mapping, notes: Notes) -> None:
    """Old spellings, what can never be the answer, and words that were most likely meant as text."""
    for expression, steps in _expressions(mapping):
        for found in _LITERAL.finditer(expression):
            if not _is_json(found[1].replace("\\`", "`")):
                message, hint = f"`{found[1]}` is no JSON.", f"Write '{found[1]}'."
                notes.warning("literal_deprecated", message, *steps, hint=hint, offset=found.start())
        if has_dead_branch(expression):
            message = "null, false or something empty between `&&` and `||` is never the answer: what follows `||` always is."
            hint = "Turn it round: instead of closed && `null` || s write !(closed) && s || `null`."
            notes.warning("and_or_null", message, *steps, hint=hint, offset=0)
    for field in mapping.fields:
        words = _allowed_words(mapping, field.rule)
        if field.rule.expression in words:
            hint = f"For the text write \"'{field.rule.expression}'\"."
            message = f"this reads a source field called {field.rule.expression!r}."
            notes.info("text_unquoted", message, *field.rule.expression_steps, hint=hint, offset=0)


def _expressions(mapping: Mapping) -> Iterator[tuple[str, Steps]]:
    """Every expression of a file with its place."""
    rule = mapping.rule
    yield from ((text, (name,)) for name, text in rule.expressions.items())
    listed = len(rule.key) > 1
    yield from ((text, ("key", place) if listed else ("key",)) for place, text in enumerate(rule.key))
    for field in (*rule.times.values(), *_rules(rule.fields)):
        yield field.expression, field.expression_steps


def _allowed_words(mapping: Mapping, rule: FieldRule) -> set[str]:
    schema = mapping.schema_of(rule.target) or {}
    return {word for word in schema.get("enum", ()) if isinstance(word, str)}


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _look_at_required(mapping: Mapping, notes: Notes, model: Model) -> None:
    """What the schema requires and the mapping never makes."""
    if mapping.entity not in model.entities:
        return
    made = {rule.target for rule in mapping.rule.fields}
    for name in model.schema(mapping.entity).get("required", ()):
        if not any(target == name or target.startswith(f"{name}.") for target in made):
            notes.error("required_missing", f"{mapping.entity} requires {name!r}, which no field makes.", "fields")
    for rule in mapping.rule.fields:
        if rule.parts and rule.parts[0].target:
            schema = model.property_at(mapping.entity, f"{rule.target}[]") or {}
            parts = {part.target.partition(".")[0] for part in rule.parts}
            for name in sorted(set(schema.get("required", ())) - parts):
                notes.error("required_missing", f"an item of {rule.target!r} requires {name!r}.", *rule.steps)
