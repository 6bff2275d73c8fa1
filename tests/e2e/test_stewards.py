"""What people decide, through the command line: corrections, pins, merges, and who may."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.company import ANA, JON, Company, clear, found_company


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = found_company(tmp_path)
    made.people(ANA, JON)
    assert made("ingest").code == 0
    return made


def golden(company: Company, which: str = "crm:1") -> Any:
    return company("golden", "show", which, "--json").json


def test_a_value_is_corrected_and_the_correction_taken_back(company: Company) -> None:
    before = golden(company)
    said = company("review", "correct", "crm:1", "name.family", "Gil Soler", "--why", "asked her")
    clear(said, 0, "take-back", "1 updated")
    assert golden(company)["name"] == {"family": "Gil Soler", "given": "Ana"}

    (kept,) = company("review", "corrections", "--json").json["corrections"]
    assert (kept["kind"], kept["record"], kept["says"]["name.family"]) == ("correction", "crm:1", "Gil Soler")
    assert "Gil Soler" in company("review", "corrections").out
    clear(company("review", "take-back", kept["id"]), 0)
    assert golden(company)["name"] == before["name"]
    assert company("review", "corrections", "--json").json["corrections"] == []
    assert company.leakage() == 0
    assert company("rebuild").code == 0


def test_a_value_is_pinned_until_a_day_and_the_pin_taken_back(company: Company) -> None:
    pinned = company("review", "pin", golden(company)["id"], "birth_date", "1980-02-04", "--until", "2999-01-01", "--json").json
    assert (pinned["record"], pinned["until"]) == ("crm:1", "2999-01-01")
    assert golden(company)["birth_date"] == "1980-02-04"
    why = company("explain", "crm:1", "--value", "birth_date")
    assert "pinned by" in why.out and "until 2999-01-01" in why.out
    clear(company("review", "unpin", pinned["pin"]), 0)
    assert golden(company)["birth_date"] == "1980-02-03"
    clear(company("review", "pin", "crm:1", "birth_date", "1980-02-05", "--until", "2001-01-01"), 1, "ended already")
    clear(company("review", "pin", "crm:1", "birth_dat", "x"), 1, "birth_dat")
    assert company("review", "pin", "crm:1", "birth_date", "--empty").code == 0
    assert golden(company)["birth_date"] is None


def test_customers_are_merged_and_parted_without_a_task(company: Company) -> None:
    ids = {which: golden(company, which)["id"] for which in ("crm:1", "crm:2")}
    said = company("review", "same", ids["crm:1"], "crm:2", "--json").json
    assert golden(company, "crm:2")["id"] == golden(company, "crm:1")["id"]
    told = company("explain", "crm:1")
    assert f"falls apart without decision {said['decision']}" in told.out
    clear(company("review", "withdraw", said["decision"]), 0)
    assert {which: golden(company, which)["id"] for which in ids} == ids
    clear(company("review", "not-same", "crm:1", "crm:2"), 0, "Kept as decision")
    stable = company("golden", "stability", "--json")
    assert (stable.code, stable.json["excess"], stable.json["owed"], stable.json["reinstated"]) == (0, 0, 1, 1)
    assert "goal is 0" in company("golden", "stability").out


def test_who_is_not_named_may_not_and_the_attempt_is_kept(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_STEWARDS", "maria")
    before = golden(company)
    for words in (
        ("same", "crm:1", "crm:2"),
        ("correct", "crm:1", "name.family", "X"),
        ("pin", "crm:1", "name.family", "X"),
        ("decide", "1", "same"),
        ("withdraw", "d1"),
        ("unpin", "p1"),
        ("take-back", "steward:1"),
    ):
        clear(company("review", *words, "--by", "eve"), 1, "eve may not decide", "Nothing changed")
    assert golden(company) == before
    tried = company("review", "audit", "--refused", "--json").json["attempts"]
    assert [one["action"] for one in reversed(tried)] == ["same", "correct", "pin", "same", "withdraw", "unpin", "take_back"]
    assert company("review", "same", "crm:1", "crm:2", "--by", "maria").code == 0
    assert [one["allowed"] for one in company("review", "audit", "--json", "--limit", "1").json["attempts"]] == [True]


def test_a_pair_is_drawn(company: Company) -> None:
    chart = company.home / "pair.svg"
    said = company("explain", "crm:1", "crm:2", "--chart", chart)
    assert said.code == 0
    assert "family" in chart.read_text("utf-8")
    clear(company("explain", "crm:1", "crm:2", "--chart", company.home / "pair.gif"), 3, ".svg or .html")


def test_a_pin_ends_on_its_day_without_anybody_doing_anything(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_AS_OF", "2026-06-01")
    assert company("review", "pin", "crm:1", "birth_date", "1980-02-04", "--until", "2026-06-05").code == 0
    for day, wanted in (("2026-06-04", "1980-02-04"), ("2026-06-05", "1980-02-03")):
        monkeypatch.setenv("HUB_AS_OF", day)
        assert company("ingest").code == 0  # reads nothing new
        assert golden(company)["birth_date"] == wanted
    told = company("explain", "crm:1", "--json").json["story"][-1]
    assert (told["kind"], told["why"]["kind"]) == ("updated", "time")
    assert company("rebuild").code == 0
