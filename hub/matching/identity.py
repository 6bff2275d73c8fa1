"""Stable ids: which new cluster keeps which golden id.

All pairs of an id and a new cluster are ordered by how many steward-confirmed members they share, then by how many members,
then by age (ids of version 7 order by birth), and assigned one to one from the top; an id that could as well go to either of two
clusters leaves the one that another id may come back to. A retired id takes part where more than
half of its last members are together again and the change is a split, or nobody living has a claim: so a split reinstates
the original id, and a cluster that nothing was taken from keeps the id it has.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field

from hub.records import RecordRef

Cluster = tuple[RecordRef, ...]


@dataclass(frozen=True, slots=True)
class FormerIdentity:
    """A golden id with its members, or with the last ones it had."""

    id: str
    members: frozenset[RecordRef]
    live: bool = True


@dataclass(frozen=True, slots=True)
class Assignment:
    ids: dict[Cluster, str]
    retired: dict[str, str | None] = field(default_factory=dict)  # old id -> the id it redirects to; None: nobody is left
    reinstated: frozenset[str] = frozenset()
    minted: frozenset[str] = frozenset()


def assign_ids(
    clusters: Sequence[Cluster],
    former: Sequence[FormerIdentity],
    confirmed: Collection[RecordRef] = frozenset(),
    mint: Callable[[], str] | None = None,
) -> Assignment:
    """One id for each cluster, and what becomes of the ids left over. ``mint`` is called once per new id, in cluster order."""
    ordered = sorted(clusters)
    shares = _Shares(ordered, former)
    ids: dict[int, str] = {}
    used: set[str] = set()
    for place, identity in shares.claims(confirmed):
        if place not in ids and identity.id not in used:
            ids[place] = identity.id
            used.add(identity.id)
    minted = _mint_missing(len(ordered), ids, mint)
    live = {f.id for f in former if f.live}
    retired = {f.id: shares.heir(f, ids) for f in former if f.live and f.id not in used}
    return Assignment(
        ids={cluster: ids[place] for place, cluster in enumerate(ordered)},
        retired=retired,
        reinstated=frozenset(used - live),
        minted=minted,
    )


def excess_churn(assignment: Assignment, former: Sequence[FormerIdentity]) -> int:
    """How many ids changed without need: all that is left of a customer is in one cluster, with nobody else's records."""
    shares = _Shares(sorted(assignment.ids), former)
    changed = 0
    for place, holders in shares.holders.items():
        if len(holders) == 1 and len(shares.counts[holders[0]]) == 1:
            changed += assignment.ids[shares.clusters[place]] != holders[0]
    return changed


def _mint_missing(count: int, ids: dict[int, str], mint: Callable[[], str] | None) -> frozenset[str]:
    minted = set()
    for place in range(count):
        if place not in ids:
            if mint is None:
                raise ValueError("A new cluster needs an id: pass mint.")
            ids[place] = mint()
            minted.add(ids[place])
    return frozenset(minted)


class _Shares:
    """How many members of each former identity are in each new cluster."""

    def __init__(self, clusters: Sequence[Cluster], former: Sequence[FormerIdentity]) -> None:
        self.clusters = clusters
        home = {ref: place for place, cluster in enumerate(clusters) for ref in cluster}
        self.former = former
        self.counts = {f.id: Counter(home[ref] for ref in f.members if ref in home) for f in former}
        self.holders: dict[int, list[str]] = {}  # cluster -> live ids with members in it
        for identity in former:
            for place in self.counts[identity.id] if identity.live else ():
                self.holders.setdefault(place, []).append(identity.id)

    def claims(self, confirmed: Collection[RecordRef]) -> Iterator[tuple[int, FormerIdentity]]:
        shares = [(place, one, count) for one in self.former for place, count in self.counts[one.id].items()]
        claims = [(place, one, count) for place, one, count in shares if one.live or self._may_return(one, place, count)]
        awaited = {place for place, one, _ in claims if not one.live}
        ranked = [
            (
                -self._confirmed(one, place, confirmed),
                -count,
                one.id,
                one.live and place in awaited,
                self.clusters[place],
                place,
                one,
            )
            for place, one, count in claims
        ]
        ranked.sort(key=lambda claim: claim[:5])
        for *_, place, identity in ranked:
            yield place, identity

    def heir(self, identity: FormerIdentity, ids: dict[int, str]) -> str | None:
        """Where a retired id leads: the cluster with most of its members."""
        counts = self.counts[identity.id]
        if not counts:
            return None
        return ids[min(counts, key=lambda place: (-counts[place], ids[place]))]

    def _confirmed(self, identity: FormerIdentity, place: int, confirmed: Collection[RecordRef]) -> int:
        if not confirmed:
            return 0
        return sum(1 for ref in self.clusters[place] if ref in confirmed and ref in identity.members)

    def _may_return(self, identity: FormerIdentity, place: int, count: int) -> bool:
        if 2 * count <= len(identity.members):
            return False
        holders = self.holders.get(place, [])
        return not holders or any(len(self.counts[holder]) > 1 for holder in holders)
