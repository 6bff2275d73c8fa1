"""survivorship.yaml, read into rules: which value of a field lives on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from hub.errors import BadModel, did_you_mean
from hub.survivorship.items import KINDS
from hub.survivorship.trust import Standing, SystemTrust, load_trust

UNION = "union"
CRITERIA = (
    "trust",  # the score of (system, field), decayed
    "most_recent",  # by the record's own time, never later than when it was read
    "most_frequent",  # what most records say
    "longest",
    "most_complete",  # most parts filled
    "first_valid",  # not flagged by cleaning, then the order of systems
    "source_order",  # the order of systems
    "earliest",  # the smallest value, for dates of beginning
    "preferred",  # what its own source marks as preferred
)
_ORDERED = frozenset({"first_valid", "source_order"})
_FIELD_WORDS = ("rule", "then", "group", "best", "known_empty", "order", "items")


class Step(NamedTuple):
    """One criterion of a chain."""

    name: str
    order: Mapping[str, int] = {}  # system -> place, for criteria that go by the order of systems


@dataclass(frozen=True, slots=True)
class FieldRule:
    chain: tuple[Step, ...]
    union: bool = False
    group: bool = False
    known_empty_competes: bool = False
    best: Mapping[str | None, tuple[Step, ...]] = field(default_factory=dict)  # usage -> chain; None: for every type found
    items: str | None = None  # how items of a list are told apart
    blind: bool = False  # where all say the same text, the chain sees nothing in it but trust and age


@dataclass(frozen=True)
class SurvivorshipRules:
    version: int
    default: FieldRule
    fields: Mapping[str, FieldRule]
    trust: Mapping[str, SystemTrust]
    views: Mapping[str, Mapping[str, Any]]
    completeness: tuple[tuple[str, ...], ...] = ()

    def at(self, path: str) -> FieldRule | None:
        """The rule that the file gives this very path."""
        return self.fields.get(path)

    def inside(self, path: str) -> tuple[str, ...]:
        """What stands inside ``path`` and has a rule of its own."""
        return self._inside.get(path, ())

    @cached_property
    def _inside(self) -> Mapping[str, tuple[str, ...]]:
        found: dict[str, list[str]] = {}
        for path in self.fields:
            steps = path.split(".")
            for place in range(1, len(steps)):
                found.setdefault(".".join(steps[:place]), []).append(".".join(steps[place:]))
        return {path: tuple(inner) for path, inner in found.items()}

    @cached_property
    def wanted(self) -> tuple[tuple[tuple[str, ...], ...], ...]:
        """``completeness`` in steps."""
        return tuple(tuple(tuple(way.split(".")) for way in ways) for ways in self.completeness)

    def trust_of(self, system: str, kind: str | None) -> SystemTrust:
        """``system.kind`` first: the sender of a mail is believed less than the address in a contract of the same system."""
        if kind is not None and (found := self.trust.get(f"{system}.{kind}")):
            return found
        return self.trust.get(system) or SystemTrust()

    def standings(self, system: str, day: int) -> dict[tuple[str | None, str, bool], Standing]:
        """How values of a system's records of one day are believed, by kind, path and flag, as far as it was asked before."""
        known = self._standings.get((system, day))
        if known is None:
            if len(self._standings) >= _DAYS:
                self._standings.clear()
            known = self._standings[system, day] = {}
        return known

    @cached_property
    def _standings(self) -> dict[tuple[str, int], dict[tuple[str | None, str, bool], Standing]]:
        return {}

    def curve(self, system: str, kind: str | None, path: str, flagged: bool) -> Standing:
        """How a value of this field is believed, as if it were as old as the calendar: few are asked about again and again."""
        asked = (system, kind, path, flagged)
        known = self._curves.get(asked)
        if known is None:
            if len(self._curves) >= _REMEMBERED:
                self._curves.clear()
            known = self._curves[asked] = self.trust_of(system, kind).standing(path, 0, flagged)
        return known

    @cached_property
    def _curves(self) -> dict[tuple[str, str | None, str, bool], Standing]:
        return {}


_REMEMBERED, _DAYS = 10_000, 500  # a day has as many standings as there are fields
_TOP = ("version", "default", "trust", "fields", "views", "completeness")


