"""The legacy department: a dBASE III card index in code page 850, and an extract of its host in EBCDIC with packed decimals."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from anyascii import anyascii

from hub.demo.world import Entry, World

PLATES = {"DE": "D", "ES": "E", "FR": "F", "GB": "GB", "PL": "PL"}
"""Countries as on the back of a car."""


class Field(NamedTuple):
    """A column of a dBASE file."""

    name: str
    kind: str
    width: int
    decimals: int = 0


CARD_INDEX = (
    Field("KDNR", "C", 8), Field("ANREDE", "C", 6), Field("NAME1", "C", 45), Field("NAME2", "C", 30), Field("STRASSE", "C", 45),
    Field("PLZ", "C", 8), Field("ORT", "C", 30), Field("LAND", "C", 3), Field("TELEFON", "C", 20), Field("GEBDATUM", "D", 8),
    Field("USTID", "C", 14), Field("UMSATZ", "N", 12, 2), Field("GESPERRT", "L", 1), Field("AENDERUNG", "D", 8),
)  # fmt: skip

COPYBOOK = """\
      * Loyalty cards, nightly extract. EBCDIC code page 273.
       01  LOYALTY-RECORD.
           05  CARD-NO             PIC 9(9)      COMP-3.
           05  FAMILY-NAME         PIC X(30).
           05  GIVEN-NAME          PIC X(20).
           05  SEX                 PIC X.
           05  BIRTH-DATE          PIC 9(8)      COMP-3.
           05  STREET              PIC X(35).
           05  POSTAL-CODE         PIC X(8).
           05  CITY                PIC X(20).
           05  COUNTRY             PIC X(2).
           05  PHONE               PIC X(20).
           05  POINTS              PIC S9(7)V99  COMP-3.
           05  JOINED              PIC 9(8)      COMP-3.
           05  CHANGED             PIC 9(8)      COMP-3.
           05  FILLER              PIC X(7).
"""
RECORD_LENGTH = 5 + 30 + 20 + 1 + 5 + 35 + 8 + 20 + 2 + 20 + 5 + 5 + 5 + 7


def write(world: World, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    cards = [entry for entry in world.of("legacy") if entry.state != "removed"]
    (folder / "KUNDEN.DBF").write_bytes(card_index(cards, world))
    records = [_loyalty(entry) for entry in world.of("host") if entry.state == "live"]
    (folder / "LOYALTY.DAT").write_bytes(b"".join(records))
    (folder / "LOYALTY.CPY").write_text(COPYBOOK, encoding="ascii")


# --- dBASE


def card_index(entries: Iterable[Entry], world: World) -> bytes:
    """A dBASE III file: header, column descriptions, rows of fixed width; a deleted row begins with an asterisk."""
    rows = [_card(entry) for entry in entries]
    day = world.today
    length = 1 + sum(field.width for field in CARD_INDEX)
    size = 32 + 32 * len(CARD_INDEX) + 1
    header = struct.pack("<4BIHH17xBxx", 3, day.year - 1900, day.month, day.day, len(rows), size, length, 0x02)  # 0x02: cp850
    columns = b"".join(
        struct.pack("<11sc4xBB14x", field.name.encode(), field.kind.encode(), field.width, field.decimals) for field in CARD_INDEX
    )
    return header + columns + b"\r" + b"".join(rows) + b"\x1a"


def _card(entry: Entry) -> bytes:
    place, person = entry.address, entry.kind == "person"
    turnover = f"{int(entry.key) * 37 % 90000 / 7:.2f}"
    values = {
        "KDNR": entry.key,
        "ANREDE": {"female": "Frau", "male": "Herr"}.get(entry.gender, "Firma"),
        "NAME1": f"{entry.family}, {entry.given}" if person else entry.company,
        "NAME2": entry.suffix,
        "STRASSE": place.line if place else "",
        "PLZ": place.postal_code if place else "",
        "ORT": place.city if place else "",
        "LAND": PLATES[entry.country],
        "TELEFON": entry.phones[0] if entry.phones else "",
        "GEBDATUM": entry.birth.replace("-", ""),
        "USTID": entry.vat,
        "UMSATZ": "12A4.5O" if entry.flaw == "number_garbled" else turnover,
        "GESPERRT": "F",
        "AENDERUNG": f"{entry.changed_at:%Y%m%d}",
    }
    cells = (_cell(values[field.name], field) for field in CARD_INDEX)
    return (b"*" if entry.state == "deleted" else b" ") + b"".join(cells)


def _cell(text: str, field: Field) -> bytes:
    raw = _squeezed(text, "cp850")[: field.width]
    return raw.rjust(field.width) if field.kind == "N" else raw.ljust(field.width)


def _squeezed(text: str, code_page: str) -> bytes:
    """In an old code page; what it does not have is written in plain letters, as its users do."""
    return b"".join(_sign(sign, code_page) for sign in text)


def _sign(sign: str, code_page: str) -> bytes:
    try:
        return sign.encode(code_page)
    except UnicodeEncodeError:
        return anyascii(sign).encode(code_page, "replace")


# --- EBCDIC


def _loyalty(entry: Entry) -> bytes:
    place = entry.address
    points = 0 if entry.flaw == "packed_garbled" else int(entry.key) * 7919 % 250000
    record = b"".join((
        packed(int(entry.key), 9),
        _text(entry.family, 30),
        _text(entry.given, 20),
        _text({"female": "W", "male": "M"}.get(entry.gender, ""), 1),
        packed(int(entry.birth.replace("-", "") or 0), 8),
        _text(place.line if place else "", 35),
        _text(place.postal_code if place else "", 8),
        _text(place.city if place else "", 20),
        _text(entry.country, 2),
        _text(entry.phones[0] if entry.phones else "", 20),
        b"\xff\xfa\xbc\xde\x07" if entry.flaw == "packed_garbled" else packed(points, 9, signed=True),
        packed(int(f"{entry.created_at:%Y%m%d}"), 8),
        packed(int(f"{entry.changed_at:%Y%m%d}"), 8),
        _text("", 7),
    ))  # fmt: skip
    assert len(record) == RECORD_LENGTH  # noqa: S101 - the copybook says so
    return record


def _text(text: str, width: int) -> bytes:
    return _squeezed(text.upper(), "cp273")[:width].ljust(width, b"\x40")


def packed(number: int, digits: int, *, signed: bool = False) -> bytes:
    """COMP-3: two digits a byte, the sign in the last half byte."""
    half_bytes = f"{abs(number):0{digits + (digits + 1) % 2}d}" + ("D" if number < 0 else "C" if signed else "F")
    return bytes.fromhex(half_bytes)
