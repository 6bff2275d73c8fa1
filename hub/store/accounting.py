"""Nothing leaks: every record version that arrived ends in exactly one state, and the sums prove it.

    arrived = members + attached + waiting + rejected + superseded + unchanged + filtered + deleted

What no worker has taken yet is told as ``queued``, what none could take as ``dead``; in one line both are waiting.

Each figure comes from its own table: what arrived from the counters of the feeds, members from the cross-reference, attached
from the participants, what is queued from the bus, the rest from the history, the rejects and the counters.
"""

from __future__ import annotations

from sqlalchemy import Connection, func, select

from hub.store import dead_letters, feeds, goldens, in_flight, queue, references, rejects, sources
from hub.store.tables import record_versions


def accounting(tx: Connection, entity: str) -> dict[str, int]:
    """The balance of one entity. ``leakage`` is what arrived and is nowhere: always 0."""
    counted = feeds.counted(tx, entity)
    states = sources.count_states(tx, entity)
    members = goldens.count_members(tx, entity)
    unplaced = sources.count_unplaced(tx, entity)
    attached = references.count_attached(tx, entity)
    waiting = states.get("waiting", 0) + unplaced + references.count_waiting(tx, entity)
    queued = queue.waiting(tx, entity) + in_flight.waiting(tx, entity)
    dead = dead_letters.dead(tx, entity) + counted.get("dead", 0)
    balance = {
        "arrived": counted.get("arrived", _seen(tx, entity) + queued + dead),
        "members": members,
        "attached": attached,
        "waiting": waiting,
        "queued": queued,
        "dead": dead,
        "rejected": rejects.count(tx, entity) + counted.get("rejected", 0),
        "superseded": states.get("superseded", 0) + counted.get("superseded", 0),
        "unchanged": states.get("unchanged", 0) + counted.get("unchanged", 0),
        "filtered": counted.get("filtered", 0),
        "deleted": states.get("deleted", 0),
    }
    return balance | {"leakage": balance["arrived"] - sum(number for name, number in balance.items() if name != "arrived")}


def _seen(tx: Connection, entity: str) -> int:
    """Where no feed counted what arrived (records given to the resolver directly), its history is all there is."""
    return tx.scalar(select(func.count()).select_from(record_versions).where(record_versions.c.entity == entity)) or 0
