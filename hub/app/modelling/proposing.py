"""Whether a new version is due: what a nightly job asks before it trains.

A model is made for a population of some size and for values as rare as they were in it. Both are read from its document and
compared with what is held now.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from hub.app.modelling.comparing import worth_of
from hub.app.modelling.training import Trained, train
from hub.app.outcome import Tell
from hub.app.stages import ENTITY
from hub.errors import Rejected
from hub.matching.rarity import count_values
from hub.matching.rules import COMMON, TABLES, half_bits
from hub.store import models, nodes

if TYPE_CHECKING:
    from hub.app.hub import Hub

DRIFT = 1000
"""Thousandths of a bit by which common values, each as often as it occurs, may be worth something else than the model says."""
FEWEST_HELD = 1000
"""Different records, before how common their values are says anything about the population."""


@dataclass(frozen=True)
class Need:
    """What speaks for a new version, and what does not."""

    due: bool
    population: int  # nodes held
    made_for: int
    drift: Mapping[str, int]  # by table of frequencies, in thousandths of a bit
    limit: int = DRIFT
    proposed: str = ""  # a version that waits already, made for as many

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def in_words(self) -> str:
        """Why, or why not."""
        grown = f"{self.population:,} different records are held, and the model was made for {self.made_for:,}"
        drifted = ", ".join(f"{name} {bits / 1000:.1f}" for name, bits in self.drift.items() if bits >= self.limit)
        if self.proposed:
            return f"No new version is due: {self.proposed[:12]} was proposed for as many, and waits to be simulated and applied."
        if not self.due:
            most = max(self.drift.values(), default=0) / 1000
            return (
                f"No new version is due: {grown}; its common values are worth {most:.1f} bits more or less than then, "
                f"and {self.limit / 1000:g} would matter."
            )
        reasons = [f"{grown}: twice as many are one bit"] if self.population >= 2 * self.made_for else []
        reasons += [f"common values are worth other bits than the model says: {drifted}"] if drifted else []
        return f"A new version is due: {'; '.join(reasons)}."


def propose(hub: Hub, by: str, tell: Tell) -> tuple[Need, Trained | None]:
    """Train and propose a new version if one is due."""
    need = is_due(hub, tell)
    return need, train(hub, by, tell, why=need.in_words()) if need.due else None


def is_due(hub: Hub, tell: Tell) -> Need:
    """Compare what is held with what the model in force was made for."""
    hub.agree()
    document = hub.rules.document
    made_for = int(document["numbers"]["population"])
    with hub.store.read() as tx:
        total = nodes.count(tx, ENTITY)["nodes"]
        if not total:
            raise Rejected("Nothing is held to learn from; run `goldenhub ingest` first.", code="nothing_held")
        done = 0

        def told() -> Any:
            nonlocal done
            for page in nodes.every(tx, ENTITY):
                yield from (found for _, found, _ in page)
                done += len(page)
                tell("reading what is held", done, total)

        counts = count_values(told())
        waiting = [
            one.version
            for one in models.listed(tx, ENTITY)
            if one.state == models.PROPOSED and int(one.report.get("nodes", 0)) * 2 > total
        ]
    drift = {table: drifted(document, table, counts[table]) if total >= FEWEST_HELD else 0 for table in TABLES}
    needed = total >= 2 * made_for or max(drift.values()) >= DRIFT
    proposed = waiting[-1] if needed and waiting else ""
    return Need(needed and not proposed, total, made_for, drift, proposed=proposed)


def drifted(document: Mapping[str, Any], table: str, counts: Mapping[str, int]) -> int:
    """By how many thousandths of a bit the common values of a table are off, each counted as often as it occurs."""
    known, rare = worth_of(document, table), int(document["numbers"][f"rare_{table}"])
    total = sum(counts.values())
    common = {value: count for value, count in counts.items() if count > COMMON}
    off = sum(abs(min(half_bits(total, n), rare) - known.get(value.replace(" ", "_"), rare)) * n for value, n in common.items())
    return off // max(sum(common.values()), 1)
