"""JSON Lines and JSON documents to rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from hub.formats import tolerant
from hub.formats.lines import Line, is_damaged, read_lines
from hub.formats.rows import LONGEST_RECORD, MEBIBYTE, Flaw, Row, excerpt, too_long, unknown_bytes
from hub.records import at_path

LONGEST_DOCUMENT = 64 * MEBIBYTE


def read(stream: BinaryIO, name: str, encoding: str = "utf-8-sig", longest: int = LONGEST_RECORD) -> Iterator[Row | Flaw]:
    """One row for each line that holds a JSON object. Empty lines are nothing."""
    for line in read_lines(stream, encoding, longest):
        if line.text.strip():
            yield parse(line, name, encoding, longest)


def parse(line: Line, name: str, encoding: str, longest: int) -> Row | Flaw:
    """The row of one line."""
    where = f"{name}:{line.number}"
    if line.too_long:
        return Flaw(where, "record_too_long", too_long("The line", longest))
    if is_damaged(line.text):
        return Flaw(where, "encoding_invalid", unknown_bytes("The line", encoding))
    try:
        value = orjson.loads(line.text)
    except ValueError as error:
        code = "json_invalid" if line.ended else "truncated"
        return Flaw(where, code, f"The line is not JSON: {_short(error)}.", excerpt(line.text))
    return _record(value, where, len(line.text))


def read_document(
    stream: BinaryIO, name: str, record_path: str = "", encoding: str = "utf-8-sig", longest: int = LONGEST_RECORD
) -> Iterator[Row | Flaw]:
    """One row for each object in the array at ``record_path`` of one JSON document. It is read whole, so it has a limit."""
    raw = stream.read(LONGEST_DOCUMENT + 1)
    if len(raw) > LONGEST_DOCUMENT:
        yield Flaw(
            name,
            "document_too_long",
            "The document is longer than 64 MiB, the most that is read at once: write it as JSON Lines.",
        )
        return
    try:
        document = tolerant.parse(raw, encoding)
    except ValueError as error:
        yield Flaw(name, "json_invalid", f"The document is not JSON: {_short(error)}.")
        return
    found = at_path(document, record_path) if record_path else document
    if not isinstance(found, list):
        yield Flaw(name, "record_path_wrong", f"There is no array at {record_path or 'the top'} of the document.")
        return
    for number, value in enumerate(found):
        yield sized(value, f"{name}[{number}]", longest)


def sized(value: Any, where: str, longest: int) -> Row | Flaw:
    """The row of a value that was parsed already, and tolerantly."""
    try:
        size = len(orjson.dumps(value))
    except TypeError:
        return _not_strict(value, where)
    if size > longest:
        return Flaw(where, "record_too_long", too_long("The record", longest), "", _small(value))
    return _record(value, where, size)


def _not_strict(value: Any, where: str) -> Flaw:
    """What no JSON can hold: told with the names of its fields, and with the others, among which its key may be."""
    said = "bytes that are no text, half of a surrogate pair, NaN, or a number such as 1e400"
    if not isinstance(value, dict):
        return Flaw(where, "json_invalid", f"This holds what JSON has no word for: {said}.")
    good = {name: part for name, part in value.items() if tolerant.is_strict({name: part})}
    wrong = ", ".join(ascii(name) for name in value if name not in good)
    return Flaw(where, "json_invalid", f"What stands at {wrong} is nothing that JSON can hold: {said}.", "", _small(good))


def _record(value: Any, where: str, size: int) -> Row | Flaw:
    if isinstance(value, dict):
        return Row(value, where, size)
    return Flaw(where, "no_object", f"This is a JSON {type(value).__name__}, not an object.", excerpt(str(value)))


def _small(value: Any) -> dict[str, Any] | None:
    if not isinstance(value, dict):
        return None
    return {name: part for name, part in value.items() if not isinstance(part, str) or len(part) < 1000}


def _short(error: ValueError) -> str:
    """What the parser said, without the data that some parsers quote."""
    return str(error).split(":", maxsplit=1)[0].rstrip(".")