def load_survivorship(raw: Mapping[str, Any], trust: Mapping[str, Any] | None = None) -> SurvivorshipRules:
    """Rules out of parsed YAML; ``trust`` are the systems' default scores of the landscape. ``BadModel`` names what is wrong."""
    _known(raw, _TOP, "")
    default = _rule(raw.get("default", "trust"), "default", None)
    fields = {path: _rule(given, f"fields.{path}", default) for path, given in (raw.get("fields") or {}).items()}
    return SurvivorshipRules(
        version=int(raw.get("version", 1)),
        default=default,
        fields=fields,
        trust=load_trust(raw.get("trust") or {}, trust or {}),
        views=_views(raw.get("views") or {}),
        completeness=tuple(tuple(str(one).split("|")) for one in raw.get("completeness") or ()),
    )


def _rule(given: Any, where: str, default: FieldRule | None) -> FieldRule:
    if isinstance(given, str):
        given = {"rule": given}
    if not isinstance(given, Mapping):
        raise BadModel(f"{where} is {given!r}; write a rule like 'trust' or {{rule: trust, then: [most_recent]}}.")
    _known(given, _FIELD_WORDS, where + ".")
    name, then = given.get("rule"), given.get("then") or []
    chain = [] if name in (None, UNION) else [_step(name, given.get("order"), where)]
    chain += [_step(one, given.get("order"), where) for one in ([then] if isinstance(then, str) else then)]
    if not chain:
        chain = list(default.chain) if default else [Step("trust")]
    if given.get("known_empty") not in (None, "competes", "yields"):
        raise BadModel(f"{where}.known_empty is {given['known_empty']!r}; write competes or yields.")
    if given.get("items") not in (None, *KINDS):
        raise BadModel(
            f"{where}.items is {given['items']!r}{did_you_mean(str(given['items']), KINDS)}; known: {', '.join(KINDS)}."
        )
    return FieldRule(
        blind=all(step.name not in _ORDERED for step in chain),
        chain=_closed(chain),
        union=name == UNION,
        group=bool(given.get("group", False)),
        known_empty_competes=given.get("known_empty") == "competes",
        best=_best(given.get("best"), where, _closed(chain)),
        items=given.get("items"),
    )


def _closed(chain: list[Step]) -> tuple[Step, ...]:
    """Two values of equal rank: the more recent one, before the order of keys decides."""
    return tuple(chain) if any(s.name == "most_recent" for s in chain) else (*chain, Step("most_recent"))


def _step(given: Any, order: Any, where: str) -> Step:
    if isinstance(given, Mapping):
        _known(given, ("rule", "order"), where + ".")
        given, order = given.get("rule"), given.get("order", order)
    if given not in CRITERIA:
        hint = did_you_mean(str(given), (*CRITERIA, UNION))
        raise BadModel(f"{where}: no criterion is called {given!r}{hint}. Known: {', '.join((*CRITERIA, UNION))}.", hint=hint)
    if given not in _ORDERED:
        return Step(given)
    if not isinstance(order, list) or not order:
        raise BadModel(f"{where}: {given} needs an order, a list of systems like [erp, shop].")
    return Step(given, _places(order))


def _places(order: Iterable[Any]) -> dict[str, int]:
    return {str(system): place for place, system in enumerate(order)}


def _best(given: Any, where: str, chain: tuple[Step, ...]) -> dict[str | None, tuple[Step, ...]]:
    """``trust``, ``[erp, shop]``, or one of these per usage."""
    if isinstance(given, Mapping):
        return {str(usage): _best_chain(one, where, chain) for usage, one in given.items()}
    return {None: _best_chain("trust" if given is None else given, where, chain)}


def _best_chain(given: Any, where: str, chain: tuple[Step, ...]) -> tuple[Step, ...]:
    first = Step("source_order", _places(given)) if isinstance(given, list) else _step(given, None, where + ".best")
    rest = [s for s in chain if s.name != first.name and s.name != "preferred"]
    return (first, Step("preferred"), *rest)


_VIEW_WORDS = ("fields", "consent", "without")


def _views(given: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    for name, view in given.items():
        _known(view, _VIEW_WORDS, f"views.{name}.")
        if view.get("consent"):
            _known(view["consent"], ("purpose", "channel"), f"views.{name}.consent.")
    return dict(given)


def _known(given: Any, words: Iterable[str], where: str) -> None:
    if not isinstance(given, Mapping):
        raise BadModel(f"{where.rstrip('.') or 'survivorship.yaml'} is {given!r}; a mapping was expected.")
    for word in given:
        if word not in words:
            raise BadModel(f"{where}{word} is unknown{did_you_mean(str(word), words)}. Known: {', '.join(words)}.")
