"""The bench of publishing: it runs, and publishes what it says. No time is asserted."""

from __future__ import annotations

from hub.bench import publish


def test_every_contender_publishes_and_is_compared(rabbitmq_url: str) -> None:
    found = publish.run(messages=200, rounds=1, url=rabbitmq_url)

    assert found["name"] == "publish"
    assert found["figures"]["goldenhub_per_second"] > 0
    assert found["ratios"]["blocking_confirmed"] > 0
    assert found["versions"]["rabbitmq"]
