"""The population that stands in a hub's store, on its way through a bulk run: its tables, and the workers that read it.

Nodes and records have small numbers here, in the order of records; the store's own numbers of nodes are in ``hash``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import orjson

from hub.batch.packing import packed
from hub.batch.population import Population
from hub.matching.prepared import Prepared
from hub.records import Operation, RecordRef, SourceRecord
from hub.store import copying, population
from hub.store.nodes import Node
from hub.store.population import Page
from hub.store.store import Store, open_store
from hub.store.tables import edges, generic_keys, node_keys, nodes
from hub.store.types import Json

PAGE = 5_000
CLUSTERS = 5_000

NODES = ("id", "entity", "feature_hash", "features", "blocking_keys", "members")
EDGES = ("left_id", "right_id", "bits", "trusted_bits", "match", "veto")


@dataclass(frozen=True)
class Reading:
    """What a worker needs to know once to make nodes of stored records. ``maker`` is called once per process."""

    url: str
    entity: str
    folder: Path
    maker: Callable[[], Callable[[SourceRecord], tuple[Node, bool]]]


class RecordPage(NamedTuple):
    number: int
    wanted: Page


class RecordReader:
    """One per process. Of a page of live records it leaves ``<number>.heads``: the records with their nodes."""

    def __init__(self, known: Reading) -> None:
        self.known, self.store, self.make = known, open_store(known.url), known.maker()
        self._json = Json()

    def __call__(self, part: RecordPage) -> int:
        rows: list[tuple[Any, ...]] = []
        met: set[int] = set()
        with self.store.read() as tx:
            for found in population.page(tx, self.known.entity, part.wanted):
                node, trusted = self.make(_record(self.known.entity, found.ref, found.data, found.at.isoformat()))
                told: tuple[Any, ...] = (None, None, None, None)
                if node.id not in met:
                    met.add(node.id)
                    told = (node.feature_hash, self._text(node.features), node.blocking_keys, packed(Prepared(node.features)))
                at = found.at.isoformat()
                rows.append((*found.ref, found.data, at, found.golden, trusted, node.id, *told))
        _write(self.known.folder / f"{part.number:06d}.heads", rows)
        return len(rows)

    def close(self) -> None:
        self.store.close()

    def _text(self, value: Any) -> str | None:
        return self._json.process_bind_param(value, self.store.engine.dialect)


def _write(path: Path, rows: Sequence[tuple[Any, ...]]) -> None:
    import pyarrow
    from pyarrow import parquet

    text, number = pyarrow.string(), pyarrow.int64()
    kinds = {
        "system": text, "key": text, "generation": pyarrow.int32(), "data": text, "since": text, "golden": text,
        "trusted": pyarrow.bool_(), "hash": number, "feature_hash": text, "features": text,
        "keys": pyarrow.list_(number), "ready": pyarrow.binary(),
    }  # fmt: skip
    columns = list(zip(*rows, strict=True)) or [()] * len(kinds)
    arrays = [pyarrow.array(values, kind) for values, kind in zip(columns, kinds.values(), strict=True)]
    parquet.write_table(pyarrow.table(arrays, list(kinds)), path, compression="lz4", use_dictionary=False)


def _record(entity: str, ref: RecordRef, data: str, at: str) -> SourceRecord:
    """As far as features and survivorship look at a record."""
    from datetime import datetime

    return SourceRecord(entity, ref, Operation.UPSERT, orjson.loads(data), datetime.fromisoformat(at), "")


class StoredPopulation(Population):
    """The tables of one bulk run over a store."""

    def settle(self) -> None:
        """Number records in the order of their keys, and nodes in the order of their first records."""
        self._db.execute(
            f"""
            CREATE TABLE told AS
              SELECT (row_number() OVER (ORDER BY system, key) - 1)::INTEGER AS id,
                     * EXCLUDE (feature_hash, features, keys, ready)
              FROM read_parquet('{self.text("*.heads")}');
            CREATE TABLE record AS SELECT id, hash, system, trusted FROM told;
            CREATE TABLE node AS
              SELECT (row_number() OVER (ORDER BY first) - 1)::INTEGER AS id, hash, size, feature_hash, features, keys, ready
              FROM (SELECT hash, min(id) AS first, count(*)::INTEGER AS size FROM record GROUP BY hash)
              JOIN (SELECT hash, any_value(feature_hash) AS feature_hash, any_value(features) AS features,
                           any_value(keys) AS keys, any_value(ready) AS ready
                    FROM read_parquet('{self.text("*.heads")}') GROUP BY hash) USING (hash)
              ORDER BY id;
            CREATE TABLE member AS
              SELECT record.id AS record, node.id AS node FROM record JOIN node USING (hash) ORDER BY node, record;
            CREATE TABLE raw_keys AS SELECT hash, unnest(keys) AS key FROM node;
            """  # noqa: S608 - a path of ours
        )

    def text(self, pattern: str) -> str:
        return str(self.folder / pattern).replace("'", "''")

    def write_nodes(self, entity: str) -> dict[str, Path]:
        """Nodes, their keys and those shared by too many, as lines for the store."""
        listed = "'[' || array_to_string(keys, ',') || ']'"
        escaped = "replace(features, '\\', '\\\\')"
        self._lines("nodes", f"SELECT hash, '{entity}', feature_hash, {escaped}, {listed}, size FROM node ORDER BY hash")  # noqa: S608
        self._lines("node_keys", "SELECT key, hash FROM raw_keys ORDER BY key, hash")
        return {name: self.folder / f"{name}.lines" for name in ("nodes", "node_keys")}

    def write_generic(self, entity: str, block_limit: int) -> Path:
        self._count_keys()
        return self._lines(
            "generic_keys",
            f"SELECT key, '{entity}', nodes FROM key_nodes WHERE nodes > {int(block_limit)} ORDER BY key",  # noqa: S608
        )

    def _tell_keys(self) -> None:
        """A node lists each of its keys once."""
        self._db.execute("CREATE TABLE node_key AS SELECT unnest(keys) AS key, id AS node FROM node")

    def write_edges(self) -> Path:
        return self._lines(
            "edges",
            "SELECT least(x.hash, y.hash), greatest(x.hash, y.hash), bits, trusted, rule, veto FROM raw_scores "
            "JOIN node x ON x.id = a JOIN node y ON y.id = b ORDER BY 1, 2",
        )

    def _lines(self, name: str, query: str) -> Path:
        path = self.folder / f"{name}.lines"
        self._db.execute(f"COPY ({query}) TO '{self.text(path.name)}' (HEADER false, DELIMITER '\t', QUOTE '', NULLSTR '\\N')")
        return path

    # -- what happens to clusters --

    def refs(self) -> Iterator[tuple[int, RecordRef, str | None]]:
        """Every record with the golden record it stood behind."""
        cursor = self._db.cursor()
        cursor.execute("SELECT id, system, key, generation, golden FROM told ORDER BY id")
        while rows := cursor.fetchmany(20_000):
            for number, system, key, generation, golden in rows:
                yield number, RecordRef(system, key, generation), golden

    def refs_of(self, numbers: Sequence[int]) -> dict[int, RecordRef]:
        found = self._rows(
            "SELECT id, system, key, generation FROM told WHERE id IN (SELECT unnest(?::INTEGER[]))", [list(numbers)]
        )
        return {row[0]: RecordRef(*row[1:]) for row in found}

    def numbers_of(self, refs: Sequence[RecordRef]) -> list[int]:
        """Of live records among these."""
        sql = "SELECT id FROM told JOIN (SELECT unnest($1) AS system, unnest($2) AS key, unnest($3) AS generation) AS given "
        given = [[ref[place] for ref in refs] for place in range(3)]
        return [row[0] for row in self._rows(sql + "USING (system, key, generation) ORDER BY 1", given)] if refs else []

    def nodes_of(self, records: Sequence[int]) -> list[int]:
        sql = "SELECT DISTINCT node FROM member WHERE record IN (SELECT unnest(?::INTEGER[])) ORDER BY 1"
        return [row[0] for row in self._rows(sql, [list(records)])]

    def near(self, review_bits: int, match_bits: int) -> list[tuple[int, int, int, int]]:
        """(a, b, bits, trusted bits) of pairs of nodes a person may have to look at."""
        sql = "SELECT a, b, bits, trusted FROM raw_scores WHERE rule IS NULL AND bits >= ? AND bits < ? ORDER BY 1, 2"
        return [(a, b, bits, trusted) for a, b, bits, trusted in self._rows(sql, [review_bits, match_bits])]

    def scattered(self) -> list[int]:
        """Nodes whose records lie in several clusters."""
        sql = "SELECT node FROM member JOIN cluster USING (record) GROUP BY node HAVING count(DISTINCT cluster) > 1 ORDER BY 1"
        return [row[0] for row in self._rows(sql)]

    def whole_clusters(self, nodes: Sequence[int], records: Sequence[int]) -> list[tuple[int, int, int, bool, RecordRef]]:
        """(cluster, record, store's node, trusted, ref) of everybody in the clusters of these nodes and records."""
        found = self._rows(
            """
            WITH touched AS (
              SELECT cluster FROM member JOIN cluster USING (record) WHERE node IN (SELECT unnest($1::INTEGER[]))
              UNION SELECT cluster FROM cluster WHERE record IN (SELECT unnest($2::INTEGER[])))
            SELECT cluster, told.id, hash, trusted, system, key, generation
            FROM cluster SEMI JOIN touched USING (cluster) JOIN told ON told.id = cluster.record ORDER BY 1, 2
            """,
            [list(nodes), list(records)],
        )
        return [(row[0], row[1], row[2], row[3], RecordRef(*row[4:])) for row in found]

    def node_hashes(self, nodes: Sequence[int]) -> dict[int, int]:
        return dict(self._rows("SELECT id, hash FROM node WHERE id IN (SELECT unnest(?::INTEGER[]))", [list(nodes)]))

    def clusters(self) -> list[tuple[int, int]]:
        """(cluster, how many records) in order."""
        return [(c, n) for c, n in self._rows("SELECT cluster, count(*) FROM cluster GROUP BY cluster ORDER BY cluster")]

    def cluster_of(self) -> list[int]:
        """The cluster of each record, by its number."""
        return [row[0] for row in self._rows("SELECT cluster FROM cluster ORDER BY record")]

    def sort_clusters(self) -> None:
        """Records by cluster, and the strongest evidence within each."""
        self._db.execute(
            """
            CREATE TABLE saying AS
              SELECT cluster, told.* FROM told JOIN cluster ON cluster.record = told.id ORDER BY cluster, told.id;
            CREATE TABLE bond AS
              SELECT x.cluster, max(bits) AS bits,
                arg_max([least(ma.record, mb.record), greatest(ma.record, mb.record)],
                        [bits, -least(ma.record, mb.record), -greatest(ma.record, mb.record)]) AS pair
              FROM raw_scores
              JOIN (SELECT node, min(record) AS record FROM member GROUP BY node) ma ON ma.node = a
              JOIN (SELECT node, min(record) AS record FROM member GROUP BY node) mb ON mb.node = b
              JOIN cluster x ON x.record = ma.record JOIN cluster y ON y.record = mb.record
              WHERE x.cluster = y.cluster GROUP BY x.cluster ORDER BY x.cluster;
            """
        )

    def saying(self, low: int, high: int) -> list[tuple[Any, ...]]:
        """(cluster, system, key, generation, data, since, golden, trusted, store's node) of clusters [low, high) in order."""
        return self._rows(
            "SELECT cluster, system, key, generation, data, since, golden, trusted, hash FROM saying "
            "WHERE cluster >= ? AND cluster < ? ORDER BY cluster, id",
            [low, high],
        )

    def bonds(self, low: int, high: int) -> dict[int, tuple[int, list[int]]]:
        found = self._rows("SELECT cluster, bits, pair FROM bond WHERE cluster >= ? AND cluster < ?", [low, high])
        return {cluster: (bits, pair) for cluster, bits, pair in found}


class Kept(NamedTuple):
    """One cluster on its way to becoming a golden record."""

    golden: str
    records: list[SourceRecord]
    nodes: list[int]
    trusted: list[bool]
    before: list[str | None]  # golden records they stood behind
    bond: tuple[int, RecordRef, RecordRef] | None  # the strongest evidence within: bits, and between whom


class ClusterPart(NamedTuple):
    """Clusters [low, high), the ids they have, and what whoever makes golden records of them must know besides."""

    number: int
    low: int
    high: int
    ids: Sequence[str]
    known: Any


@dataclass(frozen=True)
class Keeping:
    """What a worker needs to know once to make golden records. ``maker`` is called once per process, with the store."""

    url: str
    entity: str
    folder: Path
    memory: str
    maker: Callable[[Store], Callable[[list[Kept], Any], tuple[dict[str, bytes], Any]]]


class ClusterKeeper:
    """One per process. Of a part of clusters it leaves lines for the store, as ``<number>.<table>``."""

    def __init__(self, known: Keeping) -> None:
        self.known, self.store = known, open_store(known.url)
        self.make = known.maker(self.store)

    def __call__(self, part: ClusterPart) -> Any:
        made, told = self.make(self._kept(part), part.known)
        for name, lines in made.items():
            (self.known.folder / f"{part.number:06d}.{name}").write_bytes(lines)
        return told

    def close(self) -> None:
        self.store.close()

    def _kept(self, part: ClusterPart) -> list[Kept]:
        held = StoredPopulation(self.known.folder, self.known.memory, read_only=True)
        try:
            rows, bonds = held.saying(part.low, part.high), held.bonds(part.low, part.high)
            named = held.refs_of([one for _, pair in bonds.values() for one in pair])
        finally:
            held.close()
        listed: list[Kept] = []
        last = -1
        for cluster, system, key, generation, data, at, golden, trusted, node in rows:
            if cluster != last:
                last = cluster
                bond = bonds.get(cluster)
                told = (bond[0], named[bond[1][0]], named[bond[1][1]]) if bond else None
                listed.append(Kept(part.ids[len(listed)], [], [], [], [], told))
            one = listed[-1]
            one.records.append(_record(self.known.entity, RecordRef(system, key, generation), data, at))
            one.nodes.append(node)
            one.trusted.append(trusted)
            one.before.append(golden)
        return listed


def copy_nodes(tx: Any, written: dict[str, Path]) -> None:
    copying.copy(tx, nodes, NODES, [written["nodes"]])
    copying.copy(tx, node_keys, ("key", "node_id"), [written["node_keys"]])


def copy_generic(tx: Any, path: Path) -> None:
    copying.copy(tx, generic_keys, ("key", "entity", "nodes"), [path])


def copy_edges(tx: Any, path: Path) -> None:
    copying.copy(tx, edges, EDGES, [path])
