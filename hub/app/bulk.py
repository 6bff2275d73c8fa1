"""Everything at once: a first load, and a change of rules, by way of the bulk engine.

    take      what waits on the bus becomes versions and heads, without being resolved
    features  records become nodes, in processes
    match     keys are joined, candidates scored, components clustered, in processes
    golden    clusters get ids and values, in processes; all is copied into the store
    ask       questions for people

From `features` on it is one transaction: a kill leaves what was there before. While records are taken and not resolved, whoever
resolves one by one stops; the next bulk run goes on.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from time import perf_counter
from typing import Any

import orjson
from sqlalchemy import Connection

from hub.app.outcome import Tell
from hub.batch import stored
from hub.batch.components import Component, write_components
from hub.batch.local import Engine, LocalEngine
from hub.batch.pairs import NodeEvidence, Task
from hub.batch.spreading import processes, spread, spread_out
from hub.batch.stored import ClusterKeeper, ClusterPart, Keeping, Reading, RecordPage, RecordReader, StoredPopulation
from hub.matching.clustering import Clustering, Member, Refusal, cluster
from hub.matching.scoring import Scorer
from hub.records import RecordRef
from hub.resolve import Outcome, Resolver
from hub.resolve.bulk import Cluster, Ending, Ids, NodeMaker, Standpoint, clear, kept_ids, standpoint
from hub.resolve.making import GOLDENS, OUTBOX, GoldenMaker, Surroundings
from hub.resolve.rules import put_in_force
from hub.resolve.settling import Cause
from hub.store import copying, population
from hub.store.nodes import Edge
from hub.store.passing import passing_folder
from hub.store.sources import Placed
from hub.store.store import Store, critical
from hub.store.tables import goldens, outbox, xref

MEMORY = "2GB"


@dataclass
class Bulk:
    """One bulk run over a store, step by step, within one transaction."""

    store: Store
    resolver: Resolver
    as_of: date
    cause: Cause
    folder: Path
    workers: int = 2
    memory: str = MEMORY
    tell: Tell = lambda what, done, total: None
    train: Callable[[StoredPopulation], object] | None = None  # looks at the candidates before they are scored
    engine: Engine | None = None  # who joins, scores and clusters; else processes of this machine
    outcome: Outcome = field(default_factory=Outcome)
    seconds: dict[str, float] = field(default_factory=dict)

    def run(self) -> Outcome:
        with self.store.begin() as tx:
            critical(tx, self.entity)
            self.at = self.resolver.clock()
            put_in_force(tx, self.rules, self.at)
            clear(tx, self.entity)
            for step in (self.features, self.match, self.golden, self.ask):
                began = perf_counter()
                step(tx)
                self.seconds[step.__name__] = perf_counter() - began
            began = perf_counter()
        self.seconds["commit"] = perf_counter() - began
        self.held.close()
        return self.outcome

    at: datetime = field(init=False)
    held: StoredPopulation = field(init=False)
    said: Standpoint = field(init=False)
    ids: Ids = field(init=False)

    @property
    def rules(self) -> Any:
        return self.resolver.rules

    @property
    def entity(self) -> str:
        return self.resolver.entity

    @property
    def url(self) -> str:
        return self.store.engine.url.render_as_string(hide_password=False)

    # -- records to nodes --

    def features(self, tx: Connection) -> None:
        pages = population.pages(tx, self.entity, stored.PAGE)
        reading = Reading(self.url, self.entity, self.folder, NodeMaker(self.entity, self.rules.matching))
        parts = (RecordPage(number, wanted) for number, wanted in enumerate(pages))
        made = spread(self.workers, RecordReader, reading, parts, self._counted("features", len(pages)))
        self.outcome.taken = sum(made)
        self.held = StoredPopulation(self.folder, self.memory)
        self.held.settle()
        stored.copy_nodes(tx, self.held.write_nodes(self.entity))

    def _counted(self, step: str, of: int) -> Any:
        return lambda done: self.tell(step, done, of)

    # -- nodes to clusters --

    def match(self, tx: Connection) -> None:
        stored.copy_generic(tx, self.held.write_generic(self.entity, self.rules.matching.block_limit))
        engine, task = (
            self.engine or LocalEngine(self.workers),
            Task(self.folder, self.memory, self.rules.matching, self.rules.clusters),
        )
        self.tell("joining keys", 0, None)
        self.outcome.compared = engine.pair(self.held, self.rules.matching.block_limit)
        if self.train is not None:
            began = perf_counter()
            self.train(self.held)
            self.held.close()
            self.seconds["train"] = perf_counter() - began
            self.held = StoredPopulation(self.folder, self.memory)
        engine.score(self.held, task, self._progress).close()
        self.held = StoredPopulation(self.folder, self.memory)
        stored.copy_edges(tx, self.held.write_edges())
        self.said = standpoint(tx, self.entity, (ref for _, ref, _ in self.held.refs()))
        decided = self.held.numbers_of(self.said.decided)
        apart = set(self.held.nodes_of(decided))
        parts, aside = write_components(self.held, self.rules.clusters, apart)
        engine.group(parts, task, self._progress)
        self.refused = list(self._refused())
        if aside is not None:
            self._cluster_decided(aside)
        self.held.load("members")
        self.held.finish()

    refused: list[tuple[str, list[int], list[int], int, list[int], Sequence[str]]] = field(default_factory=list)

    def _progress(self, step: str, done: int, of: int) -> None:
        self.tell(step, done, of)

    def _refused(self) -> Iterator[Any]:
        for path in sorted(self.folder.glob("*.refused")):
            yield from orjson.loads(path.read_bytes())

    def _cluster_decided(self, aside: Component) -> None:
        """Components that people spoke about are clustered here, together: a decision may lead from one to another."""
        refs = self.held.refs_of([record for record, *_ in aside.members])
        numbers = {ref: number for number, ref in refs.items()}
        members = [Member(refs[record], node, trusted) for record, node, _, trusted in aside.members]
        evidence = NodeEvidence(Scorer(self.rules.matching), self.held.features_of(aside.nodes))
        found: Clustering = cluster(members, evidence, aside.edges, self.said.decisions, self.rules.clusters)
        lines = [f"{numbers[ref]},{numbers[refs_[0]]}\n" for refs_ in found.clusters for ref in refs_]
        (self.folder / "decided.members").write_text("".join(lines), encoding="utf-8")
        for refusal in found.refusals:
            left, right, pair = ([numbers[ref] for ref in some] for some in (refusal.left, refusal.right, refusal.pair))
            self.refused.append((refusal.kind, left, right, refusal.bits, pair, refusal.decisions))

    # -- clusters to golden records --

    def golden(self, tx: Connection) -> None:
        clusters = self.held.clusters()
        first = not population.any_goldens(tx, self.entity)
        members: list[Cluster] = [] if first else self._members()
        if first:
            copying.count_records(tx)
            self.ids = Ids([])  # minted part by part, while golden records are made
        else:
            self.ids = kept_ids(tx, self.entity, members, self.said, self.resolver.mint)
        self.place = {number: turn for turn, (number, _) in enumerate(clusters)}
        self.held.sort_clusters()
        size = max(1, min(stored.CLUSTERS, len(clusters) // (2 * self.workers)))
        parts, number_of = self._parts(clusters, members, size, first), -(-len(clusters) // size)
        self.held.close()
        maker = GoldenMaker(self.rules, self.at, self.as_of, self.cause, self.said.aliases, self.said.pins)
        keeping = Keeping(self.url, self.entity, self.folder, self.memory, maker)
        for number, kinds in enumerate(spread_out(self.workers, ClusterKeeper, keeping, parts)):
            self._count(kinds)
            if first:  # while the others are made
                self._copy_part(tx, number)
            self.tell("golden records", number + 1, number_of)
        if not first:
            copying.copy(tx, goldens, GOLDENS, self._files("goldens"), known="replace")
            copying.copy(tx, outbox, OUTBOX, self._files("outbox"))
        self.held = StoredPopulation(self.folder, self.memory)
        if not first:
            self._leave(tx, members)
            copying.copy(tx, xref, copying.XREF, self._files("xref"))
            copying.place(tx, self.entity, self._files("placed"))
        if self.said.aliases:
            ending = self._ending(tx)
            refs = self.held.numbers_of(list(self.said.aliases.values()))
            ending.lead_merged_keys({ref: self._golden_of(number) for number, ref in self.held.refs_of(refs).items()})

    place: dict[int, int] = field(default_factory=dict)  # cluster -> its turn

    def _copy_part(self, tx: Connection, number: int) -> None:
        for table, columns in ((goldens, GOLDENS), (outbox, OUTBOX), (xref, copying.XREF)):
            path = self.folder / f"{number:06d}.{table.name}"
            copying.copy(tx, table, columns, [path])
            path.unlink()
        copying.place(tx, self.entity, [self.folder / f"{number:06d}.placed"])

    def _files(self, table: str) -> list[Path]:
        return sorted(self.folder.glob(f"*.{table}"))

    def _count(self, kinds: dict[str, int]) -> None:
        for kind, number in kinds.items():
            self.outcome.announced[kind] = self.outcome.announced.get(kind, 0) + number

    def _members(self) -> list[Cluster]:
        """Every cluster in order, as refs."""
        homes = self.held.cluster_of()
        found: dict[int, list[RecordRef]] = defaultdict(list)
        for number, ref, _ in self.held.refs():
            found[homes[number]].append(ref)
        return [tuple(found[number]) for number in sorted(found)]

    def _parts(
        self, clusters: Sequence[tuple[int, int]], members: Sequence[Cluster], size: int, first: bool
    ) -> Iterator[ClusterPart]:
        home = {ref: self.ids.of[turn] for turn, refs in enumerate(members) for ref in refs}
        for number, start in enumerate(range(0, len(clusters), size)):
            some = clusters[start : start + size]
            if first:
                self.ids.of += [self.resolver.mint() for _ in some]
            around = self._surroundings(range(start, start + len(some)), home) if members else Surroundings()
            high = some[-1][0] + 1
            yield ClusterPart(number, some[0][0], high, self.ids.of[start : start + size], around)

    def _surroundings(self, turns: range, home: dict[RecordRef, str]) -> Surroundings:
        own = {self.ids.of[turn] for turn in turns}
        fresh = self.ids.minted | self.ids.reinstated
        return Surroundings(
            held=frozenset(self.ids.of[turn] for turn in turns if turn in self.ids.held),
            elsewhere={ref: home[ref] for one in own for ref in self.ids.changed.get(one, ()) if ref in home},
            fresh=fresh,
            reinstated=self.ids.reinstated & own,
            absorbed={one: self.ids.absorbed[one] for one in own if one in self.ids.absorbed},
        )

    def _leave(self, tx: Connection, members: Sequence[Cluster]) -> None:
        before = {ref: golden for _, ref, golden in self.held.refs() if golden is not None}
        after = {ref: self.ids.of[turn] for turn, refs in enumerate(members) for ref in refs}
        self._count(self._ending(tx).retire(before, after))

    def _ending(self, tx: Connection) -> Ending:
        weigher = self.resolver.weigher
        return Ending(tx, self.rules, weigher, self.said, self.ids, self.at, self.as_of, self.cause)

    def _golden_of(self, record: int) -> str:
        if not self.homes:
            self.homes = self.held.cluster_of()
        return self.ids.of[self.place[self.homes[record]]]

    homes: list[int] = field(default_factory=list)

    # -- questions --

    def ask(self, tx: Connection) -> None:
        self.tell("questions for people", 0, None)
        near = self.held.near(self.rules.matching.review_bits, self.rules.matching.match_bits)
        touched = {node for a, b, *_ in near for node in (a, b)} | set(self.held.scattered())
        named = {one for _, left, right, *_ in self.refused for one in (*left, *right)} | set(
            self.held.numbers_of(self.said.decided)
        )
        touched |= set(self.held.nodes_of(sorted(named)))
        whole = self.held.whole_clusters(sorted(touched), sorted(named))
        hashes = self.held.node_hashes(sorted({node for a, b, *_ in near for node in (a, b)}))
        clusters: dict[int, list[RecordRef]] = defaultdict(list)
        placed = []
        for number, _, node, trusted, ref in whole:
            clusters[number].append(ref)
            placed.append(Placed(ref, node, self.ids.of[self.place[number]], trusted))
        edges = {_ordered(hashes[a], hashes[b]): Edge(bits, low) for a, b, bits, low in near}
        refs = self.held.refs_of(sorted({one for _, left, right, _, pair, _ in self.refused for one in (*left, *right, *pair)}))
        refusals = [
            Refusal(kind, _named(refs, left), _named(refs, right), bits, (refs[pair[0]], refs[pair[1]]), tuple(said))
            for kind, left, right, bits, pair, said in self.refused
        ]
        asked = self._ending(tx).ask([tuple(one) for one in clusters.values()], placed, edges, refusals)
        self.outcome.tasks_opened, self.outcome.tasks_closed = asked.opened, asked.closed


def _named(refs: dict[int, RecordRef], numbers: Sequence[int]) -> Cluster:
    return tuple(refs[number] for number in numbers)


def _ordered(a: int, b: int) -> tuple[int, int]:
    return (a, b) if a < b else (b, a)


def adopt_in_bulk(
    store: Store, resolver: Resolver, as_of: date, cause: Cause | None = None, *, workers: int = 2, memory: str = MEMORY,
    tell: Tell = lambda what, done, total: None, train: Callable[[StoredPopulation], object] | None = None,
    engine: Engine | None = None,
) -> Bulk:  # fmt: skip
    """Bring everything under the resolver's rules, whatever is there: as `Resolver.adopt`, for any number of records."""
    why = cause or Cause("rules", {"version": resolver.rules.version})
    with passing_folder("load") as folder:
        bulk = Bulk(store, resolver, as_of, why, folder, workers, memory, tell, train, engine)
        with processes(workers), closing(engine) if engine else nullcontext():
            bulk.run()
    return bulk


def training_of(held: StoredPopulation, raw: dict[str, Any], document: dict[str, Any], workers: int) -> dict[str, Any]:
    """A model estimated from the candidates of a run, as a document of weights."""
    from hub.batch.training import Training, train  # needs NumPy

    trained: dict[str, Any] = train(held, Training(raw, document, workers))[1].document
    return trained
