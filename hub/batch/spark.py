"""The engine of a cluster: Spark makes features, joins keys, shuffles candidates and scores them in Arrow batches.

The one scorer and the one clustering run inside Spark's Python workers, so bits and clusters are those of every other road. Parts
are files in the run's folder: on a cluster it must be one that all machines see (set TMPDIR).
"""

from __future__ import annotations

import os
import pickle
import shutil
import sys
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

import hub
from hub.batch.features import Chunk, Counts, FeatureWorker, Recipe
from hub.batch.local import Progress
from hub.batch.pairs import ComponentWorker, Task
from hub.batch.population import Population
from hub.errors import BadSettings, HubError
from hub.matching.prepared import Prepared
from hub.matching.rules import MatchingRules
from hub.matching.scoring import Scorer

MASTER = "local[2]"
CHUNKS = 64
"""So many chunks of rows are given to Spark at a time."""

_SCORES = "a int, b int, bits bigint, trusted bigint, rule string, veto string"
_NARROW = """
SELECT node_key.* FROM node_key
LEFT SEMI JOIN (SELECT key FROM node_key GROUP BY key HAVING count(*) BETWEEN 2 AND :limit) block USING (key)
"""
_CANDIDATES = """
SELECT /*+ REPARTITION(a) */ pair.a, pair.b, one.features AS left, other.features AS right
FROM (SELECT DISTINCT x.node AS a, y.node AS b
      FROM narrow x JOIN narrow y ON x.key = y.key AND x.node < y.node) pair
JOIN node one ON one.id = pair.a JOIN node other ON other.id = pair.b
"""


class SparkEngine:
    """One Spark application, started with the first step."""

    def __init__(self, master: str = MASTER) -> None:
        self.master = master
        self._session: Any = None
        self._log: Path | None = None

    def features(self, recipe: Recipe, chunks: Iterator[Chunk], progress: Progress) -> list[Counts]:
        counts: list[Counts] = []
        while some := _packed(chunks, recipe.folder):
            counts += [Counts(*made) for made in self._parts(recipe.folder, _Featuring(recipe), some)]
            progress("reading", len(counts), 0)
        return counts

    def pair(self, population: Population, block_limit: int) -> int:
        """Keys and nodes become tables of Spark, candidates a view that is counted and later scored."""
        spark = self._spark(population.folder)
        with self._translated(population.folder):
            for name, path in population.write_keyed_nodes().items():
                spark.read.parquet(path.as_uri()).createOrReplaceTempView(name)
            spark.sql(_NARROW, args={"limit": block_limit}).createOrReplaceTempView("narrow")
            found = spark.sql(_CANDIDATES).persist()
            found.createOrReplaceTempView("candidate")
            return int(found.count())

    def score(self, population: Population, task: Task, progress: Progress) -> Population:
        progress("scoring", 0, 0)
        out = task.folder / "scores.parquet"
        with self._translated(task.folder):
            found = self._spark(task.folder).table("candidate")
            found.mapInArrow(_Scoring(task.rules, task.folder), _SCORES).write.parquet(out.as_uri())
            found.unpersist()
        population.load_parquet("scores", out)
        population.load("selves")  # none: every component is clustered by Spark's workers
        return population

    def group(self, parts: Sequence[Path], task: Task, progress: Progress) -> int:
        progress("clustering", 0, len(parts))
        return sum(count for (count,) in self._parts(task.folder, _Grouping(task), list(parts)))

    def close(self) -> None:
        if self._session is not None:
            self._session.stop()
            self._session = None

    def _parts(self, folder: Path, work: Any, parts: Sequence[Path]) -> list[list[int]]:
        """Do each part on some machine; what it answers, in the order of parts."""
        if not parts:
            return []
        given = [(number, str(path)) for number, path in enumerate(parts)]
        with self._translated(folder):
            listed = self._spark(folder).createDataFrame(given, "number int, path string").repartition(len(given), "number")
            made = listed.mapInArrow(work, "number int, answer string").collect()
        return [orjson.loads(answer) for _, answer in sorted((row.number, row.answer) for row in made)]

    def _spark(self, folder: Path) -> Any:
        if self._session is None:
            self._session = _start(self.master, folder)
            self._log = folder / "spark.log"
        return self._session

    @contextmanager
    def _translated(self, folder: Path) -> Iterator[None]:
        """An error of ours that a worker met is raised here; of Spark's own the end of its log is told."""
        try:
            yield
        except _of_spark() as error:
            for path in sorted(folder.glob("*.failed")):
                raise pickle.loads(path.read_bytes()) from error  # noqa: S301 - written by our own worker
            raise BadSettings(f"Spark failed: {_last_lines(error, self._log)}", name="--spark-master") from error


def _of_spark() -> tuple[type[Exception], ...]:
    from py4j.protocol import Py4JError
    from pyspark.errors import PySparkException

    return PySparkException, Py4JError, OSError


