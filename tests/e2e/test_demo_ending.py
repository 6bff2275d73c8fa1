"""The commands that the demo ends with work as they are printed."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.company import Said, run


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("try this") / "company"


@pytest.fixture(scope="module")
def steps(home: Path) -> list[str]:
    told = run("demo", "--home", home, "--customers", 60, "--seed", 5, "--json")
    assert told.code == 0, told.all
    return [command for command, _ in told.json["next"]]


def pasted(command: str) -> Said:
    program, *words = shlex.split(command)
    assert program == "goldenhub"
    return run(*words)


def test_the_first_three_push_ask_and_follow(steps: list[str]) -> None:
    assert [shlex.split(step)[3] for step in steps[:3]] == ["post", "who-is", "changes"]


def test_an_account_is_pushed_and_its_receipt_leads_on(steps: list[str]) -> None:
    said = pasted(steps[0])
    assert said.code == 0, said.all
    assert "accepted" in said.out
    receipt = said.out.partition("goldenhub trace ")[2].split()[0]
    way = run(*shlex.split(steps[0])[1:3], "trace", receipt)
    assert way.code == 0, way.all
    assert "golden record" in way.out
    known = json.loads(shlex.split(steps[0])[5])
    found = run(*shlex.split(steps[1])[1:3], "who-is", "shop", known["account"], "--json").json
    assert found["golden"]["name"]["family"] == "Byron"


def test_an_erp_number_is_answered(steps: list[str]) -> None:
    said = pasted(steps[1])
    assert said.code == 0, said.all
    assert {"erp", "shop"} <= set(said.out.split())


def test_a_change_is_seen_by_who_follows(steps: list[str], home: Path) -> None:
    words = shlex.split(steps[2])[1:]
    env = {name: value for name, value in os.environ.items() if not name.startswith("HUB_")} | {"PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "hub", *words], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as follower:
        assert follower.stderr is not None
        assert follower.stdout is not None
        assert "Waiting for changes" in follower.stderr.readline()
        account: dict[str, Any] = json.loads(shlex.split(steps[0])[5])
        changed = json.dumps({**account, "phone": "+44 20 7946 0999", "updated": "2026-03-02T10:00:00Z"})
        assert run("--home", home, "post", "shop.accounts", changed).code == 0
        line = follower.stdout.readline()
        follower.terminate()
    assert "Ada Byron" in line


def test_after_all_that_the_demo_still_changes_nothing(steps: list[str], home: Path) -> None:
    told = run("demo", "--home", home, "--json").json
    assert (told["changed"], told["read"], told["accounted"]) == (0, 0, True)
