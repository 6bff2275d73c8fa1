"""Splink on the same records: one new record against the population, on DuckDB in memory, with comparisons out of its library.

Its model is not trained: that costs no time here and changes none of what is measured. No term frequencies are asked for, which
would cost it more.
"""

from __future__ import annotations

import importlib
import logging
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from hub.records import Data, SourceRecord

_NAMES = ("given", "family", "company", "born", "email", "phone", "code", "town")
_BLOCKS = (
    ("email",), ("phone",), ("family", "born"), ("given", "born"), ("given", "family"), ("family", "code"), ("family", "town"),
    ("company",),
)  # fmt: skip


def rival_version() -> str:
    """Of Splink; empty where it is not installed."""
    try:
        return version("splink")
    except PackageNotFoundError:
        return ""


class Rival:
    """A linker over a population."""

    def __init__(self, known: Sequence[SourceRecord]) -> None:
        splink: Any = importlib.import_module("splink")
        library: Any = importlib.import_module("splink.comparison_library")
        arrow: Any = importlib.import_module("pyarrow")
        logging.getLogger("splink").setLevel(logging.ERROR)
        self._table = arrow.Table.from_pylist
        self._api = splink.DuckDBAPI()
        self._known = self._api.register(self._table([_flat(one) for one in known]), dataset_display_name="known")
        comparisons = [library.JaroWinklerAtThresholds(name, [0.92, 0.8]) for name in ("given", "family", "company")]
        comparisons += [library.ExactMatch(name) for name in ("email", "phone", "code", "town")]
        comparisons.append(library.DamerauLevenshteinAtThresholds("born", [1]))
        settings = splink.SettingsCreator(
            link_type="link_only",
            comparisons=comparisons,
            blocking_rules_to_generate_predictions=[splink.block_on(*names) for names in _BLOCKS],
            unique_id_column_name="id",
        )
        self._linker = splink.Linker(self._known, settings)
        self._number = self.found = 0

    def find(self, record: SourceRecord) -> int:
        """How many pairs it scored."""
        self._number += 1
        new = self._api.register(self._table([_flat(record)]), dataset_display_name=f"new{self._number}")
        pairs = self._linker.inference.predict_between(new, self._known, warning_mode="never")
        number = len(pairs.as_record_list())
        self.found += number
        return number


def _flat(record: SourceRecord) -> dict[str, str | None]:
    data: Data = record.data
    name, address = data.get("name") or {}, data["addresses"][0]
    first = {word: (data.get(word) or [{}])[0] for word in ("emails", "phones")}
    told = (
        name.get("given"), name.get("family"), (data.get("organization") or {}).get("legal_name"), data.get("birth_date"),
        first["emails"].get("address"), first["phones"].get("number"), address.get("postal_code"), address.get("locality"),
    )  # fmt: skip
    return {"id": record.message_id} | dict(zip(_NAMES, told, strict=True))
