"""Bring a database to the newest shape, or back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection

from hub.errors import BadSettings
from hub.store.store import Store


def migrate(store: Store, revision: str = "head") -> None:
    """Run the migrations that are missing. Running it again changes nothing."""
    with store.begin() as tx, _explained(tx, revision):
        command.upgrade(_config(tx), revision)


def unmigrate(store: Store, revision: str) -> None:
    """Go back to an older revision; ``base`` empties the database."""
    with store.begin() as tx, _explained(tx, revision):
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


@contextmanager
def _explained(tx: Connection, to: str) -> Iterator[None]:
    """A revision that this version of the hub does not know, said with those it knows."""
    stands = MigrationContext.configure(tx).get_current_revision()
    try:
        yield
    except CommandError as error:
        raise BadSettings(_why(stands, to), name="HUB_DATABASE_URL") from error


def _why(stands: str | None, to: str) -> str:
    known = [script.revision for script in ScriptDirectory.from_config(_config(None)).walk_revisions()]
    if stands is not None and stands not in known:
        return (
            f"The store has its tables at {stands}, this version of the hub knows them up to {known[0]}: a newer version has "
            f"used this store. Install that one, or point HUB_DATABASE_URL to another store."
        )
    return f"There is no revision {to!r} to bring the store to from {stands or 'empty'}; known: {', '.join(known)}, or `head`."


def _config(connection: object) -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["connection"] = connection
    return config
