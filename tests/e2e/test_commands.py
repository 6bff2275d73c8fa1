"""Every command in ordinary use: exit codes, JSON for programs, words for people, and what is said when there is nothing."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from hub.cli import COMMANDS
from tests.e2e.company import ANA, EVA, JON, Company, clear, found_company, run
from tests.waiting import PATIENCE

SAME = "4,Ana,Gil Romero,1980-02-03,ana.gil@example.com\n"
LIKE = "5,Ana,Gil Romera,,\n"
BAD = "6,Petra,Lang,1970-01-01,petra at home\n"
EXAMPLES = """\
- name: a person
  given: {id: 7, first: Eva, last: Ruiz, born: 1990-05-06, mail: Eva.Ruiz@Example.com}
  expect: {name: {given: Eva, family: Ruiz}, birth_date: 1990-05-06, emails: [{address: eva.ruiz@example.com}]}
"""


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Company:
    """Read once; tests of this module only look."""
    made = found_company(tmp_path_factory.mktemp("company"))
    made.write("mappings/crm/customer.examples.yaml", EXAMPLES)
    made.people(ANA, JON, SAME, LIKE, BAD, EVA)
    said = made("ingest")
    assert said.code == 0, said.all
    return made


@pytest.fixture
def empty(tmp_path: Path) -> Company:
    """A company with a landscape and nothing else, whose store has its tables."""
    made = Company(tmp_path)
    made.write("landscape.yaml", "company: Nothing Yet\n")
    assert made("migrate").code == 0
    return made


# -- help --


@pytest.mark.parametrize("command", COMMANDS)
def test_help_names_the_purpose_and_fits_a_terminal(command: str) -> None:
    said = run(command, "--help")
    clear(said, 0, f"Usage: goldenhub {command}", "--help")
    assert max(len(line) for line in said.out.splitlines()) <= 100
    assert said.err == ""


def test_the_overview_lists_every_command() -> None:
    said = run("--help")
    assert all(f"  {name} " in said.out for name in COMMANDS)


@pytest.mark.parametrize(
    ("words", "hint"),
    [
        (("ingst",), "did you mean 'ingest'"),
        (("golden", "shwo"), "No such command"),
        (("ingest", "--acept"), "--accept"),
        (("golden", "show"), "Missing argument"),
        (("golden", "show", "crm:"), "system:key"),
        (("golden", "list", "--limit", "0"), "--limit"),
        (("explain", "crm:", "crm:2"), "system:key"),
        (("explain", "crm:1", "crm:2", "crm:4"), "one record, or two"),
        (("explain", "crm:1", "crm:2", "--value", "kind"), "one golden record"),
        (("explain", "crm:1", "--chart", "one.svg"), "name two"),
        (("review", "pin", "crm:1", "language"), "VALUE, or --empty"),
        (("review", "pin", "crm:1", "language", "es", "--until", "tomorrow"), "%Y-%m-%d"),
        (("review", "decide", "1", "maybe"), "same"),
        (("golden", "export", "no/such/folder.csv"), "make it first"),
        (("rejects", "--shwo"), "--shwo"),
        (("rejects", "edit", "first"), "'first' is not a valid integer"),
    ],
)
def test_wrong_usage_is_2_with_a_hint(company: Company, words: tuple[str, ...], hint: str) -> None:
    clear(company(*words), 2, hint)


# -- JSON for programs --

LOOKS: dict[str, tuple[int, set[str]]] = {
    "lint --json": (0, {"findings", "coverage"}),
    "test crm/customer --json": (0, {"passed", "failed", "examples"}),
    "ingest --json": (0, {"feeds", "resolved"}),
    "golden list --json": (0, {"golden"}),
    "golden show crm:1 --json": (0, {"id", "version", "state", "members", "provenance", "name"}),
    "explain crm:1 --json": (0, {"id", "story", "links", "weakest", "falls_apart_without"}),
    "explain crm:1 crm:2 --json": (0, {"bits", "waterfall", "parts", "together", "tasks"}),
    "explain crm:1 --value name.family --json": (0, {"value", "chosen_as", "elections", "pinned"}),
    "explain crm:1 --value emails --view marketing --json": (0, {"value", "view"}),
    "review --json": (0, {"open", "tasks"}),
    "review audit --json": (0, {"attempts"}),
    "review corrections --json": (0, {"corrections"}),
    "rejects --json": (0, {"groups"}),
    "rejects list --json": (0, {"rejects"}),
    "rejects show 1 --json": (0, {"id", "code", "reason", "payload", "state"}),
    "rejects replay --all --dry-run --json": (1, {"rejects", "counts", "dry_run"}),
    "dead --json": (0, {"groups"}),
    "dead list --json": (0, {"dead"}),
    "rebuild --json": (0, {"golden_records", "differences", "other_rules"}),
    "doctor --json": (0, {"checks"}),
    "migrate --json": (0, {"store", "before", "after"}),
    "connectors --json": (0, {"kinds"}),
    "connectors show sql --json": (0, {"kind", "settings", "options"}),
    "connectors check --json": (0, {"crm"}),
}


@pytest.mark.parametrize("words", LOOKS)
def test_json_is_one_object_on_standard_output_and_nothing_else_is_said(company: Company, words: str) -> None:
    code, keys = LOOKS[words]
    said = company(*words.split())
    assert (said.code, said.err) == (code, "")
    found: Any = json.loads(said.out)
    assert isinstance(found, dict)
    assert keys <= found.keys()


@pytest.mark.parametrize("words", [words.replace(" --json", "") for words in LOOKS])
def test_people_get_words(company: Company, words: str) -> None:
    said = company(*words.split())
    assert said.code == LOOKS[f"{words} --json"][0]
    assert said.out.strip()
    with pytest.raises(json.JSONDecodeError):
        json.loads(said.out)


def test_progress_goes_to_standard_error(company: Company, tmp_path: Path) -> None:
    said = company("golden", "export", tmp_path / "all.csv", "--xref", tmp_path / "xref.csv")
    assert "golden records: " in said.err
    assert "golden records: " not in said.out
    quiet = company("golden", "export", tmp_path / "all.csv", "--json")
    assert (quiet.err, list(quiet.json.values())) == ("", [4])


def test_an_error_leaves_standard_output_empty(company: Company) -> None:
    for words in (("ingest", "crm.peple", "--json"), ("golden", "show", "crm:99", "--json"), ("bench", "mappin", "--json")):
        said = company(*words)
        assert said.out == ""
        assert said.code in (1, 3)
        assert len(said.err.splitlines()) == 1


# -- what they find --


def test_golden_records_are_listed_page_by_page(company: Company) -> None:
    ids, after = [], ""
    while page := company("golden", "list", "--limit", 2, "--after", after, "--json").json["golden"]:
        ids += [one["id"] for one in page]
        after = ids[-1]
    assert ids == sorted(set(ids))
    assert len(ids) == len(company("golden", "list", "--json").json["golden"])
    assert "No golden records after" in company("golden", "list", "--after", after).out


def test_one_customer_is_shown_by_any_of_its_keys(company: Company) -> None:
    one, other = (company("golden", "show", f"crm:{key}", "--json").json for key in (1, 4))
    assert one == other
    assert {member["key"] for member in one["members"]} == {"1", "4"}
    assert company("golden", "show", one["id"], "--json").json == one
    clear(company("golden", "show", "crm:77"), 1, "Nobody is known as 'crm:77'", "goldenhub golden list")


def test_why_two_records_are_one_or_not_is_told_in_bits(company: Company) -> None:
    assert "today one customer" in company("explain", "crm:1", "crm:4").out
    assert "today two customers" in company("explain", "crm:1", "crm:2").out
    clear(company("explain", "crm:1", "crm:77"), 1, "crm:77")


def test_a_reject_is_told_without_its_values_and_shown_with_them_on_request(company: Company) -> None:
    assert "petra at home" not in company("rejects").all + company("rejects", "list").all
    assert "email_invalid" in company("rejects").out
    assert "petra at home" in company("rejects", "show", 1).out
    clear(company("rejects", "show", 99), 1, "no reject 99")


def test_an_export_has_a_line_for_each_customer_and_each_key(company: Company, tmp_path: Path) -> None:
    people, xref = tmp_path / "people.csv", tmp_path / "xref.csv"
    assert company("golden", "export", people, "--xref", xref).code == 0
    with people.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with xref.open(encoding="utf-8", newline="") as file:
        keys = {row["key"]: row["golden_id"] for row in csv.DictReader(file)}
    assert keys.keys() == {"1", "2", "4", "5", "7"}
    assert {row["id"] for row in rows} == set(keys.values())
    clear(company("golden", "export", tmp_path / "people.xls"), 3, "people.xls", ".parquet")
    clear(company("golden", "export", people, "--xref", people), 2, "named twice")
    clear(company("golden", "export", people, "--view", "nobodys"), 3, "no view 'nobodys'")


def test_lint_and_examples_say_where_they_fail(tmp_path: Path) -> None:
    company = found_company(tmp_path)
    clear(company("lint"), 0, "example_missing")
    clear(company("lint", "--strict"), 1)
    company.write("mappings/crm/customer.examples.yaml", EXAMPLES.replace("family: Ruiz", "family: Ruis"))
    clear(company("test", "crm/customer"), 1, "customer.examples.yaml:1", "name.family", "'Ruis' expected", "1 failed")
    clear(company("test", "crm/custmer"), 3, "did you mean 'crm/customer'")


def test_reading_again_finds_nothing_new(company: Company) -> None:
    said = company("ingest", "--json").json
    assert [feed["read"] for feed in said["feeds"]] == [0]
    assert said["resolved"]["announced"] == {}
    assert company.leakage() == 0


def test_names_that_nobody_has_are_answered_with_the_nearest(company: Company) -> None:
    clear(company("ingest", "crm.peple"), 3, "did you mean 'crm.people'")
    clear(company("connectors", "check", "crn"), 3, "did you mean 'crm'")
    clear(company("connectors", "show", "sqll"), 3, "did you mean 'sql'")
    clear(company("bench", "mappin"), 3, "did you mean 'mapping'")
    clear(company("review", "decide", 99, "same"), 1, "99 is not open", "goldenhub review")
    clear(company("review", "withdraw", "nothing"), 1, "no decision nothing")


# -- when there is nothing --


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("ingest", "The landscape has no feeds."),
        ("golden list", "No golden records yet; see `goldenhub ingest`."),
        ("rejects", "Nothing was set aside."),
        ("rejects list", "Nothing was set aside."),
        ("dead", "There are no dead letters."),
        ("review", "Nothing waits for a person."),
        ("rebuild", "none differs"),
        ("connectors check", "The landscape has no systems."),
        ("migrate", "nothing to do"),
        ("doctor", "All is well"),
        ("lint", "0 errors"),
    ],
)
def test_an_empty_company_is_told_in_words(empty: Company, words: str, said: str) -> None:
    clear(empty(*words.split()), 0, said)


@pytest.mark.parametrize(
    "words", ["golden list", "golden show crm:1", "explain crm:1", "review", "rejects", "rebuild", "review decide 1 same"]
)
def test_a_store_that_was_never_used_says_how_to_begin(tmp_path: Path, words: str) -> None:
    company = Company(tmp_path)
    company.write("landscape.yaml", "company: Nothing Yet\n")
    clear(company(*words.split()), 3, "holds nothing yet", "goldenhub ingest")


# -- through the real door --


@pytest.mark.slow
def test_the_installed_command_keeps_its_promises(company: Company) -> None:
    program = Path(sys.executable).parent / "goldenhub"
    assert program.exists(), "the command is not installed beside this Python; run `make test`"

    def call(*words: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "HUB_HOME": str(company.home)}
        return subprocess.run([program, *words], capture_output=True, text=True, env=environment, timeout=PATIENCE, check=False)

    assert json.loads(call("golden", "show", "crm:1", "--json").stdout)["name"]["family"] == "Gil Romero"
    wrong = call("ingest", "crm.peple")
    assert (wrong.returncode, wrong.stdout) == (3, "")
    assert wrong.stderr.startswith("goldenhub: There is no feed 'crm.peple'")
    assert call("--version").stdout.startswith("goldenhub, version ")
