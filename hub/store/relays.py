"""How far each reader of the outbox has come. A reader's name ends with the entity it reads: ``bus/customer``."""

from __future__ import annotations

from sqlalchemy import Connection, select

from hub.store import rows
from hub.store.tables import relays


def reached(tx: Connection, name: str, *, alone: bool = False) -> int:
    """Its place. ``alone``: others who ask so wait until this transaction ends."""
    wanted = select(relays.c.outbox_id).where(relays.c.name == name)
    return tx.scalar(wanted.with_for_update() if alone else wanted) or 0


def take(tx: Connection, name: str) -> int | None:
    """Its place, which nobody else takes until this transaction ends; None when somebody has it now."""
    found = _locked(tx, name)
    if found is None:  # the first time, or somebody has it
        rows.insert(tx, relays, [{"name": name, "outbox_id": 0}], known="keep")
        found = _locked(tx, name)
    return found


def _locked(tx: Connection, name: str) -> int | None:
    where = "relays WHERE name = %s FOR UPDATE SKIP LOCKED" if tx.dialect.name == "postgresql" else "relays WHERE name = ?"
    found = rows.ask_from(tx, relays, ("outbox_id",), where, [name])()
    return int(found[0][0]) if found else None


def reach(tx: Connection, name: str, outbox_id: int) -> None:
    rows.insert(tx, relays, [{"name": name, "outbox_id": outbox_id}], known="replace")


def places(tx: Connection, entity: str) -> list[int]:
    """The places of all who read what is announced about an entity."""
    found = tx.execute(select(relays.c.name, relays.c.outbox_id)).all()
    return [row.outbox_id for row in found if row.name.endswith(f"/{entity}") and not row.name.startswith("cut/")]
