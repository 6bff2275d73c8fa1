"""A store for a whole module. Where a test is about the store itself, its module makes one for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hub.store.migrating import migrate
from hub.store.store import Store, open_store


@pytest.fixture(scope="module")
def store(shared_store_url: str) -> Iterator[Store]:
    """In haste: nothing in it is to outlast the machine. Hypothesis tests clear it between examples."""
    hasty = "?options=-csynchronous_commit%3Doff" if shared_store_url.startswith("postgresql") else ""
    opened = open_store(shared_store_url + hasty)
    migrate(opened)
    yield opened
    opened.close()