def _start(master: str, folder: Path) -> Any:
    if not (shutil.which("java") or os.environ.get("JAVA_HOME")):
        raise BadSettings("Spark needs Java 17 or newer: install one, or set JAVA_HOME.", name="JAVA_HOME")
    try:
        from pyspark.sql import SparkSession
    except ImportError as absent:
        raise BadSettings("--engine spark needs the extra `spark`: pip install 'goldenhub[spark]'.", name="spark") from absent
    home = str(Path(hub.__file__).resolve().parents[1])
    paths = os.pathsep.join(filter(None, (home, os.environ.get("PYTHONPATH"))))
    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
        "spark.executorEnv.PYTHONPATH": paths,
        "spark.local.dir": str(folder / "spark"),
        "spark.sql.warehouse.dir": str(folder / "warehouse"),
        "spark.sql.execution.arrow.maxRecordsPerBatch": "20000",
        "spark.sql.session.timeZone": "UTC",
    }
    if master.startswith("local"):
        settings |= {
            "spark.sql.shuffle.partitions": "16",
            "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1",
        }
    builder = SparkSession.builder.master(master).appName("goldenhub match")
    for name, value in settings.items():
        builder = builder.config(name, value)
    os.environ["PYTHONPATH"] = paths  # of Spark's own processes, which it starts as it goes
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        with _hushed(folder / "spark.log"):
            return builder.getOrCreate()
    except _of_spark() as error:
        raise BadSettings(f"Spark does not start: {_last_lines(error, folder / 'spark.log')}", name="--spark-master") from error


@contextmanager
def _hushed(log: Path) -> Iterator[None]:
    """What is started here writes its standard error into a file: Java and Spark are never silent."""
    sys.stderr.flush()
    kept = os.dup(2)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def _last_lines(error: Exception, log: Path | None) -> str:
    """What Spark says of an error: the end of a Python worker's story, else its own log."""
    said = [line.strip() for line in str(error).splitlines() if line.strip() and not line.lstrip().startswith("at ")]
    written = log.read_text(encoding="utf-8", errors="replace").splitlines() if log and log.is_file() else []
    written = [line for line in written if not line.lstrip().startswith("at ")]
    return "\n".join([*(said[:1] + said[-5:] if len(said) > 6 else said), *written[-20:]])


def _packed(chunks: Iterable[Chunk], folder: Path) -> list[Path]:
    """Some chunks as files."""
    paths: list[Path] = []
    for chunk in chunks:
        path = folder / f"{chunk.number:06d}.chunk"
        path.write_bytes(pickle.dumps(chunk))
        paths.append(path)
        if len(paths) >= CHUNKS:
            break
    return paths


class _Parts(ABC):
    """Works on part files inside Spark: batches of (number, path) in, batches of (number, answer) out."""

    folder: Path

    @abstractmethod
    def worker(self) -> Callable[[str], list[int]]:
        """Made once in each process: does the work of the file under a path."""

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow

        with _carried(self.folder):
            work = self.worker()
            for batch in batches:
                answers = [orjson.dumps(work(path)).decode() for path in batch.column("path").to_pylist()]
                yield pyarrow.RecordBatch.from_arrays([batch.column("number"), pyarrow.array(answers)], ["number", "answer"])


class _Featuring(_Parts):
    def __init__(self, recipe: Recipe) -> None:
        self.recipe, self.folder = recipe, recipe.folder

    def worker(self) -> Callable[[str], list[int]]:
        made = FeatureWorker(self.recipe)
        return lambda path: list(made(pickle.loads(Path(path).read_bytes())))  # noqa: S301 - written by our own driver


class _Grouping(_Parts):
    def __init__(self, task: Task) -> None:
        self.task, self.folder = task, task.folder

    def worker(self) -> Callable[[str], list[int]]:
        made = ComponentWorker(self.task)
        return lambda path: [made(Path(path))]


class _Scoring:
    """Scores batches of (a, b, features of both) inside Spark and keeps what counts."""

    def __init__(self, rules: MatchingRules, folder: Path) -> None:
        self.rules, self.folder = rules, folder

    def __call__(self, batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow

        names = ["a", "b", "bits", "trusted", "rule", "veto"]
        kinds = [pyarrow.int32(), pyarrow.int32(), pyarrow.int64(), pyarrow.int64(), pyarrow.string(), pyarrow.string()]
        with _carried(self.folder):
            scorer = Scorer(self.rules)
            for batch in batches:
                columns = list(zip(*_scored(scorer, batch.to_pydict()), strict=True)) or [()] * len(names)
                arrays = [pyarrow.array(values, kind) for values, kind in zip(columns, kinds, strict=True)]
                yield pyarrow.RecordBatch.from_arrays(arrays, names)


def _scored(scorer: Scorer, given: dict[str, list[Any]]) -> Iterator[tuple[Any, ...]]:
    """Candidates of one batch share their nodes: each is read once."""
    ready: dict[int, Prepared] = {}
    for a, b, left, right in zip(given["a"], given["b"], given["left"], given["right"], strict=True):
        if a not in ready:
            ready[a] = Prepared(orjson.loads(left))
        if b not in ready:
            ready[b] = Prepared(orjson.loads(right))
        if (found := scorer.counted(ready[a], ready[b])) is not None:
            yield (a, b, *found)


@contextmanager
def _carried(folder: Path) -> Iterator[None]:
    """An error of ours is left as a file, since Spark carries only its text."""
    try:
        yield
    except HubError as error:
        (folder / f"{uuid4().hex}.failed").write_bytes(pickle.dumps(error))
        raise
