"""What rivals get: one row for every record, one column for every kind of value, as the mapping reads them."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from hub.bench.accuracy.sets import LabelledSet
from hub.mapping import load_mapping
from hub.model import load_model
from hub.records import RawRecord, Translation

ROLES = ("given", "family", "dob", "organization", "phone", "email", "street", "city", "postcode", "id")


def write_roles(each: LabelledSet, out: Path) -> None:
    """A CSV file with record_id and the roles that the set tells. Rows that our mapping refuses are left out, as for us."""
    mapping = load_mapping(each.mapping, model=load_model())
    with each.table.open(newline="", encoding="utf-8") as file:
        made = (
            found
            for row in csv.DictReader(file)
            for found in mapping.apply(RawRecord(stream=mapping.stream, data=dict(row)))
            if isinstance(found, Translation)
        )
        rows = [{"record_id": found.key, **roles(found.data)} for found in made]
    told = [role for role in ROLES if any(row[role] for row in rows)]
    with out.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["record_id", *told], extrasaction="ignore")
        writer.writeheader()
        writer.writerows(rows)


def roles(data: Mapping[str, Any]) -> dict[str, str]:
    """The first value of every kind, in small letters."""
    name, organization = data.get("name") or {}, data.get("organization") or {}
    given, family = _names(name)
    address, identifier = _first(data.get("addresses")), _first(data.get("identifiers"))
    found = {
        "given": given,
        "family": family,
        "dob": data.get("birth_date"),
        "organization": organization.get("legal_name"),
        "phone": _first(data.get("phones")).get("number"),
        "email": _first(data.get("emails")).get("address"),
        "street": " ".join(address.get("lines") or ()),
        "city": address.get("locality"),
        "postcode": address.get("postal_code"),
        "id": identifier.get("value"),
    }
    return {role: str(value or "").strip().lower() for role, value in found.items()}


def _names(name: Mapping[str, Any]) -> tuple[str, str]:
    """A full name alone is taken apart at its first and last word."""
    given, family = str(name.get("given") or ""), str(name.get("family") or "")
    words = str(name.get("full") or "").split()
    if words and not (given or family):
        return (words[0] if len(words) > 1 else ""), words[-1]
    return given, family


def _first(items: Iterable[Mapping[str, Any]] | None) -> Mapping[str, Any]:
    return next(iter(items or ()), {})
