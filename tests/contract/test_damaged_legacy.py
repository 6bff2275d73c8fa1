"""Old tables, host files and mails: what is wrong costs only itself, what is right arrives as it is."""

from __future__ import annotations

import mailbox
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dbf
import pytest

from connectors import build
from hub.contract import Batch, StreamRequest
from hub.errors import BadSettings
from hub.records import RawRecord
from tests.contract.peers import DbfPeer, FixedPeer, MaildirPeer, MboxPeer


def test_a_wrong_value_of_a_dbase_table_costs_only_its_record(tmp_path: Path) -> None:
    peer = DbfPeer(tmp_path)
    peer.columns = "id N(9,0); name C(60); born D"
    for key in range(1, 5):
        peer.put(key, f"name {key}", born=datetime(1980, 1, key, tzinfo=UTC).date())
    raw = bytearray(peer.path.read_bytes())
    start, length = int.from_bytes(raw[8:10], "little"), int.from_bytes(raw[10:12], "little")
    raw[start + length + 70 : start + length + 78] = b"1980ab01"
    peer.path.write_bytes(raw)
    peer.age()
    got = peer.read()
    assert [damage.code for damage in got.damages] == ["value_invalid"]
    assert got.keys() == ["1", "3", "4"]


def test_a_row_that_a_dbase_table_marks_as_deleted_is_deleted(tmp_path: Path) -> None:
    peer = DbfPeer(tmp_path)
    peer.fill(4)
    first = peer.read()
    _mark(peer.path, lambda table: dbf.delete(table[1]))
    second = peer.read(first.cursor)
    assert second.deleted() == ["2"]
    assert peer.read(second.cursor).records == []
    _mark(peer.path, lambda table: table.pack())
    third = peer.read(second.cursor)
    assert third.records == []
    _mark(peer.path, lambda table: table.append({"id": 2, "name": "name 2"}))
    assert peer.read(third.cursor).keys() == ["2"]


def _mark(path: Path, change: Callable[[Any], Any]) -> None:
    table = dbf.Table(str(path), codepage="cp850")
    table.open(dbf.READ_WRITE)
    change(table)
    table.close()


@pytest.mark.parametrize("content", [b"", b"\x03abc", b"hello, this is no table " * 10])
def test_a_file_that_is_no_dbase_table_says_so(tmp_path: Path, content: bytes) -> None:
    peer = DbfPeer(tmp_path)
    peer.path.write_bytes(content)
    peer.age()
    got = peer.read()
    assert isinstance(got.error, BadSettings) or [damage.code for damage in got.damages] == ["no_table"]


def test_wrong_bytes_of_a_fixed_width_field_cost_only_its_record(tmp_path: Path) -> None:
    peer = FixedPeer(tmp_path)
    peer.fill(3)
    raw = bytearray(peer.path.read_bytes())
    raw[74 + 69 : 74 + 74] = b"\x40" * 5
    peer.path.write_bytes(raw)
    peer.age()
    got = peer.read()
    assert [(damage.code, "balance" in damage.reason) for damage in got.damages] == [("value_invalid", True)]
    assert got.keys() == ["000000001", "000000003"]


@pytest.mark.data
def test_the_real_legacy_file_reads_like_its_ascii_twin(data_folder: Path, tmp_path: Path) -> None:
    oracle = (data_folder / "legacy" / "carddemo_custdata.ascii.txt").read_text("ascii").splitlines()
    (tmp_path / "c.cpy").write_text(_CARD_CUSTOMER)
    (tmp_path / "c.dat").write_bytes((data_folder / "legacy" / "carddemo_custdata.ebcdic").read_bytes())
    connector = build("fixed_width", {"path": str(tmp_path), "encoding": "cp037"}, str)
    request = StreamRequest("c.dat", options={"copybook": "c.cpy", "key": "cust-id"})
    events = list(connector.read(request, None))
    records = [record for event in events if isinstance(event, Batch) for record in event.records]
    assert len(records) == len(oracle) == 50
    for record, line in zip(records, oracle, strict=True):
        assert isinstance(record, RawRecord)
        assert list(_flat(record.data)) == list(_cut(line))


_WIDTHS = [9, 25, 25, 25, 50, 50, 50, 2, 3, 10, 15, 15, 9, 20, 10, 10, 1, 3]


_CARD_CUSTOMER = """
      * customers of a card system
000100 01  CUSTOMER-RECORD.                                             CARD0001
           05  CUST-ID                 PIC 9(09).
           05  FIRST-NAME              PIC X(25).
           05  MIDDLE-NAME             PIC X(25).
           05  LAST-NAME               PIC X(25).
           05  ADDR-LINE               PIC X(50) OCCURS 3 TIMES.
           05  STATE                   PIC X(02).
           05  COUNTRY                 PIC X(03).
           05  ZIP                     PIC X(10).
           05  PHONE                   OCCURS 2.
               10  PHONE-NUMBER        PIC X(15).
           05  SSN                     PIC 9(09).
           05  GOV-ID                  PIC X(20).
           05  DOB                     PIC X(10).
           05  EFT-ACCOUNT             PIC X(10).
           05  PRIMARY-HOLDER          PIC X(01).
           05  FICO-SCORE              PIC 9(03).
           05  FILLER                  PIC X(168).
"""


def _flat(value: Any) -> Iterator[str]:
    if isinstance(value, (dict, list)):
        for part in value.values() if isinstance(value, dict) else value:
            yield from _flat(part)
    else:
        yield value


def _cut(line: str) -> Iterator[str]:
    at = 0
    for width in _WIDTHS:
        yield line[at : at + width].rstrip()
        at += width


@pytest.mark.parametrize("make", [MaildirPeer, MboxPeer])
def test_odd_mails_cost_only_themselves(make: type[Any], tmp_path: Path) -> None:
    peer = make(tmp_path)
    peer.put(1, "one")
    for raw in (
        b"no headers here\n\njust text\n",
        b"From: a@example.org\nMessage-ID: <m1@example.org>\n\nthe same identifier, other text\n",
        b"From: =?nope?q?=FF?= <b@example.org>\nContent-Type: text/plain; charset=nope\nDate: never\n\n\xff\xfe\n",
        b"From: c@example.org\nContent-Type: multipart/mixed; boundary=b\n\n--b\nContent-Transfer-Encoding: base64\n\n!!!",
    ):
        _add(peer, raw)
    peer.put(2, "two")
    got = peer.read()
    assert sorted(damage.code for damage in got.damages) == ["duplicate_key", "no_headers"]
    assert len(got.keys()) == 4
    assert len(set(got.keys())) == 4
    again = peer.read(got.cursor)
    assert again.damages == again.records == []


def _add(peer: Any, raw: bytes) -> None:
    box: Any = mailbox.mbox(peer.folder / peer.stream) if isinstance(peer, MboxPeer) else peer.box
    box.add(raw)
    box.flush()
    box.close()


def test_a_mail_that_is_moved_or_copied_is_read_once(tmp_path: Path) -> None:
    peer = MaildirPeer(tmp_path)
    peer.put(1, "one")
    first = peer.read()
    new = next((peer.folder / "new").iterdir())
    (peer.folder / "cur" / f"{new.name}:2,S").write_bytes(new.read_bytes())
    (peer.folder / "cur" / "copy.of.it:2,").write_bytes(new.read_bytes())
    new.unlink()
    assert peer.read(first.cursor).records == []
