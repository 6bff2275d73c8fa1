"""What comes under an id that came before: the same once more, or another message that its sender gave a used id.

The same is known. Another one is set aside with its reason, whole and under a receipt of its own: it is accounted for, a person
sees it among the rejects, and the same again is known from then on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from hub.app import raw
from hub.errors import MappingFailed
from hub.ingest import FeedPlan, Item, Translator
from hub.records import RawRecord, Translation, canonical_json

if TYPE_CHECKING:
    from hub.app.hub import Hub

CODE = "message_id_reused"
_WHY = (
    "Another message came under this id before, and is the one that counts. If this is a change, have its sender give each "
    "message an id of its own; to take this one now, replay it."
)


def others(
    tx: Connection, hub: Hub, source: str, ids: Sequence[str], items: Sequence[Item], known: Mapping[str, str]
) -> dict[int, str]:
    """Place -> the name under which it is known from here on, of what is not the message that first came under its id.

    ``known`` leads from ids to receipts. What is no longer kept can no longer be compared, and is taken for the same.
    """
    if not known and len(set(ids)) == len(ids):
        return {}
    first = raw.read(tx, hub, set(known.values()))
    said: dict[str, Item] = {name: first[receipt] for name, receipt in known.items() if receipt in first}
    found: dict[int, str] = {}
    for place, (name, item) in enumerate(zip(ids, items, strict=True)):
        if name in known or name in said:
            if name in said and _told(said[name]) != _told(item):
                found[place] = f"{name}~{_mark(tx, hub, source, item)}"
        else:
            said[name] = item
    return found


def refusing(plan: FeedPlan) -> FeedPlan:
    """A feed's plan that keeps what comes and sets all of it aside."""
    return replace(plan, translators=[_Refused(one) for one in plan.translators[:1]])


class _Refused:
    """In the place of a feed's mapping."""

    def __init__(self, mapping: Translator) -> None:
        self.name, self.entity, self.keys = mapping.name, mapping.entity, mapping.keys

    def apply(self, raw: RawRecord) -> Sequence[Translation | MappingFailed]:
        return [MappingFailed(_WHY, code=CODE)]


def _told(item: Item) -> bytes:
    """What a sender says with a message, however it came."""
    if isinstance(item, RawRecord):
        return canonical_json([item.stream, item.operation, item.data])
    return canonical_json([item.stream, item.code, item.excerpt])


def _mark(tx: Connection, hub: Hub, source: str, item: Item) -> str:
    """Tells messages apart, and says nothing about them to who has no data key."""
    owner = ("inbox", source, "")
    number, key = hub.keys.for_owners(tx, [owner])[owner]
    return f"{number}.{hashlib.blake2b(_told(item), key=key, digest_size=16).hexdigest()}"
