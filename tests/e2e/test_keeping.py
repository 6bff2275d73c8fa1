"""Workers keep what the settings promise by themselves, as processes: whoever of them lives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import func, select

from hub.app import Hub, open_hub
from hub.contract import Secret
from hub.settings import Settings
from hub.store import duties, workers
from hub.store.raw import sizes
from hub.store.tables import inbox
from tests.contract.test_raw_log import PEOPLE, found, leakage, person
from tests.waiting import until

BUDGET = 3_000


@contextmanager
def at_work(settings: Settings) -> Iterator[None]:
    own = {
        "HUB_HOME": str(settings.home),
        "HUB_DATABASE_URL": settings.store_url,
        "HUB_RAW_BUDGET": str(BUDGET),
        "HUB_KEEP_INBOX": "1s",
        "HUB_PRUNE_EVERY": "1s",
    }
    words = [sys.executable, "-m", "hub", "work", "--stages", "ingest,resolve", "--workers", "ingest=2"]
    crew = subprocess.Popen(words, env=os.environ | own, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        crew.terminate()
        assert crew.wait(60) == 0


def kept(hub: Hub) -> tuple[int, int]:
    """Bytes of raw bodies, and how many ids of pushed messages."""
    with hub.store.read() as tx:
        size = sum(size for _, size in sizes(tx).values())
        return size, tx.scalar(select(func.count()).select_from(inbox)) or 0


def push(hub: Hub, start: int) -> None:
    people = range(start, start + 60)
    hub.receive(PEOPLE, [person(str(number)) for number in people], "shop", [str(number) for number in people])
    assert kept(hub)[0] > BUDGET


def at_home(hub: Hub) -> bool:
    size, ids = kept(hub)
    return 0 < size <= BUDGET and not ids


@pytest.mark.slow
def test_workers_let_go_of_what_is_over_and_others_go_on_when_they_are_killed(
    tmp_path: Path, new_postgres: Callable[[], str]
) -> None:
    found(tmp_path)
    settings = Settings(home=tmp_path, database_url=Secret(new_postgres()))
    with open_hub(settings) as hub:
        hub.migrate()
        hub.agree()
        push(hub, 0)
        with at_work(settings):
            until(lambda: at_home(hub))
            for round_ in (1, 2):
                with hub.store.read() as tx:
                    there = [one.pid for one in workers.listed(tx) if one.stage == "ingest"]
                for pid in there:
                    os.kill(pid, signal.SIGKILL)
                push(hub, round_ * 100)
                until(lambda: at_home(hub))
        with hub.store.read() as tx:
            noted = [duties.known(tx, name) for name in ("budget", "retention")]
        assert all(one and one.ended_at for one in noted)
        hub.work()
        assert leakage(hub) == 0
        assert hub.accounting()["customer"]["arrived"] == 180
        assert hub.rebuild()[1] == []
