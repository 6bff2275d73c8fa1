"""Fixed-width records to rows, as a copybook lays them out, in EBCDIC or any other single-byte encoding."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, BinaryIO

from hub.errors import BadSettings
from hub.formats.copybook import Item
from hub.formats.rows import Flaw, Row
from hub.records import Data

_LOW, _HIGH = 0x00, 0xFF
_PLUS, _MINUS = {0xC, 0xA, 0xE, 0xF}, {0xD, 0xB}
_ASCII_PLUS, _ASCII_MINUS = b"{ABCDEFGHI", b"}JKLMNOPQR"
_LONGEST = 64 * 1024


class _Wrong(ValueError):
    """A field whose bytes are not what its picture says."""


class Layout:
    """A record's layout together with its encoding."""

    def __init__(self, record: Item, encoding: str) -> None:
        self.record = record
        self._decode = _decoder(encoding)
        self._blank = " ".encode(encoding)[0]
        self._ebcdic = self._blank == 0x40
        if record.length > _LONGEST:
            raise BadSettings(f"The record is {record.length} bytes long, more than {_LONGEST}.", name="copybook")

    def row(self, raw: bytes, where: str) -> Row | Flaw:
        wrong: list[str] = []
        data = self._group(self.record, raw, 0, wrong)
        if wrong:
            return Flaw(where, "value_invalid", f"Fields whose bytes do not fit their picture: {', '.join(wrong)}.", "", data)
        return Row(data, where, len(raw))

    def _group(self, group: Item, raw: bytes, shift: int, wrong: list[str]) -> Data:
        data: Data = {}
        for item in group.items:
            if not item.name and not item.items:
                continue
            value = self._occurrences(item, raw, shift, wrong)
            if item.name:
                data[item.name] = value
            elif isinstance(value, dict):
                data.update(value)  # a group without a name only lays out
        return data

    def _occurrences(self, item: Item, raw: bytes, shift: int, wrong: list[str]) -> Any:
        if not item.occurs:
            return self._item(item, raw, shift, wrong)
        return [self._item(item, raw, shift + number * item.width, wrong) for number in range(item.occurs)]

    def _item(self, item: Item, raw: bytes, shift: int, wrong: list[str]) -> Any:
        if item.items:
            return self._group(item, raw, shift, wrong)
        try:
            return self._value(item, raw[item.offset + shift : item.offset + shift + item.width])
        except _Wrong:
            if not item.shared:
                wrong.append(item.name)
            return None

    def _value(self, item: Item, raw: bytes) -> Any:
        if item.kind == "text":
            return self._text(raw)
        if raw.count(_LOW) == len(raw) and item.kind != "binary":
            return None  # never filled
        if item.kind == "packed":
            return _scaled(_packed(raw), item.scale)
        if item.kind == "binary":
            return _scaled(int.from_bytes(raw, "big", signed=item.signed), item.scale)
        if raw.count(self._blank) == len(raw):
            return None
        digits, negative = self._zoned(item, raw)
        if item.signed or item.scale:
            return _scaled(-int(digits) if negative else int(digits), item.scale)
        return digits  # an unsigned number is often an identifier: it keeps its zeros

    def _text(self, raw: bytes) -> str:
        try:
            return self._decode(raw.rstrip(b"\x00")).rstrip(" ").replace("\0", "")
        except UnicodeDecodeError as error:
            raise _Wrong from error

    def _zoned(self, item: Item, raw: bytes) -> tuple[str, bool]:
        if item.sign_separate:
            sign = self._decode(raw[:1] if item.sign_leading else raw[-1:])
            if sign not in "+-":
                raise _Wrong
            return self._digits(raw[1:] if item.sign_leading else raw[:-1]), sign == "-"
        if not item.signed:
            return self._digits(raw), False
        at = 0 if item.sign_leading else len(raw) - 1
        digit, negative = self._overpunched(raw[at])
        return self._digits(raw[:at]) + digit + self._digits(raw[at + 1 :]), negative

    def _digits(self, raw: bytes) -> str:
        zone = 0xF if self._ebcdic else 0x3
        if any(byte >> 4 != zone or byte & 0xF > 9 for byte in raw):
            raise _Wrong
        return "".join(str(byte & 0xF) for byte in raw)

    def _overpunched(self, byte: int) -> tuple[str, bool]:
        """The digit that carries the sign."""
        zone, digit = byte >> 4, byte & 0xF
        if self._ebcdic and digit <= 9 and zone in _PLUS | _MINUS:
            return str(digit), zone in _MINUS
        if not self._ebcdic:
            for letters, negative in ((_ASCII_PLUS, False), (_ASCII_MINUS, True)):
                if byte in letters:
                    return str(letters.index(byte)), negative
            if digit <= 9 and zone in {0x3, 0x7}:
                return str(digit), zone == 0x7
        raise _Wrong


def read(stream: BinaryIO, name: str, layout: Layout, form: str = "fixed") -> Iterator[Row | Flaw]:
    """Every record. ``form``: ``fixed`` (one after the other), ``lines``, or ``variable`` (with record descriptor words)."""
    pieces = {"fixed": _fixed, "lines": _lines, "variable": _variable}[form](stream, layout.record.length)
    for number, raw in enumerate(pieces, start=1):
        where = f"{name}#{number}"
        if len(raw) < layout.record.length:
            yield Flaw(where, "truncated", f"The record has {len(raw)} bytes instead of {layout.record.length}.")
        elif len(raw) > layout.record.length:
            yield Flaw(where, "record_too_long", f"The record has more than the {layout.record.length} bytes of its layout.")
        else:
            yield layout.row(raw, where)


def _fixed(stream: BinaryIO, length: int) -> Iterator[bytes]:
    while raw := stream.read(length):
        if len(raw) < length and not raw.strip(b"\r\n\x1a"):
            return  # an end mark that some transfer programs add
        yield raw


def _lines(stream: BinaryIO, length: int) -> Iterator[bytes]:
    while raw := stream.readline(length + 3):
        line = raw.rstrip(b"\r\n")
        while not raw.endswith(b"\n") and (raw := stream.readline(_LONGEST)):
            line = line[: length + 1] + raw[:1]
        if line and line != b"\x1a":
            yield line.ljust(length) if len(line) < length and raw.endswith(b"\n") else line


def _variable(stream: BinaryIO, length: int) -> Iterator[bytes]:
    while head := stream.read(4):
        size = int.from_bytes(head[:2], "big") - 4
        if len(head) < 4 or size < 0:
            yield b""
            return
        raw = stream.read(size)
        yield raw.ljust(length, b"\x00") if len(raw) == size else raw[: length - 1]


def _packed(raw: bytes) -> int:
    digits = raw.hex()
    sign = int(digits[-1], 16)
    if not digits[:-1].isdecimal() or sign not in _PLUS | _MINUS:
        raise _Wrong
    return -int(digits[:-1]) if sign in _MINUS else int(digits[:-1])


def _scaled(number: int, scale: int) -> int | Decimal:
    return Decimal(number).scaleb(-scale) if scale else number


def _decoder(encoding: str) -> Callable[[bytes], str]:
    try:
        found = codecs.lookup(encoding)
        if len(" ".encode(encoding)) != 1 or len("é".encode(encoding, "replace")) != 1:
            raise BadSettings(f"{encoding} is not a single-byte encoding; usual ones are cp037, cp273, cp1140.", name="encoding")
    except LookupError as error:
        raise BadSettings(f"There is no encoding {encoding!r}; usual ones are cp037, cp273, cp1140.", name="encoding") from error
    return lambda raw: found.decode(raw, "strict")[0]
