"""One process of the hub under the run: the command `goldenhub`, with a clock that can be set, and a bug where one is asked for.

``python -m hub.bench.chaos.member CLOCK BUG work --stages resolve``. What a clock is set to stands in the file CLOCK, in
seconds; BUG is `none` or the name of one of ``planted.BUGS``. (libfaketime would set the clock of a program from outside, but
what it makes of Python's `sleep` cannot be used.)
"""

from __future__ import annotations

import runpy
import sys
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hub.app import hub as building
from hub.app import open_hub
from hub.bench.chaos.company import CRM, feed
from hub.bench.chaos.planted import BUGS, NO_BUG
from hub.errors import Retryable

READ = "read"
_REST = 0.3  # seconds between two reads of the connector
_LOOKS = 0.5  # seconds between two looks at the file


class Clock:
    """The time of day, as far off as the file says."""

    def __init__(self, file: Path) -> None:
        self.file, self._off, self._looked = file, timedelta(), 0.0

    def __call__(self) -> datetime:
        if time.monotonic() - self._looked > _LOOKS:
            self._looked = time.monotonic()
            self._off = timedelta(seconds=read(self.file))
        return datetime.now(UTC) + self._off


def read(file: Path) -> float:
    try:
        return float(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return 0.0


def jump(file: Path, by: timedelta) -> None:
    """From now on it is so much later, or earlier, than it is."""
    fresh = file.with_suffix(".new")
    fresh.write_text(f"{by.total_seconds()}\n", encoding="ascii")
    fresh.replace(file)


def main() -> None:
    _, clock, bug, *rest = sys.argv
    building.now = Clock(Path(clock))
    building.open_hub.__wrapped__.__defaults__ = (None, building.now)  # type: ignore[attr-defined]
    if bug != NO_BUG:
        BUGS[bug]()
    if rest == [READ]:
        read_again_and_again()
    sys.argv = ["goldenhub", *rest]
    runpy.run_module("hub", run_name="__main__")


def read_again_and_again() -> None:
    """The connector's process: as `goldenhub ingest --no-work`, without the time it takes to start."""
    with open_hub() as hub:
        while True:
            with suppress(Retryable):
                hub.ingest([feed(CRM)])
            time.sleep(_REST)


if __name__ == "__main__":
    main()
