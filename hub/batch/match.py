"""Match whole files at once: ``goldenhub match``.

The same features, keys, scorer and clustering as one by one; only the road differs. Rows become features in worker processes,
keys are joined in a DuckDB file that spills to disk, candidates are scored and components clustered in worker processes.
The result does not depend on the order of rows or files: records are numbered in the order of their keys, and a cluster is
named after its smallest record.
"""

from __future__ import annotations

import csv
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from itertools import groupby, islice
from multiprocessing import get_context
from operator import itemgetter
from pathlib import Path
from typing import Any

import orjson

from hub.batch.features import ENTITY, Chunk, Counts, FeatureWorker, PartFiles, Recipe
from hub.batch.pairs import Components, PairWorker, Range, Task
from hub.batch.population import Population
from hub.errors import BadSettings, Unreadable
from hub.formats import csv as csv_format
from hub.formats import jsonl
from hub.formats.rows import Flaw, Row
from hub.mapping import Mapping, load_mapping
from hub.matching.clustering import load_cluster_rules
from hub.matching.keys import check_blocking
from hub.matching.rarity import count_values
from hub.matching.rules import load_rules, read_weights
from hub.matching.scoring import Scorer
from hub.model import Model, load_model

ROWS = 2_000
PAIRS = 200_000
NODES = 5_000


Progress = Callable[[str, int, int], None]
"""Called with the step, how much is done and of how much (0: not known)."""


@dataclass(frozen=True)
class MatchReport:
    """What came of it."""

    records: int
    rejected: int
    filtered: int
    nodes: int
    candidates: int
    edges: int
    clusters: int
    largest: int
    review: int
    refused: int
    missing: tuple[str, ...] = ()  # columns that the mapping reads and no file has


def match_files(
    files: Sequence[Path],
    mapping: Path,
    out: Path,
    *,
    review: Path | None = None,
    rejects: Path | None = None,
    weights: Path | None = None,
    fitted: bool = False,
    model: Model | None = None,
    delimiter: str = "",
    progress: Progress | None = None,
    workers: int = 2,
    memory: str = "1GB",
) -> MatchReport:
    """Match the records of CSV and JSON Lines files and write ``record_id,cluster_id`` to ``out``.

    A record is known by its key. With several files each is a ``system`` named after its file, which has a column of its own in
    ``out`` and stands before the key elsewhere (``erp:7``). Rows that cannot become a record are in ``rejects`` with their
    reason and not in ``out``. ``review`` gets the pairs of clusters that a person should look at.
    ``weights`` is a model file instead of the shipped one; ``fitted`` takes the size of this population into account, and how
    common its values are. ``delimiter`` parts the columns of CSV files; by default a comma, in .tsv files a tab.
    """
    with tempfile.TemporaryDirectory(prefix="goldenhub-match-") as folder:
        run = _Run(Path(folder), model or load_model(), weights, progress or _silent, workers, memory)
        counts = run.read(files, mapping, delimiter)
        if fitted:
            run.fit()
        candidates = run.pair()
        edges = run.score()
        refused = run.group()
        pairs = run.write(out, review, rejects, systems=len(files) > 1)
        clusters, largest = run.population.sizes()
        nodes, rejected = run.population.count("node"), run.population.count("raw_rejects")
        records = run.population.count("record")
        run.population.close()
    return MatchReport(
        records, rejected, counts.filtered, nodes, candidates, edges, clusters, largest, pairs, refused, run.missing
    )


def _silent(step: str, done: int, of: int) -> None:
    """Nobody watches."""


