"""`goldenhub match` with files, mappings and outputs that are not as they should be."""

from __future__ import annotations

import csv
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.e2e.company import ANA, EVA, HEADER, JON, MAPPING, Said, clear, run

AGAIN = "5,Ana,Gil Romero,1980-02-03,ana.gil@example.com\n"


@dataclass(frozen=True)
class Bench:
    """A folder with a mapping, files to match, and what came of them."""

    folder: Path

    def file(self, name: str, content: str | bytes) -> Path:
        path = self.folder / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def match(self, *words: object, mapping: str = MAPPING, out: str = "out.csv") -> Said:
        chosen = self.file("people.yaml", mapping)
        found = ["--mapping", chosen, "--out", self.folder / out, "--rejects", self.folder / "rejects.csv", "--workers", 1]
        return run("match", *found, *words)

    def rows(self, name: str) -> list[dict[str, str]]:
        with (self.folder / name).open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def clusters(self) -> set[frozenset[str]]:
        found: dict[str, set[str]] = {}
        for row in self.rows("out.csv"):
            found.setdefault(row["cluster_id"], set()).add(row["record_id"])
        return {frozenset(ids) for ids in found.values()}


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("3," + "x" * 20_000_000 + ",Mo,1970-01-01,jo@example.com\n", "record_too_long"),
        ("3,José,Mo,1970-01-01,jo@example.com\n".encode("latin-1"), "encoding_invalid"),
        ("3,Jo,Mo,1970-01-01,jo@example.com,x\n", "too_many_columns"),
        ("3,J\0o,Mo,1970-01-01,jo@example.com\n", "control_character"),
        ("2,Jonas,Weber,1975-11-30,jonas.weber@example.org\n", "key_repeated"),
        (",Jo,Mo,1970-01-01,jo@example.com\n", "key_missing"),
    ],
    ids=["huge", "latin-1", "columns", "nul", "twice", "no-key"],
)
def test_a_bad_row_is_rejected_and_the_rest_is_matched(bench: Bench, row: str | bytes, reason: str) -> None:
    rows = [HEADER, ANA, JON, row, AGAIN]
    people = bench.file("people.csv", b"".join(one.encode() if isinstance(one, str) else one for one in rows))
    clear(bench.match(people), 0, "1 rows rejected")
    assert bench.clusters() == {frozenset({"1", "5"}), frozenset({"2"})}
    assert [one["code"] for one in bench.rows("rejects.csv")] == [reason]


@pytest.mark.parametrize("content", ["", HEADER, "\n\n"], ids=["nothing", "header", "lines"])
def test_a_file_without_rows_gives_a_table_without_rows(bench: Bench, content: str) -> None:
    clear(bench.match(bench.file("people.csv", content)), 0, "0 records")
    assert bench.rows("out.csv") == []


def test_ids_of_several_files_have_their_system_beside_them(bench: Bench) -> None:
    clear(bench.match(bench.file("erp.csv", HEADER + ANA), bench.file("shop.csv", HEADER + ANA + JON)), 0)
    assert [(one["record_id"], one["system"]) for one in bench.rows("out.csv")] == [("1", "erp"), ("1", "shop"), ("2", "shop")]


def test_two_files_of_one_name_are_not_taken_for_one(bench: Bench) -> None:
    for name in ("monday", "tuesday"):
        (bench.folder / name).mkdir()
    said = bench.match(
        bench.file("monday/people.csv", HEADER + ANA), bench.file("tuesday/people.csv", HEADER + JON.replace("2,", "1,"))
    )
    assert said.code != 0 or len(bench.rows("out.csv")) == 2


def test_a_column_that_no_row_has_is_told(bench: Bench) -> None:
    said = bench.match(bench.file("people.csv", "id,first,family_name\n1,Ana,Gil\n2,Ana,Gil\n"))
    assert "last" in said.err


def test_only_customers_can_be_matched(bench: Bench) -> None:
    mapping = "version: 1\nfrom: orders\nto: order\nkey: id\nfields:\n  number: id\n"
    said = bench.match(bench.file("people.csv", HEADER + ANA), mapping=mapping)
    assert said.code in (1, 3)
    clear(said, said.code, "people.yaml", "only customer")


def test_a_mistake_in_the_mapping_is_shown_with_its_place(bench: Bench) -> None:
    said = bench.match(bench.file("people.csv", HEADER + ANA), mapping=MAPPING.replace("name.given", "name.givn"))
    clear(said, 3, "people.yaml:7:3", "did you mean 'name.given'")


@pytest.mark.parametrize("option", ["--review", "--rejects", "--out"])
def test_a_folder_that_is_not_there_is_told_before_the_work(bench: Bench, option: str) -> None:
    people = bench.file("people.csv", HEADER + ANA)
    clear(bench.match(people, option, bench.folder / "no/such.csv"), 2, option, "no is not there", "make it first")
    assert not (bench.folder / "out.csv").exists()


def test_what_is_read_is_never_written_over(bench: Bench) -> None:
    people = bench.file("people.csv", HEADER + ANA)
    clear(bench.match(people, out="people.csv"), 2, "named twice")
    clear(bench.match(people, people), 2, "named twice")
    clear(bench.match(people, out="rejects.csv"), 2, "named twice")
    assert people.read_text(encoding="utf-8") == HEADER + ANA


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("--memory", "lots"), 2, "500MB"),
        (("--workers", "0"), 2, "--workers"),
        (("--model", "/nowhere.json"), 3, "/nowhere.json"),
    ],
)
def test_an_option_that_makes_no_sense_is_told(bench: Bench, words: tuple[str, str], code: int, said: str) -> None:
    clear(bench.match(bench.file("people.csv", HEADER + ANA), *words), code, said)


def test_files_of_unknown_kinds_are_refused(bench: Bench) -> None:
    clear(bench.match(bench.file("people.xls", HEADER + ANA)), 3, "people.xls", ".csv")
    clear(bench.match(bench.folder / "absent.csv"), 2, "absent.csv", "does not exist")


def test_without_the_extra_the_way_to_it_is_told(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith(("duckdb", "_duckdb", "hub.batch"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "duckdb", None)
    clear(bench.match(bench.file("people.csv", HEADER + ANA)), 3, "goldenhub[batch]")


def test_the_order_of_rows_and_files_makes_no_difference(bench: Bench) -> None:
    one, two = bench.file("a.csv", HEADER + ANA + JON), bench.file("b.csv", HEADER + EVA + AGAIN)
    said = bench.match(one, two, "--json")
    assert json.loads(said.out)["clusters"] == 3
    first = bench.clusters()
    bench.file("a.csv", HEADER + JON + ANA)
    clear(bench.match(two, one), 0)
    assert bench.clusters() == first


def test_columns_parted_by_something_else_are_told_and_can_be_read(bench: Bench) -> None:
    people = bench.file("people.csv", (HEADER + ANA + AGAIN).replace(",", ";"))
    clear(bench.match(people), 1, "--delimiter", "2 rows rejected")
    clear(bench.match(people, "--delimiter", ";"), 0, "2 records in 1 clusters")
