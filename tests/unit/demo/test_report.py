"""The page for people says what the figures say, and does not hide a leak."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from hub.demo.report import show

SHARE = {"precision": 0.98, "recall": 0.9, "f1": 0.938}
FIGURES: dict[str, Any] = {
    "company": "Example Trading", "home": "demo-company", "day": "2026-03-02", "again": False, "changed": 3, "read": 10,
    "made": {"seed": 1, "customers": 2000, "day": 1}, "announced": {"created": 3},
    "systems": {"erp": {"read": 10, "arrived": 10, "rejected": 1, "filtered": 0}},
    "rejected": [{"count": 1, "feed": "erp.customers", "code": "unmapped_code", "reason": "kind: not in the list"}],
    "planted": {"broken": 1, "found": 1},
    "golden": {"total": 7, "members": 9, "persons": 6, "organizations": 1, "merged": 2, "systems_4": 0},
    "review": {"open": 2, "kinds": {"near_match": 2}},
    "contacts": {"total": 5, "attached": 4, "right": 4, "waiting": 1, "waiting_why": {"nobody has this address": 1}},
    "arrived": 10, "states": {"members": 9, "rejected": 1, "waiting": 0}, "accounted": True,
    "quality": {
        "pairwise": SHARE, "bcubed": SHARE, "customers": 7, "customers_exactly_right": 6, "customers_in_pieces": 1,
        "golden_about_several": 0, "lookalikes": {"twin": {"groups": 2, "wrongly_merged": 0}},
    },
    "merge": {
        "name": "Ana Gil", "pair": ["erp:1", "shop:S-1"], "bits": 17.4, "why": ["+17.40  in all"], "sources": {"name": "erp:1"},
        "records": [{"record": "erp:1", "name": "Ana Gil"}, {"record": "shop:S-1", "name": "A. Gil"}],
    },
    "near_miss": None,
    "next": [("goldenhub rejects", "what was set aside")],
}  # fmt: skip


def _page(**changed: Any) -> str:
    console = Console(width=110, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        show({**FIGURES, **changed}, console)
    return capture.get()


def test_the_page_says_what_the_figures_say() -> None:
    page = _page()
    for said in ("2,000 real customers", "7 golden records", "0.980", "twin 0 of 2", "Ana Gil", "17.4 bits", "goldenhub rejects"):
        assert said in page


def test_what_does_not_add_up_is_said() -> None:
    assert "Not everything is accounted for" in _page(accounted=False)
    assert "Everything is accounted for" in _page()


def test_reasons_are_shown_only_where_something_was_set_aside_now() -> None:
    nothing = {"erp": {"read": 0, "arrived": 0, "rejected": 0, "filtered": 0}}
    assert "not in the list" in _page()
    assert "not in the list" not in _page(systems=nothing)


def test_a_second_run_that_finds_nothing_says_so() -> None:
    page = _page(again=True, changed=0, read=0)
    assert "Nothing changed" in page
    assert "0.980" not in page


def test_a_later_day_tells_what_changed() -> None:
    assert "What changed: 3 golden records" in _page(again=True, changed=3)


def test_square_brackets_of_data_are_text() -> None:
    page = _page(rejected=[{"count": 1, "feed": "f", "code": "c", "reason": "emails[].address: [bold]no[/bold]"}])
    assert "emails[].address: [bold]no[/bold]" in page
