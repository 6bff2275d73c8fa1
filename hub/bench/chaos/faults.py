"""What is done to the hub, and when: drawn from a seed before the run begins."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

KILL, CUT, FREEZE, DISK, CLOCK = "kill", "cut", "freeze", "disk full", "clock"
DATABASE, BROKER = "database", "broker"
SERVERS = (DATABASE, BROKER)

_OTHERS = ((CUT, 5), (FREEZE, 3), (CLOCK, 2), (DISK, 1))
_OTHERS_A_KILL = 0.35
_SERVER_SHARE = 0.25  # of the kills; a broker needs ten seconds to come back
_JUMPS = (-86_400, -3_600, -90, 90, 3_600, 86_400)


@dataclass(frozen=True)
class Fault:
    """One thing that is done, so many seconds after the load began."""

    at: float
    kind: str
    target: str
    seconds: float = 0  # how long it lasts; of a clock, by how much it jumps


def schedule(chance: random.Random, kills: int, lasts: float, workers: Sequence[str], possible: Sequence[str]) -> list[Fault]:
    """``kills`` of workers and servers, and among them whatever else is ``possible`` on this machine."""
    drawn = [_kill(chance, lasts, workers) for _ in range(kills)]
    others = [(kind, weight) for kind, weight in _OTHERS if kind in possible]
    for _ in range(max(len(others), round(kills * _OTHERS_A_KILL)) if others else 0):
        kind = chance.choices([kind for kind, _ in others], [weight for _, weight in others])[0]
        drawn.append(_other(chance, kind, lasts))
    drawn += [_other(chance, kind, lasts) for kind, _ in others if kind not in {one.kind for one in drawn}]
    return sorted(drawn, key=lambda one: one.at)


def _kill(chance: random.Random, lasts: float, workers: Sequence[str]) -> Fault:
    if chance.random() < _SERVER_SHARE:
        return Fault(chance.uniform(0, lasts), KILL, chance.choice(SERVERS), chance.uniform(0, 2))
    return Fault(chance.uniform(0, lasts), KILL, chance.choice(workers), chance.uniform(0, 0.5))


def _other(chance: random.Random, kind: str, lasts: float) -> Fault:
    at = chance.uniform(0, lasts)
    if kind == CLOCK:
        return Fault(at, CLOCK, "workers", chance.choice(_JUMPS))
    if kind == DISK:
        return Fault(at, DISK, DATABASE, chance.uniform(1, 4))
    if kind == FREEZE:
        return Fault(at, FREEZE, chance.choice(SERVERS), chance.uniform(1, 5))
    return Fault(at, CUT, chance.choice(SERVERS))
