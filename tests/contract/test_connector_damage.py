"""What is wrong in a source costs only itself: each piece becomes a damage or a clear error, and the rest goes on."""

from __future__ import annotations

import json
import mailbox
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dbf
import pytest
from sqlalchemy import insert

from connectors import build
from hub.contract import Batch, StreamRequest
from hub.errors import BadSettings, Throttled, Unavailable
from hub.records import RawRecord
from tests.contract.api_peer import Api, serving
from tests.contract.peers import CsvPeer, DbfPeer, FixedPeer, JsonLinesPeer, LogPeer, MaildirPeer, MboxPeer, RestPeer, SqlPeer

MEGABYTES = 1_000_000
LONG = "x" * (20 * MEGABYTES)


@pytest.fixture
def api() -> Iterator[Api]:
    with serving() as api:
        yield api


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


def test_a_page_of_html_is_unavailable_and_says_where_to_look(api: Api) -> None:
    peer = RestPeer(api)
    peer.fill(2)
    api.troubles = [(200, {"Content-Type": "text/html"}, b"<html>We are down for maintenance</html>")]
    error = peer.read().error
    assert isinstance(error, Unavailable)
    assert "login or maintenance page" in str(error)


def test_an_api_that_asks_for_patience_gets_it(api: Api) -> None:
    peer = RestPeer(api)
    peer.fill(5)
    api.troubles = [(429, {"Retry-After": "0"}, b""), (503, {"Retry-After": "0"}, b""), (500, {}, b"")]
    assert len(peer.read().keys()) == 5


def test_an_api_that_asks_for_too_much_patience_is_throttled(api: Api) -> None:
    peer = RestPeer(api)
    api.troubles = [(429, {"Retry-After": "3600"}, b"")]
    error = peer.read().error
    assert isinstance(error, Throttled)
    assert error.wait == 3600


def test_an_api_that_never_stops_asking_is_throttled(api: Api) -> None:
    peer = RestPeer(api)
    api.troubles = [(429, {"Retry-After": "0"}, b"")] * 500
    assert isinstance(peer.read().error, Throttled)


def test_a_cursor_that_an_api_has_forgotten_leads_to_a_full_read(api: Api) -> None:
    peer = RestPeer(api, sweep=None)
    peer.fill(4)
    first = peer.read()
    api.troubles = [(410, {}, b"{}")]
    second = peer.read(first.cursor)
    assert [signal.kind for signal in second.signals] == ["resync"]
    assert sorted(second.keys()) == ["1", "2", "3", "4"]
    assert peer.read(second.cursor).records == []


@pytest.mark.parametrize("status", [401, 403, 404, 400])
def test_an_api_that_refuses_is_a_matter_of_settings(api: Api, status: int) -> None:
    peer = RestPeer(api)
    api.troubles = [(status, {}, b"{}")] * 20
    assert isinstance(peer.read().error, BadSettings)


def test_a_redirect_to_another_host_is_not_followed(api: Api) -> None:
    peer = RestPeer(api)
    api.troubles = [(302, {"Location": "http://127.0.0.1:9/customers"}, b"")]
    error = peer.read().error
    assert isinstance(error, BadSettings)
    assert "not configured" in str(error)


def test_an_answer_above_the_limit_is_refused(api: Api) -> None:
    peer = RestPeer(api)
    peer.put(1, LONG)
    with pytest.raises(BadSettings, match="smaller pages"):
        list(peer.connector(max_response=MEGABYTES).read(peer.request(), None))


def test_a_record_above_the_limit_costs_only_itself(api: Api) -> None:
    peer = RestPeer(api, sweep=None)
    peer.put(1, "one")
    peer.put(2, LONG[: 5 * MEGABYTES])
    got = peer.read()
    assert [damage.code for damage in got.damages] == ["record_too_long"]
    assert got.keys() == ["1"]


def test_records_that_shift_between_pages_are_not_taken_for_deleted(api: Api) -> None:
    peer = RestPeer(api)
    peer.fill(9)
    first = peer.read()
    sweeping = [False]

    def delete_while_paging(page: int) -> None:
        if page == 3 and "updated_since" not in api.asked[-1][1] and not sweeping[0]:
            sweeping[0] = True
            peer.remove(1)  # everything behind it moves up one place, over the border of the page

    api.between = delete_while_paging
    second = peer.read(first.cursor)
    assert sweeping == [True]
    assert second.deleted() == []
    assert peer.read(second.cursor).deleted() == ["1"]


@pytest.mark.parametrize("style", ["page", "offset", "cursor", "link", "keyset"])
def test_every_style_of_pages_reads_everything(api: Api, style: str) -> None:
    peer = RestPeer(api, sweep=None)
    peer.fill(7)
    paging = {"style": style, **({"next_path": "next"} if style == "cursor" else {})}
    got = peer.read(options={"pagination": paging})
    assert sorted(got.keys()) == [str(k) for k in range(1, 8)]


def test_an_api_that_ignores_the_page_is_found_out(api: Api) -> None:
    peer = RestPeer(api, sweep=None)
    peer.fill(5)
    error = peer.read(options={"pagination": {"style": "page", "param": "p"}}).error
    assert isinstance(error, BadSettings)
    assert "same page" in str(error)


