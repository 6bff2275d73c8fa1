"""Letting go of what is kept longer than it must be, in small transactions, past whatever others hold at the moment.

What still counts stays: what holds, what an open reject waits for, and every figure of the accounting.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from hub.app.outcome import Tell, untold
from hub.app.stages import ENTITY
from hub.store import deliveries, feeds, inbox, keys, outbox, raw, rejects, sources
from hub.store.store import critical
from hub.versions import needless

if TYPE_CHECKING:
    from hub.app.hub import Hub

_PAGE = 500


@dataclass
class Pruned:
    """What went, or would go."""

    receipts: int = 0
    bodies: int = 0  # whose receipts stay
    bytes: int = 0
    inbox: int = 0
    rejects: int = 0
    versions: int = 0
    changes: int = 0
    deliveries: int = 0
    over_budget: int = 0  # bytes that nothing may be taken from: open rejects need them

    def as_dict(self) -> dict[str, int]:
        return asdict(self)


class _Undone(Exception):
    pass


def prune(hub: Hub, tell: Tell = untold, *, dry_run: bool = False) -> Pruned:
    """Let go of what the settings say is kept long enough, and of the oldest bodies when they are over their budget.

    A dry run does the same in one transaction, which is rolled back.
    """
    done = Pruned()
    if dry_run:
        try:
            with hub.store.begin() as tx:
                _all(hub, done, lambda step: step(tx), untold)
                raise _Undone  # noqa: TRY301 - the one way out of a transaction that leaves nothing
        except _Undone:
            return done

    def alone(step: Callable[[Connection], bool]) -> bool:
        with hub.store.begin() as tx:
            return step(tx)

    _all(hub, done, alone, tell)
    return done


Apart = Callable[[Callable[[Connection], bool]], bool]
"""Runs one step in its transaction; True when there may be more."""


def _all(hub: Hub, done: Pruned, apart: Apart, tell: Tell) -> None:
    settings, now = hub.settings, hub.clock()
    if settings.keep_raw is not None:
        before = now - settings.keep_raw
        while apart(lambda tx: _receipts(tx, done, before)):
            tell("raw records", done.receipts, None)
    if settings.raw_budget is not None:
        budget = settings.raw_budget
        while apart(lambda tx: _bodies(tx, done, budget, now)):
            tell("raw bodies", done.bodies, None)
    if settings.keep_inbox is not None:
        until = now - settings.keep_inbox
        while apart(lambda tx: _inbox(tx, done, until)):
            tell("inbox", done.inbox, None)
    if settings.keep_rejects is not None:
        closed = now - settings.keep_rejects
        while apart(lambda tx: _rejects(tx, done, closed)):
            tell("rejects", done.rejects, None)
    if settings.keep_history is not None:
        _history(hub, done, apart, now - settings.keep_history, tell)
    if settings.keep_changes is not None:
        _changes(hub, done, apart, now - settings.keep_changes, tell)


def _receipts(tx: Connection, done: Pruned, before: datetime) -> bool:
    gone = raw.old(tx, before, _PAGE)
    raw.delete(tx, gone)
    keys.forget(tx, raw.without_bodies(tx, [one.owner for one in gone]))
    done.receipts += len(gone)
    done.bytes += sum(one.size for one in gone if one.pruned_at is None)
    return bool(gone)


def _bodies(tx: Connection, done: Pruned, budget: int, now: datetime) -> bool:
    """The oldest bodies, until what is left fits."""
    over = sum(size for _, size in raw.sizes(tx).values()) - budget
    if over <= 0:
        return False
    gone = []
    for one in raw.oldest_bodies(tx, _PAGE):
        if over <= 0:
            break
        gone.append(one)
        over -= one.size
    raw.empty(tx, gone, now)
    keys.forget(tx, raw.without_bodies(tx, [one.owner for one in gone]))
    done.bodies += len(gone)
    done.bytes += sum(one.size for one in gone)
    done.over_budget = max(0, over) if not gone else 0
    return bool(gone)


def _inbox(tx: Connection, done: Pruned, before: datetime) -> bool:
    gone = inbox.prune(tx, before, _PAGE)
    done.inbox += gone
    return bool(gone)


def _rejects(tx: Connection, done: Pruned, before: datetime) -> bool:
    """They go, and stay counted."""
    gone = rejects.prune(tx, before, _PAGE)
    for (feed, entity), number in sorted(gone.items()):
        feeds.add_counts(tx, feed, "rejected", {entity: number})
    done.rejects += sum(gone.values())
    return bool(gone)


def _changes(hub: Hub, done: Pruned, apart: Apart, before: datetime, tell: Tell) -> None:
    """The beginning of the feed, as far as relay and deliveries have read it, and what systems answered."""

    def announcements(tx: Connection) -> bool:
        done.changes += (gone := outbox.cut_off(tx, ENTITY, before, _PAGE))
        return bool(gone)

    def answers(tx: Connection) -> bool:
        done.deliveries += (gone := deliveries.forget_receipts(tx, before, _PAGE))
        return bool(gone)

    while apart(announcements):
        tell("announcements", done.changes, None)
    while apart(answers):
        tell("receipts of deliveries", done.deliveries, None)


def _history(hub: Hub, done: Pruned, apart: Apart, before: datetime, tell: Tell) -> None:
    """Versions that no longer count for anything, key by key: the pages are of keys, so that a key is judged as a whole."""
    with hub.store.read() as tx:
        entities = feeds.entities_of(tx)
    for entity in entities:
        place: list[tuple[str, str] | None] = [None]

        def step(tx: Connection, entity: str = entity, place: list[tuple[str, str] | None] = place) -> bool:
            critical(tx, entity)  # nobody folds these keys meanwhile
            listed = sources.keys_with_old(tx, entity, before, place[0], _PAGE)
            if listed:
                place[0] = listed[-1]
                _versions(tx, done, entity, listed, before)
            return bool(listed)

        while apart(step):
            tell("versions", done.versions, None)


def _versions(tx: Connection, done: Pruned, entity: str, listed: list[tuple[str, str]], before: datetime) -> None:
    told = sources.states_of(tx, entity, listed)
    for versions in told.values():
        old = [(version, state) for version, state, arrived in versions if arrived < before]
        loose = needless([version for version, _, _ in versions])
        gone = [(version, state) for version, state in old if version.message_id in loose]
        sources.forget_versions(tx, entity, [version.message_id for version, _ in gone])
        for version, state in gone:
            feeds.add_counts(tx, version.feed, state, {entity: 1})
        done.versions += len(gone)


def over_budget(hub: Hub, tx: Connection) -> tuple[int, int] | None:
    """(bytes kept raw, budget) when the budget is full; for those who look after the hub."""
    kept = sum(size for _, size in raw.sizes(tx).values())
    budget = hub.settings.raw_budget
    return (kept, budget) if budget is not None and kept > budget else None
