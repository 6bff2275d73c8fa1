"""Folders of dBASE and FoxPro tables, read as snapshots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

from hub.contract import Cursor, Probe, Stream, StreamRequest, setting
from hub.errors import BadSettings, did_you_mean
from hub.formats import dbf
from hub.reading import folders, probes
from hub.reading.declared import fill
from hub.reading.known import Known
from hub.reading.names import NameWatch
from hub.reading.snapshots import Event, Snapshot, changes


@dataclass(frozen=True)
class Options:
    """What `stream:` may say about a table."""

    key: tuple[str, ...] = setting("Column or columns of the key. Without one nothing is ever reported as deleted.", default=())
    encoding: str = setting("Code page of its text. Default: the connector's.", default="")


@dataclass(frozen=True)
class Connector:
    """A folder of .dbf files."""

    options: ClassVar[type] = Options

    path: Path = setting("The folder.")
    encoding: str = setting("Code page of the text. Default: what each table says, else cp850.", default="")
    settle: timedelta = setting("A file younger than this waits.", default=timedelta())

    def check(self) -> list[Probe]:
        return probes.run([*folders.probe_folder(self.path), ("sample", self._sample)])

    def _sample(self) -> str:
        for path in self._tables()[:1]:
            next(dbf.read(path, self.encoding), None)
        return f"{len(self._tables())} tables"

    def _tables(self) -> list[Path]:
        return [path for path in folders.choose(self.path, "*") if path.suffix.lower() == ".dbf"]

    def discover(self) -> list[Stream]:
        return [Stream(path.name, dbf.fields(path, self.encoding)) for path in self._tables()]

    def read(self, request: StreamRequest, cursor: Cursor | None) -> Iterator[Event]:
        options = fill(Options, request.options, f"Stream {request.name}", str)
        path = self._find(request.name)
        if waiting := folders.first_unfinished([path], self.settle, lambda one: not dbf.is_whole(one)):
            yield waiting
            return
        key = tuple(name.lower() for name in options.key)
        encoding = options.encoding or self.encoding
        with folders.translated(path):
            _check_key(key, path, encoding)
            stamp = folders.Stamp.of(path)
            before = cursor or {}
            names = NameWatch(before.get("fields"))
            look = Snapshot(
                request,
                key,
                Known(before.get("known"), request.landed),
                signals=names.signals,
                extra=names.state,
                whole=lambda: stamp == folders.Stamp.of(path),
            )
            yield from changes(names.watch(dbf.read(path, encoding)), look)

    def _find(self, name: str) -> Path:
        """The table of this name, with or without its suffix, in capitals or not."""
        wanted = {name.lower(), f"{name.lower()}.dbf"}
        found = [path for path in self._tables() if path.name.lower() in wanted]
        return found[0] if found else folders.choose(self.path, name)[0]

    def close(self) -> None:
        """Nothing stays open between reads."""


def _check_key(key: tuple[str, ...], path: Path, encoding: str) -> None:
    if not key or not dbf.is_whole(path):
        return
    known = dbf.fields(path, encoding)
    for name in key:
        if name not in known:
            raise BadSettings(f"{path.name} has no column {name!r}{did_you_mean(name, known)}.", name="key")
