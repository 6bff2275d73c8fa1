"""The hub as one object: builds each part when it is first needed, and knows who does what with them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from connectors import build
from hub.app import copies, delivering, feeding, looking, people, raw, receiving, replaying, stages
from hub.app.clock import AgreedClock
from hub.app.keys import KeyRing
from hub.app.modelling import in_force
from hub.app.outcome import Tell, Work, untold
from hub.app.receiving import Receipt
from hub.app.rights import somebody
from hub.bus import Bus
from hub.bus.embedded import EmbeddedBus
from hub.contract import Connector, Probe
from hub.deliver import Delivered
from hub.errors import BadLandscape, BadMapping, BadSettings, HubError, InvalidRecord, did_you_mean
from hub.ingest import FeedPlan, RunReport
from hub.landscape import Feed, Landscape, load_landscape, references, standing
from hub.mapping import CodeList, load_code_lists, load_mapping
from hub.mapping import Mapping as CompiledMapping
from hub.mapping.engine import mapping_name
from hub.model import Model, load_model, shipped_folder
from hub.quality import QualityRules, check_record, flags_of, load_quality
from hub.records import Decision
from hub.resolve import Difference, Outcome, Resolver, Rules
from hub.settings import Settings, from_environment
from hub.store import dead_letters, in_flight, migrating, queue, sources
from hub.store.moments import store_time
from hub.store.store import Store, open_store

Clock = Callable[[], datetime]


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Hub:
    """One running hub. Parts are built when they are first needed, so that `lint` opens no database."""

    settings: Settings
    clock: Clock = now
    _quality: dict[str, QualityRules] = field(default_factory=dict, repr=False)
    _release: str = field(default="", repr=False)
    compiled: dict[str, tuple[FeedPlan, datetime, int]] = field(default_factory=dict, repr=False)
    """Plans for what systems push, by feed, when it was last seen that they are up to date, and with which files."""

    @cached_property
    def landscape(self) -> Landscape:
        own = self.settings.home / "landscape.yaml"
        return load_landscape(own if own.is_file() else shipped_landscape())

    def own_landscape(self) -> Landscape:
        """The landscape of this folder; the shipped one is for looking at, not for running."""
        path = self.settings.home / "landscape.yaml"
        if not path.is_file():
            raise BadLandscape(
                f"There is no landscape.yaml in {self.settings.home.resolve()}. Write one (see docs/quickstart.md), "
                "name your company's folder with --home, or begin with `goldenhub demo`.",
                path=str(path),
                line=1,
            )
        return self.landscape

    @cached_property
    def model(self) -> Model:
        return load_model(*self.folders("canonical_model"))

    @cached_property
    def store(self) -> Store:
        return open_store(self.settings.store_url)

    @cached_property
    def bus(self) -> Bus:
        """RabbitMQ where one is named, else the queue built into the store."""
        if self.settings.bus_url.reveal():
            from hub.bus.rabbit import RabbitBus  # takes a while to load, and most commands need no broker

            return RabbitBus(self.settings, self.store.begin, in_flight, dead_letters.add, self.clock, self.model.entities)
        return EmbeddedBus(self.store.begin, queue, dead_letters.add, self.clock, limit=self.settings.queue_limit)

    @cached_property
    def rules(self) -> Rules:
        """How customers are matched, clustered and survive: the rules on file, with the model that is in force."""
        return in_force.rules_in_force(self)

    @cached_property
    def resolver(self) -> Resolver:
        return Resolver(self.rules, clock=self.clock, renew=partial(in_force.take_up, self))

    @cached_property
    def keys(self) -> KeyRing:
        """The keys under which everything is kept as it came."""
        return KeyRing(self.settings, self.clock)

    @property
    def release(self) -> str:
        """Landscape, mappings and model as they were when the last feed was made ready."""
        self._release = self._release or raw.release_of(self)
        return self._release

    @property
    def as_of(self) -> date:
        """The date that time-dependent rules take as today."""
        try:
            return date.fromisoformat(self.settings.as_of) if self.settings.as_of else self.clock().date()
        except ValueError as wrong:
            raise BadSettings(
                f"HUB_AS_OF must be a date as 2026-03-01, not {self.settings.as_of!r}.", name="HUB_AS_OF"
            ) from wrong

    def close(self) -> None:
        if "bus" in self.__dict__:
            self.bus.close()
        if "store" in self.__dict__:
            self.store.close()

    def connect(self, system: str) -> Connector:
        """The connector of one system, its references resolved now."""
        entry = self.landscape.system(system)
        with standing(entry.place):
            return build(entry.kind, entry.settings, references(self.settings.home), self.settings.home)

    def check(self, system: str) -> list[Probe]:
        """The connector's own probes; settings that cannot be used are the first of them to fail."""
        self.landscape.system(system)  # a name that nobody has is no failed probe
        try:
            with closing(self.connect(system)) as connector:
                return connector.check()
        except HubError as error:
            return [Probe("settings", "failed", str(error), "settings")]

    def mapping_path(self, name: str) -> Path:
        """The file of a mapping: the company's own before the shipped one."""
        for folder in reversed(self.folders("mappings")):
            if (path := folder / f"{name}.yaml").is_file():
                return path
        there = [mapping_name(path) for folder in self.folders("mappings") for path in folder.glob("*/*.yaml")]
        looked = ", ".join(str(folder) for folder in self.folders("mappings"))
        said = f"There is no mapping {name!r}{did_you_mean(name, there)}; looked for {name}.yaml in {looked}."
        raise BadMapping(said, path=f"{name}.yaml", line=1)

    def mapping(self, name: str, time_zone: str = "UTC") -> CompiledMapping:
        path = self.mapping_path(name)
        return load_mapping(path, model=self.model, code_lists=self._code_lists(path), time_zone=time_zone)

    def plan(self, feed: Feed) -> FeedPlan:
        """A feed ready to run: every mapping compiled, so that a mistake in one stops before any data moves."""
        zone = self.landscape.systems[feed.system].time_zone
        with standing(feed.place):
            for name in feed.mappings:
                self.mapping_path(name)
        translators = [self.mapping(name, zone) for name in feed.mappings]
        self._release = raw.release_of(self)
        held, former = partial(self._held, feed.system), partial(replaying.former, self, feed.name)
        own = partial(copies.own_words, self, feed.system)
        echoes = partial(delivering.echoes, self, feed.system, feed.request.name, translators=translators)
        return FeedPlan(feed.name, feed.system, translators, self.approve, held, former, feed.delta, feed.order_by, echoes, own)

    def _held(self, system: str, keys: Sequence[tuple[str, str]]) -> set[tuple[str, str]]:
        """Which of these (entity, key) of a system are current records."""
        held: set[tuple[str, str]] = set()
        with self.store.read() as tx:
            for entity in {entity for entity, _ in keys}:
                heads = sources.heads(tx, entity, [(system, key) for one, key in keys if one == entity])
                held |= {(entity, key) for (_, key), head in heads.items() if head.live}
        return held

    # -- what is done with them: each in its own module --

    def ingest(self, names: Sequence[str] = (), *, accept: bool = False, tell: Tell = untold) -> list[RunReport]:
        """Run feeds, all of them unless named. One feed that fails delays no other."""
        self.own_landscape()
        return feeding.ingest(self, names, accept, tell)

    def receive(
        self,
        feed: str,
        records: Sequence[Any],
        source: str | None = None,
        ids: Sequence[str] | None = None,
        lane: str | None = None,
        *,
        forward: bool = True,
        key: str | None = None,
    ) -> list[Receipt]:
        """Take records that a system pushed, in its own words: one receipt for each, in their order."""
        return receiving.receive(self, feed, records, source, ids, lane, forward=forward, key=key)

    def work(self, tell: Tell = untold) -> Work:
        """Take what waits on the bus, batch by batch, until nothing does: customers are resolved, the rest is attached."""
        return stages.work(self, tell)

    def deliver(self, names: Sequence[str] = (), *, again: bool = False, tell: Tell = untold) -> list[Delivered]:
        """Write back what changed, all deliveries unless named. ``again``: also what waits for a later attempt."""
        self.own_landscape()
        return delivering.run(self, names, tell, again=again)

    def decide(self, task: int, verdict: str, by: str, why: str) -> tuple[Decision, Outcome]:
        """A person's answer to a review task, about the records shown at that moment."""
        return people.decide(self, task, verdict, somebody(self, by), why)

    def withdraw(self, decision: str, by: str) -> Outcome:
        """Take an answer back; everything that rested on it is looked at again."""
        return people.withdraw(self, decision, somebody(self, by))

    def export(self, out: Path, xref: Path | None = None, view: str | None = None, tell: Tell = untold) -> dict[str, int]:
        """All golden records as a table; rows by file."""
        return looking.export(self, out, xref, view, tell)

    def rebuild(self, tell: Tell = untold) -> tuple[int, list[Difference]]:
        """Compute all golden records once more; how many there are, and what differs."""
        return looking.rebuild(self, tell)

    def adopt(self, tell: Tell = untold) -> Outcome:
        """After a change of rules: bring everything under the rules at hand, in one transaction; ids stay where they can."""
        self.stand()
        return looking.adopt(self, tell)

    def accounting(self) -> dict[str, dict[str, int]]:
        """Where everything that arrived is, by entity. `leakage` is 0, or something is wrong with the hub."""
        return looking.balance(self)

    # -- the rules at hand --

    def agrees(self) -> None:
        """Raise ``BadModel`` when the store runs under other rules than those at hand."""
        in_force.agrees(self)

    def agree(self) -> None:
        """The rules at hand are those the store runs under, or nothing moves."""
        in_force.agree(self)

    def approve(self, entity: str, data: dict[str, Any]) -> None:
        """The canonical schema, then the entity's quality rules: some flag, some set the record aside."""
        self.model.check(entity, data)
        if entity not in self._quality:
            self._quality[entity] = load_quality(self.model.rules(entity, "quality"))
        rules = self._quality[entity]
        findings = check_record(rules, data, self.as_of.isoformat())
        if not findings:
            return
        for found in findings:
            if found.action != "flag":
                raise InvalidRecord(f"{found.field}: {found.message}", code=found.rule, field=found.field)
        if flags := flags_of(findings):
            data["flags"] = [*data.get("flags", []), *(flag for flag in flags if flag not in data.get("flags", []))]

    def migrate(self, revision: str = "head") -> tuple[str | None, str | None]:
        """Bring the store to a revision; the revisions before and after."""
        before = migrating.revision(self.store)
        migrating.migrate(self.store, revision)
        return before, migrating.revision(self.store)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """One reading transaction, on tables as this version of the hub knows them."""
        self.stand()
        with self.store.read() as tx:
            yield tx

    def stand(self) -> None:
        """Raise ``BadSettings`` unless the store's tables are those of this version."""
        stands, newest = migrating.revision(self.store), migrating.newest()
        if stands is None:
            said = "holds nothing yet; run `goldenhub ingest` first."
        elif stands != newest:
            said = (
                f"has its tables at {stands}, this version of the hub needs {newest}: run `goldenhub migrate`. If that does "
                f"not know {stands}, a newer version has used this store; install that one."
            )
        else:
            return
        raise BadSettings(f"The store {self.settings.shown_store_url} {said}", name="HUB_DATABASE_URL")

    def _code_lists(self, path: Path) -> Mapping[str, CodeList]:
        return load_code_lists(path.parent / "codes")

    def folders(self, name: str) -> list[Path]:
        own = self.settings.home / name
        shipped = shipped_folder(name)
        return [shipped, own] if own.is_dir() and own.resolve() != shipped.resolve() else [shipped]


def shipped_landscape() -> Path:
    """The demo's landscape, which stands beside the shipped mappings."""
    return shipped_folder("mappings").parent / "landscape.yaml"


@contextmanager
def open_hub(settings: Settings | None = None, clock: Clock = now) -> Iterator[Hub]:
    """A hub from the environment (``HUB_*``) or from given settings; closed at the end."""
    hub = Hub(settings or from_environment(), clock)
    if clock is now:
        hub.clock = AgreedClock(clock, lambda: store_time(hub.store) if "store" in hub.__dict__ else None)
    if not hub.settings.home.is_dir():
        raise BadSettings(f"The folder {hub.settings.home} is not there; correct --home or HUB_HOME.", name="HUB_HOME")
    try:
        yield hub
    finally:
        hub.close()
