"""`goldenhub services`: everything up on this machine, a feed through the real broker, and everything down again."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.app import open_hub
from hub.services.running import Running
from hub.settings import from_environment

GOLDENHUB = [sys.executable, "-m", "hub"]
PATIENCE = 600


def call(home: Path, *arguments: str, environment: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GOLDENHUB, "--home", str(home), *arguments],
        env=os.environ | (environment or {}), capture_output=True, text=True, timeout=PATIENCE, check=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    folder = tmp_path_factory.mktemp("company") / "demo"
    done = call(folder, "demo", "--customers", "60", "--home", str(folder), "--json")  # with the store of its own, embedded
    assert done.returncode == 0, done.stderr
    yield folder
    call(folder, "services", "down", "--wipe")


def standing(home: Path) -> dict[str, str]:
    said: dict[str, Any] = json.loads(call(home, "services", "status", "--json").stdout)
    return {one["name"]: one["state"] for one in said["services"]}


def environment(home: Path) -> dict[str, str]:
    """What the file makes of a shell."""
    lines = (home / ".hub" / "services" / "env").read_text().splitlines()
    return dict(line.removeprefix("export ").replace("'", "").split("=", 1) for line in lines)


@pytest.mark.slow
def test_up_a_feed_through_the_broker_and_down_again(home: Path) -> None:
    assert "No services were started" in call(home, "services", "status").stdout
    up = call(home, "services", "up", "--demo", "--json")
    assert up.returncode == 0, up.stderr
    told = json.loads(up.stdout)["services"]
    assert {one["state"] for one in told} == {"ok"}, told
    assert {"postgres", "rabbitmq", "demo", "work", "api"} <= {one["name"] for one in told}

    shell = environment(home)
    done = call(home, "ingest", "erp.customers", "--no-work", "--json", environment=shell)
    assert done.returncode == 0, done.stderr
    published = json.loads(done.stdout)["feeds"][0]["published"]
    assert published > 0
    assert goldens(shell, published) > 0

    processes = Running.read(home / ".hub" / "services").processes
    down = call(home, "services", "down")
    assert down.returncode == 0, down.stderr
    assert set(standing(home).values()) == {"stopped"}
    assert [name for name, one in processes.items() if one.runs()] == []

    again = call(home, "services", "up", "--json")
    assert again.returncode == 0, again.stderr
    assert goldens(environment(home), published) > 0, "the data stay"
    call(home, "services", "down", "--wipe")
    assert not (home / ".hub" / "services").exists()


def goldens(shell: dict[str, str], published: int) -> int:
    """How many live members there are once nothing that was published waits any more."""
    end = time.monotonic() + PATIENCE
    with open_hub(from_environment(shell)) as hub:
        while time.monotonic() < end:
            balance = hub.accounting().get("customer", {})
            if balance and balance["queued"] == 0 and balance["arrived"] >= published:
                assert balance["leakage"] == 0
                return balance["members"]
            time.sleep(0.5)
    return 0
