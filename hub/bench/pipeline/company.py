"""The company that is measured: one file with everybody in it twice, and one system that pushes single records."""

from __future__ import annotations

import csv
import random
from pathlib import Path

LANDSCAPE = """\
company: Measured Ltd
systems:
  crm: {kind: file, path: drop, trust: 0.8}
  app: {kind: file, path: pushed, trust: 0.6}
feeds:
  crm.people:
    system: crm
    stream: {name: people.csv, key: id}
    lane: LANE
    mapping: crm/customer
  app.people:
    system: app
    stream: {name: people.csv, key: id}
    mapping: app/customer
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
  phones: {each: "phone && [phone] || `[]`", as: {number: "phone(item, 'ES')", type: "'mobile'"}}
  addresses:
    each: "[@]"
    as: {lines: "[item.street]", postal_code: item.zip, locality: item.city, country: "'ES'", type: "'home'"}
"""
HEADER = ("id", "first", "last", "born", "mail", "phone", "street", "zip", "city")
_SYLLABLES = ("ba", "ko", "mi", "ter", "lun", "go", "ras", "vel", "pin", "dor", "sha", "wek", "tu", "ne", "fi", "zo")
_GIVEN = ("Ana", "Eva", "Ida", "Lea", "Mia", "Luis", "Jan", "Olaf", "Pau", "Rui", "Tom", "Uwe", "Ines", "Vera", "Nuno", "Iker")
_STREETS = ("Calle Mayor", "Avenida del Mar", "Calle Nueva", "Plaza Real", "Calle del Sol", "Gran Via", "Paseo Alto")
_CITIES = ("Madrid", "Sevilla", "Valencia", "Bilbao", "Zaragoza", "Malaga", "Murcia", "Vigo", "Gijon", "Elche")


def person(number: int, seed: str = "people") -> dict[str, str]:
    """One record: an even and the odd number after it are the same person, who writes differently now and then."""
    who, said = random.Random(f"{seed}{number // 2}"), random.Random(f"{seed}said{number}")  # noqa: S311  # no secrets
    family = "".join(who.choices(_SYLLABLES, k=4)).title()
    given = who.choice(_GIVEN)
    told = {
        "id": str(number),
        "first": given if said.random() < 0.9 else f"{given[0]}.",
        "last": family,
        "born": f"{who.randint(1940, 2004)}-{who.randint(1, 12):02}-{who.randint(1, 28):02}",
        "mail": f"{given}.{family}{who.randint(1, 999)}@example.com".lower(),
        "phone": f"6{who.randint(0, 99_999_999):08}",
        "street": f"{who.choice(_STREETS)} {who.randint(1, 400)}",
        "zip": f"{who.randint(1, 52):02}{who.randint(0, 999):03}",
        "city": who.choice(_CITIES),
    }
    if said.random() < 0.3:
        told[said.choice(("born", "mail", "phone"))] = ""
    return told


def write(home: Path, records: int, lane: str = "live", seed: str = "people") -> Path:
    """The company's folder, and its file."""
    for system in ("crm", "app"):
        folder = home / "mappings" / system
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "customer.yaml").write_text(MAPPING, encoding="utf-8")
    (home / "landscape.yaml").write_text(LANDSCAPE.replace("LANE", lane), encoding="utf-8")
    (home / "pushed").mkdir(exist_ok=True)
    (home / "drop").mkdir(exist_ok=True)
    path = home / "drop" / "people.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        rows = csv.DictWriter(file, HEADER)
        rows.writeheader()
        rows.writerows(person(number, seed) for number in range(records))
    return path
