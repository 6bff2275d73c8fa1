"""A mapping ready to run: raw records in, translations out. Everything is looked up, parsed and bound when it is loaded."""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as Table
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from hub.documents import Document, Steps, read_document
from hub.errors import BadMapping, MappingFailed, Unclean
from hub.mapping.blocks import Block
from hub.mapping.checks import check_rule
from hub.mapping.codes import CodeList, load_code_lists
from hub.mapping.expressions import is_false
from hub.mapping.failures import FAULTS, Field, FieldFailed, code_of, value_of
from hub.mapping.fields import FieldCompiler
from hub.mapping.findings import Notes
from hub.mapping.functions import Function, FunctionTable, function_table
from hub.mapping.paths import Paths, split_scope
from hub.mapping.shape import FieldRule, MappingRule, read_mapping
from hub.mapping.tidy import Flags
from hub.mapping.values import as_json
from hub.model import Model
from hub.records import GONE, Data, Operation, RawRecord, Translation

Result = list[Translation | MappingFailed]
LONGEST_KEY = 500  # characters: it travels in a header, and stands in indexes
LONGEST_SLICE = 200  # characters of one value shown with a reject
MOST_SHOWN = 20  # values of one object or list shown with a reject


class Mapping:
    """One compiled mapping. It keeps no state between records, so one can serve many threads."""

    def __init__(self, name: str, rule: MappingRule, model: Model | None, compiler: FieldCompiler) -> None:
        self.name = name
        self.system, _, _ = name.partition("/")
        self.entity, self.stream, self.version = rule.entity, rule.stream, rule.version
        self.rule = rule
        self._model = model
        when, when_paths = compiler.evaluate(rule.expressions.get("when", ""), ("when",), Paths())
        self._when = when if "when" in rule.expressions else None
        split, split_paths = compiler.evaluate(rule.expressions.get("split", ""), ("split",), Paths())
        self._split = split if "split" in rule.expressions else None
        self._first_paths = {"when": when_paths, "split": split_paths}
        scope = split_scope(split_paths) if self._split else Paths()
        self._head = _Head(rule, compiler, scope)
        self._fields = [
            compiler.field(field, _schema_at(model, rule.entity, field.target), scope, inside=bool(self._split))
            for field in rule.fields
        ]
        self._block = Block(self._fields)
        lines = [*self._head.lines, *((field.rule.steps, field.paths) for field in self._fields)]
        if self._split:
            split_paths.add(*(paths for _, paths in lines))
        lines += [(("when",), when_paths), (("split",), split_paths)]
        looking = [*(paths for _, paths in self._head.lines), *(field.paths for field in self._fields if not field.path)]
        self._watched = _watched([when_paths, split_paths, *looking])
        self.reads = [(steps, paths.read) for steps, paths in lines]
        self.paths = frozenset(path for _, read in self.reads for path in read)

    @property
    def fields(self) -> list[Field]:
        """The compiled fields, in the order of the file."""
        return list(self._fields)

    def schema_of(self, target: str) -> Table[str, Any] | None:
        """The canonical schema of a field, where the mapping was loaded with a model."""
        return _schema_at(self._model, self.entity, target)

    def apply(self, raw: RawRecord) -> Result:
        """The translations of one raw record: none when ``when`` filters it, several with ``split``; each may fail alone."""
        try:
            record = as_json(raw.data, self._watched)
        except Unclean as fault:
            return [self._failed("the record", "", fault, {})]
        step = "when"
        try:
            if self._when is not None and (record or raw.operation is None) and is_false(self._when(record)):
                return []
            if self._split is None or not record:
                return [self._one(record, raw, record)]
            step = "split"
            parts = self._parts(record)
        except FAULTS as fault:
            return [self._failed(step, self.rule.expressions[step], fault, self._first_paths[step].values(record))]
        return [self._one(part, raw, record) for part in parts]

    def keys(self, raw: RawRecord) -> set[str]:
        """The keys it gives to the parts of a raw record, as far as they can be told, whatever else may fail."""
        found: set[str] = set()
        with suppress(*FAULTS):
            record = as_json(raw.data, self._watched)
            for source in [record] if self._split is None or not record else self._parts(record):
                with suppress(FieldFailed):
                    found.add(self._head.key(source, raw, bool(record)))
        return found

    def _parts(self, record: Data) -> list[Any]:
        assert self._split is not None  # noqa: S101 - the caller looked
        parts = self._split(record)
        if parts is None:
            return []
        if not isinstance(parts, list):
            raise Unclean("`split` gave no list.", code="not_a_list")
        return [{"item": part, "record": record} for part in parts]

    def _one(self, source: Any, raw: RawRecord, record: Data) -> Translation | MappingFailed:
        head = self._head
        try:
            operation = head.operation(source, raw) if head.has_operation or raw.operation else Operation.UPSERT
            key = head.key(source, raw, bool(record))
            updated_at = (head.time("updated_at", source) if head.has_times else None) or raw.updated_at
            if operation in GONE:
                data: Data = {}
            else:
                flags = Flags()
                data = self._block.make(source, flags)
                if flags:
                    data["flags"] = _distinct([*data.get("flags", ()), *flags])
            if not head.has_more:
                return Translation(self.entity, key, operation, data, updated_at, 0, raw.position)
            return head.translation(self.entity, key, operation, data, updated_at, source, raw)
        except FieldFailed as failed:
            field = failed.field
            slice_of = field.paths.values(failed.source)
            return self._failed(field.name or field.rule.target, field.rule.expression, failed.cause, slice_of)

    def _failed(self, name: str, expression: str, fault: BaseException, values: dict[str, Any]) -> MappingFailed:
        code = code_of(fault)
        reason = fault.message if isinstance(fault, Unclean) else "The expression does not fit the value."
        facts = {key: value for key, value in getattr(fault, "facts", {}).items() if key != "code"}
        known = {"field": name, "expression": expression, "input": shown(values), "mapping": f"{self.name}@{self.version}"}
        failed = MappingFailed(f"{self.name}: {name}: {code}: {reason}", **{**facts, **known, "code": code})
        failed.__cause__ = fault
        return failed


