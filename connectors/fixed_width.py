"""Folders of fixed-width files, in EBCDIC or not, laid out by COBOL copybooks; read as snapshots."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, ClassVar

from hub.contract import Cursor, Probe, Signal, Stream, StreamRequest, setting
from hub.errors import BadSettings, did_you_mean
from hub.formats import copybook, fixed_width
from hub.formats.rows import Flaw, Row
from hub.reading import folders, probes
from hub.reading.declared import fill
from hub.reading.known import Known
from hub.reading.names import changed
from hub.reading.snapshots import Event, Snapshot, changes

_WORDS = {"text": "string", "zoned": "string", "group": "object"}


@dataclass(frozen=True)
class Options:
    """What `stream:` may say about a file."""

    copybook: str = setting("File name of its copybook, in `copybooks`.")
    record: str = setting("Which record of the copybook, when it describes several.", default="")
    key: tuple[str, ...] = setting("Field or fields of the key. Without one nothing is ever reported as deleted.", default=())
    encoding: str = setting("Its encoding. Default: the connector's.", default="")
    form: str = setting(
        "`fixed`: record behind record; `lines`: each with a line end; `variable`: each behind a record descriptor word.",
        default="fixed",
        choices=("fixed", "lines", "variable"),
    )


@dataclass(frozen=True)
class Connector:
    """A folder of fixed-width files."""

    options: ClassVar[type] = Options

    path: Path = setting("The folder.")
    copybooks: Path = setting("The folder of the copybooks. Default: the same.", default=Path())
    encoding: str = setting("Encoding of the files: cp037 (US), cp273 (DE), cp1140, latin-1, ...", default="cp037")
    settle: timedelta = setting("A file younger than this waits.", default=timedelta())
    streams: Mapping[str, Any] = setting("Options of its streams by name, so that feeds need not repeat them.", default={})

    def check(self) -> list[Probe]:
        return probes.run([*folders.probe_folder(self.path), ("copybooks", self._layouts)])

    def _layouts(self) -> str:
        return f"{len([self._layout(self._options(name, {})) for name in self.streams])} of `streams` are laid out"

    def discover(self) -> list[Stream]:
        return [self._stream(name) for name in self.streams]

    def _stream(self, name: str) -> Stream:
        options = self._options(name, {})
        items = self._layout(options).record.items
        return Stream(name, {item.name: _type(item) for item in items if item.name}, key=options.key)

    def read(self, request: StreamRequest, cursor: Cursor | None) -> Iterator[Event]:
        options = self._options(request.name, request.options)
        files = folders.choose(self.path, request.name)
        layout = self._layout(options)
        key = _checked_key(options, layout.record)
        if not files:
            yield Signal("waiting", f"No file is called {request.name} yet.")
        elif waiting := folders.first_unfinished(files, self.settle, lambda path: _is_torn(path, layout, options.form)):
            yield waiting
        else:
            before = cursor or {}
            names = sorted(item.name for item in layout.record.items if item.name)
            yield from _drift(before.get("fields", names), names)
            stamps = [folders.Stamp.of(path) for path in files]
            look = Snapshot(
                request,
                key,
                Known(before.get("known"), request.landed),
                extra=lambda: {"fields": names},
                whole=lambda: stamps == [folders.Stamp.of(path) for path in files],
            )
            yield from changes(_rows(files, layout, options.form), look)

    def _options(self, name: str, given: Mapping[str, Any]) -> Options:
        return fill(Options, {**self.streams.get(name, {}), **given}, f"Stream {name}", str)

    def _layout(self, options: Options) -> fixed_width.Layout:
        folder = self.path if self.copybooks == Path() else self.copybooks
        path = folder / options.copybook
        if not path.is_file():
            raise BadSettings(f"There is no copybook {options.copybook!r} in {folder.name!r}.", name="copybook")
        with folders.translated(path):
            text = path.read_text("utf-8", "replace")
        return fixed_width.Layout(copybook.parse(text, path.name, options.record), options.encoding or self.encoding)

    def close(self) -> None:
        """Nothing stays open between reads."""


def _rows(files: list[Path], layout: fixed_width.Layout, form: str) -> Iterator[Row | Flaw]:
    for path in files:
        with folders.opened(path) as stream:
            yield from fixed_width.read(stream, path.name, layout, form)


def _is_torn(path: Path, layout: fixed_width.Layout, form: str) -> bool:
    if form == "lines":
        return not folders.ends_with(path, b"\r\n\x1a")
    return form == "fixed" and path.stat().st_size % layout.record.length > 2


def _checked_key(options: Options, record: copybook.Item) -> tuple[str, ...]:
    """The key in the words of the rows: COBOL's hyphens may be written, too."""
    key = tuple(name.lower().replace("-", "_") for name in options.key)
    known = [item.name for item in record.items]
    for name in key:
        if name.split(".")[0] not in known:
            raise BadSettings(f"{options.copybook} has no field {name!r}{did_you_mean(name, known)}.", name="key")
    return key


def _drift(before: list[str], now: list[str]) -> Iterator[Signal]:
    if before != now:
        yield changed(sorted(set(now) - set(before)), sorted(set(before) - set(now)))


def _type(item: copybook.Item) -> str:
    if item.occurs:
        return "array"
    numeric = item.kind in {"packed", "binary"} or (item.kind == "zoned" and (item.signed or item.scale))
    return ("number" if item.scale else "integer") if numeric else _WORDS[item.kind]
