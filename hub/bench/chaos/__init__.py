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

from hub.bench.chaos.run import run

__all__ = ["run"]
