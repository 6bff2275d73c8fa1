"""The demo's folder: made once, refused when it is somebody else's, thrown away only where the demo made it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from hub.demo.company import Recipe, found, reachable
from hub.demo.world import Knobs
from hub.errors import BadSettings

SMALL = Recipe(seed=3, customers=30)


def test_an_empty_folder_gets_a_company(tmp_path: Path) -> None:
    company = found(tmp_path / "new", SMALL, given=True)
    assert company.fresh
    assert company.today.isoformat() == "2026-03-02"
    assert (tmp_path / "new" / "systems" / "erp.db").is_file()


def test_a_company_is_made_once(tmp_path: Path) -> None:
    found(tmp_path, SMALL, given=True)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    again = found(tmp_path, Recipe(), given=False)
    assert (again.fresh, again.recipe) == (False, SMALL)
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == before


@pytest.mark.parametrize("other", [Recipe(4, 30), Recipe(3, 31), Recipe(3, 30, Knobs(twins=0.5))])
def test_another_recipe_for_a_folder_is_refused_with_a_way_out(tmp_path: Path, other: Recipe) -> None:
    found(tmp_path, SMALL, given=True)
    with pytest.raises(BadSettings, match="--fresh"):
        found(tmp_path, other, given=True)


def test_starting_afresh_throws_away_what_the_demo_made_and_nothing_else(tmp_path: Path) -> None:
    found(tmp_path, SMALL, given=True)
    (tmp_path / "my notes.txt").write_text("mine", encoding="utf-8")
    company = found(tmp_path, Recipe(seed=4, customers=30), given=True, afresh=True)
    assert company.truth["seed"] == 4
    assert (tmp_path / "my notes.txt").read_text(encoding="utf-8") == "mine"


@pytest.mark.parametrize("name", ["landscape.yaml", "truth.json"])
def test_a_folder_that_is_somebody_elses_is_left_alone(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text("mine", encoding="utf-8")
    with pytest.raises(BadSettings, match="--home"):
        found(tmp_path, SMALL, given=True, afresh=True)
    assert (tmp_path / name).read_text(encoding="utf-8") == "mine"


def test_a_day_passes_once(tmp_path: Path) -> None:
    found(tmp_path, SMALL, given=True)
    second = found(tmp_path, SMALL, given=False, move_on=True)
    assert (second.fresh, second.today.isoformat()) == (True, "2026-03-03")
    third = found(tmp_path, SMALL, given=False, move_on=True)
    assert (third.fresh, third.today.isoformat()) == (False, "2026-03-03")


def test_references_lead_to_the_folder_only_while_the_demo_runs(tmp_path: Path) -> None:
    company = found(tmp_path, SMALL, given=True)
    os.environ["SHOP_FOLDER"] = "mine"
    with reachable(company) as server:
        assert os.environ["BILLING_URL"] == f"{server.url}/v1"
        assert os.environ["SHOP_FOLDER"] == str(tmp_path / "systems" / "shop")
    assert os.environ["SHOP_FOLDER"] == "mine"
    assert "BILLING_URL" not in os.environ
