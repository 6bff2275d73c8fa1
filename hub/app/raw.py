"""Keeping everything as it came, sealed, in the transaction in which it lands; and reading it again."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from sqlalchemy import Connection

from hub.ingest import Came, Item
from hub.records import GONE, RawRecord
from hub.sealing import NONCE_BYTES, open_body, seal_body
from hub.sealing.packing import pack, unpack
from hub.store import feeds, raw
from hub.store.keys import Owner
from hub.store.raw import RawMessage

if TYPE_CHECKING:
    from hub.app.hub import Hub

_PAGE = 500


def keep(tx: Connection, hub: Hub, feed: str, came: Sequence[Came], lane: str) -> None:
    """Keep what came: compressed, and sealed with the data key of the source record it is about."""
    if not came:
        return
    system, at, all_of = hub.landscape.feed(feed).system, hub.clock(), len(came)
    keys = [None if piece.key is None else _storable(piece.key) for piece in came]
    sealed = _sealed(tx, hub, [(piece, _owner(piece, key, system)) for piece, key in zip(came, keys, strict=True)])
    kept: dict[str, Sequence[Any]] = {
        "id": [piece.id for piece in came],
        "feed": [feed] * all_of,
        "system": [system] * all_of,
        "stream": [piece.item.stream for piece in came],
        "entity": [piece.entity for piece in came],
        "key": keys,
        "where": [_storable(piece.item.where) for piece in came],
        "run": [piece.id.rpartition(":")[0] for piece in came],
        "at": [piece.at for piece in came],
        "kept_at": [piece.at if piece.origin is None else at for piece in came],
        "lane": [lane] * all_of,
        "made": [piece.made for piece in came],
        "release": [hub.release] * all_of,
        "origin": [piece.origin for piece in came],
        "hash": [one.mark for one in sealed],
        "data_key": [one.number for one in sealed],
        "size": [len(one.body) if one.body else 0 for one in sealed],
        "body": [one.body for one in sealed],
    }
    raw.add(tx, kept)
    if bodies := sum(one.body is not None for one in sealed):
        raw.add_sizes(tx, feed, bodies, sum(kept["size"]))


class _Sealed(NamedTuple):
    """A body as it is kept, under which of the data keys of its source record, and what it is known by."""

    number: int
    mark: str
    body: bytes | None


_NO_BODY = _Sealed(0, "", None)


def _sealed(tx: Connection, hub: Hub, pieces: Sequence[tuple[Came, Owner]]) -> list[_Sealed]:
    """A replay has no body: its origin has it, unless a person changed it since."""
    opened = hub.keys.for_owners(tx, {owner for piece, owner in pieces if piece.origin is None or piece.edited})
    nonces = os.urandom(NONCE_BYTES * len(pieces))
    made = []
    for place, (piece, owner) in enumerate(pieces):
        if piece.origin is not None and not piece.edited:
            made.append(_NO_BODY)
            continue
        number, key = opened[owner]
        packed = pack(piece.item)
        mark = hashlib.blake2b(packed, key=key, digest_size=16).hexdigest()
        nonce = nonces[place * NONCE_BYTES : (place + 1) * NONCE_BYTES]
        made.append(_Sealed(number, mark, seal_body(key, piece.id, packed, nonce)))
    return made


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


def _owner(piece: Came, key: str | None, system: str) -> Owner:
    return piece.entity, system, piece.id if key is None else key


def _storable(text: str) -> str:
    """Text that every database takes; the body has it as it came."""
    if text.isascii() and "\x00" not in text:
        return text
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