@pytest.mark.parametrize(
    "auth",
    [
        {"bearer": "env:TOKEN"},
        {"api_key": {"value": "env:TOKEN", "query": "api_key"}},
        {"oauth2": {"token_url": "", "client_id": "hub", "client_secret": "env:TOKEN"}},
    ],
)
def test_ways_to_log_in(api: Api, auth: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    if "oauth2" in auth:
        auth = {"oauth2": {**auth["oauth2"], "token_url": f"{api.url}/token"}}
    peer = RestPeer(api)
    peer.fill(3)
    got = [e for e in peer.connector(auth=auth).read(peer.request(), None) if isinstance(e, Batch)]
    assert sum(len(batch.records) for batch in got) == 3
    assert "s3cr3t" not in caplog.text


def test_a_token_that_has_run_out_is_asked_for_again(api: Api) -> None:
    peer = RestPeer(api)
    peer.fill(3)
    auth = {"oauth2": {"token_url": f"{api.url}/token", "client_id": "hub", "client_secret": "env:TOKEN"}}
    api.troubles = [(401, {}, b"{}")]
    events = list(peer.connector(auth=auth).read(peer.request(), None))
    assert sum(len(e.records) for e in events if isinstance(e, Batch)) == 3
    assert [path for path, *_ in api.asked].count("/token") == 2


@pytest.mark.parametrize("which", ["sqlite", "postgres", "mariadb"])
def test_a_field_of_twenty_megabytes_in_a_database_costs_only_its_record(
    which: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    peer = SqlPeer(_url(which, request, tmp_path))
    try:
        size = 20 * MEGABYTES if which != "mariadb" else 10 * MEGABYTES  # its packets have a limit, too
        for key, name in ((1, "one"), (2, LONG[:size]), (3, "three")):
            peer.put(key, name)
        got = peer.read()
        assert [damage.code for damage in got.damages] == ["field_too_long"]
        assert got.keys() == ["1", "3"]
        again = peer.read(got.cursor)
        assert again.damages == again.records == []
    finally:
        peer.close()


def _url(which: str, request: pytest.FixtureRequest, folder: Path) -> str:
    found: str = f"sqlite:///{folder / 'erp.db'}" if which == "sqlite" else request.getfixturevalue(f"{which}_url")
    return found


def test_times_that_python_does_not_know_arrive_as_text(postgres_url: str) -> None:
    peer = SqlPeer(postgres_url)
    try:
        peer.fill(2)
        with peer.engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO customers VALUES (3, 'far', '20000-01-01'), (4, 'ever', 'infinity')")
        got = peer.read()
        assert got.error is None
        times = {record.key: record.data["changed_at"] for record in got.records}
        assert (times["3"], times["4"]) == ("20000-01-01 00:00:00", "infinity")
        assert peer.read(got.cursor).records == []
    finally:
        peer.close()


def test_bytes_that_are_no_text_in_sqlite_cost_only_their_record(tmp_path: Path) -> None:
    peer = SqlPeer(f"sqlite:///{tmp_path / 'erp.db'}")
    try:
        peer.fill(2)
        with peer.engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO customers VALUES (3, CAST(x'ff41' AS TEXT), '2026-01-01 00:00:00')")
            connection.execute(insert(peer.customers).values(id=4, name="nul \0 inside", changed_at="2026-01-01 00:00:00"))
        got = peer.read()
        assert [damage.code for damage in got.damages] == ["encoding_invalid"]
        assert got.names()["4"] == "nul \0 inside"
        again = peer.read(got.cursor)
        assert again.damages == again.records == []
    finally:
        peer.close()


@pytest.mark.parametrize("name", ["customerz", "customers; drop table phones"])
def test_a_table_that_is_not_there_is_refused_with_a_hint(tmp_path: Path, name: str) -> None:
    peer = SqlPeer(f"sqlite:///{tmp_path / 'erp.db'}")
    try:
        error = peer.read(name=name).error
        assert isinstance(error, BadSettings)
        assert "There is no table" in str(error)
    finally:
        peer.close()


def test_a_cursor_column_that_is_not_there_is_refused_with_a_hint(tmp_path: Path) -> None:
    peer = SqlPeer(f"sqlite:///{tmp_path / 'erp.db'}", column="changed")
    try:
        error = peer.read().error
        assert isinstance(error, BadSettings)
        assert "did you mean 'changed_at'" in str(error)
    finally:
        peer.close()


@pytest.mark.parametrize("make", [CsvPeer, JsonLinesPeer, LogPeer])
def test_memory_does_not_grow_with_the_file(make: type[Any], tmp_path: Path) -> None:
    peer = make(tmp_path)
    padding = "y" * 5000
    if make is CsvPeer:
        lines = ["id,name", *(f'{n},"{padding}"' for n in range(4_000))]
    else:
        lines = [json.dumps({"id": n, "name": padding}) for n in range(4_000)]
    peer.path.write_text("\n".join([*lines, ""]))
    peer.age()
    count = 0
    tracemalloc.start()
    for event in peer.connector().read(peer.request(batch_size=500), None):
        count += len(event.records) if isinstance(event, Batch) else 0
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 4_000
    assert peak < 12 * MEGABYTES  # the file has twenty
