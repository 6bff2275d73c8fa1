"""Too much waits: readers wait, nothing fills up, and when workers are back everything arrives."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select, text

from hub.app import Hub, open_hub
from hub.app.pacing import when_there_is_room
from hub.app.running import Entrance
from hub.app.stages import nothing_waits
from hub.bench.pipeline import company
from hub.bus import LIVE
from hub.bus.declaring import counts
from hub.bus.rabbit import RabbitBus
from hub.bus.topology import DELIVERY_LIMIT_IN
from hub.contract import Secret
from hub.errors import Retryable, Throttled
from hub.settings import Settings
from hub.store.store import Store
from hub.store.tables import dead_letters, raw_messages
from tests.contract.buses import Embedded, Rabbit, ids, record, remove
from tests.contract.test_raw_log import Clock, found, leakage
from tests.integration.test_pushed import told
from tests.integration.test_rabbit_hostile import send
from tests.waiting import until

LIMIT, BATCH, RECORDS = 1000, 100, 3000
GROWTH = 25.0  # megabytes that a process may grow by while it waits, and while it goes on


@pytest.fixture
def settings(rabbitmq_url: str, new_postgres: Callable[[], str], tmp_path: Path) -> Iterator[Settings]:
    made = Settings(
        home=tmp_path / "home",
        database_url=Secret(new_postgres()),
        bus_url=Secret(rabbitmq_url),
        bus_prefix=f"t{uuid.uuid4().hex[:8]}",
        queue_limit=LIMIT,
        batch_size=BATCH,
        as_of="2026-06-01",
    )
    company.write(made.home, RECORDS)
    yield made
    with open_hub(made) as hub:
        assert isinstance(hub.bus, RabbitBus)
        remove(hub.bus)


def start(settings: Settings, *words: str) -> subprocess.Popen[bytes]:
    own = {
        "HUB_HOME": str(settings.home),
        "HUB_DATABASE_URL": settings.store_url,
        "HUB_BUS_URL": settings.bus_url.reveal(),
        "HUB_BUS_PREFIX": settings.bus_prefix,
        "HUB_QUEUE_LIMIT": str(settings.queue_limit),
        "HUB_BATCH_SIZE": str(settings.batch_size),
        "HUB_AS_OF": settings.as_of,
    }
    return subprocess.Popen([sys.executable, "-m", "hub", *words], env=os.environ | own, stderr=subprocess.DEVNULL)


@contextmanager
def workers(settings: Settings) -> Iterator[None]:
    crew = start(settings, "work", "--stages", "resolve,relay")
    try:
        yield
    finally:
        crew.terminate()
        crew.wait(60)


def resident(process: subprocess.Popen[bytes]) -> float:
    """Megabytes of a process that are its own."""
    pages = Path(f"/proc/{process.pid}/statm").read_text().split()
    return (int(pages[1]) - int(pages[2])) * os.sysconf("SC_PAGE_SIZE") / 2**20


def kept(hub: Hub) -> int:
    with hub.store.read() as tx:
        return tx.scalar(select(func.count()).select_from(raw_messages)) or 0


def depth(hub: Hub) -> int:
    return sum(sum(lanes.values()) for lanes in hub.bus.depth().values())


@pytest.mark.slow
def test_while_the_resolver_is_away_reading_waits_and_then_everything_arrives(settings: Settings) -> None:
    with open_hub(settings) as hub:
        hub.migrate()
        hub.agree()
        assert isinstance(hub.bus, RabbitBus)
        reader = start(settings, "ingest", "crm.people", "--no-work")
        until(lambda: depth(hub) > LIMIT - BATCH)
        before, seen = resident(reader), []
        for _ in range(12):
            ready = counts(settings, hub.bus.topology)[hub.bus.topology.names.work("resolve", LIVE)] or 0
            seen.append((depth(hub), kept(hub), ready, resident(reader), reader.poll()))
            time.sleep(0.25)
        assert max(waiting for waiting, *_ in seen) <= LIMIT
        assert max(rows for _, rows, *_ in seen) <= LIMIT  # and nothing is read ahead into the raw log
        assert max(ready for _, _, ready, _, _ in seen) <= LIMIT // BATCH + 1  # messages of many records
        assert max(size for *_, size, _ in seen) < before + GROWTH
        assert {code for *_, code in seen} == {None}  # it waits, and is not told to come again

        with workers(settings):
            while reader.poll() is None:
                assert depth(hub) <= LIMIT
                time.sleep(0.2)
            assert reader.returncode == 0
            until(lambda: nothing_waits(hub, announced=True))
        balance = hub.accounting()["customer"]
        assert (balance["arrived"], balance["queued"], balance["leakage"]) == (RECORDS, 0, 0)
        assert hub.accounting()["customer"]["rejected"] == 0


@pytest.mark.slow
def test_while_the_database_is_slow_reading_is_slow_and_nothing_is_heaped_up(settings: Settings) -> None:
    """A commit of the reader's takes a fifth of a second: it reads as fast as it can keep, and holds no more than before."""
    settings = replace(settings, queue_limit=10**6)
    with open_hub(settings) as hub:
        hub.migrate()
        hub.agree()
        with hub.store.begin() as tx:
            body = "BEGIN PERFORM pg_sleep(0.2); RETURN NULL; END"
            tx.execute(text(f"CREATE FUNCTION slowly() RETURNS trigger LANGUAGE plpgsql AS '{body}'"))
            tx.execute(text("CREATE TRIGGER slow AFTER INSERT ON raw_messages FOR EACH STATEMENT EXECUTE FUNCTION slowly()"))
        with workers(settings):
            reader = start(settings, "ingest", "crm.people", "--no-work")
            until(lambda: kept(hub) > 5 * BATCH)
            first, began, sizes = kept(hub), time.monotonic(), []
            while kept(hub) < 20 * BATCH:
                sizes.append(resident(reader))
                time.sleep(0.1)
            rate = (kept(hub) - first) / (time.monotonic() - began)
            assert rate <= BATCH / 0.2 * 1.1
            assert max(sizes) < sizes[0] + GROWTH
            with hub.store.begin() as tx:
                tx.execute(text("DROP TRIGGER slow ON raw_messages"))
            assert reader.wait(240) == 0
            until(lambda: nothing_waits(hub, announced=True))
        balance = hub.accounting()["customer"]
        assert (balance["arrived"], balance["queued"], balance["leakage"]) == (RECORDS, 0, 0)


