"""Whatever a hostile world or a tired person gives: a clear message or a reject with its reason, and everything else goes on."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from hub.app import open_hub
from hub.settings import Settings
from tests.e2e.company import ANA, EVA, HEADER, JON, LANDSCAPE, Company, clear, found_company
from tests.waiting import PATIENCE

GOOD = {"crm:1", "crm:2", "crm:7"}
LONG_AGO = (1_700_000_000, 1_700_000_000)


@pytest.fixture
def company(tmp_path: Path) -> Company:
    return found_company(tmp_path)


# -- rows of a file --


@pytest.mark.parametrize(
    ("row", "reason", "words"),
    [
        ('3,Jo,"Mo"x,1970-01-01,jo@example.com\n', "quote_misplaced", "quote"),
        ("3,José,Nuñez,1970-01-01,jo@example.com\n".encode("latin-1"), "encoding_invalid", "utf-8-sig does not know"),
        ("3,Jo,Mo,1970-01-01,jo@example.com,x,y\n", "too_many_columns", "7 columns"),
        ("3,Jo\n", "too_few_columns", "2 columns"),
        ("3," + "x" * 20_000_000 + ",Mo,1970-01-01,jo@example.com\n", "record_too_long", "4,194,304 bytes (`max_record`)"),
        ("3," + "x" * 2_000_000 + ",Mo,1970-01-01,jo@example.com\n", "text_too_long", "name.given"),
        ("3,J\0o,Mo,1970-01-01,jo@example.com\n", "control_character", "name.given"),
        ("3,Jo,Mo,10000-01-01,jo@example.com\n", "date_invalid", "birth_date"),
        ("3,Jo,Mo,31.02.1990,jo@example.com\n", "date_invalid", "birth_date"),
        ("3,Jo,Mo,1970-01-01,jo at home\n", "email_invalid", "emails[].address"),
        (",Jo,Mo,1970-01-01,jo@example.com\n", "key_missing", "id"),
    ],
    ids=lambda value: value if isinstance(value, str) and len(value) < 30 and value.isidentifier() else "",
)
def test_a_bad_row_costs_only_itself(company: Company, row: str | bytes, reason: str, words: str) -> None:
    company.people(ANA, JON, row, EVA)
    clear(company("ingest"), 0)
    assert company.keys() == GOOD
    (reject,) = company.rejects()
    assert (reject["code"], reject["where"]) == (reason, "people.csv:4")
    assert words in reject["reason"]
    assert "jo@" not in reject["reason"] and "jo at home" not in reject["reason"]
    assert company.leakage() == 0


def test_the_year_9999_is_no_birth_date_and_the_rest_of_the_record_stays(company: Company) -> None:
    company.people(ANA, JON, "7,Eva,Ruiz,9999-12-31,eva.ruiz@example.com\n")
    clear(company("ingest"), 0)
    assert company.keys() == GOOD
    assert "9999" not in company("golden", "show", "crm:7").out


def test_a_key_that_comes_twice_is_kept_once(company: Company) -> None:
    company.people(ANA, JON, EVA, "1,Somebody,Else,1990-01-01,else@example.com\n")
    clear(company("ingest"), 0)
    assert company.keys() == GOOD
    (reject,) = company.rejects()
    assert (reject["code"], reject["where"]) == ("duplicate_key", "people.csv:5")


def test_a_truncated_file_waits_at_first_and_is_damaged_later(company: Company) -> None:
    company.people(ANA, JON, EVA, '8,Cut,"O')
    clear(company("ingest"), 0, "people.csv waits")
    assert company.keys() == set()
    os.utime(company.home / "drop/people.csv", LONG_AGO)
    clear(company("ingest"), 0)
    assert company.keys() == GOOD
    assert [(one["code"], one["where"]) for one in company.rejects()] == [("truncated", "people.csv:5")]
    assert company.leakage() == 0


@pytest.mark.parametrize("content", [b"", HEADER.encode(), b"\n\n\n"])
def test_a_file_without_records_is_no_accident(company: Company, content: bytes) -> None:
    company.write("drop/people.csv", content)
    os.utime(company.home / "drop/people.csv", LONG_AGO)
    clear(company("ingest"), 0)
    assert (company.keys(), company.leakage()) == (set(), 0)


@pytest.mark.parametrize(
    "content", [(HEADER + ANA).encode("utf-16"), b"PK\x03\x04" + bytes(range(255, 0, -1)) * 9], ids=["utf-16", "zip"]
)
def test_a_file_that_is_no_text_stops_its_feed_and_deletes_nobody(company: Company, content: bytes) -> None:
    company.people(ANA, JON, EVA)
    company("ingest")
    company.write("drop/people.csv", content)
    os.utime(company.home / "drop/people.csv", LONG_AGO)
    clear(company("ingest"), 3, "crm.people: stopped", "people.csv:1", "`encoding`")
    assert (company.keys(), company.leakage()) == (GOOD, 0)


def test_a_column_that_is_there_twice_stops_its_feed_and_no_other(company: Company) -> None:
    head, feeds = LANDSCAPE.split("feeds:\n")
    feed = "  crm.more: {system: crm, stream: {name: more.csv, key: id}, mapping: crm/customer}\n"
    company.write("landscape.yaml", head + "feeds:\n" + feed + feeds)
    company.write("drop/more.csv", "id,mail,first, mail ,,\n9,jo@example.com,Jo,ana.gil@example.com,,\n")
    company.people(ANA, JON, EVA)
    clear(company("ingest"), 3, "crm.more: stopped", "more.csv:1", "several columns 'mail'", "`columns`")
    assert (company.keys(), company.leakage()) == (GOOD, 0)
    company.write("drop/more.csv", "id,mail,first,,,\n9,jo@example.com,Jo,,,\n")
    clear(company("ingest"), 0)
    assert company.keys() == {*GOOD, "crm:9"}


def test_lines_of_json_that_are_none_cost_only_themselves(company: Company) -> None:
    company.write("landscape.yaml", LANDSCAPE.replace("people.csv", "people.jsonl"))
    bad = [
        "{",
        "[1]",
        '"x"',
        "null",
        '{"id":5,"first":' + "[" * 3000 + "]" * 3000 + "}",
        '{"id":6,"first":NaN}',
        '{"id":true}',
        "\0",
    ]
    good = [
        '{"id":1,"first":"Ana","last":"Gil"}',
        '{"id":2,"first":"Jonas","last":"Weber"}',
        '{"id":7,"first":"Eva","last":"Ruiz"}',
    ]
    company.write("drop/people.jsonl", "\n".join([good[0], *bad, *good[1:]]) + "\n")
    clear(company("ingest"), 0)
    assert company.keys() == GOOD
    assert [one["where"] for one in company.rejects()] == [f"people.jsonl:{line}" for line in range(2, 2 + len(bad))]
    assert company.leakage() == 0


def test_mails_without_headers_or_sense_cost_only_themselves(company: Company) -> None:
    feed = "feeds:\n  mail.in: {system: mail, stream: INBOX, mapping: mail/interaction}\n"
    company.write("landscape.yaml", "systems:\n  mail: {kind: mailbox, path: mail}\n" + feed)
    for name in ("cur", "tmp"):
        (company.home / "mail" / name).mkdir(parents=True)
    head = "From: Jo <jo@example.com>\nTo: us@example.com\nMessage-ID: <{}@x>\nDate: {}\nSubject: Hello\n\nHi\n"
    company.write("mail/new/1.a", "no headers at all\nand a secret: hunter2\n")
    company.write("mail/new/2.a", "")
    company.write("mail/new/3.a", b"\x00\xff\xfe" * 99)
    company.write("mail/new/4.a", head.format(4, "Mon, 2 Mar 2026 10:00:00 +0100"))
    company.write("mail/new/5.a", head.format(5, "Mon, 99 Foo 99999 10:00:00 +0100"))
    said = company("ingest", "--json")
    clear(said, 0)
    assert said.json["feeds"][0]["rejected"]["no_headers"] == 3
    assert said.json["feeds"][0]["published"] >= 1
    assert company.leakage() == 0


def test_rows_of_a_database_with_odd_values_cost_only_themselves(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    base = sqlite3.connect(company.home / "erp.db")
    base.execute("create table people (id integer primary key, first, last, born, mail, changed_at)")
    odd = [("J\0o", "Mo", None), ("x" * 2_000_000, "Mo", None), ("Jo", "Mo", "20000-01-01"), (None, None, "9999-12-31")]
    rows = [(number, first, last, None, None, when) for number, (first, last, when) in enumerate(odd, 20)]
    rows += [(n, "Good", f"Name{n}", None, None, "2026-01-01 10:00:00") for n in (1, 2, 7)]
    base.executemany("insert into people values (?, ?, ?, ?, ?, ?)", rows)
    base.execute("insert into people values (30, cast(x'4afeff' as text), 'Mo', null, null, '2026-01-01 10:00:00')")
    base.commit()
    base.close()
    feed = "feeds:\n  erp.people: {system: erp, stream: people, cursor: {column: changed_at}, mapping: crm/customer}\n"
    company.write("landscape.yaml", "systems:\n  erp: {kind: sql, url: env:ERP_URL}\n" + feed)
    monkeypatch.setenv("ERP_URL", f"sqlite:///{company.home}/erp.db")
    clear(company("ingest"), 0)
    assert {"erp:1", "erp:2", "erp:7"} <= company.keys()
    codes = {one["code"] for one in company.rejects()}
    assert {"control_character", "field_too_long", "encoding_invalid"} <= codes
    assert company.leakage() == 0


def test_a_relative_database_file_is_below_the_home_and_what_is_not_there_is_said(
    company: Company, monkeypatch: pytest.MonkeyPatch
) -> None:
    feed = "feeds:\n  erp.people: {system: erp, stream: peple, mapping: crm/customer}\n"
    company.write("landscape.yaml", "systems:\n  erp: {kind: sql, url: env:ERP_URL}\n" + feed)
    monkeypatch.setenv("ERP_URL", "sqlite:///data/erp.db")
    clear(company("ingest"), 4, str((company.home / "data/erp.db").resolve()), "not there (yet)")
    company.write("data/erp.db", b"")
    clear(company("ingest"), 3, "no table 'peple'", "none that this user may see")
    with sqlite3.connect(company.home / "data/erp.db") as base:
        base.execute("create table people (id integer primary key, first, last, born, mail)")
        base.execute("create table orders (id integer primary key)")
        base.execute("insert into people values (1, 'Ana', 'Gil', null, null)")
    base.close()
    clear(company("ingest"), 3, "no table 'peple'", "did you mean 'people'")
    company.write("landscape.yaml", (company.home / "landscape.yaml").read_text().replace("peple", "x"))
    clear(company("ingest"), 3, "there are orders, people")
    company.write("landscape.yaml", (company.home / "landscape.yaml").read_text().replace("stream: x", "stream: people"))
    clear(company("ingest"), 0)
    assert company.keys() == {"erp:1"}


# -- systems that do not answer as they should --


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        code, kind, body = self.server.answer  # type: ignore[attr-defined]
        self.send_response(code)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Quiet."""


