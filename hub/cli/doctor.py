"""goldenhub doctor"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.util import find_spec

import click

from hub.app import Hub, open_hub
from hub.app.checking import lint
from hub.app.housekeeping import told
from hub.app.modelling.in_force import on_file
from hub.app.pruning import over_budget
from hub.app.running import SILENT
from hub.cli.show import console, emit_json, json_option, marked, table
from hub.errors import HubError
from hub.settings import without_password
from hub.store import dead_letters, feeds, migrating, workers

SHOWN = {"skipped": "not needed"}
EXTRAS = {
    "postgres": ("psycopg", "PostgreSQL as the store"),
    "mariadb": ("pymysql", "reading MariaDB"),
    "batch": ("duckdb", "matching files, and Parquet"),
    "airflow": ("airflow", "schedules"),
}


@dataclass(frozen=True)
class Checked:
    """One thing the hub depends on, and what to do when it is not right."""

    about: str
    what: str
    state: str  # ok | failed | skipped
    hint: str = ""


@click.command("doctor")
@click.option("--systems/--no-systems", default=True, help="Also ask every system of the landscape.")
@json_option
def command(systems: bool, as_json: bool) -> None:
    """Check everything the hub depends on, and say what to do. Exit code 1 when something must be mended."""
    with open_hub() as hub:
        found = list(examine(hub, systems=systems))
    if as_json:
        emit_json({"checks": [{"about": c.about, "what": c.what, "state": c.state, "hint": c.hint} for c in found]})
    else:
        console().print(
            table("", ("about", "what", "", ""), [(c.about, c.what, marked(c.state, SHOWN.get(c.state)), c.hint) for c in found])
        )
        failed = sum(c.state == "failed" for c in found)
        click.echo(f"\n{failed} of {len(found)} checks failed." if failed else f"\nAll is well: {len(found)} checks.")
    if any(c.state == "failed" for c in found):
        sys.exit(1)


def examine(hub: Hub, *, systems: bool) -> Iterator[Checked]:
    """Every check, in the order in which one would look."""
    version = ".".join(map(str, sys.version_info[:3]))
    new_enough = sys.version_info >= (3, 11)
    hint = "" if new_enough else "Python 3.11 or newer is needed."
    yield Checked("python", version, "ok" if new_enough else "failed", hint)
    yield _tried("home", str(hub.settings.home.resolve()), lambda: _landscape(hub))
    yield _tried("model", "schemas and rules", lambda: f"{len(hub.model.entities)} entities, rules {on_file(hub).version[:12]}")
    yield _lint(hub)
    yield _tried("store", hub.settings.shown_store_url, lambda: _store(hub))
    address = hub.settings.bus_url.reveal()
    yield _tried("bus", without_password(address) if address else "built into the store", lambda: _bus(hub))
    if address:
        from hub.app.probing import look

        for probe in look(hub):
            yield Checked("bus", probe.name, probe.state, probe.hint)
    yield from _workers(hub)
    yield from _held(hub)
    yield from _raw(hub)
    yield from _retention(hub)
    for extra, (module, use) in EXTRAS.items():
        there = find_spec(module) is not None
        hint = "" if there else f"for {use}: pip install 'goldenhub[{extra}]'"
        yield Checked("extra", extra, "ok" if there else "skipped", hint)
    if systems:
        yield from _systems(hub)


def _tried(about: str, what: str, attempt: Callable[[], str]) -> Checked:
    try:
        return Checked(about, what, "ok", attempt())
    except HubError as error:
        return Checked(about, what, "failed", str(error))


def _landscape(hub: Hub) -> str:
    found = hub.own_landscape()
    return f"{len(found.systems)} systems, {len(found.feeds)} feeds in {found.path}"


def _lint(hub: Hub) -> Checked:
    try:
        errors = [finding for finding in lint(hub) if finding.severity == "error"]
    except HubError as error:
        return Checked("mappings", "lint", "failed", str(error))
    hint = f"{len(errors)} errors; see `goldenhub lint`" if errors else ""
    return Checked("mappings", "lint", "failed" if errors else "ok", hint)


def _store(hub: Hub) -> str:
    stands = migrating.revision(hub.store)
    if stands is None:
        return "holds nothing yet; `goldenhub ingest` begins"
    hub.stand()
    hub.agrees()
    return f"tables at {stands}, under the rules at hand"


def _bus(hub: Hub) -> str:
    if migrating.revision(hub.store) is None:
        return "empty"
    waiting = sum(sum(lanes.values()) for lanes in hub.bus.depth().values())
    with hub.store.read() as tx:
        dead = dead_letters.count(tx)
    return f"{waiting} records wait" + (f", {dead} dead letters" if dead else "")


def _workers(hub: Hub) -> Iterator[Checked]:
    """Who works, and who stopped without a word; nobody at all is no failure, since `goldenhub ingest` works by itself."""
    try:
        if migrating.revision(hub.store) is None:
            return
        with hub.store.read() as tx:
            found = workers.listed(tx)
    except HubError:
        return  # the check of the store has said why
    for one in found:
        silent = hub.clock() - one.beat_at
        what = f"{one.stage} ({one.host}, process {one.pid})"
        if silent > SILENT:
            hint = f"said nothing for {silent.total_seconds():,.0f} s; is `goldenhub work` running?"
            yield Checked("worker", what, "failed", hint)
        else:
            told = f"{one.records:,} worked on since {one.started_at:%Y-%m-%d %H:%M} UTC"
            able = one.state in ("working", "waiting")
            yield Checked("worker", what, "ok" if able else "failed", told if able else one.state)


def _raw(hub: Hub) -> Iterator[Checked]:
    """What is kept raw: whether it can be read with the master key at hand, and whether it fits its budget."""
    try:
        hub.stand()
    except HubError:
        return  # the check of the store has said why
    try:
        with hub.store.read() as tx:
            hub.keys.check(tx)
            full = over_budget(hub, tx)
    except HubError as error:
        yield Checked("raw log", "master key", "failed", str(error))
        return
    if full is not None:
        hint = f"{full[0]:,} bytes of {full[1]:,}: run `goldenhub prune`; what open rejects wait for stays, so look at those, too"
        yield Checked("raw log", "HUB_RAW_BUDGET", "failed", hint)


def _retention(hub: Hub) -> Iterator[Checked]:
    """Whether what the settings promise to let go of is let go of; whoever does it notes when."""
    try:
        hub.stand()
        with hub.store.read() as tx:
            stands = told(tx, hub)
    except HubError:
        return  # the check of the store has said why
    if stands is not None:
        yield Checked("kept", "retention", "failed" if stands.overdue else "ok", stands.said)


def _held(hub: Hub) -> Iterator[Checked]:
    try:
        if migrating.revision(hub.store) is None:
            return
        with hub.store.read() as tx:
            states = feeds.states(tx)
    except HubError:
        return  # the check of the store has said why
    for name, state in states.items():
        if state["held"]:
            yield Checked("feed", name, "failed", f"{state['held']} Look, then: goldenhub ingest {name} --accept")


def _systems(hub: Hub) -> Iterator[Checked]:
    try:
        names = list(hub.own_landscape().systems)
    except HubError:
        return  # the check of the home has said why
    for name in names:
        for probe in hub.check(name):
            yield Checked(f"system {name}", probe.name, probe.state, probe.hint)
