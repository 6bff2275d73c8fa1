"""Bodies of requests: never more of one than is allowed, neither as it comes nor inflated; then records."""

from __future__ import annotations

import zlib
from typing import Any

import orjson
from anyio import from_thread
from fastapi import Request
from starlette.requests import ClientDisconnect

from hub.web.problems import WrongRequest

MOST_RECORDS = 10_000
_LINES = ("application/x-ndjson", "application/ndjson", "application/jsonl")
_WINDOWS = {"gzip": 31, "x-gzip": 31, "deflate": 47}  # how zlib is told to expect a gzip header, or any
_STEP = 65_536


def records_in(request: Request, limit: int) -> list[Any]:
    """The records of a request: one object, an array of objects, or one object a line."""
    kind = request.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    if kind not in _LINES and kind != "application/json" and not kind.endswith("+json"):
        said = f"{kind} is not understood here; send application/json (an object or an array) or application/x-ndjson."
        raise WrongRequest(415, "media_type_unknown", said)
    content = _inflated(_read(request, limit), request.headers.get("content-encoding", ""), limit)
    records = _of_lines(content) if kind in _LINES else _of_json(content)
    if not records:
        raise WrongRequest(422, "no_record", "There is no record in it.")
    if len(records) > MOST_RECORDS:
        raise WrongRequest(413, "too_many_records", f"{len(records):,} records; send {MOST_RECORDS:,} at most in one request.")
    return records


def _read(request: Request, limit: int) -> bytes:
    """The body as it came. It is read in the event loop, piece by piece, from the thread in which endpoints run."""
    announced = request.headers.get("content-length", "")
    if announced.isdigit() and int(announced) > limit:
        raise _too_large(limit)
    pieces, size = request.stream(), 0
    content = bytearray()
    try:
        while (piece := from_thread.run(anext, pieces, None)) is not None:
            size += len(piece)
            if size > limit:
                raise _too_large(limit)
            content += piece
    except ClientDisconnect as gone:
        raise WrongRequest(400, "body_incomplete", "The connection ended before the body did.") from gone
    return bytes(content)


def _inflated(content: bytes, encoding: str, limit: int) -> bytes:
    """What a compressed body holds. A small one that would become huge is stopped where it gets too large."""
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return content
    if name not in _WINDOWS:
        raise WrongRequest(415, "encoding_unknown", f"Content-Encoding {encoding} is not understood; send gzip, deflate or none.")
    made, packed = bytearray(), content
    machine = zlib.decompressobj(_WINDOWS[name])
    try:
        while packed and not machine.eof:
            made += machine.decompress(packed, _STEP)
            packed = machine.unconsumed_tail
            if len(made) > limit:
                raise _too_large(limit)
    except zlib.error as wrong:
        raise WrongRequest(400, "encoding_invalid", f"The body is no {name}.") from wrong
    if not machine.eof:
        raise WrongRequest(400, "encoding_invalid", f"The {name} of the body has no end.")
    return bytes(made)


def _of_json(content: bytes) -> list[Any]:
    told = _parsed(content, "The body")
    return told if isinstance(told, list) else [told]


def _of_lines(content: bytes) -> list[Any]:
    lines = [line for line in content.split(b"\n") if line.strip()]
    return [_parsed(line, f"Line {number}") for number, line in enumerate(lines, 1)]


def _parsed(content: bytes, what: str) -> Any:
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as wrong:
        detail = f"{what} is no JSON: {wrong.msg} (line {wrong.lineno}, column {wrong.colno}). Nothing of it was taken."
        raise WrongRequest(400, "json_invalid", detail) from wrong


def _too_large(limit: int) -> WrongRequest:
    return WrongRequest(413, "body_too_large", f"More than {limit:,} bytes; send it in pieces.")
