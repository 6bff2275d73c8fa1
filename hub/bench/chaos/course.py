"""One run from beginning to end."""

from __future__ import annotations

import platform
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib.metadata import version
from pathlib import Path
from typing import Any

import psycopg

from hub.app import open_hub
from hub.app.entrance import create
from hub.bench.chaos import company, hearing
from hub.bench.chaos.crew import Crew, Member
from hub.bench.chaos.faults import KILL, SERVERS, Fault, schedule
from hub.bench.chaos.ground import NAME, Ground, ground
from hub.bench.chaos.ledger import Ledger, read
from hub.bench.chaos.member import READ
from hub.bench.chaos.planted import NO_BUG
from hub.bench.chaos.population import Population
from hub.bench.chaos.roads import Messages, Posts, Road, SourceTable
from hub.bench.chaos.sender import Sender
from hub.bench.chaos.verdict import Verdict, compare
from hub.errors import BadSettings, Unavailable
from hub.services.postgres import plain
from hub.services.processes import free_port
from hub.settings import from_environment

_TELLS = 10  # faults
_SIZE = 400  # records a road
_RATE = 60.0  # operations a second and road
_QUIET_WITHIN = 240.0  # seconds
_CALM = 6  # looks, half a second apart
_READS = "SELECT count(*) FROM runs WHERE state = 'done'"
_WAITING = f"""SELECT ({_READS}), (SELECT count(*) FROM inbox), (SELECT count(*) FROM in_flight),
    (SELECT coalesce(max(id), 0) FROM outbox) - (SELECT coalesce(max(outbox_id), 0) FROM relays WHERE name LIKE 'bus/%'),
    (SELECT count(*) FROM redo)"""  # noqa: S608 - our own words
_FLOWS_WITHIN = 120.0  # seconds


def course(kills: int, seed: int, lasts: float, bug: str, removes: bool, keep: Path | None) -> dict[str, Any]:
    """Figures of the run, and what was found wrong; ``passed`` when nothing was."""
    with _folder(keep) as folder, ground(folder) as place:
        made = _Run(folder, place, seed, bug, removes)
        try:
            return made.through(kills, lasts)
        finally:
            made.crew.stop()


