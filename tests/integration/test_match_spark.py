"""Spark as the engine of a match: the bytes of the local engine, errors of ours from its workers, words when it is absent."""

from __future__ import annotations

import csv
import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from hub.batch.spark import SparkEngine
from hub.errors import BadSettings

MAPPING = """
version: 1
from: rows
to: {to}
key: id
fields:
  kind: "company && 'organization' || 'person'"
  name.given: given
  name.family: family
  organization.legal_name: company
  birth_date: {{path: born, type: date, formats: ["%Y-%m-%d"]}}
  emails: {{each: "mail && [mail] || `[]`", as: {{address: lower(item)}}}}
  addresses: {{each: "town && [@] || `[]`", as: {{locality: item.town, postal_code: item.code, lines: "[item.street]"}}}}
"""
COLUMNS = ("id", "given", "family", "company", "born", "mail", "street", "code", "town")
GIVEN = "Ana Anna Luis Marta Pere Ines Otto Jana Wanda Ugo".split()
FAMILY = "Quintanilla Ruiz Zurbano Ollgaard Petrescu Varga Lindqvist Okafor Salgado Brunet".split()
TOWNS = "Alcoy Berga Cuenca Denia Elche".split()


def people(number: int) -> list[list[str]]:
    """Persons and companies with duplicates, slips and namesakes."""
    chance = random.Random(7)
    rows: list[list[str]] = []
    for one in range(number):
        town, code = chance.choice(TOWNS), f"{10000 + chance.randrange(300)}"
        street = f"Calle Mayor {chance.randrange(90)}"
        if chance.random() < 0.2:
            name = f"{chance.choice(FAMILY)} {chance.choice(['Textil', 'Motor', 'Vinos', 'Optica'])} {one // 3} SL"
            row = ["", "", "", name, "", "", street, code, town]
        else:
            born = f"{chance.randrange(1940, 2004)}-{chance.randrange(1, 13):02}-{chance.randrange(1, 29):02}"
            given, family = chance.choice(GIVEN), f"{chance.choice(FAMILY)} {chance.choice(FAMILY)}"
            mail = f"{given}.{family.split()[0]}{one}@mail.example" if chance.random() < 0.6 else ""
            row = ["", given, family, "", born, mail, street, code, town]
        for _ in range(chance.choice((1, 1, 1, 2, 3))):
            copy = row.copy()
            slip = chance.randrange(9)
            if chance.random() < 0.5 and copy[slip]:
                copy[slip] = "" if chance.random() < 0.5 else copy[slip][:-1] + chance.choice("aeo1")
            rows.append([f"{len(rows):05d}", *copy[1:]])
    return rows


def write(folder: Path, to: str = "customer") -> list[str]:
    (folder / "crm").mkdir()
    (folder / "crm" / "rows.yaml").write_text(MAPPING.format(to=to), encoding="utf-8")
    with (folder / "rows.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *people(700)])
    return ["rows.csv", "--mapping", "crm/rows.yaml"]


def match(folder: Path, engine: str, *given: str) -> subprocess.CompletedProcess[str]:
    outs = ["--out", f"{engine}.csv", "--review", f"{engine}-review.csv", "--rejects", f"{engine}-rejects.csv"]
    command = [sys.executable, "-m", "hub", "match", *given, *outs, "--engine", engine, "--json"]
    path = os.pathsep.join(filter(None, (str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH"))))
    return subprocess.run(
        command, cwd=folder, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path}, check=False
    )


@pytest.mark.slow
def test_spark_and_the_local_engine_write_the_same_bytes(tmp_path):
    given = write(tmp_path)
    local, spark = (match(tmp_path, engine, *given, "--model", "fitted") for engine in ("local", "spark"))
    assert (spark.returncode, spark.stdout) == (0, local.stdout), spark.stderr
    assert "WARN" not in spark.stderr
    for name in ("", "-review", "-rejects"):
        assert (tmp_path / f"spark{name}.csv").read_bytes() == (tmp_path / f"local{name}.csv").read_bytes()
    assert len((tmp_path / "local-review.csv").read_text().splitlines()) > 10


@pytest.mark.slow
def test_an_error_of_a_worker_in_spark_says_what_it_says_here(tmp_path):
    given = write(tmp_path, to="product")
    local, spark = (match(tmp_path, engine, *given) for engine in ("local", "spark"))
    assert (spark.returncode, spark.stderr.splitlines()[-1]) == (local.returncode, local.stderr.splitlines()[-1])
    assert "product has no field" in spark.stderr


def test_without_java_it_is_said_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(BadSettings, match="needs Java"):
        SparkEngine()._spark(tmp_path)


def test_without_pyspark_it_is_said_how_it_is_installed(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    monkeypatch.setitem(sys.modules, "pyspark.sql", None)
    with pytest.raises(BadSettings, match=r"goldenhub\[spark\]"):
        SparkEngine()._spark(tmp_path)
