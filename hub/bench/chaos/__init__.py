"""`goldenhub bench chaos`: kill everything again and again under load, and compare what is left with a ledger kept outside.

    company     a table that a connector reads, and systems that push; the same people in all of them
    sender      feeds them through every road, and writes a ledger of its own
    crew        the hub's processes, started again when they are gone
    ground      private servers, on a small disk, behind ways that can be cut
    faults      what is done, and when: drawn from the seed
    verdict     lost 0, doubled 0, unannounced 0, no gap, a replica that equals the store; else the run has failed

Everything is private to the run. The same seed draws the same people, operations and faults, in the same order and for the same
seconds; how machines interleave them differs from run to run.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hub.bench.chaos.planted import BUGS, NO_BUG
from hub.errors import BadSettings, did_you_mean

_SECONDS_A_KILL = 5

HELP = {
    "kills": "How many processes die by SIGKILL: workers, relay, connector, interface, broker, database.",
    "seed": "What people, operations and faults are drawn from.",
    "minutes": "How long the faults go on. Default: five seconds for each kill.",
    "plant": f"A bug that the run has to find: {', '.join(BUGS)}.",
    "rows": "What becomes of deleted rows of the table that is read: removed (a sweep finds it), or marked.",
    "keep": "A new folder in which ledger and logs stay.",
}


def run(
    kills: int = 100, seed: int = 1, minutes: float = 0.0, plant: str = "", rows: str = "removed", keep: str = ""
) -> dict[str, Any]:
    """Figures of the run, and what was found wrong; ``passed`` when nothing was."""
    if plant and plant not in BUGS:
        raise BadSettings(f"There is no bug {plant!r}{did_you_mean(plant, BUGS)}. Known: {', '.join(BUGS)}.", name="plant")
    if rows not in ("removed", "marked"):
        raise BadSettings(f"Rows are removed or marked, not {rows!r}.", name="rows")
    lasts = 60 * minutes or _SECONDS_A_KILL * kills
    from hub.bench.chaos.course import course  # the members of its crew need none of it

    return course(kills, seed, lasts, plant or NO_BUG, rows == "removed", Path(keep) if keep else None)