class _Run:
    def __init__(self, folder: Path, place: Ground, seed: int, bug: str, removes: bool) -> None:
        self.folder, self.place, self.seed, self.bug, self.removes = folder, place, seed, bug, removes
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
        self.port = free_port()
        self.crew = Crew({one.name: one for one in self._members()}, self.environment)
        self.senders: list[Sender] = []

    def through(self, kills: int, lasts: float) -> dict[str, Any]:
        began = time.monotonic()
        self.tell("servers and tables", 0, None)
        with open_hub(from_environment(self.environment)) as hub:
            hub.migrate()
            hub.agree()
            token = create(hub, "chaos", [f"feed:{company.feed(company.WEB)}"], 1)
        self.senders = [Sender(self.ledger, road, self._population(road), _RATE) for road in self._roads(token)]
        hearing.listen(self.place.broker.url())
        self.crew.begin()
        hearing.wait_for_queue(self.place.broker.url(), _FLOWS_WITHIN)
        for sender in self.senders:
            sender.begin()
        self._until_it_flows()
        self._strike(schedule(self._chance("faults"), kills, lasts, self._targets(), self.place.possible))
        loaded = time.monotonic() - began
        verdict = self._judged(loaded)
        return self._told(verdict, kills, round(time.monotonic() - began, 1))

    def _until_it_flows(self) -> None:
        """The first fault comes when golden records do: RabbitMQ 3.10 forgets queues when it dies as soon as they are made."""
        end = time.monotonic() + _FLOWS_WITHIN
        with psycopg.connect(plain(self.place.database.url(NAME)), autocommit=True) as connection:
            while connection.execute("SELECT 1 FROM relays WHERE outbox_id > 0").fetchone() is None:
                if time.monotonic() > end:
                    said = f"No golden record within {_FLOWS_WITHIN:g} s; the logs are in {self.folder}."
                    raise Unavailable(said, system="hub")
                time.sleep(0.2)

    def _targets(self) -> list[str]:
        """A bug shows where it was planted."""
        return [name for name in self.crew.members if self.bug == NO_BUG or name.startswith("resolve")]

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
        compare(verdict, plain(self.place.database.url(NAME)), self.ledger.path, told, company.PUSHED)
        verdict.note("left_at_the_broker", self._left_at_the_broker())
        self._balance(verdict)
        return verdict

    def tell(self, what: str, number: int, total: int | None) -> None:
        """Where it is: on standard error, now and then."""
        if number in (0, total) or number % _TELLS == 0:
            print(what + (f": {number} of {total}" if total else ""), file=sys.stderr, flush=True)

    def _waits(self) -> str:
        """What still waits when patience ends; empty once nothing did, several times on end."""
        end, calm, waits = time.monotonic() + (_QUIET_WITHIN if self.bug == NO_BUG else _QUIET_WITHIN / 2), 0, "?"
        self.tell("waiting until nothing waits", 0, None)
        pushed = sum(accepted and one.road in company.PUSHED for one, accepted in read(self.ledger.path))
        with psycopg.connect(plain(self.place.database.url(NAME)), autocommit=True) as connection:
            (before,) = connection.execute(_READS).fetchone() or (0,)
            while calm < _CALM and time.monotonic() < end:
                time.sleep(0.5)
                reads, kept, on_the_way, untold, put_off = connection.execute(_WAITING).fetchone() or (0, 0, 0, 0, 0)
                found = {
                    "pushed": pushed - kept, "table read": max(0, before + 2 - reads), "on the way": on_the_way,
                    "untold": untold, "put off": put_off,
                }  # fmt: skip
                waits = ", ".join(f"{what}: {number}" for what, number in found.items() if number)
                calm = 0 if waits else calm + 1
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
                parts = said.split("Traceback (most recent call last)")[1:]
                found = (line for part in parts for line in part.splitlines()[1:] if line[:1].isalpha())
                yield from (f"{member.name}: {line[:200]}" for line in found if "Error" in line or "Exception" in line)

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
            "ratios": {},
            "versions": {"python": platform.python_version(), "goldenhub": version("goldenhub")},
            "figures": verdict.figures | {
                "seconds": seconds,
                "sent_again": refused.total(),
                "servers_ended_by_themselves": self.place.ended.total(),
                "workers_ended_by_themselves": self.crew.ended.total(),
            },
        }  # fmt: skip

    def _members(self) -> Iterator[Member]:
        for name in ("resolve-1", "resolve-2", "relay-1", "ingest-1"):
            yield self._member(name, "work", "--post", name, "--stages", name.partition("-")[0])
        yield self._member("connector", READ)
        yield self._member("api", "serve", "--port", str(self.port))

    def _member(self, name: str, *command: str) -> Member:
        ours = [sys.executable, "-m", "hub.bench.chaos.member", str(self.place.clock), self.bug]
        return Member(name, [*ours, *command], self.folder / "logs" / f"{name}.log")

    def _roads(self, token: str) -> Iterator[Road]:
        table = SourceTable(self.source, self.removes)
        table.make()
        yield from (table, Messages(self.place.broker.url()), Posts(f"http://127.0.0.1:{self.port}", token))

    def _population(self, road: Road) -> Population:
        return Population(road.name, _SIZE, self._chance(road.name))

    def _chance(self, what: str) -> random.Random:
        return random.Random(f"{self.seed}/{what}")  # noqa: S311 - what is drawn must come again


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    if keep is not None:
        if keep.exists():
            raise BadSettings(f"{keep} is there already; name a folder that is not.", name="--keep")
        keep.mkdir(parents=True)
        yield keep
        return
    with tempfile.TemporaryDirectory(prefix="hub-chaos-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)  # servers run as users of their own
        yield Path(name)