@pytest.fixture
def api(company: Company, monkeypatch: pytest.MonkeyPatch) -> Iterator[HTTPServer]:
    """An API beside the CRM's file; a test says what it answers."""
    with HTTPServer(("127.0.0.1", 0), _Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        address = f"http://127.0.0.1:{server.server_port}"
        system = f'  api: {{kind: rest, base_url: "{address}", auth: {{bearer: "env:API_TOKEN"}}, attempts: 1}}'
        feed = "  api.people: {system: api, stream: {name: people, key: id}, mapping: crm/customer}\n"
        head, feeds = LANDSCAPE.split("feeds:\n")
        company.write("landscape.yaml", head + system + "\nfeeds:\n" + feed + feeds)  # the API's feed is the first to be read
        company.people(ANA, JON, EVA)
        monkeypatch.setenv("API_TOKEN", "hunter2")
        yield server
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ((200, "text/html", b"<html>Please log in, ana.gil@example.com</html>"), 4, ("text/html instead of JSON", "`base_url`")),
        ((200, "application/json", b'[{"id": 1, "first"'), 4, ("JSON that cannot be read",)),
        ((200, "application/json", b'{"error": "no hunter2"}'), 3, ("no array", "`record_path`")),
        ((200, "application/json", b"null"), 3, ("no array", "`record_path`")),
        ((401, "application/json", b"{}"), 3, ("401", "`auth`")),
        ((404, "text/plain", b"nope"), 3, ("404", "check the stream")),
        ((500, "text/plain", b"nope"), 4, ("500",)),
    ],
    ids=["html", "torn", "object", "null", "login", "absent", "broken"],
)
def test_an_api_that_answers_wrongly_stops_no_other_feed(
    company: Company, api: HTTPServer, answer: tuple[int, str, bytes], code: int, words: tuple[str, ...]
) -> None:
    api.answer = answer  # type: ignore[attr-defined]
    clear(company("ingest"), code, "api.people", *words)
    assert company.keys() == GOOD
    assert company.leakage() == 0


