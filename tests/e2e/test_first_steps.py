"""What a newcomer stumbles over."""

from pathlib import Path

from tests.e2e.company import ANA, EVA, JON, clear, found_company, run


def test_a_folder_without_a_landscape_is_told_and_not_taken_for_the_demo(tmp_path: Path) -> None:
    clear(run("--home", tmp_path, "ingest"), 3, "no landscape.yaml", "goldenhub demo")
    clear(run("--home", tmp_path, "doctor"), 1, "no landscape.yaml")


def test_a_row_that_its_source_mended_is_no_longer_set_aside(tmp_path: Path) -> None:
    company = found_company(tmp_path)
    company.people(EVA, JON.replace("1975-11-30", "1975-31-31"))
    company("ingest")
    assert [one["code"] for one in company.rejects()] == ["date_invalid"]

    company.people(EVA, JON)
    company("ingest")

    assert company.rejects() == []
    assert company.leakage() == 0


def test_a_deleted_record_is_told_with_where_it_stood(tmp_path: Path) -> None:
    company = found_company(tmp_path)
    company.people(EVA, JON, ANA)
    company("ingest")
    stood = company("golden", "show", "crm:2", "--json").json["id"]
    company.people(EVA, ANA)
    company("ingest")

    clear(company("golden", "show", "crm:2"), 1, "crm:2 is deleted since", stood)
    clear(company("explain", "crm:1", "crm:2"), 0, "crm:2 is gone")
    clear(company("golden", "show", "crm:99"), 1, "goldenhub rejects")


def test_the_story_says_who_joined_and_who_left(tmp_path: Path) -> None:
    company = found_company(tmp_path)
    twin = ANA.replace("1,", "3,", 1)
    company.people(EVA, JON, ANA)
    company("ingest")
    company.people(EVA, JON, ANA, twin)
    company("ingest")
    company.people(EVA, JON, ANA)
    company("ingest")

    told = company("explain", "crm:1").out
    assert "joined: crm:3" in told
    assert "left: crm:3" in told


def test_every_value_names_who_else_says_so(tmp_path: Path) -> None:
    company = found_company(tmp_path)
    company.people(ANA, ANA.replace("1,", "3,", 1))
    company("ingest")

    told = company("golden", "show", "crm:1", "--why").out
    assert "also says so" in told
    assert {"crm:1", "crm:3"} <= set(told.replace(",", " ").split())


def test_answers_are_listed_with_what_became_of_them(tmp_path: Path) -> None:
    company = found_company(tmp_path)
    company.people(ANA)
    company("ingest")

    assert company("review", "decisions", "--json").json == {"decisions": []}
    clear(company("review", "decisions"), 0, "Nobody has answered anything yet.")
