"""Questions for a person: what evidence, refusals and decisions leave open.

A task is about two golden records (or one set of identical records too weak to prove anything): a thousand near pairs
between two customers are one task. What a ``not_same`` already answers is not asked again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from hub.matching.clustering import STEWARD, Clustering, ClusterRules, Evidence, Member, Refusal
from hub.matching.decisions import NO_TAGS, SAME, Tags, constraints, in_force, opposed
from hub.records import Decision, RecordRef, ReviewTask

Cluster = tuple[RecordRef, ...]

_KINDS = {
    "contradiction": ("contradiction", "Decisions contradict each other; the last link was left out."),
    "veto": ("refused_union", "The evidence says the same customer, verified identifiers say two."),
    "source_duplicate": ("refused_union", "They match, but one source that holds no duplicates would be in it twice."),
    "low_trust": ("refused_union", "Only values of low trust connect these two customers."),
    "linkage": ("refused_union", "Some records match, but on the whole these two customers differ."),
    "size": ("oversized", "Together they would be larger than one customer should be."),
    "tie": ("tie", "Drawn equally to customers that exclude each other."),
    "weak": ("weak_duplicates", "Identical records with too little in them to tell customers apart."),
}


class _Question(NamedTuple):
    kind: str
    left: Cluster
    right: Cluster
    bits: int
    reason: str
    detail: dict[str, object]


def review_tasks(
    clustering: Clustering,
    *,
    members: Iterable[Member],
    near: Iterable[tuple[int, int]],
    evidence: Evidence,
    decisions: Sequence[Decision] = (),
    rules: ClusterRules | None = None,
) -> list[ReviewTask]:
    """Every task that is open about these clusters, one per pair, in order.

    ``near`` are pairs of nodes scored from ``review_bits`` up to below ``match_bits``.
    """
    desk = _Desk(clustering, list(members), evidence, decisions, rules or ClusterRules())
    strongest: dict[tuple[Cluster, Cluster], _Question] = {}
    for question in (*desk.refused(), *desk.near(near), *desk.weak(), *desk.drifted()):
        key = (question.left, question.right)
        if key not in strongest or _weight(question) > _weight(strongest[key]):
            strongest[key] = question
    return [ReviewTask(*strongest[key]) for key in sorted(strongest)]


_ORDER = ("contradiction", "evidence_gone", "tie", "oversized", "refused_union", "weak_duplicates", "near_match")


def _weight(question: _Question) -> tuple[int, int, list[tuple[str, str]]]:
    return -_ORDER.index(question.kind), question.bits, sorted((k, str(v)) for k, v in question.detail.items())


class _Desk:
    def __init__(
        self,
        clustering: Clustering,
        members: Sequence[Member],
        evidence: Evidence,
        decisions: Sequence[Decision],
        rules: ClusterRules,
    ) -> None:
        self.clustering, self.evidence, self.rules = clustering, evidence, rules
        self.home: Mapping[RecordRef, Cluster] = {ref: c for c in clustering.clusters for ref in c}
        self.of_node: dict[int, list[RecordRef]] = {}
        for member in sorted(members):
            if member.ref.system != STEWARD:
                self.of_node.setdefault(member.node, []).append(member.ref)
        self.node = {m.ref: m.node for m in members if m.ref.system != STEWARD}
        self.decisions = in_force(decisions)
        self._tags = constraints(decisions, set(self.home)).tags
        self._cluster_tags: dict[Cluster, Tags] = {}

    def refused(self) -> Iterator[_Question]:
        for refusal in self.clustering.refusals:
            if refusal.kind in _KINDS and (refusal.kind == "contradiction" or not self._answered(refusal.left, refusal.right)):
                kind, reason = _KINDS[refusal.kind]
                yield _Question(kind, refusal.left, refusal.right, refusal.bits, reason, _detail(refusal))

    def near(self, pairs: Iterable[tuple[int, int]]) -> Iterator[_Question]:
        for a, b in sorted({(min(p), max(p)) for p in pairs}):
            if a != b and a in self.of_node and b in self.of_node:
                yield from self._near(a, b)

    def weak(self) -> Iterator[_Question]:
        """Identical records that stay apart because that proves too little: one task for all of them."""
        for node, refs in self.of_node.items():
            if len(refs) < 2 or len(self._homes(node)) < 2:
                continue
            bits = self.evidence(node, node).bits
            if self.rules.review_bits <= bits < self.rules.match_bits and not self._all_answered(self._homes(node)):
                left, right = (refs[0],), tuple(refs[1:])
                yield _Question("weak_duplicates", left, right, bits, _KINDS["weak"][1], {"pair": [[*left[0]], [*right[0]]]})

    def drifted(self) -> Iterator[_Question]:
        """Joined by a person, and nothing in the data says so any more."""
        for decision in self.decisions:
            if decision.verdict != SAME:
                continue
            left = tuple(sorted(r for r in decision.left if r in self.node and r in self.home))
            right = tuple(sorted(r for r in decision.right if r in self.node and r in self.home and r not in left))
            if not left or not right or self.home[left[0]] != self.home[right[0]]:
                continue
            bits = max(self._between(left, right))
            if bits < self.rules.review_bits:
                left, right = sorted((left, right))
                detail: dict[str, object] = {"decisions": [decision.id]}
                yield _Question("evidence_gone", left, right, bits, "Joined by decision; their data no longer agrees.", detail)

    def _near(self, a: int, b: int) -> Iterator[_Question]:
        bits = self.evidence(a, b).bits
        mine, theirs = self._homes(a), self._homes(b)
        if len(mine) > 1 or len(theirs) > 1:
            yield from self._near_scattered(a, b, bits)
            return
        left, right = sorted((mine[0], theirs[0]))
        if left == right or self._answered(left, right):
            return
        pair = sorted((self.of_node[a][0], self.of_node[b][0]), key=lambda ref: self.home[ref])
        reason = "The evidence is near a match."
        yield _Question("near_match", left, right, bits, reason, {"pair": [[*pair[0]], [*pair[1]]]})

    def _near_scattered(self, a: int, b: int, bits: int) -> Iterator[_Question]:
        """A node whose records lie apart: one task per neighbouring node, not one per record."""
        mine, theirs = self._homes(a), self._homes(b)
        if all(x == y or self._answered(x, y) for x in mine for y in theirs):
            return
        left, right = sorted((tuple(self.of_node[a]), tuple(self.of_node[b])))
        detail: dict[str, object] = {"pair": [[*left[0]], [*right[0]]]}
        yield _Question("weak_duplicates", left, right, bits, _KINDS["weak"][1], detail)

    def _homes(self, node: int) -> list[Cluster]:
        return sorted({self.home[ref] for ref in self.of_node[node]})

    def _between(self, left: Cluster, right: Cluster) -> Iterator[int]:
        nodes = sorted({self.node[r] for r in right})
        for a in sorted({self.node[r] for r in left}):
            for b in nodes:
                yield self.evidence(a, b).bits

    def _answered(self, left: Cluster, right: Cluster) -> bool:
        return opposed(self._tags_of(left), self._tags_of(right))

    def _all_answered(self, homes: Sequence[Cluster]) -> bool:
        if len(homes) > 50:  # nobody answers a thousand pairs one by one
            return False
        return all(self._answered(x, y) for place, x in enumerate(homes) for y in homes[place + 1 :])

    def _tags_of(self, cluster: Cluster) -> Tags:
        if cluster not in self._cluster_tags:
            self._cluster_tags[cluster] = NO_TAGS.union(*(self._tags.get(ref, NO_TAGS) for ref in cluster))
        return self._cluster_tags[cluster]


def _detail(refusal: Refusal) -> dict[str, object]:
    detail: dict[str, object] = {"pair": [[*refusal.pair[0]], [*refusal.pair[1]]], "why": refusal.kind}
    return detail | ({"decisions": list(refusal.decisions)} if refusal.decisions else {})
