"""A store for a whole module, and the hub of a small company. A module that is about the store itself makes one for each test."""

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
