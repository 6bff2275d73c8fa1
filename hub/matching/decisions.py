"""Stewards' decisions as constraints on clusters.

A decision names two sets of source records and speaks about every pair of one from each. ``same`` joins such a pair,
``not_same`` keeps it apart, and nothing the machine finds can change either. The latest decision per pair of sets
counts, withdrawn ones do not, and records that are no longer members are passed over.

Where ``same`` links contradict a ``not_same`` (A = B, B = C, A is not C), links are taken in the order of their records,
never of their dates, and the link that would break the prohibition is left out. So no order of decisions gives another result.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from hub.matching.components import DisjointSets
from hub.records import Decision, RecordRef

SAME = "same"
NOT_SAME = "not_same"

Tags = frozenset[int]
NO_TAGS: Tags = frozenset()


@dataclass(frozen=True, slots=True)
class Contradiction:
    """A ``same`` that could not be followed: the two records it links, and the decisions that disagree."""

    left: RecordRef
    right: RecordRef
    decisions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Constraints:
    """What the decisions in force ask of the records present."""

    groups: tuple[tuple[RecordRef, ...], ...] = ()  # joined by people: two records or more each, in order
    tags: Mapping[RecordRef, Tags] = field(default_factory=dict)
    contradictions: tuple[Contradiction, ...] = ()


def in_force(decisions: Iterable[Decision]) -> list[Decision]:
    """The latest decision of each pair of sets, by time and then id; withdrawn ones are as if never made."""
    latest: dict[frozenset[frozenset[RecordRef]], Decision] = {}
    for decision in sorted(decisions, key=lambda d: (d.at, d.id)):
        if decision.withdrawn_at is None:
            latest[frozenset((frozenset(decision.left), frozenset(decision.right)))] = decision
    return sorted(latest.values(), key=lambda d: d.id)


def opposed(left: Tags, right: Tags) -> bool:
    """Does a ``not_same`` stand between what carries these tags?"""
    few, many = (left, right) if len(left) <= len(right) else (right, left)
    return any(-tag in many for tag in few)


def constraints(decisions: Iterable[Decision], present: Collection[RecordRef]) -> Constraints:
    """What the decisions mean for the records that are there."""
    standing = [d for d in in_force(decisions) if _sides(d, present)]
    if not standing:
        return Constraints()
    apart = [d for d in standing if d.verdict == NOT_SAME]
    tags = _tags(apart, present)
    groups: list[tuple[RecordRef, ...]] = []
    contradictions: list[Contradiction] = []
    for joined, wishes in _wished(standing, present):
        if not _quarrel(joined, tags):
            groups.append(joined)
            continue
        kept, left_out = _follow(wishes, tags, apart, present)
        groups.extend(kept)
        contradictions.extend(left_out)
    return Constraints(tuple(sorted(groups)), tags, tuple(sorted(contradictions, key=lambda c: (c.left, c.right))))


def _sides(decision: Decision, present: Collection[RecordRef]) -> bool:
    return any(r in present for r in decision.left) and any(r in present for r in decision.right)


def _tags(apart: Sequence[Decision], present: Collection[RecordRef]) -> dict[RecordRef, Tags]:
    """+n on one side of the n-th prohibition and -n on the other: two records oppose when one's tag is the other's negative."""
    tags: dict[RecordRef, set[int]] = {}
    for number, decision in enumerate(apart, start=1):
        for sign, side in ((number, decision.left), (-number, decision.right)):
            for ref in side:
                if ref in present:
                    tags.setdefault(ref, set()).add(sign)
    return {ref: frozenset(held) for ref, held in tags.items()}


def _wished(
    standing: Sequence[Decision], present: Collection[RecordRef]
) -> Iterable[tuple[tuple[RecordRef, ...], list[Decision]]]:
    """Records that people's ``same`` would put together, each group with the decisions that say so."""
    sets = DisjointSets[RecordRef]()
    wishes = [d for d in standing if d.verdict == SAME]
    for decision in wishes:
        refs = [r for r in (*decision.left, *decision.right) if r in present]
        for ref in refs:
            sets.join(refs[0], ref)
    said: dict[RecordRef, list[Decision]] = {}
    for decision in wishes:
        said.setdefault(sets.root(next(r for r in decision.left if r in present)), []).append(decision)
    for group in sets.groups():
        if len(group) > 1:
            yield tuple(sorted(group)), said[sets.root(group[0])]


