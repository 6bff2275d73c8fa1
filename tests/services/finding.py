"""Which road leads to a server: environment, running, Debian packages, container."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from hub.errors import Unavailable
from hub.services import debian
from hub.services.processes import PATIENCE, free_port
from tests.services import containers


class NoService(Exception):
    """No server could be found or started; the message says what to do."""


class NotAnswering(Exception):
    """Nobody there, or nobody who takes this login."""


def answering(probe: Callable[[str], str]) -> Callable[[str], str]:
    """The hub's own probe, in the words of this module."""

    def asked(url: str) -> str:
        try:
            return probe(url)
        except Unavailable as error:
            raise NotAnswering(str(error)) from error

    return asked


@dataclass(frozen=True)
class Recipe:
    """How one kind of server is recognised and started."""

    name: str
    variable: str  # the environment variable that names one
    usual: tuple[str, ...]  # URLs of a local server as its package or its developers leave it
    url: str  # of a private one; {port} is filled in
    package: str  # in Debian
    image: str  # in a container registry
    image_port: int
    probe: Callable[[str], str]  # URL -> a few words about the server; raises NotAnswering
    installed: Callable[[], bool]
    start: Callable[[Path, int, ExitStack], None]  # folder, port; what must be stopped goes on the stack
    image_environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Service:
    """A server that answers. ``url`` has the rights to make databases."""

    name: str
    url: str
    origin: str
    stop: Callable[[], None] = lambda: None

    def __str__(self) -> str:
        return f"{self.name}: {self.origin}"


def find(recipe: Recipe) -> Service:
    return _named(recipe) or _running(recipe) or _private(recipe)


def _named(recipe: Recipe) -> Service | None:
    url = os.environ.get(recipe.variable)
    if not url:
        return None
    try:
        about = recipe.probe(url)
    except NotAnswering as error:
        raise NoService(f"{recipe.variable} is set, but nothing there takes the login: {error}. Correct or unset it.") from error
    return Service(recipe.name, url, f"{about}, named by {recipe.variable}")


def _running(recipe: Recipe) -> Service | None:
    if os.environ.get("HUB_TEST_IGNORE_RUNNING"):
        return None
    for url in recipe.usual:
        try:
            about = recipe.probe(url)
        except NotAnswering:
            continue
        return Service(recipe.name, url, f"{about}, running at its usual port")
    return None


def _private(recipe: Recipe) -> Service:
    complaints = []
    for road in (_from_packages, _from_image):
        try:
            return road(recipe)
        except NoService as error:
            complaints.append(str(error))
    raise NoService(
        f"The tests need {recipe.name} and there is none:\n  - "
        + "\n  - ".join([f"{recipe.variable} is not set and no local server takes the usual login", *complaints])
        + f"\nSet {recipe.variable}, or start one locally, or install the Debian package {recipe.package}."
    )


def _from_packages(recipe: Recipe) -> Service:
    if not recipe.installed():
        debian.install(recipe.package)
    if not recipe.installed():
        raise NoService(f"the Debian package {recipe.package} is not installed and only root may install it")
    folder = Path(tempfile.mkdtemp(prefix="goldenhub-"))
    port = free_port()
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        folder.chmod(0o755)  # servers run as users of their own
        recipe.start(folder, port, stack)
        url, about = _ready(recipe, port)
        return Service(recipe.name, url, f"{about}, private, started on port {port}", stack.pop_all().close)


def _from_image(recipe: Recipe) -> Service:
    engine = containers.engine()
    if engine is None:
        raise NoService("no container engine (docker, podman) answers")
    port = free_port()
    with ExitStack() as stack:
        containers.start(engine, recipe.image, {port: recipe.image_port}, recipe.image_environment, stack)
        url, about = _ready(recipe, port)
        return Service(recipe.name, url, f"{about}, in a container on port {port}", stack.pop_all().close)


def _ready(recipe: Recipe, port: int) -> tuple[str, str]:
    url = recipe.url.format(port=port)
    try:
        return url, _patiently(lambda: recipe.probe(url))
    except NotAnswering as error:
        raise NoService(f"{recipe.name} was started on port {port} but does not answer: {error}") from error


def _patiently(probe: Callable[[], str]) -> str:
    end = time.monotonic() + PATIENCE
    while True:
        try:
            return probe()
        except NotAnswering:
            if time.monotonic() > end:
                raise
        time.sleep(0.1)
