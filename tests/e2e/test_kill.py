"""A hub that is killed at any moment goes on as if nothing had happened."""

import csv
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from hub.app import open_hub
from hub.settings import Settings
from tests.e2e.company import Company, found_company
from tests.waiting import until

KILLS = 6
ROWS = 2000


def rows() -> list[str]:
    """Half as many persons as rows; names out of syllables, so that they differ."""
    chance = random.Random(7)
    syllables = ["ba", "ko", "mi", "ter", "lun", "go", "ras", "vel", "pin", "dor", "sha", "wek"]
    families = ["".join(chance.choices(syllables, k=4)).title() for _ in range(ROWS // 2)]
    made = []
    for number in range(ROWS):
        person = chance.randrange(ROWS // 2)
        born = f"19{person % 80 + 10}-{person % 12 + 1:02}-{person % 28 + 1:02}"
        given = ("Ana", "Eva", "Ida", "Lea", "Mia")[person % 5]
        made.append(f"{number},{given},{families[person]},{born},{families[person].lower()}@example.com\n")
    return made


def members(company: Company) -> list[list[str]]:
    """Who stands together, whatever the ids are."""
    out = company.home / "golden.csv"
    assert company("golden", "export", out).code == 0
    with out.open(encoding="utf-8") as file:
        return sorted(sorted(row["members"].split()) for row in csv.DictReader(file))


def has_begun(settings: Settings) -> bool:
    """Whether some records have landed."""
    with open_hub(settings) as hub:
        return hub.accounting().get("customer", {}).get("arrived", 0) > 0


def start(company: Company) -> subprocess.Popen[bytes]:
    code = "from hub.cli import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "--home", str(company.home), "ingest"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@pytest.mark.slow
def test_killed_again_and_again_it_ends_with_the_same_and_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    quiet, killed = found_company(tmp_path / "quiet"), found_company(tmp_path / "killed")
    for company in (quiet, killed):
        company.people(*rows())
    began = time.monotonic()
    assert quiet("ingest").code == 0
    took = time.monotonic() - began

    assert killed("migrate").code == 0
    chance, deaths = random.Random(3), 0
    for turn in range(KILLS):
        worker = start(killed)
        try:
            if turn == 0:  # at least this one dies at work, however fast the others are
                until(lambda: has_begun(Settings(home=killed.home)))
            worker.wait(timeout=chance.uniform(0.2, 1.0) * (took + 2) if turn else 0)
        except subprocess.TimeoutExpired:
            worker.kill()
            deaths += worker.wait() == -9
    said = killed("ingest", "--json")

    assert said.code == 0, said.all
    assert said.json["resolved"]["left"] == 0
    assert deaths > 0
    assert members(killed) == members(quiet)
    assert killed.leakage() == 0
    assert killed("rebuild", "--json").json["differences"] == []
