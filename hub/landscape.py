"""landscape.yaml: which systems, feeds and deliveries a company has. Read strictly; secrets stay references until used.

systems     what is connected: a kind, its settings, its time zone, how far it is trusted
feeds       what is read from a system: a stream, its change semantics, its mappings
deliveries  what is written back to a system: a mapping the other way round, and which columns stay the system's own
subscriptions   who else is told: checked here, run by the exchange
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from hub.contract import CursorRule, StreamRequest, duration
from hub.documents import Document, read_document
from hub.errors import BadLandscape, BadSettings, Misconfigured, did_you_mean

MESSAGE = ("full", "delta")
ORDER_BY = ("updated_at", "read_position", "sequence", "log_position")
LANES = ("live", "bulk", "replay")
SWEEPS = ("daily", "every_run", "never")

_TOP = {"company", "systems", "feeds", "deliveries", "subscriptions"}
_SYSTEM = {"kind", "time_zone", "trust", "free_of_duplicates"}
_FEED = {
    "system", "stream", "message", "order_by", "cursor", "mapping", "schedule", "lane", "alert", "max_deleted_share",
}  # fmt: skip
_CURSOR = {"column", "lag", "sweep", "children"}
_DELIVERY = {"system", "entity", "stream", "mapping", "owns"}
_SUBSCRIPTION = {"entity", "view", "when", "to"}
PRESETS = ("@hourly", "@daily", "@weekly", "@monthly", "@yearly")
_CRON = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))  # minute, hour, day, month, weekday: least and greatest
_CRON_PART = re.compile(r"(?:\*|(\d{1,2})(?:-(\d{1,2}))?)(?:/[1-9]\d?)?")

Place = tuple[str, int, int]
"""Path, line and column: where something stands."""


@dataclass(frozen=True)
class System:
    """One system of the company. ``settings`` go to its connector; references in them are resolved only then."""

    name: str
    kind: str
    settings: Mapping[str, Any]
    time_zone: str = "UTC"
    trust: float = 0.5
    free_of_duplicates: bool = False
    place: Place = ("", 1, 1)


@dataclass(frozen=True)
class Feed:
    """One stream of one system, and what becomes of it."""

    name: str
    system: str
    request: StreamRequest
    mappings: tuple[str, ...]
    delta: bool = False
    order_by: str = "updated_at"
    schedule: str | None = None
    lane: str = "live"
    alert: Mapping[str, Any] = field(default_factory=dict)
    place: Place = ("", 1, 1)


@dataclass(frozen=True)
class Delivery:
    """What one system is told about golden records."""

    name: str
    system: str
    mapping: str
    entity: str = "customer"
    stream: str = ""  # where it goes; as the mapping says when empty
    options: Mapping[str, Any] = field(default_factory=dict)
    owns: tuple[str, ...] = ()  # columns the system is master of: never written
    place: Place = ("", 1, 1)


@dataclass(frozen=True)
class Landscape:
    """A company's systems and feeds, by name, in the order in which they stand in the file."""

    company: str
    systems: Mapping[str, System]
    feeds: Mapping[str, Feed]
    deliveries: Mapping[str, Delivery]
    subscriptions: Mapping[str, Mapping[str, Any]]
    path: str

    @property
    def trust(self) -> dict[str, float]:
        return {name: system.trust for name, system in self.systems.items()}

    @property
    def free_of_duplicates(self) -> frozenset[str]:
        return frozenset(name for name, system in self.systems.items() if system.free_of_duplicates)

    @property
    def source(self) -> str:
        """Who says what the hub announces: the ``source`` of its events."""
        return "/goldenhub/" + (re.sub(r"[^a-z0-9]+", "-", self.company.lower()).strip("-") or "hub")

    def feed(self, name: str) -> Feed:
        if name not in self.feeds:
            raise BadLandscape(
                f"There is no feed {name!r}{did_you_mean(name, self.feeds)} in {self.path}.", path=self.path, line=1
            )
        return self.feeds[name]

    def delivery(self, name: str) -> Delivery:
        if name not in self.deliveries:
            raise BadLandscape(
                f"There is no delivery {name!r}{did_you_mean(name, self.deliveries)} in {self.path}.", path=self.path, line=1
            )
        return self.deliveries[name]

    def system(self, name: str) -> System:
        if name not in self.systems:
            raise BadLandscape(
                f"There is no system {name!r}{did_you_mean(name, self.systems)} in {self.path}.", path=self.path, line=1
            )
        return self.systems[name]


def load_landscape(path: Path) -> Landscape:
    """Read and check ``landscape.yaml``; every complaint names file, line and column."""
    document = read_document(path, BadLandscape)
    if document.data is None:
        raise BadLandscape(f"{path}:1:1: empty; it needs at least `company`, `systems` and `feeds`.", path=str(path), line=1)
    document.only(BadLandscape, _TOP)
    systems = {name: _system(document, name) for name in _section(document, "systems")}
    feeds = {name: _feed(document, name, systems) for name in _section(document, "feeds")}
    deliveries = {name: _delivery(document, name, systems) for name in _section(document, "deliveries")}
    subscriptions = _checked(document, "subscriptions", _SUBSCRIPTION)
    return Landscape(str(document.data.get("company", "")), systems, feeds, deliveries, subscriptions, str(path))