def test_odd_records_of_an_api_cost_only_themselves(company: Company, api: HTTPServer) -> None:
    body = (
        b'[1, null, "x", {"id": 9, "first": "Jo", "last": "Mo"}, {"id": null}, {"id": {"a": 1}}, {"id": 8, "first": "J\\u0000o"},'
        b'{"id": 10, "first": "J\\ud800o"}, {"id": 11, "first": 1e400}]'
    )
    api.answer = (200, "application/json", body)  # type: ignore[attr-defined]
    clear(company("ingest"), 0)
    assert company.keys() == {*GOOD, "api:9"}
    assert len(company.rejects()) == 8
    assert company.leakage() == 0


# -- things that must wait for a person --


def many(number: int) -> list[str]:
    return [f"{n},Ana{n},Gil{n},1980-02-03,ana{n}@example.com\n" for n in range(number)]


def test_a_feed_that_would_delete_much_waits_until_somebody_accepts(company: Company) -> None:
    company.people(*many(20))
    company("ingest")
    company.people(*many(5))
    clear(company("ingest"), 1, "crm.people: held", "15 of 20", "--accept")
    clear(company("ingest"), 1, "crm.people: held")
    assert len(company.keys()) == 20
    clear(company("doctor", "--no-systems"), 1, "crm.people", "--accept")
    clear(company("ingest", "crm.people", "--accept"), 0)
    assert company.keys() == {f"crm:{n}" for n in range(5)}
    clear(company("doctor", "--no-systems"), 0)
    assert company.leakage() == 0


