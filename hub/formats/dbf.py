"""dBASE and FoxPro tables to rows: what the file marks as deleted comes as such, a wrong value costs only its record."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import dbf

from hub.errors import BadSettings, Unavailable
from hub.formats.rows import Flaw, Row
from hub.records import Data

FALLBACK = "cp850"
"""What DOS programs wrote in Western Europe; for tables whose header names no code page."""

_HEADER = 32
_VERSIONS = frozenset({0x02, 0x03, 0x30, 0x31, 0x32, 0x83, 0x8B, 0x8E, 0xF5, 0xFB})
_WRONG = (dbf.DbfError, ValueError, TypeError, LookupError, ArithmeticError, OSError, struct.error)
_TYPES = {
    "C": "string",
    "M": "string",
    "D": "string",
    "T": "string",
    "L": "boolean",
    "I": "integer",
    "B": "number",
    "Y": "number",
}


def read(path: Path, encoding: str = "") -> Iterator[Row | Flaw]:
    """Every record of the table, in the order of the file. Names of fields are in lower case."""
    if why := _no_table(path):
        yield Flaw(path.name, "no_table", why)
        return
    table = _open(path, encoding)
    try:
        fields = list(table.field_names)
        for number in range(len(table)):
            try:
                record = table[number]
            except _WRONG:
                yield Flaw(f"{path.name}#{number + 1}", "truncated", f"The file ends before record {number + 1} of {len(table)}.")
                return
            yield _row(record, fields, f"{path.name}#{number + 1}")
    finally:
        table.close()


def fields(path: Path, encoding: str = "") -> dict[str, str]:
    """Field -> type in JSON Schema's words."""
    if why := _no_table(path):
        raise BadSettings(f"{path.name} is no dBASE table: {why}", name=path.name)
    table = _open(path, encoding)
    try:
        return {name.lower(): _json_type(table.field_info(name)) for name in table.field_names}
    finally:
        table.close()


def is_whole(path: Path) -> bool:
    """True when the file is as long as its header says."""
    head = path.open("rb")
    with head:
        raw = head.read(_HEADER)
    if len(raw) < _HEADER:
        return False
    count, start, length = struct.unpack("<LHH", raw[4:12])
    return bool(path.stat().st_size >= start + count * length)


def _no_table(path: Path) -> str:
    with path.open("rb") as stream:
        raw = stream.read(_HEADER)
    if len(raw) < _HEADER:
        return "The file is shorter than a header."
    return "" if raw[0] in _VERSIONS else "Its first byte is not that of a dBASE or FoxPro table."


def _open(path: Path, encoding: str) -> Any:
    try:
        table = dbf.Table(str(path), codepage=encoding or _own_encoding(path), default_data_types={"N": _NUMBER, "F": _NUMBER})
        return table.open(dbf.READ_ONLY)
    except dbf.DbfError as error:
        if "memo" in str(error):
            raise Unavailable(f"{path.name} has memo fields, but its memo file is not there (yet).", system=path.name) from error
        raise BadSettings(f"{path.name} cannot be opened as a dBASE table: {error}.", name=path.name) from error
    except (LookupError, ValueError) as error:
        raise BadSettings(f"dBASE knows no encoding {encoding!r}; try cp850 or cp1252.", name="encoding") from error


def _own_encoding(path: Path) -> str | None:
    with path.open("rb") as stream:
        return None if stream.read(_HEADER)[29] else FALLBACK


def _number(raw: bytes) -> int | Decimal:
    text = raw.decode("ascii")
    try:
        return Decimal(text) if "." in text else int(text)
    except InvalidOperation as error:
        raise ValueError(text) from error


_NUMBER = (_number, type(None))


def _row(record: Any, names: list[str], where: str) -> Row | Flaw:
    data: Data = {}
    wrong: list[str] = []
    for name in names:
        try:
            data[name.lower()] = _value(record[name])
        except _WRONG as error:
            code = "encoding" if isinstance(error, UnicodeError) else "value"
            wrong.append(f"{name.lower()} ({code})")
    if wrong:
        code = "encoding_invalid" if all("encoding" in name for name in wrong) else "value_invalid"
        return Flaw(where, code, f"Fields that cannot be read: {', '.join(wrong)}.", "", data)
    return Row(data, where, sum(len(v) for v in data.values() if isinstance(v, str)), gone=bool(dbf.is_deleted(record)))


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return value.rstrip(" \0")
    return bytes(value).hex() if isinstance(value, (bytes, bytearray)) else value


def _json_type(info: Any) -> str:
    letter = chr(info[0]) if isinstance(info[0], int) else str(info[0])
    if letter in {"N", "F"}:
        return "number" if info[2] else "integer"
    return _TYPES.get(letter, "string")
