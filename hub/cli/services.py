"""goldenhub services"""

from __future__ import annotations

import os
import sys
from functools import partial
from pathlib import Path

import click

from hub.cli import NEEDS_A_LOOK
from hub.cli.show import console, emit_json, json_option, marked, table
from hub.services.together import Child, Health, Tell, Together, ever_started, together, wipe
from hub.settings import from_environment

DEMO, API = "demo", "api"
_DEMO_HOME = Path("demo-company")  # as `goldenhub demo`
_GOLDENHUB = (sys.executable, "-m", "hub")

demo_option = click.option(
    "--demo", is_flag=True, help=f"With the demo company's systems; its folder is {_DEMO_HOME} unless --home is named."
)


@click.group("services")
def command() -> None:
    """PostgreSQL, RabbitMQ, workers and interface on this machine without a container engine, from Debian packages.

    Data, logs and state lie in .hub/services below HUB_HOME. Where a container engine runs, `docker compose up` starts the same.
    """


@command.command("up")
@demo_option
@json_option
def up(demo: bool, as_json: bool) -> None:
    """Start what does not run. Missing Debian packages are installed when root asks."""
    from hub.app import open_hub  # the other two commands are quick without it
    from hub.app.broker import limits
    from hub.demo.billing_server import url_of
    from hub.demo.company import Recipe, found, references

    home, tell = _home(demo), _telling(as_json)
    company = found(home, Recipe(), given=False) if demo else None  # before anything else puts a file into its folder
    with together(home) as services:
        environment = {"HUB_HOME": str(home.resolve()), **services.servers(partial(limits, from_environment()), tell)}
        if company:
            environment |= {"HUB_AS_OF": company.today.isoformat(), **references(company, url_of(services.port(DEMO)))}
            services.child(_demo(home, services.port(DEMO)), environment, tell)
        path = services.write_environment(environment)
        with open_hub(from_environment(environment)) as hub:
            hub.migrate()
        for child in _workers(services):
            services.child(child, environment, tell)
        standing = services.status()
    _show(standing, as_json, environment=str(path))


@command.command("status")
@demo_option
@json_option
def status(demo: bool, as_json: bool) -> None:
    """Each service with address and health. Exit code 1 when one of them does not answer."""
    home = _home(demo)
    found: list[Health] = []
    if ever_started(home):
        with together(home) as services:
            found = services.status()
    _show(found, as_json)
    if not found or any(one.state != "ok" for one in found):
        sys.exit(NEEDS_A_LOOK)


@command.command("down")
@demo_option
@click.option("--wipe", "also_wipe", is_flag=True, help="Also remove what they kept: the store, the queues, the logs.")
@json_option
def down(demo: bool, also_wipe: bool, as_json: bool) -> None:
    """Stop all of it. The data stay unless --wipe is given."""
    home = _home(demo)
    found: list[Health] = []
    if ever_started(home):
        with together(home) as services:
            services.down(_telling(as_json))
            found = services.status()
        if also_wipe:
            wipe(home)
    _show(found, as_json, wiped=also_wipe)


def _home(demo: bool) -> Path:
    home = from_environment().home
    return _DEMO_HOME if demo and "HUB_HOME" not in os.environ else home


def _demo(home: Path, port: int) -> Child:
    """Its systems, reachable as long as the process runs."""
    return Child(DEMO, (*_GOLDENHUB, "demo", "--home", str(home.resolve()), "--serve", "--port", str(port)), port=port)


def _workers(services: Together) -> list[Child]:
    """What the hub itself runs: the workers' parent, which looks after them, and the interface."""
    port = services.port(API)
    serve = (*_GOLDENHUB, "serve", "--port", str(port))
    return [Child("work", (*_GOLDENHUB, "work")), Child(API, serve, port=port)]


def _telling(as_json: bool) -> Tell:
    return (lambda what: None) if as_json else (lambda what: click.echo(what, err=True))


def _show(found: list[Health], as_json: bool, **more: object) -> None:
    if as_json:
        emit_json(
            {"services": [{"name": h.name, "address": h.address, "state": h.state, "about": h.about} for h in found], **more}
        )
        return
    if not found:
        click.echo("No services were started for this folder: goldenhub services up")
        return
    rows = [(one.name, one.address, marked(one.state), one.about) for one in found]
    console().print(table("", ("service", "address", "", ""), rows))
    if path := more.get("environment"):
        click.echo(f"\nTo use them from this shell: . {path}")
