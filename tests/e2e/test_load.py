"""A first load in bulk ends as `ingest` does, goes on after a kill, and leaves a hub that resolves one by one from then on."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from hub.app import open_hub
from hub.contract import Secret
from hub.settings import Settings
from tests.e2e.company import ANA, EVA, JON, Company, found_company
from tests.e2e.test_kill import has_begun, members, rows
from tests.waiting import until

AGAIN = "9008,Ana,Gil Romero,1980-02-03,ana.gil@example.com\n"


def listed() -> list[str]:
    return [*rows()[:600], ANA.replace("1,", "9001,", 1), EVA.replace("7,", "9007,", 1)]


def loaded(home: Path) -> Company:
    company = found_company(home)
    company.people(*listed())
    return company


@pytest.mark.slow
def test_a_load_ends_as_ingest_does_and_work_goes_on_from_there(tmp_path: Path) -> None:
    slow, quick = loaded(tmp_path / "slow"), loaded(tmp_path / "quick")
    assert slow("ingest").code == 0
    said = quick("load", "--json")

    assert said.code == 0, said.all
    assert said.json["resolved"]["announced"] == {"created": len(members(slow))}
    assert members(quick) == members(slow)
    assert quick("rebuild", "--json").json["differences"] == []

    quick.people(*listed(), JON.replace("2,", "9002,", 1), AGAIN)
    assert quick("ingest").code == 0
    assert ["crm:9001", "crm:9008"] in [[key for key in one if key in ("crm:9001", "crm:9008")] for one in members(quick)]
    assert quick("rebuild", "--json").json["differences"] == []
    assert quick.leakage() == 0


@pytest.mark.slow
def test_loading_nothing_is_no_fault_and_loading_again_changes_nothing(tmp_path: Path) -> None:
    company = found_company(tmp_path)
    company.people()
    assert company("load").code == 0
    company.people(ANA, EVA, JON)
    assert company("load").code == 0
    before = company("changes", "--json").out
    assert company("load").code == 0
    assert company("changes", "--json").out == before


@pytest.mark.slow
def test_new_rules_come_into_force_in_bulk_with_the_ids_kept(tmp_path: Path) -> None:
    company = loaded(tmp_path)
    assert company("load").code == 0
    ids = {one["id"] for one in company("golden", "list", "--limit", 2000, "--json").json["golden"]}
    company.write("canonical_model/customer/survivorship.yaml", "version: 1\ndefault: longest\n")

    said = company("rebuild", "--adopt", "--bulk", "--json")
    assert said.code == 0, said.all
    assert said.json["differences"] == []
    assert {one["id"] for one in company("golden", "list", "--limit", 2000, "--json").json["golden"]} == ids


@pytest.mark.slow
@pytest.mark.parametrize("where", ["sqlite", "postgres"])
def test_a_load_killed_at_any_moment_goes_on(tmp_path: Path, where: str, request: pytest.FixtureRequest) -> None:
    quiet, killed = loaded(tmp_path / "quiet"), loaded(tmp_path / "killed")
    began = time.monotonic()
    assert quiet("ingest").code == 0
    took = max(time.monotonic() - began, 6)
    wanted = members(quiet)

    settings = Settings(home=killed.home)
    if where == "postgres":
        settings = replace(settings, database_url=Secret(request.getfixturevalue("postgres_url")))
        os.environ["HUB_DATABASE_URL"] = settings.database_url.reveal()
    chance, deaths = random.Random(5), 0
    assert killed("migrate").code == 0
    for turn in range(6):
        worker = subprocess.Popen(
            [sys.executable, "-m", "hub", "--home", str(killed.home), "load"],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            if turn == 0:  # at least this one dies at work, however fast the others are
                until(lambda: has_begun(settings))
            worker.wait(timeout=chance.uniform(0.2, 1.2) * took if turn else 0)
        except subprocess.TimeoutExpired:
            worker.kill()
            deaths += worker.wait() == -9
    said = killed("load", "--json")

    assert said.code == 0, said.all
    assert deaths > 0
    assert members(killed) == wanted
    with open_hub(settings) as hub:
        assert sum(balance["leakage"] for balance in hub.accounting().values()) == 0
    assert killed("rebuild", "--json").json["differences"] == []
