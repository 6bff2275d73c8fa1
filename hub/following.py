"""What customers can be found by is kept as they change, and whoever was looked up by it is looked at again."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection

from hub.contacts import contact_words, key_lookup
from hub.store import references
from hub.store.references import ContactPoint
from hub.store.sources import Head, SourceKey


def follow_customers(tx: Connection, changed: Iterable[Head], *, new: Collection[SourceKey], referred: bool) -> None:
    """Keep what customers can be found by, and note which records must be looked at again.

    Keys that are ``new`` had no contact points; ``referred``: whether anything refers to customers at all.
    """
    heads = {head.source_key: head for head in changed}
    before = references.contact_points_of(tx, heads.keys() - set(new))
    points: list[ContactPoint] = []
    gone: list[SourceKey] = []
    touched: set[str] = set()
    for key, head in sorted(heads.items()):
        had = before.get(key, [])
        now = _points(head, had)
        changed_points = set(now) ^ set(had)
        touched.add(key_lookup(*key))
        touched.update(point.lookup for point in changed_points)
        points += [point for point in now if point in changed_points]
        if had and not now:
            gone.append(key)
    references.drop_contact_points(tx, gone)
    references.put_contact_points(tx, [point for point in points if point.record in new], new=True)
    references.put_contact_points(tx, [point for point in points if point.record not in new])
    if referred:
        references.look_again(tx, touched)


def _points(head: Head, known: Sequence[ContactPoint]) -> list[ContactPoint]:
    """The contact points of a customer's record; one it gave up keeps the time in which it was his."""
    if not head.live:
        return []
    since = head.record.effective_at
    held = {point.lookup: point for point in known}
    now: dict[str, ContactPoint] = {}
    for word, valid_from, valid_to in contact_words(head.record.data):
        came = valid_from or (held[word].valid_from if word in held else since if known else None)
        now[word] = ContactPoint(word, head.source_key, came, valid_to)
    for word, point in held.items():
        if word not in now:
            now[word] = point if point.valid_to else point._replace(valid_to=since)
    return list(now.values())


def follow_moves(tx: Connection, moved: Iterable[SourceKey], *, referred: bool) -> None:
    """Records went to other golden records: who shared a contact point with them may be told apart now, or not any more."""
    keys = set(moved)
    if keys and referred:
        points = references.contact_points_of(tx, keys)
        references.look_again(tx, {point.lookup for listed in points.values() for point in listed})
