"""The waterfall of a pair, in words and drawn."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.cli.waterfall import bars, drawing, in_terminal, write_chart
from hub.errors import BadSettings

PARTS = [
    {"name": "prior", "level": "", "bits": -16.0, "left": "", "right": ""},
    {"name": "family", "level": "exact", "bits": 12.5, "left": "gil", "right": "gil"},
    {"name": "email", "level": "same_domain", "bits": 4.0, "left": "a@x.example", "right": "<b>&@x.example"},
    {"name": "guard", "level": "other_given", "bits": -1.5, "left": "", "right": ""},
]
SVG = "{http://www.w3.org/2000/svg}"


def story(parts: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    bits = sum(part["bits"] for part in parts)
    return {
        "parts": parts, "bits": bits, "trusted_bits": bits, "match": None, "veto": None,
        "match_bits": 6.0, "review_bits": 3.0, **more,
    }  # fmt: skip


def test_each_bar_begins_where_the_one_before_it_ended() -> None:
    assert [(bar.start, bar.end) for bar in bars(PARTS)] == [(0.0, -16.0), (-16.0, -3.5), (-3.5, 0.5), (0.5, -1.0)]


def test_words_show_level_sum_and_both_values() -> None:
    lines = list(in_terminal(story(PARTS, trusted_bits=-5.0, veto="different_kind")))
    assert lines[2].split() == ["+12.50", "-3.50", "family", "exact", "gil"]
    assert lines[3].split() == ["+4.00", "+0.50", "email", "same", "domain", "a@x.example", "|", "<b>&@x.example"]
    assert [line.strip() for line in lines[5:]] == [
        "-1.00  in all",
        "-5.00  without what is trusted little",
        "veto: different_kind",
    ]


def test_the_drawing_shows_every_part_and_both_lines() -> None:
    drawn = ElementTree.fromstring(drawing("erp:1 and <shop>:2", "no match", story(PARTS)))
    words = [text.text or "" for text in drawn.iter(f"{SVG}text")]
    assert {"prior", "family exact", "email same domain", "guard other given", "in all"} <= set(words)
    assert {"review 3", "match 6", "+12.50", "-16.00", "-1.00", "a@x.example | <b>&@x.example"} <= set(words)
    assert drawn.find(f"{SVG}title").text == "erp:1 and <shop>:2"  # type: ignore[union-attr]


def test_a_page_is_drawn_around_it_and_other_files_are_refused(tmp_path: Path) -> None:
    write_chart(tmp_path / "pair.html", "a pair", "no match", story(PARTS))
    assert "<svg" in (tmp_path / "pair.html").read_text("utf-8")
    with pytest.raises(BadSettings, match=r"\.svg or \.html"):
        write_chart(tmp_path / "pair.png", "a pair", "no match", story(PARTS))


PART = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["prior", "given", "birth_date"]),
        "level": st.sampled_from(["", "exact", "else"]),
        "bits": st.integers(-30_000, 30_000).map(lambda bits: bits / 1000),
        "left": st.text("a&<>\"'é中 ", max_size=60),
        "right": st.text("a&<>\"'é中 ", max_size=60),
    }
)


@given(st.lists(PART, max_size=20))
def test_whatever_the_parts_the_drawing_is_well_formed_and_nothing_leaves_its_frame(parts: list[dict[str, Any]]) -> None:
    drawn = ElementTree.fromstring(drawing("a", "b", story(parts)))
    width, height = float(drawn.attrib["width"]), float(drawn.attrib["height"])
    boxes = [
        {name: float(box.attrib[name]) for name in ("x", "y", "width", "height") if name in box.attrib}
        for box in drawn.iter(f"{SVG}rect")
    ]
    assert all(box.get("x", 0) >= 0 and box.get("x", 0) + box["width"] <= width for box in boxes)
    assert all(box.get("y", 0) >= 0 and box.get("y", 0) + box["height"] <= height for box in boxes)
    assert len(boxes) == len(parts) + 3  # and the ground, the band between the lines, and the sum
