"""`goldenhub train` and `goldenhub model` as people and programs call them."""

from __future__ import annotations

import csv
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hub.app import Hub, open_hub
from hub.app.modelling.estimating import Estimate
from hub.app.modelling.training import propose
from hub.app.stages import nothing_waits
from hub.contract import Secret
from hub.settings import Settings
from hub.store import goldens
from hub.store.goldens import Golden
from tests.contract.test_models import LENIENT, TWO_SYSTEMS, people
from tests.e2e.company import HEADER, Company, Said, found_company
from tests.e2e.test_work import at_work, start, there
from tests.waiting import PATIENCE, until


@pytest.fixture
def company(tmp_path: Path) -> Company:
    made = found_company(tmp_path)
    made.write("landscape.yaml", TWO_SYSTEMS)
    made.people(*people("crm", 60))
    made.write("web/people.csv", HEADER + "".join(people("web", 60)))
    assert made("ingest").code == 0
    return made


def clear(said: Said, code: int, *words: str) -> None:
    assert said.code == code, said.all
    assert "Traceback" not in said.all
    for word in words:
        assert word in said.all, (word, said.all)


def customers(company: Company) -> dict[str, Any]:
    return {one["id"]: one["members"] for one in company("golden", "list", "--limit", 1000, "--json").json["golden"]}


def test_from_training_to_rollback(company: Company) -> None:
    before = customers(company)
    trained = company("train", "--out", company.home / "weights.json")
    clear(trained, 0, "Proposed version", "records 120", "population", "goldenhub model simulate")
    version = trained.out.split("Proposed version ")[1][:12]
    clear(company("train"), 0, f"That is version {version} again, which is proposed")
    assert json.loads((company.home / "weights.json").read_text())["numbers"]["population"] == 112  # some say the same

    clear(company("model", "apply", version), 1, "Nobody simulated", "--yes")
    simulated = company("model", "simulate", version, "--out", company.home / "out", "--json")
    clear(simulated, 0)
    assert customers(company) == before
    clear(company("model", "list"), 0, "active", "proposed", "shipped", "trained", "against")

    applied = company("model", "apply", version, "--json").json
    assert applied["announced"] == simulated.json["announced"]
    assert len(customers(company)) == simulated.json["golden_records"]["after"]
    clear(company("rebuild"), 0, "none differs")
    clear(company("model", "rollback"), 0, f"in place of {version}")
    assert customers(company) == before
    clear(company("rebuild"), 0, "none differs")
    clear(company("model", "rollback"), 1, "no other model before")


def test_a_simulation_tells_causes_and_examples_and_no_values_unless_asked(company: Company) -> None:
    edited = company.write("lenient.json", json.dumps(LENIENT))
    said = company("model", "simulate", edited, "--out", company.home / "out", "--sample", 2)
    clear(said, 0, "would become one", "By cause", "merge, by prior", "prior +5.0", "Nothing was changed")
    files = {path.name: path.read_text() for path in (company.home / "out").iterdir()}
    assert set(files) == {"customers.csv", "records.csv", "golden.csv", "tasks.csv", "summary.json"}
    for secret in ("Gil", "Okafor", "@example.com", "195"):
        assert secret not in said.out + "".join(files.values())

    summary = json.loads(files["summary.json"])
    rows = list(csv.DictReader(files["customers.csv"].splitlines()))
    assert len(rows) == sum(summary["customers"].values()) > 0
    assert len(files["records.csv"].splitlines()) - 1 == summary["records_under_another_id"]
    assert {row["cause"].removeprefix("linkage, ") for row in rows} == {"prior"}

    told = company("model", "simulate", edited, "--values", "--json").json
    assert "name" in str(told["examples"][0]["values"])


def test_weights_are_shown_as_bars_and_drawn(company: Company) -> None:
    edited = company.write(
        "lenient.json", json.dumps(LENIENT | {"comparisons": LENIENT["comparisons"] | {"gender": {"else": -1000}}})
    )
    drawn = company.home / "weights.svg"
    clear(company("model", "show", edited, "--chart", drawn), 0, "birth_date", "█", "was -3.0", "two persons -11")
    root = ElementTree.parse(drawn).getroot()
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert {"birth_date", "one_digit", "in force now, where it differs"} <= set(texts)

    clear(company("model", "show", "--chart", company.home / "weights.html"), 0)
    assert (company.home / "weights.html").read_text().startswith("<!doctype html>")
    clear(company("model", "show", "--chart", company.home / "weights.png"), 3, ".svg or .html")
    assert company("model", "show", "--json").json["thresholds"] == {"review_bits": 3.0, "match_bits": 6.0}


def test_what_cannot_be_done_is_said_with_the_way_out(company: Company) -> None:
    clear(company("train", "--from-answers"), 1, "needs 30 answers", "there are 0", "goldenhub review")
    clear(company("model", "show", "zzz"), 1, "goldenhub model list")
    clear(company("model", "simulate", company.write("odd.json", "[1]")), 3, "lacks prior")
    clear(company("model", "simulate", company.home / "nowhere.json"), 3, "nowhere.json")
    clear(company("model", "simulate", "active"), 1, "nothing would change")
    clear(company("model", "apply", "file"), 1, "in force already")


def test_the_nightly_question(company: Company) -> None:
    clear(company("model", "propose"), 0, "No new version is due", "the model was made for 65,535")
    clear(company("train", "--if-needed"), 0, "No new version is due")
    assert company("model", "propose", "--json").json["proposed"] is None


def test_nothing_is_trained_where_nothing_is_held(tmp_path: Path) -> None:
    company = found_company(tmp_path)
    clear(company("train"), 3, "goldenhub ingest")
    clear(company("model", "list"), 3, "goldenhub ingest")
    assert company("migrate").code == 0
    clear(company("model", "list"), 0, "No model yet")
    clear(company("train"), 1, "Nothing is held to learn from")


def test_workers_that_run_take_an_applied_model_up_without_a_restart(tmp_path: Path, new_postgres: Callable[[], str]) -> None:
    company = found_company(tmp_path / "company")
    company.write("landscape.yaml", TWO_SYSTEMS)
    settings = Settings(home=company.home, database_url=Secret(new_postgres()), as_of="2026-06-01", batch_size=20)
    with open_hub(settings) as hub:
        hub.migrate()
        hub.agree()
        write(company, 40)
        with at_work(settings, hub):
            read(settings, hub)
            crew = {one.pid for one in there(hub)}
            model = propose(hub, Estimate(LENIENT, {}), "file", "tester", "").model
            done(settings, "model", "apply", model.version, "--yes")
            write(company, 80)
            read(settings, hub)
            assert {one.pid for one in there(hub)} == crew

    with open_hub(settings) as hub:
        assert hub.rules.model == model.version
        assert sum(len(golden.members) for golden in all_golden(hub)) == 160
        assert hub.rebuild()[1] == []


def write(company: Company, number: int) -> None:
    company.people(*people("crm", number))
    company.write("web/people.csv", HEADER + "".join(people("web", number)))


def done(settings: Settings, *words: str) -> None:
    process = start(settings, *words)
    said = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 0, said


def read(settings: Settings, hub: Hub) -> None:
    """Everything read, and resolved by whoever works."""
    done(settings, "ingest", "--no-work")
    until(lambda: nothing_waits(hub) and hub.accounting()["customer"]["queued"] == 0)


def all_golden(hub: Hub) -> list[Golden]:
    with hub.store.read() as tx:
        return list(goldens.every(tx, "customer"))
