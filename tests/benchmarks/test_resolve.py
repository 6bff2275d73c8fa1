"""The bench of one more record: it runs, and publishes what it says. No time is asserted."""

from __future__ import annotations

import pytest

from hub.bench import resolve

pytestmark = pytest.mark.slow


def test_single_records_batches_and_the_bare_query_are_compared(postgres_url: str) -> None:
    found = resolve.run(held=(300, 600), singles=20, batches=1, rivals=1, url=postgres_url)

    assert found["name"] == "resolve"
    assert found["figures"]["single_ms_at_600"] > 0
    assert found["figures"]["batched_us_at_600"] > 0
    assert found["figures"]["bare_candidates_a_record_at_600"] > 0
    assert found["ratios"]["single_to_bare_at_300"] > 0
    assert found["ratios"]["single_at_600_to_300"] > 0
    assert found["ratios"]["splink_to_single_at_600"] > 0
