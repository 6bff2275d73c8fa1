"""A whole population in a DuckDB file: records, nodes, keys, candidates and scores. It spills to disk, memory is bounded."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import duckdb
import orjson

from hub.batch.packing import unpacked
from hub.batch.sketching import Nodes, drawn, sketch, sketches
from hub.batch.telling import told_values
from hub.matching.clustering import ClusterRules
from hub.matching.features import Features
from hub.matching.prepared import Prepared
from hub.matching.rarity import Told

_COLUMNS: dict[str, dict[str, str]] = {
    "records": {"key": "VARCHAR", "hash": "VARCHAR", "content": "VARCHAR", "place": "VARCHAR"},
    "nodes": {"hash": "VARCHAR", "features": "VARCHAR"},
    "keys": {"hash": "VARCHAR", "key": "BIGINT"},
    "rejects": {"place": "VARCHAR", "key": "VARCHAR", "code": "VARCHAR", "reason": "VARCHAR"},
    "scores": {"a": "INTEGER", "b": "INTEGER", "bits": "BIGINT", "trusted": "BIGINT", "rule": "VARCHAR", "veto": "VARCHAR"},
    "members": {"record": "INTEGER", "cluster": "INTEGER"},
    "selves": {"node": "INTEGER"},
}
"""The part files that workers leave, by suffix."""


class Population:
    """The tables of one run. Everything is ordered by key, so that the order of the input does not matter."""

    def __init__(self, folder: Path, memory: str, *, read_only: bool = False) -> None:
        self.folder, self.memory = folder, memory
        settings: dict[str, Any] = {"memory_limit": memory, "temp_directory": str(folder / "spill"), "threads": "2"}
        self._db = duckdb.connect(str(folder / "population.duckdb"), read_only=read_only, config=settings)
        self._db.execute("SET enable_progress_bar = false")

    def close(self) -> None:
        self._db.close()

    def _rows(self, sql: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        return self._db.execute(sql, list(values)).fetchall()

    def load(self, name: str) -> None:
        """The part files of one kind into one raw table."""
        columns = _COLUMNS[name]
        shape = ", ".join(f"{column} {kind}" for column, kind in columns.items())
        self._db.execute(f"CREATE TABLE raw_{name} ({shape})")
        if not any(path.stat().st_size for path in self.folder.glob(f"*.{name}")):
            return
        self._db.execute(
            f"INSERT INTO raw_{name} SELECT * FROM read_csv(?, header = false, delim = ',', quote = '\"', escape = '\"', "  # noqa: S608
            f"columns = {columns}, auto_detect = false, max_line_size = 20000000, parallel = false, nullstr = '')",
            [str(self.folder / f"*.{name}")],
        )

    def load_parquet(self, name: str, folder: Path) -> None:
        """The same of Parquet files in a folder."""
        names = ", ".join(_COLUMNS[name])
        self._db.execute(f"CREATE TABLE raw_{name} AS SELECT {names} FROM read_parquet(?) ORDER BY ALL", [f"{folder}/*.parquet"])  # noqa: S608

    def write_keyed_nodes(self) -> dict[str, Path]:
        """Nodes and their keys as Parquet files, by table, for another engine."""
        paths = {name: self.folder / f"{name}.parquet" for name in ("node", "node_key")}
        self._db.execute(f"COPY (SELECT id, features FROM node ORDER BY id) TO '{_text(paths['node'])}' (FORMAT parquet)")  # noqa: S608
        keys = "SELECT DISTINCT raw_keys.key, node.id AS node FROM raw_keys JOIN node USING (hash)"
        self._db.execute(f"COPY ({keys}) TO '{_text(paths['node_key'])}' (FORMAT parquet)")
        return paths

    def settle(self) -> None:
        """Number records and nodes. Of records under one key the one with the smallest content stays, the others are rejects."""
        self._db.execute(
            """
            CREATE TABLE record AS
              SELECT (row_number() OVER (ORDER BY key) - 1)::INTEGER AS id, key, hash, '' AS system, true AS trusted FROM (
                SELECT *, row_number() OVER (PARTITION BY key ORDER BY content, hash) AS turn FROM raw_records) WHERE turn = 1;
            INSERT INTO raw_rejects
              SELECT place, key, 'key_repeated', 'Another record has this key; give every record a key of its own.' FROM (
                SELECT *, row_number() OVER (PARTITION BY key ORDER BY content, hash) AS turn FROM raw_records) WHERE turn > 1;
            CREATE TABLE node AS
              SELECT (row_number() OVER (ORDER BY first) - 1)::INTEGER AS id, hash, size, features, NULL::BLOB AS ready FROM (
                SELECT hash, min(id) AS first, count(*)::INTEGER AS size FROM record GROUP BY hash)
              JOIN (SELECT hash, min(features) AS features FROM raw_nodes GROUP BY hash) USING (hash)
              ORDER BY id;
            CREATE TABLE member AS
              SELECT record.id AS record, node.id AS node FROM record JOIN node USING (hash) ORDER BY node, record;
            """
        )

    def pair(self, block_limit: int) -> int:
        """Candidates: nodes that share a key which not more than ``block_limit`` nodes have."""
        self._count_keys()
        self._db.execute("CREATE TABLE block AS SELECT key FROM key_nodes WHERE nodes <= ?::BIGINT", [block_limit])
        self._db.execute(
            """
            CREATE TABLE narrow AS SELECT node_key.* FROM node_key SEMI JOIN block USING (key);
            CREATE TABLE candidate AS
              SELECT DISTINCT a.node AS a, b.node AS b
              FROM narrow a JOIN narrow b ON a.key = b.key AND a.node < b.node ORDER BY a, b;
            DROP TABLE narrow; DROP TABLE key_nodes; DROP TABLE node_key; DROP TABLE raw_keys; DROP TABLE IF EXISTS raw_nodes;
            """
        )
        return self.count("candidate")

    def _count_keys(self) -> None:
        """Which node has which key, and how many nodes have each that several have; once."""
        if self.has("key_nodes"):
            return
        self._tell_keys()
        self._db.execute("CREATE TABLE key_nodes AS SELECT key, count(*) AS nodes FROM node_key GROUP BY key HAVING count(*) > 1")

    def _tell_keys(self) -> None:
        self._db.execute(
            "CREATE TABLE node_key AS SELECT DISTINCT raw_keys.key, node.id AS node FROM raw_keys JOIN node USING (hash)"
        )

    def count(self, table: str) -> int:
        return int(self._rows(f"SELECT count(*) FROM {table}")[0][0])  # noqa: S608 - a name from this file

    def ranges(self, pairs: int) -> list[tuple[int, int]]:
        """Ranges of the smaller node [from, to) with roughly so many candidates each."""
        found = self._rows(
            "SELECT min(a), max(a) + 1 FROM (SELECT a, (sum(n) OVER (ORDER BY a) // ?) AS part FROM "
            "(SELECT a, count(*) AS n FROM candidate GROUP BY a)) GROUP BY part ORDER BY 1",
            [pairs],
        )
        return [(int(low), int(high)) for low, high in found]

    def twin_ranges(self, nodes: int) -> list[tuple[int, int]]:
        """Ranges [from, to) with roughly so many nodes of several records each."""
        found = self._rows(
            "SELECT min(id), max(id) + 1 FROM (SELECT id, ((row_number() OVER (ORDER BY id) - 1) // ?) AS part FROM node "
            "WHERE size > 1) GROUP BY part ORDER BY 1",
            [nodes],
        )
        return [(int(low), int(high)) for low, high in found]

    def twins(self, low: int, high: int) -> list[tuple[int, Features]]:
        """Nodes of several records, with their features."""
        found = self._rows("SELECT id, features FROM node WHERE size > 1 AND id >= ? AND id < ? ORDER BY id", [low, high])
        return [(node, orjson.loads(text)) for node, text in found]

    def candidates(self, low: int, high: int) -> list[tuple[int, int]]:
        """The candidates whose smaller node lies in [low, high)."""
        return [(a, b) for a, b in self._rows("SELECT a, b FROM candidate WHERE a >= ? AND a < ? ORDER BY a, b", [low, high])]

    def no_candidates(self, pairs: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
        """Those of these pairs, the smaller node first, that are no candidates."""
        asked = """
            SELECT a, b FROM (SELECT unnest(?::INTEGER[]) AS a, unnest(?::INTEGER[]) AS b) ANTI JOIN candidate USING (a, b)
            ORDER BY a, b
            """
        return [(a, b) for a, b in self._rows(asked, [[a for a, _ in pairs], [b for _, b in pairs]])]

    def told_values(self) -> Told:
        """How common the values of all nodes are."""
        return told_values(self._db)

    def sketch(self) -> None:
        """What candidates can be sifted by, if it is not there yet."""
        if not self.has("sketch"):
            sketch(self._db)

    def drawn(self, low: int, high: int) -> tuple[Nodes, Nodes]:
        """Both sides of the candidates whose smaller node lies in [low, high)."""
        return drawn(self._db, low, high)

    def sketches(self) -> dict[str, Any]:
        """What is known of all nodes to sift their pairs by, as columns."""
        return sketches(self._db)

    def words(self, field: str) -> list[str]:
        """The values of a field of sketches, in the order of their numbers."""
        return [word for (word,) in self._rows(f"SELECT word FROM word_{field} ORDER BY number")]  # noqa: S608 - a name of ours

    def sides_of(self, nodes: Sequence[int]) -> dict[int, Prepared]:
        """The features of these nodes, prepared."""
        told = "id, ready, CASE WHEN ready IS NULL THEN features END"
        found = self._rows(f"SELECT {told} FROM node WHERE id IN (SELECT unnest(?::INTEGER[]))", [list(nodes)])  # noqa: S608
        return {node: unpacked(ready) if ready else Prepared(orjson.loads(text)) for node, ready, text in found}

    def sides_of_pairs(self, pairs: Sequence[tuple[int, int]]) -> dict[int, Prepared]:
        """The same of all nodes in these pairs."""
        return self.sides_of(sorted({node for pair in pairs for node in pair}))

    def features_of(self, nodes: Sequence[int]) -> dict[int, Features]:
        found = self._rows("SELECT id, features FROM node WHERE id IN (SELECT unnest(?::INTEGER[]))", [list(nodes)])
        return {node: orjson.loads(text) for node, text in found}

    def all_features(self) -> Iterator[Features]:
        """The features of every node, some at a time."""
        cursor = self._db.cursor()
        cursor.execute("SELECT features FROM node ORDER BY id")
        with closing(cursor):
            while rows := cursor.fetchmany(5_000):
                for (text,) in rows:
                    yield orjson.loads(text)

    def kinds(self) -> dict[str, int]:
        """How many nodes say that they are people (p), organizations (o), or do not say ("")."""
        found = self._rows("SELECT coalesce(features->>'$.k', '') AS kind, count(*) FROM node GROUP BY 1 ORDER BY 1")
        return {str(kind): int(nodes) for kind, nodes in found}

    def has(self, table: str) -> bool:
        return bool(self._rows("SELECT 1 FROM duckdb_tables() WHERE table_name = ?", [table]))

    def members_of(self, nodes: Sequence[int]) -> list[tuple[int, int, str, bool]]:
        """(record, node, system, trusted) of these nodes."""
        found = self._rows(
            "SELECT record.id, member.node, record.system, record.trusted FROM member JOIN record ON record.id = member.record "
            "WHERE member.node IN (SELECT unnest(?::INTEGER[])) ORDER BY 1",
            [list(nodes)],
        )
        return [(record, node, system, trusted) for record, node, system, trusted in found]

    def components(self, rules: ClusterRules) -> Iterator[tuple[int, int, int]]:
        """(component, a, b) of the match edges between nodes, and of every node of several records with itself, by component.

        A component is named after its smallest node, which spreads along the edges and leaps along itself until nothing changes.
        Components whose clusters are plain are not told but settled here.
        """
        self._db.execute(
            """
            CREATE TABLE edge AS
              SELECT a, b FROM raw_scores WHERE bits >= ? OR rule IS NOT NULL UNION ALL SELECT id, id FROM node WHERE size > 1
            """,
            [rules.match_bits],
        )
        self._db.execute(
            "CREATE TABLE label AS SELECT node, node AS root FROM (SELECT a AS node FROM edge UNION SELECT b FROM edge)"
        )
        while self._spread_labels():
            pass
        self._settle_plain(rules)
        cursor = self._db.cursor()
        cursor.execute(
            "SELECT label.root, edge.a, edge.b FROM edge JOIN label ON label.node = edge.a "
            "WHERE label.root NOT IN (SELECT root FROM plain) ORDER BY 1, 2, 3"
        )
        with closing(cursor):
            while rows := cursor.fetchmany(50_000):
                yield from rows

    def _settle_plain(self, rules: ClusterRules) -> None:
        """What linkage makes of a component in which everybody is drawn to everybody, on trusted values, and no rule forbids a
        union, is one cluster: no need to grow it. Decisions are not looked at; who has some says so by ``apart``.
        """
        self._db.execute(
            """
            CREATE TABLE plain AS
              WITH held AS (
                SELECT label.root, count(*) AS nodes, sum(node.size) AS records,
                       bool_and(node.size = 1 OR node.id IN (SELECT node FROM raw_selves)) AS selves
                FROM label JOIN node ON node.id = label.node GROUP BY label.root),
              bound AS (
                SELECT label.root, count(*) AS pairs FROM raw_scores
                JOIN label ON label.node = a JOIN label other ON other.node = b AND other.root = label.root
                WHERE veto IS NULL AND (rule IS NOT NULL OR (bits > 0 AND trusted >= $1)) GROUP BY label.root),
              pure AS (
                SELECT DISTINCT label.root FROM label JOIN member USING (node) JOIN record ON record.id = member.record
                WHERE record.system IN (SELECT unnest($3::VARCHAR[])))
              SELECT held.root FROM held LEFT JOIN bound USING (root) ANTI JOIN pure USING (root)
              WHERE selves AND coalesce(pairs, 0) = nodes * (nodes - 1) // 2 AND nodes <= $2
                AND root NOT IN (SELECT label.root FROM label JOIN apart USING (node));
            """,
            [rules.match_bits, rules.size_limit, sorted(rules.free_of_duplicates)],
        )
        self._db.execute(
            """
            CREATE TABLE plain_members AS
              SELECT member.record, min(member.record) OVER (PARTITION BY label.root) AS cluster
              FROM plain JOIN label USING (root) JOIN member USING (node)
            """
        )

    def keep_apart(self, nodes: Sequence[int]) -> None:
        """Nodes that somebody decided about."""
        self._db.execute("CREATE TABLE apart AS SELECT unnest(?::INTEGER[]) AS node", [list(nodes)])

    def _spread_labels(self) -> int:
        """One step; how many nodes have another label now."""
        self._db.execute(
            """
            CREATE OR REPLACE TABLE spread AS
              WITH heard AS (
                SELECT edge.a AS node, label.root FROM edge JOIN label ON label.node = edge.b
                UNION ALL SELECT edge.b, label.root FROM edge JOIN label ON label.node = edge.a)
              SELECT node, min(root) AS root FROM (SELECT * FROM label UNION ALL SELECT * FROM heard) GROUP BY node;
            CREATE OR REPLACE TABLE leapt AS
              SELECT spread.node, further.root FROM spread JOIN spread further ON further.node = spread.root;
            """
        )
        changed = self._rows("SELECT count(*) FROM leapt JOIN label USING (node) WHERE leapt.root <> label.root")[0][0]
        self._db.execute("CREATE OR REPLACE TABLE label AS SELECT * FROM leapt")
        return int(changed)

    def finish(self) -> None:
        """Records that no component holds are clusters of their own; a cluster is named after its smallest record."""
        self._db.execute(
            """
            CREATE TABLE cluster AS
              SELECT record.id AS record, coalesce(raw_members.cluster, plain_members.cluster, record.id) AS cluster
              FROM record LEFT JOIN raw_members ON raw_members.record = record.id
              LEFT JOIN plain_members ON plain_members.record = record.id;
            """
        )

    def write_clusters(self, out: Path, *, systems: bool = False) -> None:
        """One row per record; where several files were matched, the system before the first colon has a column of its own."""
        parted = "substr(r.key, strpos(r.key, ':') + 1) AS record_id, f.key AS cluster_id, split_part(r.key, ':', 1) AS system"
        shown = parted if systems else "r.key AS record_id, f.key AS cluster_id"
        self._copy(
            f"SELECT {shown} FROM cluster c JOIN record r ON r.id = c.record JOIN record f ON f.id = c.cluster ORDER BY r.id",  # noqa: S608
            out,
        )

    def review_pairs(self, review_bits: int) -> list[tuple[Any, ...]]:
        """The strongest pair between two clusters, for every two clusters with review evidence between them."""
        return self._rows(
            """
            WITH link AS (
              SELECT least(x.cluster, y.cluster) AS one, greatest(x.cluster, y.cluster) AS two, s.bits, s.veto, s.a, s.b,
                     x.record AS left_record, y.record AS right_record
              FROM raw_scores s
              JOIN member ma ON ma.node = s.a JOIN member mb ON mb.node = s.b
              JOIN cluster x ON x.record = ma.record JOIN cluster y ON y.record = mb.record
              WHERE x.cluster <> y.cluster AND s.bits >= ?),
            best AS (
              SELECT *, row_number() OVER (PARTITION BY one, two ORDER BY bits DESC, left_record, right_record) AS turn,
                     count(*) OVER (PARTITION BY one, two) AS pairs FROM link)
            SELECT f.key, g.key, p.key, q.key, best.bits, best.pairs, coalesce(best.veto, ''), best.a, best.b
            FROM best JOIN record f ON f.id = best.one JOIN record g ON g.id = best.two
            JOIN record p ON p.id = best.left_record JOIN record q ON q.id = best.right_record
            WHERE turn = 1 ORDER BY best.bits DESC, best.one, best.two
            """,
            [review_bits],
        )

    def sizes(self) -> tuple[int, int]:
        """Clusters, and records in the largest."""
        clusters, largest = self._rows(
            "SELECT count(*), coalesce(max(n), 0) FROM (SELECT count(*) n FROM cluster GROUP BY cluster)"
        )[0]
        return int(clusters), int(largest)

    def write_rejects(self, out: Path) -> None:
        self._copy('SELECT place AS "where", key AS record_id, code, reason FROM raw_rejects ORDER BY place, code', out)

    def _copy(self, query: str, out: Path) -> None:
        self._db.execute(f"COPY ({query}) TO '{_text(out)}' (HEADER, DELIMITER ',')")


def _text(path: Path) -> str:
    """A path inside a statement's quotes."""
    return str(path).replace("'", "''")
