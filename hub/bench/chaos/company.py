"""The company of a run: a database that is read, a system that sends messages, one that posts; the same people in all."""

from __future__ import annotations

from pathlib import Path

CRM, APP, WEB = "crm", "app", "web"
"""The roads: read by a connector, sent over the broker, posted over HTTP. Each is a system of its own."""

_LANDSCAPE = """\
company: Example Trading under fire
systems:
  crm: {kind: sql, url: "env:CRM_URL", trust: 0.8}
feeds:
  crm.people:
    system: crm
    stream: people
    cursor: {column: changed_at, lag: 1m, sweep: every_run}
    max_deleted_share: 1.0
    mapping: crm/customer
    schedule: "* * * * *"
"""
_MAPPING = """\
version: 1
from: STREAM
to: customer
key: id
OPERATION
updated_at: changed_at
fields:
  kind: "'person'"
  name.given: given
  name.family: family
  birth_date: {path: born, type: date}
  emails: {each: "mail && [mail] || `[]`", as: {address: email(item), type: "'main'"}}
  phones: {each: "phone && [phone] || `[]`", as: {number: "phone(item, 'ES')", type: "'mobile'"}}
  addresses: {each: "city && [city] || `[]`", as: {locality: item, country: "'ES'", type: "'home'"}}
  ext.SYSTEM.rev: {path: rev, type: integer}
IGNORE
"""


def write(home: Path) -> None:
    """landscape.yaml and the mappings."""
    home.mkdir(parents=True, exist_ok=True)
    (home / "landscape.yaml").write_text(_LANDSCAPE, encoding="utf-8")
    _mapping(home, CRM, "people", "", "")


def _mapping(home: Path, system: str, stream: str, operation: str, ignore: str) -> None:
    folder = home / "mappings" / system
    folder.mkdir(parents=True, exist_ok=True)
    lines = _MAPPING.replace("STREAM", stream).replace("SYSTEM", system).replace("OPERATION\n", operation)
    (folder / "customer.yaml").write_text(lines.replace("IGNORE\n", ignore), encoding="utf-8")
