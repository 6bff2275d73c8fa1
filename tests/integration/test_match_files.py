"""Matching whole files: the order of rows makes no difference, nothing is lost, memory and processes are nobody's business."""

from __future__ import annotations

import csv
import json
import random
from pathlib import Path

import pytest

from hub.batch.match import match_files
from hub.errors import BadSettings

MAPPING = """
version: 1
from: rows
to: customer
key: id
fields:
  kind: "'person'"
  name.given: given
  name.family: family
  birth_date: {path: born, type: date, formats: ["%Y-%m-%d"]}
  emails: {each: "mail && [mail] || `[]`", as: {address: lower(item)}}
"""
COLUMNS = ("id", "given", "family", "born", "mail")
ROWS = [
    ("1", "Leocadia", "Quillfeather", "1980-02-03", "leo@quill.example"),
    ("2", "Leocadia", "Quilfeather", "1980-02-03", ""),
    ("3", "Leocadia", "Quillfeather", "1980-03-02", "leo@quill.example"),
    ("4", "Peter", "Quillfeather", "1980-02-03", ""),
    ("5", "John", "Smith", "", ""),
    ("6", "John", "Smith", "", ""),
    ("7", "Ambrosius", "Zurbarrieta", "1955-11-27", ""),
    ("8", "Ambrosius", "Zurbarrieta", "1955-11-27", ""),
    ("9", "Broken", "Date", "1955-31-31", ""),
]


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    path = tmp_path / "crm" / "customer.yaml"
    path.parent.mkdir()
    path.write_text(MAPPING, encoding="utf-8")
    return path


def write(path: Path, rows) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return path


def read(path: Path) -> list[list[str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))[1:]


def test_records_of_one_customer_share_a_cluster_named_after_the_smallest(tmp_path, mapping):
    report = match_files([write(tmp_path / "rows.csv", ROWS)], mapping, tmp_path / "out.csv", workers=1)
    assert dict(read(tmp_path / "out.csv")) == {"1": "1", "2": "1", "3": "1", "4": "4", "5": "5", "6": "6", "7": "7", "8": "7"}
    assert (report.records, report.rejected, report.clusters, report.largest) == (8, 1, 5, 3)


def test_the_order_of_rows_makes_no_difference(tmp_path, mapping):
    made = []
    for turn in range(3):
        rows = ROWS.copy()
        random.Random(turn).shuffle(rows)
        out, review = (tmp_path / f"{name}{turn}.csv" for name in ("out", "review"))
        match_files([write(tmp_path / "rows.csv", rows)], mapping, out, review=review, workers=1)
        made.append((out.read_bytes(), review.read_bytes()))
    assert made[0] == made[1] == made[2]


def test_two_processes_do_as_one(tmp_path, mapping):
    rows = [(str(i), *row[1:]) for i, row in enumerate(ROWS * 300)]
    files = [write(tmp_path / "rows.csv", rows)]
    match_files(files, mapping, tmp_path / "one.csv", workers=1)
    match_files(files, mapping, tmp_path / "two.csv", workers=2)
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_what_cannot_become_a_record_is_named_with_its_reason(tmp_path, mapping):
    rows = [*ROWS, ("7", "Another", "Person", "", "")]
    match_files([write(tmp_path / "rows.csv", rows)], mapping, tmp_path / "out.csv", rejects=tmp_path / "rejects.csv", workers=1)
    assert sorted(line[2] for line in read(tmp_path / "rejects.csv")) == ["date_invalid", "key_repeated"]
    assert len(read(tmp_path / "out.csv")) == 8


def test_json_lines_and_several_files(tmp_path, mapping):
    lines = tmp_path / "shop.jsonl"
    lines.write_text(
        "\n".join(json.dumps(dict(zip(COLUMNS, row, strict=True))) for row in ROWS[:2]) + "\nno json\n", encoding="utf-8"
    )
    files = [write(tmp_path / "erp.csv", ROWS[:1]), lines]
    report = match_files(files, mapping, tmp_path / "out.csv", workers=1)
    assert read(tmp_path / "out.csv") == [["1", "erp:1", "erp"], ["1", "erp:1", "shop"], ["2", "erp:1", "shop"]]
    assert report.rejected == 1


def test_a_pair_for_a_person_tells_its_reason(tmp_path, mapping):
    rows = [
        ("1", "Leocadia", "Quillfeather", "", "leo@quill.example"),
        ("2", "Leocadio", "Quillfeather", "", "leo@quill.example"),
    ]
    rows += [("3", "Leocadia", "Quillfeather", "1950-01-02", ""), ("4", "Leocadia", "Quillfeather", "1981-12-27", "")]
    match_files([write(tmp_path / "rows.csv", rows)], mapping, tmp_path / "out.csv", review=tmp_path / "review.csv", workers=1)
    assert any("guard:other_birth" in line[3] or "given:exact" in line[3] for line in read(tmp_path / "review.csv"))


def test_an_empty_file_is_no_fault(tmp_path, mapping):
    report = match_files([write(tmp_path / "rows.csv", [])], mapping, tmp_path / "out.csv", workers=1)
    assert report.records == 0 and read(tmp_path / "out.csv") == []


def test_a_file_of_another_kind_is_refused(tmp_path, mapping):
    with pytest.raises(BadSettings, match=r"only \.csv"):
        match_files([tmp_path / "rows.xlsx"], mapping, tmp_path / "out.csv", workers=1)


def test_fitting_needs_no_labels(tmp_path, mapping):
    report = match_files([write(tmp_path / "rows.csv", ROWS)], mapping, tmp_path / "out.csv", fitted=True, workers=1)
    assert report.clusters <= 5
