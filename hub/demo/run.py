"""`goldenhub demo`: make a small company, read its five systems, resolve, and say how right the result is."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
from rich.console import Console

from hub.app import Hub, open_hub
from hub.demo import figures, report, telling
from hub.demo.billing_server import ANYWHERE, Address
from hub.demo.company import Company, Recipe, found, reachable, references
from hub.demo.world import Knobs
from hub.settings import Settings, from_environment

Tell = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class DemoReport:
    """The figures of one run; ``show`` makes a page of them."""

    figures: Mapping[str, Any]

    def show(self, console: Console) -> None:
        report.show(self.figures, console)

    @property
    def accounted(self) -> bool:
        return bool(self.figures["accounted"])


def run_demo(
    home: Path,
    *,
    seed: int | None = None,
    customers: int | None = None,
    knobs: Knobs | None = None,
    fresh: bool = False,
    next_day: bool = False,
    tell: Tell = lambda what, done, total: None,
) -> DemoReport:
    """Make the company where there is none, read its systems again where there is one, and report.

    The second run on the same folder makes nothing and changes nothing; ``next_day`` lets a day pass before it reads.
    """
    started = time.monotonic()
    tell("make the company", 0, None)
    company = _company(home, seed, customers, knobs, fresh, next_day)
    settings = _settings(home, company)
    again = (home / ".hub").exists()
    (home / ".hub").mkdir(parents=True, exist_ok=True)
    with reachable(company), open_hub(settings) as hub:
        told = _run(hub, company, tell)
    told |= {"again": again, "home": str(home), "seconds": round(time.monotonic() - started, 1)}
    return DemoReport(told | {"next": _next(home, told)})


def serve_demo(
    home: Path,
    say: Callable[[str], None],
    wait: Callable[[], None],
    *,
    seed: int | None = None,
    customers: int | None = None,
    knobs: Knobs | None = None,
    fresh: bool = False,
    next_day: bool = False,
    at: Address = ANYWHERE,
) -> None:
    """Keep the company's systems reachable as long as ``wait`` takes, and say the lines that lead other commands there."""
    company = _company(home, seed, customers, knobs, fresh, next_day)
    with reachable(company, at) as server:
        ours = {"HUB_HOME": str(home.resolve()), "HUB_AS_OF": company.today.isoformat()}
        say(f"# The systems of {home} can be reached until you press Ctrl-C. Paste these lines into another terminal:")
        for name, value in (ours | references(company, server.url)).items():
            say(f"export {name}={shlex.quote(value)}")
        say("# Then, there: goldenhub doctor, goldenhub ingest, goldenhub connectors check billing")
        wait()


def _company(home: Path, seed: int | None, customers: int | None, knobs: Knobs | None, fresh: bool, next_day: bool) -> Company:
    given = not (seed is None and customers is None and knobs is None)
    wanted = Recipe(seed if seed is not None else 1, customers or 2000, knobs or Knobs())
    return found(home, wanted, given=given, afresh=fresh, move_on=next_day)


def _settings(home: Path, company: Company) -> Settings:
    """The environment's settings for this folder; today is the company's day, so that every run says the same."""
    return replace(from_environment(), home=home, as_of=company.today.isoformat())


def _run(hub: Hub, company: Company, tell: Tell) -> dict[str, Any]:
    hub.migrate()
    with hub.store.read() as tx:
        before = _versions(figures.every_golden(tx))
    reports = hub.ingest(tell=tell)
    done = hub.work(tell)
    back = _write_back(hub, tell)
    truth, match_bits = company.truth, hub.rules.matching.match_bits / 1000
    with hub.store.read() as tx:
        held = figures.every_golden(tx)
        aside = figures.rejected(tx)
        told: dict[str, Any] = {
            "company": hub.landscape.company,
            "day": truth["day"],
            "made": {"seed": truth["seed"], "customers": truth["size"], "day": company.recipe.day},
            "read": sum(one.read for one in reports),
            "written_back": back,
            "changed": sum(before.get(one.id) != one.version for one in held) + len(before.keys() - {one.id for one in held}),
            "announced": dict(sorted(done.outcome.announced.items())),
            "systems": figures.systems(reports),
            "rejected": aside,
            "planted": figures.planted(truth, aside),
            "golden": figures.golden(held),
            "review": figures.review(tx),
            "contacts": figures.contacts(tx, held, truth),
            **figures.balance(tx),
            "quality": figures.verdict(held, truth).as_dict(),
            "erp_key": _known_to_the_erp(held),
            "merge": telling.merge(tx, held, hub.resolver.explain, truth["records"], match_bits),
            "near_miss": telling.near_miss(tx, hub.resolver.explain, truth["records"], match_bits),
        }
    return told


