"""The bench of the whole way: everything arrives, and the memory of every process is told on the way. No figure is asserted."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from hub.bench import pipeline
from hub.bench.pipeline.ground import _resident
from tests.waiting import until


@pytest.fixture(autouse=True)
def the_end_as_it_was() -> Iterator[None]:
    """The bench takes away what it started when it is told to end; the tests after it end as ever."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


@pytest.mark.slow
def test_all_records_come_through_and_every_process_tells_its_memory(
    rabbitmq_url: str, postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", postgres_url)
    monkeypatch.setenv("HUB_BUS_URL", rabbitmq_url)

    found = pipeline.run(records=600, live=20, seconds=1, bulk=0, batch=50)

    figures = found["figures"]
    assert (figures["leakage"], figures["golden_events"] > 0) == (0, True)
    assert figures["live_per_second"] > 0
    for process in ("reader", "ingest-1", "resolve-1", "relay-1"):
        told = {share: figures[f"memory_{process}_at_{share}_mb"] for share in (10, 50, 100)}
        assert 0 < max(told.values()) <= figures[f"memory_{process}_most_mb"]
        assert found["ratios"][f"memory_{process}_all_to_tenth"] == told[100] / told[10]


def test_a_process_that_has_ended_and_was_not_waited_for_has_no_memory() -> None:
    process = subprocess.Popen(["true"])
    try:
        until(lambda: Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z")
        assert _resident(process.pid) is None
    finally:
        process.wait()
    assert _resident(process.pid) is None
    assert _resident(os.getpid())
