"""Settings: checked by name and type, secrets only by reference, messages that name the way out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hub.contract import Secret, setting
from hub.errors import BadSettings
from hub.reading.declared import fill


@dataclass(frozen=True)
class Example:
    host: str = setting("Where it is.")
    password: Secret = setting("Who may.", secret=True, default=Secret(""))
    port: int = setting("The port.", default=80)
    every: timedelta = setting("How often.", default=timedelta(minutes=1))
    on: bool = setting("Whether.", default=False)
    folder: Path = setting("The folder.", default=Path())
    mode: str = setting("How.", default="fast", choices=("fast", "slow"))
    names: tuple[str, ...] = setting("Names.", default=())
    auth: Mapping[str, Any] = setting("Login.", default={}, secrets=("basic.password",))


REFERENCES = {"env:PW": "geheim", "env:HOST": "db.example"}


def build(**values: Any) -> Example:
    return fill(Example, {"host": "h", **values}, "Connector example", REFERENCES.__getitem__, Path("company"))


def test_values_become_what_they_are_declared_to_be() -> None:
    made = build(host="env:HOST", password="env:PW", port="8080", every="5m", on="true", folder="drop", names="a")
    assert made == Example("db.example", Secret("geheim"), 8080, timedelta(minutes=5), True, Path("company/drop"), "fast", ("a",))
    assert "geheim" not in repr(made)


def test_secrets_inside_a_mapping_are_hidden_too() -> None:
    made = build(auth={"basic": {"user": "env:HOST", "password": "env:PW"}})
    assert made.auth == {"basic": {"user": "db.example", "password": Secret("geheim")}}
    assert "geheim" not in repr(made)


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"prot": 1}, r"no setting 'prot' \(did you mean 'port'\?\)"),
        ({"host": None, "zzzzzz": 1}, "Known: host, password"),
        ({"port": "many"}, "port must be a whole number, not 'many'"),
        ({"port": 1.5}, "whole number"),
        ({"port": True}, "whole number"),
        ({"every": "soon"}, "a duration such as 5m"),
        ({"on": "maybe"}, "true or false"),
        ({"mode": "fats"}, r"one of fast, slow \(did you mean 'fast'\?\)"),
        ({"password": "text"}, "must be a reference"),
        ({"password": 5}, "must be a reference"),
        ({"password": "env:NOPE"}, "environment variable NOPE is not set"),
        ({"auth": {"basic": {"password": "text"}}}, "auth.basic.password is secret"),
        ({"auth": "bearer"}, "must be a mapping"),
        ({"host": ["a"]}, "must be text"),
    ],
)
def test_what_cannot_be_used_is_said_with_the_way_out(values: dict[str, Any], says: str) -> None:
    with pytest.raises(BadSettings, match=says):
        build(**values)


def test_a_needed_setting_says_what_it_is_for() -> None:
    with pytest.raises(BadSettings, match="needs the setting 'host': Where it is"):
        fill(Example, {}, "Connector example", str)
