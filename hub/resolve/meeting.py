"""Second step: records become nodes, nodes meet on blocking keys, and what meets is weighed.

What lies between nodes is a pure function of the nodes held: evidence of every pair that shares at least one key that is not
generic. A key is generic while more than ``block_limit`` nodes carry it; when it crosses that line, in either direction, it
goes to the redo queue, and ``remeet`` brings the evidence in order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import blake2b
from itertools import combinations, islice, pairwise
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
from hub.store.nodes import Ahead, Carried, Edge, Met, Node, Pair
from hub.store.sources import Head

Ready = Mapping[int, Node]
"""Nodes of records that were thought through before, by the record's own ``id``: a record folded anew is another one."""

_NOTHING: Ready = {}
_REMEMBERED = 8_000


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
        """Between two batches memory is kept in bounds: of too much the half stays that was learnt last."""
        if len(self._ready) > _REMEMBERED:
            self._ready = dict(islice(self._ready.items(), len(self._ready) - _REMEMBERED // 2, None))

    def remember(self, known: Mapping[int, Features]) -> None:
        """``known``: features by node."""
        for node, found in known.items():
            if node not in self._ready:
                self._ready[node] = Prepared(found)

    def load(self, tx: Connection, ids: Iterable[int]) -> None:
        """Have the features of these nodes at hand."""
        missing = [node for node in ids if node not in self._ready]
        if missing:
            self.remember(nodes.features_of(tx, missing))

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


def meet(
    tx: Connection,
    weigher: Weigher,
    changed: Sequence[Head],
    at: datetime,
    ready: Ready = _NOTHING,
    ahead: Ahead | None = None,
) -> Meeting:
    """Move changed heads to their nodes; weigh what is new against what it meets. Heads know their node afterwards. ``ahead``:
    what was asked about these nodes already, in the same critical section.
    """
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
    if ahead is not None and not joining.keys() <= ahead.asked:
        ahead = None
    stored = nodes.by_id(tx, joining) if ahead is None else {node: ahead.stored[node] for node in joining if node in ahead.stored}
    weigher.remember({node.id: node.features for node in (*stored.values(), *wanted.values())})
    meeting.touched.update(joining)
    held = {node: (stored[node].members if node in stored else 0) + more for node, more in joining.items()}
    fresh = [wanted[node]._replace(members=held[node]) for node in sorted(wanted.keys() - stored.keys())]
    meeting.fresh = {node.id for node in fresh}
    meeting.gone = [node for node in stored.values() if held[node.id] <= 0]
    crossings = _compare(tx, weigher, fresh, meeting, ahead)
    with rows.together(tx, len(changed)):
        nodes.set_members(tx, {node: held[node] for node in stored if joining[node]})
        nodes.set_generic(tx, weigher.entity, crossings.counts, weigher.rules.block_limit)
        redo.put(tx, weigher.entity, redo.KEY, crossings.keys, at)
        nodes.put_edges(tx, meeting.edges)
        nodes.add(tx, weigher.entity, fresh, crossings.new)
    return meeting


class _Crossings(NamedTuple):
    """What became of keys, and of those that many nodes share."""

    new: Carried  # the keys of new nodes
    counts: Mapping[int, int]  # nodes on each key that is or was generic
    keys: Sequence[int]  # those that became generic, or stopped being so


def _compare(tx: Connection, weigher: Weigher, fresh: Sequence[Node], meeting: Meeting, ahead: Ahead | None) -> _Crossings:
    """Weigh new nodes against all they share a key with, and count the nodes on generic keys."""
    coming, going = _Keys(fresh), _Keys(meeting.gone)
    if not coming.one and not going.one:
        return _Crossings(coming.carried, {}, ())
    limit = weigher.rules.block_limit
    generic, present = _met(tx, weigher, coming.one, going.one, ahead)
    counts: dict[int, int] = {}
    crossed: list[int] = []
    several: list[tuple[list[int], list[int]]] = []  # of narrow keys that more than one node is on: the new ones, and all
    for key in generic.keys() | present.keys() | coming.shared.keys():  # on every other key a node is alone
        here, new = present.get(key, []), coming.on(key)
        before = generic.get(key, len(here))
        after = before + len(new) - len(going.on(key))
        if key in generic or after > limit:
            counts[key] = after
            if (before > limit) != (after > limit):
                crossed.append(key)
        elif after > 1 and new:
            several.append((new, here + new))
    pairs = _candidates(several, {node.id for node in meeting.gone})
    meeting.compared = len(pairs)
    meeting.edges = weigh_all(tx, weigher, pairs)
    return _Crossings(coming.carried, counts, crossed)


def _met(tx: Connection, weigher: Weigher, coming: Collection[int], going: Collection[int], ahead: Ahead | None) -> Met:
    """What there is on these keys."""
    if ahead is None or going:
        return nodes.met(tx, coming, going)
    weigher.remember(ahead.candidates)
    generic, present = ahead.met
    return Met({k: n for k, n in generic.items() if k in coming}, {k: there for k, there in present.items() if k in coming})


class _Keys:
    """Which of some nodes carry which keys. Nearly every key is that of one node, so only the others get a list."""

    def __init__(self, listed: Sequence[Node]) -> None:
        self.carried = nodes.carried(listed)
        keys, ids = self.carried
        self.one = dict(zip(keys, ids, strict=True))  # the last node on each key
        self.shared: dict[int, list[int]] = {}
        if len(self.one) < len(keys):
            doubled = [place for place, (key, behind) in enumerate(pairwise(keys)) if key == behind]
            for place in doubled:
                self.shared.setdefault(keys[place], [ids[place]]).append(ids[place + 1])

    def on(self, key: int) -> list[int]:
        """The nodes on a key."""
        return self.shared.get(key) or ([self.one[key]] if key in self.one else [])


def weigh_all(tx: Connection, weigher: Weigher, pairs: Iterable[Pair]) -> dict[Pair, Edge]:
    """The evidence of these pairs, as far as it counts."""
    ordered = sorted(pairs)
    weigher.load(tx, {node for pair in ordered for node in pair})
    return weigher.weigh_all(ordered)


def _candidates(several: Iterable[tuple[list[int], list[int]]], left: set[int]) -> set[Pair]:
    """Every pair of a new node with a node it shares a narrow key with."""
    return {
        (node, other) if node < other else (other, node)
        for new, all_of_them in several
        for node in new
        for other in all_of_them
        if other != node and other not in left
    }


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
