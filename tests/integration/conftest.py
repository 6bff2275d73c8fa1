"""A broker of one's own for the tests that do it harm."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from hub.services.processes import free_port
from hub.services.rabbitmq import installed
from hub.store import migrating
from hub.store.store import Store, open_store
from tests.services.brokers import OwnBroker


@pytest.fixture(scope="session")
def own_broker() -> Iterator[OwnBroker]:
    if not installed():
        pytest.skip("a broker of one's own is started from Debian's package rabbitmq-server")
    with TemporaryDirectory(prefix="goldenhub-broker-", ignore_cleanup_errors=True) as folder:
        Path(folder).chmod(0o755)  # the server runs as a user of its own, which pytest's own folders keep out
        server = OwnBroker(Path(folder) / "rabbitmq", free_port())
        server.start()
        yield server
        server.stop()


@pytest.fixture
def sqlite_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    opened = open_store(f"sqlite:///{tmp_path_factory.mktemp('store') / 'hub.db'}")
    migrating.migrate(opened)
    yield opened
    opened.close()
