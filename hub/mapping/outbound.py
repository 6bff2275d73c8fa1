"""The way back: a golden record in the words of one system, `mappings/<system>/<entity>.out.yaml`.

    version: 1
    from: customer          # the golden entity
    to: customers           # the stream it goes to: a table, a path
    fields:
      hub_id: id
      mail: "!(own.emails) && emails[0].address || `null`"

An expression sees the golden record, `key` (the record's key in that system) and `own` (what that system itself says about it, in
canonical words). Code lists are used the other way round, with `reverse: true`. A column whose value is absent is not written.
"""

from __future__ import annotations

from collections.abc import Mapping as Table
from pathlib import Path

from hub.documents import Document, read_document
from hub.errors import BadMapping, MappingFailed, did_you_mean
from hub.mapping.codes import CodeList, load_code_lists
from hub.mapping.engine import Mapping, compile_mapping
from hub.mapping.findings import Notes
from hub.mapping.functions import Function, FunctionTable, function_table
from hub.model import Model
from hub.records import Data, RawRecord

SUFFIX = ".out.yaml"
KEYS = ("version", "from", "to", "description", "owner", "when", "fields", "on_error")
OWN, KEY = "own", "key"
_NO_KEY = "-"


class OutboundMapping:
    """A compiled mapping from golden records to records of one stream of one system."""

    def __init__(self, inner: Mapping) -> None:
        self.inner = inner
        self.name, self.version = inner.name, inner.version
        self.entity, self.stream = inner.rule.stream, inner.rule.entity
        self.columns = tuple(dict.fromkeys(field.target.partition(".")[0] for field in inner.rule.fields))

    def render(self, golden: Data, key: str, own: Data | None = None) -> Data | None:
        """What the record with this key should hold; None when `when` leaves it out. Raises :class:`MappingFailed`."""
        return self.rendered({**golden, KEY: key, OWN: own or {}})

    def rendered(self, given: Data) -> Data | None:
        made = self.inner.apply(RawRecord(self.entity, given, key=str(given.get(KEY) or _NO_KEY)))
        for one in made:
            if isinstance(one, MappingFailed):
                raise one
            return {name: value for name, value in one.data.items() if name in self.columns}
        return None


def is_outbound(path: Path) -> bool:
    return path.name.endswith(SUFFIX)


def load_outbound(
    path: Path,
    *,
    model: Model,
    code_lists: Table[str, CodeList] | None = None,
    time_zone: str = "UTC",
    functions: Table[str, Function] | None = None,
) -> OutboundMapping:
    """The outbound mapping of a file, compiled. Raises :class:`BadMapping` with every error, each with line and column."""
    document = read_document(path, BadMapping)
    notes = Notes(document)
    codes = load_code_lists(path.parent / "codes") if code_lists is None else code_lists
    mapping = compile_outbound(document, notes, model, codes, time_zone, function_table(functions))
    notes.stop_on_errors()
    return mapping


def compile_outbound(
    document: Document, notes: Notes, model: Model, codes: Table[str, CodeList], time_zone: str, functions: FunctionTable
) -> OutboundMapping:
    """Compile what can be compiled and note what cannot, for :func:`load_outbound` and lint alike."""
    for key in document.data if isinstance(document.data, dict) else ():
        if key not in KEYS:
            hint = did_you_mean(str(key), KEYS).strip() or f"Known: {', '.join(KEYS)}."
            notes.error("key_unknown", f"an outbound mapping has no key {key!r}.", key, hint=hint)
    inner = compile_mapping(document, notes, None, codes, time_zone, functions)
    golden = {model.schema(name)["x-golden"]: name for name in model.golden_entities}
    entity = inner.rule.stream
    if entity and entity not in golden:
        hint = did_you_mean(entity, golden).strip() or f"Known: {', '.join(golden)}."
        notes.error("entity_unknown", f"there are no golden records of {entity!r}.", "from", hint=hint)
    elif entity:
        _check_paths(inner, notes, model, golden[entity], entity)
    return OutboundMapping(inner)


def _check_paths(mapping: Mapping, notes: Notes, model: Model, golden: str, entity: str) -> None:
    """What a golden record can never have would never be written, and nobody would notice."""
    for steps, read in mapping.reads:
        for path in sorted(read):
            if path not in ("", OWN, KEY) and not is_known(path, model, golden, entity):
                near = did_you_mean(path, [*model.properties(golden), KEY, OWN]).strip()
                notes.error("golden_unknown", f"a golden {entity} has no {path!r}.", *steps, hint=near)


def is_known(path: str, model: Model, golden: str, entity: str) -> bool:
    """Whether an expression of an outbound mapping can find anything at a path."""
    inner = path.removeprefix(f"{OWN}.")
    return path in (OWN, KEY) or model.property_at(entity if inner != path else golden, inner) is not None
