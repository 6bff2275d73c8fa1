"""Components of match edges on their way to a worker: each part a file that holds all a worker must know about them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import NamedTuple

import orjson

from hub.batch.population import Population
from hub.matching.clustering import ClusterRules
from hub.matching.features import Features

NODES = 5_000
"""So many nodes make one part."""

Edge = tuple[int, int]

Listed = tuple[int, int, str, bool]
"""Record, node, system, whether a trusted source said it."""


class Component(NamedTuple):
    """Nodes that hang together, the match edges among them, and their records by number."""

    nodes: Sequence[int]
    edges: Sequence[Edge]
    members: Sequence[Listed]


class Components(NamedTuple):
    """Some components, and the features of all their nodes."""

    number: int
    listed: Sequence[Component]
    features: dict[int, Features]


def write_components(
    population: Population, rules: ClusterRules, apart: Collection[int] = ()
) -> tuple[list[Path], Component | None]:
    """All components as part files ``<number>.component``; those that hold a node of ``apart`` as one, for whoever asks."""
    population.keep_apart(sorted(apart))
    paths: list[Path] = []
    some: list[tuple[list[int], list[Edge]]] = []
    aside: list[tuple[list[int], list[Edge]]] = [([node], []) for node in sorted(apart)]
    size = 0
    for nodes, edges in _components(population, rules):
        if apart and any(node in apart for node in nodes):
            aside.append((nodes, edges))
            continue
        some.append((nodes, edges))
        size += len(nodes)
        if size >= NODES:
            paths.append(_write(population, len(paths), some))
            some, size = [], 0
    if some:
        paths.append(_write(population, len(paths), some))
    if not apart:
        return paths, None
    together = sorted({node for nodes, _ in aside for node in nodes})
    return paths, Component(together, [edge for _, edges in aside for edge in edges], population.members_of(together))


def _write(population: Population, number: int, some: Sequence[tuple[list[int], list[Edge]]]) -> Path:
    nodes = [node for held, _ in some for node in held]
    members: dict[int, list[Listed]] = {}
    for listed in population.members_of(nodes):
        members.setdefault(listed[1], []).append(listed)
    told = [(held, edges, [one for node in held for one in members[node]]) for held, edges in some]
    path = population.folder / f"{number:06d}.component"
    path.write_bytes(orjson.dumps([number, told, list(population.features_of(nodes).items())]))
    return path


def read_components(path: Path) -> Components:
    number, listed, found = orjson.loads(path.read_bytes())
    told = [
        Component(nodes, [(a, b) for a, b in edges], [(r, n, system, trusted) for r, n, system, trusted in members])
        for nodes, edges, members in listed
    ]
    return Components(number, told, dict(found))


def _components(population: Population, rules: ClusterRules) -> Iterator[tuple[list[int], list[Edge]]]:
    """The nodes of each component, and the edges among them."""
    for _, component in groupby(population.components(rules), itemgetter(0)):
        found = [(a, b) for _, a, b in component]
        yield sorted({node for edge in found for node in edge}), [edge for edge in found if edge[0] != edge[1]]
