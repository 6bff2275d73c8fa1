"""One run from beginning to end."""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psycopg

from hub.app import open_hub
from hub.bench.chaos import company, hearing
from hub.bench.chaos.crew import Crew, Member
from hub.bench.chaos.faults import KILL, SERVERS, Fault, schedule
from hub.bench.chaos.ground import NAME, Ground, ground
from hub.bench.chaos.ledger import Ledger
from hub.bench.chaos.member import NO_BUG
from hub.bench.chaos.population import Population
from hub.bench.chaos.roads import Road, SourceTable
from hub.bench.chaos.sender import Sender
from hub.bench.chaos.verdict import Verdict, compare
from hub.services.postgres import plain
from hub.settings import from_environment

Tell = Callable[[str, int, int | None], None]

_SECONDS_A_KILL = 2.5
_SIZE = 400  # records a road
_RATE = 60.0  # operations a second and road
_QUIET_WITHIN = 240.0  # seconds
_STANDS = 4.0  # seconds that queues have stood before the first fault: RabbitMQ 3.10 forgets those it has just made


def run(
    kills: int = 100,
    seed: int = 1,
    minutes: float = 0,
    bug: str = NO_BUG,
    tell: Tell = lambda what, done, total: None,
) -> dict[str, Any]:
    """Figures of the run, and what was found wrong; ``passed`` when nothing was."""
    lasts = 60 * minutes or _SECONDS_A_KILL * kills
    with _folder() as folder, ground(folder) as place:
        return _Run(folder, place, seed, bug, tell).through(kills, lasts)


