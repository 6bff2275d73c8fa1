"""A small company in a folder, and the command line driven as its people would."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from hub.app import open_hub
from hub.cli import main
from hub.settings import Settings

LANDSCAPE = """\
company: Bad Days Ltd
systems:
  crm: {kind: file, path: drop, trust: 0.8}
feeds:
  crm.people:
    system: crm
    stream: {name: people.csv, key: id}
    mapping: crm/customer
"""
MAPPING = """\
version: 1
from: people
to: customer
key: id
fields:
  kind: "'person'"
  name.given: first
  name.family: last
  birth_date: {path: born, type: date}
  emails: {each: "mail && [mail] || `[]`", as: {address: email(item), type: "'main'"}}
ignore: [note]
"""
HEADER = "id,first,last,born,mail\n"
ANA = "1,Ana,Gil Romero,1980-02-03,ana.gil@example.com\n"
EVA = "7,Eva,Ruiz,1990-05-06,eva.ruiz@example.com\n"
JON = "2,Jonas,Weber,1975-11-30,jonas.weber@example.org\n"
PRIVATE = ("gil.romero", "ana.gil@", "1980-02-03", "hunter2")
"""What the examples hold and no message may show."""


@dataclass(frozen=True)
class Said:
    """What a command said, and how it ended."""

    code: int
    out: str
    err: str

    @property
    def all(self) -> str:
        return self.out + self.err

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def run(*words: object) -> Said:
    """The command `goldenhub`, through its own door."""
    out, err = io.StringIO(), io.StringIO()
    code: object = 0
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
        patch.setattr(sys, "argv", ["goldenhub", *map(str, words)])
        try:
            main()
        except SystemExit as end:
            code = end.code
    assert isinstance(code, int | None)
    return Said(code or 0, out.getvalue(), err.getvalue())


@dataclass(frozen=True)
class Company:
    """One folder with landscape, mappings and files."""

    home: Path

    def __call__(self, *words: object) -> Said:
        return run("--home", self.home, *words)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def people(self, *rows: str | bytes) -> None:
        """The CRM's export, with these lines below its header."""
        self.write("drop/people.csv", HEADER.encode() + b"".join(row.encode() if isinstance(row, str) else row for row in rows))

    def keys(self) -> set[str]:
        """Every source key that a golden record stands for."""
        found = self("golden", "list", "--limit", 1000, "--json").json["golden"]
        return {f"{one['system']}:{one['key']}" for golden in found for one in golden["members"]}

    def rejects(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self("rejects", "list", "--json").json["rejects"]
        return found

    def leakage(self) -> int:
        """What arrived and is nowhere."""
        with open_hub(Settings(home=self.home)) as hub:
            return sum(balance["leakage"] for balance in hub.accounting().values())


def found_company(home: Path) -> Company:
    """A company with one system, one mapping and nobody in it."""
    company = Company(home)
    company.write("landscape.yaml", LANDSCAPE)
    company.write("mappings/crm/customer.yaml", MAPPING)
    return company


def clear(said: Said, code: int, *words: str) -> None:
    """It ends with this code, says these words, and shows neither a traceback nor anything private."""
    assert said.code == code, said.all
    assert "Traceback" not in said.all
    for word in words:
        assert word in said.all, f"{word!r} is not said: {said.all}"
    for word in PRIVATE:
        assert word not in said.all.lower()
