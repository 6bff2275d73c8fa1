"""A store for a whole module, one for each test (for modules that are about the store itself), either bus on the latter, and the
hub of a small company.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hub.app import Hub, open_hub
from hub.contract import Secret
from hub.settings import Settings
from hub.store.migrating import migrate
from hub.store.store import Store, open_store
from tests.contract.buses import Embedded, Rabbit, Twin
from tests.contract.test_raw_log import Clock, found


@pytest.fixture(scope="module")
def store(shared_store_url: str) -> Iterator[Store]:
    """In haste: nothing in it is to outlast the machine. Hypothesis tests clear it between examples."""
    hasty = "?options=-csynchronous_commit%3Doff" if shared_store_url.startswith("postgresql") else ""
    opened = open_store(shared_store_url + hasty)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture
def fresh_store(store_url: str) -> Iterator[Store]:
    """Of one test alone."""
    opened = open_store(store_url)
    migrate(opened)
    yield opened
    opened.close()


@pytest.fixture(params=["embedded", "rabbit"])
def twin(request: pytest.FixtureRequest, fresh_store: Store) -> Iterator[Twin]:
    """Either bus, on a store of one test alone."""
    if request.param == "embedded":
        yield Embedded.at(fresh_store)
    else:  # asked for only here, so that the embedded bus alone needs no broker
        made = Rabbit.at(fresh_store, request.getfixturevalue("rabbitmq_url"))
        yield made
        made.remove()


@pytest.fixture
def opened(store_url: str, tmp_path: Path) -> Iterator[Callable[..., Hub]]:
    """Opens the hub of a small company; again with other settings, or after its files were changed."""
    home = tmp_path / "company"
    home.mkdir()
    found(home)
    entered: list[Any] = []
    clock = Clock()

    def enter(**settings: Any) -> Hub:
        given = {"home": home, "database_url": Secret(store_url)} | settings
        context = open_hub(Settings(**given), clock)
        hub = context.__enter__()
        entered.append(context)
        hub.migrate()
        return hub

    yield enter
    for context in reversed(entered):
        context.__exit__(None, None, None)
