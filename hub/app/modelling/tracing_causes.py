"""The cause of a change: the pair whose evidence crossed the line, and what moved it most."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations, islice

from sqlalchemy import Connection

from hub.app.modelling.changes import Group, Members
from hub.matching.causes import LINKAGE, decisive, shifts
from hub.matching.clustering import PairEvidence
from hub.matching.features import Features
from hub.matching.scoring import Scorer
from hub.records import RecordRef
from hub.resolve import Rules
from hub.store import nodes, sources

_PAIRS = 2_000  # of one change are looked at; the cause of a larger one is that of its first pairs

_TOWARDS = {"merge": (1,), "split": (-1,), "regroup": (1, -1)}

Pair = tuple[RecordRef, RecordRef]


class Causes:
    """Looks at changes under the rules of before and after."""

    def __init__(self, tx: Connection, old: Rules, new: Rules) -> None:
        self.tx, self.old, self.new = tx, old, new
        self._scorers = Scorer(old.matching), Scorer(new.matching)

    def find(self, groups: Sequence[Group]) -> None:
        """Say of each change what caused it."""
        placed = sources.behind_goldens(self.tx, {golden for group in groups for golden in group.after})
        listed = nodes.by_id(self.tx, {one.node for one in placed})
        held = {one.ref: listed[one.node].features for one in placed}
        for group in groups:
            self._explain(group, held)

    def _explain(self, group: Group, held: Mapping[RecordRef, Features]) -> None:
        for towards in _TOWARDS[group.kind]:
            apart, together = (group.before, group.after) if towards > 0 else (group.after, group.before)
            pair = self._crossing(_across(apart, together), held, towards)
            if pair is not None and group.cause == LINKAGE:
                self._weigh(group, pair, held, towards)

    def _weigh(self, group: Group, pair: Pair, held: Mapping[RecordRef, Features], towards: int) -> None:
        left, right = held[pair[0]], held[pair[1]]
        before, after = (scorer.score(left, right) for scorer in self._scorers)
        group.pair, group.bits = pair, (before.bits, after.bits)
        group.shifts = shifts(before, after, self.old.matching, self.new.matching)
        found = decisive(group.shifts, towards)
        crosses = self._is_match(left, right, 0) != self._is_match(left, right, 1)
        group.cause = found if crosses or found == LINKAGE else f"{LINKAGE}, {found}"

    def _crossing(self, pairs: Iterator[Pair], held: Mapping[RecordRef, Features], towards: int) -> Pair | None:
        """Of pairs that come together (or apart): one that crosses the line rather than one that does not, then the strongest."""
        best: tuple[bool, int, Pair] | None = None
        where = 1 if towards > 0 else 0  # under which rules they are together
        for pair in islice(pairs, _PAIRS):
            left, right = held[pair[0]], held[pair[1]]
            crosses = self._is_match(left, right, where) and not self._is_match(left, right, 1 - where)
            bits = self._scorers[where].quick(left, right)[0]
            if best is None or (crosses, bits) > best[:2]:
                best = (crosses, bits, pair)
        return best[2] if best else None

    def _is_match(self, left: Features, right: Features, which: int) -> bool:
        rules = (self.old, self.new)[which]
        return rules.clusters.is_match(PairEvidence(*self._scorers[which].quick(left, right)))


def _across(apart: Mapping[str, Members], together: Mapping[str, Members]) -> Iterator[Pair]:
    """Pairs that are together on one side of the change and apart on the other."""
    home = {ref: golden for golden, members in apart.items() for ref in members}
    for members in sorted(together.values()):
        for left, right in combinations(members, 2):
            if left in home and right in home and home[left] != home[right]:
                yield left, right
