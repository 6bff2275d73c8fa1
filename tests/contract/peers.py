"""Real peers of the connectors, one class a kind, each with the same few verbs: put, remove, break, mend.

A record of a peer has a whole number as its key and a name; every peer writes it as its own kind writes records.
"""

from __future__ import annotations

import json
import mailbox
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import dbf

from connectors import build
from hub.contract import Batch, Checkpoint, Connector, Cursor, CursorRule, Signal, StreamRequest
from hub.errors import HubError
from hub.records import Damage, RawRecord

SECRET = "s3cr3t-Wort"
START = datetime(2026, 3, 1, 10, 0, tzinfo=UTC)


@dataclass
class Got:
    """What one read gave."""

    records: list[RawRecord] = field(default_factory=list)
    damages: list[Damage] = field(default_factory=list)
    signals: list[Signal] = field(default_factory=list)
    cursors: list[Cursor] = field(default_factory=list)
    error: HubError | None = None

    @property
    def cursor(self) -> Cursor | None:
        return self.cursors[-1] if self.cursors else None

    def keys(self) -> list[str]:
        return [r.key or "" for r in self.records if r.operation is None]

    def deleted(self) -> list[str]:
        return sorted(r.key or "" for r in self.records if r.operation == "deleted")

    def names(self) -> dict[str, Any]:
        return {str(r.key): _name(r.data) for r in self.records if r.operation is None}

    def add(self, event: Batch | Checkpoint | Signal) -> None:
        if isinstance(event, Checkpoint):
            self.cursors.append(json.loads(json.dumps(event.cursor)))  # the hub keeps it as JSON
        elif isinstance(event, Signal):
            self.signals.append(event)
        else:
            self.records += [r for r in event.records if isinstance(r, RawRecord)]
            self.damages += [r for r in event.records if isinstance(r, Damage)]


def _name(data: Mapping[str, Any]) -> Any:
    return data["subject"] if "message_id" in data else data["name"]


class Peer:
    """What every peer can do. ``clock`` ticks with each change, so that times are never equal by accident."""

    kind = ""
    stream = "customers"
    batch_size = 3

    def __init__(self) -> None:
        self.held: dict[int, dict[str, Any]] = {}
        self.clock = START

    def settings(self) -> dict[str, Any]:
        raise NotImplementedError

    def options(self) -> dict[str, Any]:
        return {"key": "id"}

    def rule(self) -> CursorRule:
        return CursorRule()

    def put(self, key: int, name: str, **more: Any) -> None:
        self.clock += timedelta(seconds=1)
        self.held[key] = {"id": key, "name": name, **more}
        self.write()

    def fill(self, count: int) -> None:
        for key in range(1, count + 1):
            self.put(key, f"name {key}")

    def remove(self, key: int) -> None:
        del self.held[key]
        self.write()

    def write(self) -> None: ...

    def break_(self) -> None:
        raise NotImplementedError

    def mend(self) -> None:
        raise NotImplementedError

    def key(self, key: int) -> str:
        return str(key)

    def resolve(self, reference: str) -> str:
        return {"env:TOKEN": SECRET}[reference]

    def connector(self, **changes: Any) -> Connector:
        return build(self.kind, {**self.settings(), **changes}, self.resolve)

    def request(self, **changes: Any) -> StreamRequest:
        plain = StreamRequest(self.stream, cursor=self.rule(), options=self.options(), batch_size=self.batch_size)
        return replace(plain, **changes)

    def read(self, cursor: Cursor | None = None, **changes: Any) -> Got:
        got = Got()
        try:
            for event in self.connector().read(self.request(**changes), cursor):
                got.add(event)
        except HubError as error:
            got.error = error
        return got

    def read_until(self, checkpoints: int, cursor: Cursor | None = None) -> Got:
        """A reader that is killed right behind its n-th checkpoint."""
        got = Got()
        events = self.connector().read(self.request(), cursor)
        for event in events:
            got.add(event)
            if len(got.cursors) == checkpoints:
                break
        events.close()  # type: ignore[attr-defined]
        return got


class FilePeer(Peer):
    """Anything that is one file in a folder. Files get old at once: a torn end shall not look like a file being written."""

    file = ""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder / "drop"
        self.folder.mkdir()
        self.stream = self.file

    @property
    def path(self) -> Path:
        return self.folder / self.file

    def settings(self) -> dict[str, Any]:
        return {"path": str(self.folder)}

    def write(self) -> None:
        self.path.write_bytes(self.content())
        self.age()

    def age(self, seconds: int = 3600) -> None:
        stamp = datetime.now(UTC).timestamp() - seconds
        os.utime(self.path, (stamp, stamp))

    def content(self) -> bytes:
        raise NotImplementedError

    def break_(self) -> None:
        self.folder.rename(self.folder.with_name("away"))

    def mend(self) -> None:
        self.folder.with_name("away").rename(self.folder)