def _section(document: Document, name: str) -> dict[str, Any]:
    section = document.data.get(name) or {}
    if not isinstance(section, dict):
        raise document.complain(BadLandscape, f"`{name}` must be a mapping of names to settings.", name)
    for entry, value in section.items():
        if not isinstance(value, dict):
            raise document.complain(BadLandscape, f"{name}.{entry} must be a mapping of names to values.", name, entry)
    return section


def _checked(document: Document, section: str, known: set[str]) -> dict[str, Mapping[str, Any]]:
    entries = _section(document, section)
    for name in entries:
        document.only(BadLandscape, known, section, name)
    return entries


def _system(document: Document, name: str) -> System:
    values = document.data["systems"][name]
    if "kind" not in values:
        raise document.complain(BadLandscape, f"system {name!r} needs a `kind` (sql, rest, file, mailbox, ...).", "systems", name)
    zone = str(values.get("time_zone", "UTC"))
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError) as unknown:
        raise document.complain(
            BadLandscape, f"{zone!r} is no time zone; write one like Europe/Madrid.", "systems", name, "time_zone"
        ) from unknown
    trust = values.get("trust", 0.5)
    if not isinstance(trust, int | float) or isinstance(trust, bool) or not 0 <= trust <= 1:
        raise document.complain(BadLandscape, "`trust` is a number from 0 to 1.", "systems", name, "trust")
    settings = {key: value for key, value in values.items() if key not in _SYSTEM}
    free = _flag(document, values, "free_of_duplicates", "systems", name)
    return System(name, str(values["kind"]), settings, zone, float(trust), free, _place(document, "systems", name))


def _feed(document: Document, name: str, systems: Mapping[str, System]) -> Feed:
    document.only(BadLandscape, _FEED, "feeds", name)
    values = document.data["feeds"][name]
    system = _known_system(document, values.get("system"), systems, "feeds", name)
    if not values.get("mapping"):
        raise document.complain(BadLandscape, f"feed {name!r} needs a `mapping`, for instance {system}/customer.", "feeds", name)
    mappings = values["mapping"] if isinstance(values["mapping"], list) else [values["mapping"]]
    return Feed(
        name=name,
        system=system,
        request=_request(document, name, values),
        mappings=tuple(map(str, mappings)),
        delta=_choice(document, values, "message", MESSAGE, "feeds", name) == "delta",
        order_by=_choice(document, values, "order_by", ORDER_BY, "feeds", name),
        schedule=_schedule(document, name, values),
        lane=_choice(document, values, "lane", LANES, "feeds", name),
        alert=_mapping(document, values, "alert", "feeds", name),
        place=_place(document, "feeds", name),
    )


def _delivery(document: Document, name: str, systems: Mapping[str, System]) -> Delivery:
    document.only(BadLandscape, _DELIVERY, "deliveries", name)
    values = document.data["deliveries"][name]
    system = _known_system(document, values.get("system"), systems, "deliveries", name)
    if not isinstance(values.get("mapping"), str):
        raise document.complain(
            BadLandscape, f"delivery {name!r} needs a `mapping`, for instance {system}/customer.out.", "deliveries", name
        )
    stream = values.get("stream") or {}
    options = {"name": stream} if isinstance(stream, str) else dict(_mapping(document, values, "stream", "deliveries", name))
    owns = values.get("owns") or []
    if not isinstance(owns, list) or not all(isinstance(column, str) for column in owns):
        raise document.complain(BadLandscape, "`owns` is a list of the system's columns.", "deliveries", name, "owns")
    return Delivery(
        name=name,
        system=system,
        mapping=values["mapping"],
        entity=str(values.get("entity", "customer")),
        stream=str(options.pop("name", "")),
        options=options,
        owns=tuple(owns),
        place=_place(document, "deliveries", name),
    )


def _request(document: Document, name: str, values: dict[str, Any]) -> StreamRequest:
    stream = values.get("stream")
    share = values.get("max_deleted_share", 0.2)
    if not isinstance(share, int | float) or isinstance(share, bool) or not 0 <= share <= 1:
        raise document.complain(BadLandscape, "`max_deleted_share` is a number from 0 to 1.", "feeds", name, "max_deleted_share")
    cursor = _cursor(document, name, values)
    if isinstance(stream, str):
        return StreamRequest(stream, cursor=cursor, max_deleted_share=float(share))
    if not isinstance(stream, dict) or not ({"parent", "name"} & set(stream)):
        raise document.complain(
            BadLandscape, "`stream` is a name, or a mapping with `name` (or `parent` and `children`) and options.", "feeds", name
        )
    options = {key: value for key, value in stream.items() if key not in ("parent", "name", "children")}
    children = _mapping(document, stream, "children", "feeds", name, "stream")
    main = str(stream.get("parent") or stream.get("name"))
    return StreamRequest(main, children, cursor, options, max_deleted_share=float(share))


