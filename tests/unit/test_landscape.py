"""Every key of landscape.yaml has its row in the reference, and every row is a key."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hub import landscape

TEXT = (Path(__file__).resolve().parents[2] / "docs" / "reference" / "landscape.md").read_text(encoding="utf-8")
KEYS = {
    "The file": landscape._TOP,
    "Systems": landscape._SYSTEM,
    "Feeds": landscape._FEED,
    "A stream": {"name", "parent", "children"},
    "A cursor": landscape._CURSOR,
    "Deliveries": landscape._DELIVERY,
    "Subscriptions": landscape._SUBSCRIPTION,
}


def rows(heading: str) -> dict[str, str]:
    """Key -> its row, in the table below a heading."""
    section = re.split(r"^#+ ", TEXT.split(f"# {heading}\n", 1)[1], maxsplit=1, flags=re.MULTILINE)[0]
    return dict(re.findall(r"^\| `(\w+)` \| (.+) \|$", section, re.MULTILINE))


@pytest.mark.parametrize("heading", KEYS)
def test_the_reference_lists_every_key_and_no_other(heading: str) -> None:
    assert rows(heading).keys() == KEYS[heading]


@pytest.mark.parametrize(
    ("key", "words"),
    [("message", landscape.MESSAGE), ("order_by", landscape.ORDER_BY), ("lane", landscape.LANES)],
)
def test_the_reference_names_every_choice_with_the_default_first(key: str, words: tuple[str, ...]) -> None:
    default, _, meaning = rows("Feeds")[key].partition(" | ")
    assert default == f"`{words[0]}`"
    assert set(words) <= set(re.findall(r"`(\w+)`", meaning))


def test_the_example_of_the_demo_uses_no_key_that_the_reference_does_not_know() -> None:
    loaded = landscape.load_landscape(Path(__file__).resolve().parents[2] / "landscape.yaml")
    assert loaded.systems.keys() >= {feed.system for feed in loaded.feeds.values()}
