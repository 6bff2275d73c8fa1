"""What every test may ask for: real databases and a real broker, the labelled data sets, and one Hypothesis profile.

- ``store_url``: an empty database for one test, once as an SQLite file and once in PostgreSQL.
- ``shared_store_url``: the same for a whole module, for Hypothesis tests, which clear it between examples themselves.
- ``postgres_url``, ``mariadb_url``: an empty database for the module; ``new_postgres()`` makes as many as you call it.
- ``rabbitmq_url``: the broker; name queues uniquely and delete them.
- ``data_folder``: the labelled data sets; the test is left out, and listed at the end, where they are absent.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, settings

from tests.services import MARIADB, POSTGRES, RABBITMQ, Recipe, Service, find, mariadb, postgres

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell has its background jobs ignore Ctrl-C, and all they start

settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    max_examples=60,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],  # a busy machine is no defect
)
settings.register_profile("thorough", parent=settings.get_profile("ci"), derandomize=False, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

_CHECKOUT = Path(__file__).resolve().parent.parent
_SERVICES = pytest.StashKey[list[str]]()
_NO_DATA = "the labelled data sets are not here"


@pytest.fixture(autouse=True)
def no_settings_of_others() -> Iterator[None]:
    """Whoever runs the tests may run a hub, too; and what one test sets is no setting of the next."""
    before = dict(os.environ)
    for name in [n for n in before if n.startswith("HUB_") and not n.startswith("HUB_TEST_")]:
        del os.environ[name]
    yield
    os.environ.clear()
    os.environ.update(before)


@pytest.fixture(scope="session")
def postgres_server(pytestconfig: pytest.Config) -> Iterator[Service]:
    yield from _found(POSTGRES, pytestconfig)


@pytest.fixture(scope="session")
def mariadb_server(pytestconfig: pytest.Config) -> Iterator[Service]:
    yield from _found(MARIADB, pytestconfig)


@pytest.fixture(scope="session")
def rabbitmq_server(pytestconfig: pytest.Config) -> Iterator[Service]:
    yield from _found(RABBITMQ, pytestconfig)


@pytest.fixture(scope="module")
def new_postgres(postgres_server: Service) -> Iterator[Callable[[], str]]:
    with ExitStack() as stack:
        yield lambda: stack.enter_context(postgres.fresh_database(postgres_server.url))


@pytest.fixture(scope="module")
def postgres_url(new_postgres: Callable[[], str]) -> str:
    return new_postgres()


@pytest.fixture(scope="module")
def mariadb_url(mariadb_server: Service) -> Iterator[str]:
    with mariadb.fresh_database(mariadb_server.url) as url:
        yield url


@pytest.fixture(scope="session")
def rabbitmq_url(rabbitmq_server: Service) -> str:
    return rabbitmq_server.url


@pytest.fixture(params=["sqlite", "postgres"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    yield from _store(request, tmp_path)


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def shared_store_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from _store(request, tmp_path_factory.mktemp("store"))


@pytest.fixture(scope="session")
def data_folder() -> Path:
    named = os.environ.get("HUB_TEST_DATA")
    folder = Path(named) if named else _CHECKOUT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip(_NO_DATA)
    return folder


def _found(recipe: Recipe, config: pytest.Config) -> Iterator[Service]:
    with (Path(tempfile.gettempdir()) / f"goldenhub-tests-{os.getuid()}.lock").open("w") as door:
        fcntl.flock(door, fcntl.LOCK_EX)  # tests that run side by side must not install the same package at once
        service = find(recipe)
    config.stash.setdefault(_SERVICES, []).append(str(service))
    yield service
    service.stop()


def _store(request: pytest.FixtureRequest, folder: Path) -> Iterator[str]:
    if request.param == "sqlite":
        yield f"sqlite:///{folder / 'hub.db'}"
    else:  # asked for only here, so that SQLite alone needs no server
        server: Service = request.getfixturevalue("postgres_server")
        with postgres.fresh_database(server.url) as url:
            yield url


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """A process beside tells the first one which servers it used; the first one notes for `.ci/run` how it ended."""
    config: Any = session.config
    if hasattr(config, "workeroutput"):
        config.workeroutput["services"] = config.stash.get(_SERVICES, [])
    elif reporter := config.pluginmanager.get_plugin("terminalreporter"):
        told = ", ".join(part for part, _ in reporter.build_summary_stats_line()[0])
        if cache := getattr(config, "cache", None):
            cache.set("goldenhub/ended", {"with": int(exitstatus), "told": told})


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    known = node.config.stash.setdefault(_SERVICES, [])
    known += [one for one in getattr(node, "workeroutput", {}).get("services", []) if one not in known]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    services = config.stash.get(_SERVICES, [])
    if services:
        terminalreporter.section("services")
        terminalreporter.write_line("\n".join(services))
    if first := os.environ.get("HUB_TEST_FIRST_TRY"):
        _tell_second_try(terminalreporter, first)
    without_data = [r.nodeid for r in terminalreporter.stats.get("skipped", []) if _NO_DATA in str(r.longrepr)]
    if without_data:
        terminalreporter.section(f"left out: {_NO_DATA} (set HUB_TEST_DATA)")
        terminalreporter.write_line("\n".join(without_data))


def _tell_second_try(terminalreporter: pytest.TerminalReporter, first: str) -> None:
    """`.ci/run` runs what failed once more: nobody shall overlook a test that does not always pass."""
    for outcome, title in (("failed", "FAILED TWICE"), ("error", "FAILED TWICE"), ("passed", "PASSED ONLY AT THE SECOND TRY")):
        if reports := terminalreporter.stats.get(outcome, []):
            terminalreporter.section(title, sep="!", red=True, bold=True)
            terminalreporter.write_line("\n".join(one.nodeid for one in reports), red=True)
    terminalreporter.section("the first try")
    terminalreporter.write_line(first)


def _only_loopback(event: str, arguments: tuple[object, ...]) -> None:
    """Tests reach this machine and the servers they were told about, nothing else."""
    if event == "socket.connect" and isinstance(address := arguments[1], tuple) and address[0] not in _REACHABLE:
        raise PermissionError(f"a test tried to reach {address[0]}; tests stay on this machine")


_NAMED = [os.environ.get(recipe.variable, "") for recipe in (POSTGRES, MARIADB, RABBITMQ)]
_REACHABLE = {"127.0.0.1", "::1", "localhost", *(urlsplit(url).hostname for url in _NAMED)}
sys.addaudithook(_only_loopback)
