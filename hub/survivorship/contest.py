"""Why this value, and why not that one: the election behind a golden value once more, with everybody who stood.

It goes the way of ``surviving`` for one field alone, and keeps what is thrown away there: who fell out at which criterion, with
what score against what. A test holds both to the same winners.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from hub.errors import Rejected
from hub.records import RecordRef, SourceRecord
from hub.survivorship.choosing import STEWARD, Candidate, choose, filled, scores
from hub.survivorship.items import item_id, item_key, normal
from hub.survivorship.lists import elections, validity, withdrawn
from hub.survivorship.rules import FieldRule, Step, SurvivorshipRules
from hub.survivorship.surviving import Pin
from hub.survivorship.voices import Voice

WON, AGREES = "won", "agrees"


class Rival(NamedTuple):
    """One value of one record that stood for a field, and what became of it."""

    candidate: Candidate
    lost: str  # won | agrees | the criterion at which it fell | steward | order | empty | not_valid | withdrawn | hidden
    score: Any = None  # by that criterion
    against: Any = None  # the best score there

    @property
    def ref(self) -> RecordRef:
        return self.candidate.ref


class Election(NamedTuple):
    """Who stood for one thing: a field, the spelling of one item of a list, or what an item is preferred for."""

    what: str  # the path, with an item's id in brackets, and ``for <usage>`` behind it
    chain: tuple[str, ...]
    rule: str  # what decided
    rivals: tuple[Rival, ...]  # the winner first

    @property
    def winner(self) -> Candidate:
        return self.rivals[0].candidate


@dataclass(frozen=True, slots=True)
class Contest:
    """All that was said about one place of a golden record."""

    path: str  # the field asked for, or the group that lives or dies as a whole
    elections: tuple[Election, ...]
    left_out: tuple[Rival, ...]  # who could not stand
    pins: tuple[Pin, ...]  # over this place, the one that holds first; ended ones too
    pinned: Pin | None = None


def contest(
    records: Iterable[SourceRecord],
    rules: SurvivorshipRules,
    as_of: date,
    path: str,
    pins: Iterable[Pin] = (),
    *,
    hidden: Iterable[str] = (),
) -> Contest:
    """Who stood for the value at ``path`` (``name.family``, ``emails``, ``emails[<item id>]``) on a day.

    Raises ``Rejected`` where the path leads to an object whose fields are chosen one by one.
    """
    wanted, _, item = path.partition("[")
    place = _place(wanted, rules)
    unseen = frozenset(hidden)
    every = sorted(records, key=lambda r: (r.ref, r.version))
    voices = [(Voice(r, rules), r.data) for r in every]
    found = _Field(rules, place, as_of.toordinal(), unseen)
    made, left_out = found.told([(voice, value) for voice, data in voices for value in _said(data, place.split("."))])
    if item:
        name = f"{place}[{item}"
        made = [one for one in made if one.what == name or one.what.startswith(name + " ")]
    refs = {r.ref for r in every if r.ref.system not in unseen}
    about = sorted((p for p in pins if p.ref in refs and _covers(p.path, wanted)), key=lambda p: (p.at, p.id), reverse=True)
    holding = [p for p in about if p.expires is None or as_of < p.expires]
    pinned = max(holding, key=lambda p: (len(p.path), p.at, p.id), default=None)
    return Contest(place, tuple(made), tuple(left_out), tuple(about), pinned)


def _covers(pinned: str, path: str) -> bool:
    return pinned == path or path.startswith(f"{pinned}.") or pinned.startswith(f"{path}.")


def _place(path: str, rules: SurvivorshipRules) -> str:
    """The field that is chosen: the path itself, or the group around it that lives or dies as a whole."""
    steps = path.split(".")
    for end in range(1, len(steps)):
        outer = ".".join(steps[:end])
        rule = rules.at(outer)
        if rule and rule.group:
            own = [f"{outer}.{name}" for name in rules.inside(outer)]
            return next((one for one in own if path == one or path.startswith(f"{one}.")), outer)
    return path


def _said(data: Mapping[str, Any], steps: Sequence[str]) -> list[Any]:
    """What a record says there: one value, None for known empty, or nothing at all."""
    value: Any = data
    for name in steps:
        if value is None:
            return [None]
        if not isinstance(value, Mapping) or name not in value:
            return []
        value = value[name]
    return [value]


@dataclass(frozen=True, slots=True)
class _Field:
    rules: SurvivorshipRules
    path: str
    day: int
    hidden: frozenset[str]

    def told(self, said: Sequence[tuple[Voice, Any]]) -> tuple[list[Election], list[Rival]]:
        rule = self.rules.at(self.path)
        group = rule is not None and rule.group
        if not group and any(isinstance(value, dict) for _, value in said):
            inner = sorted({f"{self.path}.{name}" for _, value in said if isinstance(value, dict) for name in value})
            raise Rejected(
                f"The fields of {self.path} are chosen one by one; ask about one of them: {', '.join(inner)}.",
                code="field_has_parts", fields=inner,
            )  # fmt: skip
        unseen = [self._candidate(voice, value) for voice, value in said if voice.system in self.hidden]
        seen = [(voice, value) for voice, value in said if voice.system not in self.hidden]
        listed = any(isinstance(value, list) for _, value in seen)
        if listed and not group and (rule.union if rule else self.rules.default.union or not self.path.startswith("ext.")):
            made, out = self._list(seen, rule or self.rules.default)
        else:
            made, out = self._one(seen, rule or self.rules.default)
        return made, [*out, *(Rival(candidate, "hidden") for candidate in unseen)]

    def _candidate(self, voice: Voice, value: Any, key: str | None = None) -> Candidate:
        kind, preferred = (value.get("type"), value.get("preferred") is True) if isinstance(value, dict) else (None, False)
        flagged = voice.flagged(self.path)
        standing = voice.standing(self.rules, kind, self.path, flagged)
        told = "null" if value is None else normal(value)
        return Candidate(voice.ref, value, told if key is None else key, voice.at, voice.since, standing, flagged, preferred)

    def _one(self, said: Sequence[tuple[Voice, Any]], rule: FieldRule) -> tuple[list[Election], list[Rival]]:
        own = self.rules.inside(self.path) if rule.group else ()
        whole = [(v, {k: x for k, x in value.items() if k not in own} if isinstance(value, dict) else value) for v, value in said]
        carried = [(v, x) for v, x in whole if x is not None and x not in ([], {}) and (not rule.group or filled(x))]
        stand = [self._candidate(voice, value) for voice, value in carried]
        empty = [self._candidate(voice, None) for voice, value in whole if value is None]
        competes = not stand or rule.known_empty_competes or any(c.ref.system == STEWARD for c in empty)
        if competes:
            stand, empty = stand + empty, []
        made = [_election(self.path, stand, rule.chain, self.day)] if stand else []
        return made, [Rival(candidate, "empty") for candidate in empty]

    def _list(self, said: Sequence[tuple[Voice, Any]], rule: FieldRule) -> tuple[list[Election], list[Rival]]:
        empty = [self._candidate(voice, None) for voice, value in said if value is None]
        out: list[Rival] = []
        alive: list[Candidate] = []
        for candidate in self._items(said, rule):
            if not validity(candidate.value, self.day)[0]:
                out.append(Rival(candidate, "not_valid"))
            elif empty and withdrawn(candidate, empty, rule):
                out.append(Rival(candidate, "withdrawn"))
            else:
                alive.append(candidate)
        by_key: dict[str, list[Candidate]] = {}
        for candidate in alive:
            by_key.setdefault(candidate.normal, []).append(candidate)
        made = [_election(self._name(key, held), held, rule.chain, self.day) for key, held in by_key.items()]
        for usage, chain, stand in elections(alive, rule):
            winner = choose(stand, chain, self.day).winner
            made.append(_election(f"{self._name(winner.normal, stand)} for {usage}", stand, chain, self.day))
        return made, [*out, *(Rival(candidate, "empty") for candidate in empty)]

    def _items(self, said: Sequence[tuple[Voice, Any]], rule: FieldRule) -> Iterator[Candidate]:
        for voice, value in said:
            for item in value if isinstance(value, list) else ():
                if key := item_key(self.path, item, rule.items):
                    yield self._candidate(voice, item, key)

    def _name(self, key: str, held: Sequence[Candidate]) -> str:
        value = next(c.value for c in held if c.normal == key)
        if isinstance(value, dict):
            return f"{self.path}[{item_id(self.path, key)}]"
        return f"{self.path}[{choose([c for c in held if c.normal == key], self._chain(), self.day).winner.value}]"

    def _chain(self) -> tuple[Step, ...]:
        return (self.rules.at(self.path) or self.rules.default).chain


def _election(what: str, stand: Sequence[Candidate], chain: Sequence[Step], day: int) -> Election:
    choice = choose(stand, chain, day)
    fallen = _fallen(stand, chain, day)
    winner = choice.winner
    others = [_rival(c, winner, fallen[place]) for place, c in enumerate(stand) if c is not winner]
    others.sort(key=lambda rival: (rival.lost != AGREES, rival.ref, rival.candidate.spelling))
    return Election(what, tuple(step.name for step in chain), choice.rule, (Rival(winner, WON), *others))


def _rival(candidate: Candidate, winner: Candidate, fell: tuple[str, Any, Any]) -> Rival:
    return Rival(candidate, AGREES if candidate.normal == winner.normal else fell[0], fell[1], fell[2])


def _fallen(stand: Sequence[Candidate], chain: Sequence[Step], day: int) -> dict[int, tuple[str, Any, Any]]:
    """By place: the criterion at which each fell, its score there, and the best one."""
    fell: dict[int, tuple[str, Any, Any]] = dict.fromkeys(range(len(stand)), ("order", None, None))
    left = list(range(len(stand)))
    if len(stand) > 1 and any(c.ref.system == STEWARD for c in stand):
        for place in left:
            if stand[place].ref.system != STEWARD:
                fell[place] = ("steward", None, None)
        left, chain = [place for place in left if stand[place].ref.system == STEWARD], [Step("most_recent")]
    for step in chain:
        if len(left) < 2:
            break
        found = scores(step, [stand[place] for place in left], day)
        best = max(found)
        fell |= {place: (step.name, score, best) for place, score in zip(left, found, strict=True) if score != best}
        left = [place for place, score in zip(left, found, strict=True) if score == best]
    return fell
