"""Bring a database to the newest shape, or back. Alembic is slow to load: who only looks where a database stands does without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text

from hub.errors import BadSettings
from hub.store.store import Store

if TYPE_CHECKING:
    from alembic.config import Config

_HEAD = "head"
_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(store: Store, to: str = _HEAD) -> None:
    """Run the migrations that are missing. Running it again changes nothing."""
    if to == _HEAD and revision(store) == newest():
        return
    from alembic import command

    with store.begin() as tx, _explained(tx, to):
        command.upgrade(_config(tx), to)


def unmigrate(store: Store, to: str) -> None:
    """Go back to an older revision; ``base`` empties the database."""
    from alembic import command

    with store.begin() as tx, _explained(tx, to):
        command.downgrade(_config(tx), to)


def revision(store: Store) -> str | None:
    """Where the database stands; None when it is empty."""
    with store.read() as tx:
        return _stands(tx)


def _stands(tx: Connection) -> str | None:
    if not inspect(tx).has_table("alembic_version"):
        return None
    found: str | None = tx.scalar(text("SELECT version_num FROM alembic_version"))
    return found


def newest() -> str:
    """The revision that this version of the hub needs."""
    return _known()[-1]


def _known() -> list[str]:
    """All revisions, the oldest first: each is named at the beginning of its file."""
    return sorted(path.name.partition("_")[0] for path in (_SCRIPTS / "versions").glob("[0-9]*_*.py"))


@contextmanager
def _explained(tx: Connection, to: str) -> Iterator[None]:
    """A revision that this version of the hub does not know, said with those it knows."""
    from alembic.util import CommandError

    stands = _stands(tx)
    try:
        yield
    except CommandError as error:
        raise BadSettings(_why(stands, to), name="HUB_DATABASE_URL") from error


def _why(stands: str | None, to: str) -> str:
    known = _known()
    if stands is not None and stands not in known:
        return (
            f"The store has its tables at {stands}, this version of the hub knows them up to {known[-1]}: a newer version has "
            f"used this store. Install that one, or point HUB_DATABASE_URL to another store."
        )
    return f"There is no revision {to!r} to bring the store to from {stands or 'empty'}; known: {', '.join(known)}, or `head`."


def _config(connection: Connection) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.attributes["connection"] = connection
    return config