class _Run:
    """One run, step by step."""

    def __init__(self, folder: Path, model: Model, weights: Path | None, progress: Progress, workers: int, memory: str) -> None:
        raw = model.rules(ENTITY, "matching")
        self.folder, self.model, self.progress, self.workers, self.memory = folder, model, progress, workers, memory
        self.rules = load_rules(raw, read_weights(weights or model.folder(ENTITY) / "model.json"))
        check_blocking(self.rules)
        self.clusters = load_cluster_rules(raw)
        self.population = Population(folder, memory)
        self.missing: tuple[str, ...] = ()

    def read(self, files: Sequence[Path], mapping: Path, delimiter: str) -> Counts:
        recipe = Recipe(mapping, self.model, self.rules, self.folder)
        flaws = PartFiles(self.folder, 0)
        columns: set[str] = set()
        chunks = _chunks(files, flaws, columns, delimiter)
        try:
            counts = self._spread(FeatureWorker, recipe, "__call__", chunks, "reading")
        finally:
            flaws.close()
        self.missing = _missing(load_mapping(mapping, model=self.model), columns)
        for name in ("records", "nodes", "keys", "rejects"):
            self.population.load(name)
        self.population.settle()
        return Counts(*(sum(each) for each in zip(*counts, strict=True))) if counts else Counts()

    @property
    def task(self) -> Task:
        return Task(self.folder, self.memory, self.rules, self.clusters)

    def fit(self) -> None:
        """Weigh values by how common they are here."""
        self.progress("fitting", 0, 0)
        self.rules = self.rules.fitted(count_values(self.population.all_features()), self.population.count("node"))

    def pair(self) -> int:
        self.progress("pairing", 0, 0)
        return self.population.pair(self.rules.block_limit)

    def score(self) -> int:
        found = self.population.ranges(PAIRS)
        parts = [Range(number, low, high) for number, (low, high) in enumerate(found)]
        self.population.close()
        kept = self._spread(PairWorker, self.task, "score", iter(parts), "scoring", len(parts))
        self.population = Population(self.folder, self.memory)
        self.population.load("scores")
        return sum(kept)

    def group(self) -> int:
        """Components go through part files: workers cannot read the tables while this process has them open."""
        kept = [self._keep(part) for part in _components(self.population, self.rules.match_bits)]
        self.population.close()
        refused = self._spread(PairWorker, self.task, "group", map(_kept, kept), "clustering", len(kept))
        self.population = Population(self.folder, self.memory)
        self.population.load("members")
        self.population.finish()
        return sum(refused)

    def _keep(self, part: Components) -> Path:
        path = self.folder / f"{part.number}.component"
        path.write_bytes(orjson.dumps([part.number, part.nodes, part.edges]))
        return path

    def write(self, out: Path, review: Path | None, rejects: Path | None, *, systems: bool) -> int:
        self.progress("writing", 0, 0)
        self.population.write_clusters(out, systems=systems)
        if rejects:
            self.population.write_rejects(rejects)
        pairs = self.population.review_pairs(self.rules.review_bits)
        if review:
            self._write_review(review, pairs)
        return len(pairs)

    def _write_review(self, review: Path, pairs: Sequence[tuple[Any, ...]]) -> None:
        scorer = Scorer(self.rules)
        with review.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file)
            writer.writerow(["record_id_a", "record_id_b", "bits", "reason", "cluster_id_a", "cluster_id_b", "pairs", "veto"])
            for start in range(0, len(pairs), ROWS):
                some = pairs[start : start + ROWS]
                found = self.population.features_of(sorted({node for pair in some for node in pair[-2:]}))
                for one, two, left, right, bits, count, veto, a, b in some:
                    parts = scorer.score(found[a], found[b]).parts
                    story = " ".join(f"{part.name}:{part.level}{part.bits / 1000:+.1f}" for part in parts)
                    writer.writerow([left, right, f"{bits / 1000:.3f}", story, one, two, count, veto])

    def _spread(self, kind: Any, known: Any, work: str, parts: Iterator[Any], step: str, of: int = 0) -> list[Any]:
        """Do all parts, in their order: here when they are few, else in worker processes, a few parts ahead."""
        first = list(islice(parts, 2))
        if self.workers < 2 or len(first) < 2:
            worker = kind(known)
            return [
                _told(getattr(worker, work)(part), self.progress, step, n, of) for n, part in enumerate(_chained(first, parts))
            ]
        done: list[Any] = []
        waiting: list[Future[Any]] = []
        with ProcessPoolExecutor(self.workers, get_context("spawn"), _begin, (kind, known)) as pool:
            for part in _chained(first, parts):
                waiting.append(pool.submit(_work, work, part))
                if len(waiting) > 2 * self.workers:
                    done.append(_told(waiting.pop(0).result(), self.progress, step, len(done), of))
            for future in waiting:
                done.append(_told(future.result(), self.progress, step, len(done), of))
        return done


