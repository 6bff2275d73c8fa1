"""Letting go of what is kept longer than it must be, in small transactions, past whatever others hold at the moment.

What still counts stays: what holds, what an open reject waits for, and every figure of the accounting.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from sqlalchemy import Connection

from hub.app.outcome import Tell, untold
from hub.app.stages import ENTITY
from hub.store import dead_letters, deliveries, duties, feeds, inbox, keys, outbox, raw, rejects, sources
from hub.store.store import critical
from hub.versions import needless

if TYPE_CHECKING:
    from hub.app.hub import Hub

PAGE = 500
RETENTION, BUDGET = "retention", "budget"
"""Under which names it is noted when they were last kept."""


@dataclass
class Pruned:
    """What went, or would go."""

    receipts: int = 0
    bodies: int = 0  # whose receipts stay
    bytes: int = 0
    inbox: int = 0
    rejects: int = 0
    dead_letters: int = 0
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
                _all(steps(hub, done), lambda step: step(tx), untold)
                raise _Undone  # noqa: TRY301 - the one way out of a transaction that leaves nothing
        except _Undone:
            return done

    def alone(step: Step) -> bool:
        with hub.store.begin() as tx:
            return step(tx)

    _all(steps(hub, done), alone, tell)
    with hub.store.begin() as tx:
        for duty in (RETENTION, BUDGET):
            finished(tx, hub, duty, done)
    return done


Step = Callable[[Connection], bool]
"""Lets one page of something go, within a transaction; True when there may be more."""
Steps = Sequence[tuple[str, Callable[[], int], Step]]
"""What goes, how much of it went so far, and the step to be repeated as long as there is more."""


def _all(steps: Steps, apart: Callable[[Step], bool], tell: Tell) -> None:
    for what, number, step in steps:
        while apart(step):
            tell(what, number(), None)


def steps(hub: Hub, done: Pruned, page: int = PAGE) -> Steps:
    """What is to be done, in its order, as the settings say."""
    settings, now = hub.settings, hub.clock()
    found: list[tuple[str, Callable[[], int], Step]] = []
    if settings.keep_raw is not None:
        before = now - settings.keep_raw
        found.append(("raw records", lambda: done.receipts, lambda tx: _receipts(tx, done, before)))
    found += budget_steps(hub, done)
    if settings.keep_inbox is not None:
        until = now - settings.keep_inbox
        found.append(("inbox", lambda: done.inbox, lambda tx: _inbox(tx, done, until)))
    if settings.keep_rejects is not None:
        closed = now - settings.keep_rejects
        found.append(("rejects", lambda: done.rejects, lambda tx: _rejects(tx, done, closed)))
        found.append(("dead letters", lambda: done.dead_letters, lambda tx: _dead_letters(tx, done, closed)))
    if settings.keep_history is not None:
        found += _history(hub, done, now - settings.keep_history, page)
    if settings.keep_changes is not None:
        found += _changes(done, now - settings.keep_changes)
    return found


def budget_steps(hub: Hub, done: Pruned) -> Steps:
    """What keeps raw bodies within their budget."""
    budget, now = hub.settings.raw_budget, hub.clock()
    if budget is None:
        return []
    return [("raw bodies", lambda: done.bodies, lambda tx: _bodies(tx, done, budget, now))]


def finished(tx: Connection, hub: Hub, duty: str, done: Pruned) -> None:
    """Note that it was done, and what is left: nobody needs to look again before there is more."""
    duties.done(tx, duty, hub.clock(), done.as_dict() | {"left": _kept(tx)})


def _kept(tx: Connection) -> int:
    return sum(size for _, size in raw.sizes(tx).values())


def _receipts(tx: Connection, done: Pruned, before: datetime) -> bool:
    gone = raw.old(tx, before, PAGE)
    raw.delete(tx, gone)
    keys.forget(tx, raw.without_bodies(tx, [one.owner for one in gone]))
    done.receipts += len(gone)
    done.bytes += sum(one.size for one in gone if one.pruned_at is None)
    return bool(gone)


def _bodies(tx: Connection, done: Pruned, budget: int, now: datetime) -> bool:
    """The oldest bodies, until what is left fits."""
    over = _kept(tx) - budget
    if over <= 0:
        return False
    gone = []
    for one in raw.oldest_bodies(tx, PAGE):
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
    gone = inbox.prune(tx, before, PAGE)
    done.inbox += gone
    return bool(gone)


def _rejects(tx: Connection, done: Pruned, before: datetime) -> bool:
    """They go, and stay counted."""
    gone = rejects.prune(tx, before, PAGE)
    for (feed, entity), number in sorted(gone.items()):
        feeds.add_counts(tx, feed, "rejected", {entity: number})
    done.rejects += sum(gone.values())
    return bool(gone)


def _dead_letters(tx: Connection, done: Pruned, before: datetime) -> bool:
    """Those that were closed. What was archived stays counted; what was replayed lives on elsewhere."""
    number, archived = dead_letters.prune(tx, before, PAGE)
    feeds.add_counts(tx, "", "dead", archived)
    done.dead_letters += number
    return bool(number)


def _changes(done: Pruned, before: datetime) -> Steps:
    """The beginning of the feed, as far as relay and deliveries have read it, and what systems answered."""

    def announcements(tx: Connection) -> bool:
        done.changes += (gone := outbox.cut_off(tx, ENTITY, before, PAGE))
        return bool(gone)

    def answers(tx: Connection) -> bool:
        done.deliveries += (gone := deliveries.forget_receipts(tx, before, PAGE))
        return bool(gone)

    return [
        ("announcements", lambda: done.changes, announcements),
        ("receipts of deliveries", lambda: done.deliveries, answers),
    ]


def _history(hub: Hub, done: Pruned, before: datetime, page: int) -> Steps:
    """Versions that no longer count for anything, key by key: the pages are of keys, so that a key is judged as a whole."""
    with hub.store.read() as tx:
        entities = feeds.entities_of(tx)
    return [("versions", lambda: done.versions, _versions_of(entity, done, before, page)) for entity in entities]


def _versions_of(entity: str, done: Pruned, before: datetime, page: int) -> Step:
    place: tuple[str, str] | None = None

    def step(tx: Connection) -> bool:
        nonlocal place
        listed = sources.keys_with_old(tx, entity, before, place, page)  # looked for while others work
        if listed:
            critical(tx, entity)  # from here on nobody folds these keys
            _versions(tx, done, entity, listed, before)
            place = listed[-1]
        return bool(listed)

    return step


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
    kept = _kept(tx)
    budget = hub.settings.raw_budget
    return (kept, budget) if budget is not None and kept > budget else None
