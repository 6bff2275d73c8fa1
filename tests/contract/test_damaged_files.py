"""What is wrong in a file costs only itself: it becomes a damage or a clear error, and the rest goes on."""

from __future__ import annotations

import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from hub.contract import Batch
from hub.errors import BadSettings
from hub.records import RawRecord
from tests.contract.peers import CsvPeer, DbfPeer, FixedPeer, JsonLinesPeer, LogPeer, MaildirPeer

MEGABYTES = 1_000_000


LONG = "x" * (20 * MEGABYTES)


@pytest.fixture
def csv_peer(tmp_path: Path) -> CsvPeer:
    return CsvPeer(tmp_path)


def _codes(peer: Any, cursor: Any = None) -> list[str]:
    return [damage.code for damage in peer.read(cursor).damages]


def _write(peer: CsvPeer, content: bytes) -> None:
    peer.path.write_bytes(content)
    peer.age()


@pytest.mark.parametrize(
    ("content", "codes", "keys"),
    [
        (b"id,name\n1,a\n2,b,c\n3,d\n", ["too_many_columns"], ["1", "3"]),
        (b"id,name\n1,a\n2\n3,d\n", ["too_few_columns"], ["1", "3"]),
        (b"id,name\n1,a\n2,\xff\n3,d\n", ["encoding_invalid"], ["1", "3"]),
        (b'id,name\n1,a\n2,"b\n3,d\n4,e\n', ["quote_open"], ["1", "3", "4"]),
        (b'id,name\n1,a\n2,"b\n3,d\n4,"e"\n', ["quote_misplaced"], ["1", "3", "4"]),
        (b"id,name\n1,a\n2,b\n3", ["truncated"], ["1", "2"]),
        (b"id,name\n1,a\n,b\n3,d\n", ["key_missing"], ["1", "3"]),
        (b"id,name\n1,a\n1,b\n3,d\n", ["duplicate_key"], ["1", "3"]),
        (b"id,name\n1,a\n1,a\n3,d\n", [], ["1", "3"]),
        (b"\xef\xbb\xbfid,name\n1,a\n\n3,d\n", [], ["1", "3"]),
        (b"", [], []),
    ],
)
def test_a_wrong_row_of_a_csv_file_costs_only_itself(
    csv_peer: CsvPeer, content: bytes, codes: list[str], keys: list[str]
) -> None:
    _write(csv_peer, content)
    got = csv_peer.read()
    assert [damage.code for damage in got.damages] == codes
    assert got.keys() == keys
    assert csv_peer.read(got.cursor).damages == []  # said once


def test_nul_bytes_in_a_csv_file_arrive(csv_peer: CsvPeer) -> None:
    csv_peer.put(1, "a\0b")
    assert csv_peer.read().names() == {"1": "a\0b"}


@pytest.mark.parametrize("make", [CsvPeer, JsonLinesPeer, LogPeer, MaildirPeer])
def test_a_field_of_twenty_megabytes_costs_only_its_record(make: type[Any], tmp_path: Path) -> None:
    peer = make(tmp_path)
    peer.put(1, "one")
    peer.put(2, LONG if make is not MaildirPeer else "two")
    if make is MaildirPeer:
        peer.box.add(b"From: a@example.org\n\n" + LONG.encode())
        peer.held = {}
    peer.put(3, "three")
    connector = peer.connector(**({"max_mail": 10 * MEGABYTES} if make is MaildirPeer else {}))
    tracemalloc.start()
    events = list(connector.read(peer.request(), None))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    records = [record for event in events if isinstance(event, Batch) for record in event.records]
    assert [r.key for r in records if isinstance(r, RawRecord)] == [
        peer.key(k) for k in ((1, 2, 3) if make is MaildirPeer else (1, 3))
    ]
    assert [r.code for r in records if not isinstance(r, RawRecord)] == [
        "mail_too_long" if make is MaildirPeer else "record_too_long"
    ]
    assert peak < 30 * MEGABYTES


def test_a_quoted_field_of_many_megabytes_and_lines_costs_only_its_record(csv_peer: CsvPeer) -> None:
    _write(csv_peer, b'id,name\n1,a\n2,"' + b'line, with ""quotes""\n' * 500_000 + b'"\n3,d\n')
    got = csv_peer.read()
    assert [damage.code for damage in got.damages] == ["record_too_long"]
    assert got.keys() == ["1", "3"]


def test_a_quote_that_nobody_closes_in_a_large_file_costs_one_line(csv_peer: CsvPeer) -> None:
    rows = b"".join(b"%d,a name of somebody as long as the name of somebody can be and longer\n" % n for n in range(3, 60_000))
    _write(csv_peer, b'id,name\n1,a\n2,"b\n' + rows)
    got = csv_peer.read(batch_size=5000)
    assert [damage.code for damage in got.damages] == ["quote_open"]
    assert len(got.keys()) == 59_998


