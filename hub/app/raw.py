"""Keeping everything as it came, sealed, in the transaction in which it lands; and reading it again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from hub.ingest import Came, Item
from hub.records import GONE, RawRecord
from hub.sealing import NONCE_BYTES, open_body, seal_body
from hub.sealing.packing import pack, unpack
from hub.store import feeds, raw
from hub.store.keys import Owner
from hub.store.raw import RawMessage
from hub.store.rows import Row

if TYPE_CHECKING:
    from hub.app.hub import Hub

_PAGE = 500


def keep(tx: Connection, hub: Hub, feed: str, came: Sequence[Came], lane: str) -> None:
    """Keep what came: compressed, and sealed with the data key of the source record it is about."""
    if not came:
        return
    system, release, at = hub.landscape.feed(feed).system, hub.release, hub.clock()
    bodies = [piece for piece in came if piece.origin is None or piece.edited]
    opened = hub.keys.for_owners(tx, {_owner(piece, system) for piece in bodies})
    nonces = os.urandom(NONCE_BYTES * len(bodies))
    kept: list[Row] = []
    place = 0
    for piece in came:
        item = piece.item
        number, mark, body = 0, "", None
        if piece.origin is None or piece.edited:
            number, key = opened[_owner(piece, system)]
            packed = pack(item)
            mark = hashlib.blake2b(packed, key=key, digest_size=16).hexdigest()
            body = seal_body(key, piece.id, packed, nonces[place : place + NONCE_BYTES])
            place += NONCE_BYTES
        kept.append(
            {
                "id": piece.id, "feed": feed, "system": system, "stream": item.stream, "entity": piece.entity,
                "key": None if piece.key is None else _storable(piece.key), "where": _storable(item.where),
                "run": piece.id.rpartition(":")[0], "at": piece.at, "kept_at": piece.at if piece.origin is None else at,
                "lane": lane, "made": piece.made, "release": release, "origin": piece.origin, "hash": mark,
                "data_key": number, "size": len(body) if body else 0, "body": body,
            }
        )  # fmt: skip
    raw.add(tx, kept)
    if bodies:
        raw.add_sizes(tx, feed, len(bodies), sum(row["size"] for row in kept))


def read(tx: Connection, hub: Hub, receipts: Iterable[str]) -> dict[str, Item]:
    """What came under these receipts, as it came. What was pruned or erased is missing."""
    asked = raw.by_id(tx, receipts, bodies=True)
    behind = {one.origin for one in asked.values() if one.origin is not None and one.body is None} - asked.keys()
    held = asked | raw.by_id(tx, behind, bodies=True)
    opened = opened_bodies(tx, hub, [one for one in held.values() if one.body is not None])
    found = {}
    for receipt, one in asked.items():
        item = opened.get(one.id if one.body is not None else one.origin or "")
        if item is not None:
            found[receipt] = item
    return found


def landed_keys(tx: Connection, hub: Hub, feed: str) -> list[str]:
    """The keys that landed after what the feed's cursor covers, as the connector gave them; without those it said are gone."""
    last: dict[str, str | None] = {}
    for run, first in feeds.uncovered(tx, feed):
        receipts = [f"{run}:{number}" for number in raw.numbers_of(tx, run) if number >= first]
        for start in range(0, len(receipts), _PAGE):
            some = receipts[start : start + _PAGE]
            items = read(tx, hub, some)
            for item in (items[one] for one in some if one in items):
                if isinstance(item, RawRecord) and item.key is not None:
                    last[item.key] = item.operation
    return [key for key, operation in last.items() if operation not in GONE]


def opened_bodies(tx: Connection, hub: Hub, messages: Sequence[RawMessage]) -> dict[str, Item]:
    """The bodies of these, by receipt; those whose data key was destroyed are missing."""
    data_keys = hub.keys.opened(tx, [(one.owner, one.data_key) for one in messages])
    found: dict[str, Item] = {}
    for one in messages:
        key = data_keys.get((one.owner, one.data_key))
        packed = open_body(key, one.id, one.body) if key is not None and one.body is not None else None
        if packed is not None:
            found[one.id] = unpack(packed, one.stream)
    return found


def _owner(piece: Came, system: str) -> Owner:
    return piece.entity, system, piece.id if piece.key is None else _storable(piece.key)


def _storable(text: str) -> str:
    """Text that every database takes; the body has it as it came."""
    if "\x00" in text:
        text = text.replace("\x00", "\N{SYMBOL FOR NULL}")
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "replace").decode()
    return text


def release_of(hub: Hub) -> str:
    """One word for the landscape, the mappings and the model in force: equal exactly when all of them are."""
    own = hub.settings.home / "landscape.yaml"
    files: list[tuple[str, Path]] = [("landscape", own)] if own.is_file() else []
    for name in ("mappings", "canonical_model"):
        for folder in hub.folders(name):
            files += [(f"{name}/{path.relative_to(folder)}", path) for path in folder.rglob("*") if path.is_file()]
    whole = hashlib.blake2b(digest_size=8)
    for name, path in sorted(files, key=lambda one: (one[0], str(one[1]))):
        if path.suffix in (".yaml", ".yml", ".json", ".csv") and ".examples." not in path.name:
            whole.update(f"{name}\x00{hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()}\x00".encode())
    return whole.hexdigest()
