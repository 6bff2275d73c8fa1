"""`goldenhub demo` through its door: everything is accounted for, a second run changes nothing, a day can pass."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hub.cli import goldenhub

SIZE = 150


def _demo(home: Path, *more: str) -> dict[str, Any]:
    result = CliRunner().invoke(goldenhub, ["demo", "--home", str(home), "--json", *more], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    figures: dict[str, Any] = json.loads(result.stdout)
    return figures


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("demo") / "company"


@pytest.fixture(scope="module")
def first(home: Path) -> dict[str, Any]:
    return _demo(home, "--customers", str(SIZE), "--seed", "7")


@pytest.fixture(scope="module")
def second(home: Path, first: dict[str, Any]) -> dict[str, Any]:
    return _demo(home)


@pytest.fixture(scope="module")
def third(home: Path, second: dict[str, Any]) -> dict[str, Any]:
    return _demo(home, "--next-day")


def test_everything_that_arrived_is_somewhere(first: dict[str, Any]) -> None:
    assert first["accounted"] is True
    assert first["arrived"] == sum(first["states"].values())


def test_all_systems_are_read(first: dict[str, Any]) -> None:
    assert list(first["systems"]) == ["erp", "billing", "shop", "legacy", "host", "mail"]
    assert all(row["read"] for row in first["systems"].values())


def test_every_piece_broken_on_purpose_is_found(first: dict[str, Any]) -> None:
    assert first["planted"]["found"] == first["planted"]["broken"] == sum(row["count"] for row in first["rejected"])
    codes = {row["code"] for row in first["rejected"]}
    assert {"unmapped_code", "control_character", "email_invalid", "json_invalid", "no_headers", "value_invalid"} == codes


def test_strangers_wait_and_customers_are_found(first: dict[str, Any]) -> None:
    assert first["contacts"]["waiting"] >= 3
    assert first["contacts"]["attached"] > 0.9 * first["contacts"]["total"]


def test_a_merge_and_a_near_miss_are_told_with_their_evidence(first: dict[str, Any]) -> None:
    assert len(first["merge"]["records"]) >= 4
    assert first["merge"]["why"]
    assert first["merge"]["sources"]


def test_the_erp_is_told_what_it_lacks_and_its_echo_changes_nothing(first: dict[str, Any], home: Path) -> None:
    back = first["written_back"]
    assert back["written"] > 50
    assert back["echoes"] == back["written"]
    assert (back["changed"], back["refused"], back["systems"]) == (0, 0, ["erp"])
    with closing(sqlite3.connect(home / "systems" / "erp.db")) as erp:
        [told] = erp.execute("SELECT count(*) FROM customers WHERE hub_id IS NOT NULL").fetchone()
    assert told == back["written"]


def test_a_second_run_makes_nothing_and_changes_nothing(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert second["again"] is True
    assert second["changed"] == 0
    assert second["read"] == 0
    assert (second["written_back"]["written"], second["written_back"]["echoes"]) == (0, 0)
    for name in ("arrived", "states", "golden", "review", "quality", "rejected"):
        assert second[name] == first[name], name


def test_after_a_day_what_changed_is_read_and_the_rest_is_not(second: dict[str, Any], third: dict[str, Any]) -> None:
    assert 0 < third["read"] < 0.2 * (second["arrived"])
    assert third["changed"] > 0
    assert third["accounted"] is True
    assert third["states"]["deleted"] > 0
    assert third["states"]["superseded"] > 0


def test_the_day_passes_once(home: Path, third: dict[str, Any]) -> None:
    again = _demo(home, "--next-day")
    assert (again["changed"], again["read"], again["day"]) == (0, 0, third["day"])


def test_another_seed_needs_another_folder(home: Path, third: dict[str, Any]) -> None:
    result = CliRunner().invoke(goldenhub, ["demo", "--home", str(home), "--seed", "8"])
    assert result.exit_code != 0
    assert "--fresh" in str(result.exception) + result.output


def test_the_report_for_people_fits_on_a_screen_and_a_half(home: Path, third: dict[str, Any]) -> None:
    result = CliRunner().invoke(
        goldenhub, ["demo", "--home", str(home), "--fresh", "--customers", str(SIZE)], catch_exceptions=False
    )
    assert result.exit_code == 0, result.output
    for said in ("Set aside", "Measured against the truth", "A merge explained", "What to try next", "accounted for", "--serve"):
        assert said in result.stdout
    assert len(result.stdout.splitlines()) < 100