def _cursor(document: Document, name: str, values: dict[str, Any]) -> CursorRule:
    if not values.get("cursor"):
        return CursorRule()
    document.only(BadLandscape, _CURSOR, "feeds", name, "cursor")
    cursor = values["cursor"]
    lag = _duration(document, cursor.get("lag", "5m"), "feeds", name, "cursor", "lag")
    sweep = _choice(document, cursor, "sweep", ("never", *SWEEPS[:2]), "feeds", name, "cursor")
    return CursorRule(cursor.get("column"), lag, None if sweep == "never" else sweep, cursor.get("children") or {})


def _schedule(document: Document, name: str, values: dict[str, Any]) -> str | None:
    """Checked here, since a schedule that a scheduler cannot read would stop all feeds there, and only there."""
    schedule = values.get("schedule")
    if schedule is None or schedule in PRESETS or _is_cron(str(schedule)):
        return schedule
    wanted = f"five numbers in cron's order such as '*/10 * * * *', or one of {', '.join(PRESETS)}"
    raise document.complain(BadLandscape, f"{schedule!r} is no schedule; write {wanted}.", "feeds", name, "schedule")


def _is_cron(text: str) -> bool:
    parts = text.split()
    if len(parts) != len(_CRON):
        return False
    found = [
        (_CRON_PART.fullmatch(one), least, most)
        for part, (least, most) in zip(parts, _CRON, strict=True)
        for one in part.split(",")
    ]
    return all(m and all(least <= int(number) <= most for number in m.groups() if number) for m, least, most in found)


def _duration(document: Document, text: object, *steps: str) -> timedelta:
    try:
        return duration(text)
    except ValueError as wrong:
        raise document.complain(BadLandscape, f"{text!r} is no duration; write 90s, 5m, 26h or 1d.", *steps) from wrong


def _choice(document: Document, values: dict[str, Any], key: str, known: tuple[str, ...], *steps: str) -> str:
    value = str(values.get(key, known[0]))
    if value not in known:
        hint = did_you_mean(value, known) or f" (one of: {', '.join(known)})"
        raise document.complain(BadLandscape, f"`{key}` cannot be {value!r}{hint}.", *steps, key)
    return value


def _flag(document: Document, values: dict[str, Any], key: str, *steps: str) -> bool:
    value = values.get(key, False)
    if not isinstance(value, bool):
        raise document.complain(BadLandscape, f"`{key}` is true or false.", *steps, key)
    return value


def _mapping(document: Document, values: dict[str, Any], key: str, *steps: str) -> dict[str, Any]:
    value = values.get(key) or {}
    if not isinstance(value, dict):
        raise document.complain(BadLandscape, f"`{key}` must be a mapping of names to values.", *steps, key)
    return value


def _place(document: Document, *steps: str) -> Place:
    return (document.path, *document.place(*steps))


def _known_system(document: Document, value: object, systems: Mapping[str, System], *steps: str) -> str:
    if value not in systems:
        hint = did_you_mean(str(value), systems) or f" (known: {', '.join(systems) or 'none'})"
        raise document.complain(BadLandscape, f"there is no system {value!r}{hint}.", *steps, "system")
    return str(value)


def references(home: Path, environment: Mapping[str, str] | None = None) -> Callable[[str], str]:
    """How references become values: ``env:NAME``, ``file:PATH`` (below ``home`` when relative), ``airflow-conn:ID``."""
    given = os.environ if environment is None else environment

    def resolve(reference: str) -> str:
        scheme, _, name = reference.partition(":")
        if scheme == "env":
            if not given.get(name):
                raise BadSettings(f"The environment variable {name} is not set; set it, then run again.", name=name)
            return given[name]
        if scheme == "file":
            return _secret_file(home / name)
        if scheme == "airflow-conn":
            return _airflow_connection(name)
        raise BadSettings(f"{scheme!r} is no kind of reference; write env:NAME, file:PATH or airflow-conn:ID.", name=reference)

    return resolve


def _secret_file(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").rstrip("\r\n")
    except OSError as missing:
        raise BadSettings(f"The secret file {path} cannot be read ({missing.strerror}).", name=str(path)) from missing


def _airflow_connection(name: str) -> str:
    try:
        from airflow.sdk import Connection
    except ImportError as absent:
        raise BadSettings(
            f"airflow-conn:{name} needs Apache Airflow; install goldenhub[airflow] or use env: or file:.", name=name
        ) from absent
    return str(Connection.get(name).get_uri())


@contextmanager
def standing(place: Place) -> Iterator[None]:
    """A complaint about what stands in the landscape begins with the place where it stands."""
    try:
        yield
    except Misconfigured as wrong:
        path, line, column = place
        facts = wrong.facts | {"path": path, "line": line, "column": column, "said": wrong.message}
        raise type(wrong)(f"{path}:{line}:{column}: {wrong.message}", **facts) from wrong
