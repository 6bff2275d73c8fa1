"""Choosing one of several values, and the day on which time alone would choose another."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from hub.records import RecordRef, canonical_json
from hub.survivorship.rules import Step
from hub.survivorship.trust import LAST_DAY, ONE, Standing

STEWARD = "steward"
_LATEST = Step("most_recent")
_LOOKS_AHEAD = 64


class Candidate(NamedTuple):
    """A value of one record that stands for election."""

    ref: RecordRef
    value: Any
    normal: str  # equal for values that say the same
    at: int  # the record's own time in microseconds
    since: str  # the same for people
    standing: Standing
    flagged: bool  # cleaning was not sure of it
    preferred: bool = False  # by its own source

    @property
    def spelling(self) -> bytes:
        return canonical_json(self.value)


class Choice(NamedTuple):
    winner: Candidate
    rule: str  # the criterion that decided; only_value, agreed, steward, or order where nothing else did


def choose(candidates: Sequence[Candidate], chain: Sequence[Step], day: int) -> Choice:
    """The winner, whatever the order of the candidates."""
    if len(candidates) == 1:
        only = candidates[0]
        return Choice(only, STEWARD if only.ref.system == STEWARD else "only_value")
    corrected = [c for c in candidates if c.ref.system == STEWARD]
    if corrected:
        return Choice(_first(_keep(_LATEST, corrected, day)), STEWARD)
    rule = "agreed" if agree(candidates) else ""
    left = list(candidates)
    for step in chain:
        left = _keep(step, left, day)
        if len(left) == 1:
            return Choice(left[0], rule or step.name)
        if not rule and agree(left):
            rule = step.name
    return Choice(_first(left), rule or "order")


def agree(candidates: Sequence[Candidate]) -> bool:
    """Whether all say the same, however they spell it."""
    first = candidates[0].normal
    for c in candidates:  # noqa: SIM110 - this runs for every field of every golden record, and `all` is dear
        if c.normal != first:
            return False
    return True


def _first(candidates: Sequence[Candidate]) -> Candidate:
    if len(candidates) == 1:
        return candidates[0]
    first = min([c.ref for c in candidates])
    held = [c for c in candidates if c.ref == first]
    return held[0] if len(held) == 1 else min(held, key=lambda c: c.spelling)


def _keep(step: Step, candidates: list[Candidate], day: int) -> list[Candidate]:
    if len(candidates) == 1:
        return candidates
    found = scores(step, candidates, day)
    best = max(found)
    if found.count(best) == len(found):
        return candidates
    return [c for c, score in zip(candidates, found, strict=True) if score == best]


def scores(step: Step, candidates: Sequence[Candidate], day: int) -> list[Any]:
    """What each of these candidates has by one criterion; the greatest goes on."""
    if step.name == "trust":
        return [c.standing.on(day) for c in candidates]
    if step.name == "most_recent":
        return [c.at for c in candidates]
    if step.name == "most_frequent":
        votes = Counter(normal for normal, _ in {(c.normal, c.ref) for c in candidates})
        return [votes[c.normal] for c in candidates]
    if step.name == "earliest":
        order = {value: -place for place, value in enumerate(sorted({str(c.value) for c in candidates}))}
        return [order[str(c.value)] for c in candidates]
    score = _PLAIN[step.name]
    return [score(c, step.order) for c in candidates]


def _place(candidate: Candidate, order: Mapping[str, int]) -> int:
    return -order.get(candidate.ref.system, len(order))


_PLAIN: dict[str, Callable[[Candidate, Mapping[str, int]], Any]] = {
    "longest": lambda c, _: len(c.value) if isinstance(c.value, str) else len(c.spelling),
    "most_complete": lambda c, _: leaves(c.value),
    "first_valid": lambda c, order: (not c.flagged, _place(c, order)),
    "source_order": _place,
    "preferred": lambda c, _: c.preferred,
}


def filled(value: Any) -> bool:
    """Whether any part of a value is."""
    if isinstance(value, dict):
        return any(map(filled, value.values()))
    if isinstance(value, list):
        return any(map(filled, value))
    return value is not None


def leaves(value: Any) -> int:
    """How many parts of a value are filled."""
    if isinstance(value, dict):
        return sum(leaves(v) for v in value.values())
    if isinstance(value, list):
        return sum(leaves(v) for v in value)
    return 0 if value is None else 1


def next_change(candidates: Sequence[Candidate], chain: Sequence[Step], day: int) -> int | None:
    """The next day on which the passing of time may choose another value; None when it never will.

    Never too late. It can be too early where two curves come close very often: then that day's look finds nothing new.
    """
    first = candidates[0].value
    apart = False
    for c in candidates:
        apart = apart or c.value != first
        if c.ref.system == STEWARD:
            return None
    steps = [s.name for s in chain]
    if not apart or "trust" not in steps:
        return None
    rivals = list(candidates)
    for step in chain[: steps.index("trust")]:
        rivals = _keep(step, rivals, day)
    if len(rivals) < 2 or len({_spelt(c) for c in rivals}) < 2:
        return None
    rest, now = chain[steps.index("trust") :], day
    winner = choose(rivals, rest, now).winner
    for _ in range(_LOOKS_AHEAD):
        ahead = _may_fall(winner, rivals, now)
        if ahead is None or ahead > LAST_DAY:
            return None
        now = ahead
        if _spelt(choose(rivals, rest, now).winner) != _spelt(winner):
            return now
    return now


def _spelt(candidate: Candidate) -> str | bytes:
    """Equal when the spelling is; text is its own."""
    value = candidate.value
    return value if type(value) is str else candidate.spelling


def _may_fall(winner: Candidate, rivals: Sequence[Candidate], day: int) -> int | None:
    """A day before which the winner surely stays ahead: scores never rise, so a rival has at most what it has today."""
    mine = winner.standing
    days = []
    for rival in rivals:
        theirs = rival.standing
        if _spelt(rival) == _spelt(winner) or (mine.curve == theirs.curve and mine.since == theirs.since):
            continue
        if mine.curve == theirs.curve and mine.since >= theirs.since:
            days.append(mine.settled if mine.settled and mine.settled > day else None)
            continue
        lead = theirs.on(day) if mine.on(day) > theirs.on(day) else theirs.on(day) - 1
        days.append(mine.first_day_at_most(lead, day))
    known = [d for d in days if d is not None]
    return min(known) if known else None


def confidence(supporters: Sequence[Candidate], candidates: Sequence[Candidate], day: int) -> int:
    """Percent: how sure the supporting systems are together, less what is held against them. A system counts once."""
    in_favour = _best_per_system(supporters, day)
    if len(supporters) == len(candidates):
        return unanimity(in_favour.values())
    mine, total = sum(in_favour.values()), sum(_best_per_value(candidates, day).values())
    share = mine * ONE // total if total else 0
    return (ONE - _doubt(in_favour.values())) * min(share, ONE) // (ONE * ONE // 100)


def unanimity(scores: Iterable[int]) -> int:
    """`confidence` where nobody says anything else, from the best score of each system."""
    return (ONE - _doubt(scores)) // (ONE // 100)


def _doubt(scores: Iterable[int]) -> int:
    """How likely all of them are wrong."""
    doubt = ONE
    for score in scores:
        doubt = doubt * (ONE - score) // ONE
    return doubt


def _best_per_system(candidates: Sequence[Candidate], day: int) -> dict[str, int]:
    best: dict[str, int] = {}
    for c in candidates:
        system = c.ref.system
        score = ONE if system == STEWARD else c.standing.on(day)
        if score >= best.get(system, 0):
            best[system] = score
    return best


def _best_per_value(candidates: Sequence[Candidate], day: int) -> dict[tuple[str, str], int]:
    best: dict[tuple[str, str], int] = {}
    for c in candidates:
        key = (c.ref.system, c.normal)
        best[key] = max(best.get(key, 0), ONE if c.ref.system == STEWARD else c.standing.on(day))
    return best
