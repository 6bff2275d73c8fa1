"""Simulation: what would change if everything were brought under a version. The store is only read.

All that the resolver works with is copied into a twin, and there the version is applied by the very code that would apply it;
so what is told is what would happen. New golden records have no id yet and are called ``new-1``, ``new-2``, ...
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection

from hub.app.modelling.applying import brought_in_bulk
from hub.app.modelling.changes import GoldenChange, Group, groups_of
from hub.app.modelling.in_force import under
from hub.app.modelling.tracing_causes import Causes
from hub.app.outcome import Tell
from hub.app.stages import ENTITY
from hub.errors import Rejected
from hub.records import RecordRef, ReviewTask
from hub.resolve import Resolver, Rules
from hub.store import goldens, models, tasks
from hub.store.models import StoredModel
from hub.store.store import Store
from hub.store.tasks import StoredTask
from hub.store.twin import twin

if TYPE_CHECKING:
    from hub.app.hub import Hub

_PAGE = 500


@dataclass(frozen=True)
class TaskChange:
    """A question to stewards that would open, close or ask something else."""

    change: str  # opened | closed | changed
    task: ReviewTask


@dataclass
class Simulation:
    """What a version would do."""

    model: str
    against: str
    as_of: str
    records: int = 0
    before: int = 0  # golden records
    after: int = 0
    announced: Counter[str] = field(default_factory=Counter)
    golden: list[GoldenChange] = field(default_factory=list)  # every golden record that would be announced
    groups: list[Group] = field(default_factory=list)  # customers that merge, split or change hands, with the cause
    tasks: list[TaskChange] = field(default_factory=list)
    tasks_before: int = 0
    tasks_after: int = 0

    @property
    def kinds(self) -> Counter[str]:
        return Counter(group.kind for group in self.groups)

    @property
    def causes(self) -> dict[str, Counter[str]]:
        """By cause: how many groups of which kind, the most first."""
        found: dict[str, Counter[str]] = {}
        for group in self.groups:
            found.setdefault(group.cause, Counter())[group.kind] += 1
        return dict(sorted(found.items(), key=lambda one: (-one[1].total(), one[0])))

    @property
    def moved(self) -> list[tuple[RecordRef, str, str]]:
        """(record, golden id before, golden id after) of every record whose customer would have another id."""
        return sorted(one for group in self.groups for one in group.moved)

    def numbers(self) -> dict[str, Any]:
        """All of it in numbers."""
        kinds, asked = self.kinds, Counter(one.change for one in self.tasks)
        fates = Counter(one.fate for one in self.golden)
        return {
            "model": self.model,
            "against": self.against,
            "as_of": self.as_of,
            "records": self.records,
            "golden_records": {"before": self.before, "after": self.after},
            "customers": {kind: kinds[kind] for kind in ("merge", "split", "regroup")},
            "ids": {fate: fates[fate] for fate in ("retired", "ended", "new", "reinstated")},
            "records_under_another_id": len(self.moved),
            "values": sum(bool(one.changed) and one.fate == "stays" for one in self.golden),
            "announced": dict(sorted(self.announced.items())),
            "tasks": {
                "before": self.tasks_before,
                "after": self.tasks_after,
                **{change: asked[change] for change in ("opened", "closed", "changed")},
            },
            "causes": {cause: dict(sorted(found.items())) for cause, found in self.causes.items()},
        }

    def examples(self, each: int) -> Iterator[Group]:
        """So many groups of every cause and kind: a fair sample, and the same one each time."""
        taken: Counter[tuple[str, str]] = Counter()
        order = {cause: place for place, cause in enumerate(self.causes)}
        for group in sorted(self.groups, key=lambda one: (order[one.cause], one.kind, one.lot)):
            taken[group.cause, group.kind] += 1
            if taken[group.cause, group.kind] <= each:
                yield group


def simulate(hub: Hub, model: StoredModel, tell: Tell, *, bulk: bool = False) -> Simulation:
    """Apply a version to a twin of the store and say what is other there. Keeps the numbers with the version."""
    hub.agree()
    if model.state == models.ACTIVE:
        raise Rejected(f"Version {model.version[:12]} is in force: nothing would change.", code="model_active")
    old, new = hub.rules, under(hub, model)
    found = Simulation(model.version, old.model, hub.as_of.isoformat())

    def copied(done: int, total: int) -> None:
        tell("copying what is held", done, total)

    with hub.store.read() as tx, twin(tx, ENTITY, copied) as store:
        _apply(store, hub, new, found, tell, bulk=bulk)
        with store.read() as there:
            _compare(tx, there, found)
            _find_causes(there, old, new, found, tell)
    with hub.store.begin() as tx:
        models.note_simulation(tx, ENTITY, model.version, {"at": hub.clock().isoformat(), **found.numbers()})
    return found


def _apply(twin_store: Store, hub: Hub, new: Rules, found: Simulation, tell: Tell, *, bulk: bool) -> None:
    numbers = count(1)
    resolver = Resolver(new, clock=hub.clock, mint=lambda: f"new-{next(numbers)}")
    with twin_store.read() as there:
        found.records = goldens.count_members(there, ENTITY)
    if bulk:
        brought_in_bulk(twin_store, resolver, hub.as_of, tell)
        return
    with twin_store.begin() as there:
        resolver.adopt(there, hub.as_of, lambda done: tell("trying it out", done, found.records))


def _compare(tx: Connection, there: Connection, found: Simulation) -> None:
    """What is announced there, beside what is held here."""
    found.before = goldens.count(tx, ENTITY).get(goldens.ACTIVE, 0)
    found.after = goldens.count(there, ENTITY).get(goldens.ACTIVE, 0)
    last = 0
    while page := goldens.announced(there, ENTITY, after=last, limit=_PAGE):
        last = page[-1].id
        held = goldens.by_id(tx, [one.golden_id for one in page])
        now = goldens.by_id(there, [one.golden_id for one in page])
        found.announced.update(one.kind for one in page)
        found.golden += [GoldenChange.of(one, held.get(one.golden_id), now[one.golden_id]) for one in page]
    found.groups = groups_of(found.golden)
    _compare_tasks({one.id: one for one in tasks.every(tx, ENTITY)}, {one.id: one for one in tasks.every(there, ENTITY)}, found)


def _compare_tasks(before: Mapping[int, StoredTask], after: Mapping[int, StoredTask], found: Simulation) -> None:
    found.tasks_before, found.tasks_after = len(before), len(after)
    found.tasks += [TaskChange("opened", one.task) for number, one in after.items() if number not in before]
    found.tasks += [TaskChange("closed", one.task) for number, one in before.items() if number not in after]
    found.tasks += [
        TaskChange("changed", one.task) for number, one in after.items() if number in before and before[number].task != one.task
    ]


def _find_causes(there: Connection, old: Rules, new: Rules, found: Simulation, tell: Tell) -> None:
    causes, done = Causes(there, old, new), 0
    for start in range(0, len(found.groups), _PAGE):
        page = found.groups[start : start + _PAGE]
        causes.find(page)
        done += len(page)
        tell("looking for causes", done, len(found.groups))
