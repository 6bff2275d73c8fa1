"""docker-compose.yml: the specification's schema holds, everything it names is there, and no secret stands in it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import click
import pytest
import yaml
from jsonschema import Draft7Validator

from hub.app.running import STAGES
from hub.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SCHEMA = Draft7Validator(json.loads((Path(__file__).parent / "compose-spec.json").read_text(encoding="utf-8")))
"""The Compose specification's own schema (Apache-2.0), as Docker Compose 2.40.3 carries it."""
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")


def test_the_file_keeps_to_the_specification() -> None:
    assert [f"{error.json_path}: {error.message}" for error in SCHEMA.iter_errors(COMPOSE)] == []


def test_the_schema_would_find_a_mistake() -> None:
    wrong = {"services": {"hub": {"image": "goldenhub", "comand": ["work"]}}}

    assert any("comand" in error.message for error in SCHEMA.iter_errors(wrong))


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_is_there_and_can_become_so(name: str) -> None:
    for target, how in SERVICES[name].get("depends_on", {}).items():
        assert target in SERVICES
        if how["condition"] == "service_healthy":
            assert SERVICES[target].get("healthcheck", {}).get("test"), f"{target} has no health check"
        if how["condition"] == "service_completed_successfully":
            assert SERVICES[target]["restart"] == "no"


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_a_pinned_image_restarts_and_says_how_it_is(name: str) -> None:
    service = SERVICES[name]

    assert re.search(r":\d+\.\d+(\.\d+)?(-[a-z]+)?$", service["image"])
    assert service["restart"] in ("unless-stopped", "no")
    assert service["restart"] == "no" or service["healthcheck"]["test"]


@pytest.mark.parametrize("name", SERVICES)
def test_named_volumes_are_declared(name: str) -> None:
    used = {volume.split(":")[0] for volume in SERVICES[name].get("volumes", [])}

    assert used <= set(COMPOSE["volumes"])


@pytest.mark.parametrize("name", [name for name, service in SERVICES.items() if service["image"].startswith("goldenhub")])
def test_the_hubs_own_services_run_commands_that_there_are(name: str) -> None:
    command, *options = SERVICES[name]["command"]
    assert command in COMMANDS

    from hub.cli import goldenhub

    found = goldenhub.get_command(None, command)  # type: ignore[arg-type]  # our own group looks at the name alone
    if isinstance(found, click.Group):
        found = found.commands[options.pop(0)]
    assert found is not None
    known = {name for parameter in found.params for name in parameter.opts}
    assert {option for option in options if option.startswith("--")} <= known


def test_every_stage_has_its_workers() -> None:
    worked: list[str] = []
    for service in SERVICES.values():
        words = service.get("command", [])
        if words[:2] == ["work", "--stages"]:
            worked += words[2].split(",")

    assert sorted(worked) == sorted(STAGES)


def test_secrets_are_references_and_the_example_names_all_of_them_without_a_value() -> None:
    keys = re.findall(r"^\s*\w*(?:PASS|PASSWORD|TOKEN|SECRET|KEY)\w*: (.*)$", TEXT, re.MULTILINE)
    assert keys
    assert [value for value in keys if not value.startswith("${")] == []
    assert re.findall(r"://\w+:(?!\$\{)[^@\s]+@", TEXT) == []

    needed = set(re.findall(r"\$\{(\w+):\?", TEXT))
    assert needed == {"POSTGRES_PASSWORD", "RABBITMQ_PASSWORD", "HUB_MASTER_KEY"}
    assert all(f"\n{name}=\n" in EXAMPLE for name in needed)


def test_the_environment_of_the_hub_is_settings_and_references_of_the_landscape() -> None:
    from dataclasses import fields

    from hub.settings import Settings

    given = set(COMPOSE["x-hub"]["environment"]) | set(re.findall(r"^(\w+)=", EXAMPLE, re.MULTILINE))
    settings = {f"HUB_{f.name.upper()}" for f in fields(Settings)}
    wanted = set(re.findall(r"env:(\w+)", (ROOT / "landscape.yaml").read_text(encoding="utf-8")))

    assert {name for name in given if name.startswith("HUB_")} <= settings
    assert wanted <= given


def test_the_image_runs_as_nobody_in_particular_and_is_pinned() -> None:
    dockerfile = (ROOT / "Dockerfile").read_text(encoding="utf-8")

    assert all(re.search(r":\d+\.\d+\.\d+", image) for image in re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE))
    assert re.findall(r"^USER (\d+)", dockerfile, re.MULTILINE)[-1] != "0"
    copied = re.findall(r"^COPY (?!--)(.+) \S+$", dockerfile, re.MULTILINE)
    assert all((ROOT / name).exists() for names in copied for name in names.split())
    let_in = set(re.findall(r"^!(\S+)", (ROOT / ".dockerignore").read_text(encoding="utf-8"), re.MULTILINE))
    assert {name for names in copied for name in names.split()} <= let_in


def test_docker_compose_reads_the_file(tmp_path: Path) -> None:
    """Where a client with compose is; it needs no engine."""
    client = next((words for words in (["docker", "compose"], ["docker-compose"]) if _answers(words)), None)
    if client is None:
        pytest.skip("no docker client with compose; the schema and the checks above hold the file")
    for name in ("docker-compose.yml", "Dockerfile"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".env").write_text(re.sub(r"(PASSWORD|KEY)=$", r"\1=invented", EXAMPLE, flags=re.MULTILINE))

    done = subprocess.run([*client, "config", "--format", "json"], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.returncode == 0, done.stderr
    assert set(json.loads(done.stdout)["services"]) >= set(SERVICES) - {"hub"}


def _answers(words: list[str]) -> bool:
    return bool(shutil.which(words[0])) and subprocess.run([*words, "version"], capture_output=True, check=False).returncode == 0
