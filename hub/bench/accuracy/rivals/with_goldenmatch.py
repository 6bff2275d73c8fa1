"""GoldenMatch with nothing configured: it looks at the columns and decides by itself."""

from __future__ import annotations

import csv
import importlib
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_NAMES = {
    "given": "first_name", "family": "last_name", "dob": "date_of_birth", "organization": "company", "phone": "phone",
    "email": "email", "street": "address", "city": "city", "postcode": "zip", "id": "id_number",
}  # fmt: skip
"""Column names that its detection knows."""


def clusters(rows: Sequence[Mapping[str, str]]) -> dict[str, dict[str, str]]:
    goldenmatch = importlib.import_module("goldenmatch")
    told = [role for role in rows[0] if role in _NAMES]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records.csv"
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["record_id", *(_NAMES[role] for role in told)])
            writer.writerows([row["record_id"], *(row[role] for role in told)] for row in rows)
        found = goldenmatch.dedupe(str(path))
    names = [row["record_id"] for row in rows]
    return {"default": {names[row]: str(number) for number, one in found.clusters.items() for row in one["members"]}}
