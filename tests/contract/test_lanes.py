"""A load never keeps a live record waiting for more than the part of it that is at work, on any bus."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy import Connection

from hub.app.outcome import Work
from hub.app.pacing import Pace
from hub.app.working import Loop
from hub.bus import BULK, LIVE
from hub.records import SourceRecord
from tests.contract.buses import Rabbit, Twin, record
from tests.waiting import PATIENCE, until

LOAD = 400


def comes(twin: Twin, number: int) -> None:
    """A live record, which the worker can take from here on."""
    twin.publish([record(number)])
    if isinstance(twin, Rabbit):
        queue = twin.rabbit.topology.names.work("resolve", LIVE)
        until(lambda: twin.rabbit._consumer._subscriptions[queue].ready)


@pytest.mark.parametrize("hurried", [False, True])
def test_a_live_record_that_comes_while_a_load_is_worked_on_is_next(twin: Twin, hurried: bool) -> None:
    """However many come, each waits for one part at most; and what they interrupt goes on where it was."""
    worked_on: list[list[str]] = []
    live = iter(range(LOAD, LOAD + 3))

    def do(tx: Connection, records: Sequence[SourceRecord]) -> Work:
        worked_on.append([one.message_id for one in records])
        return Work()

    class Watched(Pace):
        """Another live record comes between the work on a part and the next one."""

        def took(self, part: object, seconds: float) -> None:
            super().took(part, 0.02)  # type: ignore[arg-type]  # as if every part took so long, however busy the machine is
            if (number := next(live, None)) is not None:
                comes(twin, number)

    twin.publish([record(number) for number in range(LOAD)], BULK)
    loop = Loop(twin.bus, twin.store, "resolve", do, 500, pace=Watched(lambda: hurried))
    done = 0
    while done < LOAD + 3:
        made = loop.step(timedelta(seconds=PATIENCE))
        assert made is not None
        done += made.records

    alone = [place for place, ids in enumerate(worked_on) if ids[0] in {f"run:{number}" for number in range(LOAD, LOAD + 3)}]
    assert alone == [1, 2, 3], "one part of the load, and then whatever is live as long as there is any"
    assert [one for place, ids in enumerate(worked_on) if place not in alone for one in ids] == [f"run:{n}" for n in range(LOAD)]
    assert len(worked_on[0]) < (LOAD / 4 if hurried else LOAD)
    assert twin.depth() == 0
