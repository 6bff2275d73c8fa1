"""Second step: records become nodes, nodes meet on blocking keys, and what meets is weighed.

What lies between nodes is a pure function of the nodes held: evidence of every pair that shares at least one key that is not
generic. A key is generic while more than ``block_limit`` nodes carry it; when it crosses that line, in either direction, it
goes to the redo queue, and ``remeet`` brings the evidence in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import combinations
from typing import Any, NamedTuple

from sqlalchemy import Connection

from hub.matching.features import STEWARD, Features, feature_hash, features
from hub.matching.keys import key_numbers
from hub.matching.prepared import Prepared
from hub.matching.rules import MatchingRules
from hub.matching.scoring import Scorer
from hub.matching.story import waterfall
from hub.records import SourceRecord
from hub.store import nodes, redo, rows
from hub.store.nodes import Edge, Node, Pair
from hub.store.sources import Head

Ready = Mapping[int, Node]
"""Nodes of records that were thought through before, by the record's own ``id``: a record folded anew is another one."""

_NOTHING: Ready = {}
_REMEMBERED = 20_000


@dataclass(slots=True)
class Meeting:
    """What a change did to the nodes."""

    touched: set[int] = field(default_factory=set)  # nodes whose surroundings must be looked at again
    gone: list[Node] = field(default_factory=list)  # without records: to be removed when their surroundings are known
    dropped: list[Pair] = field(default_factory=list)  # evidence that fell away: likewise
    compared: int = 0
    fresh: set[int] = field(default_factory=set)  # nodes nothing was held of before
    edges: dict[Pair, Edge] = field(default_factory=dict)  # all evidence that these have


class Weigher:
    """Weighs pairs of nodes under one set of rules, and remembers features: a node's number belongs to them for ever."""

    def __init__(self, entity: str, rules: MatchingRules) -> None:
        self.entity, self.rules = entity, rules
        self.salt = _number(entity)  # keys and nodes of two entities never meet
        self.scorer = Scorer(rules)
        self._ready: dict[int, Prepared] = {}

    def node_of(self, record: SourceRecord) -> Node:
        """The node a record belongs to, as if it were the first one there."""
        found = features(record.data, system=record.ref.system, rules=self.rules)
        if record.ref.system == STEWARD:
            found = {**found, "r": list(record.ref)}  # tells nothing, so it is like no other
        hashed = feature_hash(found)
        salt = self.salt
        keys = sorted({(key >> 1) ^ salt for key in key_numbers(found, self.rules)})
        return Node((int(hashed[:16], 16) >> 1) ^ salt, found, keys, 0, hashed)

    def forget_some(self) -> None:
        """Between two batches memory is kept in bounds."""
        if len(self._ready) > _REMEMBERED:
            self._ready.clear()

    def remember(self, known: Iterable[Node]) -> None:
        for node in known:
            if node.id not in self._ready:
                self._ready[node.id] = Prepared(node.features)

    def load(self, tx: Connection, ids: Iterable[int]) -> None:
        """Have the features of these nodes at hand."""
        missing = [node for node in ids if node not in self._ready]
        if missing:
            self.remember(nodes.by_id(tx, missing).values())

    def weigh(self, left: int, right: int) -> Edge:
        return Edge(*self.scorer.compare(self._ready[left], self._ready[right]))

    def weigh_all(self, pairs: Iterable[Pair]) -> dict[Pair, Edge]:
        """Of these pairs those whose evidence is worth keeping. Their features must be at hand."""
        counted, ready = self.scorer.counted, self._ready
        found = {}
        for pair in pairs:
            evidence = counted(ready[pair[0]], ready[pair[1]])
            if evidence is not None:
                found[pair] = Edge(*evidence)
        return found


def is_trusted(found: Features) -> bool:
    """Whether nothing in a record is of low trust."""
    return not any(item[-1] for name in "noetai" for item in found.get(name, ()))


def _number(text: str) -> int:
    """63 bits that fit every database's big integer."""
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest(), "big") >> 1


def meet(tx: Connection, weigher: Weigher, changed: Sequence[Head], at: datetime, ready: Ready = _NOTHING) -> Meeting:
    """Move changed heads to their nodes; weigh what is new against what it meets. Heads know their node afterwards."""
    weigher.forget_some()
    meeting = Meeting()
    wanted: dict[int, Node] = {}
    joining: dict[int, int] = defaultdict(int)
    for head in changed:
        node = (ready.get(id(head.record)) or weigher.node_of(head.record)) if head.live else None
        before = head.node
        head.node = node.id if node else None
        if node:
            wanted[node.id] = node
            head.trusted = is_trusted(node.features)
            joining[node.id] += 1
        if before is not None:
            joining[before] -= 1
    stored = nodes.by_id(tx, joining)
    weigher.remember(stored.values())
    weigher.remember(wanted.values())
    meeting.touched.update(joining)
    held = {node: (stored[node].members if node in stored else 0) + more for node, more in joining.items()}
    fresh = [wanted[node]._replace(members=held[node]) for node in sorted(wanted.keys() - stored.keys())]
    meeting.fresh = {node.id for node in fresh}
    meeting.gone = [node for node in stored.values() if held[node.id] <= 0]
    crossings = _compare(tx, weigher, fresh, meeting)
    with rows.together(tx, len(changed)):
        nodes.set_members(tx, {node: held[node] for node in stored if joining[node]})
        nodes.set_generic(tx, weigher.entity, crossings.counts, weigher.rules.block_limit)
        redo.put(tx, weigher.entity, redo.KEY, crossings.keys, at)
        nodes.put_edges(tx, meeting.edges)
        nodes.add(tx, weigher.entity, fresh)
    return meeting


