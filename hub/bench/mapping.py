"""How fast a mapping is, against the plain libraries doing the same work in the same run.

Thirteen expressions on small records that differ: one compiled mapping against thirteen compiled ``jmespath`` expressions;
and map plus validate against ``jmespath`` with ``jsonschema`` and with ``jsonschema-rs``. Our side does more: it tidies every
value, makes the key and builds the translation. The contenders take turns, so that a busy machine slows all of them; the best
round of each counts. ``mapping`` has one small record again and again, as a microbenchmark would; all others have records that
nobody met before, as a feed would, which costs us more, because text met before is known to be tidy.
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
GIVEN = ("Ana", "María", "José Luis", "Hans", "Jürgen", "Claire", "Zoë", "Piotr", "Agnieszka", "John", "Mary", "Olivia")
FAMILY = ("García", "López", "Müller", "Schmidt", "Dubois", "Lefèvre", "Nowak", "Wiśniewska", "Smith", "Jones", "Taylor", "Ruiz")
CITIES = ("Madrid", "Sevilla", "Berlin", "Köln", "Paris", "Lyon", "Warszawa", "Łódź", "London", "Leeds")
ROUNDS, CALLS = 60, 100  # short rounds: on a busy machine some of them still run undisturbed

WARM = 10


def record(number: int) -> dict[str, Any]:
    """A generated customer. As in real data names and cities repeat, while streets, phones and mail addresses hardly do."""
    given, family, city = GIVEN[number % 12], FAMILY[number // 12 % 12], CITIES[number % 10]
    return {
        "id": str(number),
        "kind": "person",
        "first_name": given,
        "last_name": f"{family} {FAMILY[number // 144 % 12]}",
        "company": None,
        "status": "active",
        "born": f"{1940 + number % 60}-{1 + number % 12:02}-{1 + number % 28:02}",
        "contact": {"email": f"customer.{number}@shop.example", "phone": f"+3460{number:07}"},
        "address": {"street": f"Calle Mayor {number}", "city": city, "zip": f"{10000 + number % 900}", "country": "ES"},
    }


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
            "mapping_to_13_jmespath": _ratio(best, "mapping_one_record", "jmespath_13_one_record"),
            "mapping_new_records_to_13_jmespath": _ratio(best, "mapping", "jmespath_13"),
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


def _contenders(model: Model, mapping: Mapping) -> dict[str, Callable[[RawRecord], Any]]:
    compiled = [(target.split("."), jmespath.compile(text)) for target, text in EXPRESSIONS.items()]
    table = function_table({})
    closures = [compile_expression(text, table) for text in EXPRESSIONS.values()]
    schema = model.schema(mapping.entity)
    slow, quick = jsonschema.Draft202012Validator(schema), jsonschema_rs.Draft202012Validator(schema)

    def jmespath_13(raw: RawRecord) -> None:
        given = raw.data
        for _, expression in compiled:
            expression.search(given)

    def closures_13(raw: RawRecord) -> None:
        given = raw.data
        for evaluate in closures:
            evaluate(given)

    def plain(given: dict[str, Any]) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for target, expression in compiled:
            _place(made, target, expression.search(given))
        return made

    def ours(raw: RawRecord) -> bool:
        (made,) = mapping.apply(raw)
        return isinstance(made, Translation) and model.is_valid(mapping.entity, made.data)

    _same_work(mapping, plain)
    one = RawRecord("customers", record(0))
    return {
        "jmespath_13_one_record": lambda _: jmespath_13(one),
        "mapping_one_record": lambda _: mapping.apply(one),
        "jmespath_13": jmespath_13,
        "closures_13": closures_13,
        "mapping": mapping.apply,
        "map_and_validate": ours,
        "jmespath_and_jsonschema": lambda raw: slow.is_valid(plain(raw.data)),
        "jmespath_and_jsonschema_rs": lambda raw: quick.is_valid(plain(raw.data)),
    }


def _same_work(mapping: Mapping, plain: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    for number in range(100):
        (made,) = mapping.apply(RawRecord("customers", record(number)))
        if not isinstance(made, Translation) or made.data != plain(record(number)):
            raise AssertionError(f"the contenders differ on record {number}")


def _place(made: dict[str, Any], target: list[str], value: Any) -> None:
    if value is None:
        return
    for step in target[:-1]:
        made = made.setdefault(step, {})
    made[target[-1]] = value


def _race(contenders: dict[str, Callable[[RawRecord], Any]], rounds: int, calls: int) -> dict[str, float]:
    """Every round of every contender has records that nobody met before."""
    best, met = dict.fromkeys(contenders, float("inf")), 0
    for _ in range(rounds):
        for name, contender in contenders.items():
            records = [RawRecord("customers", record(number)) for number in range(met, met + WARM + calls)]
            met += WARM + calls
            for given in records[:WARM]:
                contender(given)  # the caches are the last contender's
            start = time.perf_counter()
            for given in records[WARM:]:
                contender(given)
            best[name] = min(best[name], (time.perf_counter() - start) / calls)
    return best


def _ratio(best: dict[str, float], ours: str, theirs: str) -> float:
    return round(best[ours] / best[theirs], 3)
