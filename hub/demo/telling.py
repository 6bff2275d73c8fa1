"""Two stories out of a demo run: a merge that is worth a look, and a pair about which the hub was not sure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import combinations
from typing import Any

from sqlalchemy import Connection

from hub.demo.figures import CUSTOMER
from hub.records import Data, RecordRef, SourceRecord
from hub.store import sources, tasks
from hub.store.goldens import Golden

Explain = Callable[[Connection, tuple[str, str], tuple[str, str]], Mapping[str, Any]]
_SHOWN = 6  # records of one story
_FIELDS = ("name", "birth_date", "emails", "phones", "addresses")


def merge(
    tx: Connection, held: Sequence[Golden], explain: Explain, about: Mapping[str, str], match_bits: float
) -> dict[str, Any] | None:
    """The rightly merged golden record whose members differ most, and what holds two of them together that differ in name."""
    suited = [one for one in held if 4 <= len(one.members) <= _SHOWN and one.data.get("kind") == "person"]
    suited = [one for one in suited if len({about.get(str(ref)) for ref in one.members}) == 1]
    if not suited:
        return None
    told = {one.id: sources.contents(tx, CUSTOMER, one.members) for one in suited}
    chosen = max(suited, key=lambda one: (_variety(told[one.id].values()), [str(ref) for ref in one.members]))
    records = told[chosen.id]
    pairs = list(combinations(sorted(records), 2))
    strong = [two for two in pairs if explain(tx, _key(two[0]), _key(two[1]))["bits"] >= match_bits]
    pair = max(strong or pairs, key=lambda two: (_distance(records[two[0]].data, records[two[1]].data), two))
    return {
        "name": name_of(chosen.data),
        "golden": chosen.id,
        "records": [row(records[ref]) for ref in sorted(records)],
        "sources": _sources(chosen),
        **_evidence(tx, pair, explain),
    }


def near_miss(tx: Connection, explain: Explain, about: Mapping[str, str], match_bits: float) -> dict[str, Any] | None:
    """The question to a person that was decided most narrowly, with the answer that only the generator knows."""
    asked = [task for task in tasks.every(tx, CUSTOMER) if task.task.kind == "near_match"]
    asked = [task for task in asked if len({*task.task.left, *task.task.right}) <= _SHOWN]
    if not asked:
        return None
    chosen = min(asked, key=lambda task: (abs(task.task.bits / 1000 - match_bits), task.id))
    left, right = chosen.task.left, chosen.task.right
    records = sources.contents(tx, CUSTOMER, (*left, *right))
    pair = _strongest(tx, left, right, explain)
    who = [{about.get(str(ref), "") for ref in side} for side in (left, right)]
    return {
        "told": "in truth one customer" if who[0] & who[1] else "in truth two customers",
        "task": chosen.id,
        "records": [row(records[ref]) for ref in (*left, *right) if ref in records],
        **_evidence(tx, pair, explain),
    }


def _strongest(
    tx: Connection, left: Iterable[RecordRef], right: Sequence[RecordRef], explain: Explain
) -> tuple[RecordRef, RecordRef]:
    pairs = [(one, other) for one in left for other in right]
    return max(pairs, key=lambda two: (explain(tx, _key(two[0]), _key(two[1]))["bits"], two))


def _evidence(tx: Connection, pair: tuple[RecordRef, RecordRef], explain: Explain) -> dict[str, Any]:
    story = explain(tx, _key(pair[0]), _key(pair[1]))
    return {"pair": [str(ref) for ref in pair], "bits": story["bits"], "why": list(story["waterfall"])}


def _key(ref: RecordRef) -> tuple[str, str]:
    return ref.system, ref.key


def _variety(records: Iterable[SourceRecord]) -> int:
    """How many different names, dates, addresses and systems there are."""
    seen = [
        (record.ref.system, name_of(record.data), record.data.get("birth_date"), _first(record.data, "emails"))
        for record in records
    ]
    return sum(len({part for part in column if part}) for column in zip(*seen, strict=True))


def _distance(left: Data, right: Data) -> int:
    ours, theirs = set(name_of(left).lower()), set(name_of(right).lower())
    return len(ours ^ theirs) + (_first(left, "emails") != _first(right, "emails"))


def _sources(golden: Golden) -> dict[str, str]:
    """Which record some of the golden values come from; of a list, its first item."""
    found: dict[str, str] = {}
    for path, told in golden.provenance.items():
        name = path.partition(".")[0].partition("[")[0]
        if name in _FIELDS and isinstance(told, Mapping) and told.get("source"):
            found.setdefault(name.removesuffix("s").replace("_", " ").replace("addresse", "address"), str(told["source"]))
    return found


def row(record: SourceRecord) -> dict[str, str]:
    """One record in a line."""
    data = record.data
    return {
        "record": str(record.ref),
        "name": name_of(data),
        "born": str(data.get("birth_date") or ""),
        "email": _first(data, "emails"),
        "phone": _first(data, "phones"),
        "address": _first(data, "addresses"),
    }


def name_of(data: Data) -> str:
    name, organization = data.get("name") or {}, data.get("organization") or {}
    parts = (name.get("given"), name.get("family"), name.get("suffix"))
    plain = " ".join(part for part in parts if part) or name.get("full") or name.get("native") or ""
    return str(organization.get("legal_name") or plain)


def _first(data: Data, field: str) -> str:
    for item in data.get(field) or ():
        if field == "addresses":
            places = (*(item.get("lines") or ()), item.get("postal_code"), item.get("locality"))
            return ", ".join(place for place in places if place)
        return str(item.get("address") or item.get("number") or "")
    return ""
