"""The bench of a bulk run prints its own figures though the peer gives up. No figure is asserted."""

from __future__ import annotations

import pytest

from hub.bench import bulk
from hub.bench.peers import installed


@pytest.mark.slow
def test_where_the_peer_learns_too_little_our_figures_are_told_and_why_there_are_none_of_its(postgres_url: str) -> None:
    found = bulk.run(records=3, workers=1, url=postgres_url)

    figures = found["figures"]
    assert (figures["records"], figures["golden_records"] > 0, figures["features_to_committed_s"] > 0) == (3, True, True)
    assert ("splink_failed" in figures) is installed("splink")
    assert found["ratios"] == {}
