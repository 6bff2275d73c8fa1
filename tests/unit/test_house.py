"""The house rules that a test can hold: who may know whom, what stands where, what is never written."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]

# Which room a module lives in. The longest name that fits decides.
ROOMS = {
    "words": ["hub", "hub.errors", "hub.records", "hub.contract", "hub.settings", "hub.documents"],
    "cleaning": ["hub.cleaning"],
    "model": ["hub.model"],
    "mapping": ["hub.mapping"],
    "matching": ["hub.matching"],
    "rules": ["hub.quality", "hub.survivorship", "hub.versions", "hub.assembly", "hub.contacts"],
    "formats": ["hub.formats"],
    "reading": ["hub.reading"],
    "connectors": ["connectors"],
    "sealing": ["hub.sealing"],
    "store": ["hub.store"],
    "bus": ["hub.bus"],
    "services": ["hub.services"],
    "batch": ["hub.batch"],
    "arriving": ["hub.arriving", "hub.following"],
    "stages": ["hub.ingest", "hub.resolve", "hub.attach", "hub.relay", "hub.deliver"],
    "landscape": ["hub.landscape"],
    "app": ["hub.app", "hub.telemetry"],
    "doors": ["hub.cli", "hub.worker", "hub.web", "hub.demo", "hub.bench", "hub.conformance", "hub.__main__"],
    "schedules": ["dags"],
}

# Which rooms a room may know, besides itself. The same table is drawn in docs/architecture.md.
_RULES = ["cleaning", "model", "mapping", "matching", "rules", "formats"]
KNOWS = {
    "words": [],
    "cleaning": ["words"],
    "model": ["words"],
    "mapping": ["words", "cleaning", "model"],
    "matching": ["words", "cleaning"],
    "rules": ["words"],
    "formats": ["words"],
    "reading": ["words", "formats"],
    "connectors": ["words", "formats", "reading"],
    "sealing": ["words"],
    "store": ["words"],
    "bus": ["words"],
    "services": ["words"],
    "batch": ["words", *_RULES, "store"],
    "arriving": ["words", *_RULES, "store"],
    "stages": ["words", *_RULES, "store", "arriving"],
    "landscape": ["words", *_RULES, "connectors"],
    "app": ["words", *_RULES, "reading", "connectors", "sealing", "store", "bus", "batch", "arriving", "stages", "landscape"],
    "doors": ["words", *_RULES, "store", "services", "arriving", "stages", "app"],
    "schedules": ["words", "landscape", "app"],
}

# Rooms whose modules do not know each other either.
APART = {"rules", "stages", "connectors"}

# Libraries that come with an extra. Modules that use one are loaded only when their work is asked for.
EXTRAS = {"psycopg", "pymysql", "MySQLdb", "duckdb", "airflow", "pyspark", "fastapi", "starlette", "uvicorn"}

DRAWERS = {"utils", "util", "common", "helpers", "helper", "misc", "core", "base", "shared", "lib"}
UNWANTED_NAMES = re.compile(r"(Manager|Service|Helper|Impl)$|^(Base|Abstract)[A-Z]|Base$")


@dataclass(frozen=True)
class Import:
    """One import of one of our modules by another."""

    file: Path
    line: int
    importer: str
    imported: str

    def __str__(self) -> str:
        return f"{self.file.relative_to(ROOT)}:{self.line}: {self.importer} imports {self.imported}"


@functools.cache
def sources() -> dict[str, Path]:
    """Every module of ours by its name. A package bears the name of its folder."""
    found = {}
    for folder in ("hub", "connectors", "dags"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


@functools.cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


@functools.cache
def imports() -> tuple[Import, ...]:
    return tuple(
        Import(path, node.lineno, importer, imported)
        for importer, path in sources().items()
        for node in ast.walk(tree(path))
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for imported in imported_modules(node, importer, path)
    )


def imported_modules(node: ast.Import | ast.ImportFrom, importer: str, path: Path) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if is_ours(alias.name))
    elif is_ours(origin := absolute(node, importer, path)):
        whole = (f"{origin}.{alias.name}" for alias in node.names)  # `from hub import errors` means the module
        yield from {name if name in sources() else origin for name in whole}


def absolute(node: ast.ImportFrom, importer: str, path: Path) -> str:
    if not node.level:
        return node.module or ""
    package = importer.split(".") if path.name == "__init__.py" else importer.split(".")[:-1]
    kept = package[: len(package) - node.level + 1]
    return ".".join([*kept, *([node.module] if node.module else [])])


def is_ours(module: str) -> bool:
    return module.split(".")[0] in {"hub", "connectors", "dags"}


def room(module: str) -> str:
    """The room of a module, by the longest name that is it or a package around it."""
    around = [(len(name), place) for place, names in ROOMS.items() for name in names if module == name or within(module, name)]
    assert around, f"{module} stands in no room: add it to ROOMS, or put it where it belongs"
    return max(around)[1]


def within(module: str, package: str) -> bool:
    return package != "hub" and module.startswith(f"{package}.")


def place(module: str) -> str:
    """What counts as one module of a room: `hub.ingest`, `connectors.sql`."""
    return ".".join(module.split(".")[:2])


def test_every_module_stands_in_a_room() -> None:
    assert {room(module) for module in sources()} <= set(ROOMS)


def test_a_room_knows_only_the_rooms_it_may_know() -> None:
    forbidden = [i for i in imports() if room(i.imported) not in {room(i.importer), *KNOWS[room(i.importer)]}]

    assert [*map(str, forbidden)] == []


def test_modules_of_one_room_that_stand_apart_do_not_know_each_other() -> None:
    forbidden = [
        i
        for i in imports()
        if room(i.importer) == room(i.imported)
        and room(i.importer) in APART
        and place(i.importer) != place(i.imported)
        and "connectors" not in (i.importer, i.imported)  # the package itself finds its kinds
    ]

    assert [*map(str, forbidden)] == []


def test_nobody_knows_a_door() -> None:
    assert [room for room, known in KNOWS.items() if "doors" in known] == []
    strangers = [i for i in imports() if room(i.imported) == "doors" and place(i.importer) != place(i.imported)]
    assert [str(i) for i in strangers if not launches(i)] == []


def launches(found: Import) -> bool:
    """The command line opens the other doors, `goldenhub demo` for one: a door may only be entered from there."""
    return place(found.importer) == "hub.cli" or found.importer == "hub.__main__"


def test_no_rule_goes_in_circles_between_rooms() -> None:
    order: list[str] = []
    while len(order) < len(KNOWS):
        free = [room for room, known in KNOWS.items() if room not in order and set(known) <= set(order)]
        assert free, f"these rooms know each other in a circle: {sorted(set(KNOWS) - set(order))}"
        order += free


def test_the_picture_in_the_architecture_document_is_the_table_of_this_test() -> None:
    text = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    drawn = re.findall(r"^\| `(\w+)` \| ([^|]*) \| ([^|]*) \|", text, flags=re.MULTILINE)

    assert {name: names(modules) for name, modules, _ in drawn} == {name: set(modules) for name, modules in ROOMS.items()}
    assert {name: names(known) for name, _, known in drawn} == {name: set(known) for name, known in KNOWS.items()}


def names(cell: str) -> set[str]:
    return set(re.findall(r"`([\w.]+)`", cell))


@pytest.mark.parametrize("folder", ["canonical_model", "mappings"])
def test_the_folders_of_the_analysts_hold_no_python(folder: str) -> None:
    assert [*(ROOT / folder).rglob("*.py")] == []


def test_there_are_no_drawers() -> None:
    assert [m for m in sources() if DRAWERS & set(m.split("."))] == []


def test_classes_bear_names_of_the_business() -> None:
    classes = [(m, n.name) for m, p in sources().items() for n in ast.walk(tree(p)) if isinstance(n, ast.ClassDef)]

    assert [f"{m}.{name}" for m, name in classes if UNWANTED_NAMES.search(name)] == []


def test_everything_is_synchronous() -> None:
    waiting = (ast.AsyncFunctionDef, ast.AsyncFor, ast.AsyncWith, ast.Await)

    assert [m for m, p in sources().items() if any(isinstance(n, waiting) for n in ast.walk(tree(p)))] == []


def test_only_doors_print() -> None:
    printing = [
        f"{m}:{n.lineno}"
        for m, p in sources().items()
        for n in ast.walk(tree(p))
        if isinstance(n, ast.Call) and isinstance(n.func, ast.Name) and n.func.id == "print" and room(m) != "doors"
    ]

    assert printing == []


def test_only_loops_and_doors_catch_everything() -> None:
    """`except Exception` hides what should have been translated at an edge."""
    catching = [
        f"{m}:{n.lineno}"
        for m, p in sources().items()
        for n in ast.walk(tree(p))
        if isinstance(n, ast.ExceptHandler) and catches_all(n) and room(m) not in {"doors", "app"}
    ]

    assert catching == []


def catches_all(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (isinstance(handler.type, ast.Name) and handler.type.id in {"Exception", "BaseException"})


LONGEST = 60  # lines; the middle is far below


def test_functions_stay_small() -> None:
    long = [
        f"{m}.{n.name}: {n.end_lineno - n.lineno + 1} lines"
        for m, p in sources().items()
        if "migrations" not in m  # they list tables, once and for all
        for n in ast.walk(tree(p))
        if isinstance(n, ast.FunctionDef) and n.end_lineno and n.end_lineno - n.lineno >= LONGEST
    ]

    assert long == []


MACHINE_PATHS = re.compile(r"(?<![\w.:/}*>])/(?:home|root|work|Users|opt|mnt|srv)/[\w.-]+")


def committed_texts() -> Iterator[tuple[str, str]]:
    """Every text file that git knows; outside a checkout (an unpacked archive) there is nothing to look at."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False).stdout
    for name in filter(None, listed.split("\0")):
        path = ROOT / name
        if name != "uv.lock" and path.is_file() and b"\0" not in (raw := path.read_bytes()):
            yield name, raw.decode("utf-8", "replace")


def test_no_file_names_a_place_of_one_machine() -> None:
    found = [f"{name}: {match.group()}" for name, text in committed_texts() for match in MACHINE_PATHS.finditer(text)]

    assert found == []


def test_the_lock_file_names_one_public_index_and_no_local_place() -> None:
    sources_named = set(re.findall(r"source = \{ (\w+) = \"([^\"]*)\"", (ROOT / "uv.lock").read_text(encoding="utf-8")))

    assert sources_named == {("registry", "https://pypi.org/simple"), ("editable", ".")}


def test_yaml_in_the_project_is_readable_yaml() -> None:
    for folder in ("canonical_model", "mappings"):
        for path in (ROOT / folder).rglob("*.yaml"):
            yaml.safe_load(path.read_text(encoding="utf-8"))


WITHOUT_EXTRAS = """
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {extras!r}:
            raise ModuleNotFoundError(f"{{name}} belongs to an extra", name=name)
sys.meta_path.insert(0, Blocked())
import {module}
"""


@pytest.mark.parametrize("module", ["hub.app", "hub.cli", "hub.landscape", "connectors"])
def test_importing_it_needs_no_extra(module: str) -> None:
    code = WITHOUT_EXTRAS.format(extras=EXTRAS, module=module)

    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