def test_a_damaged_row_is_not_taken_for_deleted(csv_peer: CsvPeer) -> None:
    _write(csv_peer, b"id,name\n1,a\n2,b\n3,c\n")
    first = csv_peer.read()
    _write(csv_peer, b"id,name\n1,a\n2,b,extra\n3,c\n")
    second = csv_peer.read(first.cursor)
    assert [damage.code for damage in second.damages] == ["too_many_columns"]
    assert second.deleted() == []


def test_while_the_key_of_a_row_cannot_be_read_nothing_is_taken_for_deleted(csv_peer: CsvPeer) -> None:
    _write(csv_peer, b"id,name\n1,a\n2,b\n3,c\n")
    first = csv_peer.read()
    _write(csv_peer, b"id,name\n1,a\n\xff,b\n")
    second = csv_peer.read(first.cursor)
    assert second.deleted() == []
    assert [signal.kind for signal in second.signals] == ["waiting"]
    _write(csv_peer, b"id,name\n1,a\n2,b\n")
    assert csv_peer.read(second.cursor).deleted() == ["3"]


@pytest.mark.parametrize("make", [CsvPeer, JsonLinesPeer, DbfPeer, FixedPeer])
def test_a_file_that_is_being_written_waits(make: type[Any], tmp_path: Path) -> None:
    peer = make(tmp_path)
    peer.fill(4)
    first = peer.read()
    whole = peer.path.read_bytes()
    peer.path.write_bytes(whole[:-9])
    peer.age(0)
    waiting = peer.read(first.cursor)
    assert [signal.kind for signal in waiting.signals] == ["waiting"]
    assert waiting.records == waiting.damages == []
    assert waiting.cursor is None
    peer.age()
    torn = peer.read(first.cursor)
    assert [damage.code for damage in torn.damages] == ["truncated"]
    assert torn.deleted() == []
    peer.path.write_bytes(whole)
    assert peer.read(first.cursor).records == []


def test_a_young_file_waits_as_long_as_the_settings_say(csv_peer: CsvPeer) -> None:
    csv_peer.fill(2)
    csv_peer.age(10)
    events = list(csv_peer.connector(settle="1h").read(csv_peer.request(), None))
    assert [type(event).__name__ for event in events] == ["Signal"]


def test_a_file_waits_for_its_marker(csv_peer: CsvPeer) -> None:
    csv_peer.fill(2)
    options = {"key": "id", "marker": ".done"}
    assert csv_peer.read(options=options).records == []
    csv_peer.path.with_name("customers.csv.done").touch()
    assert len(csv_peer.read(options=options).records) == 2


def test_a_file_that_changes_while_it_is_read_deletes_nothing(csv_peer: CsvPeer) -> None:
    csv_peer.fill(20)
    first = csv_peer.read()
    csv_peer.remove(19)
    csv_peer.put(1, "changed")
    events = csv_peer.connector().read(csv_peer.request(), first.cursor)
    seen = [next(events)]
    csv_peer.age(60)
    seen += list(events)
    assert [r.operation for e in seen if isinstance(e, Batch) for r in e.records] == [None]


def test_a_stream_outside_of_its_folder_is_refused(csv_peer: CsvPeer) -> None:
    for name in ("../secret.csv", "/etc/passwd"):
        assert isinstance(csv_peer.read(name=name).error, BadSettings)


def test_several_files_make_one_snapshot(csv_peer: CsvPeer) -> None:
    for number in (1, 2):
        path = csv_peer.folder / f"part-{number}.csv"
        path.write_bytes(b"id,name\n%d,a\n" % number)
    assert csv_peer.read(name="part-*.csv").keys() == ["1", "2"]


def test_a_log_that_was_replaced_is_read_from_its_start(tmp_path: Path) -> None:
    peer = LogPeer(tmp_path)
    peer.fill(5)
    first = peer.read()
    peer.path.write_bytes(b'{"id": 9, "name": "nine"}\n')
    second = peer.read(first.cursor)
    assert [signal.kind for signal in second.signals] == ["resync"]
    assert second.keys() == ["9"]


def test_a_wrong_line_of_a_log_is_said_once_and_an_unfinished_one_waits(tmp_path: Path) -> None:
    peer = LogPeer(tmp_path)
    peer.path.write_bytes(b'{"id": 1, "name": "a"}\nnot json\n[1]\n\xff\n{"id": 2, "na')
    first = peer.read()
    assert [damage.code for damage in first.damages] == ["json_invalid", "no_object", "encoding_invalid"]
    with peer.path.open("ab") as stream:
        stream.write(b'me": "b"}\n')
    second = peer.read(first.cursor)
    assert second.damages == []
    assert second.names() == {"2": "b"}


def test_a_json_document_without_the_array_says_so(tmp_path: Path) -> None:
    peer = JsonLinesPeer(tmp_path)
    (peer.folder / "one.json").write_text('{"rows": []}')
    got = peer.read(name="one.json", options={"key": "id", "record_path": "data"})
    assert [damage.code for damage in got.damages] == ["record_path_wrong"]