def test_a_held_feed_goes_on_by_itself_once_its_source_is_as_it_was(company: Company) -> None:
    company.people(ANA, JON, EVA)
    company("ingest")
    company.write("drop/people.csv", HEADER)
    clear(company("ingest"), 1, "crm.people: held", "3 of 3")
    (company.home / "drop/people.csv").rename(company.home / "drop/away")
    company.write("landscape.yaml", LANDSCAPE.replace("path: drop", "path: nowhere"))
    clear(company("ingest"), 4, "nowhere")
    clear(company("doctor", "--no-systems"), 1, "crm.people", "--accept")  # nobody has looked, so it is held still
    company.write("landscape.yaml", LANDSCAPE)
    company.people(ANA, JON, EVA)
    clear(company("ingest"), 0)
    clear(company("doctor", "--no-systems"), 0)
    assert (company.keys(), company.leakage()) == (GOOD, 0)


def test_a_file_that_vanished_deletes_nobody(company: Company) -> None:
    company.people(ANA, JON, EVA)
    company("ingest")
    (company.home / "drop/people.csv").unlink()
    clear(company("ingest"), 4, "people.csv")
    assert company.keys() == GOOD


def test_changed_trust_stops_everything_before_it_moves_and_the_way_back_works(company: Company) -> None:
    company.people(ANA, JON)
    company("ingest")
    company.people(ANA, JON, EVA)
    company.write("landscape.yaml", LANDSCAPE.replace("0.8", "0.9"))
    for _ in range(7):  # more often than a message may fail
        clear(company("ingest"), 3, "goldenhub rebuild --adopt", "go back to the old")
    clear(company("doctor", "--no-systems"), 1, "goldenhub rebuild --adopt")
    assert (company.keys(), company.leakage()) == ({"crm:1", "crm:2"}, 0)
    company.write("landscape.yaml", LANDSCAPE)
    clear(company("ingest"), 0)
    assert (company.keys(), company.leakage()) == (GOOD, 0)


def test_new_rules_are_told_tried_and_adopted_and_ids_stay(company: Company) -> None:
    company.write("landscape.yaml", TWO_SYSTEMS)
    company.people(ANA, JON)
    company.write("web/people.csv", HEADER + ANA.replace("Ana", "Ana María") + EVA)
    clear(company("ingest"), 0)
    before = ids(company)
    assert before["crm:1"] == before["web:1"]
    assert given_name(company) == "Ana"
    clear(company("rebuild"), 0, "none differs")

    company.write("landscape.yaml", TWO_SYSTEMS.replace("0.3", "1"))
    company.people(ANA, JON.replace("Jonas", "Jon"))
    clear(company("ingest"), 3, "goldenhub rebuild --adopt")
    said = company("rebuild", "--json")
    assert said.code == 1 and "would change" in said.err
    assert "goldenhub rebuild --adopt" in said.json["other_rules"]
    assert [one["what"] for one in said.json["differences"]] == ["value"]
    assert given_name(company) == "Ana"

    clear(company("rebuild", "--adopt"), 0, "none differs")
    assert (ids(company), given_name(company)) == (before, "Ana María")
    clear(company("rebuild"), 0, "none differs")
    clear(company("doctor", "--no-systems"), 0)
    clear(company("ingest"), 0)
    clear(company("rebuild"), 0, "none differs")
    assert (ids(company), company.leakage()) == (before, 0)
    assert company("golden", "show", "crm:2", "--json").json["name"]["given"] == "Jon"


