"""The nodes that a hub holds as the population of a training: features, keys and the candidates that these give."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from hub.batch.features import PartFiles
from hub.batch.population import Population
from hub.matching.features import Features
from hub.records import canonical_json

Held = tuple[int, Features, Sequence[int]]
"""A node: its number, which hashes its features, these, and its blocking keys."""


def held_population(pages: Iterable[Sequence[Held]], folder: Path, memory: str, block_limit: int) -> Population:
    """One record for each node, in the order of their numbers, wherever and in whatever order they were stored."""
    for number, page in enumerate(pages):
        parts = PartFiles(folder, number)
        try:
            for node, features, keys in page:
                name = f"{node:016x}"
                parts.records.writerow([name, name, "", ""])
                parts.nodes.writerow([name, canonical_json(features).decode()])
                parts.keys.writerows([name, key] for key in keys)
        finally:
            parts.close()
    population = Population(folder, memory)
    for kind in ("records", "nodes", "keys", "rejects"):
        population.load(kind)
    population.settle()
    population.pair(block_limit)
    return population
