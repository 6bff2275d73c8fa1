"""Everything is killed again and again under load: nothing is lost, doubled or left untold. A planted bug is found."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections import Counter
from typing import Any

import pytest

from hub.bench.chaos.faults import CLOCK, CUT, DISK, FREEZE, KILL, schedule
from hub.bench.chaos.planted import BUGS
from hub.bench.chaos.population import Population

POSSIBLE = (CUT, FREEZE, CLOCK, DISK)


def run(*options: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "hub", "bench", "chaos", "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, timeout=880, check=False)
    assert done.stdout, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert done.returncode == (0 if found["passed"] else 1)
    return found


@pytest.mark.slow
def test_after_six_kills_nothing_is_lost_doubled_or_untold() -> None:
    found = run("--kills", "6", "--seed", "2", "--rows", "marked")

    assert found["passed"], found["examples"]
    assert found["done"]["kills"] == 6
    assert found["figures"]["accepted"] > 500
    assert set(found["wrong"].values()) == {0}


@pytest.mark.slow
@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_makes_the_run_fail(bug: str) -> None:
    found = run("--kills", "8", "--seed", "3", "--rows", "marked", "--plant", bug)

    assert not found["passed"]
    assert found["wrong"]["lost"] > 0


def test_a_seed_draws_the_same_faults_and_the_same_operations() -> None:
    def faults(seed: int) -> list[Any]:
        return list(schedule(random.Random(seed), 100, 500, ["resolve-1", "relay-1"], POSSIBLE))

    def operations(seed: int) -> list[Any]:
        population = Population("app", 20, random.Random(seed))
        drawn = [population.next() for _ in range(200)]
        return [(one.id, one.key, one.what, one.rev, one.data.get("mail"), one.data.get("city")) for one in drawn]

    assert faults(1) == faults(1) != faults(2)
    assert operations(1) == operations(1) != operations(2)
    kinds = Counter(one.kind for one in faults(1))
    assert kinds[KILL] == 100
    assert set(kinds) == {KILL, *POSSIBLE}
