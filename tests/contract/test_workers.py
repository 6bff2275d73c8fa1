"""Workers that run at the same time end with the golden records that one alone ends with, on every bus."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from hub.app import Hub, open_hub
from hub.bus.rabbit import RabbitBus
from hub.contract import Secret
from hub.records import Operation, RecordRef, SourceRecord
from hub.settings import Settings
from hub.store import goldens, references, tasks
from hub.store.sources import SourceKey
from tests.contract.buses import remove

ROOT = Path(__file__).resolve().parents[2]
START = datetime(2026, 5, 1, tzinfo=UTC)
WORKERS, BLOCK, ROUNDS = 3, 4, 8
LANDSCAPE = "company: Races Ltd\nsystems: {}\nfeeds: {}\n"
SYLLABLES = ("ba", "ko", "mi", "ter", "lun", "go", "ras", "vel", "pin", "dor", "sha", "wek")


def customer(system: str, key: str, number: int, said: datetime, **data: Any) -> SourceRecord:
    return SourceRecord(
        entity="customer",
        ref=RecordRef(system, key, 0),
        operation=Operation.UPSERT,
        data={"kind": "person", **data},
        extracted_at=said,
        updated_at=said,
        message_id=f"race:{number}",
        feed=f"{system}.customers",
    )


def mails(*addresses: str) -> list[dict[str, str]]:
    return [{"address": address, "type": "main"} for address in addresses]


def races() -> list[list[SourceRecord]]:
    """Blocks that arrive one after the other: of each component one end, the other end, and the bridge that alone holds them
    together; then bridges that let go again, and a stranger with the same name and birthday, whom a person must judge."""
    chance, blocks, number = random.Random(11), [], 0

    def one(system: str, key: str, said: int, **data: Any) -> SourceRecord:
        nonlocal number
        number += 1
        return customer(system, key, number, START + timedelta(minutes=said), **data)

    for turn in range(ROUNDS):
        members: dict[str, list[SourceRecord]] = {"crm": [], "shop": [], "erp": [], "later": []}
        for place in range(BLOCK):
            key = f"{turn}-{place}"
            family = "".join(chance.choices(SYLLABLES, k=4)).title()
            name = {"given": ("Ana", "Eva", "Ida", "Mia")[place], "family": family}
            born = f"19{50 + turn}-0{place + 1}-1{place}"
            left, right = f"{family}@a.example".lower(), f"{family}@b.example".lower()
            members["crm"].append(one("crm", key, 0, name=name, emails=mails(left)))
            members["shop"].append(one("shop", key, 1, name=name, emails=mails(right)))
            members["erp"].append(one("erp", key, 2, name=name, birth_date=born, emails=mails(left, right)))
            if place % 2:
                members["later"].append(one("erp", key, 9, name=name, birth_date=born, emails=mails(left)))
            else:
                members["later"].append(one("mail", key, 3, name=name, birth_date=born))
        blocks += [members[who] for who in chance.sample(sorted(members), 4)]
    return blocks


def orders() -> list[list[SourceRecord]]:
    """For each component one that names a key, one that names the address the bridge lets go of, and one that finds nobody."""
    made, number = [], 0
    for block in races():
        for one in [one for one in block if one.ref.system == "shop"]:
            asked = (
                {"system": "crm", "key": one.ref.key},
                {"email": one.data["emails"][0]["address"]},
                {"email": "no@b.example"},
            )
            listed = []
            for place, customer in enumerate(asked):
                number += 1
                data = {"occurred_at": "2026-05-02T10:00:00Z", "participants": [{"role": "buyer", "customer": customer}]}
                ref = RecordRef("till", f"{one.ref.key}-{place}", 0)
                listed.append(replace(one, entity="interaction", ref=ref, data=data, message_id=f"till:{number}"))
            made.append(listed)
    return made


@dataclass(frozen=True)
class Held:
    """What a hub holds, whatever its ids are."""

    golden: dict[frozenset[RecordRef], Any]
    asked: set[tuple[Any, ...]]
    hung: dict[SourceKey, tuple[str, str, SourceKey | None]]


def held(hub: Hub) -> Held:
    with hub.store.read() as tx:
        golden = {frozenset(one.members): one.data for one in goldens.every(tx, "customer")}
        asked = {(one.task.kind, one.task.left, one.task.right, one.state) for one in tasks.every(tx, "customer")}
        listed = references.of_records(tx, "interaction", [("till", one.ref.key) for block in orders() for one in block])
        hung = {one.record: (one.state, one.why, one.anchor) for one in listed}
    return Held(golden, asked, hung)


def publish(hub: Hub, blocks: Sequence[Sequence[SourceRecord]]) -> None:
    for block in blocks:
        with hub.store.begin() as tx:
            hub.bus.publish_in(tx, block)
    hub.bus.forward()


@contextmanager
def hub_at(home: Path, **settings: Any) -> Iterator[Hub]:
    home.mkdir(exist_ok=True)
    (home / "landscape.yaml").write_text(LANDSCAPE)
    with open_hub(Settings(home=home, as_of="2026-06-01", batch_size=BLOCK, **settings)) as hub:
        hub.migrate()
        yield hub


def work(hub: Hub, *options: str) -> subprocess.CompletedProcess[str]:
    """`goldenhub work --once` on this hub, in processes of its own."""
    settings = hub.settings
    own = {
        "HUB_HOME": str(settings.home),
        "HUB_DATABASE_URL": settings.store_url,
        "HUB_BUS_URL": settings.bus_url.reveal(),
        "HUB_BUS_PREFIX": settings.bus_prefix,
        "HUB_AS_OF": settings.as_of,
        "HUB_BATCH_SIZE": str(settings.batch_size),
    }
    command = [sys.executable, "-m", "hub", "work", "--once", *options]
    done = subprocess.run(command, cwd=ROOT, env=os.environ | own, capture_output=True, text=True, check=False, timeout=600)
    assert done.returncode == 0, done.stderr
    return done


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Held:
    """One worker, one batch after the other, on SQLite."""
    with hub_at(tmp_path_factory.mktemp("alone")) as hub:
        publish(hub, races())
        publish(hub, orders())
        hub.work()
        return held(hub)


@pytest.fixture(params=["embedded", "rabbitmq"])
def hub(request: pytest.FixtureRequest, tmp_path: Path, new_postgres: Callable[[], str]) -> Iterator[Hub]:
    bus: dict[str, Any] = {}
    if request.param == "rabbitmq":  # asked for only here
        bus = {"bus_url": Secret(request.getfixturevalue("rabbitmq_url")), "bus_prefix": f"t{uuid.uuid4().hex[:8]}"}
    with hub_at(tmp_path / "home", database_url=Secret(new_postgres()), **bus) as made:
        yield made
        if bus:
            assert isinstance(made.bus, RabbitBus)
            remove(made.bus)


def test_the_race_is_one(alone: Held) -> None:
    """Ends hold together by their bridge, and only by it; some let go, and some questions are asked."""
    sizes = [len(members) for members in alone.golden]

    assert max(sizes) >= 3
    assert alone.asked
    assert {state for state, _, _ in alone.hung.values()} == {"attached", "waiting"}
    assert any({"crm", "shop"} == {ref.system for ref in members} - {"erp", "mail"} for members in alone.golden)


def test_many_workers_end_with_the_golden_records_of_one(hub: Hub, alone: Held) -> None:
    for customers, theirs in zip_longest(races(), orders(), fillvalue=[]):
        publish(hub, [block for block in (theirs, customers) if block])

    work(hub, "--stages", "resolve,attach", "--workers", f"resolve={WORKERS},attach=2")

    assert held(hub) == alone
    assert hub.rebuild()[1] == []
    assert hub.accounting()["customer"]["leakage"] == 0


def test_what_is_delivered_again_changes_nothing(hub: Hub) -> None:
    blocks = races()[:20]
    publish(hub, blocks)
    work(hub, "--stages", "resolve", "--workers", "resolve=2")
    with hub.store.read() as tx:
        before = {one.id: one for one in goldens.every(tx, "customer")}
        told = len(goldens.announced(tx, "customer", limit=10_000))

    publish(hub, [[replace(record) for record in block] for block in reversed(blocks)])
    work(hub, "--stages", "resolve", "--workers", "resolve=2")

    with hub.store.read() as tx:
        assert {one.id: one for one in goldens.every(tx, "customer")} == before
        assert len(goldens.announced(tx, "customer", limit=10_000)) == told