class _Crossings(NamedTuple):
    """What became of keys that many nodes share."""

    counts: Mapping[int, int]  # nodes on each key that is or was generic
    keys: Sequence[int]  # those that became generic, or stopped being so


def _compare(tx: Connection, weigher: Weigher, fresh: Sequence[Node], meeting: Meeting) -> _Crossings:
    """Weigh new nodes against all they share a key with, and count the nodes on generic keys."""
    coming, going = _by_key(fresh), _by_key(meeting.gone)
    if not coming and not going:
        return _Crossings({}, ())
    limit = weigher.rules.block_limit
    generic, present = nodes.met(tx, coming, going)
    left = {node.id for node in meeting.gone}
    shared: dict[int, list[int]] = {}  # narrow keys that more than one node is on, with all of these
    counts: dict[int, int] = {}
    crossed: list[int] = []
    for key in coming.keys() | going.keys():
        before = generic.get(key, len(present.get(key, ())))
        after = before + len(coming.get(key, ())) - len(going.get(key, ()))
        if key in generic or after > limit:
            counts[key] = after
            if (before > limit) != (after > limit):
                crossed.append(key)
        elif after > 1 and key in coming:
            shared[key] = [*present.get(key, ()), *coming[key]]
    pairs = _candidates(fresh, shared, left)
    meeting.compared = len(pairs)
    meeting.edges = weigh_all(tx, weigher, pairs)
    return _Crossings(counts, crossed)


def weigh_all(tx: Connection, weigher: Weigher, pairs: Iterable[Pair]) -> dict[Pair, Edge]:
    """The evidence of these pairs, as far as it counts."""
    ordered = sorted(pairs)
    weigher.load(tx, {node for pair in ordered for node in pair})
    return weigher.weigh_all(ordered)


def _candidates(fresh: Sequence[Node], shared: Mapping[int, list[int]], left: set[int]) -> set[Pair]:
    """Every pair of a new node with a node it shares a narrow key with."""
    pairs: set[Pair] = set()
    for node in fresh:
        others: set[int] = set()
        for key in node.blocking_keys:
            if key in shared:
                others.update(shared[key])
        others -= left
        others.discard(node.id)
        pairs.update((node.id, other) if node.id < other else (other, node.id) for other in others)
    return pairs


def _by_key(listed: Iterable[Node]) -> dict[int, list[int]]:
    found: dict[int, list[int]] = defaultdict(list)
    for node in listed:
        for key in node.blocking_keys:
            found[key].append(node.id)
    return found


def remeet(tx: Connection, weigher: Weigher, key: int) -> Meeting:
    """Bring the evidence that rests on a key in order, after it became generic or stopped being so."""
    meeting = Meeting()
    if nodes.generic(tx, [key]):
        _let_go(tx, key, meeting)
    else:
        _catch_up(tx, weigher, key, meeting)
    return meeting


def _let_go(tx: Connection, key: int, meeting: Meeting) -> None:
    """Evidence goes where two nodes share nothing but generic keys any more."""
    pairs = nodes.edges_on_key(tx, key)
    listed = nodes.by_id(tx, {node for pair in pairs for node in pair})
    shared = {pair: _shared(listed, pair) for pair in pairs}
    generic = nodes.generic(tx, {one for keys in shared.values() for one in keys})
    meeting.dropped = sorted(pair for pair, keys in shared.items() if keys <= generic.keys())
    meeting.touched.update(node for pair in meeting.dropped for node in pair)


def _shared(listed: Mapping[int, Node], pair: Pair) -> set[int]:
    return set(listed[pair[0]].blocking_keys) & set(listed[pair[1]].blocking_keys)


def _catch_up(tx: Connection, weigher: Weigher, key: int, meeting: Meeting) -> None:
    """Nodes on a key that is narrow again meet."""
    here = sorted(nodes.on_keys(tx, [key]).get(key, ()))
    pairs = set(combinations(here, 2))
    known = nodes.edges_at(tx, here)
    found = weigh_all(tx, weigher, pairs - known.keys())
    meeting.compared = len(pairs)
    nodes.put_edges(tx, found)
    meeting.touched.update(node for pair in found for node in pair)


def explain(weigher: Weigher, left: SourceRecord, right: SourceRecord) -> dict[str, Any]:
    """Why two records are, or are not, the same customer: bits, the story, and the keys they meet on."""
    one, other = weigher.node_of(left), weigher.node_of(right)
    score = weigher.scorer.score(one.features, other.features)
    return {
        "bits": score.bits / 1000,
        "trusted_bits": score.trusted_bits / 1000,
        "match": score.match,
        "veto": score.veto,
        "match_bits": weigher.rules.match_bits / 1000,
        "review_bits": weigher.rules.review_bits / 1000,
        "waterfall": waterfall(score),
        "parts": [part._asdict() | {"bits": part.bits / 1000} for part in score.parts],
        "shared_keys": len(set(one.blocking_keys) & set(other.blocking_keys)),
    }
