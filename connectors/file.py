"""Files in a folder: CSV, JSON Lines and JSON, as snapshots or as logs that only grow."""

from __future__ import annotations

import codecs
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO, ClassVar

from hub.contract import Cursor, Probe, Signal, Stream, StreamRequest, setting
from hub.errors import BadSettings
from hub.formats import csv, jsonl
from hub.formats.rows import LONGEST_RECORD, Flaw, Row
from hub.reading import folders, logs, probes
from hub.reading.declared import fill
from hub.reading.known import Known
from hub.reading.names import NameWatch, types_of
from hub.reading.snapshots import Event, Snapshot, changes

_SUFFIXES = {".csv": "csv", ".tsv": "csv", ".txt": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "json"}
_SAMPLE = 100


@dataclass(frozen=True)
class Options:
    """What `stream:` may say about a file."""

    key: tuple[str, ...] = setting("Column or columns of the key. Without one nothing is ever reported as deleted.", default=())
    format: str = setting("How it is written. Default: by the suffix.", default="", choices=("", "csv", "jsonl", "json"))
    mode: str = setting(
        "`snapshot`: the file shows how things are now. `log`: it only grows, each line is a message.",
        default="snapshot",
        choices=("snapshot", "log"),
    )
    encoding: str = setting("Its encoding.", default="utf-8-sig")
    delimiter: str = setting("What separates columns. Default: a comma, in .tsv files a tab.", default="")
    quote: str = setting("What surrounds a value that holds the separator.", default='"')
    columns: tuple[str, ...] = setting("Names of the columns of a CSV file without a header line.", default=())
    skip: int = setting("Lines above the header of a CSV file.", default=0)
    record_path: str = setting("Where the array of records is in a JSON document, for instance `data.items`.", default="")
    marker: str = setting("A file counts only when its twin with this suffix lies beside it, e.g. `.done`.", default="")


@dataclass(frozen=True)
class Connector:
    """A folder of files that another program writes."""

    options: ClassVar[type] = Options

    path: Path = setting("The folder.")
    settle: timedelta = setting("A file younger than this waits.", default=timedelta())
    streams: Mapping[str, Any] = setting("Options of its streams by name, so that feeds need not repeat them.", default={})
    max_record: int = setting("Bytes of the longest record; a longer one is set aside.", default=LONGEST_RECORD)

    def check(self) -> list[Probe]:
        return probes.run(folders.probe_folder(self.path))

    def discover(self) -> list[Stream]:
        found = [path for path in folders.choose(self.path, "*") if path.suffix.lower() in _SUFFIXES]
        return [_stream(path, self._options(path.name, {})) for path in found]

    def read(self, request: StreamRequest, cursor: Cursor | None) -> Iterator[Event]:
        options = self._options(request.name, request.options)
        files = folders.choose(self.path, request.name)
        if not files:
            yield Signal("waiting", f"No file is called {request.name} yet.")
        elif options.mode == "log":
            _only_lines(files, request, options)
            yield from logs.read(files, request, cursor, options.key, options.encoding, self.max_record)
        elif waiting := folders.first_unfinished(files, self.settle, lambda path: _torn(path, options), options.marker):
            yield waiting
        else:
            yield from self._snapshot(files, request, cursor or {}, options)

    def _snapshot(self, files: list[Path], request: StreamRequest, cursor: Cursor, options: Options) -> Iterator[Event]:
        stamps = [folders.Stamp.of(path) for path in files]
        names = NameWatch(cursor.get("fields"))
        look = Snapshot(
            request,
            options.key,
            Known(cursor.get("known"), request.landed),
            signals=names.signals,
            extra=names.state,
            whole=lambda: stamps == [folders.Stamp.of(path) for path in files],
        )
        yield from changes(names.watch(self._rows(files, options)), look)

    def _rows(self, files: list[Path], options: Options) -> Iterator[Row | Flaw]:
        for path in files:
            with folders.opened(path) as stream:
                yield from _read(stream, path, options, self.max_record)

    def _options(self, name: str, given: Mapping[str, Any]) -> Options:
        return fill(Options, {**self.streams.get(name, {}), **given}, f"Stream {name}", str)

    def close(self) -> None:
        """Nothing stays open between reads."""


def _only_lines(files: list[Path], request: StreamRequest, options: Options) -> None:
    if any(_format(path, options) != "jsonl" for path in files):
        raise BadSettings(f"Stream {request.name}: only JSON Lines can be read as a log; set `mode: snapshot`.", name="mode")


def _torn(path: Path, options: Options) -> bool:
    if _format(path, options) == "csv":
        return not folders.ends_with(path, b"\r\n\x1a")
    return not folders.ends_with(path, b"}]", blank=b" \t\r\n")


def _read(stream: BinaryIO, path: Path, options: Options, longest: int) -> Iterator[Row | Flaw]:
    form = _format(path, options)
    if form == "csv":
        return csv.read(stream, path.name, _csv_format(path, options, longest))
    if form == "jsonl":
        return jsonl.read(stream, path.name, options.encoding, longest)
    return jsonl.read_document(stream, path.name, options.record_path, options.encoding, longest)


def _format(path: Path, options: Options) -> str:
    found = options.format or _SUFFIXES.get(path.suffix.lower(), "")
    if not found:
        raise BadSettings(f"The suffix of {path.name} tells no format: set `format` to csv, jsonl or json.", name="format")
    return found


def _csv_format(path: Path, options: Options, longest: int) -> csv.CsvFormat:
    delimiter = options.delimiter or ("\t" if path.suffix.lower() == ".tsv" else ",")
    _known_encoding(options.encoding)
    return csv.CsvFormat(options.encoding, delimiter, options.quote, options.columns, options.skip, longest)


def _known_encoding(name: str) -> None:
    try:
        codecs.lookup(name)
    except LookupError as error:
        raise BadSettings(f"There is no encoding {name!r}; usual ones are utf-8, cp1252, latin-1.", name="encoding") from error


def _stream(path: Path, options: Options) -> Stream:
    with folders.opened(path) as stream:
        if _format(path, options) == "csv":
            names = csv.header(stream, _csv_format(path, options, LONGEST_RECORD))
            return Stream(path.name, dict.fromkeys(names, "string"), key=options.key)
        rows = (row for row in islice(_read(stream, path, options, LONGEST_RECORD), _SAMPLE) if isinstance(row, Row))
        return Stream(path.name, types_of(row.data for row in rows), key=options.key)
