"""Mails in a Maildir or an mbox file: each is read once, known by its Message-ID."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import ClassVar

from hub.contract import Batch, Checkpoint, Cursor, Probe, Stream, StreamRequest, setting
from hub.errors import BadSettings, Unavailable
from hub.formats import mime
from hub.formats.rows import Flaw, too_long
from hub.reading import folders, mails, probes
from hub.reading.declared import fill
from hub.reading.known import DAMAGED, KEYLESS, Known, fingerprint
from hub.reading.snapshots import Event, damage, due
from hub.records import Damage, RawRecord

_NAME, _KEY = KEYLESS + "n", KEYLESS + "k"
_AT_ONCE = 50
"""Mails in a batch at most: they may be long."""


@dataclass(frozen=True)
class Options:
    """A folder of mails has no options. A mail that is no longer there is not reported as deleted: people tidy up."""


@dataclass(frozen=True)
class Connector:
    """Mails in files."""

    options: ClassVar[type] = Options

    path: Path = setting("The Maildir, or the folder of the mbox files.")
    format: str = setting("How mails are kept. Default: by what is there.", default="", choices=("", "maildir", "mbox"))
    max_mail: int = setting("Bytes of the longest mail; a longer one is set aside.", default=mime.LONGEST_MAIL)

    def check(self) -> list[Probe]:
        return probes.run([*folders.probe_folder(self.path), ("format", self._format)])

    def _format(self) -> str:
        if self.format:
            return self.format
        return "maildir" if (self.path / "cur").is_dir() else "mbox"

    def discover(self) -> list[Stream]:
        if not self.path.is_dir():
            raise Unavailable(f"The folder {self.path.name!r} is not there (yet). Check `path`.", system=str(self.path))
        names = mails.folders(self.path) if self._format() == "maildir" else mails.files(self.path)
        return [Stream(name, mime.FIELDS, key=("message_id",)) for name in names]

    def read(self, request: StreamRequest, cursor: Cursor | None) -> Iterator[Event]:
        fill(Options, request.options, f"Stream {request.name}", str)
        known = Known((cursor or {}).get("known"))
        try:
            yield from _new(self._mails(request.name), known, request, self.max_mail)
            known.forget_remains()
            yield Checkpoint(_cursor(known))
        finally:
            known.close()

    def _mails(self, name: str) -> Iterator[mails.Mail]:
        if not self.path.is_dir():
            raise Unavailable(f"The folder {self.path.name!r} is not there (yet). Check `path`.", system=str(self.path))
        if self._format() == "mbox":
            return mails.mbox(folders.choose(self.path, name)[0], self.max_mail)
        found = mails.folders(self.path)
        if name not in found:
            raise BadSettings(f"The Maildir has no folder {name!r}; it has {', '.join(found)}.", name=name)
        return mails.maildir(mails.folder_path(self.path, name), name, self.max_mail)

    def close(self) -> None:
        """Nothing stays open between reads."""


def _cursor(known: Known) -> Cursor:
    return {"version": 1, "known": known.state()}


def _new(found: Iterator[mails.Mail], known: Known, request: StreamRequest, longest: int) -> Iterator[Event]:
    since = 0
    while some := list(islice(found, min(_AT_ONCE, request.batch_size))):
        held = known.look([_NAME + mail.name for mail in some if mail.name])
        known.see(entry for name, old in held.items() for entry in _still_there(name, old.print))
        records = [r for mail in some if _NAME + mail.name not in held for r in _read(mail, known, request.name, longest)]
        since += len(records)
        if records:
            yield Batch(records)
        if due(since, known, request):
            since = 0
            yield Checkpoint(_cursor(known))


def _still_there(name: str, print: str) -> list[tuple[str, str]]:
    mark, _, key = print.partition(" ")
    return [(name, print)] + ([(_KEY + key, mark)] if key else [])


def _read(mail: mails.Mail, known: Known, stream: str, longest: int) -> list[RawRecord | Damage]:
    """The record of a new mail; nothing for another copy of a known one."""
    raw = mail.raw()
    piece = mime.read(raw, mail.where) if raw is not None else _too_long(mail.where, longest)
    if isinstance(piece, Flaw):
        return _damaged(piece, mail, known, stream, hashlib.sha256(raw or mail.where.encode()).hexdigest())
    key = piece.data["message_id"] or "sha256-" + hashlib.sha256(raw or b"").hexdigest()[:32]
    mark = fingerprint(piece.data)
    held = known.look([_KEY + key]).get(_KEY + key)
    if held is not None and held.print != mark:
        flaw = Flaw(mail.where, "duplicate_key", "Another mail has the same Message-ID and other content.")
        return _damaged(flaw, mail, known, stream, key + mark)
    known.see([(_KEY + key, mark)] + ([(_NAME + mail.name, f"{mark} {key}")] if mail.name else []))
    return [] if held else [RawRecord(stream, piece.data, mail.where, key)]


def _too_long(where: str, limit: int) -> Flaw:
    return Flaw(where, "mail_too_long", too_long("The mail", limit, "max_mail"))


def _damaged(flaw: Flaw, mail: mails.Mail, known: Known, stream: str, what: str) -> list[RawRecord | Damage]:
    entry = _NAME + mail.name if mail.name else DAMAGED + fingerprint(flaw.code, what)
    new = entry not in known.look([entry])
    known.see([(entry, "")])
    return [damage(stream, flaw)] if new else []