class _Run:
    def __init__(self, folder: Path, place: Ground, seed: int, bug: str, tell: Tell) -> None:
        self.folder, self.place, self.seed, self.bug, self.tell = folder, place, seed, bug, tell
        self.home = folder / "company"
        company.write(self.home)
        self.source = plain(place.database.database("source", "source", ""))
        self.ledger = Ledger(folder / "ledger.jsonl")
        self.environment = {
            "HUB_HOME": str(self.home),
            "HUB_DATABASE_URL": place.database_url,
            "HUB_BUS_URL": place.broker_url,
            "CRM_URL": self.source.replace("postgresql://", "postgresql+psycopg://", 1),
        }
        self.crew = Crew({one.name: one for one in self._members()}, self.environment)
        self.senders = [Sender(self.ledger, road, self._population(road), _RATE) for road in self._roads()]

    def through(self, kills: int, lasts: float) -> dict[str, Any]:
        began = time.monotonic()
        self.tell("servers and tables", 0, None)
        with open_hub(from_environment(self.environment)) as hub:
            hub.migrate()
            hub.agree()
        hearing.listen(self.place.broker.url())
        self.crew.begin()
        for sender in self.senders:
            sender.begin()
        time.sleep(_STANDS)
        self._strike(schedule(self._chance("faults"), kills, lasts, list(self.crew.members), self.place.possible))
        loaded = time.monotonic() - began
        verdict = self._judged(loaded)
        return self._told(verdict, kills, round(time.monotonic() - began, 1))

    def _strike(self, faults: list[Fault]) -> None:
        began = time.monotonic()
        for number, fault in enumerate(faults, 1):
            time.sleep(max(0.0, began + fault.at - time.monotonic()))
            if fault.kind == KILL and fault.target not in SERVERS:
                while not self.crew.kill(fault.target, fault.seconds):  # it rests from its last death
                    time.sleep(0.05)
                self.place.done[f"{KILL} {fault.target}"] += 1
            else:
                self.place.strike(fault)
            self.tell("faults", number, len(faults))

    def _judged(self, loaded: float) -> Verdict:
        """Heal everything, wait until nothing waits, end everybody, and compare."""
        verdict = Verdict()
        self.place.heal()
        stuck = [one.road.name for one in self.senders if not one.end(patience=60)]
        verdict.note("sender_stuck", stuck)
        healed = time.monotonic()
        verdict.note("never_quiet", [] if (waits := self._waits()) == "" else [waits])
        verdict.figures |= {"seconds_under_load": round(loaded), "seconds_to_quiet": round(time.monotonic() - healed)}
        took = self.crew.stop()
        verdict.figures["slowest_clean_end_ms"] = round(1000 * max(took.values(), default=0))
        self.tell("comparing", 0, None)
        self.ledger.close()
        told = hearing.heard(self.place.broker.url())
        compare(verdict, plain(self.place.database.url(NAME)), self.ledger.path, told, set())
        verdict.note("left_at_the_broker", self._left_at_the_broker())
        self._balance(verdict)
        return verdict

    def _waits(self) -> str:
        """What still waits when patience ends; empty once nothing does. The connector has read all that was written by then."""
        end, waits = time.monotonic() + _QUIET_WITHIN, "?"
        with psycopg.connect(plain(self.place.database.url(NAME)), autocommit=True) as connection:
            (healed,) = connection.execute("SELECT count(*) FROM runs WHERE state = 'done'").fetchone() or (0,)
            while waits and time.monotonic() < end:
                time.sleep(0.5)
                runs, kept, on_the_way, told, put_off = connection.execute(
                    "SELECT (SELECT count(*) FROM runs WHERE state = 'done'), (SELECT coalesce(max(id), 0) FROM outbox), "
                    "(SELECT count(*) FROM in_flight), (SELECT coalesce(max(outbox_id), 0) FROM relays WHERE name LIKE 'bus/%'), "
                    "(SELECT count(*) FROM redo)"
                ).fetchone() or (0, 0, 0, 0, 0)
                found = {"feed read": runs < healed + 2, "on the way": on_the_way, "untold": kept - told, "put off": put_off}
                waits = ", ".join(f"{what}: {number}" for what, number in found.items() if number)
        return waits

    def _left_at_the_broker(self) -> list[str]:
        return [f"{name}: {number}" for name, number in self.place.broker.queues().items() if number]

    def _balance(self, verdict: Verdict) -> None:
        """What the hub says of itself: its balance, and whether computing everything again changes anything."""
        direct = {**self.environment, "HUB_DATABASE_URL": self.place.database.url(NAME)}
        with open_hub(from_environment(direct)) as hub:
            balance = hub.accounting()["customer"]
            verdict.note("leakage", [balance] if balance["leakage"] else [])
            _, differences = hub.rebuild()
            verdict.note("rebuild_differs", differences)
        verdict.note("crash_loops", self._tracebacks())

    def _tracebacks(self) -> Iterator[str]:
        for member in self.crew.members.values():
            with suppress(FileNotFoundError):
                said = member.log.read_text(encoding="utf-8", errors="replace")
                last = [part.strip().splitlines()[-1] for part in said.split("Traceback (most recent call last)")[1:]]
                yield from (f"{member.name}: {line[:200]}" for line in last)

    def _told(self, verdict: Verdict, kills: int, seconds: float) -> dict[str, Any]:
        done = self.place.done
        killed = sum(number for what, number in done.items() if what.startswith(KILL))
        refused: Counter[str] = sum((one.refused for one in self.senders), Counter())
        return {
            "name": "chaos",
            "passed": verdict.passed and killed == kills,
            "seed": self.seed,
            "bug": self.bug,
            "done": {"kills": killed, **dict(sorted(done.items()))},
            "wrong": verdict.wrong,
            "examples": verdict.examples,
            "figures": verdict.figures | {
                "seconds": seconds,
                "sent_again": refused.total(),
                "servers_ended_by_themselves": self.place.ended.total(),
                "workers_ended_by_themselves": sum(n for name, n in self.crew.ended.items() if name != company.CRM),
            },
        }  # fmt: skip

    def _members(self) -> Iterator[Member]:
        for name in ("resolve-1", "resolve-2", "relay-1", "ingest-1"):
            yield self._member(name, "work", "--post", name, "--stages", name.partition("-")[0])
        yield self._member(company.CRM, "ingest", f"{company.CRM}.people", "--no-work")  # ends, and is started again

    def _member(self, name: str, *command: str) -> Member:
        ours = [sys.executable, "-m", "hub.bench.chaos.member", str(self.place.clock), self.bug]
        return Member(name, [*ours, *command], self.folder / "logs" / f"{name}.log")

    def _roads(self) -> Iterator[Road]:
        table = SourceTable(company.CRM, self.source)
        table.make()
        yield table

    def _population(self, road: Road) -> Population:
        return Population(road.name, _SIZE, self._chance(road.name))

    def _chance(self, what: str) -> random.Random:
        return random.Random(f"{self.seed}/{what}")  # noqa: S311 - what is drawn must come again


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="hub-chaos-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)  # servers run as users of their own
        yield Path(name)