class _Head:
    """What a translation is besides its data: key, operation, times, position."""

    def __init__(self, rule: MappingRule, compiler: FieldCompiler, scope: Paths) -> None:
        self._made: dict[str, Field] = {}
        inside = bool(scope.roots)
        for name in ("operation", "generation", "position", "target"):
            if name in rule.expressions:
                written = _exactly(name, rule.expressions[name], (name,))
                self._made[name] = compiler.field(written, None, scope, inside=inside)
        self._keys = [
            compiler.field(_exactly("key", text, ("key", index) if len(rule.key) > 1 else ("key",)), None, scope)
            for index, text in enumerate(rule.key)
        ]
        self._quick_key = self._keys[0].evaluate if len(rule.key) == 1 and rule.key[0].isidentifier() else None
        self._times = {name: _TimeField(time, compiler, scope) for name, time in rule.times.items()}
        self.has_times = bool(self._times)
        self.has_operation = "operation" in self._made
        self.has_more = bool(set(self._made) - {"operation"} or set(self._times) - {"updated_at"})

    @property
    def lines(self) -> list[tuple[Steps, Paths]]:
        """Where each of them stands in the file, and what it reads."""
        fields = [*self._made.values(), *self._keys, *(time.field for time in self._times.values())]
        return [(field.rule.steps, field.paths) for field in fields]

    def value(self, name: str, source: Any) -> Any:
        return value_of(self._made[name], source) if name in self._made else None

    def time(self, name: str, source: Any) -> datetime | None:
        made = self._times.get(name)
        return made.moment(source) if made is not None else None

    def operation(self, source: Any, raw: RawRecord) -> Operation:
        """A deletion the connector saw is one; else the mapping says it; else the connector; else it is an upsert."""
        text = raw.operation if raw.operation in GONE else self.value("operation", source) or raw.operation or "upsert"
        try:
            return _OPERATIONS[text]
        except (KeyError, TypeError) as wrong:
            known = ", ".join(_OPERATIONS)
            unknown = Unclean(f"This is no operation; known are {known}.", code="operation_unknown")
            raise FieldFailed(self._made.get("operation") or _nameless("operation"), unknown, source) from wrong

    def key(self, source: Any, raw: RawRecord, has_data: bool) -> str:
        """The mapping's own key where there is data to make it of, else the connector's."""
        key = self._key(source, raw, has_data)
        if len(key) > LONGEST_KEY:
            said = f"A key has at most {LONGEST_KEY} characters, and this has {len(key):,}: is it the right column?"
            raise FieldFailed(self._keys[0] if self._keys else _nameless("key"), Unclean(said, code="key_too_long"), source)
        return key

    def _key(self, source: Any, raw: RawRecord, has_data: bool) -> str:
        if not self._keys or not has_data:
            if raw.key:
                return raw.key
            raise FieldFailed(_nameless("key"), _no_key(), source)
        if self._quick_key is not None:
            found = self._quick_key(source)
            if type(found) is str and found.isascii() and found.isalnum():
                return found
        parts = [value_of(field, source) for field in self._keys]
        for field, part in zip(self._keys, parts, strict=True):
            if type(part) is not str and type(part) is not int:
                raise FieldFailed(field, _no_key(), source)
        return "-".join(map(str, parts))

    def translation(
        self, entity: str, key: str, operation: Operation, data: Data, updated_at: datetime | None, source: Any, raw: RawRecord
    ) -> Translation:
        target = self.value("target", source)
        return Translation(
            entity,
            key,
            operation,
            data,
            updated_at,
            generation=self._whole("generation", source) or 0,
            position=raw.position if raw.position is not None else self._whole("position", source),
            target=None if target is None else str(target),
            valid_from=self.time("valid_from", source),
            valid_to=self.time("valid_to", source),
        )

    def _whole(self, name: str, source: Any) -> int | None:
        value = self.value(name, source)
        if value is None or type(value) is int:
            return value
        if isinstance(value, str) and value.isdigit() and value.isascii() and len(value) < 19:
            return int(value)
        raise FieldFailed(self._made[name], Unclean("This is no whole number.", code="integer_invalid"), source)


