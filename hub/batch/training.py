"""Train a model on a population without labels: values become as rare as they are in it, weights what EM finds.

The result is a document of weights like ``model.json``, frozen and in whole thousandths of a bit. Same input, same document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from math import log2, sqrt
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from hub.batch.estimating import ERRORS, Estimated, Estimation, Floats, Table
from hub.batch.naming import believe_names, word_bits_of
from hub.batch.pairs import Task
from hub.batch.patterns import COMPARISONS, FEW, PART, PLACE, Patterns, count_patterns
from hub.batch.population import Population
from hub.matching.clustering import load_cluster_rules
from hub.matching.features import Features
from hub.matching.rarity import Told
from hub.matching.rules import LEVELS, TABLES, MatchingRules, half_bits, load_rules, with_document

SHARED = 2
"""A value that fewer nodes share is as rare as one never seen before, and has no line of its own."""
FEWEST_MATCHES = 30
"""Expected matches below which there is nothing to learn from."""
SMALL = 8
"""No population is taken for smaller than this many doublings of one."""
PRECISION = 0.97
"""The precision that a model should expect of pairs it calls a match. Clusters, which need agreement on average, are purer."""
HIGHEST, BAND = 6.0, 3.0
"""No threshold of a match above, in bits; and how far below it a person looks."""
WORTH_ASKING = -1.5
"""No person looks further down, in bits: of four pairs asked about there one is expected to be the same."""
GUARDS = [{"household": -5}, {"generation": -5}, {"branch": -5}]
"""What holds in any population. Other guards stand in for evidence that a trained model has."""
ASKED = ("site", "other_form", "tenant")
"""Guards that leave a pair to a person, in any population: no weight can tell whether a site is a customer of its own."""
IN_QUESTION = {"other_given": -4, "other_birth": -3, "other_site": -2}
"""Guards that hold where another given name, or another birth date, is another person. Their ceilings tell them apart."""
ASIDE = 0.5
"""So far below a match lies a ceiling that leaves a pair to a person, in bits."""
ORGANIZATION_SHARE, ORGANIZATION_UNMATCHED = 250, 100
ORGANIZATION_START = (13.0, 9.0, 7.0, 5.0, 2.0, -1.0, -5.0)
NAME_ONLY = {"share": 1000, "unmatched": 250, "bonus": 3.0, "floor": -20.0}
"""Organizations known by their name alone: shared words count in full, words that one side only has at a quarter."""
NAMINGS = 3
"""Times that words are counted anew, each time among the organizations found so far."""
TELLING = ("street", "phone", "postal_code", "locality", "email", "identifier", "identifier_renewable")
NAMED_ALONE = 0.2
"""Organizations are known by name alone when at most this share of candidates tell two of these on both sides."""

Document = dict[str, Any]
Tell = Callable[[str], None]


class Trained(NamedTuple):
    """A document of weights, and the numbers it rests on."""

    document: Document
    report: dict[str, Any]


@dataclass(frozen=True)
class Training:
    """What training needs beside the population. ``raw`` is ``matching.yaml``, ``document`` the weights to start with."""

    raw: Mapping[str, Any]
    document: Mapping[str, Any]
    workers: int = 2
    tell: Tell = lambda step: None
    precision: float = PRECISION


def train(population: Population, training: Training) -> tuple[Population, Trained]:
    """Estimate all weights from the candidates that ``population`` holds, and hand it back as it is open from here on.

    Where hardly any match is to be expected the weights stay, and only the prior is that of the population.
    """
    folder, memory = population.folder, population.memory
    training.tell("counting values")
    told = population.told_values()
    kinds = population.kinds()
    ranges, candidates = population.ranges(PART), population.count("candidate")
    if candidates > FEW:
        population.sketch()
    population.close()
    document = with_values(training.document, told, sum(kinds.values()))
    training.tell("counting agreement")
    run = _Run(
        training,
        document,
        told,
        kinds,
        ranges,
        candidates,
        lambda rules: Task(folder, memory, rules, load_cluster_rules(dict(training.raw))),
        lambda: _features_in(folder, memory),
    )
    trained = run.train()
    return Population(folder, memory), trained


def _features_in(folder: Path, memory: str) -> Iterator[Features]:
    with closing(Population(folder, memory, read_only=True)) as population:
        yield from population.all_features()


class _Run:
    """One training, once values are counted."""

    def __init__(
        self,
        training: Training,
        document: Document,
        told: Told,
        kinds: Mapping[str, int],
        ranges: list[tuple[int, int]],
        candidates: int,
        task: Callable[[MatchingRules], Task],
        features: Callable[[], Iterator[Features]],
    ) -> None:
        self.training, self.document, self.told, self.ranges, self.task = training, document, told, ranges, task
        self.features, self.candidates = features, candidates
        self.organizations = kinds.get("o", 0)
        self.people = sum(kinds.values()) - self.organizations

    def train(self) -> Trained:
        rules = self.rules(observing(self.document))
        nodes = self.people + self.organizations
        seen, rest = count_patterns(nodes, self.ranges, self.candidates, self.task(rules), self.training.workers)
        report: dict[str, Any] = {"nodes": nodes, "candidates": self.candidates, "patterns": len(seen)}
        if not seen:
            return self._unlearned(report)
        self.training.tell("estimating")
        estimation = Estimation(
            Table.of(seen),
            Table.of(rest),
            people=self.people,
            organizations=self.organizations,
            start=_start(rules),
            numbers=rules.numbers,
            one_date=self.told.one_date,
        )
        estimated, others = believe(estimation)
        report |= {"random_pairs": rest.total(), "rounds": estimated.rounds, "matches": round(estimated.matches)}
        if named_alone(seen):
            return self._by_name(estimation, report)
        if estimated.matches < FEWEST_MATCHES:
            return self._unlearned(report)
        match_bits = threshold(estimated, estimation.candidates, self.training.precision)
        report["expected_precision"] = round(_expected(estimated, estimation.candidates, match_bits), 4)
        document = self._weighed(estimated, match_bits)
        report["other_people"] = list(others)
        document["guards"] += [{name: match_bits - ASIDE} for name in (*ASKED, *others)]
        return Trained(document, {**report, "trained": True})

    def _unlearned(self, report: dict[str, Any]) -> Trained:
        """Nothing to learn from: the weights there were, and a prior that falls by one bit with every doubling of nodes."""
        held, nodes = int(self.training.document["numbers"]["population"]), self.people + self.organizations
        shift = (max(held.bit_length(), SMALL) - max(nodes.bit_length(), SMALL)) * 1000
        prior = {kind: int(bits) + shift for kind, bits in self.training.document["prior"].items()}
        numbers = {**self.training.document["numbers"], "population": max(nodes, 1)}
        return Trained({**self.training.document, "prior": prior, "numbers": numbers}, {**report, "trained": False})

    def rules(self, document: Mapping[str, Any]) -> MatchingRules:
        return load_rules(with_document(self.training.raw, document), dict(document))

    def _weighed(self, estimated: Estimated, match_bits: float) -> Document:
        comparisons = {
            name: _with_bits(self.document["comparisons"][name], estimated.weights[name], name) for name in COMPARISONS
        }
        return {
            **self.document,
            "prior": {"person": _milli(estimated.person), "organization": _milli(estimated.organization)},
            "comparisons": comparisons,
            "thresholds": _thresholds(match_bits),
            "guards": [dict(guard) for guard in GUARDS],
        }

    def _by_name(self, estimation: Estimation, report: dict[str, Any]) -> Trained:
        """The rarity of shared words against the number of organizations there are, which comes out of rounds of belief; what
        little else is told is weighed by how it agrees among those believed."""
        bits = round(NAME_ONLY["bonus"] * 1000)
        levels = {level: [bits, NAME_ONLY["share"]] for level in LEVELS["organization"]}
        numbers = {
            **self.document["numbers"],
            "unmatched_share": NAME_ONLY["unmatched"],
            "mean_organization": 0,
            "organization_ceiling": 60_000,
            "organization_floor": round(NAME_ONLY["floor"] * 1000),
        }
        document = {
            **self.document,
            "numbers": numbers,
            "comparisons": {**self.document["comparisons"], "organization": levels},
            "thresholds": _thresholds(0.0),
            "guards": [dict(guard) for guard in GUARDS],
        }
        nodes = self.people + self.organizations
        shares: list[float] = []
        for _ in range(NAMINGS):
            neutral = {**document, "prior": {**document["prior"], "organization": 0}}
            shares, agreed = believe_names(self.task(self.rules(neutral)), nodes, self.ranges, self.training.workers)
            document["comparisons"] = self._beside_names(estimation, document["comparisons"], agreed)
            words, rare = word_bits_of(self.features(), shares)
            document["frequencies"] = {**document["frequencies"], "organization": buckets(words)}
            document["numbers"] = {**document["numbers"], "rare_organization": rare}
        document["guards"] += [{name: -ASIDE} for name in ASKED]  # what is asked about may well be one
        organizations = sum(shares)
        document["prior"] = {**document["prior"], "organization": -_milli(log2(max(organizations, 2)))}
        return Trained(document, {**report, "trained": True, "organizations": round(organizations)})

    def _beside_names(self, estimation: Estimation, held: Document, levels: Mapping[str, Floats]) -> Document:
        """The weights of every comparison but that of names, from how often their levels occur among expected matches."""
        beside = [name for name in COMPARISONS if name != "organization"]
        bits = {name: [_of(held[name].get(level, 0)) / 1000 for level in LEVELS[name]] for name in beside}
        return held | {
            name: _with_bits(held[name], estimation.learned(name, np.array(bits[name]), levels[name]).tolist(), name)
            for name in beside
        }


def observing(document: Mapping[str, Any]) -> Document:
    """The document under which pairs are observed: only the guards that hold everywhere, and those that are in question."""
    return {**document, "guards": [*GUARDS, *({name: ceiling} for name, ceiling in IN_QUESTION.items())]}


def believe(estimation: Estimation) -> tuple[Estimated, tuple[str, ...]]:
    """Weights, and which guards hold here of those in question: from what meets them nothing is learned."""
    lifted = estimation.without(*IN_QUESTION.values())
    estimated = lifted.run()
    asked = {"other_given": lifted.other_people, "other_birth": lifted.other_births, "other_site": lifted.other_sites}
    holding = tuple(name for name in IN_QUESTION if asked[name](estimated))
    if not holding:
        return estimated, ()
    return estimation.without(*(ceiling for name, ceiling in IN_QUESTION.items() if name not in holding)).run(), holding


def with_values(document: Mapping[str, Any], told: Told, nodes: int) -> Document:
    """The document to start with: values as rare as they are here, whole and half bits."""
    numbers, frequencies = dict(document["numbers"]), dict(document.get("frequencies", {}))
    for table in TABLES:
        total = told.nodes.get(table, 0)
        if not total:
            continue
        counts = told.counts[table]
        frequencies[table] = buckets({value: half_bits(total, count) for value, count in counts.items() if count >= SHARED})
        numbers[f"rare_{table}"] = half_bits(total, 1)
        if table != "organization":
            numbers[f"mean_{table}"] = _mean(counts, total)
    numbers |= {"population": max(nodes, 1), "mean_swapped": 2 * numbers["mean_family"], "name_ceiling": 20_000}
    numbers |= {"unmatched_share": ORGANIZATION_UNMATCHED, "organization_floor": -8000}
    comparisons = {**document["comparisons"], "organization": _organization()}
    return {**document, "numbers": numbers, "frequencies": frequencies, "comparisons": comparisons}


def _mean(counts: Mapping[str, int], total: int) -> int:
    """The bits of agreeing by chance, with rarity as coarse as it is in the tables, so that rounding favours neither side."""
    return _milli(-log2(sum(count / total * 2 ** (-half_bits(total, count) / 1000) for count in counts.values())))


def _organization() -> dict[str, list[int]]:
    levels = LEVELS["organization"]
    return {
        level: [_milli(bits), ORGANIZATION_SHARE if level != "else" else 0]
        for level, bits in zip(levels, ORGANIZATION_START, strict=True)
    }


def buckets(bits: Mapping[str, int]) -> dict[str, str]:
    """Bits by value as a model file has them: ``{"6.5": "john mary"}``, a space within a value as ``_``."""
    found: dict[int, list[str]] = {}
    for value, worth in sorted(bits.items()):
        found.setdefault(worth, []).append(value.replace(" ", "_"))
    return {f"{worth / 1000:g}": " ".join(values) for worth, values in sorted(found.items())}


def named_alone(seen: Patterns) -> bool:
    """Whether organizations are all there is, and hardly anything but their names is told."""
    told = sum(times for one, times in seen.items() if sum(one.levels[PLACE[name]] != 0xFF for name in TELLING) >= 2)
    organizations = sum(times for one, times in seen.items() if one.levels[PLACE["organization"]] != 0xFF)
    return organizations * 2 > seen.total() and told <= NAMED_ALONE * seen.total()


def _start(rules: MatchingRules) -> dict[str, list[float]]:
    return {name: [rules.weights[name][level] / 1000 for level in LEVELS[name]] for name in COMPARISONS}


def _with_bits(given: Mapping[str, Any], bits: list[float], name: str) -> dict[str, Any]:
    """The levels of a comparison with other bits; how much rarity counts at a level stays."""
    found: dict[str, Any] = {}
    for level, worth in zip(LEVELS[name], bits, strict=True):
        held = given.get(level, 0)
        found[level] = [_tenth(worth), held[1]] if isinstance(held, list) else _tenth(worth)
    return found


def threshold(estimated: Estimated, table: Table, precision: float) -> float:
    """The lowest number of bits, in halves and not below 0, from which the model expects this precision of candidates, and would
    though it erred: the fewer the records, the less their share is worth (a lower bound by the normal approximation)."""
    bits = 0.0
    while bits < HIGHEST and _surely(_expected(estimated, table, bits), estimated.matches) < precision:
        bits += 0.5
    return bits


def _surely(share: float, matches: float) -> float:
    return share - ERRORS * sqrt(max(share * (1 - share), 0.0) / max(matches, 1.0))


def _thresholds(match_bits: float) -> dict[str, float]:
    return {"match_bits": match_bits, "review_bits": max(match_bits - BAND, WORTH_ASKING)}


def _expected(estimated: Estimated, table: Table, match_bits: float) -> float:
    """The precision that the model expects of the candidates it calls a match."""
    said = estimated.bits >= match_bits
    matches = float((estimated.believed * table.count)[said].sum())
    return matches / max(float(table.count[said].sum()), 1.0)


def _of(value: Any) -> int:
    return int(value[0]) if isinstance(value, list) else int(value)


def _milli(bits: float) -> int:
    return round(bits * 1000)


def _tenth(bits: float) -> int:
    """Tenths of a bit: nothing finer was learned."""
    return round(bits * 10) * 100