def test_a_slow_resolver_sets_the_pace_of_the_reader(sqlite_store: Store) -> None:
    twin = Embedded.at(sqlite_store, limit=20)
    twin.publish([record(number) for number in range(20)])
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(0.05):
            if delivery := twin.take(5):
                twin.work(delivery)

    working = threading.Thread(target=work)
    working.start()
    most = 0
    for batch in range(6):
        some = [record(100 + batch * 10 + number) for number in range(10)]
        when_there_is_room(twin.bus, lambda some=some: twin.publish(some), patience=20.0)  # type: ignore[misc]
        most = max(most, twin.depth())
    until(lambda: not twin.depth())
    stop.set()
    working.join()

    assert most <= 20


def test_where_nobody_works_a_reader_gives_up_after_a_while_and_goes_on_the_next_time(tmp_path: Path, monkeypatch: Any) -> None:
    company.write(tmp_path, 60)
    monkeypatch.setattr("hub.app.feeding.NOBODY_TAKES", 0.5)
    with open_hub(Settings(home=tmp_path, queue_limit=25, batch_size=10)) as hub:
        hub.migrate()
        (gave_up,) = hub.ingest(["crm.people"])
        assert (gave_up.state, depth(hub)) == ("failed", 20)
        assert "goldenhub work" in gave_up.message
        for _ in range(10):
            hub.work()
            (report,) = hub.ingest(["crm.people"])
            if report.state == "done":
                break
        hub.work()

        assert report.state == "done"
        assert leakage(hub) == 0
        assert hub.accounting()["customer"]["members"] == 60


def test_what_systems_push_waits_at_the_broker_however_often_there_was_no_room(
    rabbitmq_url: str, sqlite_store: Store, tmp_path: Path
) -> None:
    """More often than the broker would deliver it: a message that is put back each time would end as a dead letter."""
    twin = Rabbit.at(sqlite_store, rabbitmq_url, limit=4)
    found(tmp_path)
    with open_hub(Settings(home=tmp_path), Clock()) as hub:
        hub.__dict__["store"], hub.__dict__["bus"] = sqlite_store, twin.rabbit
        twin.publish([record(number) for number in range(4)])
        sent: Any = told("1", {"id": "p1", "first": "Ana", "last": "Gil", "born": "", "mail": ""})
        send(twin, twin.rabbit.topology.names.coming, sent[0], [sent[1]])
        entrance, full = Entrance(hub), 0
        while full < DELIVERY_LIMIT_IN + 20:
            try:
                entrance.turn()
            except Throttled:
                full += 1
            except Retryable:
                time.sleep(0.1)
        assert dead(hub) == 0

        done: list[str] = []
        until(lambda: go_on(twin, entrance, done) >= 4 + 1)
        assert (dead(hub), kept(hub)) == (0, 1)
        del hub.__dict__["store"]
    twin.remove()


def go_on(twin: Rabbit, entrance: Entrance, done: list[str]) -> int:
    """One turn of each; how many records were worked on so far."""
    if delivery := twin.take():
        twin.work(delivery)
        done += ids(delivery)
    with suppress(Retryable):
        entrance.turn()
    return len(done)


def dead(hub: Hub) -> int:
    hub.bus.collect_dead()
    with hub.store.read() as tx:
        return tx.scalar(select(func.count()).select_from(dead_letters)) or 0
