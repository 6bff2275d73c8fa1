"""Where weights come from: the one door to the estimation without labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from hub.app.outcome import Tell
from hub.errors import Misconfigured
from hub.matching.features import Features
from hub.resolve import Rules
from hub.store.passing import passing_folder

MEMORY, WORKERS = "1GB", 2
PRECISION = 0.99
"""A hub joins customers for good and has stewards, so it asks for more than a match of files does."""

Held = tuple[int, Features, Sequence[int]]
"""A node: number, features, blocking keys."""


class Estimate(NamedTuple):
    """A document of weights, and the numbers it rests on."""

    document: dict[str, Any]
    report: dict[str, Any]


def estimate(pages: Iterable[Sequence[Held]], rules: Rules, tell: Tell, precision: float = PRECISION) -> Estimate:
    """Weights for these nodes, beginning with those of ``rules``. Same nodes and rules, same weights."""
    try:
        from hub.batch.held import held_population
        from hub.batch.training import Training, train
    except ImportError as absent:
        raise Misconfigured("Training needs the extra `batch`: pip install 'goldenhub[batch]'.") from absent
    with passing_folder("train") as folder:
        population = held_population(pages, folder, MEMORY, rules.matching.block_limit)
        training = Training(rules.raw, rules.document, WORKERS, lambda step: tell(step, 0, None), precision)
        population, trained = train(population, training)
        population.close()
    return Estimate(trained.document, trained.report)
