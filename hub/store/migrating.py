"""Bring a database to the newest shape, or back."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from hub.store.store import Store


def migrate(store: Store, revision: str = "head") -> None:
    """Run the migrations that are missing. Running it again changes nothing."""
    with store.begin() as tx:
        command.upgrade(_config(tx), revision)


def unmigrate(store: Store, revision: str) -> None:
    """Go back to an older revision; ``base`` empties the database."""
    with store.begin() as tx:
        command.downgrade(_config(tx), revision)


def revision(store: Store) -> str | None:
    """Where the database stands; None when it is empty."""
    with store.read() as tx:
        found: str | None = MigrationContext.configure(tx).get_current_revision()
        return found


def newest() -> str | None:
    """The revision that this version of the hub needs."""
    found: str | None = ScriptDirectory.from_config(_config(None)).get_current_head()
    return found


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
