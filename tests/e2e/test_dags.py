"""The schedules as Airflow sees them, in an environment of its own: the locked extra `airflow`, installed for this test."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]

LANDSCAPE = """
company: Example Trading
systems:
  shop: {kind: file, path: env:SHOP_FOLDER}
feeds:
  shop.customers: {system: shop, stream: {name: customers.csv, key: id}, mapping: shop/customer, schedule: "*/10 * * * *"}
  shop.orders: {system: shop, stream: orders.csv, mapping: shop/order, schedule: "@daily"}
  shop.old: {system: shop, stream: old.csv, mapping: shop/old}
"""

LOOK = """
import json, sys
from airflow.dag_processing.dagbag import DagBag
bag = DagBag(sys.argv[1])
tasks = {name: dag.tasks[0] for name, dag in bag.dags.items()}
print("found " + json.dumps({
    "errors": bag.import_errors,
    "dags": {name: {"schedule": dag.timetable.summary if hasattr(dag.timetable, "summary") else str(dag.schedule),
                    "catchup": dag.catchup, "runs": dag.max_active_runs, "retries": tasks[name].retries,
                    "feed": list(tasks[name].op_args)} for name, dag in bag.dags.items()},
}))
"""

MAPPING = """
version: 1
from: customers.csv
to: customer
key: id
fields:
  kind: "'person'"
  name.given: first
  name.family: last
"""

CUSTOMERS = """id,first,last
1,Ana,Gil
2,Jonas,Weber
"""

RUN = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("feeds", sys.argv[1] + "/feeds.py")
feeds = importlib.util.module_from_spec(spec)
spec.loader.exec_module(feeds)
from airflow.sdk.exceptions import AirflowFailException
try:
    print("found " + json.dumps(feeds.ingest(sys.argv[2])))
except AirflowFailException as refused:
    print("found " + json.dumps({"refused": str(refused)}))
"""


@pytest.fixture(scope="module")
def airflow_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    venv = tmp_path_factory.mktemp("airflow") / "venv"
    uv = Path(sys.executable).parent / "uv"
    installed = subprocess.run(
        [uv, "sync", "--quiet", "--frozen", "--no-dev", "--extra", "airflow", "--python", sys.executable],
        cwd=ROOT,
        env={**os.environ, "UV_PROJECT_ENVIRONMENT": str(venv), "UV_PYTHON_DOWNLOADS": "never"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert installed.returncode == 0, installed.stderr
    return venv / "bin" / "python"


@pytest.fixture
def company(tmp_path: Path) -> Path:
    (tmp_path / "landscape.yaml").write_text(LANDSCAPE)
    (tmp_path / "customers.csv").write_text(CUSTOMERS)
    (tmp_path / "mappings" / "shop").mkdir(parents=True)
    (tmp_path / "mappings" / "shop" / "customer.yaml").write_text(MAPPING)
    return tmp_path


def ask(python: Path, script: str, company: Path, *arguments: str, **more: str) -> Any:
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(company),
        "HUB_HOME": str(company),
        "SHOP_FOLDER": str(company),
        "AIRFLOW_HOME": str(company / "airflow"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__UNIT_TEST_MODE": "True",
    }
    done = subprocess.run(
        [python, "-c", script, ROOT / "dags", *arguments],
        cwd=company,
        env=environment | more,
        capture_output=True,
        text=True,
        check=False,
    )
    answers = [line.removeprefix("found ") for line in done.stdout.splitlines() if line.startswith("found ")]
    assert answers, done.stdout + done.stderr
    return json.loads(answers[-1])


@pytest.mark.slow
def test_airflow_sees_one_dag_per_scheduled_feed(airflow_python: Path, company: Path) -> None:
    seen = ask(airflow_python, LOOK, company)

    expected = {"catchup": False, "runs": 1, "retries": 3}
    assert seen["errors"] == {}
    assert seen["dags"] == {
        "feed.shop.customers": {**expected, "schedule": "*/10 * * * *", "feed": ["shop.customers"]},
        "feed.shop.orders": {**expected, "schedule": "@daily", "feed": ["shop.orders"]},
        "hub.prune": {**expected, "schedule": "@daily", "feed": []},
        "model.propose": {**expected, "schedule": "@daily", "feed": []},
    }


PROPOSE = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("models", sys.argv[1] + "/models.py")
models = importlib.util.module_from_spec(spec)
spec.loader.exec_module(models)
print("found " + json.dumps(models.propose()))
"""


@pytest.mark.slow
def test_the_nightly_question_says_why_no_new_model_is_due(airflow_python: Path, company: Path) -> None:
    migrate: list[str | Path] = [airflow_python.parent / "goldenhub", "--home", company, "migrate"]
    subprocess.run(migrate, cwd=company, check=True, capture_output=True)
    ask(airflow_python, RUN, company, "shop.customers")

    said = ask(airflow_python, PROPOSE, company)

    assert said["proposed"] is None
    assert (said["need"]["due"], said["need"]["population"]) == (False, 2)


PRUNE = """
import importlib.util, json, sys
spec = importlib.util.spec_from_file_location("keeping", sys.argv[1] + "/keeping.py")
keeping = importlib.util.module_from_spec(spec)
spec.loader.exec_module(keeping)
print("found " + json.dumps(keeping.prune()))
"""


@pytest.mark.slow
def test_the_daily_run_lets_go_of_what_the_settings_say(airflow_python: Path, company: Path) -> None:
    migrate: list[str | Path] = [airflow_python.parent / "goldenhub", "--home", company, "migrate"]
    subprocess.run(migrate, cwd=company, check=True, capture_output=True)
    ask(airflow_python, RUN, company, "shop.customers")

    gone = ask(airflow_python, PRUNE, company, HUB_RAW_BUDGET="1")

    assert gone["bodies"] == 2


@pytest.mark.slow
def test_a_run_reads_what_is_new_and_tells_its_numbers(airflow_python: Path, company: Path) -> None:
    migrate: list[str | Path] = [airflow_python.parent / "goldenhub", "--home", company, "migrate"]
    subprocess.run(migrate, cwd=company, check=True, capture_output=True)

    first, second = (ask(airflow_python, RUN, company, "shop.customers") for _ in range(2))

    assert (first["state"], first["published"]) == ("done", 2)
    assert (second["state"], second["published"]) == ("done", 0)


@pytest.mark.slow
def test_a_run_that_needs_a_person_fails_at_once_and_says_why(airflow_python: Path, company: Path) -> None:
    assert "did you mean 'shop.customers'" in ask(airflow_python, RUN, company, "shop.customres")["refused"]