def _write_back(hub: Hub, tell: Tell) -> dict[str, Any]:
    """Tell the ERP what it lacks; then read it again, to see that the hub takes none of its own words for the ERP's."""
    delivered = [one.as_dict() for one in hub.deliver(tell=tell)]
    told = {name: sum(one[name] for one in delivered) for name in ("written", "unchanged", "refused", "parked")}
    systems = {hub.landscape.delivery(one["delivery"]).system for one in delivered if one["written"]}
    feeds = [name for name, feed in hub.landscape.feeds.items() if feed.system in systems]
    again = hub.ingest(feeds, tell=tell) if feeds else []
    done = hub.work(tell) if feeds else None
    return told | {
        "systems": sorted(systems),
        "echoes": sum(one.echoes for one in again),
        "changed": sum(done.outcome.announced.values()) if done else 0,
    }


def _versions(held: list[Any]) -> dict[str, int]:
    return {one.id: one.version for one in held}


_ACCOUNT = {
    "account": "S-900001",
    "email": "ada.byron@example.org",
    "first_name": "Ada",
    "last_name": "Byron",
    "display_name": "Ada Byron",
    "country": "GB",
    "phone": "+44 20 7946 0000",
    "registered": "2026-03-02T09:00:00Z",
    "updated": "2026-03-02T09:00:00Z",
}
"""An account in the shop's own words, of somebody whom no system knows yet."""


def _known_to_the_erp(held: list[Any]) -> str | None:
    """The ERP's number of a customer whom several systems know."""
    keys = [(-len({ref.system for ref in one.members}), ref.key) for one in held for ref in one.members if ref.system == "erp"]
    return min(keys)[1] if keys else None


def _program() -> str:
    """How to call the command from where the demo was called: by its path, where a shell would not find it."""
    path = Path(sys.argv[0])
    return "goldenhub" if path.name != "goldenhub" or shutil.which("goldenhub") else str(path)


def _first_steps(hub: str, told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Push, ask, follow."""
    account = orjson.dumps(_ACCOUNT).decode()
    steps = [(f"{hub} post shop.accounts {shlex.quote(account)}", "push an account in the shop's own words; its receipt is told")]
    if told.get("erp_key"):
        steps.append((f"{hub} who-is erp {told['erp_key']}", "ask whose ERP number that is, and how the others know them"))
    steps.append((f"{hub} changes --follow", "watch golden records change: post her with another phone from a second terminal"))
    return steps


def _next(home: Path, told: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What a curious person could try now."""
    program = _program()
    hub = f"{program} --home {shlex.quote(str(home))}"
    steps = _first_steps(hub, told)
    if merge := told.get("merge"):
        steps.append((f"{hub} golden show {merge['pair'][0]} --why", "every value of that customer, with its source"))
    if miss := told.get("near_miss"):
        steps.append((f"{hub} explain {' '.join(miss['pair'])}", "why the hub was not sure about these two"))
        steps.append((f"{hub} review decide {miss['task']} same", "answer its question; `not-same` works, too"))
    steps.append((f"{hub} rejects", "what was set aside, and how to mend it"))
    steps.append((f"{hub} rebuild", "compute everything anew and see that nothing differs"))
    demo = f"{program} demo --home {shlex.quote(str(home))}"
    steps.append((f"{demo} --serve", "keep its systems reachable, for `goldenhub doctor` and `goldenhub ingest`"))
    if told["made"]["day"] == 1:
        steps.append((f"{demo} --next-day", "let a day pass: moves, marriages, deletions"))
    return steps
