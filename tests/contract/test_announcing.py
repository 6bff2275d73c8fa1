"""What is announced on the bus and what the feed tells are one stream: whoever heard an event knows where to read on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.app import Hub, open_hub
from hub.app.exchange import changes
from hub.contract import Secret
from hub.relay import relay
from hub.settings import Settings
from tests.contract.test_raw_log import PEOPLE, Clock, found, person


@pytest.fixture
def hub(store_url: str, tmp_path: Path) -> Iterator[Hub]:
    found(tmp_path)
    with open_hub(Settings(home=tmp_path, database_url=Secret(store_url)), Clock()) as opened:
        opened.migrate()
        yield opened


def test_an_event_on_the_bus_bears_its_place_in_the_feed(hub: Hub) -> None:
    hub.receive(PEOPLE, [person("1"), person("2", "Weber", born="1971-01-01")])
    hub.work()
    heard: list[Any] = []
    with hub.store.begin() as tx:
        relay(tx, "customer", heard.extend, source=hub.landscape.source)

    with hub.store.read() as tx:
        feed = changes(hub, tx, 0).events
        assert len(feed) == 2
        assert [(one["id"], one["sequence"]) for one in heard] == [(one["id"], one["sequence"]) for one in feed]
        after = int(heard[0]["sequence"])
        assert [one["id"] for one in changes(hub, tx, after).events] == [heard[1]["id"]]
