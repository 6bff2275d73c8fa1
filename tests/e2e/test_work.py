"""`goldenhub work` under load: told to stop it is quick and gives back what it has; killed, it loses and doubles nothing."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from hub.app import Hub, open_hub
from hub.app.stages import nothing_waits
from hub.bus.declaring import blocking
from hub.bus.rabbit import RabbitBus
from hub.bus.topology import topology
from hub.contract import Secret
from hub.settings import Settings
from hub.store import goldens, workers
from tests.contract.buses import remove
from tests.e2e.company import found_company
from tests.waiting import PATIENCE, until

ROOT = Path(__file__).resolve().parents[2]
SYLLABLES = ("ba", "ko", "mi", "ter", "lun", "go", "ras", "vel", "pin", "dor", "sha", "wek")
STAGES = "ingest,resolve,relay"


def rows(number: int) -> list[str]:
    """Half as many persons as rows."""
    chance = random.Random(5)
    families = ["".join(chance.choices(SYLLABLES, k=4)).title() for _ in range(number // 2)]
    made = []
    for place in range(number):
        who = chance.randrange(number // 2)
        born = f"19{who % 80 + 10}-{who % 12 + 1:02}-{who % 28 + 1:02}"
        given = ("Ana", "Eva", "Ida", "Lea", "Mia")[who % 5]
        made.append(f"{place},{given},{families[who]},{born},{families[who].lower()}@example.com\n")
    return made


@pytest.fixture(params=["embedded", "rabbitmq"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, new_postgres: Callable[[], str]) -> Iterator[Settings]:
    made = Settings(home=tmp_path / "company", database_url=Secret(new_postgres()), as_of="2026-06-01", batch_size=20)
    if request.param == "embedded":
        yield made
        return
    url: str = request.getfixturevalue("rabbitmq_url")
    made = replace(made, bus_url=Secret(url), bus_prefix=f"t{uuid.uuid4().hex[:8]}")
    yield made
    with open_hub(made) as hub:
        assert isinstance(hub.bus, RabbitBus)
        remove(hub.bus)


def start(settings: Settings, *words: str) -> subprocess.Popen[str]:
    own = {
        "HUB_HOME": str(settings.home),
        "HUB_DATABASE_URL": settings.store_url,
        "HUB_BUS_URL": settings.bus_url.reveal(),
        "HUB_BUS_PREFIX": settings.bus_prefix,
        "HUB_AS_OF": settings.as_of,
        "HUB_BATCH_SIZE": str(settings.batch_size),
    }
    command = [sys.executable, "-m", "hub", *words]
    return subprocess.Popen(command, cwd=ROOT, env=os.environ | own, stderr=subprocess.PIPE, text=True)


@contextmanager
def at_work(settings: Settings, hub: Hub) -> Iterator[subprocess.Popen[str]]:
    """Two resolvers and the stages around them, once they are there."""
    crew = start(settings, "work", "--stages", STAGES, "--workers", "resolve=2")
    try:
        until(lambda: sum(one.stage == "resolve" for one in there(hub)) == 2)
        yield crew
    finally:
        crew.terminate()
        crew.communicate(timeout=PATIENCE)


def there(hub: Hub) -> list[workers.Worker]:
    with hub.store.read() as tx:
        return workers.listed(tx)


def members(hub: Hub) -> list[list[str]]:
    with hub.store.read() as tx:
        return sorted(sorted(map(str, one.members)) for one in goldens.every(tx, "customer"))


def alone(folder: Path, lines: list[str]) -> list[list[str]]:
    """What one process makes of it in peace."""
    quiet = found_company(folder)
    quiet.people(*lines)
    with open_hub(Settings(home=quiet.home, as_of="2026-06-01")) as hub:
        hub.migrate()
        hub.ingest()
        hub.work()
        return members(hub)


def balance(hub: Hub) -> dict[str, int]:
    return hub.accounting()["customer"]


def gaps(hub: Hub) -> list[str]:
    """Golden records whose announced versions are not 1, 2, 3, ..., each once."""
    told = defaultdict(list)
    with hub.store.read() as tx:
        for one in goldens.announced(tx, "customer", limit=1_000_000):
            told[one.golden_id].append(one.version)
    return [golden for golden, versions in told.items() if versions != list(range(1, len(versions) + 1))]


def test_told_to_stop_it_ends_quickly_gives_back_the_rest_and_everything_is_accounted_for(settings: Settings) -> None:
    company, lines = found_company(settings.home), rows(600)
    company.people(*lines)
    with open_hub(settings) as hub:
        hub.migrate()
        hub.ingest()
        assert balance(hub)["queued"] == len(lines)

        with at_work(settings, hub) as crew:
            until(lambda: balance(hub)["queued"] < len(lines))
            seen = [balance(hub) for _ in range(5)]
            crew.send_signal(signal.SIGTERM)
            assert crew.wait(timeout=PATIENCE) == 0

        left = balance(hub)
        assert [one["leakage"] for one in [*seen, left]] == [0] * 6  # also while records are in flight
        assert left["queued"] + left["members"] + left["unchanged"] + left["superseded"] == len(lines)
        assert there(hub) == []
        hub.work()
        assert balance(hub)["queued"] == 0
        assert members(hub) == alone(settings.home.parent / "quiet", lines)


def test_workers_that_need_a_person_first_are_not_started_again_and_again(tmp_path: Path, rabbitmq_url: str) -> None:
    found_company(tmp_path / "company")
    prefix = f"t{uuid.uuid4().hex[:8]}"
    settings = Settings(home=tmp_path / "company", bus_url=Secret(rabbitmq_url), bus_prefix=prefix, as_of="2026-06-01")
    with blocking(settings) as connection:
        connection.channel().queue_declare(f"{prefix}.in", durable=True, arguments={"x-queue-type": "quorum"})
    try:
        crew = start(settings, "work", "--stages", "ingest")
        said = crew.communicate(timeout=PATIENCE)[1]
    finally:
        with blocking(settings) as connection:
            for queue in topology([], prefix).queues:
                connection.channel().queue_delete(queue.name)
            for exchange in topology([], prefix).exchanges:
                connection.channel().exchange_delete(exchange.name)

    assert crew.returncode == 3, said
    assert f"The queue {prefix}.in exists with another" in said
    assert said.count("ingest-1: started") == 1
    assert "ingest-1: cannot work before a person changes" in said


@pytest.mark.slow
def test_workers_killed_again_and_again_under_load_lose_and_double_nothing(settings: Settings) -> None:
    company, lines, chance = found_company(settings.home), rows(1500), random.Random(9)
    company.people(*lines)
    kills: Counter[str] = Counter()
    leaks: list[int] = []
    with open_hub(settings) as hub:
        hub.migrate()
        hub.agree()
        with at_work(settings, hub):
            reader = start(settings, "ingest", "--no-work")
            until(lambda: hub.accounting().get("customer", {}).get("arrived", 0) > 0)
            while sum(kills.values()) < 8 and (reader.poll() is None or balance(hub)["queued"]):
                for victim in chance.sample(there(hub), k=min(1, len(there(hub)))):
                    kill(victim.pid, kills, victim.stage)
                leaks.append(balance(hub)["leakage"])
                time.sleep(chance.uniform(0.2, 1.5))
            said = reader.communicate(timeout=PATIENCE)[1]
            assert reader.returncode == 0, said
            announced = bool(settings.bus_url.reveal())
            until(lambda: nothing_waits(hub, announced=announced) and balance(hub)["queued"] == 0)
        assert sum(kills.values()) > 0
        assert set(leaks) == {0}
        assert balance(hub)["leakage"] == 0
        assert balance(hub)["dead"] == 0
        assert members(hub) == alone(settings.home.parent / "quiet", lines)
        assert gaps(hub) == []
        assert hub.rebuild()[1] == []


def kill(pid: int, kills: Counter[str], stage: str) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
        kills[stage] += 1
    except ProcessLookupError:
        return  # it was killed before, and is still listed
