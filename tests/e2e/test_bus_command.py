"""`goldenhub bus`: the broker from the command line."""

from __future__ import annotations

import json
import shlex
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner

from hub.bus.declaring import blocking
from hub.bus.topology import topology
from hub.cli import goldenhub
from hub.contract import Secret
from hub.settings import Settings


@pytest.fixture
def prefix(rabbitmq_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[str]:
    made = f"t{uuid.uuid4().hex[:10]}"
    monkeypatch.setenv("HUB_BUS_URL", rabbitmq_url)
    monkeypatch.setenv("HUB_BUS_PREFIX", made)
    monkeypatch.setenv("HUB_HOME", str(tmp_path))
    yield made
    with blocking(Settings(bus_url=Secret(rabbitmq_url))) as connection:
        channel = connection.channel()
        for queue in topology([], made).queues:
            channel.queue_delete(queue.name)
        for exchange in topology([], made).exchanges:
            channel.exchange_delete(exchange.name)


def call(*words: str) -> Any:
    return CliRunner().invoke(goldenhub, words, catch_exceptions=True)


def test_what_is_declared_is_there(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert call("migrate").exit_code == 0
    before = call("bus", "status", "--json")
    assert (before.exit_code, set(json.loads(before.stdout)["queues"].values())) == (1, {None})
    assert "goldenhub bus declare" in call("bus", "status").stdout
    with monkeypatch.context() as none:
        none.setenv("HUB_BUS_DECLARE", "none")
        assert "nothing was declared" in call("bus", "declare").stdout

    declared = call("bus", "declare")
    after = json.loads(call("bus", "status", "--json").stdout)

    assert "everything is there" in declared.stdout
    assert set(after["queues"].values()) == {0}
    assert after["on_their_way"]["resolve"]["live"] == 0
    assert f"{prefix}.resolve.live" in call("bus", "status").stdout


def test_definitions_and_asyncapi_need_no_broker(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUB_BUS_URL")
    definitions = json.loads(call("bus", "definitions", "--vhost", "company").stdout)
    asyncapi = yaml.safe_load(call("bus", "asyncapi").stdout)

    assert {one["vhost"] for part in definitions.values() for one in part} == {"company"}
    assert {one["name"] for one in definitions["queues"]} >= {f"{prefix}.in", f"{prefix}.attach.bulk"}
    assert asyncapi == json.loads(call("bus", "asyncapi", "--json").stdout)
    assert any(one["routing_key"] == "invoice.#" for one in definitions["bindings"])


def test_the_limits_as_a_command_to_run_elsewhere(prefix: str) -> None:
    policy = json.loads(call("bus", "limits", "--vhost", "company", "--json").stdout)
    words = shlex.split(call("bus", "limits", "--vhost", "company").stdout)

    assert words[:4] == ["rabbitmqctl", "set_policy", "--vhost", "company"]
    assert words[-3:-1] == [policy["name"], policy["pattern"]]
    assert json.loads(words[-1]) == policy["definition"]


def test_without_a_broker_there_is_nothing_to_declare(prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HUB_BUS_URL")

    said = call("bus", "declare")

    assert said.exit_code != 0
    assert "HUB_BUS_URL is not set" in str(said.exception)
