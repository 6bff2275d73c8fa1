"""The demo company's folder: made once from a seed, moved on by a day when asked, and its systems reachable while it runs."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from hub.app import shipped_landscape
from hub.demo.billing_server import ANYWHERE, TOKEN, Address, BillingServer, serving
from hub.demo.generate import generate
from hub.demo.next_day import next_day
from hub.demo.systems import TRUTH, write_all
from hub.demo.world import Knobs
from hub.errors import BadSettings

_MADE = "demo.json"
_LANDSCAPE = "landscape.yaml"
_OURS = ("systems", ".hub", TRUTH, _MADE, _LANDSCAPE)
"""All that the demo ever writes into its folder, and all that starting afresh removes."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a demo company is made from."""

    seed: int = 1
    customers: int = 2000
    knobs: Knobs = field(default_factory=Knobs)
    day: int = 1

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def read(cls, path: Path) -> Recipe:
        told = json.loads(path.read_text(encoding="utf-8"))
        return cls(told["seed"], told["customers"], Knobs(**told["knobs"]), told["day"])


@dataclass(frozen=True, slots=True)
class Company:
    """A demo company on disk."""

    home: Path
    recipe: Recipe
    fresh: bool  # made just now, or moved on by a day just now

    @property
    def truth(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.home / TRUTH).read_text(encoding="utf-8"))
        return found

    @property
    def today(self) -> date:
        return date.fromisoformat(self.truth["day"])


def found(home: Path, wanted: Recipe, *, given: bool, afresh: bool = False, move_on: bool = False) -> Company:
    """The company in this folder, made now where there is none. ``given``: seed, size or knobs were asked for by name."""
    marker = home / _MADE
    if afresh and marker.is_file():
        _remove(home)
    if not marker.is_file():
        _refuse_strangers(home)
        _write(home, wanted)
        return Company(home, wanted, fresh=True)
    held = Recipe.read(marker)
    if given and (held.seed, held.customers, held.knobs) != (wanted.seed, wanted.customers, wanted.knobs):
        raise BadSettings(
            f"{home} holds a demo made with --seed {held.seed} --customers {held.customers}, or with other knobs. "
            "Choose another folder with --home, or throw this one away with --fresh.",
            name="home",
        )
    if move_on and held.day == 1:
        later = Recipe(held.seed, held.customers, held.knobs, day=2)
        _write(home, later)
        return Company(home, later, fresh=True)
    return Company(home, held, fresh=False)


def _write(home: Path, recipe: Recipe) -> None:
    world = generate(recipe.seed, recipe.customers, recipe.knobs)
    if recipe.day > 1:
        world = next_day(world)
    write_all(world, home)
    shutil.copyfile(shipped_landscape(), home / _LANDSCAPE)
    (home / _MADE).write_text(json.dumps(recipe.as_dict(), indent=1) + "\n", encoding="utf-8")


def _refuse_strangers(home: Path) -> None:
    """A folder that is somebody else's stays as it is."""
    if taken := [name for name in _OURS if (home / name).exists()]:
        raise BadSettings(f"{home} holds {taken[0]} but no demo; choose another folder with --home.", name="home")


def _remove(home: Path) -> None:
    for name in _OURS:
        path = home / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)


@contextmanager
def reachable(company: Company, at: Address = ANYWHERE) -> Iterator[BillingServer]:
    """The billing interface runs, and the references of the landscape (``env:ERP_URL``, ...) lead to the folder."""
    with serving(company.home / "systems" / "billing", at) as server, _environment(references(company, server.url)):
        yield server


def references(company: Company, billing: str) -> dict[str, str]:
    """What the landscape's references stand for while the billing interface runs at that address."""
    systems = company.home.resolve() / "systems"
    return {
        "ERP_URL": f"sqlite:///{systems / 'erp.db'}",
        "BILLING_URL": f"{billing}/v1",
        "BILLING_TOKEN": TOKEN,
        "SHOP_FOLDER": str(systems / "shop"),
        "MAIL_FOLDER": str(systems / "mailbox"),
        "LEGACY_FOLDER": str(systems / "legacy"),
    }


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