def test_rules_that_change_no_value_are_told_as_well(company: Company) -> None:
    clear(company("rebuild", "--adopt"), 3, "goldenhub ingest")
    company.people(JON)
    company("ingest")
    company.write("landscape.yaml", LANDSCAPE.replace("0.8", "0.9"))
    clear(company("rebuild"), 1, "none differs", "goldenhub rebuild --adopt")
    clear(company("rebuild", "--adopt"), 0)
    clear(company("rebuild"), 0)


TWO_SYSTEMS = LANDSCAPE.replace("feeds:\n", "  web: {kind: file, path: web, trust: 0.3}\nfeeds:\n") + (
    "  web.people: {system: web, stream: {name: people.csv, key: id}, mapping: crm/customer}\n"
)


def ids(company: Company) -> dict[str, str]:
    found = company("golden", "list", "--limit", 1000, "--json").json["golden"]
    return {f"{one['system']}:{one['key']}": golden["id"] for golden in found for one in golden["members"]}


def given_name(company: Company) -> str:
    return str(company("golden", "show", "crm:1", "--json").json["name"]["given"])


def test_work_that_is_interrupted_is_there_again_at_once(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.people(ANA, JON, EVA)
    with monkeypatch.context() as patch:
        patch.setattr("hub.resolve.survive", _interrupt)
        patch.setattr("hub.resolve.settling.survive", _interrupt)
        clear(company("ingest"), 130)
    clear(company("ingest"), 0)
    assert (company.keys(), company.leakage()) == (GOOD, 0)


def test_what_waits_on_the_bus_or_is_dead_is_accounted_for(company: Company) -> None:
    company.people(ANA, JON, EVA)
    company("ingest", "--no-work")
    with open_hub(Settings(home=company.home)) as hub:
        assert hub.accounting()["customer"] | {"queued": 3, "members": 0, "leakage": 0} == hub.accounting()["customer"]
        delivery = hub.bus.take("resolve", 1)
        assert delivery is not None
        with hub.store.begin() as tx:
            hub.bus.bury_in(tx, delivery, "poison", "could not be worked on")
            hub.bus.settle_in(tx, delivery)
        assert (hub.accounting()["customer"]["queued"], hub.accounting()["customer"]["dead"]) == (2, 1)
    assert company.leakage() == 0
    clear(company("ingest"), 0)
    with open_hub(Settings(home=company.home)) as hub:
        balance = hub.accounting()["customer"]
    assert (balance["queued"], balance["dead"], balance["members"], balance["leakage"]) == (0, 1, 2, 0)


def test_work_that_is_done_but_not_settled_is_counted_once(company: Company, monkeypatch: pytest.MonkeyPatch) -> None:
    company.people(ANA, JON, EVA)
    with monkeypatch.context() as patch:
        patch.setattr("hub.bus.embedded.EmbeddedBus.settle", _interrupt)
        clear(company("ingest"), 130)
    assert company.leakage() == 0
    clear(company("ingest"), 0)
    assert (company.keys(), company.leakage()) == (GOOD, 0)


def _interrupt(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.slow
def test_ctrl_c_ends_a_read_and_the_next_one_takes_all(company: Company) -> None:
    asked, go_on = threading.Event(), threading.Event()

    class Slow(_Answer):
        def do_GET(self) -> None:
            asked.set()
            go_on.wait(PATIENCE)

    with HTTPServer(("127.0.0.1", 0), Slow) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        text = LANDSCAPE.replace("kind: file, path: drop", f'kind: rest, base_url: "http://127.0.0.1:{server.server_port}"')
        company.write("landscape.yaml", text)
        environment = {**os.environ, "HUB_HOME": str(company.home)}
        command = [sys.executable, "-c", "from hub.cli import main; main()", "ingest"]
        with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) as process:
            assert asked.wait(PATIENCE)
            process.send_signal(signal.SIGINT)
            go_on.set()
            _, said = process.communicate(timeout=PATIENCE)
        server.shutdown()
        thread.join()
    assert process.returncode == 130
    assert "Traceback" not in said
    company.write("landscape.yaml", LANDSCAPE)
    company.people(ANA, JON, EVA)
    clear(company("ingest"), 0)
    assert company.keys() == GOOD


def test_what_another_worker_holds_is_told(company: Company) -> None:
    company.people(ANA, JON, EVA)
    company("ingest", "--no-work")
    with open_hub(Settings(home=company.home)) as hub:
        held = hub.bus.take("resolve", 2)
        assert held is not None
        clear(company("ingest"), 0, "2 still wait: another worker has them")
        hub.bus.put_back(held)
    clear(company("ingest"), 0)
    assert (company.keys(), company.leakage()) == (GOOD, 0)
