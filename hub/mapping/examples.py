"""Examples beside a mapping: `<entity>.examples.yaml`, run by `goldenhub test` and by pytest alike.

    - name: a company with a Spanish VAT number
      given: {id: 7, type_code: C, vat: "ES B-12345674", cc: ES}
      expect: {kind: organization}          # contains: what is named must be so, the rest is not looked at
    - name: a customer type nobody explained
      given: {id: 8, type_code: Z}
      expect: {rejected: unmapped_code}     # or {equal: {...}}: nothing else may be there; or {filtered: true}

A failure names the field, its expression and the slice of the input it read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from collections.abc import Mapping as Table
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from hub.documents import Document, read_document
from hub.errors import BadMapping, InvalidRecord, MappingFailed, Rejected, did_you_mean
from hub.mapping.codes import CodeList
from hub.mapping.compare import Difference, differences
from hub.mapping.engine import Mapping, load_mapping, shown
from hub.mapping.findings import Notes
from hub.mapping.functions import Function
from hub.mapping.outbound import KEY, is_outbound, load_outbound
from hub.model import Model, load_model
from hub.records import RawRecord, Translation

KEYS = ("name", "given", "expect", "absent", "key", "operation")
VERDICTS = ("contains", "equal", "rejected", "filtered")
SUFFIX = ".examples.yaml"


@dataclass(frozen=True, slots=True)
class ExampleResult:
    """What became of one example. ``problems`` is empty when it passed."""

    name: str
    path: str
    line: int
    problems: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.problems

    def __str__(self) -> str:
        told = "\n".join(f"    {line}" for problem in self.problems for line in problem.splitlines())
        return f"{self.path}:{self.line}: {'passed' if self.passed else 'FAILED'}: {self.name}" + (f"\n{told}" if told else "")


def run_examples(
    path: Path,
    *,
    model: Model | None = None,
    code_lists: Table[str, CodeList] | None = None,
    time_zone: str = "UTC",
    functions: Table[str, Function] | None = None,
) -> list[ExampleResult]:
    """Run the examples of a mapping. ``path`` is the mapping's file or the examples' file."""
    model = load_model() if model is None else model
    mapping_path, examples_path = both_paths(Path(path))
    load = partial(_load_outbound if is_outbound(mapping_path) else load_mapping, mapping_path)
    mapping = load(model=model, code_lists=code_lists, time_zone=time_zone, functions=functions)
    checked = None if is_outbound(mapping_path) else model  # what goes out is the system's own, which no schema of ours knows
    document, examples = read_examples(examples_path)
    return [run_example(example, mapping, checked, document, index) for index, example in enumerate(examples)]


def _load_outbound(path: Path, **given: Any) -> Mapping:
    return load_outbound(path, **given).inner


def both_paths(path: Path) -> tuple[Path, Path]:
    """The mapping's file and its examples' file, whichever of the two was named."""
    if path.name.endswith(SUFFIX):
        return path.with_name(path.name.removesuffix(SUFFIX) + ".yaml"), path
    return path, path.with_name(path.stem + SUFFIX)


def read_examples(path: Path) -> tuple[Document, list[dict[str, Any]]]:
    """The examples of a file, each with a name, something given and one verdict."""
    document = read_document(path, BadMapping)
    notes = Notes(document)
    examples = check_examples(document, notes)
    notes.stop_on_errors()
    return document, examples


def check_examples(document: Document, notes: Notes) -> list[dict[str, Any]]:
    """The examples that can be run; what is wrong with the others is noted."""
    if not isinstance(document.data, list):
        notes.error("example_invalid", "an examples file is a list of `name`, `given` and `expect`.")
        return []
    return [example for index, example in enumerate(document.data) if _is_right(example, index, notes)]


def _is_right(example: Any, index: int, notes: Notes) -> bool:
    before = len(notes.errors)
    if not isinstance(example, dict):
        notes.error("example_invalid", "an example names `name`, `given` and `expect`.", index)
        return False
    for key in example:
        if key not in KEYS:
            notes.error("key_unknown", f"unknown key {key!r}.", index, key, hint=did_you_mean(str(key), KEYS).strip())
    if not isinstance(example.get("given"), dict):
        notes.error("example_invalid", "`given` must be a record: names and values as the source has them.", index)
    if not isinstance(example.get("name"), str):
        notes.error("example_invalid", "an example needs a `name` that says what it shows.", index)
    if not isinstance(example.get("expect"), (dict, list)):
        message = "`expect` must be what the record contains, or one of {equal: ...}, {rejected: code}, {filtered: true}."
        notes.error("example_invalid", message, index)
    return len(notes.errors) == before


def run_example(example: dict[str, Any], mapping: Mapping, model: Model | None, document: Document, index: int) -> ExampleResult:
    """Apply the mapping to what is given and compare. Without a model what is made is held to no schema."""
    line, _ = document.place(index)
    given = example["given"]
    raw = RawRecord(mapping.stream, given, key=str(given.get(KEY, "0")) if model is None else None)
    results = [_checked(result, model) for result in mapping.apply(raw)]
    problems = tuple(_problems(example, results, mapping))
    return ExampleResult(example["name"], document.path, line, problems)


def _checked(result: Translation | MappingFailed, model: Model | None) -> Translation | Rejected:
    """The same, or why the hub would set it aside for breaking the canonical schema."""
    if model is not None and isinstance(result, Translation) and result.data:
        try:
            model.check(result.entity, result.data)
        except InvalidRecord as broken:
            return broken
    return result


def _problems(example: dict[str, Any], results: Sequence[Translation | Rejected], mapping: Mapping) -> Iterator[str]:
    made = [result for result in results if isinstance(result, Translation)]
    failed = [result for result in results if not isinstance(result, Translation)]
    verdict, wanted = _verdict(example["expect"])
    if verdict == "rejected":
        yield from _wrong_rejection(wanted, failed, len(made))
    elif verdict == "filtered":
        if results:
            yield f"should have been filtered by `when`: {mapping.rule.expressions.get('when', '(there is no when)')}"
    else:
        yield from (_told(failure) for failure in failed)
        if not failed:
            yield from _wrong_records(example, wanted, verdict == "equal", made, mapping)


def _verdict(expect: Any) -> tuple[str, Any]:
    """What is expected, in the two spellings: `{name: ...}` is short for `{contains: {name: ...}}`."""
    if isinstance(expect, dict) and len(expect) == 1:
        ((word, wanted),) = expect.items()
        if word in VERDICTS:
            return word, wanted
    return "contains", expect


def _wrong_rejection(wanted: Any, failed: Sequence[Rejected], made: int) -> Iterator[str]:
    codes = [str(failure.facts.get("code", failure.code)) for failure in failed]
    if not failed:
        yield f"should have been rejected with {wanted}, but made {made} record(s)"
    elif wanted not in codes and wanted is not True:
        yield f"should have been rejected with {wanted}, not with {', '.join(codes)}\n" + "\n".join(map(_told, failed))


def _told(failure: Rejected) -> str:
    facts = failure.facts
    if "violations" in facts:
        return "breaks the schema: " + "; ".join(f"{v['path']} {v['message']}" for v in facts["violations"])
    return (
        f"rejected with {facts.get('code')}: {failure.message}\n"
        f"  field: {facts.get('field')}\n  expression: {facts.get('expression')}\n  input: {facts.get('input')}"
    )


def _wrong_records(
    example: dict[str, Any], wanted: Any, exact: bool, made: Sequence[Translation], mapping: Mapping
) -> Iterator[str]:
    expected = wanted if isinstance(wanted, list) else [wanted]
    if len(made) != len(expected):
        yield f"made {len(made)} record(s), {len(expected)} expected" + (" (filtered by `when`?)" if not made else "")
        return
    for record, one in zip(made, expected, strict=True):
        for difference in differences(one or {}, record.data, exact):
            yield _explained(difference, example["given"], mapping)
        for path in example.get("absent", ()):
            if _has(record.data, path):
                yield _explained(Difference(path, "absent", "there"), example["given"], mapping)
        for name in ("key", "operation"):
            if name in example and str(example[name]) != str(getattr(record, name)):
                yield f"{name}: {getattr(record, name)!s}, {example[name]} expected"


def _has(data: Any, path: str) -> bool:
    for step in path.split("."):
        if not isinstance(data, dict) or step not in data:
            return False
        data = data[step]
    return True


def _explained(difference: Difference, given: dict[str, Any], mapping: Mapping) -> str:
    """The difference with the field that made it, its expression and what it read."""
    path = difference.path.split("[")[0]
    field = next((f for f in mapping.fields if f.rule.target == path or path.startswith(f"{f.rule.target}.")), None)
    if field is None:
        field = next((f for f in mapping.fields if f.rule.target.startswith(f"{path}.")), None)
    if field is None:
        return f"{difference}\n  no field of the mapping makes it"
    values = shown(field.paths.values(given))
    return f"{difference}\n  field: {field.rule.target}\n  expression: {field.rule.expression}\n  input: {values}"
