"""Match whole files at once: ``goldenhub match``.

The same features, keys, scorer and clustering as one by one; only the road differs. Rows become features in worker processes,
keys are joined in a DuckDB file that spills to disk, candidates are scored and components clustered in worker processes.
The result does not depend on the order of rows or files: records are numbered in the order of their keys, and a cluster is
named after its smallest record.
"""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from hub.batch.components import write_components
from hub.batch.features import ENTITY, Chunk, Counts, PartFiles, Recipe
from hub.batch.local import Engine, LocalEngine, Progress
from hub.batch.pairs import Task
from hub.batch.population import Population
from hub.batch.spreading import processes
from hub.batch.training import Training, train
from hub.errors import BadSettings, Unreadable
from hub.formats import csv as csv_format
from hub.formats import jsonl
from hub.formats.rows import Flaw, Row
from hub.mapping import Mapping, load_mapping
from hub.matching.clustering import load_cluster_rules
from hub.matching.keys import check_blocking
from hub.matching.rarity import count_values
from hub.matching.rules import load_rules, read_weights, with_document
from hub.matching.scoring import Scorer
from hub.model import Model, load_model
from hub.store.passing import passing_folder

ROWS = 2_000


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
    trained: bool = False,
    model: Model | None = None,
    delimiter: str = "",
    progress: Progress | None = None,
    workers: int = 2,
    memory: str = "1GB",
    engine: Engine | None = None,
) -> MatchReport:
    """Match the records of CSV and JSON Lines files and write ``record_id,cluster_id`` to ``out``.

    A record is known by its key. With several files each is a ``system`` named after its file, which has a column of its own in
    ``out`` and stands before the key elsewhere (``erp:7``). Rows that cannot become a record are in ``rejects`` with their
    reason and not in ``out``. ``review`` gets the pairs of clusters that a person should look at.
    ``weights`` is a model file instead of the shipped one; ``fitted`` takes the size of this population into account, and how
    common its values are; ``trained`` estimates all weights from it, without labels. ``delimiter`` parts the columns of CSV
    files; by default a comma, in .tsv files a tab.
    ``engine`` does the heavy part instead of ``workers`` processes here, and is closed; what comes of it is the same to the byte.
    """
    with passing_folder("match") as folder, processes(workers), closing(engine or LocalEngine(workers)) as chosen:
        run = _Run(folder, model or load_model(), weights, progress or _silent, chosen, memory)
        counts = run.read(files, mapping, delimiter)
        if fitted:
            run.fit()
        candidates = run.pair()
        if trained:
            run.train(workers)
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

    def __init__(self, folder: Path, model: Model, weights: Path | None, progress: Progress, engine: Engine, memory: str) -> None:
        raw = model.rules(ENTITY, "matching")
        self.folder, self.model, self.progress, self.engine, self.memory = folder, model, progress, engine, memory
        self.raw, self.document = raw, read_weights(weights or model.folder(ENTITY) / "model.json")
        self.rules = load_rules(with_document(raw, self.document), self.document)
        check_blocking(self.rules)
        self.clusters = load_cluster_rules(with_document(raw, self.document))
        self.population = Population(folder, memory)
        self.missing: tuple[str, ...] = ()

    def read(self, files: Sequence[Path], mapping: Path, delimiter: str) -> Counts:
        recipe = Recipe(mapping, self.model, self.rules, self.folder)
        flaws = PartFiles(self.folder, 0)
        columns: set[str] = set()
        chunks = _chunks(files, flaws, columns, delimiter)
        try:
            counts = self.engine.features(recipe, chunks, self.progress)
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

    def train(self, workers: int) -> None:
        """Estimate all weights from these records, without labels."""
        if not self.population.has("candidate"):  # another engine joined
            self.population.pair(self.rules.block_limit)
        training = Training(self.raw, self.document, workers, lambda step: self.progress(step, 0, 0))
        self.population, trained = train(self.population, training)
        raw = with_document(self.raw, trained.document)
        self.rules = load_rules(raw, trained.document)
        self.clusters = load_cluster_rules(raw)

    def fit(self) -> None:
        """Weigh values by how common they are here."""
        self.progress("fitting", 0, 0)
        self.rules = self.rules.fitted(count_values(self.population.all_features()), self.population.count("node"))

    def pair(self) -> int:
        self.progress("pairing", 0, 0)
        return self.engine.pair(self.population, self.rules.block_limit)

    def score(self) -> int:
        self.population = self.engine.score(self.population, self.task, self.progress)
        return self.population.count("raw_scores")

    def group(self) -> int:
        parts, _ = write_components(self.population, self.clusters)
        refused = self.engine.group(parts, self.task, self.progress)
        self.population.load("members")
        self.population.finish()
        return refused

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
