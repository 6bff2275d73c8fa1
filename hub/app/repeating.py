"""What comes under an id that came before: the same once more, or another message or request that its sender gave a used id.

The same is known. Another request is refused. Another message is set aside with its reason, whole and under a receipt of its own:
it is accounted for, a person sees it among the rejects, and the same again is known from then on.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from hub.app import raw
from hub.errors import MappingFailed, Rejected
from hub.ingest import FeedPlan, Item, Translator
from hub.records import RawRecord, Translation, canonical_json
from hub.store import inbox

if TYPE_CHECKING:
    from hub.app.hub import Hub

CODE = "message_id_reused"
_WHY = (
    "Another message came under this id before, and is the one that counts. If this is a change, have its sender give each "
    "message an id of its own; to take this one now, replay it."
)


def hash_of(tx: Connection, hub: Hub, source: str, told: bytes) -> str:
    """What a request or a message is known by. It is made under a data key of its source, so that nobody who reads it can try out
    bodies.
    """
    owner = ("inbox", source, "")
    number, key = hub.keys.for_owners(tx, [owner])[owner]
    return f"{number}.{hashlib.blake2b(told, key=key, digest_size=16).hexdigest()}"


def must_be_the_same(tx: Connection, source: str, ids: Iterable[str], hash: str) -> None:
    """What was made under a key that is lost can no longer be compared, and is taken for the same."""
    number = hash.partition(".")[0]
    if any(other != hash and other.partition(".")[0] == number for other in inbox.hashes(tx, source, ids)):
        raise Rejected(
            "The Idempotency-Key was used before, for another request. Nothing of this was taken. Send this again under another "
            "key; or send the former request again as it was, to hear its receipts.",
            code="idempotency_key_reused",
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
                found[place] = f"{name}~{hash_of(tx, hub, source, _told(item))}"
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