_worker: Any = None


def _begin(kind: Any, known: Any) -> None:
    global _worker
    _worker = kind(known)


def _work(work: str, part: Any) -> Any:
    return getattr(_worker, work)(part)


def _told(result: Any, progress: Progress, step: str, done: int, of: int) -> Any:
    progress(step, done + 1, of)
    return result


def _chained(first: list[Any], rest: Iterator[Any]) -> Iterator[Any]:
    yield from first
    yield from rest


def _chunks(files: Sequence[Path], flaws: PartFiles, columns: set[str], delimiter: str) -> Iterator[Chunk]:
    """Rows of all files; what is no row goes to the rejects at once. ``columns`` gathers the names that rows have."""
    number = 0
    names = system_names(files)
    for path in sorted(files):
        rows = _rows(path, flaws, delimiter)
        while some := list(islice(rows, ROWS)):
            number += 1
            columns.update(name for row, _ in some for name in row)
            yield Chunk(number, names[path] if len(files) > 1 else "", some)


def system_names(files: Sequence[Path]) -> dict[Path, str]:
    """Each file as a system: its name without suffix, and its folder before it where two files have one name."""
    stems = Counter(path.stem for path in files)
    names = {path: path.stem if stems[path.stem] == 1 else f"{path.parent.name}/{path.name}" for path in files}
    if len(set(names.values())) < len(set(files)):
        names = {path: str(path) for path in files}
    return {path: name.replace(":", "_") for path, name in names.items()}


def _missing(mapping: Mapping, columns: set[str]) -> tuple[str, ...]:
    read = {path.partition(".")[0].partition("[")[0] for path in mapping.paths}
    return tuple(sorted(read - columns)) if columns else ()


def _rows(path: Path, flaws: PartFiles, delimiter: str) -> Iterator[tuple[dict[str, Any], str]]:
    read = _reader(path, delimiter)
    with path.open("rb") as stream:
        for found in read(stream, path.name):
            if isinstance(found, Flaw):
                flaws.reject(found.where, "", Unreadable(found.reason, code=found.code, where=found.where))
            else:
                yield found.data, found.where


def _reader(path: Path, delimiter: str) -> Callable[[Any, str], Iterator[Row | Flaw]]:
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv", ".txt"):
        form = csv_format.CsvFormat(delimiter=delimiter or ("\t" if suffix == ".tsv" else ","))
        return lambda stream, name: csv_format.read(stream, name, form)
    if suffix in (".jsonl", ".ndjson"):
        return jsonl.read
    raise BadSettings(f"{path.name}: only .csv, .tsv, .jsonl and .ndjson files can be matched.", name=str(path))


def _kept(path: Path) -> Components:
    number, nodes, edges = orjson.loads(path.read_bytes())
    return Components(number, nodes, [[(a, b) for a, b in some] for some in edges])


def _components(population: Population, match_bits: int) -> Iterator[Components]:
    """Components of match edges, the work of some thousand nodes in one part."""
    number, size = 0, 0
    nodes: list[list[int]] = []
    edges: list[list[tuple[int, int]]] = []
    for _, component in groupby(population.components(match_bits), itemgetter(0)):
        found = [(a, b) for _, a, b in component]
        nodes.append(sorted({node for edge in found for node in edge}))
        edges.append([edge for edge in found if edge[0] != edge[1]])
        size += len(nodes[-1])
        if size >= NODES:
            yield Components(number, nodes, edges)
            number, size, nodes, edges = number + 1, 0, [], []
    if nodes:
        yield Components(number, nodes, edges)