class _TimeField:
    """A time of the source as an aware moment: `updated_at: changed_at`, or with `path`, `type` and `formats`."""

    def __init__(self, rule: FieldRule, compiler: FieldCompiler, scope: Paths) -> None:
        self.field = compiler.field(rule, None, scope, inside=bool(scope.roots))
        self._evaluate, _ = compiler.evaluate(rule.expression, rule.expression_steps, scope)
        self._convert = compiler.moments(rule)

    def moment(self, source: Any) -> datetime | None:
        try:
            found = self._evaluate(source)
            if found is None or found == "":
                return None
            moment: datetime = self._convert(found)
        except FAULTS as fault:
            raise FieldFailed(self.field, fault, source) from fault
        return moment


def _watched(lines: Iterable[Paths]) -> tuple[str, ...] | None:
    """The fields of a record that expressions look into; None when some expression looks at the record as a whole."""
    every = list(lines)
    if any(paths.whole for paths in every):
        return None
    return tuple(sorted({name for paths in every for name in paths.firsts}))


def _exactly(name: str, expression: str, steps: Steps) -> FieldRule:
    """A value that is taken as it is: the key UNKNOWN is a key."""
    return FieldRule(name, steps, expression, steps, keep_placeholders=True)


_OPERATIONS = {str(one): one for one in Operation if one is not Operation.WITHDRAWN}
"""What a system can say; the last word is the hub's own."""


def _nameless(name: str) -> Field:
    return Field(FieldRule(name), name, Paths(), lambda source, flags: None)


def _no_key() -> Unclean:
    return Unclean("The record has no key; every record needs one.", code="key_missing")


def _distinct(flags: list[Any]) -> list[Any]:
    return [flag for index, flag in enumerate(flags) if flag not in flags[:index]]


def _schema_at(model: Model | None, entity: str, target: str) -> Table[str, Any] | None:
    return model.property_at(entity, target) if model is not None and entity in model.entities else None


def shown(value: Any, depth: int = 0) -> Any:
    """A slice of the input small enough for a reject: long text, lists and objects are cut."""
    if isinstance(value, str):
        return value if len(value) <= LONGEST_SLICE else value[:LONGEST_SLICE] + "..."
    if isinstance(value, (list, dict)) and depth > 3:
        return "..."
    if isinstance(value, dict):
        return {str(name)[:LONGEST_SLICE]: shown(value[name], depth + 1) for name in list(value)[:MOST_SHOWN]}
    if isinstance(value, list):
        return [shown(item, depth + 1) for item in value[:MOST_SHOWN]]
    return value if value is None or isinstance(value, (bool, int, float)) else str(value)[:LONGEST_SLICE]


def load_mapping(
    path: Path,
    *,
    model: Model | None,
    code_lists: Table[str, CodeList] | None = None,
    time_zone: str = "UTC",
    functions: Table[str, Function] | None = None,
    text: str | None = None,
) -> Mapping:
    """The mapping of a file, compiled. Raises :class:`BadMapping` with every error, each with line and column.

    Code lists default to ``codes/*.yaml`` beside the file; functions to the cleaning functions and installed packs.
    With ``text`` the file is not opened: a version that was published, or one that is being edited.
    """
    document = read_document(path, BadMapping, text)
    notes = Notes(document)
    codes = load_code_lists(Path(path).parent / "codes") if code_lists is None else code_lists
    mapping = compile_mapping(document, notes, model, codes, time_zone, function_table(functions))
    notes.stop_on_errors()
    return mapping


def compile_mapping(
    document: Document,
    notes: Notes,
    model: Model | None,
    codes: Table[str, CodeList],
    time_zone: str,
    functions: FunctionTable,
) -> Mapping:
    """Compile what can be compiled and note what cannot, for :func:`load_mapping` and lint alike."""
    rule = read_mapping(document, notes)
    compiler = FieldCompiler(functions, codes, time_zone, notes)
    mapping = Mapping(mapping_name(Path(document.path)), rule, model, compiler)
    check_rule(rule, notes, model, codes)
    return mapping


def mapping_name(path: Path) -> str:
    """``erp/customer`` for ``mappings/erp/customer.yaml``."""
    return f"{path.parent.name}/{path.stem}"
