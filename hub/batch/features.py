"""Step one of a bulk match, in worker processes: raw rows to canonical records, features and blocking keys, as part files.

Workers write what they made into files of their own, so that nothing large travels between processes.
"""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hub.errors import BadMapping, InvalidRecord, MappingFailed, Rejected
from hub.mapping import Mapping, load_mapping
from hub.matching.features import feature_hash, features
from hub.matching.keys import key_numbers
from hub.matching.rules import MatchingRules
from hub.model import Model
from hub.records import GONE, Data, RawRecord, Translation, canonical_json, content_hash

ENTITY = "customer"


@dataclass(frozen=True)
class Recipe:
    """What a worker needs to know once."""

    mapping: Path
    model: Model
    rules: MatchingRules
    folder: Path


class Chunk(NamedTuple):
    """Rows of one file, in their order."""

    number: int
    source: str  # put before the key where several files are matched; else empty
    rows: Sequence[tuple[Data, str]]  # the row and where it stands


class Counts(NamedTuple):
    records: int = 0
    rejected: int = 0
    filtered: int = 0


class FeatureWorker:
    """One per process. Calling it with a chunk leaves ``<number>.records``, ``.nodes``, ``.keys`` and ``.rejects``."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe
        self.mapping: Mapping = load_mapping(recipe.mapping, model=recipe.model)
        if self.mapping.entity != ENTITY:
            raise BadMapping(f"{recipe.mapping} maps to {self.mapping.entity}; only {ENTITY} records can be matched.")

    def __call__(self, chunk: Chunk) -> Counts:
        parts = PartFiles(self.recipe.folder, chunk.number)
        counts = Counts()
        try:
            for data, where in chunk.rows:
                found = self.mapping.apply(RawRecord(stream=self.mapping.stream, data=data, where=where))
                made = [self._keep(parts, chunk.source, where, each) for each in found]
                counts = _counted(counts, made)
        finally:
            parts.close()
        return counts

    def _keep(self, parts: PartFiles, source: str, where: str, found: Translation | MappingFailed) -> bool | None:
        """True for a record, False for a reject, None for one that is gone at its source."""
        if isinstance(found, MappingFailed):
            return parts.reject(where, "", found)
        if found.operation in GONE:
            return None
        try:
            self.recipe.model.check(ENTITY, found.data)
        except InvalidRecord as invalid:
            return parts.reject(where, found.key, invalid)
        made = features(found.data, system=self.mapping.system, rules=self.recipe.rules)
        key = f"{source}:{found.key}" if source else found.key
        parts.records.writerow([key, feature_hash(made), content_hash(found.data), where])
        parts.node(feature_hash(made), canonical_json(made).decode(), key_numbers(made, self.recipe.rules))
        return True


class PartFiles:
    """The tables of one chunk as CSV."""

    def __init__(self, folder: Path, number: int) -> None:
        self._open = {
            name: (folder / f"{number:06d}.{name}").open("w", newline="", encoding="utf-8")
            for name in ("records", "nodes", "keys", "rejects")
        }
        self.records, self.nodes, self.keys, self.rejects = (csv.writer(file) for file in self._open.values())
        self._known: set[str] = set()

    def node(self, node: str, made: str, keys: Sequence[int]) -> None:
        if node in self._known:
            return
        self._known.add(node)
        self.nodes.writerow([node, made])
        self.keys.writerows([node, _signed(key)] for key in keys)

    def reject(self, where: str, key: str, fault: Rejected) -> bool:
        self.rejects.writerow([where, key, fault.facts.get("code") or fault.code, fault.message])
        return False

    def close(self) -> None:
        for file in self._open.values():
            file.close()


def _signed(key: int) -> int:
    """A number of 64 bits as a column with a sign holds it."""
    return key - (1 << 64) if key >= 1 << 63 else key


def _counted(counts: Counts, made: Sequence[bool | None]) -> Counts:
    if not made:
        return counts._replace(filtered=counts.filtered + 1)
    return Counts(
        counts.records + made.count(True),
        counts.rejected + made.count(False),
        counts.filtered + made.count(None),
    )