class CsvPeer(FilePeer):
    kind, file = "file", "customers.csv"

    def content(self) -> bytes:
        columns = list(dict.fromkeys(["id", "name", *(name for row in self.held.values() for name in row)]))
        lines = [columns, *([str(row.get(c, "")) for c in columns] for row in self.held.values())]
        quoted = (",".join('"' + value.replace('"', '""') + '"' for value in line) for line in lines)
        return "".join(line + "\r\n" for line in quoted).encode("utf-8")


class JsonLinesPeer(FilePeer):
    kind, file = "file", "customers.jsonl"

    def content(self) -> bytes:
        return b"".join(json.dumps(row, ensure_ascii=False).encode() + b"\n" for row in self.held.values())


class JsonPeer(FilePeer):
    kind, file = "file", "customers.json"

    def settings(self) -> dict[str, Any]:
        return {**super().settings(), "streams": {self.file: {"key": "id", "record_path": "data.items"}}}

    def options(self) -> dict[str, Any]:
        return {}

    def content(self) -> bytes:
        return json.dumps({"data": {"items": list(self.held.values())}}).encode()


class LogPeer(JsonLinesPeer):
    """A log: every change is a line more, nothing is ever taken back."""

    file = "changes.jsonl"

    def options(self) -> dict[str, Any]:
        return {"key": "id", "mode": "log"}

    def put(self, key: int, name: str, **more: Any) -> None:
        self.held[key] = {"id": key, "name": name, **more}
        with self.path.open("ab") as stream:
            stream.write(json.dumps(self.held[key]).encode() + b"\n")


class DbfPeer(FilePeer):
    kind, file = "dbf", "customers.dbf"
    columns = "id N(9,0); name C(60)"

    def write(self) -> None:
        extra = sorted({name for row in self.held.values() for name in row} - set(self.columns.replace(";", "").split()))
        columns = "; ".join([self.columns, *(f"{name} C(20)" for name in extra)])
        table = dbf.Table(str(self.path), columns, codepage="cp850", dbf_type="db3", on_disk=True)
        table.open(dbf.READ_WRITE)
        for row in self.held.values():
            table.append(row)
        table.close()
        self.age()


class FixedPeer(FilePeer):
    kind, file = "fixed_width", "customers.dat"
    encoding = "cp273"

    def settings(self) -> dict[str, Any]:
        streams = {self.file: {"copybook": "customer.cpy", "key": "id"}}
        return {"path": str(self.folder), "encoding": self.encoding, "streams": streams}

    def options(self) -> dict[str, Any]:
        return {}

    def key(self, key: int) -> str:
        return f"{key:09d}"

    def write(self) -> None:
        wide = any(len(row) > 2 for row in self.held.values())
        copybook = "01 CUSTOMER.\n   05 ID PIC 9(9).\n   05 NAME PIC X(60).\n   05 BALANCE PIC S9(7)V99 COMP-3.\n"
        (self.folder / "customer.cpy").write_text(copybook + ("   05 CITY PIC X(20).\n" if wide else ""))
        self.path.write_bytes(b"".join(self._row(row, wide) for row in self.held.values()))
        self.age()

    def _row(self, row: dict[str, Any], wide: bool) -> bytes:
        text = f"{row['id']:09d}{row['name']:<60}".encode(self.encoding)
        return text + bytes.fromhex("000012345c") + (f"{row.get('city', ''):<20}".encode(self.encoding) if wide else b"")


class MaildirPeer(Peer):
    kind, stream = "mailbox", "INBOX"

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder = folder / "mail"
        self.box: mailbox.Mailbox[Any] = mailbox.Maildir(self.folder, create=True)

    def settings(self) -> dict[str, Any]:
        return {"path": str(self.folder)}

    def options(self) -> dict[str, Any]:
        return {}

    def key(self, key: int) -> str:
        return f"m{key}@example.org"

    def put(self, key: int, name: str, **more: Any) -> None:
        mail = EmailMessage(policy=SMTP)
        mail["From"] = "Ana Gil <ana@example.org>"
        mail["Message-ID"] = f"<m{key}@example.org>"
        mail["Subject"] = name
        mail.set_content("Hello\n")
        self.box.add(mail.as_bytes())
        self.box.flush()
        self.held[key] = {"id": key, "name": name}

    def break_(self) -> None:
        self.folder.rename(self.folder.with_name("away"))

    def mend(self) -> None:
        self.folder.with_name("away").rename(self.folder)


class MboxPeer(MaildirPeer):
    stream = "archive.mbox"

    def __init__(self, folder: Path) -> None:
        Peer.__init__(self)
        self.folder = folder / "mail"
        self.folder.mkdir()

    def put(self, key: int, name: str, **more: Any) -> None:
        self.box = mailbox.mbox(self.folder / self.stream)
        try:
            super().put(key, name)
        finally:
            self.box.close()
