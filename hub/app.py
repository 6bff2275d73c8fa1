"""Everything is built here, once: settings, landscape, model, rules, store, resolver, connectors. Doors call this and no edge.

hub = open_hub()
hub.ingest()        every feed: read, translate, check, publish
hub.work()          what was published: resolve customers, attach the rest, until nothing waits
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import MISSING, dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from connectors import build, connector_class, kinds
from hub.contract import Connector, Probe
from hub.errors import BadMapping, HubError
from hub.landscape import Landscape, load_landscape, references
from hub.mapping import CodeList, load_code_lists, load_mapping
from hub.mapping import Mapping as CompiledMapping
from hub.model import Model, load_model, shipped_folder
from hub.reading.declared import declared
from hub.settings import Settings, from_environment
from hub.store import migrating
from hub.store.store import Store, open_store

Clock = Callable[[], datetime]


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Hub:
    """One running hub. Parts are built when they are first needed, so that `lint` opens no database."""

    settings: Settings
    clock: Clock = now

    @cached_property
    def landscape(self) -> Landscape:
        own = self.settings.home / "landscape.yaml"
        return load_landscape(own if own.is_file() else shipped_landscape())

    @cached_property
    def model(self) -> Model:
        return load_model(*self._folders("canonical_model"))

    @cached_property
    def store(self) -> Store:
        return open_store(self.settings.store_url)

    def close(self) -> None:
        if "store" in self.__dict__:
            self.store.close()

    def connect(self, system: str) -> Connector:
        """The connector of one system, its references resolved now."""
        entry = self.landscape.systems[system]
        return build(entry.kind, entry.settings, references(self.settings.home), self.settings.home)

    def check(self, system: str) -> list[Probe]:
        """The connector's own probes; settings that cannot be used are the first of them to fail."""
        try:
            with closing(self.connect(system)) as connector:
                return connector.check()
        except HubError as error:
            return [Probe("settings", "failed", str(error), "settings")]

    def mapping_path(self, name: str) -> Path:
        """The file of a mapping: the company's own before the shipped one."""
        for folder in reversed(self._folders("mappings")):
            if (path := folder / f"{name}.yaml").is_file():
                return path
        looked = ", ".join(str(folder) for folder in self._folders("mappings"))
        raise BadMapping(f"There is no mapping {name!r}; looked for {name}.yaml in {looked}.", path=f"{name}.yaml", line=1)

    def mapping(self, name: str, time_zone: str = "UTC") -> CompiledMapping:
        path = self.mapping_path(name)
        return load_mapping(path, model=self.model, code_lists=self._code_lists(path), time_zone=time_zone)

    def migrate(self, revision: str = "head") -> tuple[str | None, str | None]:
        """Bring the store to a revision; the revisions before and after."""
        before = migrating.revision(self.store)
        migrating.migrate(self.store, revision)
        return before, migrating.revision(self.store)

    def _code_lists(self, path: Path) -> Mapping[str, CodeList]:
        return load_code_lists(path.parent / "codes")

    def _folders(self, name: str) -> list[Path]:
        own = self.settings.home / name
        shipped = shipped_folder(name)
        return [shipped, own] if own.is_dir() and own.resolve() != shipped.resolve() else [shipped]


@dataclass(frozen=True)
class Kind:
    """One kind of system, for help: what it reads, its settings, the options of its streams."""

    name: str
    about: str
    settings: list[dict[str, Any]]
    options: list[dict[str, Any]]


def connector_kinds(*names: str) -> list[Kind]:
    """The kinds that can be connected here, ours and installed ones. An unknown name raises ``UnknownConnector``."""
    found = {name: connector_class(name) for name in names or kinds()}
    return [
        Kind(name, (inspect.getdoc(kind) or "").partition("\n")[0], _declared(kind), _declared(getattr(kind, "options", None)))
        for name, kind in found.items()
    ]


def _declared(kind: type | None) -> list[dict[str, Any]]:
    if kind is None:
        return []
    return [
        {
            "name": one.name,
            "type": one.type,
            "help": one.help,
            "required": one.default is MISSING,
            "default": None if one.default is MISSING or one.secret else one.default,
            "secret": one.secret,
            "choices": list(one.choices),
        }
        for one in declared(kind)
    ]


def shipped_landscape() -> Path:
    """The demo's landscape, which stands beside the shipped mappings."""
    return shipped_folder("mappings").parent / "landscape.yaml"


@contextmanager
def open_hub(settings: Settings | None = None, clock: Clock = now) -> Iterator[Hub]:
    """A hub from the environment (``HUB_*``) or from given settings; closed at the end."""
    hub = Hub(settings or from_environment(), clock)
    try:
        yield hub
    finally:
        hub.close()
