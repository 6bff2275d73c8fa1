"""How fast a mapping is, against the plain libraries doing the same work in the same run.

Thirteen expressions on a small record: one compiled mapping against thirteen compiled ``jmespath`` expressions; and map plus
validate against ``jmespath`` with ``jsonschema`` and with ``jsonschema-rs``. Our side does more: it tidies every value, makes
the key and builds the translation. The rounds take turns, so that a busy machine slows both; the best round of each counts.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import jmespath
import jsonschema
import jsonschema_rs

from hub.mapping import Mapping, load_mapping
from hub.mapping.expressions import compile_expression
from hub.mapping.functions import function_table
from hub.model import Model, load_model
from hub.records import RawRecord, Translation

EXPRESSIONS = {
    "kind": "kind",
    "name.given": "first_name",
    "name.family": "last_name",
    "organization.legal_name": "kind == 'organization' && company || `null`",
    "status": "status",
    "birth_date": "born",
    "language": "language || 'es'",
    "country": "address.country",
    "ext.erp.street": "address.street",
    "ext.erp.city": "address.city",
    "ext.erp.zip": "address.zip",
    "ext.erp.phone": "contact.phone",
    "ext.erp.email": "contact.email",
}
RECORD: dict[str, Any] = {
    "id": "7",
    "kind": "person",
    "first_name": "Ana",
    "last_name": "García López",
    "company": None,
    "status": "active",
    "born": "1980-02-28",
    "contact": {"email": "ana.garcia@shop.example", "phone": "+34600112233"},
    "address": {"street": "Calle Mayor 1", "city": "Madrid", "zip": "28013", "country": "ES"},
}
ROUNDS, CALLS = 15, 400


def run(rounds: int = ROUNDS, calls: int = CALLS) -> dict[str, Any]:
    """Microseconds per record of every contender, and the ratios that count."""
    model = load_model()
    mapping = bench_mapping(model)
    best = _race(_contenders(model, mapping), rounds, calls)
    return {
        "name": "mapping",
        "figures": {
            **{f"{name}_us": round(seconds * 1e6, 2) for name, seconds in best.items()},
            "mapped_and_validated_records_per_second_and_core": round(1 / best["map_and_validate"]),
        },
        "ratios": {
            "mapping_to_13_jmespath": _ratio(best, "mapping", "jmespath_13"),
            "closures_to_13_jmespath": _ratio(best, "closures_13", "jmespath_13"),
            "map_and_validate_to_jmespath_and_jsonschema": _ratio(best, "map_and_validate", "jmespath_and_jsonschema"),
            "map_and_validate_to_jmespath_and_jsonschema_rs": _ratio(best, "map_and_validate", "jmespath_and_jsonschema_rs"),
        },
        "versions": {
            "python": platform.python_version(),
            **{name: version(name) for name in ("goldenhub", "jmespath", "jsonschema", "jsonschema-rs")},
        },
    }


def bench_mapping(model: Model | None) -> Mapping:
    """The thirteen expressions as a mapping file."""
    lines = [f'  {target}: "{expression}"' for target, expression in EXPRESSIONS.items()]
    text = "\n".join(["version: 1", "from: customers", "to: customer", "key: id", "fields:", *lines, ""])
    return load_mapping(Path("erp/bench.yaml"), model=model, code_lists={}, text=text)


def _contenders(model: Model, mapping: Mapping) -> dict[str, Callable[[], Any]]:
    raw = RawRecord("customers", RECORD)
    compiled = [(target.split("."), jmespath.compile(text)) for target, text in EXPRESSIONS.items()]
    table = function_table({})
    closures = [compile_expression(text, table) for text in EXPRESSIONS.values()]
    schema = model.schema(mapping.entity)
    slow, quick = jsonschema.Draft202012Validator(schema), jsonschema_rs.Draft202012Validator(schema)

    def jmespath_13() -> None:
        for _, expression in compiled:
            expression.search(RECORD)

    def closures_13() -> None:
        for evaluate in closures:
            evaluate(RECORD)

    def plain() -> dict[str, Any]:
        made: dict[str, Any] = {}
        for target, expression in compiled:
            _place(made, target, expression.search(RECORD))
        return made

    def ours() -> bool:
        (made,) = mapping.apply(raw)
        return isinstance(made, Translation) and model.is_valid(mapping.entity, made.data)

    if not ours() or mapping.apply(raw)[0].data != plain():
        raise AssertionError("the contenders do not do the same work")
    return {
        "jmespath_13": jmespath_13,
        "closures_13": closures_13,
        "mapping": lambda: mapping.apply(raw),
        "map_and_validate": ours,
        "jmespath_and_jsonschema": lambda: slow.is_valid(plain()),
        "jmespath_and_jsonschema_rs": lambda: quick.is_valid(plain()),
    }


def _place(made: dict[str, Any], target: list[str], value: Any) -> None:
    if value is None:
        return
    for step in target[:-1]:
        made = made.setdefault(step, {})
    made[target[-1]] = value


def _race(contenders: dict[str, Callable[[], Any]], rounds: int, calls: int) -> dict[str, float]:
    best = dict.fromkeys(contenders, float("inf"))
    for _ in range(rounds):
        for name, contender in contenders.items():
            start = time.perf_counter()
            for _ in range(calls):
                contender()
            best[name] = min(best[name], (time.perf_counter() - start) / calls)
    return best


def _ratio(best: dict[str, float], ours: str, theirs: str) -> float:
    return round(best[ours] / best[theirs], 3)