def _quarrel(joined: Sequence[RecordRef], tags: Mapping[RecordRef, Tags]) -> bool:
    """Would these records together break a prohibition?"""
    held: dict[int, set[RecordRef]] = {}
    for ref in joined:
        for tag in tags.get(ref, NO_TAGS):
            held.setdefault(tag, set()).add(ref)
    return any(len(refs | held[-tag]) > 1 for tag, refs in held.items() if tag > 0 and -tag in held)


def _follow(
    wishes: Sequence[Decision], tags: Mapping[RecordRef, Tags], apart: Sequence[Decision], present: Collection[RecordRef]
) -> tuple[list[tuple[RecordRef, ...]], list[Contradiction]]:
    """Follow as many links as the prohibitions allow, smallest records first."""
    sets = DisjointSets[RecordRef]()
    held: dict[RecordRef, Tags] = {}
    left_out: list[tuple[RecordRef, RecordRef, Decision]] = []
    for left, right, decision in _links(wishes, present):
        one, other = sets.root(left), sets.root(right)
        if one == other:
            continue
        mine, theirs = held.get(one, tags.get(one, NO_TAGS)), held.get(other, tags.get(other, NO_TAGS))
        if opposed(mine, theirs):
            left_out.append((left, right, decision))
        else:
            held[sets.join(one, other)] = mine | theirs
    kept = [tuple(sorted(g)) for g in sets.groups() if len(g) > 1]
    return kept, _contradictions(left_out, sets, tags, apart, held)


def _links(wishes: Sequence[Decision], present: Collection[RecordRef]) -> list[tuple[RecordRef, RecordRef, Decision]]:
    links: dict[tuple[RecordRef, RecordRef], Decision] = {}
    for decision in wishes:
        right = [r for r in decision.right if r in present]
        for one in (r for r in decision.left if r in present):
            for other in right:
                if one != other:
                    pair = (one, other) if one < other else (other, one)
                    links[pair] = max(links.get(pair, decision), decision, key=lambda d: (d.at, d.id))
    return [(one, other, links[one, other]) for one, other in sorted(links)]


def _contradictions(
    left_out: Sequence[tuple[RecordRef, RecordRef, Decision]],
    sets: DisjointSets[RecordRef],
    tags: Mapping[RecordRef, Tags],
    apart: Sequence[Decision],
    held: Mapping[RecordRef, Tags],
) -> list[Contradiction]:
    """One per pair of groups; none where a later ``not_same`` names the very two records, for it took the ``same`` back."""
    found: dict[tuple[RecordRef, RecordRef], Contradiction] = {}
    for left, right, decision in left_out:
        direct = _between(tags.get(left, NO_TAGS), tags.get(right, NO_TAGS), apart)
        if any((d.at, d.id) > (decision.at, decision.id) for d in direct):
            continue
        one, other = sets.root(left), sets.root(right)
        mine, theirs = held.get(one, tags.get(one, NO_TAGS)), held.get(other, tags.get(other, NO_TAGS))
        ids = (decision.id, *sorted(d.id for d in _between(mine, theirs, apart)))
        found.setdefault((min(one, other), max(one, other)), Contradiction(left, right, ids))
    return list(found.values())


def _between(left: Tags, right: Tags, apart: Sequence[Decision]) -> list[Decision]:
    return [apart[abs(tag) - 1] for tag in left if -tag in right]
