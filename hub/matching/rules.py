"""The rules of matching: ``matching.yaml``, the frozen weights beside it, and what both must fulfil."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Any

import orjson
import yaml

from hub import cleaning
from hub.errors import BadModel, did_you_mean
from hub.records import content_hash

LEVELS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "given": ("exact", "first", "nickname", "near", "similar", "initial", "sound", "weak", "else"),
        "family": ("exact", "near", "similar", "weak", "else"),
        "swapped": ("exact", "near"),
        "suffix": ("exact", "else"),
        "birth_date": ("exact", "one_digit", "two_parts", "same_year", "close", "else"),
        "birth_part": ("same_month", "same_year", "else"),
        "gender": ("exact", "else"),
        "email": ("exact", "near", "same_local_part", "generic", "same_domain", "else"),
        "phone": ("exact", "near", "else"),
        "identifier": ("exact", "one_digit", "two_digits", "else"),
        "identifier_renewable": ("exact", "one_digit", "two_digits", "else"),
        "identifier_shareable": ("exact", "one_digit", "two_digits", "else"),
        "street": ("exact", "near", "contained", "half", "some", "other_number", "else"),
        "postal_code": ("exact", "near", "same_area", "else"),
        "locality": ("exact", "near", "else"),
        "region": ("exact", "else"),
        "country": ("exact", "else"),
        "organization": ("exact", "near", "contained", "most", "half", "some", "else"),
        "legal_form": ("exact", "else"),
        "kind": ("else",),
    }
)
"""Every comparison with its levels, the strongest first."""

COMMON = 20
"""A value that not more nodes share may well be one customer many times; more make it common."""

TABLES = ("given", "family", "locality", "organization")
GUARDS = (
    *("household", "other_given", "no_given", "other_birth", "generation"),
    *("branch", "site", "other_site", "other_form", "tenant"),
)


@dataclass(frozen=True)
class MatchingRules:
    """Everything the road from a canonical record to bits depends on. Whole thousandths of a bit throughout."""

    version: str
    review_bits: int
    match_bits: int
    block_limit: int
    component_limit: int
    linkage: Mapping[str, Any]
    blocking: tuple[tuple[str, ...], ...]
    key_limit: int
    guards: Mapping[str, int]
    vetoes: frozenset[str]
    equals: frozenset[str]
    schemes: Mapping[str, str]
    low_trust: frozenset[str]
    prior: Mapping[str, int]
    weights: Mapping[str, Mapping[str, int]]
    alphas: Mapping[str, Mapping[str, int]]
    numbers: Mapping[str, int]
    rarity: Mapping[str, Mapping[str, int]] = field(repr=False)

    def fitted(self, counts: Mapping[str, Mapping[str, int]], population: int) -> MatchingRules:
        """The same rules for one known population: its size gives the prior, and a value that is commoner in it than the
        frozen tables say counts as little as it is worth there. Whole and half bits, so that nothing hangs on a last digit."""
        shift = (max(self.numbers["population"].bit_length(), 8) - max(population.bit_length(), 8)) * 1000
        rarity = {table: {**known, **self._commoner(table, counts.get(table, {}))} for table, known in self.rarity.items()}
        prior = {kind: bits + shift for kind, bits in self.prior.items()}
        version = content_hash([self.version, prior, rarity])
        return replace(self, version=version, prior=prior, rarity=rarity)

    def _commoner(self, table: str, counts: Mapping[str, int]) -> dict[str, int]:
        total = sum(counts.values())
        known, rare = self.rarity[table], self.numbers[f"rare_{table}"]
        bits = {word: half_bits(total, count) for word, count in counts.items() if count > COMMON}
        return {word: worth for word, worth in bits.items() if worth < known.get(word, rare)}

    def is_low(self, system: str, kind: str | None) -> bool:
        """Whether what this system says in items of this type is taken with care."""
        if system not in self._low_systems:
            return False
        return f"{system}.{kind or ''}" in self.low_trust or f"{system}.*" in self.low_trust

    @cached_property
    def _low_systems(self) -> frozenset[str]:
        """Whoever has anything of low trust; most systems have nothing."""
        return frozenset(name[:place] for name in self.low_trust for place, sign in enumerate(name) if sign == ".")


def half_bits(total: int, count: int) -> int:
    """How rare one in total / count is, in whole half bits, by whole numbers alone: the bit length of the square."""
    return ((total * total // (count * count)).bit_length() - 1) * 500


def read_rules(folder: Path) -> MatchingRules:
    """The rules in a folder such as ``canonical_model/customer``."""
    raw = yaml.safe_load((folder / "matching.yaml").read_text(encoding="utf-8"))
    return load_rules(raw, read_weights(folder / "model.json"))


def read_weights(path: Path) -> dict[str, Any]:
    try:
        weights: dict[str, Any] = orjson.loads(path.read_bytes())
    except (OSError, orjson.JSONDecodeError) as error:
        raise BadModel(f"{path} holds no weights: {error}", path=str(path)) from error
    return weights


def load_rules(raw: dict[str, Any], weights: dict[str, Any]) -> MatchingRules:
    """Checked rules. What cannot mean anything is refused here, before data moves."""
    comparisons = weights.get("comparisons", {})
    _check_words("comparison", comparisons, LEVELS)
    _check_words("comparison", raw.get("comparisons", {}), LEVELS)
    levels = {name: _levels(name, {**comparisons.get(name, {}), **raw.get("comparisons", {}).get(name, {})}) for name in LEVELS}
    guards = _guards(raw.get("guards", []))
    return MatchingRules(
        version=_version(raw, weights),
        review_bits=_milli(raw, "review_bits"),
        match_bits=_milli(raw, "match_bits"),
        block_limit=int(raw["block_limit"]),
        component_limit=int(raw["component_limit"]),
        linkage=dict(raw.get("linkage", {})),
        blocking=tuple(tuple(kind) for kind in raw["blocking"]),
        key_limit=int(raw.get("key_limit", 120)),
        guards=guards,
        vetoes=_schemes(raw, "veto"),
        equals=_schemes(raw, "match"),
        schemes={scheme: kind for kind, schemes in raw.get("schemes", {}).items() for scheme in schemes},
        low_trust=frozenset(raw.get("low_trust", [])),
        prior={kind: int(bits) for kind, bits in weights["prior"].items()},
        weights={name: bits for name, (bits, _) in levels.items()},
        alphas={name: alphas for name, (_, alphas) in levels.items()},
        numbers={name: int(value) for name, value in weights["numbers"].items()},
        rarity={table: _table(weights, table) for table in TABLES},
    )


def with_document(raw: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """``matching.yaml`` with what a model brings along: thresholds (``{match_bits: 1.0}``) and guards belong to the weights they
    were found with."""
    return {**raw, **document.get("thresholds", {}), **({"guards": document["guards"]} if "guards" in document else {})}


def _check_words(what: str, given: Iterable[str], known: Iterable[str]) -> None:
    for word in given:
        if word not in known:
            raise BadModel(f"Unknown {what} {word!r} in the matching rules{did_you_mean(word, known)}.", hint=word)


def _levels(name: str, given: Mapping[str, Any]) -> tuple[dict[str, int], dict[str, int]]:
    """Bits and term-frequency share per level: ``level: bits`` or ``level: [bits, share]``, both in thousandths.

    A level that weights of an earlier day do not know says as much as the next weaker one.
    """
    _check_words(f"level of {name}", given, LEVELS[name])
    found: dict[str, tuple[int, int]] = {}
    weaker = (0, 0)
    for level in reversed(LEVELS[name]):
        value = given.get(level, list(weaker))
        found[level] = weaker = (int(value[0]), int(value[1])) if isinstance(value, list) else (int(value), 0)
    bits = {level: found[level][0] for level in LEVELS[name]}
    _check_order(name, bits)
    return bits, {level: found[level][1] for level in LEVELS[name]}


def _check_order(name: str, bits: Mapping[str, int]) -> None:
    ordered = list(bits.items())
    for (stronger, more), (weaker, less) in pairwise(ordered):
        if less > more:
            message = (
                f"In comparison {name!r} level {weaker!r} ({less}) outweighs {stronger!r} ({more}): lower it or raise the other."
            )
            raise BadModel(message, hint=name)


def _milli(raw: Mapping[str, Any], name: str) -> int:
    try:
        return round(float(raw[name]) * 1000)
    except (KeyError, TypeError, ValueError):
        raise BadModel(f"matching.yaml needs {name} as a number of bits.", hint=name) from None


def _guards(given: Iterable[Any]) -> dict[str, int]:
    """``- household: -5`` is a ceiling in bits."""
    guards: dict[str, int] = {}
    for guard in given:
        name, ceiling = next(iter(guard.items())) if isinstance(guard, dict) else (guard, -5)
        _check_words("guard", [name], GUARDS)
        guards[name] = round(float(ceiling) * 1000)
    return guards


def _schemes(raw: Mapping[str, Any], verdict: str) -> frozenset[str]:
    return frozenset(scheme for rule in raw.get("hard", []) if verdict in rule for scheme in rule.get("schemes", []))


def _table(weights: Mapping[str, Any], table: str) -> dict[str, int]:
    """Frozen frequencies: ``{"6.5": "john mary"}`` says that each of these values is worth 6.5 bits; ``_`` is a space."""
    buckets = weights.get("frequencies", {}).get(table, {})
    return {word.replace("_", " "): round(float(bits) * 1000) for bits, words in buckets.items() for word in words.split()}


_LIBRARIES = ("anyascii", "rapidfuzz", "nicknames", "pypinyin", "sudachipy", "sudachidict-small")


def _installed(name: str) -> str:
    """Its version; empty for one of an extra that is not there, which reads names differently."""
    try:
        return installed(name)
    except PackageNotFoundError:
        return ""


def _version(raw: Mapping[str, Any], weights: Mapping[str, Any]) -> str:
    libraries = {name: _installed(name) for name in _LIBRARIES}
    code = [code_hash(Path(__file__).parent), code_hash(Path(cleaning.__file__).parent)]
    return content_hash([raw, weights, code, libraries, unicodedata.unidata_version])


@cache
def code_hash(folder: Path) -> str:
    """The code in a folder: another version of it may decide otherwise, and then it is another version of the rules."""
    return content_hash([path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.py"))])
