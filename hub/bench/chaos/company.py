"""The company of a run: a database that is read, a system that sends messages, one that posts; the same people in all."""

from __future__ import annotations

from pathlib import Path

CRM, APP, WEB = "crm", "app", "web"
"""The roads: read by a connector, sent over the broker, posted over HTTP. Each is a system of its own."""

PUSHED = frozenset({APP, WEB})
"""On these every single message becomes a version; what a connector reads may skip versions that were overtaken."""

_LANDSCAPE = """\
company: Example Trading under fire
systems:
  crm: {kind: sql, url: "env:CRM_URL", trust: 0.8}
  app: {kind: file, path: drop, trust: 0.7}
  web: {kind: file, path: drop, trust: 0.6}
feeds:
  crm.people:
    system: crm
    stream: people
    cursor: {column: changed_at, lag: 1m, sweep: every_run}
    max_deleted_share: 1.0
    mapping: crm/customer
  app.people:
    system: app
    stream: people
    mapping: app/customer
  web.people:
    system: web
    stream: people
    mapping: web/customer
"""
_MAPPING = """\
version: 1
from: people
to: customer
key: id
operation: "gone && 'deleted' || 'upsert'"
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
"""


def feed(system: str) -> str:
    return f"{system}.people"


def write(home: Path) -> None:
    """landscape.yaml and the mappings."""
    (home / "drop").mkdir(parents=True)
    (home / "landscape.yaml").write_text(_LANDSCAPE, encoding="utf-8")
    for system in (CRM, APP, WEB):
        folder = home / "mappings" / system
        folder.mkdir(parents=True)
        (folder / "customer.yaml").write_text(_MAPPING.replace("SYSTEM", system), encoding="utf-8")
